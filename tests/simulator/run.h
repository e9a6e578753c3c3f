#ifndef OSTRAKON_TESTS_SIMULATOR_RUN_H
#define OSTRAKON_TESTS_SIMULATOR_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "fault.h"
#include "plan.h"

/* Runs of seeds: one in this process, many in several. */

struct progress;

struct run_options {
    const char *program; /* for the line that tells how to see it again */
    enum world_kind world;
    uint64_t first;
    uint64_t last;
    uint32_t jobs;
    uint64_t steps_max;        /* 0: no end */
    uint32_t seconds;          /* no new seed after so many; 0: no end */
    struct progress *progress; /* told as it goes; NULL: nobody asks */
    bool verbose;
    bool until_failure; /* the first failure ends it, and is not printed as one */
};

struct outcome {
    uint64_t seed;
    uint64_t trace;
    bool failed;
    char failure[320];
    struct counters counters;
};

/* One seed, here. */
void run_seed(const struct run_options *o, uint64_t seed, struct outcome *out);

struct summary {
    struct counters counters;
    uint64_t failures;
    uint64_t longest_steps;
    uint64_t longest_seed;
};
/* All of them, `jobs` at a time, each in a process of its own that a failed assert may end. */
void run_seeds(const struct run_options *o, struct summary *sum);

#endif

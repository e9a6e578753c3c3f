#ifndef OSTRAKON_AGENT_CLI_EXAMINATION_H
#define OSTRAKON_AGENT_CLI_EXAMINATION_H

#include <stdbool.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "agent/config.h"
#include "health/references/references.h"
#include "page.h"

/* All references of this machine, once, in words or as JSON: for `doctor` and `clear`. Asks no
 * agent and leaves no trace on the disk. */

/* What was found, and who was examined. Large: not for a stack. */
struct examination {
    char name[256]; /* the member's, or the machine's where no configuration is */
    struct node_config config;
    bool spares_vote_key; /* set by the caller: that it may be gone is no finding */
    uint32_t findings;    /* that are neither ok nor absent */
    bool fatal;
    uint32_t unfit;       /* findings with which nobody is to vote: see examination_is_unfit */
    uint32_t first_unfit; /* the reference that made the first of them */
    cJSON *list;          /* NULL: in words */
    struct page page;
    struct reference_context context;
};

/* Zeroed and set up; NULL without memory. `root` is put before every path in /proc and /sys. */
struct examination *examination_create(const char *root);

/* 0, or an exit code after a complaint. Without a configuration, where none is given and none
 * is in its usual place, the machine alone is examined. */
int examination_configure(struct examination *e, const char *given);

/* Those of `chosen` (bit id - 1; 0: all), each told as it is found. */
void examination_run(struct examination *e, uint64_t chosen);

/* The burst test, of at most so many bytes of memory (0: of all that is free), with a line of
 * progress on a terminal. */
void examination_run_burst(struct examination *e, uint64_t bytes_max);

/* Accepts NULL. The list is the caller's to delete. */
void examination_destroy(struct examination *e);

#endif

#ifndef OSTRAKON_TESTS_FLIPS_HARVEST_H
#define OSTRAKON_TESTS_FLIPS_HARVEST_H

#include "judge.h"
#include "regions.h"

/* What became of one flip. */
struct outcome {
    uint64_t address;
    uint32_t bit;
    bool flipped; /* false: the victim had ended, or nothing is there */
    uint64_t flipped_ms;
    bool hung;
    int crash_signal; /* 0: none */
    bool odd_exit;    /* some other exit than a victim has */
    bool fatal;
    uint64_t fatal_ms;
    uint32_t reference;  /* which found it */
    uint32_t signatures; /* made after the flip */
    struct verdict verdict;
};

struct harvest;

struct harvest *harvest_create(enum region region, uint32_t count);
void harvest_destroy(struct harvest *r);
void harvest_add(struct harvest *r, const struct outcome *o);
/* Prints it; whether it is what the region must show. */
bool harvest_print(struct harvest *r);

#endif

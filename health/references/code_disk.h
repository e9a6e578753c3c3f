#ifndef OSTRAKON_HEALTH_REFERENCES_CODE_DISK_H
#define OSTRAKON_HEALTH_REFERENCES_CODE_DISK_H

#include <stdbool.h>
#include <stdint.h>

#include "code.h"

#define CODE_CHUNK_BYTES 4096u

/* Copies a page of this process' own code, which is read as it lies there: word by word, by
 * nobody's routine that would refuse what lies between two variables. */
void code_copy(uint8_t to[static CODE_CHUNK_BYTES], uint64_t from);

/* How a part in memory stands to its file. */
struct code_disk {
    bool compared;    /* the file was read past the cache, and is the one that is mapped */
    bool read;        /* it was read at all: good enough to look for break-points */
    uint64_t differ;  /* bytes */
    uint64_t traps;   /* of them, those that are 0xCC in memory */
    uint64_t address; /* of the first */
    uint8_t expected; /* there */
    uint8_t got;
};

/* False: no memory for it. About 1 ms a MiB. */
bool code_disk_compare(struct reference_context *context, const struct code_part *part,
                       struct code_disk *out) __attribute__((warn_unused_result));

#endif

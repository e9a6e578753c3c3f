#ifndef OSTRAKON_AGENT_LATCH_H
#define OSTRAKON_AGENT_LATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "health/reference.h"

/* That this member was neutered, or its vote key replaced, kept on the disk twice, in two
 * directories: no restart clears it (references.md, 5.2). Only its absence from both says that
 * there is none; a file that cannot be read, or is not as it was written, says that there is
 * one. */

#define LATCH_BYTES 1024u
#define LATCH_FILE "latch"
#define LATCH_SPARE                                                                            \
    "latch.spare" /* written at the start, so that no full disk matters later                  \
                   */
#define LATCH_PATH_BYTES 1040u
#define LATCH_ERROR_BYTES 1536u
#define LATCH_COPIES 2u

/*  0  16  "ostrakon/latch/1"      68   4  flags of the finding
 * 16  32  cluster                 72   4  hold_s
 * 48   4  member                  76  64  evidence: its fields in their order
 * 52   8  Unix time, ms          140   1  cause class
 * 60   4  reference              141   2  size of the resignation
 * 64   4  result                 143   .  the resignation, then zeros
 *                                992  32  BLAKE2b of what is before
 * Integers are big-endian. */
#define LATCH_RESIGNATION_MAX 832u
#define LATCH_REPLACED 0xffu /* cause class: the chain has another key; there is no finding */

struct latch {
    uint8_t cluster_id[32];
    uint32_t member;
    uint64_t time_ms; /* Unix */
    struct finding finding;
    uint8_t cause_class;
    uint16_t resignation_bytes; /* 0: none was given in advance */
    uint8_t resignation[LATCH_RESIGNATION_MAX];
};

/* Words far apart, as results are: a decision asks whether it is CLEAR. */
enum latch_state {
    LATCH_CLEAR = 0x3c5a96e1,
    LATCH_SET = 0x7454294f,
};

/* What was found. */
struct latch_reading {
    enum latch_state state;
    bool known; /* at least one copy is as it was written: */
    struct latch latch;
    char fault[LATCH_ERROR_BYTES]; /* what is wrong with the other copy, or both; or "" */
};

void latch_encode(const struct latch *l, uint8_t out[static LATCH_BYTES]);
/* False: not a record of this cluster and member. */
bool latch_decode(const uint8_t bytes[static LATCH_BYTES], const uint8_t cluster_id[static 32],
                  uint32_t member, struct latch *out) __attribute__((warn_unused_result));

/* Two directories, which may be on different disks. */
struct latch_directories {
    const char *path[LATCH_COPIES];
};

/* Never fails: what cannot be read is SET. Blocks on the disk. */
void latch_read(const struct latch_directories *at, const uint8_t cluster_id[static 32],
                uint32_t member, struct latch_reading *out);

/* Ready to be written, with both spare files open. */
struct latch_files {
    int directory[LATCH_COPIES]; /* -1: this copy cannot be written */
    int spare[LATCH_COPIES];
};

/* Makes the second directory if need be, and both spare files. False: `error` is a sentence on
 * what is in the way; latch_files_finish is still due. */
bool latch_prepare(struct latch_files *f, const struct latch_directories *at,
                   char error[static LATCH_ERROR_BYTES]) __attribute__((warn_unused_result));

/* Makes an encoded record durable in both places. True: in at least one. Takes nothing but
 * system calls, so a signal handler may. */
bool latch_write(const struct latch_files *f, const uint8_t bytes[static LATCH_BYTES]);

/* Removes both, durably. False: `error` says which one is still there, errno why. */
bool latch_remove(const struct latch_directories *at, char error[static LATCH_ERROR_BYTES])
    __attribute__((warn_unused_result));

void latch_files_finish(struct latch_files *f);

#endif

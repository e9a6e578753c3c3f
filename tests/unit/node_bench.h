#ifndef OSTRAKON_TESTS_NODE_BENCH_H
#define OSTRAKON_TESTS_NODE_BENCH_H

#include "agent/node.h"

/* One node on a bench: steps it, and does at once what it asks for. */

#define FOUNDED_MS 1800000000000u
#define SEED 0x9e3779b97f4a7c15u

#define BLOCKS_KEPT 6u

struct asked {
    enum signing_kind kind;
    uint64_t serial;
    uint8_t signature[SIGNATURE_BYTES];
};

/* A challenge or an answer that was sent. */
struct sent {
    enum message_kind kind;
    uint32_t to;
    uint32_t subject; /* or author */
    struct hash nonce;
    struct answer answer;
};
#define SENT_MAX 64u /* the last ones are kept */

struct bench {
    struct node *node;
    struct effects *out;
    uint64_t now_ms;
    uint32_t ended; /* EFFECT_WORK_STOP seen */
    struct work work;
    uint32_t works;
    struct naming naming;
    uint64_t naming_serial;
    uint32_t namings;
    uint64_t own[MEMBERS_MAX]; /* what the others say of themselves: bench_hear */
    uint64_t serve[MEMBERS_MAX];
    bool refuses;    /* the gate: nothing is signed */
    uint64_t serial; /* of the newest write that is not durable; 0: none */
    uint32_t resignation_bytes[RESIGN_CLASS_COUNT];
    uint8_t resignation[RESIGN_CLASS_COUNT][RESIGNATION_BYTES_MAX];
    uint32_t asked_count;
    struct asked asked[64];
    uint32_t sent_count;
    struct sent sent[SENT_MAX];
    uint32_t block_count;
    uint32_t block_bytes[BLOCKS_KEPT];
    uint8_t *blocks[BLOCKS_KEPT];
};

struct bench bench_of(uint32_t members, bool audit_required);
/* The same, where member 0 owns one name, which is exclusive or not. */
struct bench bench_named(uint32_t members, bool exclusive);
/* The same as it starts: nobody has examined it yet. */
struct bench bench_unexamined(uint32_t members, bool audit_required);
void bench_finish(struct bench *b);
/* The machine's thread reports so of all of the minimum set that is its; done once at the
 * start, with ok. Then of one reference alone. */
void bench_examine(struct bench *b, enum reference_result result);
void bench_find_out(struct bench *b, uint32_t id, enum reference_result result);
/* The times are filled in. */
void bench_step(struct bench *b, struct input in);
struct key_pair bench_key(uint32_t member);
/* Collects what the last step asked for. */
void bench_perform(struct bench *b);
/* All it writes is durable at once, all it asks to be signed is signed at once. */
void bench_settle(struct bench *b);
/* Runs a cluster of one. */
void bench_run_alone(struct bench *b, uint64_t until_ms);
/* A heartbeat of `member`, as its own node would send it. */
void bench_hear(struct bench *b, uint32_t member);
/* What anna, the one operator, signs. Returns its size. */
size_t bench_order(const struct bench *b, const struct operator_command *order,
                   uint8_t bytes[static COMMAND_BYTES_MAX]);

/* NULL: the last step has none. */
const struct effect *bench_find(const struct bench *b, enum effect_kind kind);
const struct note *bench_find_note(const struct bench *b, enum note_kind kind);

#endif

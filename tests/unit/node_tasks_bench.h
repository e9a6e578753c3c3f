#ifndef OSTRAKON_TESTS_NODE_TASKS_BENCH_H
#define OSTRAKON_TESTS_NODE_TASKS_BENCH_H

#include "agent/node_parts.h"
#include "tests/unit/node_bench.h"

/* Member 0 of three is the node; it sets member 2 a task, and is set some. Work is replaced by
 * a hash. */

#define SUBJECT 2u
#define RELAY 1u

/* What the last step asks to be solved; serial 0: nothing. */
struct asked_work {
    uint64_t serial;
    struct hash nonce;
};

struct bench bench_at_work(void);
/* What stands for the work over that number. */
struct hash work_over(const uint8_t *nonce);
struct asked_work asked_of(const struct bench *b);
/* Whether the last step sends such a message to that member, and which. */
bool sends(const struct bench *b, enum message_kind kind, uint32_t to, struct message *m);
void hear_all(struct bench *b, uint32_t for_ms);
/* It is time for a task of the subject's. What this machine is to solve then. */
struct asked_work until_set(struct bench *b);
/* The machine has solved it; `bend`: otherwise than the others do. */
void solve(struct bench *b, const struct asked_work *asked, uint8_t bend);
void tell(struct bench *b, uint32_t from, const struct message *m);
/* The subject's answer to that number, as `from` sends it; `bend`: a wrong one. */
void answer_through(struct bench *b, uint32_t from, const struct hash *nonce, uint8_t bend);
void answer(struct bench *b, const struct asked_work *asked, uint8_t bend);

#endif

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "tests/unit/node_tasks_bench.h"

struct bench bench_at_work(void)
{
    struct bench b = bench_of(3, true);
    struct deciding *d = &b.node->deciding;
    for (uint32_t i = 1; i < 3; i++) {
        d->simplex.peers[i].answered = true;
    }
    d->cluster.latest[SUBJECT] =
        (struct attested){.seq = 1, .incarnation = 9, .decided_ms = d->cluster.time_ms};
    node_seal_first(b.node);
    return b;
}

struct hash work_over(const uint8_t *nonce)
{
    return hash_of("test/task", nonce, HASH_BYTES);
}

struct asked_work asked_of(const struct bench *b)
{
    struct asked_work asked = {0};
    const struct effect *e = bench_find(b, EFFECT_SOLVE);
    if (e != NULL) {
        asked.serial = e->serial;
        memcpy(asked.nonce.bytes, b->out->outbox + e->body.offset, HASH_BYTES);
    }
    return asked;
}

bool sends(const struct bench *b, enum message_kind kind, uint32_t to, struct message *m)
{
    for (uint32_t i = 0; i < b->out->count; i++) {
        const struct effect *e = &b->out->list[i];
        if (e->kind == EFFECT_SEND && e->member == to &&
            message_decode(m, b->out->outbox + e->body.offset, e->body.size_bytes) &&
            m->kind == kind) {
            return true;
        }
    }
    return false;
}

void hear_all(struct bench *b, uint32_t for_ms)
{
    for (uint32_t i = 0; i < for_ms; i += 100) {
        b->now_ms += 100;
        for (uint32_t k = 1; k < 3; k++) {
            bench_hear(b, k);
            bench_settle(b);
        }
    }
}

struct asked_work until_set(struct bench *b)
{
    struct message m;
    hear_all(b, 300);
    b->node->deciding.trials.book.member[SUBJECT].work_due_ms = b->now_ms;
    node_seal_first(b->node);
    bench_step(b, (struct input){.kind = INPUT_TIMER});
    const struct asked_work asked = asked_of(b);
    cr_assert(sends(b, MESSAGE_TASK, SUBJECT, &m));
    cr_assert(hash_equal(&m.task.nonce, &asked.nonce));
    return asked;
}

void solve(struct bench *b, const struct asked_work *asked, uint8_t bend)
{
    struct hash result = work_over(asked->nonce.bytes);
    result.bytes[3] ^= bend;
    bench_step(b, (struct input){.kind = INPUT_SOLVED,
                                 .serial = asked->serial,
                                 .bytes = result.bytes,
                                 .size_bytes = sizeof result.bytes});
}

/* What the subject signs of that number; `bend`: wrongly. */
static struct solution solution_of(const struct bench *b, const struct hash *nonce,
                                   uint8_t bend)
{
    uint8_t body[SOLUTION_SIGNED_BYTES];
    const struct cluster *c = &b->node->deciding.cluster;
    const struct key_pair key = bench_key(SUBJECT);
    struct solution s = {.author = SUBJECT,
                         .term = c->member[SUBJECT].term,
                         .version = c->version,
                         .nonce = *nonce,
                         .result = work_over(nonce->bytes)};
    s.result.bytes[3] ^= bend;
    solution_signed_bytes(&s, body);
    const struct statement statement = {.domain = SOLUTION_DOMAIN,
                                        .cluster_id = c->id.bytes,
                                        .body = body,
                                        .body_size_bytes = sizeof body};
    signer_sign(&key, &statement, s.signature);
    return s;
}

void tell(struct bench *b, uint32_t from, const struct message *m)
{
    static uint8_t bytes[MESSAGE_BYTES_MAX];
    bench_step(b, (struct input){.kind = INPUT_MESSAGE,
                                 .member = from,
                                 .bytes = bytes,
                                 .size_bytes = message_encode(m, bytes)});
}

void answer_through(struct bench *b, uint32_t from, const struct hash *nonce, uint8_t bend)
{
    struct message m = {.kind = MESSAGE_SOLUTION};
    m.solution = solution_of(b, nonce, bend);
    tell(b, from, &m);
}

void answer(struct bench *b, const struct asked_work *asked, uint8_t bend)
{
    answer_through(b, SUBJECT, &asked->nonce, bend);
}

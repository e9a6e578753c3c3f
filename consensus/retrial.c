#include "retrial.h"

#include <assert.h>

#include "effects.h"
#include "evidence.h"
#include "sabotage.h"

/* The place of that task, or the one least lately asked about. */
static struct retrial *place_of(struct retrials *r, const struct hash *nonce)
{
    struct retrial *oldest = &r->list[0];
    r->uses++;
    for (uint32_t i = 0; i < RETRIALS_MAX; i++) {
        struct retrial *t = &r->list[i];
        if (t->used != 0 && hash_equal(&t->nonce, nonce)) {
            t->used = r->uses;
            return t;
        }
        oldest = t->used < oldest->used ? t : oldest;
    }
    *oldest = (struct retrial){.used = r->uses, .nonce = *nonce};
    return oldest;
}

enum retrial_verdict retrial_of(struct retrials *r, const struct solution *answer)
{
    if (SABOTAGE == SABOTAGE_ANSWER_UNCHECKED) {
        return RETRIAL_WRONG;
    }
    struct retrial *t = place_of(r, &answer->nonce);
    if (t->solved > 0 && hash_equal(&t->result, &answer->result)) {
        return RETRIAL_RIGHT;
    }
    t->wanted = t->solved < 2;
    return t->wanted ? RETRIAL_OPEN : RETRIAL_WRONG;
}

enum retrial_verdict retrial_of_block(struct retrials *r, const struct block *b)
{
    enum retrial_verdict all = RETRIAL_WRONG;
    for (uint32_t i = 0; i < b->command_count && all != RETRIAL_RIGHT; i++) {
        const struct block_span span = b->commands[i];
        struct command c;
        if (!command_decode(&c, b->bytes + span.offset, span.size_bytes) ||
            !evidence_is_answer(&c)) {
            continue;
        }
        const enum retrial_verdict one = retrial_of(r, &c.prove.answer);
        all = one == RETRIAL_WRONG ? all : one;
    }
    return all;
}

void retrial_know(struct retrials *r, const struct hash *nonce, const struct hash *result)
{
    struct retrial *t = place_of(r, nonce);
    t->result = *result;
    t->solved = 2;
    t->wanted = false;
    t->serial = 0;
}

struct retrial *retrial_next(struct retrials *r, uint64_t now_ms, uint64_t *wake_ms)
{
    *wake_ms = TIME_NEVER;
    for (uint32_t i = 0; i < RETRIALS_MAX; i++) {
        struct retrial *t = &r->list[i];
        if (t->used == 0 || !t->wanted) {
            continue;
        }
        if (now_ms >= t->again_ms) {
            t->again_ms = now_ms + RETRIAL_PATIENCE_MS;
            return t;
        }
        *wake_ms = t->again_ms < *wake_ms ? t->again_ms : *wake_ms;
    }
    return NULL;
}

static struct retrial *asked_under(struct retrials *r, uint64_t serial)
{
    for (uint32_t i = 0; i < RETRIALS_MAX; i++) {
        if (r->list[i].used != 0 && r->list[i].serial == serial && serial != 0) {
            return &r->list[i];
        }
    }
    return NULL;
}

bool retrial_solved(struct retrials *r, uint64_t serial, const struct hash *result,
                    uint64_t now_ms)
{
    struct retrial *t = asked_under(r, serial);
    if (t == NULL) {
        return true; /* somebody else's, or forgotten since */
    }
    t->serial = 0;
    if (result == NULL) {
        t->again_ms = now_ms + RETRIAL_AGAIN_MS;
        return true;
    }
    if (t->solved > 0 && !hash_equal(&t->result, result)) {
        t->solved = 0; /* neither is believed */
        t->again_ms = now_ms + RETRIAL_AGAIN_MS;
        return false;
    }
    t->result = *result;
    t->solved++;
    t->wanted = false; /* whoever needs the second asks again */
    t->again_ms = now_ms;
    return true;
}

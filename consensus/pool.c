#include "pool.h"

#include <assert.h>
#include <string.h>

#include "effects.h"
#include "evidence.h"

static struct pooled *slot_of(struct pool *p, const struct command *command)
{
    assert(command->kind >= 1 && (uint32_t)command->kind <= POOL_KINDS);
    return &p->slot[command->author][command->kind - 1];
}

static bool is_same(const struct pooled *s, const uint8_t *bytes, size_t size_bytes)
{
    return s->size_bytes == size_bytes && memcmp(s->bytes, bytes, size_bytes) == 0;
}

static void decode_own(struct command *command, const struct pooled *s)
{
    const bool sound = command_decode(command, s->bytes, s->size_bytes);
    assert(sound); /* it was when it came in */
}

/* A member that is a block ahead of us speaks of what we have yet to see: that waits here. */
static bool may_wait(enum cause cause)
{
    return cause == CAUSE_NONE || cause == CAUSE_TOO_NEW;
}

static uint64_t result_end(const struct result *s)
{
    return s->first_window + s->count;
}

/* Which of two incarnations is the later one nobody can tell; the one that has seen more of the
 * chain is. Of two that have seen the same, always the same one: if each could take the other's
 * place, members would pass the two on to one another for ever. */
static bool attest_is_newer(const struct attest *a, const struct attest *b)
{
    if (a->incarnation == b->incarnation) {
        return a->seq > b->seq;
    }
    return a->height != b->height ? a->height > b->height : a->incarnation > b->incarnation;
}

/* Of two said at the same height the one that names more. */
static bool release_is_newer(const struct release *a, const struct release *b)
{
    if (a->height != b->height) {
        return a->height > b->height;
    }
    if (a->incarnation != b->incarnation) {
        return a->incarnation > b->incarnation;
    }
    uint32_t k = 0;
    while (k < SERVICE_NAMES_MAX - 1 && a->fence[k] == b->fence[k]) {
        k++;
    }
    return a->fence[k] > b->fence[k];
}

/* Ids grow: who answers a later motion has seen the earlier ones too. */
static bool ballot_is_newer(const struct ballot *a, const struct ballot *b)
{
    uint64_t last_a = 0;
    uint64_t last_b = 0;
    for (uint32_t i = 0; i < MEMBERS_MAX; i++) {
        last_a = a->motion[i] > last_a ? a->motion[i] : last_a;
        last_b = b->motion[i] > last_b ? b->motion[i] : last_b;
    }
    return last_a != last_b ? last_a > last_b
                            : __builtin_popcount(a->subjects) > __builtin_popcount(b->subjects);
}

/* The next one comes first. Of one number the one that is good for longer: what was signed
 * while nothing could be decided, and is over by now, must not keep out what was signed in its
 * place. */
static bool operator_is_newer(const struct operator_command *a,
                              const struct operator_command *b)
{
    return a->seq != b->seq ? a->seq < b->seq : a->not_after_ms > b->not_after_ms;
}

/* Whether `a` tells more than `b`, of the same author and kind, which both wait. Never both
 * ways. */
static bool is_newer(const struct command *a, const struct command *b)
{
    switch (a->kind) {
    case COMMAND_ATTEST:
        return attest_is_newer(&a->attest, &b->attest);
    case COMMAND_RESULT:
        return result_end(&a->result) > result_end(&b->result) ||
               (result_end(&a->result) == result_end(&b->result) &&
                a->result.first_window < b->result.first_window);
    case COMMAND_DISPUTE:
        return a->dispute.fence > b->dispute.fence;
    case COMMAND_FAIL:
        return a->fail.fence > b->fail.fence;
    case COMMAND_RESIGN:
        return a->term > b->term;
    case COMMAND_OPERATOR:
        return operator_is_newer(&a->by_operator, &b->by_operator);
    case COMMAND_BALLOT:
        return ballot_is_newer(&a->ballot, &b->ballot);
    case COMMAND_APPEAL:
        return a->term > b->term;
    case COMMAND_RELEASE:
        return release_is_newer(&a->release, &b->release);
    case COMMAND_PROVE: /* one after the other; of one subject votes, which need no work */
        return a->prove.subject < b->prove.subject ||
               (a->prove.subject == b->prove.subject && evidence_is_answer(b) &&
                !evidence_is_answer(a));
    }
    return false;
}

static bool is_wanted(const struct pooled *s, const struct cluster *c,
                      const struct command *command)
{
    if (!may_wait(cluster_would_skip(c, command))) {
        return false;
    }
    if (s->size_bytes == 0) {
        return true;
    }
    struct command old;
    decode_own(&old, s);
    if (evidence_is_answer(&old) && evidence_is_answer(command) && !s->tried) {
        return false; /* work is done for an author on one after the other */
    }
    return !may_wait(cluster_would_skip(c, &old)) || is_newer(command, &old);
}

static void judge(struct pooled *s, const struct cluster *c, const struct command *command)
{
    const bool counts = s->tried || !evidence_is_answer(command);
    s->ready = counts && cluster_would_skip(c, command) == CAUSE_NONE;
    s->urgent = counts && cluster_is_urgent(c, command);
}

enum pool_verdict pool_add(struct pool *p, const struct cluster *c, const uint8_t *bytes,
                           size_t size_bytes, uint64_t now_ms)
{
    struct command command;
    if (size_bytes > COMMAND_BYTES_MAX || !command_decode(&command, bytes, size_bytes) ||
        cluster_author_key(c, command.author) == NULL) {
        return POOL_MALFORMED;
    }
    struct pooled *s = slot_of(p, &command);
    if (is_same(s, bytes, size_bytes)) {
        return POOL_KNOWN;
    }
    if (!is_wanted(s, c, &command)) {
        return POOL_USELESS;
    }
    if (!command_verify(&command, &c->id, cluster_author_key(c, command.author)) ||
        (command.kind == COMMAND_PROVE && !evidence_holds(c, &command.prove))) {
        return POOL_BAD_SIGNATURE;
    }
    /* Whoever waits already keeps his place, or an author could put his block off for ever. */
    s->at_ms = s->size_bytes != 0 && s->urgent ? s->at_ms : now_ms;
    s->size_bytes = (uint32_t)size_bytes;
    memcpy(s->bytes, bytes, size_bytes);
    s->tried = false;
    judge(s, c, &command);
    return evidence_is_answer(&command) ? POOL_HELD : POOL_NEW;
}

const struct pooled *pool_untried(const struct pool *p, uint32_t author, struct command *out)
{
    assert(author < AUTHORS_MAX);
    const struct pooled *s = &p->slot[author][COMMAND_PROVE - 1];
    if (s->size_bytes == 0 || s->tried) {
        return NULL;
    }
    decode_own(out, s);
    return evidence_is_answer(out) ? s : NULL;
}

void pool_tried(struct pool *p, const struct cluster *c, uint32_t author, bool convicts,
                uint64_t now_ms)
{
    struct pooled *s = &p->slot[author][COMMAND_PROVE - 1];
    struct command command;
    if (!convicts) {
        *s = (struct pooled){0};
        return;
    }
    decode_own(&command, s);
    s->tried = true;
    s->at_ms = now_ms;
    judge(s, c, &command);
}

/* A member's key changes with its term; those of operators change places. */
static bool is_still_signed(const struct cluster *c, const struct command *command)
{
    return command->author < MEMBERS_MAX ||
           command_verify(command, &c->id, cluster_author_key(c, command->author));
}

void pool_prune(struct pool *p, const struct cluster *c)
{
    for (uint32_t i = 0; i < AUTHORS_MAX * POOL_KINDS; i++) {
        struct pooled *s = &p->slot[i / POOL_KINDS][i % POOL_KINDS];
        struct command command;
        if (s->size_bytes == 0) {
            continue;
        }
        decode_own(&command, s);
        if (may_wait(cluster_would_skip(c, &command)) && is_still_signed(c, &command)) {
            judge(s, c, &command);
        } else {
            *s = (struct pooled){0};
        }
    }
}

uint64_t pool_urgent_since_ms(const struct pool *p)
{
    uint64_t since_ms = TIME_NEVER;
    for (uint32_t i = 0; i < AUTHORS_MAX * POOL_KINDS; i++) {
        const struct pooled *s = &p->slot[i / POOL_KINDS][i % POOL_KINDS];
        if (s->urgent && s->at_ms < since_ms) {
            since_ms = s->at_ms;
        }
    }
    return since_ms;
}

uint32_t pool_urgent_authors(const struct pool *p)
{
    uint32_t authors = 0;
    for (uint32_t i = 0; i < AUTHORS_MAX * POOL_KINDS; i++) {
        if (p->slot[i / POOL_KINDS][i % POOL_KINDS].urgent) {
            authors |= 1u << i / POOL_KINDS;
        }
    }
    return authors;
}

bool pool_holds(const struct pool *p, uint32_t author, const uint8_t *bytes, size_t size_bytes)
{
    for (uint32_t kind = 0; author < AUTHORS_MAX && kind < POOL_KINDS; kind++) {
        const struct pooled *s = &p->slot[author][kind];
        if (s->size_bytes != 0 && is_same(s, bytes, size_bytes)) {
            return true;
        }
    }
    return false;
}

void pool_fill(const struct pool *p, struct block_maker *m)
{
    uint32_t answers = 0;
    for (uint32_t pass = 0; pass < 2; pass++) {
        for (uint32_t i = 0; i < AUTHORS_MAX * POOL_KINDS; i++) {
            const struct pooled *s = &p->slot[i % AUTHORS_MAX][i / AUTHORS_MAX];
            if (!s->ready || s->urgent != (pass == 0)) {
                continue;
            }
            if (s->tried && answers == BLOCK_ANSWERS_MAX) {
                continue;
            }
            answers += s->tried ? 1 : 0;
            if (!block_add(m, s->bytes, s->size_bytes)) {
                continue; /* waits for the next block; a smaller one may still fit */
            }
        }
    }
}

/* Nodes in memory that does not keep what was written. Beside each goes a twin in sound memory,
 * and what the node says is what the twin says, or the node is unfit and says so. */
#include <assert.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "../../agent/node_parts.h"
#include "world.h"

#define SEEN_MS 1200u                         /* faults.md, L2 */
#define TOLD_MS (SELF_DOUBT_WINDOW_MS + 1000) /* and on the way */

void memory_begin(struct world *w, struct station *s)
{
    s->flipped_ms = 0;
    s->computed = false;
    s->blind = false;
    s->buffer_fault = 0;
    /* The others still tell it of what they got from the run before. */
    s->garbled = s->garbled_ms != 0 && w->now_ms - s->garbled_ms < TOLD_MS;
    if ((w->plan.leaky >> s->member & 1) == 0 && !bent_has_twin(w, s)) {
        return;
    }
    if (s->twin == NULL) {
        s->twin = calloc(1, sizeof *s->twin);
        assert(s->twin != NULL);
    }
    if (!node_copy(s->twin, s->node)) {
        world_fail(w, CHECK_DAMAGE_TRUE, "%s cannot be copied", world_name(w, s->member));
    }
}

static void flip(struct world *w, void *memory, size_t size_bytes)
{
    static const uint32_t counts[] = {1, 1, 1, 2, 4, 8};
    const uint32_t count = counts[dice_between(&w->dice, 0, 5)];
    uint8_t *word = (uint8_t *)memory + dice_between(&w->dice, 0, size_bytes / 8 - 1) * 8;
    uint64_t bits = 0;
    while ((uint32_t)__builtin_popcountll(bits) < count) {
        bits |= (uint64_t)1 << dice_between(&w->dice, 0, 63);
    }
    for (uint32_t i = 0; i < 8; i++) {
        word[i] ^= (uint8_t)(bits >> (8 * i));
    }
}

static void flip_guardian(struct world *w, struct node *n)
{
    const size_t used_bytes =
        DIGESTS_KEY_BYTES + sizeof n->deciding / DIGESTS_PAGE_BYTES * DIGESTS_BYTES;
    switch (dice_between(&w->dice, 0, 4)) {
    case 0:
        flip(w, &n->guard_between, sizeof n->guard_between);
        break;
    case 1:
        flip(w, &n->digests, used_bytes);
        break;
    default:
        flip(w, n->shadow, sizeof n->shadow);
        break;
    }
}

/* What the shadow alone is blind for. */
static void flip_both(struct world *w, struct node *n)
{
    const size_t at = dice_between(&w->dice, 0, sizeof n->deciding - 1);
    const uint8_t bit = (uint8_t)(1u << dice_between(&w->dice, 0, 7));
    ((uint8_t *)&n->deciding)[at] ^= bit;
    ((uint8_t *)n->shadow)[at] ^= bit;
}

/* A line that held something; most of a state is zeros. False: found none. */
static bool wipe(struct world *w, struct node *n)
{
    static const uint8_t zeros[64];
    const size_t lines = sizeof n->deciding / sizeof zeros;
    for (uint32_t tries = 0; tries < 200; tries++) {
        uint8_t *line =
            (uint8_t *)&n->deciding + dice_between(&w->dice, 0, lines - 1) * sizeof zeros;
        if (memcmp(line, zeros, sizeof zeros) != 0) {
            memset(line, 0, sizeof zeros);
            return true;
        }
    }
    return false;
}

/* A key by which it would take a peer's word for forged. */
static void flip_key(struct world *w, struct node *n)
{
    struct cluster *c = &n->deciding.cluster;
    uint8_t *key = c->member[dice_between(&w->dice, 0, c->member_count - 1)].vote_key;
    key[dice_between(&w->dice, 0, PUBLIC_KEY_BYTES - 1)] ^=
        (uint8_t)(1u << dice_between(&w->dice, 0, 7));
}

/* Returns whether something guards the place by itself: the rest is checked where it is used.
 */
static bool flip_anywhere(struct world *w, struct node *n)
{
    uint8_t *bytes = (uint8_t *)n;
    const size_t at = dice_between(&w->dice, 0, sizeof *n - 1);
    const size_t guarded = offsetof(struct node, digests) + DIGESTS_KEY_BYTES +
                           sizeof n->deciding / DIGESTS_PAGE_BYTES * (size_t)DIGESTS_BYTES;
    bytes[at] ^= (uint8_t)(1u << dice_between(&w->dice, 0, 7));
    return at < guarded;
}

static bool strike(struct world *w, struct station *s, enum fault fault)
{
    struct node *n = s->node;
    switch ((int)fault) {
    case FAULT_FLIP_STATE:
        flip(w, &n->deciding, sizeof n->deciding);
        return true;
    case FAULT_FLIP_GUARDIAN:
        flip_guardian(w, n);
        return true;
    case FAULT_FLIP_BOTH:
        flip_both(w, n);
        s->blind = true;
        return true;
    case FAULT_FLIP_WIPED:
        return wipe(w, n);
    case FAULT_FLIP_COMPUTED:
        flip(w, &n->deciding, sizeof n->deciding);
        node_seal_first(n); /* no page, no shadow will tell */
        s->computed = true;
        return true;
    case FAULT_FLIP_KEYS:
        flip_key(w, n);
        return true;
    case FAULT_FLIP_ANYWHERE:
        s->computed = !flip_anywhere(w, n);
        return true;
    default:
        s->buffer_fault = fault; /* strikes with the next message */
        return false;
    }
}

void memory_trouble(struct world *w, struct station *s)
{
    if (!s->up || s->flipped_ms != 0 || s->buffer_fault != 0) {
        return;
    }
    const uint32_t kinds = FAULT_FLIP_SIGNED - FAULT_FLIP_STATE + 1;
    const uint64_t kind = w->flips++ == 0 ? w->plan.seed % kinds /* each in a few seeds */
                                          : dice_between(&w->dice, 0, kinds - 1);
    const enum fault fault = (enum fault)(FAULT_FLIP_STATE + kind);
    if (strike(w, s, fault)) {
        s->flipped_ms = w->now_ms;
        world_strike(w, fault);
        world_say(w, "%s: %s", world_name(w, s->member), fault_text(fault));
    }
}

void memory_flip(struct world *w, struct station *s)
{
    (void)strike(w, s, FAULT_FLIP_STATE);
    s->flipped_ms = w->now_ms;
    world_strike(w, FAULT_FLIP_STATE);
    world_say(w, "%s: %s", world_name(w, s->member), fault_text(FAULT_FLIP_STATE));
}

void memory_reseal(struct world *w, struct station *s)
{
    struct cluster *c = &s->node->deciding.cluster;
    uint64_t *const places[] = {&c->barred_until_ms[0], &c->windows.next, &c->names[0].fence,
                                &c->confidence[0].motion_after_ms};
    *places[dice_between(&w->dice, 0, 3)] ^= (uint64_t)1 << dice_between(&w->dice, 0, 3);
    node_seal_first(s->node);
    w->resealed |= 1u << s->member;
    s->computed = true;
    s->flipped_ms = w->now_ms;
    world_strike(w, FAULT_FLIP_COMPUTED);
    world_say(w, "%s: %s", world_name(w, s->member), fault_text(FAULT_FLIP_COMPUTED));
}

static void neuter(struct world *w, struct station *s, const struct finding *why)
{
    w->counters.check[CHECK_DAMAGE_TRUE]++;
    world_say(w, "%s is unfit by %s", world_name(w, s->member), reference_facts(why->id)->name);
    if (s->flipped_ms == 0 && !s->garbled) { /* of its messages it is told by others */
        world_fail(w, CHECK_DAMAGE_TRUE, "%s finds itself damaged (%s)",
                   world_name(w, s->member), reference_facts(why->id)->name);
    }
    s->neutered = true;
    station_crash(w, s, false);
}

/* Late is who had the time: a stopped node sees nothing. */
static void watch_time(struct world *w, struct station *s)
{
    if (s->flipped_ms == 0 || s->computed || w->plan.pause != 0) {
        return;
    }
    w->counters.check[CHECK_DAMAGE_SEEN]++;
    if (w->now_ms > s->flipped_ms + SEEN_MS) {
        world_fail(w, CHECK_DAMAGE_SEEN, "%s has not seen the damage of %llu ms ago",
                   world_name(w, s->member), (unsigned long long)(w->now_ms - s->flipped_ms));
    }
}

/* R17: the agent does nothing of it, and starts anew. */
static void start_anew(struct world *w, struct station *s, const char *why)
{
    world_say(w, "%s %s", world_name(w, s->member), why);
    station_crash(w, s, false);
    const struct event again = {.at_ms = w->now_ms + 300,
                                .kind = EVENT_RESTART,
                                .station = station_index(w, s),
                                .run = s->run};
    queue_push(&w->queue, &again);
}

static bool judge_step(struct world *w, struct station *s, const struct input *in)
{
    const struct effects *out = &w->effects;
    const bool unfit = out->count == 1 && out->list[0].kind == EFFECT_NEUTER;
    node_step(s->twin, in, &w->twin_effects);
    if (unfit) {
        neuter(w, s, &out->list[0].finding);
        return false;
    }
    watch_time(w, s);
    w->counters.check[CHECK_SAID_BY_BOTH]++;
    if (effects_same(out, &w->twin_effects)) {
        return true;
    }
    if (s->flipped_ms == 0) {
        world_fail(w, CHECK_SAID_BY_BOTH, "two sound nodes make different things of one input");
    } else if (!s->computed && !s->blind) {
        world_fail(w, CHECK_SAID_BY_BOTH, "%s says what a sound node would not",
                   world_name(w, s->member));
    }
    start_anew(w, s, "and its twin differ");
    return false;
}

static sigjmp_buf before_step;

static void on_failure(int signal)
{
    (void)signal;
    siglongjmp(before_step, 1);
}

/* False: it crashed, as it may once it computes with what is not so. */
static bool step_damaged(struct world *w, struct station *s, const struct input *in)
{
    static const int signals[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};
    enum { SIGNALS = sizeof signals / sizeof signals[0] };
    const struct sigaction caught = {.sa_handler = on_failure};
    struct sigaction usual[SIGNALS];
    for (uint32_t i = 0; i < SIGNALS; i++) {
        sigaction(signals[i], &caught, &usual[i]);
    }
    const bool whole = sigsetjmp(before_step, 1) == 0;
    if (whole) {
        node_step(s->node, in, &w->effects);
    }
    for (uint32_t i = 0; i < SIGNALS; i++) {
        sigaction(signals[i], &usual[i], NULL);
    }
    return whole;
}

/* What was changed after it was encoded its twin has encoded, too. */
static bool judge_encoded(struct world *w, struct station *s)
{
    if (buffers_encoded(w, s)) {
        w->counters.check[CHECK_ENCODED]++;
        if (effects_same(&w->effects, &w->twin_effects)) {
            world_fail(w, CHECK_ENCODED, "%s signs what it did not mean",
                       world_name(w, s->member));
        }
        start_anew(w, s, "and its twin have encoded other words");
        return false;
    }
    return true;
}

bool memory_step(struct world *w, struct station *s, const struct input *in)
{
    struct input held = *in;
    bent_begin(w, s);
    buffers_receive(w, s, &held);
    const bool damaged = s->computed || s->blind || s->buffer_fault != 0;
    buffers_begin(w, s);
    const bool whole = !damaged || step_damaged(w, s, &held);
    if (!damaged) {
        node_step(s->node, &held, &w->effects);
    }
    buffers_end();
    bent_end();
    if (!whole) {
        start_anew(w, s, "crashes");
        return false;
    }
    return s->twin == NULL || (judge_step(w, s, in) && judge_encoded(w, s));
}

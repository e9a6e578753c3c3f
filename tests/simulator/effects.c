/* Does what a step asks for, as agent/agent.c does. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "judge.h"
#include "world.h"

static void send_to(struct world *w, struct station *s, uint32_t member,
                    const struct body *body, enum channel channel)
{
    const uint8_t *bytes = w->effects.outbox + body->offset;
    if (s->sound) {
        network_send(w, station_index(w, s), member, bytes, body->size_bytes, channel);
    } else {
        liar_send(w, s, member, bytes, body->size_bytes, channel);
    }
}

static void send_to_all(struct world *w, struct station *s, const struct body *body,
                        enum channel channel)
{
    for (uint32_t i = 0; i < w->plan.members; i++) {
        if (i != s->member) {
            send_to(w, s, i, body, channel);
        }
    }
}

static uint64_t write_done_ms(struct world *w, const struct station *s)
{
    const uint64_t busy_ms = disk_busy_until_ms(&s->disk);
    uint64_t takes_ms = dice_around(&w->dice, w->plan.disk_ms);
    if (w->calm) {
        const uint64_t most_ms = w->plan.timing.delta_ms / 4;
        takes_ms = takes_ms < most_ms ? takes_ms : most_ms;
    } else if (dice_chance(&w->dice, w->plan.slow_disk)) {
        world_strike(w, FAULT_SLOW_DISK);
        takes_ms += dice_between(&w->dice, 100, 5000);
    }
    return (busy_ms > w->now_ms ? busy_ms : w->now_ms) + takes_ms;
}

static void write_down(struct world *w, struct station *s, const struct effect *e)
{
    const uint64_t done_ms = write_done_ms(w, s);
    const char *wrong = e->kind == EFFECT_PERSIST
                            ? disk_persist(&s->disk, e, w->effects.outbox, done_ms)
                            : disk_store(&s->disk, e, w->effects.outbox, done_ms);
    if (wrong != NULL) {
        world_fail(w, CHECK_RESTART, "%s: %s", world_name(w, s->member), wrong);
        return;
    }
    if (!w->calm && e->kind == EFFECT_PERSIST && dice_chance(&w->dice, w->plan.votes_fail)) {
        world_strike(w, FAULT_VOTES_DEAD);
        disk_fail(&s->disk);
    }
    const struct event event = {
        .at_ms = done_ms, .kind = EVENT_STORED, .station = station_index(w, s), .run = s->run};
    queue_push(&w->queue, &event);
}

/* The gate of a sound machine: it takes a moment, now and then a long one. */
static void sign(struct world *w, struct station *s, const struct effect *e)
{
    const struct statement statement = {
        .domain = e->signing.domain,
        .cluster_id = w->id.bytes,
        .body = w->effects.outbox + e->body.offset,
        .body_size_bytes = e->body.size_bytes,
    };
    uint8_t *signature = malloc(SIGNATURE_BYTES);
    assert(signature != NULL);
    signer_sign(&w->key[s->member], &statement, signature);
    const bool slow = !w->calm && dice_chance(&w->dice, 50);
    const struct event event = {
        .at_ms = w->now_ms + (slow ? dice_between(&w->dice, 1, 50) : 0),
        .kind = EVENT_SIGNED,
        .station = station_index(w, s),
        .run = s->run,
        .member = (uint32_t)e->signing.kind,
        .serial = e->serial,
        .bytes = signature,
        .size_bytes = SIGNATURE_BYTES,
    };
    queue_push(&w->queue, &event);
}

/* Cheap work that takes as long as the real. A machine with bent arithmetic gets it wrong, the
 * same each time. */
static void solve(struct world *w, struct station *s, const struct effect *e)
{
    struct hash *result = malloc(sizeof *result);
    assert(result != NULL);
    *result = hash_of("simulator/task", w->effects.outbox + e->body.offset, e->body.size_bytes);
    if (!s->sound && (w->plan.habits[s->member] & HABIT_BENT) != 0) {
        world_strike(w, FAULT_BENT_WORK);
        result->bytes[0] ^= 0x10;
    }
    const struct event event = {
        .at_ms = w->now_ms + dice_between(&w->dice, 12, 100),
        .kind = EVENT_SOLVED,
        .station = station_index(w, s),
        .run = s->run,
        .serial = e->serial,
        .bytes = (uint8_t *)result,
        .size_bytes = sizeof *result,
    };
    queue_push(&w->queue, &event);
}

static void help(struct world *w, struct station *s, const struct effect *e)
{
    const struct blob *b = e->height <= s->disk.height ? s->disk.block[e->height] : NULL;
    if (b == NULL) {
        return;
    }
    const uint32_t from = station_index(w, s);
    if (s->sound) {
        judge_sent(w, s, b->bytes, b->size_bytes);
        network_send(w, from, e->member, b->bytes, b->size_bytes, CHANNEL_MESSAGE);
    } else {
        liar_send(w, s, e->member, b->bytes, b->size_bytes, CHANNEL_MESSAGE);
    }
}

static void say_note(const struct world *w, const struct station *s, const struct note *n)
{
    world_say(w, "%s notes %s: %s %s/%s h=%llu fence=%llu first=%llu count=%llu",
              world_name(w, s->member), note_kind_text(n->kind), cause_text(n->cause),
              world_name(w, n->member), world_name(w, n->other), (unsigned long long)n->height,
              (unsigned long long)n->fence, (unsigned long long)n->first,
              (unsigned long long)n->count);
}

/* Of each block once, as every sound member has the same notes of it. */
static void count_note(struct world *w, const struct station *s, const struct note *n)
{
    const bool first = n->height > w->told_height;
    const bool same = n->height == w->told_height && w->steps_done == w->told_step;
    if (!s->sound || (n->height > 0 && !(first || same))) {
        return;
    }
    if (n->height > 0) {
        w->told_height = n->height;
        w->told_step = w->steps_done;
    }
    rule_note(&w->counters.rules, n);
}

static void keep_resignation(const struct world *w, struct station *s, const struct effect *e)
{
    s->resignation_bytes[e->resigned] = e->body.size_bytes;
    memcpy(s->resignation[e->resigned], w->effects.outbox + e->body.offset, e->body.size_bytes);
}

static void judge_unfit(struct world *w, struct station *s, const struct finding *f)
{
    const bool misread = s->machine.misread != 0 && s->machine.misread == f->id;
    if (bent_is(w, s) || s->computed || misread) {
        s->machine.neutered = true;
    } else if (s->sound && !w->plan.beyond && !s->machine.neutered) {
        world_fail(w, CHECK_WELL_BEHAVED, "%s finds itself damaged (%s)",
                   world_name(w, s->member), reference_facts(f->id)->name);
    }
}

/* Whoever is found wrong is, by one member or by the proof that all have looked at. */
static void judge_found(struct world *w, const struct station *s, const struct note *n)
{
    const bool proved = n->kind == NOTE_PROVED && n->first == 0 && !w->plan.beyond;
    if (!s->sound || !(n->kind == NOTE_SOLUTION_WRONG || proved) || bent_is(w, s)) {
        return;
    }
    w->counters.check[CHECK_BENT_FOUND]++;
    if ((w->plan.habits[n->member] & HABIT_BENT) == 0) {
        world_fail(w, CHECK_BENT_FOUND, "%s finds that %s computes wrongly",
                   world_name(w, s->member), world_name(w, n->member));
    }
}

static void take_note(struct world *w, struct station *s, const struct note *note)
{
    say_note(w, s, note);
    count_note(w, s, note);
    judge_found(w, s, note);
}

static void beat(struct world *w, struct station *s, const struct effect *e)
{
    send_to_all(w, s, &e->body, CHANNEL_HEARTBEAT);
    if (!s->sound) {
        liar_storm(w, s);
    }
}

static void perform(struct world *w, struct station *s, const struct effect *e)
{
    switch (e->kind) {
    case EFFECT_SEND:
        send_to(w, s, e->member, &e->body, CHANNEL_MESSAGE);
        break;
    case EFFECT_BROADCAST:
        send_to_all(w, s, &e->body, CHANNEL_MESSAGE);
        break;
    case EFFECT_HEARTBEAT:
        beat(w, s, e);
        break;
    case EFFECT_PROBE:
        send_to(w, s, e->member, &e->body, CHANNEL_PROBE);
        break;
    case EFFECT_PERSIST:
    case EFFECT_STORE_BLOCK:
        write_down(w, s, e);
        break;
    case EFFECT_HELP:
        help(w, s, e);
        break;
    case EFFECT_WORK:
        work_start(w, s, &e->work);
        break;
    case EFFECT_WORK_LEASE:
        work_lease(w, s, e->until_ms);
        break;
    case EFFECT_WORK_STOP:
        work_kill(w, s, true);
        break;
    case EFFECT_NAME:
        names_run(w, s, e);
        break;
    case EFFECT_NOTE:
        take_note(w, s, &e->note);
        break;
    case EFFECT_SIGN:
        sign(w, s, e);
        break;
    case EFFECT_RESIGNATION:
        keep_resignation(w, s, e);
        break;
    case EFFECT_SOLVE:
        solve(w, s, e);
        break;
    case EFFECT_BURST:
    case EFFECT_EXAMINE:
        machine_asked(w, s, e->kind == EFFECT_BURST);
        break;
    case EFFECT_TOKEN:
    case EFFECT_TRUST:
        break; /* the judge's */
    case EFFECT_NEUTER:
        judge_unfit(w, s, &e->finding);
        break;
    }
}

/* Signatures and what is not decided are for voters; by what the sender knows. */
static void judge_right(struct world *w, const struct station *s, uint32_t to, uint8_t kind)
{
    const bool removed = !cluster_is_voter(&s->node->deciding.cluster, to);
    const bool reserved =
        kind == MESSAGE_ANSWER || kind == MESSAGE_COSIGN || kind == MESSAGE_BLOCK;
    w->counters.check[CHECK_RIGHTS] += removed;
    if (removed && reserved) {
        world_fail(w, CHECK_RIGHTS, "%s gives %s, which it knows to be removed, a message %u",
                   world_name(w, s->member), world_name(w, to), kind);
    }
}

/* Judged before anything is done: what a sound member sends, and what it calls decided. */
static void judge_all(struct world *w, struct station *s)
{
    const struct links *l = &s->node->deciding.links;
    w->counters.check[CHECK_UNFOOLED] += w->plan.liars != 0;
    if ((l->doubt.doubting || l->incarnations.believed) && !w->plan.beyond && !bent_is(w, s) &&
        !s->computed && !s->garbled && (w->cloned >> s->member & 1) == 0) {
        world_fail(w, CHECK_UNFOOLED, "%s %s", world_name(w, s->member),
                   l->doubt.doubting ? "doubts itself" : "thinks that it is cloned");
    }
    const struct effects *out = &w->effects;
    machine_judge(w, s);
    w->counters.check[CHECK_WELL_BEHAVED]++;
    if (out->dropped > 0 && w->plan.liars == 0) {
        world_fail(w, CHECK_WELL_BEHAVED, "%s had no room for %u effects",
                   world_name(w, s->member), out->dropped);
    }
    for (uint32_t i = 0; i < out->count; i++) {
        const struct effect *e = &out->list[i];
        const uint8_t *bytes = out->outbox + e->body.offset;
        if (e->kind == EFFECT_SEND || e->kind == EFFECT_BROADCAST) {
            judge_sent(w, s, bytes, e->body.size_bytes);
            liar_overhear(w, bytes, e->body.size_bytes);
            rule_message(&w->counters.rules, s->member,
                         e->kind == EFFECT_SEND ? e->member : MEMBER_NONE, bytes,
                         e->body.size_bytes);
            if (e->kind == EFFECT_SEND) {
                judge_right(w, s, e->member, bytes[0]);
            }
        } else if (e->kind == EFFECT_STORE_BLOCK) {
            judge_decided(w, s, e->height, bytes, e->body.size_bytes);
        } else if (e->kind == EFFECT_SIGN && e->signing.kind == SIGNING_TOKEN) {
            judge_signed_token(w, s, bytes, e->body.size_bytes);
        } else if (e->kind == EFFECT_TOKEN) {
            judge_told_token(w, s, e->height, bytes, e->body.size_bytes);
        } else if (e->kind == EFFECT_TRUST) {
            judge_told_bundle(w, s, e->height, bytes, e->body.size_bytes);
        }
    }
}

void station_perform(struct world *w, struct station *s)
{
    world_mix(w, w->effects.count + ((uint64_t)w->effects.outbox_bytes << 16));
    if (s->sound && !s->computed && !s->blind &&
        !w->failed) { /* else the chain's digest tells, R04 */
        judge_state(w, s);
    }
    if (s->sound) {
        judge_all(w, s);
        rule_candidate(&w->counters.rules, &s->node->deciding.simplex.candidate);
    }
    buffers_signed(w, s);
    s->timer_mono_ms = w->effects.timer_ms;
    for (uint32_t i = 0; i < w->effects.count && !w->failed; i++) {
        perform(w, s, &w->effects.list[i]);
    }
}

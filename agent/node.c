/* A step of the node: verify the state against its shadow, take the input in, let every part
 * look at what has changed, renew the shadow. The parts are in node_peers.c, node_words.c,
 * node_work.c, node_tokens.c. */
#include "node_parts.h"

#include <assert.h>
#include <string.h>

#include "../health/self.h"

#define EXAMINE_MS 1000u /* references.md, R01 */

struct simplex_world node_world(struct node *n, uint64_t random, struct effects *out)
{
    struct deciding *d = &n->deciding;
    return (struct simplex_world){
        .now_ms = d->now_ms,
        .unix_ms = d->unix_ms + (uint64_t)node_peers_median_offset_ms(d),
        .clock_ms = d->unix_ms,
        .random = random,
        .cluster = &d->cluster,
        .pool = &n->pool,
        .suspected = d->suspected,
        .heard = d->heard,
        .muted = d->muted,
        .silent = d->silent,
        .offences = &d->offences,
        .retrials = &d->retrials,
        .bulk = &n->bulk,
        .out = out,
    };
}

/* The rest of the node has nothing to say to it. */
static void on_consensus(struct node *n, const struct input *in, const struct message *m,
                         struct effects *out)
{
    bool rejected = false;
    struct simplex_world world = node_world(n, in->random, out);
    world.rejected = &rejected;
    simplex_on_message(&n->deciding.simplex, &world, in->member, m);
    if (rejected) {
        node_links_rejected(n, in->member, false, out);
    }
}

static void on_message(struct node *n, const struct input *in, struct effects *out)
{
    struct deciding *d = &n->deciding;
    if (in->member >= d->cluster.member_count || in->member == d->options.self) {
        return;
    }
    const bool left = d->cluster.member[in->member].standing == STANDING_LEFT;
    if (!left) {
        node_peers_on_anything(d, in->member);
    }
    struct message *m = &n->scratch;
    if (!message_decode(m, in->bytes, in->size_bytes)) {
        const struct note note = {.kind = NOTE_PEER_NONSENSE,
                                  .cause = CAUSE_MALFORMED,
                                  .member = in->member,
                                  .other = MEMBER_NONE};
        effects_note(out, &note);
        return;
    }
    if (!node_door_admits(d, in->member, m)) {
        return;
    }
    if (m->kind == MESSAGE_COMMAND) {
        node_on_command(n, in->member, m->command.command, out);
        return;
    }
    if (m->kind == MESSAGE_CHALLENGE) {
        node_challenges_on_challenge(n, in->member, m, out);
        return;
    }
    if (m->kind == MESSAGE_ANSWER) {
        node_challenges_on_answer(n, in->member, m, out);
        return;
    }
    if (m->kind == MESSAGE_TASK) {
        node_toil_on_task(n, in->member, m, out);
        return;
    }
    if (m->kind == MESSAGE_SOLUTION) {
        node_tasks_on_solution(n, in->member, m, out);
        return;
    }
    if (m->kind == MESSAGE_COSIGN) {
        node_tokens_on_cosign(n, in->member, m, out);
        return;
    }
    if (m->kind == MESSAGE_HEARTBEAT && !left) {
        node_peers_on_heartbeat(d, in->member, m);
    }
    on_consensus(n, in, m, out);
}

static void on_signed(struct node *n, const struct input *in, struct effects *out)
{
    switch (in->signing) {
    case SIGNING_VOTE: {
        const struct simplex_world world = node_world(n, in->random, out);
        simplex_on_signed(&n->deciding.simplex, &world, in->serial, in->signature);
        break;
    }
    case SIGNING_RESIGNATION:
        node_resign_on_signed(n, in->serial, in->signature, out);
        break;
    case SIGNING_ANSWER:
        node_challenges_on_signed(n, in->serial, in->signature, out);
        node_toil_on_signed(n, in->serial, in->signature, out);
        break;
    case SIGNING_COMMAND:
        node_words_on_signed(n, in->serial, in->signature, out);
        break;
    case SIGNING_TOKEN:
        node_tokens_on_signed(n, in->serial, in->signature, out);
        break;
    }
}

static void take_in(struct node *n, const struct input *in, struct effects *out)
{
    struct deciding *d = &n->deciding;
    switch (in->kind) {
    case INPUT_TIMER:
        break;
    case INPUT_MESSAGE:
        on_message(n, in, out);
        break;
    case INPUT_STORED: {
        const struct simplex_world world = node_world(n, in->random, out);
        simplex_on_stored(&d->simplex, &world, in->serial);
        break;
    }
    case INPUT_SIGNED:
        on_signed(n, in, out);
        break;
    case INPUT_FINDING:
        node_diagnosis_take(n, in->finding, true, out);
        node_diagnosis_watch(n, out);
        break;
    case INPUT_FLEET:
        node_fleet_on_own(n, &in->fleet);
        break;
    case INPUT_CLOSED:
        node_peers_probe(d, in->member, out);
        break;
    case INPUT_REFUSED:
        if (in->member < d->cluster.member_count && in->member != d->options.self) {
            detector_refused(&d->peer[in->member].detector);
        }
        break;
    case INPUT_VOTES_DEAD:
        d->muted = true;
        break;
    case INPUT_REPORT:
        node_work_on_report(n, &in->report, out);
        break;
    case INPUT_WORK_ENDED:
        node_work_on_ended(n, in->clean, out);
        break;
    case INPUT_NAMED:
        node_names_on_done(d, in->serial, in->clean);
        break;
    case INPUT_COMMAND:
        node_operator_on_command(n, in->bytes, in->size_bytes, out);
        break;
    case INPUT_SOLVED:
        node_toil_on_solved(n, in->serial, in->bytes, out);
        node_tasks_on_solved(n, in->serial, in->bytes, out);
        node_proofs_on_solved(n, in->serial, in->bytes, out);
        break;
    }
}

static void apply_decided(struct node *n, const struct input *in, struct effects *out)
{
    struct deciding *d = &n->deciding;
    struct block block;
    while (simplex_take(&d->simplex, &n->bulk, &block)) {
        struct notes notes = {.count = 0};
        const struct grant before = d->cluster.grant;
        cluster_apply(&d->cluster, &block, &notes);
        for (uint32_t i = 0; i < notes.count; i++) {
            effects_note(out, &notes.list[i]);
            if (notes.list[i].kind == NOTE_WINDOW_DISPUTED &&
                notes.list[i].fence == before.fence) {
                node_tasks_on_dispute(d, &before);
            }
        }
        pool_prune(&n->pool, &d->cluster);
        d->decided_ms = d->now_ms;
        node_words_on_decided(d);
        node_names_on_decided(d);
        const struct simplex_world world = node_world(n, in->random, out);
        simplex_next(&d->simplex, &world);
    }
}

/* Since when the oldest write that is not durable is under way, to the accuracy of steps. */
static void watch_writing(struct deciding *d, struct effects *out)
{
    const uint64_t asked = d->simplex.serial;
    const uint64_t stored = d->simplex.stored;
    if (stored >= asked) {
        d->writing_since_ms = TIME_NEVER;
    } else if (d->writing_since_ms == TIME_NEVER || stored >= d->writing_serial) {
        d->writing_since_ms = d->now_ms;
        d->writing_serial = stored + 1;
    }
    const uint64_t late_ms = d->writing_since_ms + TICK_STORAGE_MS + 1;
    if (d->writing_since_ms != TIME_NEVER && d->now_ms < late_ms) {
        effects_wake(out, late_ms);
    }
    if (d->tick.stalled && !d->storage_slow) {
        const struct note note = {.kind = NOTE_STORAGE_SLOW,
                                  .member = MEMBER_NONE,
                                  .other = MEMBER_NONE,
                                  .count = d->now_ms - d->writing_since_ms};
        effects_note(out, &note);
    }
    d->storage_slow = d->tick.stalled;
}

static void look_around(struct node *n, const struct input *in, struct effects *out)
{
    struct deciding *d = &n->deciding;
    node_peers_watch(d, out);
    node_links_watch(n, out);
    node_challenges_watch(n, in->random, out);
    node_tasks_watch(n, in->random, out);
    node_words_say(n, out);
    node_motions_watch(n, out);
    node_proofs_watch(n, out);
    node_work_watch(n, out);
    node_names_watch(n, out);
    node_resign_watch(n, out);
    node_operator_watch(n, out);
    const struct simplex_world world = node_world(n, in->random, out);
    simplex_tick(&d->simplex, &world);
    apply_decided(n, in, out);
    node_still_watch(d);
    node_proofs_solve(d, out);
    node_tokens_watch(n, out);
    watch_writing(d, out);
}

/* By how much it is late. */
static uint64_t begin_step(struct deciding *d, const struct input *in)
{
    assert(in->now_ms >= d->now_ms);
    node_still_wake(d, in->now_ms);
    const uint64_t late_ms = local_health_step(&d->local_health, in->now_ms, d->wake_ms);
    const struct tick_observation seen = {
        .now_ms = in->now_ms,
        .late_ms = late_ms,
        .writing_since_ms = d->writing_since_ms,
    };
    d->now_ms = in->now_ms;
    d->unix_ms = in->unix_ms;
    node_peers_excuse(d, late_ms);
    node_links_wake(d, late_ms, in->random);
    tick_observe(&d->tick, &seen);
    return late_ms;
}

void node_neuter(struct node *n, const struct finding *why, struct effects *out)
{
    (void)n;
    effects_add(out, EFFECT_NEUTER)->finding = *why;
}

/* For good: this node neither decides nor says anything any more. Why is the only effect:
 * whatever the step had prepared was decided by a mind that cannot be trusted. */
static void fall_silent(struct node *n, const struct finding *why, struct effects *out)
{
    const struct finding finding = *why;
    n->deciding.damaged = true;
    effects_begin(out);
    effects_add(out, EFFECT_NEUTER)->finding = finding;
    out->timer_ms = TIME_NEVER;
}

/* The shadow at every entry; all there is once a second. */
static bool may_enter(struct node *n, uint64_t now_ms, enum self_note *damage)
{
    struct deciding *d = &n->deciding;
    if (now_ms >= d->examined_ms + EXAMINE_MS) {
        if (!node_is_intact(n, damage)) {
            return false;
        }
        d->examined_ms = now_ms;
        return true;
    }
    *damage = SELF_SHADOW;
    return node_has_shadow(n);
}

void node_step(struct node *n, const struct input *in, struct effects *out)
{
    struct deciding *d = &n->deciding;
    effects_begin(out);
    if (d->damaged) {
        return;
    }
    enum self_note damage;
    if (!may_enter(n, in->now_ms, &damage)) {
        const struct finding found = self_finding(damage);
        fall_silent(n, &found, out);
        return;
    }
    const uint64_t late_ms = begin_step(d, in);
    node_diagnosis_time(n, late_ms, out);
    node_diagnosis_watch(n, out);
    take_in(n, in, out);
    node_fleet_watch(n, out);
    look_around(n, in, out);
    const struct finding *why = effects_fatal(out);
    if (why != NULL) {
        fall_silent(n, why, out);
    }
    d->wake_ms = out->timer_ms;
    if (!node_seal(n)) {
        const struct finding found = self_finding(SELF_DIGESTS);
        fall_silent(n, &found, out);
    }
}

#include "agent/agent.h"

#include <assert.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "health/references/randomness.h"
#include "health/self.h"

#define SNAPSHOT_HEIGHTS 64u /* blocks to be replayed at most at a start */

static const uint8_t *bytes_of(const struct agent *a, struct body body)
{
    return a->effects->outbox + body.offset;
}

static void send_to(struct agent *a, uint32_t member, struct body body, enum peers_kind kind)
{
    peers_send(a->peers, member, bytes_of(a, body), body.size_bytes, kind);
}

static void send_to_all(struct agent *a, struct body body, enum peers_kind kind)
{
    const struct cluster *c = &a->node->deciding.cluster;
    for (uint32_t i = 0; i < c->member_count; i++) {
        if (i != a->config.member && c->member[i].standing != STANDING_LEFT) {
            send_to(a, i, body, kind);
        }
    }
}

static void persist(struct agent *a, const struct effect *e)
{
    const struct persist *p = &e->persist;
    const struct votes_write write = {
        .record = bytes_of(a, p->record),
        .record_bytes = p->record.size_bytes,
        .block = p->block.size_bytes > 0 ? bytes_of(a, p->block) : NULL,
        .block_bytes = p->block.size_bytes,
        .block_hash = p->block_hash.bytes,
        .keep = p->held[0].bytes,
        .keep_count = p->held_count,
    };
    if (a->has_votes) {
        storage_record(a->storage, e->serial, &write);
    } else { /* amnesia is over: what is written first says from where on this member votes */
        storage_votes_replace(a->storage, e->serial, &write);
        a->has_votes = true;
    }
}

static void store_block(struct agent *a, const struct effect *e)
{
    struct block block;
    struct message *m = &a->node->scratch;
    const bool sound =
        message_decode(m, bytes_of(a, e->body), e->body.size_bytes) &&
        block_decode(&block, m->decided.block.bytes, m->decided.block.size_bytes);
    assert(sound); /* our own encoding */
    struct store_block row = {
        .height = e->height,
        .time_ms = block.header.time_ms,
        .decided = a->effects->outbox + e->body.offset,
        .decided_bytes = e->body.size_bytes,
    };
    memcpy(row.hash, block.hash.bytes, sizeof row.hash);
    storage_block(a->storage, e->serial, &row, NULL, 0);
    operators_block(&a->operators, &block);
}

static void on_block_read(void *context, const struct storage_answer *answer)
{
    const struct agent_help *help = context;
    if (answer->answer == STORE_ANSWER_DONE) {
        peers_send(help->agent->peers, help->member, answer->block->decided,
                   answer->block->decided_bytes, PEERS_MESSAGE);
    }
}

/* The stored message as it is; a block that I cannot read somebody else can send. */
static void send_help(struct agent *a, uint32_t member, uint64_t height)
{
    struct agent_help *help = &a->help[member];
    *help = (struct agent_help){.agent = a, .member = member};
    /* What cannot be read now its member asks for again. */
    (void)!storage_block_read(a->storage, height, on_block_read, help);
}

static void keep_resignation(struct agent *a, const struct effect *e)
{
    struct agent_resignation *r = &a->resignations[e->resigned];
    assert(e->body.size_bytes <= sizeof r->bytes);
    r->size_bytes = e->body.size_bytes;
    memcpy(r->bytes, bytes_of(a, e->body), e->body.size_bytes);
}

static void take_note(struct agent *a, const struct note *note, int32_t ordinal)
{
    journal_note(&a->journal, note, &a->node->deciding.cluster, ordinal);
    records_note(&a->records, note, &a->node->deciding.cluster);
    operators_note(&a->operators, note);
}

static void examine(struct agent *a, bool burst)
{
    if (burst) {
        examiner_burst(a->examiner);
    } else {
        examiner_begin_again(a->examiner);
    }
}

static void say_to_all(struct agent *a, const struct effect *e)
{
    send_to_all(a, e->body, e->kind == EFFECT_HEARTBEAT ? PEERS_HEARTBEAT : PEERS_MESSAGE);
}

static void perform(struct agent *a, const struct effect *e, int32_t ordinal)
{
    switch (e->kind) {
    case EFFECT_SEND:
        send_to(a, e->member, e->body, PEERS_MESSAGE);
        break;
    case EFFECT_BROADCAST:
    case EFFECT_HEARTBEAT:
        say_to_all(a, e);
        break;
    case EFFECT_PROBE:
        peers_probe(a->peers, e->member, bytes_of(a, e->body), e->body.size_bytes);
        break;
    case EFFECT_SIGN:
        agent_sign(a, e);
        break;
    case EFFECT_PERSIST:
        persist(a, e);
        break;
    case EFFECT_STORE_BLOCK:
        store_block(a, e);
        break;
    case EFFECT_HELP:
        send_help(a, e->member, e->height);
        break;
    case EFFECT_WORK:
        worker_start(a, &e->work);
        break;
    case EFFECT_WORK_LEASE:
        worker_live(a, e->until_ms);
        break;
    case EFFECT_WORK_STOP:
        worker_stop(a);
        break;
    case EFFECT_NAME:
        name_hooks_run(a, e);
        break;
    case EFFECT_NOTE:
        take_note(a, &e->note, ordinal);
        break;
    case EFFECT_RESIGNATION:
        keep_resignation(a, e);
        break;
    case EFFECT_TOKEN:
    case EFFECT_TRUST:
        credentials_take(a, e);
        break;
    case EFFECT_SOLVE:
        solver_ask(a->solver, e->serial, bytes_of(a, e->body));
        break;
    case EFFECT_BURST:
    case EFFECT_EXAMINE:
        examine(a, e->kind == EFFECT_BURST);
        break;
    case EFFECT_NEUTER:
        neuter_member(a, &e->finding);
        break;
    }
}

/* Notes of one block are numbered, so that the same event has the same place on every member.
 */
static void perform_all(struct agent *a)
{
    uint64_t height = 0;
    int32_t ordinal = 0;
    journal_begin(&a->journal);
    for (uint32_t i = 0; i < a->effects->count; i++) {
        const struct effect *e = &a->effects->list[i];
        if (e->kind == EFFECT_NOTE && e->note.height != 0) {
            ordinal = e->note.height == height ? ordinal + 1 : 0;
            height = e->note.height;
        }
        perform(a, e, ordinal);
    }
    journal_end(&a->journal);
}

void agent_keep_snapshot(struct agent *a)
{
    const struct cluster *c = &a->node->deciding.cluster;
    uint8_t state[CLUSTER_BYTES_MAX];
    const size_t size_bytes = cluster_encode(c, state);
    storage_snapshot(a->storage, c->height, state, (uint32_t)size_bytes);
}

/* For this step, and unlike that of the step before (R35): nonces are made of it. */
static bool draw(struct agent *a, struct input *in, struct finding *why)
{
    randombytes_buf(&in->random, sizeof in->random);
    const bool differs = randomness_differs(in->random, a->drawn, why);
    a->drawn = in->random;
    return differs;
}

void agent_step_once(struct agent *a, struct input *in)
{
    struct finding repeats;
    const uint64_t height_before = a->node->deciding.cluster.height;
    if (a->neuter.begun) {
        return;
    }
    in->now_ms = clock_monotonic_ms();
    in->unix_ms = clock_unix_ms();
    if (!draw(a, in, &repeats)) {
        neuter_member(a, &repeats);
        return;
    }
    twin_listen(a->twin, in);
    node_step(a->node, in, a->effects);
    if (!twin_agrees(a->twin, a->effects)) {
        const struct finding found = twin_judgement(a->twin, a->effects);
        neuter_by_twin(a, &found);
        return;
    }
    perform_all(a);
    gate_end(&a->gate);
    credentials_watch(a);
    events_watch(a);
    agent_follow_outset(a);
    if (a->node->deciding.cluster.height != height_before) {
        accusations_watch(a);
        agent_follow_roster(a);
        neuter_look_at_chain(a);
        agent_restrict_peers(a);
    }
    if (a->node->deciding.cluster.height / SNAPSHOT_HEIGHTS !=
        height_before / SNAPSHOT_HEIGHTS) {
        agent_keep_snapshot(a);
    }
    loop_timer_set(a->timer, a->effects->timer_ms);
}

void agent_step(struct agent *a, struct input *in)
{
    agent_step_once(a, in);
    agent_tell_signatures(a);
    while (a->worker.gone) {
        a->worker.gone = false;
        struct input ended = {.kind = INPUT_WORK_ENDED, .clean = a->worker.gone_clean};
        agent_step_once(a, &ended);
        agent_tell_signatures(a);
    }
    struct input named;
    while (name_hooks_take(a, &named)) {
        agent_step_once(a, &named);
        agent_tell_signatures(a);
    }
    journal_settle(&a->journal, &a->node->deciding.cluster);
    api_changed(a->api);
}

static void resume(struct agent *a)
{
    struct input now = {.now_ms = clock_monotonic_ms(), .unix_ms = clock_unix_ms()};
    randombytes_buf(&now.random, sizeof now.random);
    const bool trusted = a->votes_cause == CAUSE_NONE;
    node_resume(a->node, &now, trusted ? a->votes.record : NULL,
                trusted ? a->votes.record_bytes : 0, a->votes_cause, a->effects);
    a->twin = twin_create(a->node, a->effects);
    perform_all(a);
    gate_end(&a->gate);
    if (a->twin != NULL) {
        agent_tell_signatures(a);
    }
}

/* For a fault campaign, which flips bits there. */
static void say_where(struct agent *a)
{
    journal_sayf(&a->journal, WORDS_INFO, "OST-5002", "state_at", agent_name(a),
                 "the deciding state is at %p, %zu bytes of it", (void *)&a->node->deciding,
                 sizeof a->node->deciding);
}

int agent_run(struct agent *a)
{
    events_begin(a);
    resume(a);
    if (a->twin == NULL) {
        fprintf(stderr, "ostrakond: no memory for a second node\n");
        return EXIT_FAILURE;
    }
    agent_restrict_peers(a);
    malloc_trim(0); /* reading the whole database took more than running does */
    neuter_watch(a);
    say_where(a);
    struct input in = {.kind = INPUT_TIMER};
    agent_step(a, &in);
    agent_tell_fleet(a);
    agent_tell_aborts(a);
    agent_guard_open(a);
    loop_run(a->loop);
    return a->exit_code;
}

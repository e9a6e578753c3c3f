/* What this member hands in: its attestations and whatever the worker reports. An attestation
 * is due once a tick, shortly before the tick's block, and out of turn when it says something
 * new. */
#include "node_parts.h"

#include <assert.h>
#include <string.h>

#include "../consensus/motion.h"
#include "../consensus/sabotage.h"
#include "../health/self.h"

#define ATTEST_LEAD_MS 500u /* standing.md, section 8: before the tick's block is due */

static uint32_t bit(uint32_t member)
{
    return (uint32_t)1 << member;
}

void node_words_start(struct deciding *d)
{
    d->own.repeat_ms = d->now_ms;
    d->own.results_ms = TIME_NEVER;
}

static void broadcast_command(const uint8_t *bytes, uint32_t size_bytes,
                              struct message *scratch, struct effects *out)
{
    uint8_t encoded[MESSAGE_BYTES_MAX];
    scratch->kind = MESSAGE_COMMAND;
    scratch->command.command = (struct bytes_view){.bytes = bytes, .size_bytes = size_bytes};
    const size_t encoded_bytes = message_encode(scratch, encoded);
    if (effects_has_room(out, encoded_bytes)) {
        effects_add(out, EFFECT_BROADCAST)->body = effects_body(out, encoded, encoded_bytes);
    }
}

static void ask_for_signature(struct deciding *d, struct unsigned_command *u,
                              struct effects *out)
{
    uint8_t bytes[COMMAND_BYTES_MAX];
    u->command.term = d->cluster.member[d->options.self].term;
    const size_t size_bytes = command_signed_bytes(&u->command, bytes);
    d->own.signs++;
    u->serial = d->own.signs;
    effects_sign(out, SIGNING_COMMAND, u->serial, COMMAND_DOMAIN, bytes, size_bytes);
}

void node_words_broadcast(struct node *n, const uint8_t *bytes, uint32_t size_bytes,
                          struct effects *out)
{
    broadcast_command(bytes, size_bytes, &n->scratch, out);
}

void node_words_hand_in(struct node *n, struct command *c, struct effects *out)
{
    struct deciding *d = &n->deciding;
    struct unsigned_command *u = &d->own.unsigned_command[c->kind - 1];
    c->author = d->options.self;
    u->command = *c;
    u->has = true;
    u->serial = 0;
    if (!d->silent) {
        ask_for_signature(d, u, out);
    }
}

void node_words_on_signed(struct node *n, uint64_t serial, const uint8_t *signature,
                          struct effects *out)
{
    struct deciding *d = &n->deciding;
    struct unsigned_command *u = d->own.unsigned_command;
    while (u < d->own.unsigned_command + POOL_KINDS && !(u->has && u->serial == serial)) {
        u++;
    }
    if (u == d->own.unsigned_command + POOL_KINDS) {
        return; /* a newer one has taken its place */
    }
    u->serial = 0;
    if (signature == NULL || d->silent) {
        return; /* asked for again with what is repeated */
    }
    memcpy(u->command.signature, signature, sizeof u->command.signature);
    u->has = false;
    uint8_t bytes[COMMAND_BYTES_MAX];
    const size_t size_bytes = command_encode(&u->command, bytes);
    switch (pool_add(&n->pool, &d->cluster, bytes, size_bytes, d->now_ms)) {
    case POOL_NEW:
        broadcast_command(bytes, (uint32_t)size_bytes, &n->scratch, out);
        return;
    case POOL_HELD:
    case POOL_KNOWN:
    case POOL_USELESS:
        return;
    case POOL_MALFORMED:
    case POOL_BAD_SIGNATURE: {
        const struct finding why = self_finding(SELF_SIGNATURE);
        node_neuter(n, &why, out);
        return;
    }
    }
}

/* A mistake that the simulator must catch: ballots count when a block holds them, on all at
 * once.
 */
static void count_early(struct deciding *d, const uint8_t *bytes, size_t size_bytes)
{
    struct command c;
    if (SABOTAGE == SABOTAGE_BALLOT_ON_ARRIVAL && command_decode(&c, bytes, size_bytes) &&
        c.kind == COMMAND_BALLOT) {
        motions_on_ballot(&d->cluster, c.author, &c.ballot);
    }
}

void node_on_command(struct node *n, uint32_t from, struct bytes_view command,
                     struct effects *out)
{
    struct deciding *d = &n->deciding;
    uint8_t bytes[COMMAND_BYTES_MAX];
    enum cause cause = CAUSE_MALFORMED;
    if (!node_proofs_wants(d, command.bytes, command.size_bytes)) {
        return;
    }
    if (command.size_bytes <= sizeof bytes) {
        memcpy(bytes, command.bytes, command.size_bytes);
        switch (pool_add(&n->pool, &d->cluster, bytes, command.size_bytes, d->now_ms)) {
        case POOL_NEW: /* once to all: a partly linked author must not miss its tick */
            count_early(d, bytes, command.size_bytes);
            broadcast_command(bytes, command.size_bytes, &n->scratch, out);
            return;
        case POOL_HELD: /* node_proofs.c passes it on */
        case POOL_KNOWN:
        case POOL_USELESS:
            return;
        case POOL_MALFORMED:
            break;
        case POOL_BAD_SIGNATURE: {
            uint8_t again[COMMAND_BYTES_MAX]; /* another copy of what came */
            memcpy(again, command.bytes, command.size_bytes);
            const bool accepted = pool_add(&n->pool, &d->cluster, again, command.size_bytes,
                                           d->now_ms) != POOL_BAD_SIGNATURE;
            node_links_rejected(n, from, accepted, out);
            cause = CAUSE_BAD_SIGNATURE;
            break;
        }
        }
    }
    const struct note note = {
        .kind = NOTE_PEER_NONSENSE, .cause = cause, .member = from, .other = MEMBER_NONE};
    effects_note(out, &note);
}

/* A motion has me ask once more whom I accuse already: until it answers the accusation stands,
 * or each motion would end the patience on which the next one waits. */
static bool is_asked_again(const struct deciding *d, uint32_t member)
{
    return (d->own.silent & bit(member)) != 0 &&
           node_challenges_trial(d, member) == TRIAL_PENDING;
}

/* Whom I find unreachable; nobody while I doubt myself. What stands may stand while I am late
 * myself; nothing new is added.
 */
static uint32_t accusations(const struct deciding *d)
{
    const uint64_t quiet_ms = QUIET_START_HEARTBEATS * (uint64_t)d->cluster.timing.heartbeat_ms;
    const bool settled_in = d->now_ms - d->started_ms >= quiet_ms;
    uint32_t silent = 0;
    if (node_links_doubts(d)) {
        return 0;
    }
    for (uint32_t i = 0; i < d->cluster.member_count; i++) {
        const bool known = settled_in || d->peer[i].ever_heard;
        if ((d->suspected & bit(i)) != 0 && known && cluster_is_voter(&d->cluster, i) &&
            (node_challenges_is_silent(d, i) || is_asked_again(d, i))) {
            silent |= bit(i);
        }
    }
    return local_health_may_accuse(&d->local_health) ? silent : silent & d->own.silent;
}

/* Whom I find wrong; under the same reserve. */
static uint32_t wrongs(const struct deciding *d)
{
    const uint32_t wrong = node_links_doubts(d) ? 0 : node_tasks_wrong(d);
    return local_health_may_accuse(&d->local_health) ? wrong : wrong & d->own.wrong;
}

/* It finds nothing wrong with itself, as far as it has said here. A front node that is silent
 * attests nothing, but its heartbeats still tell why. */
static bool is_well(const struct deciding *d, uint32_t member)
{
    const struct peer_view *p = &d->peer[member];
    const bool self = member == d->options.self;
    return self ? (tick_own(&d->tick) | tick_serve(&d->tick)) == 0 : (p->own | p->serve) == 0;
}

static bool ranks_before(const struct deciding *d, uint32_t a, uint32_t b)
{
    const struct cluster *c = &d->cluster;
    if (is_well(d, a) != is_well(d, b)) {
        return is_well(d, a);
    }
    const bool leads_a = c->grant.fence != 0 && c->grant.leader == a;
    const bool leads_b = c->grant.fence != 0 && c->grant.leader == b;
    if (leads_a != leads_b) {
        return leads_a; /* no change without a reason */
    }
    if (c->latest[a].score != c->latest[b].score) {
        return c->latest[a].score > c->latest[b].score;
    }
    return a < b;
}

/* The front nodes that I hear, the fittest first by what I see of them. */
static void rank(const struct deciding *d, struct attest *attest)
{
    for (uint32_t i = 0; i < d->cluster.member_count; i++) {
        const struct member *m = &d->cluster.member[i];
        if (m->role != ROLE_NODE || m->standing != STANDING_GOOD || (d->heard & bit(i)) == 0) {
            continue;
        }
        uint32_t at = attest->ranked++;
        for (; at > 0 && ranks_before(d, i, attest->ranking[at - 1]); at--) {
            attest->ranking[at] = attest->ranking[at - 1];
        }
        attest->ranking[at] = (uint8_t)i;
    }
}

static void attest_now(struct node *n, uint64_t tick, struct effects *out)
{
    struct deciding *d = &n->deciding;
    struct own_words *own = &d->own;
    own->seq++;
    node_names_sent(d);
    own->attested_tick = tick;
    own->attested_height = d->cluster.height;
    own->overslept = false;
    own->silent = accusations(d);
    own->wrong = wrongs(d);
    own->own_mask = tick_own(&d->tick);
    own->serve_mask = tick_serve(&d->tick);
    struct command c = {.kind = COMMAND_ATTEST};
    c.attest = (struct attest){
        .incarnation = d->options.incarnation,
        .seq = own->seq,
        .tick = tick,
        .height = d->cluster.height,
        .digest = cluster_state_hash(&d->cluster),
        .own = own->own_mask,
        .serve = own->serve_mask,
        .score = (uint8_t)tick_score(&d->tick),
        .silent = own->silent,
        .wrong = own->wrong,
        .version_low = PROTOCOL_OLDEST,
        .version_high = PROTOCOL_NEWEST,
    };
    rank(d, &c.attest);
    node_fleet_attest(d, &c.attest);
    if (tick == d->cluster.tick) { /* else it may have been noticed in any tick since, too */
        tick_attested(&d->tick, own->seq);
    }
    node_words_hand_in(n, &c, out);
}

/* Something to say that cannot wait for the end of the tick; not oftener than blocks would
 * take. */
static bool has_news(struct deciding *d)
{
    struct own_words *own = &d->own;
    const bool news = own->seq == 0 || d->fleet.news || own->silent != accusations(d) ||
                      own->wrong != wrongs(d) || own->own_mask != tick_own(&d->tick) ||
                      own->serve_mask != tick_serve(&d->tick);
    if (own->urgent_tick != d->cluster.tick) {
        own->urgent_tick = d->cluster.tick;
        own->urgent_count = 0;
    }
    const bool counts = cluster_is_voter(&d->cluster, d->options.self) || own->seq == 0;
    if (!news || !counts || own->urgent_count >= URGENT_PER_TICK) {
        return false;
    }
    own->urgent_count++;
    return true;
}

/* The oldest tick that was closed before what I attested for it was decided, or else the open
 * one. A block that is wanted at once closes a tick sooner than I had attested it, its
 * proposer's clock may be before all others', or it left out what I had said. There is still
 * time to say so (record.h), and what is said next would take its place in the pools: so the
 * ticks are attested in their order, and news is said with the oldest. */
static uint64_t tick_to_attest(const struct deciding *d)
{
    const struct cluster *c = &d->cluster;
    const struct record *r = &c->record[d->options.self];
    if (d->own.attested_tick == 0 || !cluster_is_voter(c, d->options.self)) {
        return c->tick;
    }
    uint64_t tick = d->own.attested_tick > r->next ? d->own.attested_tick : r->next;
    while (tick < c->tick && !record_awaits(r, tick)) {
        tick++;
    }
    return tick < c->tick ? tick : c->tick;
}

/* It may have been decided, and not count: said before I was a voter, say. Then it is said
 * again, once a block. */
static bool has_attested(const struct node *n, uint64_t tick)
{
    const struct deciding *d = &n->deciding;
    const uint32_t self = d->options.self;
    if (d->own.attested_tick != tick || d->own.overslept) {
        return false;
    }
    const bool under_way = d->own.unsigned_command[COMMAND_ATTEST - 1].has ||
                           n->pool.slot[self][COMMAND_ATTEST - 1].size_bytes != 0;
    const bool counts = !record_awaits(&d->cluster.record[self], tick);
    return under_way || counts || d->own.attested_height == d->cluster.height ||
           !cluster_is_voter(&d->cluster, self);
}

/* When the regular attestation of the tick in progress leaves, on the monotonic clock. */
static uint64_t attest_due_ms(const struct deciding *d)
{
    const uint32_t tick_ms = d->cluster.timing.tick_ms;
    const uint64_t left_ms = tick_ms - d->cluster.time_ms % tick_ms;
    const uint64_t lead_ms = tick_ms / 4 < ATTEST_LEAD_MS ? tick_ms / 4 : ATTEST_LEAD_MS;
    return d->decided_ms + (left_ms > lead_ms ? left_ms - lead_ms : 0);
}

static void repeat_undecided(struct node *n, struct effects *out)
{
    struct deciding *d = &n->deciding;
    if (d->now_ms < d->own.repeat_ms) {
        effects_wake(out, d->own.repeat_ms);
        return;
    }
    d->own.repeat_ms = d->now_ms + REPEAT_HEARTBEATS * (uint64_t)d->cluster.timing.heartbeat_ms;
    effects_wake(out, d->own.repeat_ms);
    for (uint32_t i = 0; i < POOL_KINDS; i++) {
        struct unsigned_command *u = &d->own.unsigned_command[i];
        if (u->has && u->serial == 0 && !d->silent) {
            ask_for_signature(d, u, out);
        }
        const struct pooled *p = &n->pool.slot[d->options.self][i];
        if (p->size_bytes != 0) {
            broadcast_command(p->bytes, p->size_bytes, &n->scratch, out);
        }
    }
}

void node_words_say(struct node *n, struct effects *out)
{
    struct deciding *d = &n->deciding;
    const struct simplex_world world = node_world(n, 0, out);
    const uint32_t self = d->options.self;
    const bool heard =
        cluster_is_voter(&d->cluster, self) || cluster_may_appeal(&d->cluster, self);
    if (!heard || d->muted || d->silent || !simplex_is_caught_up(&d->simplex, &world)) {
        return;
    }
    const uint64_t tick = tick_to_attest(d);
    const bool is_said = has_attested(n, tick);
    const uint64_t due_ms = tick < d->cluster.tick ? d->now_ms : attest_due_ms(d);
    if ((!is_said && d->now_ms >= due_ms) || has_news(d)) {
        attest_now(n, tick, out);
    } else if (!is_said) {
        effects_wake(out, due_ms);
    }
    if (cluster_is_voter(&d->cluster, self)) {
        node_work_hand_in_results(n, out);
    }
    repeat_undecided(n, out);
}

void node_words_on_decided(struct deciding *d)
{
    const struct attested *latest = &d->cluster.latest[d->options.self];
    if (latest->incarnation == d->options.incarnation && latest->seq != 0) {
        tick_decided(&d->tick, latest->seq);
    }
    d->own.results_ms = d->now_ms; /* those behind a gap may be next */
}

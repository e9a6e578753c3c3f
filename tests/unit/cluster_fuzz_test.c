#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "random_proof.h"
#include "tests/scripts/cluster/world.h"
#include "tests/unit/chance.h"

/* Blocks full of rubbish and near-rubbish, from a fixed seed: nothing asserts, two replicas,
 * one put back from its bytes now and then, agree, and what must never change does not. */

#define ROUNDS 5000u
#define HISTORY_MAX 4096u

static uint32_t some_bits(struct chance *c)
{
    uint32_t bits = !chance_one_in(c, 4) ? 0 : 1u << chance_below(c, 7);
    return chance_one_in(c, 20) ? bits | (uint32_t)chance_next(c) % 0x80 : bits;
}

static void random_attest(struct chance *chance, struct world *w, uint32_t author,
                          struct attest *a)
{
    *a = world_attest(w, author % w->cluster.member_count).attest;
    a->silent = some_bits(chance);
    a->wrong = chance_one_in(chance, 4) ? some_bits(chance) : 0;
    if (w->cluster.tick / 8 % 2 == 0) { /* for a while many find fault with the same one */
        const uint32_t victim = 1u << w->cluster.tick / 16 % w->cluster.member_count;
        a->silent |= chance_one_in(chance, 4) ? 0 : victim;
        a->wrong |= chance_one_in(chance, 4) ? victim : 0;
    }
    a->own = chance_one_in(chance, 15) ? 1 : 0;
    a->serve = chance_one_in(chance, 6) ? 1 : 0;
    a->incarnation = 1 + (chance_one_in(chance, 30) ? 1 : 0);
    a->ranked = chance_below(chance, w->cluster.member_count + 1);
    if (chance_one_in(chance, 3)) {
        a->tick = near(chance, w->cluster.tick, 3) | 1;
        a->height = near(chance, w->cluster.height, 4);
        a->digest = w->cluster.digests[a->height % HEIGHTS_KEPT];
    }
}

static void random_setting(struct chance *chance, struct operator_command *o)
{
    o->setting = (enum setting)chance_below(chance, SETTING_COUNT);
    o->value = chance_below(chance, 600);
    while (!setting_takes(o->setting, o->value)) {
        o->value = o->value / 2 + chance_below(chance, 4);
    }
}

/* Some of the world's, in another order, or of names that nobody has. */
static void random_keys(struct chance *chance, const struct world *w,
                        struct operator_command *o)
{
    const uint32_t first = chance_below(chance, OPERATORS_MAX);
    o->key_count = 1 + chance_below(chance, OPERATORS_MAX);
    for (uint32_t i = 0; i < o->key_count; i++) {
        const uint32_t key = (first + i) % OPERATORS_MAX;
        snprintf(o->keys[i].name, sizeof o->keys[i].name, "person%u", key);
        memcpy(o->keys[i].key, w->keys[MEMBERS_MAX + key].public_key, PUBLIC_KEY_BYTES);
    }
}

static void random_operator(struct chance *chance, struct world *w, struct command *command)
{
    const struct cluster *c = &w->cluster;
    struct operator_command *o = &command->by_operator;
    const uint32_t place = chance_below(chance, c->operator_count);
    struct key_pair pair;
    uint8_t seed[IDENTITY_SEED_BYTES] = {0x20, (uint8_t)chance_below(chance, 250)};
    key_pair_from_seed(&pair, seed);
    command->author = MEMBERS_MAX + place;
    o->seq = c->operator_seq[place] + (chance_one_in(chance, 9) ? 0 : 1);
    o->seq = o->seq == 0 ? 1 : o->seq;
    o->not_after_ms = c->time_ms + chance_below(chance, 100000);
    o->operation = (enum operation)chance_below(chance, OPERATION_COUNT);
    if (o->operation == OPERATION_REMOVE) { /* for good: there would soon be nobody */
        o->operation = OPERATION_ADMIT;
    }
    o->member = chance_below(chance, c->member_count);
    o->term = c->member[o->member].term;
    o->duration_s = o->operation == OPERATION_PAUSE ? chance_below(chance, PAUSE_S_MAX) : 0;
    snprintf(o->name, sizeof o->name, "member%u", chance_below(chance, 20));
    random_setting(chance, o);
    random_keys(chance, w, o);
    memcpy(o->vote_key, pair.public_key, sizeof o->vote_key);
    memcpy(o->transport_key, c->member[o->member].transport_key, sizeof o->transport_key);
    o->role = (enum role)chance_below(chance, 2);
    snprintf(o->address, sizeof o->address, "127.0.0.1:%u", 7000 + chance_below(chance, 90));
    if (o->operation == OPERATION_ADMIT && chance_one_in(chance, 4)) { /* somebody new */
        o->member = c->member_count < MEMBERS_MAX ? c->member_count : MEMBERS_MAX - 1;
        o->term = c->member[o->member].term;
        seed[2] = 1;
        key_pair_from_seed(&pair, seed);
        memcpy(o->transport_key, pair.public_key, sizeof o->transport_key);
    } else if (o->operation == OPERATION_ADMIT) {
        memcpy(o->name, c->member[o->member].name, sizeof o->name);
    }
}

/* On what is open, and now and then on what is not. */
static void random_ballot(struct chance *chance, const struct cluster *c, struct ballot *b)
{
    for (uint32_t i = 0; i < c->member_count; i++) {
        b->motion[i] = c->confidence[i].motion.id;
        if (chance_one_in(chance, 20)) {
            b->motion[i] = near(chance, c->height, 3);
        }
        b->subjects |= b->motion[i] != 0 ? 1u << i : 0;
    }
    if (b->subjects == 0) {
        b->subjects = 1;
        b->motion[0] = 1;
    }
    b->yes = b->subjects & (chance_one_in(chance, 8) ? 5 : 0xffff);
}

static bool is_voting(const struct cluster *c)
{
    bool open = false;
    for (uint32_t i = 0; i < c->member_count; i++) {
        open = open || c->confidence[i].motion.id != 0;
    }
    return open;
}

static enum command_kind random_kind(struct chance *chance, const struct cluster *c,
                                     uint32_t author)
{
    if (chance_one_in(chance, 300)) {
        const bool resigns = chance_one_in(chance, 2);
        return chance_one_in(chance, 5) ? COMMAND_PROVE
               : resigns                ? COMMAND_RESIGN
                                        : COMMAND_OPERATOR;
    }
    if (c->name_count > 0 && author == c->names[0].holder && chance_one_in(chance, 20)) {
        return COMMAND_RELEASE;
    }
    if (chance_one_in(chance, is_voting(c) ? 3 : 40)) {
        return COMMAND_BALLOT;
    }
    if (author < c->member_count && !cluster_is_voter(c, author)) {
        return chance_one_in(chance, 2) ? COMMAND_ATTEST : COMMAND_APPEAL;
    }
    return (enum command_kind)(1 + chance_below(chance, chance_one_in(chance, 2) ? 1 : 4));
}

/* Any command that decodes, of anybody, mostly near to what makes sense now. */
static struct command random_command(struct chance *chance, struct world *w)
{
    const struct cluster *c = &w->cluster;
    struct command command = {
        .author = chance_below(chance, c->member_count + (chance_one_in(chance, 50) ? 2 : 0)),
    };
    if (command.author < c->member_count) {
        command.term = c->member[command.author].term - (chance_one_in(chance, 30) ? 1 : 0);
    }
    command.kind = random_kind(chance, c, command.author);
    const uint64_t window = near(chance, c->windows.next, chance_one_in(chance, 9) ? 80 : 2);
    switch (command.kind) {
    case COMMAND_ATTEST:
        random_attest(chance, w, command.author, &command.attest);
        break;
    case COMMAND_RESULT:
        command.result.first_window = window % (UINT64_MAX / 2);
        command.result.count = 1 + chance_below(chance, chance_one_in(chance, 5) ? 64 : 2);
        for (uint32_t i = 0; i < command.result.count; i++) {
            command.result.digests[i] = world_digest(chance_one_in(chance, 400) ? 2 : 1);
        }
        break;
    case COMMAND_DISPUTE:
        command.dispute.fence = near(chance, c->grant.fence, 1) | 1;
        command.dispute.fence =
            chance_one_in(chance, 3) ? command.dispute.fence : c->last_fence + 1;
        command.dispute.window = window;
        command.dispute.own = world_digest(chance_one_in(chance, 9) ? 2 : 1);
        break;
    case COMMAND_FAIL:
        command.fail.fence = c->last_fence > 0 ? c->last_fence : 1;
        command.fail.sink_fence = chance_one_in(chance, 4) ? command.fail.fence + 3 : 0;
        break;
    case COMMAND_RESIGN:
        command.resign.class = (enum resign_class)chance_below(chance, RESIGN_CLASS_COUNT);
        break;
    case COMMAND_OPERATOR:
        random_operator(chance, w, &command);
        break;
    case COMMAND_BALLOT:
        random_ballot(chance, c, &command.ballot);
        break;
    case COMMAND_APPEAL:
        break;
    case COMMAND_PROVE:
        command.prove = random_proof(chance, c);
        break;
    case COMMAND_RELEASE:
        command.release.incarnation = c->latest[command.author].incarnation;
        command.release.height = c->height;
        command.release.names = 1;
        command.release.fence[0] = c->names[0].fence;
        break;
    }
    return command;
}

static uint64_t random_gap_ms(struct chance *chance, const struct cluster *c)
{
    switch (chance_below(chance, 12)) {
    case 0:
        return 1;
    case 1:
        return (uint64_t)c->timing.tick_ms * chance_below(chance, 40);
    case 2:
        return chance_one_in(chance, 40) ? (uint64_t)c->timing.window_s * 90000 : 7;
    default:
        return c->timing.tick_ms / 2 + chance_below(chance, c->timing.tick_ms);
    }
}

/* What no block may change. */
struct history {
    uint64_t fence;
    uint64_t next;
    uint64_t tick;
    struct settled_window settled[HISTORY_MAX]; /* of window first + i */
    uint64_t first;
};

static void check_settled(const struct cluster *c, struct history *h)
{
    for (uint32_t i = 0; i < SETTLED_KEPT; i++) {
        const struct settled_window *now = &c->windows.settled[i];
        if (now->window == 0 || now->window - h->first >= HISTORY_MAX) {
            continue;
        }
        struct settled_window *then = &h->settled[now->window - h->first];
        const bool alone = now->members[1] == MEMBER_NONE;
        cr_assert(now->members[0] != now->members[1], "two different members");
        cr_assert(!alone || !c->audit_required || then->window == now->window);
        cr_assert(then->window == 0 || memcmp(&then->digest, &now->digest, DIGEST_BYTES) == 0,
                  "a settled digest never changes");
        *then = *now;
    }
    for (uint64_t k = h->first; k < c->windows.next && k - h->first < HISTORY_MAX; k++) {
        cr_assert(h->settled[k - h->first].window == k, "all before `next` are settled");
    }
}

static void check_history(const struct cluster *c, struct history *h)
{
    const struct grant *g = &c->grant;
    cr_assert(c->last_fence >= h->fence, "fences only grow");
    cr_assert(c->windows.next >= h->next, "`next` never goes back");
    cr_assert(c->tick >= h->tick && c->tick <= h->tick + 1);
    if (g->fence != 0) {
        cr_assert(g->fence == c->last_fence, "the grant has the highest fence");
        cr_assert(c->member[g->leader].role == ROLE_NODE, "witnesses never lead");
        cr_assert(cluster_is_voter(c, g->leader));
        cr_assert(g->leader != g->auditor);
        cr_assert(g->auditor == MEMBER_NONE || cluster_is_voter(c, g->auditor));
    }
    for (uint32_t i = 0; i < c->member_count; i++) {
        cr_assert(c->record[i].run <= c->timing.record_ticks);
        cr_assert(c->urgent_used[i] <= 4);
    }
    check_settled(c, h);
    h->fence = c->last_fence;
    h->next = c->windows.next;
    h->tick = c->tick;
}

/* Beside what votes do: so that there is always somebody to be removed. */
static void change_standing(struct chance *chance, struct cluster *a, struct cluster *b)
{
    const uint32_t member = chance_below(chance, a->member_count);
    const bool good = a->member[member].standing == STANDING_GOOD;
    if (good && cluster_quorum(a).voters <= 3) {
        return;
    }
    struct cluster *both[] = {a, b};
    for (uint32_t i = 0; i < 2; i++) {
        both[i]->member[member].standing = good ? STANDING_SUSPENDED : STANDING_GOOD;
        both[i]->member[member].term++;
        record_start(&both[i]->record[member], both[i]->tick);
    }
}

static void copy_by_bytes(struct cluster *c)
{
    static uint8_t bytes[CLUSTER_BYTES_MAX];
    static struct cluster copy;
    const size_t size_bytes = cluster_encode(c, bytes);
    cr_assert(cluster_decode(&copy, bytes, size_bytes));
    *c = copy;
}

static void fill_block(struct chance *chance, struct world *w)
{
    const uint32_t count = chance_below(chance, 25);
    for (uint32_t i = 0; i < count; i++) {
        uint8_t bytes[COMMAND_BYTES_MAX];
        const struct command command = random_command(chance, w);
        size_t size_bytes = command_encode(&command, bytes);
        if (chance_one_in(chance, 60)) {
            size_bytes -= chance_below(chance, 9);
        }
        if (chance_one_in(chance, 60)) {
            bytes[chance_below(chance, (uint32_t)size_bytes)] ^= 1;
        }
        world_say_bytes(w, bytes, size_bytes);
    }
}

/* `last`: all kinds of notes up to this one were heard. */
static void run(uint64_t seed, const struct world_options *o, enum note_kind last)
{
    static struct world w;
    static struct cluster replica;
    static struct history history;
    static struct notes notes;
    struct chance chance = {.state = seed};
    uint64_t noted = 0; /* bits of kinds */
    world_found(&w, o);
    replica = w.cluster;
    const uint64_t next = w.cluster.windows.next;
    history = (struct history){.tick = 1, .first = next, .next = next};
    for (uint32_t round = 0; round < ROUNDS; round++) {
        fill_block(&chance, &w);
        const uint64_t at_ms = world_now_ms(&w) + random_gap_ms(&chance, &w.cluster);
        const struct block block = world_make_block(&w, at_ms);
        memset(&notes, 0, sizeof notes);
        cluster_apply(&replica, &block, &notes);
        world_block(&w, at_ms);

        const struct hash a = cluster_state_hash(&w.cluster);
        const struct hash b = cluster_state_hash(&replica);
        cr_assert(hash_equal(&a, &b), "seed %lu round %u", (unsigned long)seed, round);
        cr_assert(memcmp(&notes, &w.notes, sizeof notes) == 0);
        check_history(&w.cluster, &history);
        for (uint32_t i = 0; i < notes.count; i++) {
            noted |= UINT64_C(1) << notes.list[i].kind;
        }
        if (chance_one_in(&chance, 40)) {
            copy_by_bytes(&replica);
        }
        if (chance_one_in(&chance, 100)) {
            change_standing(&chance, &w.cluster, &replica);
        }
    }
    /* That two are removed or proved wrong within a minute is too seldom to wait for. */
    const uint64_t seldom = UINT64_C(1) << NOTE_REMOVAL_WAITS | UINT64_C(1) << NOTE_PROOF_HELD |
                            UINT64_C(7) << NOTE_WINDOW_DOUBTFUL;
    const uint64_t expected = ((UINT64_C(2) << last) - 1) & ~seldom;
    cr_assert((noted & expected) == expected, "noted %lx", noted);
    cr_assert(noted < UINT64_C(2) << NOTE_NAME_RELEASED, "the rest is no block's");
    cr_assert(history.next > history.first + 20, "%lu were settled", history.next);
    cr_assert(history.fence > 100, "the grant moved %lu times", history.fence);
}

Test(cluster_fuzz, five_members_with_audit)
{
    const struct world_options o = world_options(3, 2);
    run(1, &o, NOTE_COMMAND_SKIPPED);
}

Test(cluster_fuzz, seven_members_with_short_records)
{
    struct world_options o = world_options(4, 3);
    o.names = 4;
    o.shared_names = 1;
    o.timing.name_lease_s = 4;
    o.timing.record_ticks = 1;
    o.timing.tick_ms = 1000;
    o.timing.window_s = 5;
    run(9, &o, NOTE_NAME_RELEASED);
}

Test(cluster_fuzz, three_members_without_audit)
{
    struct world_options o = world_options(3, 0);
    o.audit_required = false;
    run(3, &o, NOTE_COMMAND_SKIPPED);
}

Test(cluster_fuzz, six_members_without_liars)
{
    struct world_options o = world_options(4, 2);
    o.names = 2;
    o.malfunctioning_max = 0;
    o.timing.window_s = 7;
    run(4, &o, NOTE_COMMAND_SKIPPED);
}

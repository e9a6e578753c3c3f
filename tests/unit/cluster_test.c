#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <signal.h>
#include <string.h>

#include "tests/scripts/cluster/world.h"

/* What scripts cannot reach: bytes, verdicts on blocks, urgency. The stories are told in
 * tests/scripts/cluster. */

static struct world world_of(uint32_t nodes, uint32_t witnesses)
{
    const struct world_options o = world_options(nodes, witnesses);
    struct world w;
    world_found(&w, &o);
    return w;
}

/* A state in which everything that can be there is there. */
static struct world busy_world(void)
{
    struct world w = world_of(3, 2);
    for (uint32_t i = 0; i < 26; i++) {
        world_tick(&w, i == 20 ? 1 << 4 : 0);
    }
    struct command result = world_command(&w, 1, COMMAND_RESULT);
    result.result = (struct result){.first_window = w.cluster.windows.next, .count = 2};
    result.result.digests[0] = world_digest(0x66);
    result.result.digests[1] = world_digest(0xaa);
    world_say(&w, &result);
    result.author = 2;
    world_say(&w, &result);
    result.author = 0;
    result.result.digests[0] = world_digest(0xaa);
    world_say(&w, &result);
    struct command fail = world_command(&w, 0, COMMAND_FAIL);
    fail.fail.fence = w.cluster.grant.fence;
    world_say(&w, &fail);
    struct command attest = world_attest(&w, 3);
    attest.attest.silent = 1 << 1;
    attest.attest.wrong = 1 << 4;
    world_say(&w, &attest);
    world_block(&w, world_now_ms(&w) + 10);
    for (uint32_t i = 0; i < 14; i++) {
        world_tick(&w, 1 << 2);
    }
    struct command dispute = world_command(&w, w.cluster.grant.auditor, COMMAND_DISPUTE);
    dispute.dispute = (struct dispute){
        .fence = w.cluster.grant.fence,
        .window = w.cluster.windows.next,
        .own = world_digest(0xdd),
    };
    result.result.first_window = w.cluster.windows.next;
    result.author = 4;
    result.result.count = 1;
    world_say(&w, &dispute);
    world_say(&w, &result);
    world_tick(&w, 1 << 2);
    cr_assert(w.cluster.grant.fence == 3 &&
              w.cluster.windows.open[w.cluster.windows.next % 64].disputes != 0);
    return w;
}

Test(cluster, is_founded_with_all_in_good_standing_and_nothing_settled)
{
    const struct world w = world_of(3, 2);
    const struct cluster *c = &w.cluster;
    uint8_t voters[MEMBERS_MAX];

    cr_assert(c->height == 0 && c->tick == 1 && c->last_fence == 0);
    cr_assert(hash_equal(&c->block, &c->id), "the first block's parent is the cluster's id");
    cr_assert(cluster_voters(c, voters) == 5);
    for (uint8_t i = 0; i < 5; i++) {
        cr_assert(voters[i] == i && cluster_is_voter(c, i) && c->member[i].term == 1);
    }
    cr_assert_not(cluster_is_voter(c, 5));
    cr_assert_not(cluster_is_voter(c, MEMBER_NONE));
    cr_assert(c->windows.next == WORLD_FOUNDED_MS / 60000);
    const struct hash digest = cluster_digest(c);
    const struct hash kept = cluster_state_hash(c);
    cr_assert(hash_equal(&digest, &kept));
}

Test(cluster, founded_otherwise_has_another_state)
{
    const struct world a = world_of(3, 2);
    const struct world b = world_of(2, 3);
    const struct hash digest_a = cluster_state_hash(&a.cluster);
    const struct hash digest_b = cluster_state_hash(&b.cluster);
    cr_assert_not(hash_equal(&digest_a, &digest_b));
}

Test(cluster, has_windows_due_a_grace_after_their_end)
{
    const struct world w = world_of(3, 2);
    const struct cluster *c = &w.cluster;
    const uint64_t first_due_ms = WORLD_FOUNDED_MS + 65000;

    cr_assert(cluster_window_due_ms(c, c->windows.next) == first_due_ms);
    cr_assert(cluster_windows_due(c, 0) == 0);
    cr_assert(cluster_windows_due(c, first_due_ms - 1) == 0);
    cr_assert(cluster_windows_due(c, first_due_ms) == 1);
    cr_assert(cluster_windows_due(c, first_due_ms + 59999) == 1);
    cr_assert(cluster_windows_due(c, first_due_ms + 60000) == 2);
}

Test(cluster, comes_back_from_its_bytes)
{
    static uint8_t bytes[CLUSTER_BYTES_MAX];
    static uint8_t again[CLUSTER_BYTES_MAX];
    static struct world worlds[4];
    worlds[0] = world_of(1, 0);
    worlds[1] = world_of(3, 2);
    worlds[2] = world_of(10, 6);
    worlds[3] = busy_world();
    for (uint32_t i = 0; i < 4; i++) {
        struct cluster c;
        const size_t size_bytes = cluster_encode(&worlds[i].cluster, bytes);
        cr_assert(cluster_decode(&c, bytes, size_bytes), "state %u", i);
        cr_assert(cluster_encode(&c, again) == size_bytes);
        cr_assert(memcmp(bytes, again, size_bytes) == 0);
        cr_assert(memcmp(c.blocks, worlds[i].cluster.blocks, sizeof c.blocks) == 0, "%u", i);
        cr_assert(memcmp(c.digests, worlds[i].cluster.digests, sizeof c.digests) == 0,
                  "state %u", i);
        const struct hash digest = hash_of("ostrakon/state/1", bytes, size_bytes);
        const struct hash kept = cluster_state_hash(&c);
        cr_assert(hash_equal(&digest, &kept), "the digest is the hash of the bytes");
    }
}

Test(cluster, does_not_come_back_from_bytes_cut_anywhere_or_with_one_more)
{
    static uint8_t bytes[CLUSTER_BYTES_MAX];
    const struct world w = busy_world();
    const size_t size_bytes = cluster_encode(&w.cluster, bytes);
    struct cluster c;
    for (size_t cut = 0; cut < size_bytes; cut++) {
        cr_assert_not(cluster_decode(&c, bytes, cut), "%zu bytes", cut);
    }
    cr_assert_not(cluster_decode(&c, bytes, size_bytes + 1));
}

/* Three blocks with everybody talking, an hour apart: walks every array that a state indexes.
 */
static void live_on(const struct cluster *c)
{
    static struct world w;
    w.cluster = *c;
    for (uint32_t i = 0; i < MEMBERS_MAX; i++) {
        w.seq[i] = UINT64_MAX / 2;
        w.incarnation[i] = 99;
    }
    for (uint32_t round = 0; round < 3; round++) {
        for (uint32_t i = 0; i < w.cluster.member_count; i++) {
            uint8_t bytes[COMMAND_BYTES_MAX];
            struct command command = world_attest(&w, i);
            world_say_bytes(&w, bytes, command_encode(&command, bytes));
            command = world_command(&w, i, COMMAND_RESULT);
            command.result =
                (struct result){.first_window = w.cluster.windows.next, .count = 1};
            command.result.digests[0] = world_digest((uint8_t)(1 + i / 2));
            world_say_bytes(&w, bytes, command_encode(&command, bytes));
        }
        world_block(&w, world_now_ms(&w) + round * 3600000);
    }
}

/* Whatever byte of a snapshot is damaged: it is refused, or it is a state in its own right,
 * with exactly these bytes, and nothing that is asserted fails in it. */
Test(cluster, survives_any_damaged_byte_of_its_bytes)
{
    static uint8_t bytes[CLUSTER_BYTES_MAX];
    static uint8_t again[CLUSTER_BYTES_MAX];
    const struct world w = busy_world();
    const size_t size_bytes = cluster_encode(&w.cluster, bytes);
    uint32_t refused = 0;
    for (size_t i = 0; i < size_bytes; i++) {
        const uint8_t original = bytes[i];
        const uint8_t values[] = {0, 1, 0x7f, 0xff, (uint8_t)(original ^ 0x10)};
        for (uint32_t k = 0; k < sizeof values; k++) {
            struct cluster c;
            bytes[i] = values[k];
            if (!cluster_decode(&c, bytes, size_bytes)) {
                refused++;
                continue;
            }
            cr_assert(cluster_encode(&c, again) == size_bytes, "byte %zu", i);
            cr_assert(memcmp(bytes, again, size_bytes) == 0, "byte %zu", i);
            if (i % 4 == k % 4) {
                live_on(&c);
            }
        }
        bytes[i] = original;
    }
    cr_assert(refused > 0);
}

/* Damage of single fields that must be refused, each for its own reason. */
static void no_voter(struct cluster *c)
{
    for (uint32_t i = 0; i < c->member_count; i++) {
        c->member[i].standing = STANDING_SUSPENDED;
    }
}
static void no_such_standing(struct cluster *c)
{
    c->member[0].standing = STANDING_LEFT + 1;
}
static void no_such_role(struct cluster *c)
{
    c->member[0].role = ROLE_WITNESS + 1;
}
static void endless_name(struct cluster *c)
{
    memset(c->member[0].name, 'x', sizeof c->member[0].name);
}
static void bytes_behind_a_name(struct cluster *c)
{
    c->member[0].name[NAME_SIZE_BYTES - 1] = 'x';
}
static void term_of_nobody(struct cluster *c)
{
    c->member[1].term = 0;
}
static void ranks_twice(struct cluster *c)
{
    c->latest[0].ranking[1] = c->latest[0].ranking[0];
}
static void accuses_a_stranger(struct cluster *c)
{
    c->latest[0].silent = 1u << c->member_count;
}
static void score_above_all(struct cluster *c)
{
    c->latest[0].score = 101;
}
static void attests_what_is_to_come(struct cluster *c)
{
    c->latest[0].tick = c->tick + 1;
}
static void record_longer_than_full(struct cluster *c)
{
    c->record[0].run = c->timing.record_ticks + 1;
}
static void record_of_the_future(struct cluster *c)
{
    c->record[0].next = c->tick + 1;
}
static void record_far_behind(struct cluster *c)
{
    c->record[0].next = c->tick - RECORD_WINDOW_TICKS;
}
static void too_urgent(struct cluster *c)
{
    c->urgent_used[0] = 5;
}
static void audits_itself(struct cluster *c)
{
    c->grant.auditor = c->grant.leader;
}
static void led_by_a_stranger(struct cluster *c)
{
    c->grant.leader = c->member_count;
}
static void fence_from_nowhere(struct cluster *c)
{
    c->grant.fence = c->last_fence + 1;
}
static void tier_below_all(struct cluster *c)
{
    c->grant.tier = 4;
}
static void both_at_once(struct cluster *c)
{
    struct window_claims *claims = &c->windows.open[c->windows.next % RESULT_WINDOWS_MAX];
    claims->results |= claims->disputes;
}
static void settled_and_next(struct cluster *c)
{
    c->windows.next--;
}
static void settled_elsewhere(struct cluster *c)
{
    c->windows.settled[(c->windows.next - 1) % SETTLED_KEPT].window--;
}
static void settled_by_one_twice(struct cluster *c)
{
    struct settled_window *s = &c->windows.settled[(c->windows.next - 1) % SETTLED_KEPT];
    s->members[1] = s->members[0];
}
static void digest_of_nothing(struct cluster *c)
{
    memset(&c->windows.settled[(c->windows.next - 1) % SETTLED_KEPT].digest, 0, DIGEST_BYTES);
}
static void window_beyond_time(struct cluster *c)
{
    c->windows.next = UINT64_MAX / 60000;
}
static void tick_of_no_length(struct cluster *c)
{
    c->timing.tick_ms = 0;
}
static void window_of_no_length(struct cluster *c)
{
    c->timing.window_s = 0;
}
static void tick_begun_later(struct cluster *c)
{
    c->tick_start_ms = c->time_ms + 1;
}

Test(cluster, is_refused_with_any_field_out_of_its_range)
{
    static void (*const damages[])(struct cluster * c) = {
        no_voter,          no_such_standing,        no_such_role,
        endless_name,      bytes_behind_a_name,     term_of_nobody,
        ranks_twice,       accuses_a_stranger,      score_above_all,
        too_urgent,        attests_what_is_to_come, record_longer_than_full,
        audits_itself,     record_of_the_future,    record_far_behind,
        led_by_a_stranger, fence_from_nowhere,      tier_below_all,
        both_at_once,      settled_and_next,        settled_elsewhere,
        digest_of_nothing, settled_by_one_twice,    window_beyond_time,
        tick_of_no_length, window_of_no_length,     tick_begun_later,
    };
    static uint8_t bytes[CLUSTER_BYTES_MAX];
    const struct world w = busy_world();
    for (uint32_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        struct cluster damaged = w.cluster;
        struct cluster c;
        damages[i](&damaged);
        const size_t size_bytes = cluster_encode(&damaged, bytes);
        cr_assert_not(cluster_decode(&c, bytes, size_bytes), "damage %u", i);
    }
}

/* The first operator admits that member with a key that nobody has. */
static void admit(struct world *w, uint32_t member, const char *name, const char *address,
                  const uint8_t transport_key[static PUBLIC_KEY_BYTES])
{
    struct command admit = {.kind = COMMAND_OPERATOR, .author = MEMBERS_MAX};
    struct operator_command *o = &admit.by_operator;
    struct key_pair pair;
    const uint8_t seed[IDENTITY_SEED_BYTES] = {99};
    key_pair_from_seed(&pair, seed);
    o->operation = OPERATION_ADMIT;
    o->seq = 1;
    o->not_after_ms = w->cluster.time_ms + 100000;
    o->member = member;
    o->term = w->cluster.member[member].term;
    strcpy(o->name, name);
    strcpy(o->address, address);
    memcpy(o->transport_key, transport_key, sizeof o->transport_key);
    memcpy(o->vote_key, pair.public_key, sizeof o->vote_key);
    world_say(w, &admit);
}

/* Of what it is told until when it may be believed by who does not hear of its removal. */
Test(cluster, remembers_when_a_member_fell_from_good_standing_and_no_later_change)
{
    struct world w = world_of(3, 2);
    world_tick(&w, 0);
    cr_assert(zero(u64, w.cluster.member[1].good_until_ms));
    struct command resign = world_command(&w, 1, COMMAND_RESIGN);
    resign.resign.class = RESIGN_DISK;
    world_say(&w, &resign);
    world_tick(&w, 0);
    const uint64_t fell_ms = w.cluster.member[1].since_ms;
    cr_assert(w.cluster.member[1].standing == STANDING_NEUTERED);
    cr_assert(eq(u64, w.cluster.member[1].good_until_ms, fell_ms));
    const struct member m = w.cluster.member[1];
    admit(&w, 1, m.name, m.address, m.transport_key);
    world_tick(&w, 1 << 1);
    world_tick(&w, 1 << 1);
    cr_assert(w.cluster.member[1].standing == STANDING_SUSPENDED);
    cr_assert(gt(u64, w.cluster.member[1].since_ms, fell_ms));
    cr_assert(eq(u64, w.cluster.member[1].good_until_ms, fell_ms));
}

Test(cluster, knows_that_a_new_member_never_was_good)
{
    struct world w = world_of(3, 2);
    struct key_pair pair;
    const uint8_t seed[IDENTITY_SEED_BYTES] = {98};
    key_pair_from_seed(&pair, seed);
    world_tick(&w, 0);
    admit(&w, 5, "rhea", "192.0.2.99:7100", pair.public_key);
    world_tick(&w, 0);
    cr_assert(eq(u32, w.cluster.member_count, 6));
    cr_assert(w.cluster.member[5].standing == STANDING_SUSPENDED);
    cr_assert(zero(u64, w.cluster.member[5].good_until_ms));
}

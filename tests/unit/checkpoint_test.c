#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "consensus/checkpoint.h"

/* Case 31 of protocol.md, section 7: the verdicts. How they are used is told in
 * tests/scripts/simplex/31_*.txt. */

#define DAY_MS (24ull * 3600 * 1000)
#define STARTED_MS 5000u
#define FOUNDED_MS 1000000000000u

static struct cluster c;
static const struct checkpoint none;

static struct cluster cluster_of(uint32_t members)
{
    struct founding f = {.founded_ms = FOUNDED_MS,
                         .timing = timing_default(),
                         .malfunctioning_max = MEMBERS_MAX,
                         .member_count = members};
    strcpy(f.name, "test");
    for (uint32_t i = 0; i < members; i++) {
        f.members[i].vote_key[0] = (uint8_t)(i + 1);
        f.members[i].transport_key[0] = (uint8_t)(i + 1);
    }
    static struct cluster founded;
    cluster_found(&founded, &f);
    return founded;
}

static void at_height(uint64_t height)
{
    c.height = height;
    c.time_ms = FOUNDED_MS + height;
}

/* By a clock that shows `age_ms` since the block that it knew. */
static enum checkpoint_need need(const struct checkpoint *given, const struct outset *o,
                                 uint64_t age_ms)
{
    return checkpoint_needed(given, o, &c, STARTED_MS, o->time_ms + age_ms);
}

static void admit_anew(uint32_t member, uint8_t key)
{
    c.member[member].vote_key[0] = key;
    c.member[member].term++;
}

Test(checkpoint, is_needed_after_thirty_days_and_not_a_millisecond_before)
{
    c = cluster_of(5);
    at_height(7);
    const struct outset o = outset_of(&c, 0, false, STARTED_MS);
    cr_expect(need(&none, &o, 0) == CHECKPOINT_NEED_NONE);
    cr_expect(need(&none, &o, 30 * DAY_MS) == CHECKPOINT_NEED_NONE);
    cr_expect(need(&none, &o, 30 * DAY_MS + 1) == CHECKPOINT_NEED_AWAY);
    cr_expect(checkpoint_needed(&none, &o, &c, STARTED_MS, UINT64_MAX) == CHECKPOINT_NEED_AWAY);
    cr_expect(checkpoint_needed(&none, &o, &c, STARTED_MS, 0) == CHECKPOINT_NEED_NONE);
}

Test(checkpoint, is_about_the_time_before_the_start_however_long_it_runs)
{
    c = cluster_of(5);
    at_height(7);
    const struct outset o = outset_of(&c, 0, false, STARTED_MS);
    const uint64_t ran_ms = 400 * DAY_MS;
    const uint64_t clock_ms = o.time_ms + ran_ms;
    cr_expect(eq(u64, outset_age_ms(&o, STARTED_MS + ran_ms, clock_ms), 0));
    cr_expect(eq(u64, outset_age_ms(&o, STARTED_MS + ran_ms, clock_ms + 9), 9));
    cr_expect(eq(u64, outset_age_ms(&o, STARTED_MS + ran_ms, clock_ms - 1), 0));
    cr_expect(checkpoint_needed(&none, &o, &c, STARTED_MS + ran_ms, clock_ms) ==
              CHECKPOINT_NEED_NONE);
}

Test(checkpoint, need_lie_no_lower_than_what_was_known)
{
    c = cluster_of(5);
    at_height(7);
    const struct outset o = outset_of(&c, 0, false, STARTED_MS);
    for (uint64_t height = 0; height <= 9; height++) {
        const struct checkpoint given = {.height = height};
        cr_expect(need(&given, &o, 31 * DAY_MS) ==
                      (height >= 7 ? CHECKPOINT_NEED_NONE : CHECKPOINT_NEED_AWAY),
                  "%d", (int)height);
    }
}

/* A founding document is no knowledge that ages, but for whoever came after it. */
Test(checkpoint, is_not_needed_to_found_a_cluster_long_after_its_document)
{
    c = cluster_of(5);
    const struct outset founder = outset_of(&c, 0, false, STARTED_MS);
    cr_expect(need(&none, &founder, 4000 * DAY_MS) == CHECKPOINT_NEED_NONE);
    const struct outset joiner = outset_of(&c, MEMBERS_MAX - 1, true, STARTED_MS);
    cr_expect(need(&none, &joiner, 30 * DAY_MS) == CHECKPOINT_NEED_NONE);
    cr_expect(need(&none, &joiner, 31 * DAY_MS) == CHECKPOINT_NEED_AWAY);
    const struct checkpoint given = {.height = 1};
    cr_expect(need(&given, &joiner, 31 * DAY_MS) == CHECKPOINT_NEED_NONE);
}

Test(checkpoint, is_not_needed_where_nothing_is_decided_without_this_voter)
{
    for (uint32_t members = 1; members <= 5; members++) {
        c = cluster_of(members);
        at_height(7);
        const struct outset voter = outset_of(&c, 0, false, STARTED_MS);
        const enum checkpoint_need expected =
            members <= 2 ? CHECKPOINT_NEED_NONE : CHECKPOINT_NEED_AWAY;
        cr_expect(need(&none, &voter, 31 * DAY_MS) == expected, "%u", members);
        const struct outset other = outset_of(&c, MEMBERS_MAX - 1, true, STARTED_MS);
        cr_expect(need(&none, &other, 31 * DAY_MS) == CHECKPOINT_NEED_AWAY, "%u", members);
    }
}

Test(checkpoint, is_never_needed_once_it_is_over)
{
    c = cluster_of(5);
    at_height(7);
    struct outset o = outset_of(&c, 0, false, STARTED_MS);
    for (uint32_t i = 0; i < 5; i++) {
        admit_anew(i, (uint8_t)(100 + i));
    }
    cr_expect(need(&none, &o, 0) == CHECKPOINT_NEED_STRANGERS);
    o.over = true;
    cr_expect(need(&none, &o, 4000 * DAY_MS) == CHECKPOINT_NEED_NONE);
}

/* r + 1 of those that it knew: one of up to three, two of four to six, three of seven. */
Test(checkpoint, is_needed_where_all_who_are_left_may_be_liars)
{
    static const uint32_t least[] = {0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4};
    for (uint32_t members = 1; members <= 10; members++) {
        c = cluster_of(members);
        const struct outset o = outset_of(&c, 0, false, STARTED_MS);
        for (uint32_t left = members; left > 0; left--) {
            cr_expect(eq(u32, outset_remaining(&o, &c), left));
            cr_expect(
                need(&none, &o, 0) ==
                    (left >= least[members] ? CHECKPOINT_NEED_NONE : CHECKPOINT_NEED_STRANGERS),
                "%u of %u", left, members);
            admit_anew(left - 1, (uint8_t)(100 + left));
        }
        cr_expect(need(&none, &o, 0) == CHECKPOINT_NEED_STRANGERS);
    }
}

/* One after the other, as a cluster is renewed: each replaced by a new machine under its index,
 * or admitted with another key after it was cleared. The first who knows only strangers is one
 * who knew the last three of five when these went, too. */
Test(checkpoint, is_not_needed_while_single_members_are_replaced)
{
    c = cluster_of(5);
    const struct outset o = outset_of(&c, 4, false, STARTED_MS);
    for (uint32_t i = 0; i < 3; i++) {
        admit_anew(i, (uint8_t)(100 + i));
        cr_expect(need(&none, &o, 0) == CHECKPOINT_NEED_NONE, "%u", i);
    }
    admit_anew(3, 103);
    cr_expect(need(&none, &o, 0) == CHECKPOINT_NEED_STRANGERS);
}

Test(checkpoint, counts_as_a_member_whose_key_can_vote_or_may_again)
{
    static const struct {
        enum standing standing;
        enum standing_cause cause;
        uint32_t counted;
    } rows[] = {
        {STANDING_GOOD, STANDING_CAUSE_REINSTATED, 1},
        {STANDING_SUSPENDED, STANDING_CAUSE_UNREACHABLE, 1},
        {STANDING_LOCKED_OUT, STANDING_CAUSE_WRONG, 1},
        {STANDING_LOCKED_OUT, STANDING_CAUSE_PROOF, 0},
        {STANDING_NEUTERED, STANDING_CAUSE_RESIGNED, 0},
        {STANDING_LEFT, STANDING_CAUSE_REMOVED, 0},
    };
    c = cluster_of(1);
    const struct outset o = outset_of(&c, 0, false, STARTED_MS);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        c.member[0].standing = rows[i].standing;
        c.member[0].cause = rows[i].cause;
        cr_expect(eq(u32, outset_remaining(&o, &c), rows[i].counted), "%zu", i);
    }
}

/* The key is what may be in bad hands, whatever the place it stands at now. */
Test(checkpoint, knows_a_voter_by_its_key_and_only_voters)
{
    c = cluster_of(4);
    c.member[3].standing = STANDING_SUSPENDED;
    const struct outset o = outset_of(&c, 0, false, STARTED_MS);
    cr_expect(eq(u32, o.voter_count, 3));
    c.member[3].standing = STANDING_GOOD;
    cr_expect(eq(u32, outset_remaining(&o, &c), 3));
    c.member[4] = c.member[1];
    c.member_count = 5;
    c.member[1].standing = STANDING_LEFT;
    cr_expect(eq(u32, outset_remaining(&o, &c), 3));
}

Test(checkpoint, ahead_lets_strangers_pass_and_their_successors_be_known)
{
    c = cluster_of(5);
    at_height(20);
    struct outset o = outset_of(&c, 0, false, STARTED_MS);
    for (uint32_t i = 0; i < 5; i++) {
        admit_anew(i, (uint8_t)(100 + i));
    }
    at_height(25);
    for (uint64_t height = 23; height <= 27; height++) {
        const struct checkpoint given = {.height = height};
        cr_expect(need(&given, &o, 0) ==
                      (height >= 25 ? CHECKPOINT_NEED_NONE : CHECKPOINT_NEED_STRANGERS),
                  "%d", (int)height);
    }
    outset_know(&o, &c);
    const struct checkpoint behind = {.height = 25};
    at_height(26);
    cr_expect(need(&behind, &o, 0) == CHECKPOINT_NEED_NONE);
    cr_expect(eq(u32, outset_remaining(&o, &c), 5));
}

Test(checkpoint, admits_its_own_block_and_any_at_other_heights)
{
    const struct checkpoint given = {.height = 7, .hash = {.bytes = {1}}};
    const struct hash other = {.bytes = {1, 0, 1}};
    cr_expect(checkpoint_admits(&given, 7, &given.hash));
    cr_expect(not(checkpoint_admits(&given, 7, &other)));
    cr_expect(checkpoint_admits(&given, 6, &other) && checkpoint_admits(&given, 8, &other));
    cr_expect(checkpoint_admits(&none, 0, &other));
}

Test(outset, is_kept_as_it_was_and_goes_by_the_start_of_its_own_run)
{
    c = cluster_of(7);
    at_height(1ull << 40);
    const struct outset o = outset_of(&c, 0, true, STARTED_MS);
    uint8_t bytes[OUTSET_BYTES];
    outset_encode(&o, &c.id, bytes);
    struct outset kept;
    cr_assert(outset_decode(&kept, &c.id, bytes, sizeof bytes));
    c = cluster_of(3);
    struct outset later = outset_of(&c, 0, false, 77);
    outset_keep(&later, &kept);
    cr_expect(later.started_ms == 77 && later.height == o.height &&
              later.time_ms == o.time_ms && later.may_be_away && later.voter_count == 7);
    cr_expect(memcmp(later.voters, o.voters, sizeof o.voters) == 0);
}

Test(outset, that_is_damaged_or_of_another_cluster_is_none)
{
    c = cluster_of(7);
    const struct outset o = outset_of(&c, 0, false, STARTED_MS);
    uint8_t bytes[OUTSET_BYTES + 1] = {0};
    struct outset kept;
    outset_encode(&o, &c.id, bytes);
    for (size_t i = 0; i < 8u * OUTSET_BYTES; i++) {
        bytes[i / 8] ^= (uint8_t)(1u << i % 8);
        cr_assert(not(outset_decode(&kept, &c.id, bytes, OUTSET_BYTES)), "bit %zu", i);
        bytes[i / 8] ^= (uint8_t)(1u << i % 8);
    }
    for (size_t size = 0; size < OUTSET_BYTES; size++) {
        cr_assert(not(outset_decode(&kept, &c.id, bytes, size)), "%zu bytes", size);
    }
    cr_expect(not(outset_decode(&kept, &c.id, bytes, sizeof bytes)));
    struct hash other = c.id;
    other.bytes[0] ^= 1;
    cr_expect(not(outset_decode(&kept, &other, bytes, OUTSET_BYTES)));
    cr_expect(outset_decode(&kept, &c.id, bytes, OUTSET_BYTES));
    struct outset nobody = o;
    nobody.voter_count = 0;
    outset_encode(&nobody, &c.id, bytes);
    cr_expect(not(outset_decode(&kept, &c.id, bytes, OUTSET_BYTES)));
}

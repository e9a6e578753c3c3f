#include <criterion/criterion.h>

#include "consensus/election.h"
#include "tests/scripts/cluster/world.h"

/* The tiers of candidates (standing.md, section 7), each condition by itself. Who wins within a
 * tier is runoff_test's; what moves a grant is told in scripts. */

#define SUBJECT 1u /* a node; 3 is a witness */

/* All five attest and have perfect records. */
static struct world healthy_world(void)
{
    const struct world_options o = world_options(3, 2);
    struct world w;
    world_found(&w, &o);
    for (uint32_t i = 0; i < 5; i++) {
        world_tick(&w, 0);
    }
    return w;
}

static void silent_by(struct cluster *c, uint32_t count)
{
    for (uint32_t i = 2; i < 2 + count; i++) {
        c->latest[i].silent = 1u << SUBJECT;
    }
}
static void nothing(struct cluster *c)
{
    (void)c;
}
static void one_says_silent(struct cluster *c)
{
    silent_by(c, 1);
}
static void two_say_silent(struct cluster *c)
{
    silent_by(c, 2);
}
static void one_says_wrong(struct cluster *c)
{
    c->latest[4].wrong = 1u << SUBJECT;
}
static void two_say_wrong(struct cluster *c)
{
    c->latest[3].wrong = 1u << SUBJECT;
    c->latest[4].wrong = 1u << SUBJECT;
}
static void own_fault(struct cluster *c)
{
    c->latest[SUBJECT].own = 1;
}
static void bars_from_serving(struct cluster *c)
{
    c->latest[SUBJECT].serve = 1;
}
static void two_perfect_ticks(struct cluster *c)
{
    c->record[SUBJECT].run = 2;
}
static void three_perfect_ticks(struct cluster *c)
{
    c->record[SUBJECT].run = 3;
}
static void attested_last_tick(struct cluster *c)
{
    c->latest[SUBJECT].tick = c->tick - 1;
}
static void attested_before_that(struct cluster *c)
{
    c->latest[SUBJECT].tick = c->tick - 2;
}
static void never_attested(struct cluster *c)
{
    c->latest[SUBJECT] = (struct attested){0};
}
static void is_barred(struct cluster *c)
{
    c->barred_until_ms[SUBJECT] = c->time_ms + 1;
}
static void was_barred(struct cluster *c)
{
    c->barred_until_ms[SUBJECT] = c->time_ms;
}
static void dissents(struct cluster *c)
{
    c->dissent_until_ms[SUBJECT] = c->time_ms + 1;
}
static void dissented(struct cluster *c)
{
    c->dissent_until_ms[SUBJECT] = c->time_ms;
}
static void is_condemned(struct cluster *c)
{
    c->condemned_until_ms[SUBJECT] = c->time_ms + 1;
}
static void is_suspended(struct cluster *c)
{
    c->member[SUBJECT].standing = STANDING_SUSPENDED;
}
static void is_witness(struct cluster *c)
{
    c->member[SUBJECT].role = ROLE_WITNESS;
}
static void own_fault_and_barred(struct cluster *c)
{
    own_fault(c);
    is_barred(c);
}
static void accusers_suspended(struct cluster *c)
{
    two_say_silent(c);
    c->member[3].standing = STANDING_SUSPENDED;
}

#define NO UINT32_MAX

Test(election, puts_each_candidate_into_its_tier)
{
    static const struct {
        void (*change)(struct cluster *c);
        uint32_t leader;  /* tier */
        uint32_t auditor; /* two places a tier, witnesses first */
    } rows[] = {
        {nothing, 1, 2},
        {one_says_silent, 1, 2},
        {two_say_silent, NO, NO},
        {one_says_wrong, 1, 2},
        {two_say_wrong, NO, NO},
        {accusers_suspended, 1, 2},
        {own_fault, 3, 6},
        {bars_from_serving, 2, 2},
        {two_perfect_ticks, 2, 4},
        {three_perfect_ticks, 1, 2},
        {attested_last_tick, 1, 2},
        {attested_before_that, NO, NO},
        {never_attested, NO, NO},
        {is_barred, 3, 6},
        {was_barred, 1, 2},
        {dissents, NO, NO},
        {dissented, 1, 2},
        {is_condemned, NO, NO},
        {is_suspended, NO, NO},
        {is_witness, NO, 1},
        {own_fault_and_barred, 3, 6},
    };
    for (uint32_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct world w = healthy_world();
        rows[i].change(&w.cluster);
        cr_assert(election_leader_place(&w.cluster, SUBJECT) == rows[i].leader, "row %u", i);
        cr_assert(election_auditor_place(&w.cluster, SUBJECT) == rows[i].auditor, "row %u", i);
    }
}

Test(election, asks_for_no_more_perfect_ticks_than_a_record_holds)
{
    struct world_options o = world_options(3, 2);
    struct world w;
    o.timing.record_ticks = 2;
    world_found(&w, &o);
    for (uint32_t i = 0; i < 3; i++) {
        world_tick(&w, 0);
    }

    cr_assert(election_leader_place(&w.cluster, 0) == 1);
}

Test(election, takes_the_best_tier_though_all_rank_another_first)
{
    struct world w = healthy_world();
    own_fault(&w.cluster);
    for (uint32_t i = 0; i < 5; i++) {
        w.cluster.latest[i].ranking[0] = SUBJECT;
        w.cluster.latest[i].ranking[1] = 0;
    }

    const struct choice choice = election_leader(&w.cluster, 0);
    cr_assert(choice.member == 0 && choice.place == 1);
}

Test(election, passes_over_who_has_disputed_until_nobody_else_is_left)
{
    struct world w = healthy_world();
    struct window_claims *claims =
        &w.cluster.windows.open[w.cluster.windows.next % RESULT_WINDOWS_MAX];

    claims->disputes = 1u << 0;
    cr_assert(election_leader(&w.cluster, 0).member == 1);
    claims->disputes = 1u << 0 | 1u << 1;
    cr_assert(election_leader(&w.cluster, 0).member == 2);
    claims->disputes = 7;
    cr_assert(election_leader(&w.cluster, 0).member == 0, "all have: any");
    claims->disputes = 1u << 3;
    cr_assert(election_auditor(&w.cluster, 0, 0).member == 4);
    claims->disputes = 1u << 3 | 1u << 4;
    cr_assert(election_auditor(&w.cluster, 0, 0).member == 1, "a node before one who disputed");
}

/* Where all are barred, a liar that gets nothing done would be given the grant for ever. */
Test(election, passes_over_who_has_just_fallen_unless_the_others_have_disputed)
{
    struct world w = healthy_world();
    struct window_claims *claims =
        &w.cluster.windows.open[w.cluster.windows.next % RESULT_WINDOWS_MAX];
    for (uint32_t i = 0; i < 5; i++) {
        w.cluster.barred_until_ms[i] = UINT64_MAX;
    }
    const uint32_t leader = election_leader(&w.cluster, 0).member;
    const uint32_t auditor = election_auditor(&w.cluster, leader, 0).member;
    const uint32_t next = election_leader(&w.cluster, 1u << leader).member;
    cr_assert(leader < 3 && next < 3 && next != leader);
    cr_assert(election_auditor(&w.cluster, leader, 1u << auditor).member != auditor);
    claims->disputes = 7 & ~(1u << leader);
    cr_assert(election_leader(&w.cluster, 1u << leader).member == leader);
}

Test(election, gives_the_leader_no_say_over_itself)
{
    struct world w = healthy_world();
    for (uint32_t leader = 0; leader < 5; leader++) {
        cr_assert(election_auditor(&w.cluster, leader, 0).member != leader);
    }
}

Test(election, counts_no_ranking_of_who_is_not_good)
{
    struct world w = healthy_world();
    for (uint32_t i = 0; i < 5; i++) {
        w.cluster.latest[i].ranked = 1;
        w.cluster.latest[i].ranking[0] = i < 2 ? 0 : 2;
    }
    cr_assert(election_leader(&w.cluster, 0).member == 2);
    w.cluster.member[3].standing = STANDING_SUSPENDED;
    w.cluster.member[4].standing = STANDING_NEUTERED;
    cr_assert(election_leader(&w.cluster, 0).member == 0);
}

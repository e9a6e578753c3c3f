/* What the status says of votes that cannot be held, or do not act. */
#include "tests/api/sentences.h"

TestSuite(status_votes, .init = begin_five, .fini = end);

Test(status_votes, says_when_only_a_person_can_help)
{
    d->cluster.member[HELIOS].standing = STANDING_SUSPENDED;
    d->cluster.member[HELIOS].cause = STANDING_CAUSE_UNREACHABLE;
    d->cluster.grant.leader = ATLAS;
    for (uint32_t i = 0; i < REMOVALS_KEPT; i++) {
        d->cluster.confidence[HELIOS].removed_ms[i] = d->cluster.time_ms - 1000;
    }
    look();
    expect_text(status_action(&s),
                "On helios: ostrakon clear --new-key; then the ostrakon operator admit that it "
                "prints");
}

Test(status_votes, says_of_a_held_member_that_the_software_is_the_likely_fault)
{
    d->cluster.member[ARGUS].held = true;
    look();
    expect_text(s.reasons[0].code, "OST-2210");
    expect_text(
        s.reasons[0].text,
        "argus is proved wrong, as another member was just before, or too few would be left "
        "without it: the software is the likely fault. It stays, without a ballot, and leads "
        "nothing.");
    expect_text(s.reasons[0].action, "Look for the cause, then admit argus anew or remove it");
}

static void accuse_selene(enum motion_kind kind)
{
    d->cluster.confidence[SELENE].accused_since_ms[kind] = d->cluster.time_ms - 20000;
    d->cluster.latest[SELENE].decided_ms = d->cluster.time_ms - 20000;
}

Test(status_votes, says_who_would_be_removed_and_is_not)
{
    accuse_selene(MOTION_LOCK_OUT);
    d->cluster.observes = true;
    expect(STATUS_DEGRADED, "warning", "OST-2206",
           "selene would be locked out, but is not: the cluster only observes.", "");
    d->cluster.observes = false;
    d->cluster.members_min = 5;
    expect(STATUS_DEGRADED, "warning", "OST-2206",
           "selene would be locked out, but is not: too few members would be left.", "");
}

Test(status_votes, says_nothing_of_one_that_votes_can_remove)
{
    accuse_selene(MOTION_SUSPEND);
    look();
    cr_assert(eq(u32, s.reason_count, 0));
}

/* Whatever is said of it: the chain hears it, so no motion opens. */
Test(status_votes, says_nothing_of_one_whose_attestations_are_decided)
{
    accuse_selene(MOTION_SUSPEND);
    d->cluster.observes = true;
    d->cluster.latest[SELENE].decided_ms = d->cluster.time_ms - d->cluster.timing.patience_ms;
    expect(STATUS_DEGRADED, "warning", "OST-2206",
           "selene would be suspended, but is not: the cluster only observes.", "");
    d->cluster.latest[SELENE].decided_ms++;
    look();
    cr_assert(eq(u32, s.reason_count, 0));
}

Test(status_votes, tells_of_a_pause_before_all_else)
{
    d->cluster.pause_until_ms = d->cluster.time_ms + 60000;
    accuse_selene(MOTION_SUSPEND);
    look();
    cr_assert(eq(u32, s.reason_count, 2));
    expect_text(s.reasons[0].code, "OST-2301");
    expect_text(s.reasons[1].text,
                "selene would be suspended, but is not: an operator paused removals.");
}

Test(status_votes, alarms_when_there_is_no_electorate_for_longer_than_a_start_takes)
{
    const struct timing *t = &d->cluster.timing;
    const uint64_t cold_ms = (t->record_ticks + 12) * (uint64_t)t->tick_ms;
    for (uint32_t i = 1; i < SCENE_MEMBERS; i++) {
        d->cluster.record[i].run = 3;
    }
    d->cluster.no_electorate_ms = d->cluster.time_ms - cold_ms + 1;
    look();
    cr_assert(eq(u32, s.reason_count, 0));
    d->cluster.no_electorate_ms = d->cluster.time_ms - cold_ms;
    look();
    cr_assert(eq(u32, s.reason_count, 1));
    expect_text(s.reasons[0].code, "OST-2208");
}

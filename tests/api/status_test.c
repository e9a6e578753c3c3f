/* What the status says of members, windows and this node. */
#include "tests/api/sentences.h"

TestSuite(status, .init = begin_five, .fini = end);

Test(status, has_nothing_to_say_when_all_is_well)
{
    expect(STATUS_OK, "ok", "", "", "");
    cr_assert(eq(u32, s.bears_crashed, 1));
    cr_assert(eq(u32, s.bears_malfunctioning, 1));
    cr_assert(eq(u64, s.due, 0));
    expect_text(s.quorum_note, "");
    cr_assert(eq(int, s.phase, STATUS_RUNNING));
}

Test(status, tells_who_is_not_heard)
{
    scene_silence(&a, SELENE, 4000);
    expect(STATUS_DEGRADED, "warning", "OST-2001",
           "selene has not been heard since 14:03:07 UTC, 4 s ago. "
           "One more failure stops the cluster.",
           "On selene: see whether ostrakond runs; then the network to it");
    cr_assert(eq(u32, s.bears_crashed, 0));
    d->peer[SELENE].detector.refused = true;
    expect(STATUS_DEGRADED, "warning", "OST-2001",
           "selene has not been heard since 14:03:07 UTC, 4 s ago: nobody listens at its "
           "address. One more failure stops the cluster.",
           "On selene: start ostrakond");
    d->peer[SELENE].ever_heard = false;
    d->peer[SELENE].detector.refused = false;
    expect(STATUS_DEGRADED, "warning", "OST-2001",
           "selene has not been heard since this agent started, 60 min ago. "
           "One more failure stops the cluster.",
           "On selene: see whether ostrakond runs; then the network to it");
}

Test(status, tells_what_was_wrong_with_who_is_heard_no_more)
{
    scene_silence(&a, SELENE, 4000);
    d->peer[SELENE].own = REFERENCE_BIT(10);
    d->peer[SELENE].serve = REFERENCE_BIT(31);
    expect(STATUS_DEGRADED, "warning", "OST-2001",
           "selene has not been heard since 14:03:07 UTC, 4 s ago. Its last word of itself: "
           "R10 memory, R31 certificates. One more failure stops the cluster.",
           "On selene: see whether ostrakond runs; then the network to it");
}

Test(status, knows_a_broken_link_by_what_the_others_decide)
{
    scene_silence(&a, SELENE, 30000);
    d->cluster.latest[SELENE].decided_ms = d->cluster.time_ms;
    expect(STATUS_DEGRADED, "warning", "OST-2001",
           "selene has not been heard here since 14:02:41 UTC, 30 s ago, but others hear it. "
           "One more failure stops the cluster.",
           "Look at the network between atlas and selene");
}

Test(status, names_the_link_to_whom_only_others_get_an_answer_from)
{
    const uint8_t nonce[CHALLENGE_NONCE_BYTES] = {1};
    struct challenges *book = &a.node->deciding.trials.book;
    const uint64_t now_ms = a.node->deciding.now_ms;
    scene_silence(&a, SELENE, 30000);
    challenge_suspect(book, SELENE, true, now_ms);
    challenge_probe(book, SELENE, nonce, now_ms + 500, now_ms);
    challenge_probe_answered(book, SELENE, now_ms);
    expect(STATUS_DEGRADED, "warning", "OST-2001",
           "selene has not been heard here since 14:02:41 UTC, 30 s ago, but others hear it. "
           "One more failure stops the cluster.",
           "Look at the network between atlas and selene");
}

Test(status, names_the_link_that_others_miss)
{
    scene_accuse(&a, HELIOS, SELENE);
    expect(STATUS_DEGRADED, "warning", "OST-2006",
           "helios cannot reach selene, which is heard here.",
           "Look at the network between helios and selene");
    scene_accuse(&a, ARGUS, SELENE);
    scene_accuse(&a, THEMIS, SELENE);
    expect(STATUS_DEGRADED, "warning", "OST-2006",
           "helios, argus and themis cannot reach selene, which is heard here.",
           "Look at the network between helios, argus and themis and selene");
}

Test(status, says_when_others_cannot_reach_myself)
{
    scene_accuse(&a, HELIOS, ATLAS);
    scene_accuse(&a, ARGUS, ATLAS);
    expect(STATUS_DEGRADED, "warning", "OST-2006", "helios and argus cannot reach atlas.",
           "Look at the network between helios and argus and atlas");
}

Test(status, shows_who_finds_others_wrong_alone)
{
    d->cluster.latest[HELIOS].wrong = 1u << SELENE;
    expect(
        STATUS_DEGRADED, "warning", "OST-2007",
        "helios says that what selene signs is wrong, and too few join in: it loses nothing by "
        "it.",
        "ostrakon explain helios; on it: ostrakon doctor");
    d->cluster.latest[HELIOS].wrong |= 1u << ATLAS | 1u << ARGUS;
    d->cluster.latest[THEMIS].wrong = 1u << ARGUS; /* enough to vote on it: another matter */
    expect(
        STATUS_DEGRADED, "warning", "OST-2007",
        "helios says that what atlas and selene sign is wrong, and too few join in: they lose "
        "nothing by it.",
        "ostrakon explain helios; on it: ostrakon doctor");
    d->cluster.latest[THEMIS].wrong = 0;
    d->cluster.latest[HELIOS].tick -= 2; /* what it said long ago is no news */
    look();
    for (uint32_t i = 0; i < s.reason_count; i++) {
        cr_assert(strcmp(s.reasons[i].code, "OST-2007") != 0, "%s", s.reasons[i].text);
    }
}

Test(status, does_not_repeat_what_the_unheard_said_of_others)
{
    scene_accuse(&a, HELIOS, SELENE);
    scene_silence(&a, HELIOS, 60000);
    look();
    for (uint32_t i = 0; i < s.reason_count; i++) {
        cr_assert(strcmp(s.reasons[i].code, "OST-2006") != 0, "%s", s.reasons[i].text);
    }
}

Test(status, of_a_database_that_refuses_and_a_disk_that_is_slow)
{
    a.store_refuses = true;
    strcpy(a.store_refusal, "/data/ostrakon.db: database or disk is full");
    d->storage_slow = true;
    expect(STATUS_DEGRADED, "critical", "OST-5402",
           "The database of atlas cannot be written, and so it does not follow: "
           "/data/ostrakon.db: database or disk is full. A write to the disk of atlas has been "
           "under way for more than 2 s.",
           "Make room on the disk of atlas, or repair it");
}

Test(status, of_a_member_with_another_cluster_file)
{
    a.foreign = 1u << THEMIS;
    scene_silence(&a, THEMIS, 43000);
    expect(STATUS_DEGRADED, "warning", "OST-5501",
           "themis runs with another cluster.yaml than atlas. "
           "One more failure stops the cluster.",
           "Compare the files: they must be the same on every node");
}

Test(status, of_windows_that_are_late)
{
    d->cluster.windows.next -= 1;
    look();
    cr_assert(eq(int, s.state, STATUS_OK)); /* due, and in time */
    cr_assert(eq(u64, s.due, 1));
    cr_assert(gt(u64, s.oldest_due_age_ms, 0));
    d->cluster.windows.next -= 2;
    expect(STATUS_DEGRADED, "critical", "OST-3203",
           "3 windows are not settled; the oldest has been due for 2 min.",
           "On helios and themis, look at what the worker says: ostrakon log --code OST-6004");
    d->cluster.grant.auditor = MEMBER_NONE;
    d->cluster.audit_required = false;
    look();
    expect_text(status_action(&s),
                "On helios, look at what the worker says: ostrakon log --code OST-6004");
    d->cluster.windows.next += 2;
    d->cluster.timing.window_timeout_s = 5;
    look();
    expect_text(s.reasons[0].text, "1 window is not settled; it has been due for 6 s.");
}

Test(status, of_windows_that_nobody_may_process_or_audit)
{
    d->cluster.grant.auditor = MEMBER_NONE;
    expect(STATUS_DEGRADED, "warning", "OST-3204",
           "Nobody is left to audit helios, so nothing is settled.",
           "Bring back another member that is fit to audit");
    d->cluster.grant.fence = 0;
    expect(STATUS_DEGRADED, "warning", "OST-3202",
           "No front node is fit to process the statistics.",
           "On each front node: ostrakon status");
    d->cluster.windows.next -= 2;
    expect(STATUS_DEGRADED, "critical", "OST-3202",
           "No front node is fit to process the statistics. 2 windows wait.",
           "On each front node: ostrakon status");
    d->cluster.windows.next += 2;
    d->cluster.tick = 3; /* founded a moment ago */
    look();
    cr_assert(eq(int, s.state, STATUS_OK));
}

Test(status, of_leaders_of_a_lower_tier)
{
    for (uint32_t i = 0; i < SCENE_MEMBERS; i++) {
        d->cluster.record[i].run = 2;
    }
    expect(STATUS_DEGRADED, "warning", "OST-3201",
           "No front node has been perfect for three ticks; helios processes the statistics "
           "all the same.",
           "");
    for (uint32_t i = 0; i < SCENE_MEMBERS; i++) {
        d->cluster.latest[i].own = REFERENCE_BIT(22);
    }
    look();
    expect_text(s.reasons[0].text,
                "No front node is without faults; helios processes the statistics all the "
                "same.");
    d->cluster.latest[SELENE].own = 0;
    d->cluster.record[SELENE].run = 3;
    look();
    cr_assert(eq(int, s.state, STATUS_OK)); /* selene is fit, and has the grant soon */
}

Test(status, of_a_dissenter)
{
    d->cluster.dissent_until_ms[HELIOS] = SCENE_UNIX_MS + 60000;
    expect(STATUS_DEGRADED, "warning", "OST-3104",
           "helios reported other statistics than those settled: it neither leads nor audits "
           "before 14:04:11 UTC.",
           "Look for the cause on helios: its worker, its memory");
    d->cluster.condemned_until_ms[HELIOS] = SCENE_UNIX_MS + 120000;
    look();
    expect_text(s.reasons[0].text,
                "helios reported other statistics than those settled, for the second time: it "
                "neither leads nor audits before 14:05:11 UTC.");
}

Test(status, tells_the_worst_first_and_not_everything)
{
    scene_silence(&a, SELENE, 4000);
    scene_accuse(&a, HELIOS, ARGUS);
    d->cluster.dissent_until_ms[THEMIS] = SCENE_UNIX_MS + 60000;
    d->storage_slow = true;
    d->cluster.windows.next -= 3;
    char summary[STATUS_SUMMARY_BYTES];
    look();
    status_summary(&s, summary);
    expect_text(s.reasons[0].code, "OST-3203");
    expect_text(s.reasons[1].code, "OST-2001");
    cr_assert(strstr(summary, " And 2 more: ostrakon status --json") != NULL, "%s", summary);
}

Test(status, has_room_for_more_reasons_than_it_tells)
{
    for (uint32_t i = HELIOS; i < SCENE_MEMBERS; i++) {
        for (uint32_t k = 0; k < SCENE_MEMBERS; k++) {
            scene_accuse(&a, k, i);
        }
        d->cluster.dissent_until_ms[i] = SCENE_UNIX_MS + 60000;
    }
    a.store_refuses = true;
    memset(a.store_refusal, 'x', sizeof a.store_refusal - 1);
    char summary[STATUS_SUMMARY_BYTES];
    look();
    status_summary(&s, summary);
    cr_assert(lt(sz, strlen(summary), sizeof summary - 1));
}

Test(status, marks_what_differs_and_not_what_ages)
{
    scene_silence(&a, SELENE, 4000);
    look();
    const uint64_t mark = status_mark(&s);
    status_of(&a, NOW_MS + 9000, SCENE_UNIX_MS + 9000, &s);
    cr_assert(eq(u64, status_mark(&s), mark));
    d->storage_slow = true;
    look();
    cr_assert(ne(u64, status_mark(&s), mark));
}

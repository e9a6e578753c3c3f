/* What the status says where it is about deciding at all. */
#include "tests/api/sentences.h"

TestSuite(status_quorum, .init = begin_five, .fini = end);

/* For 43 s now; a window has come due since. */
static void stand_still(void)
{
    d->decided_ms = NOW_MS - 43000;
    d->cluster.time_ms = SCENE_UNIX_MS - 43000;
    d->cluster.windows.next -= 1;
}

Test(status_quorum, without_a_quorum_says_what_is_missing_and_what_waits)
{
    scene_silence(&a, SELENE, 43000);
    scene_silence(&a, THEMIS, 43200);
    stand_still();
    expect(STATUS_NO_QUORUM, "critical", "OST-1001",
           "3 of 5 voters are heard, 4 are needed. Nothing has been decided since 14:02:28 "
           "UTC, 43 s ago. 1 window waits.",
           "Both went silent in the same second: look at the network between {atlas, helios, "
           "argus} and {selene, themis} first.");
    char text[STATUS_MISSING_BYTES];
    cr_assert(status_missing(&a, SELENE, NOW_MS, SCENE_UNIX_MS, text));
    expect_text(text, "not heard since 14:02:28");
    cr_assert(not(status_missing(&a, HELIOS, NOW_MS, SCENE_UNIX_MS, text)));
}

/* standing.md, section 11, case 21: it is heard, and yet the others are one too few. */
Test(status_quorum, without_a_quorum_names_who_has_resigned)
{
    scene_silence(&a, SELENE, 43000);
    a.node->pool.slot[THEMIS][COMMAND_RESIGN - 1].size_bytes = 1;
    stand_still();
    expect(STATUS_NO_QUORUM, "critical", "OST-1001",
           "4 of 5 voters are heard, 4 are needed, and themis votes no more: resigning, no "
           "quorum. Nothing has been decided since 14:02:28 UTC, 43 s ago. 1 window waits.",
           "On selene: see whether ostrakond runs; then the network to it");
}

Test(status_quorum, without_a_quorum_names_the_agents_that_do_not_run)
{
    scene_silence(&a, SELENE, 43000);
    scene_silence(&a, THEMIS, 3000);
    d->peer[SELENE].detector.refused = true;
    d->peer[THEMIS].detector.refused = true;
    d->cluster.windows.next -= 3;
    expect(STATUS_NO_QUORUM, "critical", "OST-1001",
           "3 of 5 voters are heard, 4 are needed. Nothing has been decided since 14:03:10 "
           "UTC, 1 s ago. 3 windows wait.",
           "On selene and themis: start ostrakond");
    d->peer[THEMIS].detector.refused = false;
    look();
    expect_text(status_action(&s),
                "On selene and themis: see whether ostrakond runs; then the network to them");
}

Test(status_quorum, names_the_way_out_where_the_others_are_away_for_long)
{
    scene_silence(&a, SELENE, 61000);
    scene_silence(&a, THEMIS, 3000);
    d->decided_ms = NOW_MS - 60000;
    look();
    expect_text(status_action(&s),
                "On selene and themis: see whether ostrakond runs; then the network to them");
    d->decided_ms = NOW_MS - 60001;
    look();
    expect_text(
        status_action(&s),
        "On selene and themis: see whether ostrakond runs; then the network to them. If "
        "they are gone for good: ostrakon cluster rebuild");
}

Test(status_quorum, counts_one_as_one)
{
    for (uint32_t i = HELIOS; i < SCENE_MEMBERS; i++) {
        scene_silence(&a, i, 43000);
    }
    expect(STATUS_NO_QUORUM, "critical", "OST-1001",
           "1 of 5 voters is heard, 4 are needed. Nothing has been decided since 14:03:10 UTC, "
           "1 s ago.",
           "All went silent in the same second: look at the network between {atlas} and "
           "{helios, selene, argus, themis} first.");
}

Test(status_quorum, says_that_nothing_was_decided_ever)
{
    for (uint32_t i = HELIOS; i < SCENE_MEMBERS; i++) {
        scene_silence(&a, i, 43000);
        d->peer[i].ever_heard = false;
    }
    d->cluster.height = 0;
    d->cluster.grant.fence = 0;
    look();
    expect_text(s.reasons[0].text,
                "1 of 5 voters is heard, 4 are needed. Nothing has been decided yet.");
}

Test(status_quorum, is_starting_while_others_may_still_come)
{
    for (uint32_t i = HELIOS; i < SCENE_MEMBERS; i++) {
        scene_silence(&a, i, 500);
        d->peer[i].ever_heard = false;
        d->suspected &= ~(1u << i);
    }
    d->started_ms = NOW_MS - 500;
    d->decided_ms = NOW_MS - 600000; /* before this agent ran */
    d->cluster.time_ms = SCENE_UNIX_MS - 600000;
    expect(STATUS_NO_QUORUM, "warning", "OST-1005",
           "atlas has just started: 1 of 5 voters is heard so far, 4 are needed.", "");
    cr_assert(eq(int, s.phase, STATUS_STARTING));
}

Test(status_quorum, does_not_judge_by_an_old_chain_after_a_start)
{
    d->started_ms = NOW_MS - 1000;
    d->quorum_since_ms = NOW_MS - 800;
    d->decided_ms = NOW_MS - 3600000;
    d->cluster.time_ms = SCENE_UNIX_MS - 3600000;
    d->cluster.windows.next -= 60;
    expect(STATUS_OK, "ok", "", "", "");
    cr_assert(eq(int, s.phase, STATUS_STARTING));
    d->simplex.catching_up = true;
    d->started_ms = NOW_MS - 5000;
    for (uint32_t i = HELIOS; i < SCENE_MEMBERS; i++) {
        d->simplex.peers[i].height = d->simplex.height + 720;
    }
    d->simplex.peers[HELIOS].height += 100000; /* one alone may say anything */
    expect(STATUS_DEGRADED, "warning", "OST-5201",
           "atlas is 720 blocks behind the others and fetches them.", "");
    cr_assert(eq(int, s.phase, STATUS_CATCHING_UP));
}

Test(status_quorum, gives_a_quorum_that_has_just_met_time_to_decide)
{
    d->decided_ms = NOW_MS - 600000;
    d->cluster.time_ms = SCENE_UNIX_MS - 600000;
    d->cluster.windows.next -= 10;
    d->cluster.grant.fence = 0;
    d->quorum_since_ms = NOW_MS - 16900;
    look();
    cr_assert(eq(int, s.state, STATUS_DEGRADED)); /* windows wait, and nobody has the grant */
    d->quorum_since_ms = NOW_MS - 17100;
    expect(STATUS_NO_QUORUM, "critical", "OST-1003",
           "5 of 5 voters are heard, enough to decide. Nothing has been decided since 13:53:11 "
           "UTC, 10 min ago. 10 windows wait.",
           "On each member: ostrakon status; one of them may say that it does not vote");
}

Test(status_quorum, of_a_lost_vote_store_that_others_can_do_without)
{
    d->simplex.amnesiac = true;
    expect(STATUS_DEGRADED, "warning", "OST-1101",
           "atlas does not vote: what it had voted is lost. It will again once 4 others have "
           "told how far they are. One more failure stops the cluster.",
           "");
    cr_assert(eq(u32, s.heard, 5));
    cr_assert(eq(u32, s.bears_crashed, 0));
    d->simplex.amnesiac = false;
    d->simplex.resuming = true;
    d->simplex.record.resume = 48215;
    look();
    expect_text(s.reasons[0].text,
                "atlas does not vote before height 48215: what it had voted is lost.");
}

Test(status_quorum, of_a_lost_vote_store_that_the_quorum_needs)
{
    d->simplex.amnesiac = true;
    scene_silence(&a, SELENE, 43000);
    expect(STATUS_NO_QUORUM, "critical", "OST-1001",
           "4 of 5 voters are heard, 4 are needed, and atlas itself does not vote. Nothing has "
           "been decided since 14:03:10 UTC, 1 s ago. What atlas had voted is lost, and the "
           "others alone are too few to decide (vote store lost; quorum needs me).",
           "On selene: see whether ostrakond runs; then the network to it");
}

Test(status_quorum, of_a_vote_store_that_cannot_be_written)
{
    d->muted = true;
    expect(STATUS_DEGRADED, "critical", "OST-1103",
           "atlas does not vote: its vote store cannot be written. "
           "One more failure stops the cluster.",
           "Look after the disk of atlas, then restart ostrakond");
}

Test(status_quorum, of_a_chain_that_contradicts)
{
    d->simplex.stopped = true;
    expect(STATUS_DEGRADED, "critical", "OST-1201",
           "atlas has stopped voting: what others decided contradicts what it knows. "
           "One more failure stops the cluster.",
           "Its log names the height (OST-1201 or OST-1202): compare the others' there");
}

#define DAY_MS (24ull * 3600 * 1000)

Test(status_quorum, of_a_member_that_was_away_for_too_long)
{
    d->simplex.needs = CHECKPOINT_NEED_AWAY;
    d->simplex.outset =
        (struct outset){.time_ms = SCENE_UNIX_MS - 31 * DAY_MS, .started_ms = NOW_MS};
    expect(STATUS_DEGRADED, "critical", "OST-1204",
           "atlas waits for a checkpoint: what it knew when it was started was 31 days old. "
           "One more failure stops the cluster.",
           "On a member that you trust: ostrakon cluster checkpoint; put the line that it "
           "prints into node.yaml of atlas, then restart ostrakond");
}

Test(status_quorum, of_a_member_that_knows_too_few)
{
    d->simplex.needs = CHECKPOINT_NEED_STRANGERS;
    d->simplex.outset = (struct outset){.voter_count = 5};
    memcpy(d->simplex.outset.voters[3], d->cluster.member[2].vote_key, PUBLIC_KEY_BYTES);
    expect(STATUS_DEGRADED, "critical", "OST-1204",
           "atlas waits for a checkpoint: too few of the voters that it knew are still "
           "members (1 of 5). One more failure stops the cluster.",
           "On a member that you trust: ostrakon cluster checkpoint; put the line that it "
           "prints into node.yaml of atlas, then restart ostrakond");
}

Test(status_quorum, of_a_member_on_the_way_to_its_checkpoint)
{
    d->simplex.options.checkpoint.height = d->simplex.height - 1;
    expect(STATUS_OK, "ok", "", "", "");
    d->simplex.options.checkpoint.height = d->simplex.height = 48213;
    expect(STATUS_DEGRADED, "warning", "OST-1207",
           "atlas does not vote before it has come to its checkpoint, at height 48213. "
           "One more failure stops the cluster.",
           "If no member has come to height 48213: take the line in node.yaml of atlas that "
           "ostrakon cluster checkpoint prints on one");
}

Test(status_quorum, of_another_history_than_the_checkpoint)
{
    d->simplex.stopped = true;
    d->simplex.outset.differs = true;
    a.config.checkpoint.height = 48213;
    expect(STATUS_DEGRADED, "critical", "OST-1205",
           "atlas goes no further: the block at height 48213 that it was told is not the one "
           "of its checkpoint. One more failure stops the cluster.",
           "On members that you trust: ostrakon cluster checkpoint 48213; if they have what "
           "node.yaml has, move ostrakon.db of atlas away; then restart ostrakond");
}

Test(small_status, of_three_says_that_one_liar_can_split_the_log)
{
    begin(3);
    expect(STATUS_OK, "ok", "", "", "");
    expect_text(s.quorum_note, "one that lies can split the log");
    cr_assert(eq(u32, s.bears_crashed, 1));
    cr_assert(eq(u32, s.bears_malfunctioning, 0));
    end();
}

Test(small_status, of_two_names_the_way_out_when_votes_are_lost)
{
    begin(2);
    expect(STATUS_OK, "ok", "", "", "");
    cr_assert(eq(u32, s.bears_crashed, 0));
    d->simplex.amnesiac = true;
    look();
    cr_assert(eq(int, s.state, STATUS_NO_QUORUM));
    expect_text(status_action(&s),
                "No other voter is left to come back: go on with a new cluster, ostrakon "
                "cluster rebuild");
    end();
}

Test(small_status, of_one_says_that_it_is_alone)
{
    begin(1);
    d->cluster.audit_required = false;
    expect(STATUS_OK, "ok", "", "", "");
    expect_text(s.quorum_note, "it decides alone");
    end();
}

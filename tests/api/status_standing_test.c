/* What the status says of who is not in good standing, and of what brings it back. */
#include "tests/api/sentences.h"

TestSuite(status_standing, .init = begin_five, .fini = end);

static void move(uint32_t member, enum standing standing, enum standing_cause cause)
{
    struct member *m = &d->cluster.member[member];
    m->standing = standing;
    m->cause = cause;
    m->since_ms = SCENE_UNIX_MS - 240000;
}

Test(status_standing, tells_the_way_back_of_a_neutered_member)
{
    move(ARGUS, STANDING_NEUTERED, STANDING_CAUSE_RESIGNED);
    expect(STATUS_DEGRADED, "warning", "OST-2101",
           "argus is neutered since 13:59:11 UTC, 4 min ago: it found itself unfit.",
           "On argus: ostrakon clear; then the ostrakon operator admit that it prints");
    d->cluster.member[ARGUS].resigned_reference = 2;
    expect(STATUS_DEGRADED, "warning", "OST-2101",
           "argus is neutered since 13:59:11 UTC, 4 min ago: it found itself unfit: R02 state "
           "shadow.",
           "On argus: ostrakon clear; then the ostrakon operator admit that it prints");
}

Test(status_standing, tells_proof_from_testimony)
{
    move(HELIOS, STANDING_LOCKED_OUT, STANDING_CAUSE_PROOF);
    expect(STATUS_DEGRADED, "warning", "OST-2101",
           "helios is locked out since 13:59:11 UTC, 4 min ago: there is proof against it.",
           "On helios: ostrakon clear --new-key; then the ostrakon operator admit that it "
           "prints");
    move(HELIOS, STANDING_LOCKED_OUT, STANDING_CAUSE_WRONG);
    expect(STATUS_DEGRADED, "warning", "OST-2101",
           "helios is locked out since 13:59:11 UTC, 4 min ago: what it signed was wrong.",
           "Test the memory of helios: ostrakon doctor --thorough");
}

Test(status_standing, asks_for_nothing_where_a_suspended_member_is_heard)
{
    move(SELENE, STANDING_SUSPENDED, STANDING_CAUSE_ADMITTED);
    expect(STATUS_DEGRADED, "warning", "OST-2101",
           "selene is suspended since 13:59:11 UTC, 4 min ago: an operator admitted it with "
           "new keys.",
           "");
    scene_silence(&a, SELENE, 4000);
    expect(STATUS_DEGRADED, "warning", "OST-2101",
           "selene is suspended since 13:59:11 UTC, 4 min ago: an operator admitted it with "
           "new keys.",
           "On selene: see whether ostrakond runs; then the network to it");
}

Test(status_standing, has_nothing_to_say_of_who_has_left)
{
    move(SELENE, STANDING_LEFT, STANDING_CAUSE_REMOVED);
    expect(STATUS_OK, "ok", "", "", "");
}

Test(status_standing, of_an_agent_that_only_follows_is_told_once)
{
    move(ATLAS, STANDING_NEUTERED, STANDING_CAUSE_RESIGNED);
    a.neuter.cause = NEUTER_STANDING;
    look();
    cr_assert(eq(int, s.state, STATUS_DEGRADED));
    expect_text(s.reasons[0].code, "OST-1302");
    expect_text(s.reasons[0].text, "atlas only follows: the cluster has it neutered since "
                                   "2026-11-21T13:59:11.482Z, and its vote key is not used.");
    expect_text(s.reasons[0].action, "On atlas: ostrakon clear --new-key");
    for (uint32_t i = 1; i < s.reason_count; i++) {
        cr_expect(strcmp(s.reasons[i].code, "OST-2101") != 0);
    }
}

Test(status_standing, tells_an_old_key_from_one_that_waits)
{
    memset(a.neuter.vote_key, 0x5a, sizeof a.neuter.vote_key);
    a.neuter.cause = NEUTER_KEY_OTHER;
    look();
    expect_text(s.reasons[0].text,
                "atlas only follows: it has a vote key that the cluster has not, and waits "
                "until an operator admits it.");
    expect_text(s.reasons[0].action,
                "ostrakon operator admit atlas "
                "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a --key FILE "
                "--wait");
    memcpy(a.neuter.vote_key, a.config.founding.members[ATLAS].vote_key,
           sizeof a.neuter.vote_key);
    look();
    expect_text(s.reasons[0].text,
                "atlas only follows: its vote.pem is the key of its founding, and the cluster "
                "has a newer one for it.");
}

Test(status_standing, says_first_that_removals_are_paused)
{
    d->cluster.pause_until_ms = SCENE_UNIX_MS + 600000;
    scene_silence(&a, SELENE, 4000);
    expect(STATUS_DEGRADED, "warning", "OST-2301",
           "An operator has paused removals until 14:13:11 UTC. selene has not been heard "
           "since 14:03:07 UTC, 4 s ago. One more failure stops the cluster.",
           "To end the pause: ostrakon operator pause 0 --key FILE");
}

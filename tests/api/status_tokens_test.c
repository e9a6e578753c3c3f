/* What the status says of tokens that are missing, late, or over. */
#include "tests/api/sentences.h"

static void begin_issued(void)
{
    begin_five();
    scene_issue(&a);
}

TestSuite(status_tokens, .init = begin_issued, .fini = end);

Test(status_tokens, is_content_with_a_token)
{
    expect(STATUS_OK, "ok", "", "", "");
}

Test(status_tokens, names_who_has_not_signed_a_token_that_was_called_for)
{
    d->cluster.call.height--;
    d->cluster.call.time_ms -= 15000;
    d->token.height--;
    d->token.part[JWS_TOKEN].signers = 1u << ATLAS | 1u << SELENE;
    a.credentials.token.height = 0;
    expect(
        STATUS_DEGRADED, "warning", "OST-8005",
        "The token of atlas called for at 14:02:55 UTC, 16 s ago is not there: 2 of 4 needed "
        "members have signed it, helios, argus and themis not.",
        "On helios, argus and themis: ostrakon status");
    d->cluster.call.time_ms += 10000;
    expect(STATUS_OK, "ok", "", "", "");
}

Test(status_tokens, tells_since_when_they_are_not_renewed_and_until_when_they_are_good)
{
    d->cluster.time_ms = d->cluster.call.time_ms = SCENE_UNIX_MS - 25 * 60000;
    look();
    cr_assert(eq(u32, s.reason_count, 1));
    expect_text(s.reasons[0].code, "OST-8003");
    expect_text(s.reasons[0].text,
                "Tokens are not renewed: nothing has been decided since 13:38:11 UTC, 25 min "
                "ago. Those that there are end at 14:38:11 UTC.");
    d->cluster.time_ms = d->cluster.call.time_ms = SCENE_UNIX_MS - 70 * 60000;
    look();
    expect_text(s.reasons[0].code, "OST-8004");
    expect_text(
        s.reasons[0].text,
        "All tokens have ended at 13:53:11 UTC and services refuse every member: nothing "
        "has been decided since 12:53:11 UTC, 70 min ago.");
    cr_assert(s.reasons[0].critical);
}

Test(status_tokens, says_nothing_of_a_member_that_gets_none)
{
    d->cluster.member[ATLAS].standing = STANDING_SUSPENDED;
    d->cluster.call.time_ms -= 7200000;
    look();
    for (uint32_t i = 0; i < s.reason_count; i++) {
        cr_assert(strncmp(s.reasons[i].code, "OST-80", 6) != 0);
    }
}

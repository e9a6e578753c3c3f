/* Motions as /v1/status has them, by real HTTP. */
#include "tests/api/asking.h"

TestSuite(motions, .init = begin, .fini = end);

Test(motions, tells_what_is_voted_on_by_whom_and_how)
{
    struct cluster *c = &w.d->cluster;
    get("/v1/status");
    expect_text("mode", "act");
    cr_assert(cJSON_IsNull(exchange_at(&x, "no_electorate_since")));
    cr_assert(cJSON_IsNull(exchange_at(&x, "paused_until")));
    cr_assert(eq(i32, cJSON_GetArraySize(exchange_at(&x, "motions")), 0));
    c->member[HELIOS].standing = STANDING_LOCKED_OUT;
    c->member[HELIOS].cause = STANDING_CAUSE_WRONG;
    c->confidence[SELENE].motion = (struct motion){.id = c->height,
                                                   .kind = MOTION_SUSPEND,
                                                   .opened_ms = c->time_ms,
                                                   .electors = 1u << ATLAS | 1u << ARGUS,
                                                   .yes = 1u << ATLAS};
    c->no_electorate_ms = c->time_ms;
    c->observes = true;
    api_changed(w.agent.api);
    get("/v1/status");
    expect_text("mode", "observe");
    expect_text("motions.0.id", "48213");
    expect_text("motions.0.kind", "suspend");
    expect_text("motions.0.member", "selene");
    cr_assert(eq(dbl, exchange_number(&x, "motions.0.needed"), 2));
    expect_text("motions.0.electors.1", "argus");
    expect_text("motions.0.yes.0", "atlas");
    cr_assert(eq(i32, cJSON_GetArraySize(exchange_at(&x, "motions.0.no")), 0));
    cr_assert(cJSON_IsNull(exchange_at(&x, "motions.0.waits_until")));
    cr_assert(cJSON_IsString(exchange_at(&x, "no_electorate_since")));
    expect_text("members.1.standing", "locked_out");
    expect_text("members.1.cause", "wrong");
    expect_text("reasons.0.code", "OST-2101");
    c->confidence[SELENE].motion.passed = true;
    c->testimony_ms[MOTION_SUSPEND] = c->time_ms;
    api_changed(w.agent.api);
    get("/v1/status");
    cr_assert(cJSON_IsString(exchange_at(&x, "motions.0.waits_until")));
}

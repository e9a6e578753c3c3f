/* Routes, tags, refusals, by real HTTP. */
#include "tests/api/asking.h"

static char field[128];

TestSuite(api, .init = begin, .fini = end);

Test(api, says_in_every_document_whose_view_it_is)
{
    static const char *const paths[] = {"/v1/status",  "/v1/members",    "/v1/members/helios",
                                        "/v1/windows", "/v1/references", "/v1/log"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        get(paths[i]);
        cr_assert(eq(i64, x.status, 200), "%s", paths[i]);
        expect_text("cluster", "prod-eu");
        expect_text("seen_by", "atlas");
        cr_expect(
            eq(sz, strlen(exchange_text(&x, "seen_at")), strlen("2026-11-21T14:03:11.482Z")));
        cr_expect(eq(dbl, exchange_number(&x, "height"), SCENE_HEIGHT));
        cr_expect(exchange_field(&x, "ETag", field));
        cr_expect(strncmp(field, "\"48213.", 7) == 0, "%s", field);
        cr_expect(exchange_field(&x, "Content-Type", field));
        cr_expect(strcmp(field, "application/json") == 0, "%s", field);
    }
}

Test(api, calls_a_renamed_member_by_its_new_name)
{
    struct member *m = &w.agent.node->deciding.cluster.member[ATLAS];
    memcpy(w.agent.transport.public_key, m->transport_key, PUBLIC_KEY_BYTES);
    snprintf(m->name, sizeof m->name, "zeus");
    get("/v1/status");
    expect_text("seen_by", "zeus");
}

Test(api, tells_what_the_node_measures_itself_against)
{
    get("/v1/references");
    cr_assert(eq(int, cJSON_GetArraySize(exchange_at(&x, "items")), REFERENCES_MAX));
    cr_assert(cJSON_IsTrue(exchange_at(&x, "examined")));
    cr_assert(eq(int, cJSON_GetArraySize(exchange_at(&x, "own")), 0));
    expect_text("items.9.name", "R10");
    expect_text("items.9.title", "memory");
    expect_text("items.9.class", "own");
    expect_text("items.9.result", "ok");
    cr_assert(cJSON_IsTrue(exchange_at(&x, "items.9.minimum")));
    cr_assert(cJSON_IsNull(exchange_at(&x, "items.9.period_ms")));
    cr_assert(cJSON_IsString(exchange_at(&x, "items.9.evidence.got")));
}

Test(api, tells_of_a_reference_what_stands_against_the_node)
{
    struct finding f;
    const struct diagnosis_setting setting = {.now_ms = clock_monotonic_ms(), .machine = true};
    finding_begin(&f, 28);
    finding_set(&f, RESULT_SILENT, 0);
    diagnosis_take(&w.agent.node->deciding.diagnosis, &f, &setting);
    get("/v1/references");
    expect_text("silent.0", "R28");
    expect_text("items.27.result", "silent");
    expect_text("items.27.class", "environment");
    cr_assert(cJSON_IsString(exchange_at(&x, "items.27.last_run")));
}

Test(api, tells_the_status)
{
    get("/v1/status");
    expect_text("state", "ok");
    expect_text("phase", "running");
    expect_text("level", "ok");
    cr_assert(cJSON_IsNull(exchange_at(&x, "summary")));
    cr_assert(eq(dbl, exchange_number(&x, "quorum.voters"), 5));
    cr_assert(eq(dbl, exchange_number(&x, "quorum.needed"), 4));
    cr_assert(eq(dbl, exchange_number(&x, "quorum.heard"), 5));
    cr_assert(eq(dbl, exchange_number(&x, "quorum.bears.crashed"), 1));
    cr_assert(eq(dbl, exchange_number(&x, "quorum.bears.malfunctioning"), 1));
    expect_text("grant.holder", "helios");
    expect_text("grant.fence", "87");
    expect_text("grant.auditor", "themis");
    expect_text("windows.settled_until", exchange_text(&x, "grant.from"));
    cr_assert(strcmp(exchange_text(&x, "grant.to"), exchange_text(&x, "grant.from")) > 0);
    cr_assert(eq(dbl, exchange_number(&x, "windows.due"), 0));
    cr_assert(eq(i32, cJSON_GetArraySize(exchange_at(&x, "members")), SCENE_MEMBERS));
    expect_text("members.3.name", "argus");
    expect_text("members.3.role", "witness");
    expect_text("members.3.standing", "good");
    cr_assert(eq(dbl, exchange_number(&x, "members.3.record_ticks"), 36));
    cr_assert(eq(dbl, exchange_number(&x, "members.3.score"), 100));
    cr_assert(eq(dbl, exchange_number(&x, "members.0.heard_age_ms"), 0));
    cr_assert(cJSON_IsArray(exchange_at(&x, "members.0.names")));
    cr_assert(cJSON_IsNull(exchange_at(&x, "members.0.cause")));
}

Test(api, tells_what_is_wrong_in_order)
{
    scene_silence(&w.agent, SELENE, 4000);
    w.d->cluster.latest[HELIOS].own = REFERENCE_BIT(22);
    w.d->peer[ARGUS].has_offset = true;
    w.d->peer[ARGUS].offset_ms = 1240;
    get("/v1/status");
    expect_text("state", "degraded");
    expect_text("level", "warning");
    expect_text("see", "OST-2001");
    expect_text("reasons.0.member", "selene");
    expect_text("reasons.1.code", "OST-1004");
    cr_assert(cJSON_IsNull(exchange_at(&x, "reasons.1.member")));
    expect_text("missing.0.member", "selene");
    expect_text("members.1.notes.0", "event loop stood still for more than a second");
    expect_text("members.3.notes.0", "clock: 1.2 s ahead of its peers");
}

Test(api, lists_members_and_windows)
{
    get("/v1/members?limit=2");
    cr_assert(eq(i32, cJSON_GetArraySize(exchange_at(&x, "items")), 2));
    cr_assert(cJSON_IsNull(exchange_at(&x, "next")));
    struct windows *windows = &w.d->cluster.windows;
    for (uint64_t k = windows->next - 3; k < windows->next; k++) {
        windows->settled[k % SETTLED_KEPT] =
            (struct settled_window){.window = k, .fence = 87, .members = {HELIOS, THEMIS}};
    }
    struct window_claims *claims = &windows->open[windows->next % RESULT_WINDOWS_MAX];
    claims->results = 1u << THEMIS;
    claims->disputes = 1u << HELIOS;
    get("/v1/windows?limit=3");
    cr_assert(eq(i32, cJSON_GetArraySize(exchange_at(&x, "items")), 3));
    expect_text("items.0.state", "settled");
    expect_text("items.1.by.1", "themis");
    expect_text("items.2.state", "open");
    expect_text("items.2.claims.0.kind", "dispute");
    expect_text("items.2.claims.1.member", "themis");
    expect_text("completed_by", "themis"); /* the leader has not found it published */
    cr_assert(exchange_at(&x, "completed_fence") == NULL);
    claims->results |= 1u << HELIOS;
    get("/v1/windows");
    expect_text("completed_by", "helios");
    expect_text("completed_fence", "87");
    claims->results = 0;
    get("/v1/windows");
    expect_text("completed_until", exchange_text(&x, "settled_until"));
    w.d->cluster.grant.fence = 0;
    get("/v1/windows");
    cr_assert(cJSON_IsNull(exchange_at(&x, "grant")));
}

Test(api, answers_a_head_as_a_get_without_the_body)
{
    world_wish(&w, &x, &(struct wish){.path = "/v1/status", .method = "HEAD"});
    cr_assert(eq(i64, x.status, 200));
    cr_assert(eq(sz, x.body_bytes, 0));
    cr_assert(exchange_field(&x, "ETag", field));
    cr_assert(exchange_field(&x, "Content-Length", field));
    cr_assert(gt(i32, atoi(field), 1000));
}

Test(api, answers_304_to_whoever_has_it)
{
    char tag[128];
    char list[160];
    get("/v1/status");
    cr_assert(exchange_field(&x, "ETag", tag));
    snprintf(list, sizeof list, "\"other\", W/%s", tag);
    const char *const holds[] = {tag, list, "*", "\"a\",*"};
    for (size_t i = 0; i < sizeof holds / sizeof holds[0]; i++) {
        world_wish(&w, &x, &(struct wish){.path = "/v1/status", .known = holds[i]});
        cr_assert(eq(i64, x.status, 304), "%s", holds[i]);
        cr_assert(eq(sz, x.body_bytes, 0));
        cr_assert(exchange_field(&x, "ETag", field) && strcmp(field, tag) == 0);
    }
    static const char *const lacks[] = {"\"48213\"", "48213", "\"\"", "\"48213.",
                                        "W/\"x\",",  "W/",    ",,,",  "\"a\" \"b\""};
    for (size_t i = 0; i < sizeof lacks / sizeof lacks[0]; i++) {
        world_wish(&w, &x, &(struct wish){.path = "/v1/status", .known = lacks[i]});
        cr_assert(eq(i64, x.status, 200), "%s", lacks[i]);
    }
}

Test(api, changes_the_tag_whenever_there_is_something_else_to_say)
{
    char tag[128];
    get("/v1/status");
    exchange_field(&x, "ETag", tag);
    for (uint32_t i = 0; i < 6; i++) {
        w.d->storage_slow = i == 1;
        w.agent.store_refuses = i == 2;
        w.agent.foreign = i == 3 ? 1u << THEMIS : 0;
        w.d->cluster.windows.next -= i == 4 ? 1 : 0; /* the wall clock has it fall due */
        w.d->decided_ms -= i == 5 ? 60000 : 0;       /* nothing happens, and that is it */
        w.d->quorum_since_ms -= i == 5 ? 60000 : 0;
        world_wish(&w, &x, &(struct wish){.path = "/v1/status", .known = tag});
        cr_assert(eq(i64, x.status, i == 0 ? 304 : 200), "%u", i);
        exchange_field(&x, "ETag", tag);
        world_wish(&w, &x, &(struct wish){.path = "/v1/status", .known = tag});
        cr_assert(eq(i64, x.status, 304), "%u", i);
    }
}

Test(api, refuses_methods_on_both_listeners)
{
    static const char *const methods[] = {"POST", "PUT", "DELETE", "PATCH", "OPTIONS"};
    for (size_t i = 0; i < 2 * sizeof methods / sizeof methods[0]; i++) {
        world_wish(&w, &x,
                   &(struct wish){
                       .path = "/v1/status", .method = methods[i / 2], .local = i % 2 == 0});
        cr_assert(eq(i64, x.status, 405), "%s", methods[i / 2]);
        cr_assert(exchange_field(&x, "Allow", field));
        cr_assert(strcmp(field, "GET, HEAD") == 0);
        cr_assert(eq(dbl, exchange_number(&x, "status"), 405));
    }
}

static const struct {
    const char *path;
    long status;
    const char *detail; /* a part of it */
} refusals[] = {
    {"/", 404, "README"},
    {"/v1", 404, "Did you mean /v1/status?"},
    {"/v1/", 404, "Did you mean /v1/status?"},
    {"/v1/statsu", 404, "Did you mean /v1/status?"},
    {"/v1/status/", 404, "Did you mean /v1/status?"},
    {"/v1/member", 404, "Did you mean /v1/members?"},
    {"/v1/members/", 404, "Did you mean /v1/members?"},
    {"/v1/members/nobody", 404, "/v1/members lists"},
    {"/v1/members/helios/", 404, "There is no such page of helios."},
    {"/v1/blocks/", 404, "Did you mean"},
    {"/v1/blocks/x", 400, "whole number"},
    {"/v1/blocks/-1", 400, "whole number"},
    {"/v1/blocks/1x", 400, "whole number"},
    {"/v1/blocks/9223372036854775808", 400, "whole number"},
    {"/v1/blocks/99999999999999999999999", 400, "whole number"},
    {"/v1/blocks/0", 404, "count from 1"},
    {"/v1/blocks/48213", 404, "no longer has it"},
    {"/v1/blocks/48214", 404, "the height reached"},
    {"/v1/status?after=", 400, "after must be a whole number"},
    {"/v1/status?after=-1", 400, "after must be"},
    {"/v1/status?after=1e3", 400, "after must be"},
    {"/v1/status?after=%2048213", 400, "after must be"},
    {"/v1/status?after=48213%00", 400, "not made of"},
    {"/v1/status?wait_s=61", 400, "wait_s must be a whole number from 0 to 60, not \"61\"."},
    {"/v1/status?wait_s=0x10", 400, "wait_s must be"},
    {"/v1/status?afer=1", 400, "did you mean after?"},
    {"/v1/status?AFTER=1", 400, "did you mean after?"},
    {"/v1/status?limit=1", 400, "There is no parameter \"limit\" here."},
    {"/v1/status?after=1&after=2", 400, "after is given twice."},
    {"/v1/status?after=1&&", 400, "not made of"},
    {"/v1/members?limit=0", 400, "limit must be a whole number from 1 to 1000"},
    {"/v1/members?limit=1001", 400, "limit must be"},
    {"/v1/log?limit=0", 400, "limit must be"},
    {"/v1/log?limit=1001", 400, "limit must be"},
    {"/v1/log?after=x", 400, "after must be"},
    {"/v1/log?since=yesterday", 400, "since must be a time such as"},
    {"/v1/log?since=2026-13-01T00:00:00Z", 400, "since must be"},
    {"/v1/log?member=helois", 400, "did you mean helios?"},
    {"/v1/log?member=", 400, "There is no member \"\"."},
    {"/v1/log?code=1", 400, "code must be one such as"},
    {"/v1/log?wait_s=5&after=0&nonsense", 400, "no parameter \"nonsense\""},
    {"/v1/%3Cscript%3E%22%5C", 404, "README"},
    {"/v1/status?%3Cb%3E%0d%0aX=1", 400, "not made of"},
    {"/v1/status?%1b%5b2J%22=1", 400, "no parameter \"\\x1b[2J\"\" here."},
};

Test(api, refuses_with_a_reason)
{
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        get(refusals[i].path);
        cr_expect(eq(i64, x.status, refusals[i].status), "%s", refusals[i].path);
        cr_expect(strstr(exchange_text(&x, "detail"), refusals[i].detail) != NULL, "%s: %s",
                  refusals[i].path, x.body);
        cr_expect(exchange_field(&x, "Content-Type", field));
        cr_expect(strcmp(field, "application/problem+json") == 0, "%s", refusals[i].path);
        cr_expect(eq(dbl, exchange_number(&x, "status"), (double)refusals[i].status));
        const size_t size = strcspn(refusals[i].path, "?");
        cr_expect(strncmp(exchange_text(&x, "instance"), refusals[i].path, size) == 0, "%s",
                  x.body);
        for (size_t k = 0; k < x.body_bytes; k++) { /* whatever was sent, it is plain text */
            cr_expect(x.body[k] >= ' ' && x.body[k] <= '~', "%s", refusals[i].path);
        }
    }
}

Test(api, checks_in_a_word)
{
    static const char *const paths[] = {"/v1/check/good", "/v1/check/leads", "/readyz",
                                        "/livez"};
    w.d->cluster.grant.leader = ATLAS;
    for (uint32_t i = 0; i < 10; i++) {
        w.d->muted = i == 1;
        w.d->simplex.amnesiac = i == 2;
        w.d->simplex.catching_up = i == 3;
        w.d->quorum_heard = i != 4;
        w.d->simplex.stopped = i == 5;
        w.d->cluster.member[ATLAS].standing = i == 6 ? STANDING_SUSPENDED : STANDING_GOOD;
        w.d->simplex.resuming = i == 7;
        w.d->missed = i == 8 ? 1 : 0;
        w.d->now_ms -= i == 9 ? 2001 : 0; /* it stood still, and has made no step since */
        for (uint32_t k = 0; k < 4; k++) {
            get(paths[k]);
            const bool alive = k == 3;
            cr_expect(eq(i64, x.status, i == 0 || alive ? 200 : 503), "%u %s", i, paths[k]);
            cr_expect(eq(int, exchange_field(&x, "Retry-After", field), i != 0 && !alive));
        }
    }
}

Test(api, leads_only_where_the_grant_is_mine)
{
    get("/v1/check/leads");
    cr_assert(eq(i64, x.status, 503));
    cr_assert(strcmp(x.body, "no\n") == 0);
    w.d->cluster.grant.leader = ATLAS;
    get("/v1/check/leads?whatever=1");
    cr_assert(eq(i64, x.status, 200));
    cr_assert(strcmp(x.body, "leads\n") == 0);
    w.d->cluster.grant.fence = 0;
    get("/v1/check/leads");
    cr_assert(eq(i64, x.status, 503));
}

Test(api, lists_for_people_what_readiness_asks_for)
{
    get("/readyz?verbose");
    cr_assert(strcmp(x.body, "[+]standing good\n[+]store ok\n[+]votes ok\n[+]chain caught up\n"
                             "[+]quorum 5 of 4\nready\n") == 0,
              "%s", x.body);
    w.agent.store_refuses = true;
    w.d->muted = true;
    w.d->simplex.catching_up = true;
    w.d->cluster.member[ATLAS].standing = STANDING_SUSPENDED;
    scene_silence(&w.agent, HELIOS, 1000);
    scene_silence(&w.agent, SELENE, 1000);
    get("/readyz?verbose=1");
    cr_assert(eq(i64, x.status, 503));
    cr_assert(strcmp(x.body, "[-]standing not good\n[-]store refuses\n[-]votes does not vote\n"
                             "[-]chain behind\n[-]quorum 2 of 3\nnot ready\n") == 0,
              "%s", x.body);
}

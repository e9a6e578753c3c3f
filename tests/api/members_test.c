/* A member by itself: its record, and what it says of itself. */
#include "tests/api/asking.h"

TestSuite(members, .init = begin, .fini = end);

Test(members, tells_a_record_and_what_spoiled_it)
{
    struct cluster *c = &w.agent.node->deciding.cluster;
    const struct note note = {.kind = NOTE_TICK_SPOILED,
                              .member = HELIOS,
                              .count = c->record[HELIOS].next - 3,
                              .time_ms = c->time_ms,
                              .cause = CAUSE_OWN_REFERENCE,
                              .first = REFERENCE_BIT(10) | REFERENCE_BIT(24)};
    w.agent.records.known_from[HELIOS] = note.count;
    records_note(&w.agent.records, &note, c);
    c->record[HELIOS].run = 2;
    get("/v1/members/helios/record");
    cr_assert(eq(i64, x.status, 200));
    cr_expect(eq(dbl, exchange_number(&x, "perfect_ticks"), 2));
    cr_expect(cJSON_IsFalse(exchange_at(&x, "has_ballot")));
    cr_assert(eq(int, cJSON_GetArraySize(exchange_at(&x, "items")), 36));
    cr_expect(cJSON_IsTrue(exchange_at(&x, "items.35.perfect")));
    cr_expect(cJSON_IsTrue(exchange_at(&x, "items.34.perfect")));
    cr_expect(cJSON_IsFalse(exchange_at(&x, "items.33.perfect")));
    expect_text("items.33.cause", "own_reference");
    expect_text("items.33.text",
                "a reference of its own was not well: R10 memory, R24 disk speed");
    expect_text("items.33.references.1", "R24");
    cr_expect(cJSON_IsNull(exchange_at(&x, "items.32.perfect"))); /* nobody told */
    w.agent.records.known_from[HELIOS] = 0;
    get("/v1/members/helios/record");
    cr_expect(cJSON_IsTrue(exchange_at(&x, "items.32.perfect")));
    get("/v1/members/helios/recor");
    cr_assert(eq(i64, x.status, 404));
    get("/v1/members/heli/record");
    cr_assert(eq(i64, x.status, 404));
}

Test(members, tells_of_a_full_record_that_every_tick_was_perfect)
{
    get("/v1/members/themis/record");
    cr_expect(cJSON_IsTrue(exchange_at(&x, "has_ballot")));
    for (int i = 0; i < 36; i++) {
        char path[32];
        snprintf(path, sizeof path, "items.%d.perfect", i);
        cr_expect(cJSON_IsTrue(exchange_at(&x, path)), "%s", path);
    }
}

Test(members, counts_the_places_of_those_that_left_and_does_not_list_them)
{
    w.d->cluster.member[HELIOS].standing = STANDING_LEFT;
    get("/v1/members");
    cr_assert(eq(i64, x.status, 200));
    cr_assert(eq(int, cJSON_GetArraySize(exchange_at(&x, "items")), SCENE_MEMBERS - 1));
    cr_expect(eq(dbl, exchange_number(&x, "places"), SCENE_MEMBERS));
}

Test(members, shows_what_a_peer_says_of_itself_before_a_block_does)
{
    char before[128];
    get("/v1/members/selene");
    cr_assert(eq(int, cJSON_GetArraySize(exchange_at(&x, "member.notes")), 0));
    cr_assert(exchange_field(&x, "ETag", before));
    w.d->peer[SELENE].own = REFERENCE_BIT(22);
    world_wish(&w, &x, &(struct wish){.path = "/v1/members/selene", .known = before});
    cr_assert(eq(i64, x.status, 200));
    expect_text("member.notes.0", "event loop stood still for more than a second");
    w.d->cluster.latest[SELENE].own = REFERENCE_BIT(22);
    get("/v1/members/selene");
    cr_assert(eq(int, cJSON_GetArraySize(exchange_at(&x, "member.notes")), 1), "once");
}

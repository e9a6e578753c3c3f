/* Pages of the log, and waiting for the next. */
#include "tests/api/asking.h"

#define SOON_MS 300u

static void get_page(const char *path)
{
    get(path);
    cr_assert(eq(i64, x.status, 200), "%s: %s", path, x.body);
}

static int items(void)
{
    return cJSON_GetArraySize(exchange_at(&x, "items"));
}

TestSuite(log, .init = begin, .fini = end);

Test(log, begins_empty_and_goes_on_from_there)
{
    get_page("/v1/log");
    cr_assert(eq(int, items(), 0));
    cr_assert(eq(dbl, exchange_number(&x, "next"), 0));
    world_say(&w, "OST-5001", "atlas", "agent started");
    get_page("/v1/log?after=0");
    cr_assert(eq(int, items(), 1));
    cr_assert(strcmp(exchange_text(&x, "items.0.code"), "OST-5001") == 0);
    cr_assert(strcmp(exchange_text(&x, "items.0.member"), "atlas") == 0);
    cr_assert(strcmp(exchange_text(&x, "items.0.message"), "agent started") == 0);
    cr_assert(strcmp(exchange_text(&x, "items.0.level"), "info") == 0);
    cr_assert(cJSON_IsNull(exchange_at(&x, "items.0.height")));
    cr_assert(eq(dbl, exchange_number(&x, "next"), exchange_number(&x, "items.0.id")));
}

Test(log, is_not_empty_of_a_member_that_is_none_but_refused_as_such)
{
    get("/v1/log?member=helois");
    cr_assert(eq(i64, x.status, 400));
    expect_text("title", "No such member");
    expect_text("detail", "There is no member \"helois\": did you mean helios?");
}

Test(log, gives_the_newest_first_and_then_page_by_page)
{
    char path[64];
    char text[16];
    for (uint32_t i = 1; i <= 120; i++) {
        snprintf(text, sizeof text, "%u", i);
        world_say(&w, i % 2 == 0 ? "OST-6004" : "OST-5001", i % 3 == 0 ? "helios" : NULL, text);
    }
    get_page("/v1/log");
    cr_assert(eq(int, items(), 50));
    cr_assert(strcmp(exchange_text(&x, "items.0.message"), "71") == 0);
    cr_assert(strcmp(exchange_text(&x, "items.49.message"), "120") == 0);
    double next = 0;
    uint32_t seen = 0;
    do {
        snprintf(path, sizeof path, "/v1/log?limit=7&after=%.0f", next);
        get_page(path);
        next = exchange_number(&x, "next");
        seen += (uint32_t)items();
    } while (items() > 0);
    cr_assert(eq(u32, seen, 120));
    get_page("/v1/log?member=helios&code=OST-6004&limit=1000");
    cr_assert(eq(int, items(), 20));
    get_page("/v1/log?since=2100-01-01T00:00:00Z");
    cr_assert(eq(int, items(), 0));
    get_page("/v1/log?since=2026-01-01T00:00:00.000Z&limit=1000");
    cr_assert(eq(int, items(), 120));
}

Test(log, waits_for_what_is_asked_for)
{
    get_page("/v1/log");
    exchange_finish(&w, &x);
    world_say(&w, "OST-5001", "atlas", "one");
    get_page("/v1/log");
    exchange_finish(&w, &x);
    world_ask(&w, &x,
              &(struct wish){.path = "/v1/log?after=1&wait_s=60&member=helios", .local = true});
    cr_assert(not(world_await(&w, &x, SOON_MS)));
    world_say(&w, "OST-5001", "atlas", "two");
    api_changed(w.agent.api);
    cr_assert(not(world_await(&w, &x, SOON_MS)));
    world_say(&w, "OST-5001", "helios", "three");
    api_changed(w.agent.api);
    cr_assert(world_await(&w, &x, SOON_MS));
    cr_assert(eq(int, items(), 1));
    cr_assert(strcmp(exchange_text(&x, "items.0.message"), "three") == 0);
    cr_assert(eq(dbl, exchange_number(&x, "next"), 3));
}

/* What is written between the question to the database and its answer is not slept over. */
Test(log, misses_nothing_that_is_written_while_it_reads)
{
    for (uint32_t i = 0; i < 50; i++) {
        char path[64];
        exchange_finish(&w, &x);
        snprintf(path, sizeof path, "/v1/log?after=%u&wait_s=60", i);
        world_ask(&w, &x, &(struct wish){.path = path});
        world_run(&w, i % 5);
        world_say(&w, "OST-5001", "atlas", "now");
        api_changed(w.agent.api);
        cr_assert(world_await(&w, &x, 2000), "%u", i);
        cr_assert(eq(int, items(), 1));
    }
}

Test(log, ends_its_wait_empty)
{
    world_say(&w, "OST-5001", "atlas", "one");
    get_page("/v1/log?after=1&wait_s=1");
    cr_assert(eq(int, items(), 0));
    cr_assert(eq(dbl, exchange_number(&x, "next"), 1));
}

/* The database was damaged and made anew: numbers begin again. */
Test(log, sends_a_cursor_of_another_database_back_to_the_beginning)
{
    world_say(&w, "OST-5001", "atlas", "one");
    world_ask(&w, &x, &(struct wish){.path = "/v1/log?after=5000&wait_s=60"});
    cr_assert(world_await(&w, &x, SOON_MS));
    cr_assert(eq(int, items(), 0));
    cr_assert(eq(dbl, exchange_number(&x, "next"), 0));
}

Test(log, has_a_tag_that_changes_with_what_is_written)
{
    char tag[128];
    char field[128];
    world_say(&w, "OST-5001", "atlas", "one");
    get_page("/v1/log");
    cr_assert(exchange_field(&x, "ETag", tag));
    world_wish(&w, &x, &(struct wish){.path = "/v1/log", .known = tag});
    cr_assert(eq(i64, x.status, 304));
    world_say(&w, "OST-5001", "atlas", "two");
    world_wish(&w, &x, &(struct wish){.path = "/v1/log", .known = tag});
    cr_assert(eq(i64, x.status, 200));
    w.agent.store_refuses = true; /* what is noted now cannot be read yet */
    get_page("/v1/log");
    cr_assert(not(exchange_field(&x, "ETag", field)));
}

Test(log, shows_hostile_text_as_text)
{
    world_say(&w, "OST-6004", "atlas", "\x1b[2J\"quoted\" \xff\xfe back\\slash\nsecond line");
    get_page("/v1/log");
    const char *message = exchange_text(&x, "items.0.message");
    cr_assert(strcmp(message, "\\x1b[2J'quoted' \\xff\\xfe back\\x5cslash\\x0asecond line") ==
                  0,
              "%s", message);
}

static uint64_t stored;

static void on_written(void *context, const struct storage_answer *answer)
{
    (void)context;
    stored = answer->answer == STORE_ANSWER_DONE ? 1 : 2;
}

Test(log, says_that_a_stored_block_is_none)
{
    uint8_t rubbish[] = "not a decided message";
    const struct store_block row = {
        .height = 7, .time_ms = 1, .decided = rubbish, .decided_bytes = sizeof rubbish};
    storage_block(w.agent.storage, 1, &row, NULL, 0);
    cr_assert(storage_block_read(w.agent.storage, 7, on_written, NULL));
    world_run(&w, SOON_MS);
    cr_assert(eq(u64, stored, 1));
    get("/v1/blocks/7");
    cr_assert(eq(i64, x.status, 500));
}

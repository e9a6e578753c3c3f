#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "agent/store_internal.h"
#include "sample.h"
#include "scratch.h"

Test(store_query, answers_in_order)
{
    struct store_opening opening;
    cr_assert(sodium_init() >= 0);
    struct store *const s = store_open(scratch_path("ostrakon.db"), SAMPLE_CLUSTER, &opening);
    for (uint64_t i = 0; i < 10; i++) {
        sample_block_write(s, i); /* two events each, of atlas and of nobody */
    }
    const struct store_event local = {.height = 4,
                                      .ordinal = STORE_ORDINAL_LOCAL,
                                      .level = 6,
                                      .time_ms = 4500,
                                      .name = "disk_slow",
                                      .code = "OST-3",
                                      .fields = "{}",
                                      .message = "slow"};
    cr_assert(eq(int, store_events_write(s, &local, 1), STORE_ANSWER_DONE));
    static const struct {
        struct store_query query;
        uint32_t count;
        uint64_t first_height;
        uint64_t last_height;
    } cases[] = {
        {{.limit = 1000}, 21, 0, 4},
        {{.limit = 5}, 5, 0, 2},
        {{.limit = 1000, .after_id = 18}, 3, 9, 4},
        {{.limit = 1000, .member = "atlas"}, 10, 0, 9},
        {{.limit = 1000, .member = "nobody"}, 0, 0, 0},
        {{.limit = 1000, .code = "OST-3"}, 1, 4, 4},
        {{.limit = 2, .newest = true, .member = "atlas"}, 2, 8, 9},
        {{.limit = 1000, .member = "atlas", .code = "OST-3"}, 0, 0, 0},
        {{.limit = 1, .newest = true, .code = "OST-3"}, 1, 4, 4},
        {{.limit = 1000, .member = "atlas", .since_ms = 8000}, 2, 8, 9},
        {{.limit = 3, .newest = true}, 3, 9, 4},
        {{.limit = 1000, .since_ms = 8000}, 4, 8, 9},
        {{.limit = 1000, .placed = true, .after_height = 8, .after_ordinal = 0}, 3, 8, 9},
        {{.limit = 1000, .placed = true, .after_height = 8, .after_ordinal = -1}, 4, 8, 9},
        {{.limit = 2, .placed = true, .after_ordinal = -1}, 2, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct store_events events;
        cr_assert(eq(int, store_events_read(s, &cases[i].query, &events), STORE_ANSWER_DONE));
        cr_assert(eq(uint, events.count, cases[i].count), "case %zu", i);
        if (events.count > 0) {
            cr_assert(eq(u64, events.list[0].height, cases[i].first_height), "case %zu", i);
            cr_assert(eq(u64, events.list[events.count - 1].height, cases[i].last_height),
                      "case %zu", i);
        }
        store_events_finish(&events);
    }
    store_destroy(s);
}

static sqlite3 *look_into(void)
{
    sqlite3 *database = NULL;
    cr_assert(eq(int, sqlite3_open(scratch_path("ostrakon.db"), &database), SQLITE_OK));
    return database;
}

/* What SQLite makes of a statement, in one line. */
static void plan(const char *sql, char *text, size_t text_bytes)
{
    char explain[1024];
    sqlite3_stmt *rows = NULL;
    sqlite3 *const database = look_into();
    snprintf(explain, sizeof explain, "EXPLAIN QUERY PLAN %s", sql);
    cr_assert(eq(int, sqlite3_prepare_v2(database, explain, -1, &rows, NULL), SQLITE_OK));
    text[0] = '\0';
    while (sqlite3_step(rows) == SQLITE_ROW) {
        const size_t used = strlen(text);
        snprintf(text + used, text_bytes - used, "%s; ", sqlite3_column_text(rows, 3));
    }
    sqlite3_finalize(rows);
    sqlite3_close(database);
}

#define X(word, sql) [STATEMENT_##word] = sql,
static const char *const statements[] = {STORE_STATEMENTS(X)};
#undef X

static void check_plans(void)
{
    static const struct {
        enum store_statement statement;
        const char *index;
    } cases[] = {
        {STATEMENT_EVENTS_OF_CODE, "event_code (code=? AND rowid>?)"},
        {STATEMENT_EVENTS_OF_CODE_NEWEST, "event_code (code=? AND rowid>?)"},
        {STATEMENT_EVENTS_OF_MEMBER, "event_member (member=? AND rowid>?)"},
        {STATEMENT_EVENTS_OF_MEMBER_NEWEST, "event_member (member=? AND rowid>?)"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[512];
        plan(statements[cases[i].statement], text, sizeof text);
        cr_assert(strstr(text, cases[i].index) != NULL, "case %zu: %s", i, text);
        cr_assert(strstr(text, "TEMP B-TREE") == NULL, "case %zu: %s", i, text);
    }
}

Test(store_query, finds_codes_and_members_without_reading_the_whole_log)
{
    struct store_opening opening;
    cr_assert(sodium_init() >= 0);
    struct store *s = store_open(scratch_path("ostrakon.db"), SAMPLE_CLUSTER, &opening);
    sample_block_write(s, 1);
    check_plans();
    store_destroy(s);
}

static uint32_t count_of(struct store *s, const struct store_query *query)
{
    struct store_events events;
    cr_assert(eq(int, store_events_read(s, query, &events), STORE_ANSWER_DONE));
    const uint32_t count = events.count;
    store_events_finish(&events);
    return count;
}

Test(store_query, reads_a_database_of_before_and_gives_it_the_indexes)
{
    static const struct store_query of_atlas = {.limit = 1000, .member = "atlas"};
    char why[STORE_TEXT_MAX];
    struct store_opening opening;
    cr_assert(sodium_init() >= 0);
    struct store *s = store_open(scratch_path("ostrakon.db"), SAMPLE_CLUSTER, &opening);
    sample_block_write(s, 1);
    store_destroy(s);
    sqlite3 *const database = look_into();
    cr_assert(eq(int,
                 sqlite3_exec(database, "DROP INDEX event_code; DROP INDEX event_member", NULL,
                              NULL, NULL),
                 SQLITE_OK));
    sqlite3_close(database);
    s = store_open_reading(scratch_path("ostrakon.db"), SAMPLE_CLUSTER, why);
    cr_assert(s != NULL, "%s", why);
    cr_assert(eq(u32, count_of(s, &of_atlas), 1));
    store_destroy(s);
    s = store_open(scratch_path("ostrakon.db"), SAMPLE_CLUSTER, &opening);
    cr_assert(eq(int, opening.verdict, STORE_OK));
    cr_assert(eq(u32, count_of(s, &of_atlas), 1));
    check_plans();
    store_destroy(s);
}

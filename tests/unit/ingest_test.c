#include "../../deploy/stats/ingest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "../../deploy/stats/sink_sql.h"

#define ROW(id, customer)                                                                      \
    "{\"id\":\"" id "\",\"time\":\"2026-11-22T06:30:00.000Z\",\"customer\":\"" customer        \
    "\",\"node\":\"atlas\",\"verdict\":\"positive\"}\n"
#define BARE(customer)                                                                         \
    "{\"time\":\"2026-11-22T06:30:00.000Z\",\"customer\":\"" customer                          \
    "\",\"node\":\"atlas\",\"verdict\":\"positive\"}\n"

static char directory[] = "/tmp/ostrakon-ingest-XXXXXX";
static char path[64];
static struct sink s;

static int64_t now_ms(void)
{
    return INT64_C(1795329001000); /* 2026-11-22T06:30:01Z */
}

static void set_up(void)
{
    const struct sink_founding founding = {.window_s = 60, .endorsers = 2};

    cr_assert(ne(ptr, mkdtemp(directory), NULL));
    (void)snprintf(path, sizeof path, "%s/sink", directory);
    cr_assert(sink_found(&s, path, &founding), "%s", s.error);
    s.now_ms = now_ms;
}

static void tear_down(void)
{
    static const char *const endings[] = {"", "-wal", "-shm"};
    char name[80];

    sink_finish(&s);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        (void)snprintf(name, sizeof name, "%s%s", path, endings[i]);
        (void)unlink(name);
    }
    (void)rmdir(directory);
}

TestSuite(ingest, .init = set_up, .fini = tear_down);

static struct tally ingest(const char *text, size_t size_bytes, const char *node)
{
    static struct lines lines;
    const struct ingest_options options = {.name = "test", .node = node};
    struct tally tally = {0};
    FILE *file = tmpfile();

    fwrite(text, 1, size_bytes, file);
    rewind(file);
    lines_init(&lines, fileno(file));
    cr_assert(ingest_lines(&s, &lines, &options, &tally), "%s", s.error);
    fclose(file);
    return tally;
}

static uint64_t of(const struct tally *tally, enum arrival arrival)
{
    return tally->arrivals[arrival];
}

static int64_t number(const char *sql)
{
    int64_t value = -1;

    cr_assert(sql_integer(&s, sql, NO_VALUES, -1, &value), "%s", s.error);
    return value;
}

Test(ingest, of_the_same_file_again_adds_nothing)
{
    static const char text[] = ROW("1", "acme") ROW("2", "acme") BARE("zebra") BARE("zebra");
    struct tally tally = ingest(text, strlen(text), NULL);

    cr_assert(eq(u64, of(&tally, ARRIVAL_INSERTED), 4),
              "two equal rows without ids are two rows");
    sink_finish(&s);
    cr_assert(sink_open(&s, path, 1000));
    s.now_ms = now_ms;
    tally = ingest(text, strlen(text), NULL);
    cr_assert(eq(u64, of(&tally, ARRIVAL_DOUBLED), 4));
    cr_assert(eq(i64, number("SELECT count(*) FROM raw"), 4));
    cr_assert(eq(i64, number("SELECT count FROM arrived WHERE kind = 'doubled'"), 4));
}

Test(ingest, takes_up_a_file_that_has_grown)
{
    static const char text[] = BARE("a") BARE("b") BARE("a") BARE("a");
    const size_t line_bytes = strlen(BARE("a"));
    struct tally tally = ingest(text, 2 * line_bytes + 10, NULL);

    cr_assert(eq(u64, of(&tally, ARRIVAL_INSERTED), 2));
    cr_assert(tally.is_unfinished, "half a line is left for later");
    cr_assert(eq(u64, of(&tally, ARRIVAL_MALFORMED), 0));

    sink_finish(&s);
    cr_assert(sink_open(&s, path, 1000));
    s.now_ms = now_ms;
    tally = ingest(text, strlen(text), NULL);
    cr_assert(eq(u64, of(&tally, ARRIVAL_INSERTED), 2));
    cr_assert(eq(i64, number("SELECT count(*) FROM raw WHERE customer = 'a'"), 3));
}

Test(ingest, counts_what_it_refuses_and_goes_on)
{
    static const char text[] =
        ROW("1", "acme") "rubbish\n"
                         "\n" ROW("1", "zebra") "{\"time\":1}\n" ROW("2", "acme");
    const struct tally tally = ingest(text, strlen(text), "atlas");

    cr_assert(eq(u64, of(&tally, ARRIVAL_INSERTED), 2));
    cr_assert(eq(u64, of(&tally, ARRIVAL_MALFORMED), 2));
    cr_assert(eq(u64, of(&tally, ARRIVAL_CONTRADICTING), 1));
    cr_assert(eq(i64,
                 number("SELECT count FROM arrived WHERE node = 'atlas' AND "
                        "kind = 'malformed'"),
                 2));
}

Test(ingest, knows_whose_rows_they_are)
{
    static const char nobodys[] =
        "{\"time\":1795329000,\"customer\":\"acme\",\"verdict\":\"no\"}\n";
    struct tally tally = ingest(nobodys, strlen(nobodys), NULL);

    cr_assert(eq(u64, of(&tally, ARRIVAL_MALFORMED), 1));
    tally = ingest(nobodys, strlen(nobodys), "helios");
    cr_assert(eq(u64, of(&tally, ARRIVAL_INSERTED), 1));
    tally = ingest(ROW("1", "acme"), strlen(ROW("1", "acme")), "helios");
    cr_assert(eq(u64, of(&tally, ARRIVAL_MALFORMED), 1), "of atlas");
    cr_assert(eq(i64, number("SELECT count(*) FROM raw WHERE node = 'helios'"), 1));
}

/* Whatever is done to a file, each of its lines is a row of the sink or counted. */
Test(ingest, accounts_for_every_line_of_a_spoilt_file)
{
    static char text[64 * 1024];
    uint32_t random = 17;
    size_t size_bytes = 0;

    for (int i = 0; i < 300; i++) {
        size_bytes += (size_t)snprintf(text + size_bytes, sizeof text - size_bytes, "%s",
                                       i % 2 == 0 ? BARE("acme") : BARE("zebra"));
    }
    for (int round = 0; round < 200; round++) {
        random = random * 1664525 + 1013904223;
        text[(random >> 8) % size_bytes] = (char)(random >> 24);
    }
    text[size_bytes - 1] = '\n';
    uint64_t lines = 0;
    uint64_t blank = 0;
    for (size_t i = 0; i < size_bytes; i++) {
        lines += text[i] == '\n';
        blank += text[i] == '\n' && i > 0 && text[i - 1] == '\n';
    }
    const struct tally tally = ingest(text, size_bytes, NULL);
    uint64_t accounted = blank;
    for (int i = 0; i < ARRIVAL_COUNT; i++) {
        accounted += tally.arrivals[i];
    }
    cr_assert(eq(u64, accounted, lines));
    cr_assert(eq(i64, number("SELECT count(*) FROM raw"),
                 (int64_t)(of(&tally, ARRIVAL_INSERTED) + of(&tally, ARRIVAL_LATE))));
}

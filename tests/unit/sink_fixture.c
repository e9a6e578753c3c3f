#include "sink_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "../../deploy/stats/sink_sql.h"

static char directory[] = "/tmp/ostrakon-sink-XXXXXX";
char sink_path[64];
int64_t window_now = NOW;
struct sink s;

static int64_t now_ms(void)
{
    return window_now * WINDOW_S * 1000 + 1;
}

void found(int64_t endorsers)
{
    const struct sink_founding founding = {.window_s = WINDOW_S, .endorsers = endorsers};

    if (sink_path[0] == '\0') {
        cr_assert(ne(ptr, mkdtemp(directory), NULL));
        (void)snprintf(sink_path, sizeof sink_path, "%s/sink", directory);
    }
    cr_assert(sink_found(&s, sink_path, &founding), "%s", s.error);
    s.now_ms = now_ms;
}

void set_up(void)
{
    found(2);
}

void tear_down(void)
{
    static const char *const endings[] = {"", "-wal", "-shm"};
    char name[80];

    sink_finish(&s);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        (void)snprintf(name, sizeof name, "%s%s", sink_path, endings[i]);
        (void)unlink(name);
    }
    (void)rmdir(directory);
}

enum arrival insert(const char *id, const char *customer, int64_t time_window)
{
    struct row row = {.time_ms = time_window * WINDOW_S * 1000, .node = "atlas"};
    enum arrival arrival = ARRIVAL_MALFORMED;

    (void)snprintf(row.id, sizeof row.id, "%s", id);
    (void)snprintf(row.customer, sizeof row.customer, "%s", customer);
    (void)snprintf(row.verdict, sizeof row.verdict, "positive");
    cr_assert(sink_batch_begin(&s), "%s", s.error);
    cr_assert(sink_insert(&s, &row, &arrival), "%s", s.error);
    cr_assert(sink_batch_commit(&s), "%s", s.error);
    return arrival;
}

enum sink_answer close_window(int64_t window)
{
    enum sink_answer answer = SINK_ACCEPTED;

    cr_assert(sink_close(&s, window, &answer), "%s", s.error);
    return answer;
}

int64_t number(const char *sql)
{
    int64_t value = -1;

    cr_assert(sql_integer(&s, sql, NO_VALUES, -1, &value), "%s", s.error);
    return value;
}

void fill_and_close(void)
{
    (void)insert("1", "acme", NOW);
    (void)insert("2", "acme", NOW);
    (void)insert("3", "zebra", NOW);
    window_now = NOW + 1;
    cr_assert(eq(int, close_window(NOW), SINK_ACCEPTED));
}

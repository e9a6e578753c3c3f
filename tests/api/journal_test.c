/* What the journal lets through, and where it puts it. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/api/scene.h"
#include "tests/api/world.h"

static struct world w;
static struct exchange x;
static struct journal *j;
static const struct cluster *c;

static void begin(void)
{
    world_init(&w, SCENE_MEMBERS);
    j = &w.agent.journal;
    c = &w.d->cluster;
}

static void end(void)
{
    exchange_finish(&w, &x);
    world_finish(&w);
}

static int count(const char *path)
{
    world_get(&w, &x, path);
    return cJSON_GetArraySize(exchange_at(&x, "items"));
}

TestSuite(journal, .init = begin, .fini = end);

Test(journal, tells_nonsense_of_a_peer_once_a_minute_and_kind)
{
    struct note note = {.kind = NOTE_PEER_NONSENSE, .cause = CAUSE_MALFORMED, .member = HELIOS};
    for (uint32_t i = 0; i < 500; i++) {
        journal_note(j, &note, c, 0);
    }
    cr_assert(eq(int, count("/v1/log?code=OST-5103"), 1));
    note.cause = CAUSE_BAD_SIGNATURE;
    journal_note(j, &note, c, 0);
    note.member = SELENE;
    journal_note(j, &note, c, 0);
    cr_assert(eq(int, count("/v1/log?code=OST-5103"), 3));
}

Test(journal, bounds_what_comes_and_goes)
{
    for (uint32_t i = 0; i < 200; i++) {
        const struct note note = {.kind = i % 2 == 0 ? NOTE_PEER_SUSPECTED : NOTE_PEER_HEARD,
                                  .member = HELIOS};
        journal_note(j, &note, c, 0);
        journal_settle(j, c);
    }
    cr_assert(eq(int, count("/v1/log?member=helios"), FLAPPING_TOLD_MAX));
    const struct note other = {.kind = NOTE_PEER_SUSPECTED, .member = SELENE};
    journal_note(j, &other, c, 0);
    cr_assert(eq(int, count("/v1/log?member=selene"), 1));
    j->flapping[HELIOS].since_ms -= FLAPPING_MS; /* a minute later */
    journal_settle(j, c);
    cr_assert(eq(int, count("/v1/log?member=helios"), FLAPPING_TOLD_MAX + 1));
    const char *last = exchange_text(&x, "items.6.message");
    cr_assert(strcmp(last, "helios is heard here again (suppressed=193)") == 0, "%s", last);
}

/* By the time of the blocks: what one member leaves out the others do too. */
Test(journal, limits_what_blocks_decided_by_their_time)
{
    for (uint32_t i = 0; i < 120; i++) {
        const struct note note = {.kind = NOTE_COMMAND_SKIPPED,
                                  .cause = CAUSE_OLD_SEQ,
                                  .member = HELIOS,
                                  .height = 1 + i,
                                  .time_ms = SCENE_UNIX_MS + 1000 * i};
        journal_note(j, &note, c, 0);
    }
    cr_assert(eq(int, count("/v1/log?code=OST-4001"), 2));
    cr_assert(eq(dbl, exchange_number(&x, "items.0.height"), 1));
    cr_assert(eq(dbl, exchange_number(&x, "items.1.height"), 61));
    cr_assert(strcmp(exchange_text(&x, "items.0.time"), "2026-11-21T14:03:11.482Z") == 0);
    cr_assert(strstr(exchange_text(&x, "items.1.message"), "(suppressed=59)") != NULL);
}

Test(journal, writes_an_event_of_a_block_once)
{
    const struct note note = {.kind = NOTE_GRANTED,
                              .member = HELIOS,
                              .other = THEMIS,
                              .fence = 88,
                              .height = 48214,
                              .time_ms = SCENE_UNIX_MS};
    journal_note(j, &note, c, 0);
    journal_note(j, &note, c, 0);
    journal_note(j, &note, c, 1);
    cr_assert(eq(int, count("/v1/log"), 2));
}

Test(journal, holds_the_events_of_a_step_and_loses_none)
{
    journal_begin(j);
    for (uint32_t i = 0; i < 2 * JOURNAL_HELD_MAX + 5; i++) {
        world_say(&w, "OST-5001", NULL, "one of many");
    }
    cr_assert(eq(u64, j->events, 2 * JOURNAL_HELD_MAX));
    cr_assert(eq(int, count("/v1/log?limit=1000"), 2 * JOURNAL_HELD_MAX));
    journal_end(j);
    cr_assert(eq(int, count("/v1/log?limit=1000"), 2 * JOURNAL_HELD_MAX + 5));
}

/* Standard error becomes a pipe that takes no more; answers its other end. */
static int stop_reader(void)
{
    static const char page[4096];
    int ends[2] = {-1, -1};
    cr_assert(eq(int, pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0));
    while (write(ends[1], page, sizeof page) > 0) {
    }
    cr_assert(eq(int, fcntl(ends[1], F_SETFL, 0), 0));
    cr_assert(eq(int, dup2(ends[1], STDERR_FILENO), STDERR_FILENO));
    close(ends[1]);
    return ends[0];
}

static size_t read_all(int reader, char *text, size_t text_bytes)
{
    static char page[4096];
    size_t used = 0;
    ssize_t got = 0;
    while ((got = read(reader, page, sizeof page)) > 0) {
        for (ssize_t i = 0; i < got; i++) {
            if (page[i] != '\0' && used + 1 < text_bytes) {
                text[used++] = page[i];
            }
        }
    }
    text[used] = '\0';
    return used;
}

Test(journal, waits_for_nobody_who_reads_no_lines_and_counts_them, .timeout = 10)
{
    char text[4096];
    const int own = dup(STDERR_FILENO);
    const int reader = stop_reader();
    j->level = LOG_LEVEL_INFO;
    for (uint32_t i = 0; i < 3; i++) {
        world_say(&w, "OST-5001", NULL, "nobody hears this");
    }
    const size_t before_bytes = read_all(reader, text, sizeof text);
    world_say(&w, "OST-5001", NULL, "somebody hears this");
    read_all(reader, text, sizeof text);
    dup2(own, STDERR_FILENO);
    cr_assert(eq(sz, before_bytes, 0));
    const char *counted = strstr(text, "code=OST-5504 msg=\"log: 3 lines before this one");
    const char *said = strstr(text, "somebody hears this");
    cr_assert(counted != NULL && said != NULL && counted < said, "%s", text);
    cr_assert(eq(u64, j->left_out, 0));
    cr_assert(eq(int, count("/v1/log?code=OST-5001"), 4));
}

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "commands.h"
#include "ingest.h"
#include "instant.h"
#include "traffic.h"

#define BUSY_MS 5000
#define BUSY_TRIES 12
#define BATCH_ROWS_MAX 512

static volatile sig_atomic_t is_stopping;

static void on_signal(int number)
{
    (void)number;
    is_stopping = 1;
}

static bool write_all(int fd, const char *bytes, size_t size_bytes)
{
    while (size_bytes > 0) {
        const ssize_t written = write(fd, bytes, size_bytes);
        if (written < 0 && errno != EINTR) {
            return false;
        }
        if (written > 0) {
            bytes += written;
            size_bytes -= (size_t)written;
        }
    }
    return true;
}

static bool append(int log, const struct row *rows, size_t count)
{
    static char bytes[BATCH_ROWS_MAX * 512];
    char line[ROW_LINE_BYTES_MAX + 2];
    size_t size_bytes = 0;

    for (size_t i = 0; i < count; i++) {
        const size_t line_bytes = row_print(&rows[i], line, sizeof line);
        assert(size_bytes + line_bytes <= sizeof bytes);
        memcpy(bytes + size_bytes, line, line_bytes);
        size_bytes += line_bytes;
    }
    return write_all(log, bytes, size_bytes) && fdatasync(log) == 0;
}

/* What is in the log must get into the sink, so a lock that somebody holds for long is waited
 * for; a minute is long enough to say that it will not come. */
static bool insert(struct sink *s, const struct row *rows, size_t count, struct tally *tally)
{
    for (int i = 0; i < BUSY_TRIES; i++) {
        if (ingest_rows(s, rows, count, tally)) {
            return true;
        }
        if (!sink_is_busy(s)) {
            return false;
        }
        fprintf(stderr, "ostrakon-stats: %s; trying again\n", s->error);
    }
    return false;
}

static int make_rows(struct sink *s, int log, struct traffic *t, uint64_t due,
                     struct tally *tally)
{
    static struct row rows[BATCH_ROWS_MAX];

    while (due > 0) {
        const size_t count = due < BATCH_ROWS_MAX ? (size_t)due : BATCH_ROWS_MAX;
        for (size_t i = 0; i < count; i++) {
            traffic_row(t, instant_now_ms(), &rows[i]);
        }
        if (!append(log, rows, count)) {
            return not_done("the log cannot be written: %s", strerror(errno));
        }
        if (!insert(s, rows, count, tally)) {
            return not_done("%s; the rows are in the log: start this again", s->error);
        }
        due -= count;
    }
    return EXIT_WELL;
}

/* A line that was being written when the power went was never inserted: it is cut off, or the
 * next line would be glued to it. */
static bool cut_torn_line(int log)
{
    char byte = '\0';
    struct stat about;

    if (fstat(log, &about) != 0) {
        return false;
    }
    off_t end = about.st_size;
    while (end > 0) {
        if (pread(log, &byte, 1, end - 1) != 1) {
            return false;
        }
        if (byte == '\n') {
            break;
        }
        end--;
    }
    return end == about.st_size || ftruncate(log, end) == 0;
}

static int recover(struct sink *s, int log, const struct options *o)
{
    static struct lines lines;
    const struct ingest_options options = {
        .name = o->log, .node = o->node, .is_recovery = true};
    struct tally tally = {0};

    if (!cut_torn_line(log)) {
        return not_done("%s: cannot be repaired: %s", o->log, strerror(errno));
    }
    lines_init(&lines, log);
    if (!ingest_lines(s, &lines, &options, &tally)) {
        return not_done("%s", s->error);
    }
    const uint64_t count = tally.arrivals[ARRIVAL_INSERTED] + tally.arrivals[ARRIVAL_LATE];
    if (count > 0) {
        fprintf(stderr,
                "ostrakon-stats: %" PRIu64 " rows of %s had not arrived, and now have\n", count,
                o->log);
    }
    return EXIT_WELL;
}

static int drive(struct sink *s, int log, const struct options *o)
{
    const int64_t start_ms = instant_monotonic_ms();
    struct traffic t = {
        .node = o->node, .customers = (uint64_t)o->customers, .random = (uint64_t)o->seed};
    struct tally tally = {0};
    bool is_last = false;
    int code = EXIT_WELL;

    randombytes_buf(&t.run, sizeof t.run);
    while (!is_last && code == EXIT_WELL) {
        int64_t elapsed_ms = instant_monotonic_ms() - start_ms;
        is_last = is_stopping || (o->seconds > 0 && elapsed_ms >= o->seconds * 1000);
        if (o->seconds > 0 && elapsed_ms > o->seconds * 1000) {
            elapsed_ms = o->seconds * 1000;
        }
        const uint64_t due = traffic_due(elapsed_ms, o->rows_per_s, t.sequence);
        code = make_rows(s, log, &t, due, &tally);
        if (!is_last) {
            instant_sleep_ms(TRAFFIC_BATCH_MS);
        }
    }
    printf("%s: %" PRIu64 " rows made, %" PRIu64 " inserted in their window, %" PRIu64
           " late\n",
           o->node, t.sequence, tally.arrivals[ARRIVAL_INSERTED], tally.arrivals[ARRIVAL_LATE]);
    return code;
}

static void catch_signals(void)
{
    const struct sigaction action = {.sa_handler = on_signal};

    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGINT, &action, NULL);
}

int command_traffic(const struct options *o)
{
    struct sink s;
    int code = EXIT_WELL;
    int log = -1;

    catch_signals();
    if (!sink_open(&s, o->sink, BUSY_MS)) {
        return not_done("%s", s.error);
    }
    log = open(o->log, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    if (log < 0) {
        code = not_done("%s: cannot be opened: %s", o->log, strerror(errno));
        goto out;
    }
    if (flock(log, LOCK_EX | LOCK_NB) != 0) {
        code = not_done("%s: another process writes this log; give each its own", o->log);
        goto out;
    }
    code = recover(&s, log, o);
    if (code == EXIT_WELL) {
        code = drive(&s, log, o);
    }
out:
    if (log >= 0) {
        (void)close(log);
    }
    sink_finish(&s);
    return code;
}

#include "scene.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "instant.h"
#include "sink_sql.h"

static bool has_template;

/* What goes in, and by hand what must come out. */
static const struct {
    int64_t window;
    const char *customer;
    int queries, positives;
} expected[] = {
    {SCENE_WINDOW, "acme", 5, 2},
    {SCENE_WINDOW, "zebra", 3, 0},
    {SCENE_WINDOW, "\xc3\xa9t\xc3\xa9", 1, 1},
    {SCENE_WINDOW + 1, "acme", 2, 2},
};

#define EXPECTED (sizeof expected / sizeof *expected)

static void must(bool went_well, const char *what)
{
    if (!went_well) {
        fprintf(stderr, "scene: %s failed\n", what);
        abort();
    }
}

static int64_t clock_window;

int64_t scene_now_ms(void)
{
    return clock_window * SCENE_WINDOW_S * 1000 + 500;
}

static void set_clock(void);

static void insert_rows(struct sink *s, size_t index)
{
    enum arrival arrival = ARRIVAL_MALFORMED;

    clock_window = expected[index].window;
    if (s->postgres != NULL) {
        set_clock();
    }
    must(sink_batch_begin(s), s->error);
    for (int i = 0; i < expected[index].queries; i++) {
        struct row row = {.time_ms = scene_now_ms(), .node = "atlas"};
        (void)snprintf(row.id, sizeof row.id, "%zu-%d", index, i);
        (void)snprintf(row.customer, sizeof row.customer, "%s", expected[index].customer);
        (void)snprintf(row.verdict, sizeof row.verdict, "%s",
                       i < expected[index].positives ? "positive" : "negative");
        must(sink_insert(s, &row, &arrival) && arrival == ARRIVAL_INSERTED, s->error);
    }
    must(sink_batch_commit(s), s->error);
}

static void insert_expected(struct sink *s)
{
    for (size_t i = 0; i < EXPECTED; i++) {
        insert_rows(s, i);
    }
    clock_window = SCENE_WINDOW + SCENE_WINDOWS;
}

static const struct sink_founding founding = {.window_s = SCENE_WINDOW_S, .endorsers = 2};

/* ---- A file ---- */

/* In memory where there is such a place: what is tested is the death of processes, not of
 * disks. */
static char in_memory[] = "/dev/shm/ostrakon-scene-XXXXXX";
static char on_disk[] = "/tmp/ostrakon-scene-XXXXXX";
static const char *directory;
static char path[64];
static char template_path[64];

static void make_template(void)
{
    struct sink s;

    directory = mkdtemp(in_memory);
    if (directory == NULL) {
        directory = mkdtemp(on_disk);
    }
    must(directory != NULL, "mkdtemp");
    (void)snprintf(path, sizeof path, "%s/sink", directory);
    (void)snprintf(template_path, sizeof template_path, "%s/template", directory);
    must(sink_found(&s, template_path, &founding), s.error);
    s.now_ms = scene_now_ms;
    insert_expected(&s);
    sink_finish(&s);
}

static void remove_sink(void)
{
    static const char *const endings[] = {"", "-wal", "-shm"};
    char name[80];

    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        (void)snprintf(name, sizeof name, "%s%s", path, endings[i]);
        (void)unlink(name);
    }
}

static void copy_file(const char *from, const char *to)
{
    char bytes[65536];
    size_t size_bytes = 0;
    FILE *in = fopen(from, "rb");
    FILE *out = fopen(to, "wb");

    must(in != NULL && out != NULL, to);
    while ((size_bytes = fread(bytes, 1, sizeof bytes, in)) > 0) {
        must(fwrite(bytes, 1, size_bytes, out) == size_bytes, to);
    }
    must(fclose(out) == 0, to);
    (void)fclose(in);
}

/* ---- A server ---- */

static const char *server;
static struct sink owner; /* logged in as the superuser, for the whole time */

void scene_use_server(const char *address)
{
    server = address;
}

static void owner_runs(const char *sql)
{
    must(sql_run(&owner, sql, NO_VALUES), owner.error);
}

/* The server's clock is a function of the sink's, and so can be another. */
static void set_clock(void)
{
    char sql[256];

    (void)snprintf(sql, sizeof sql,
                   "CREATE OR REPLACE FUNCTION ostrakon.unix_ms() RETURNS bigint LANGUAGE sql "
                   "SET search_path = pg_catalog, pg_temp AS 'SELECT %" PRId64 "::bigint'",
                   scene_now_ms());
    owner_runs(sql);
}

static void make_schema(void)
{
    static const char *const members[] = {"atlas", "helios", "argus", "themis"};
    char text[256];

    (void)snprintf(text, sizeof text, "%spostgres", server);
    must(sink_found(&owner, text, &founding), owner.error);
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        (void)snprintf(text, sizeof text, "CREATE ROLE member_%s LOGIN IN ROLE ostrakon_member",
                       members[i]);
        owner_runs(text);
    }
    insert_expected(&owner);
    set_clock();
}

/* Whoever is left of the last scene is gone before this one begins: the sessions of the dead
 * may still be at work on what they were sent last. */
static void reset_schema(void)
{
    owner_runs("SELECT pg_terminate_backend(pid, 20000) FROM pg_stat_activity "
               "WHERE usename LIKE 'member%'");
    owner_runs("BEGIN");
    owner_runs("SET LOCAL session_replication_role = replica"); /* no triggers */
    owner_runs("DELETE FROM published");
    owner_runs("DELETE FROM endorsed");
    owner_runs("DELETE FROM staged");
    owner_runs("DELETE FROM author");
    owner_runs("UPDATE clock SET open = 0");
    owner_runs("UPDATE fence SET top = 0");
    owner_runs("COMMIT");
}

/* ---- Either ---- */

void scene_begin(void)
{
    if (!has_template) {
        has_template = true;
        if (server != NULL) {
            make_schema();
        } else {
            make_template();
        }
    }
    if (server != NULL) {
        reset_schema();
    } else {
        remove_sink();
        copy_file(template_path, path);
    }
}

void scene_open(struct sink *s, const char *member)
{
    char address[256];

    if (server != NULL) {
        (void)snprintf(address, sizeof address, "%smember_%s", server, member);
    } else {
        (void)snprintf(address, sizeof address, "%s", path);
    }
    must(sink_open(s, address, 5000), s->error);
    s->now_ms = scene_now_ms;
}

static _Noreturn void be_worker(const struct worker_plan *plan, int report_fd)
{
    const struct assignment assignment = {
        .role = plan->role,
        .member = plan->member,
        .fence = plan->fence,
        .first = SCENE_WINDOW,
        .last = plan->last,
        .window_s = SCENE_WINDOW_S,
        .deadline_ms = instant_monotonic_ms() + SCENE_PATIENCE_MS,
        .poll_ms = 2,
    };
    struct sink s;

    FILE *report = fdopen(report_fd, "w");
    must(report != NULL, "report");
    step_kill_arm(plan->fate, plan->step);
    scene_open(&s, plan->member);
    work_run(&s, &assignment, report);
    sink_finish(&s);
    (void)fclose(report);
    _exit(0);
}

void worker_start(struct worker *w, const struct worker_plan *plan)
{
    int ends[2];

    *w = (struct worker){0};
    must(pipe(ends) == 0, "pipe");
    (void)fflush(NULL);
    w->pid = fork();
    must(w->pid >= 0, "fork");
    if (w->pid == 0) {
        (void)close(ends[0]);
        be_worker(plan, ends[1]);
    }
    (void)close(ends[1]);
    w->report_fd = ends[0];
}

void worker_wait(struct worker *w)
{
    int status = 0;
    size_t used = 0;
    ssize_t got = 0;

    must(waitpid(w->pid, &status, WUNTRACED) == w->pid, "waitpid");
    w->was_stopped = WIFSTOPPED(status);
    if (w->was_stopped) {
        return;
    }
    w->was_killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    must(w->was_killed || (WIFEXITED(status) && WEXITSTATUS(status) == 0), "a worker");
    while ((got = read(w->report_fd, w->report + used, sizeof w->report - 1 - used)) > 0) {
        used += (size_t)got;
    }
    w->report[used] = '\0';
    (void)close(w->report_fd);
}

bool worker_has_ended(const struct worker *w)
{
    siginfo_t about = {0};

    must(waitid(P_PID, (id_t)w->pid, &about, WEXITED | WNOHANG | WNOWAIT) == 0, "waitid");
    return about.si_pid == w->pid;
}

void worker_kill(struct worker *w)
{
    (void)kill(w->pid, SIGKILL);
    worker_wait(w);
}

void worker_wake(struct worker *w)
{
    (void)kill(w->pid, SIGCONT);
}

void scene_results(int64_t last, char *text, size_t size_bytes)
{
    size_t used = 0;

    for (int64_t window = SCENE_WINDOW; window <= last; window++) {
        struct rollup rows;
        char digest[DIGEST_TEXT_BYTES];
        rollup_init(&rows);
        for (size_t i = 0; i < EXPECTED; i++) {
            const bool is_in = expected[i].window == window;
            must(!is_in || rollup_add(&rows, expected[i].customer, expected[i].queries,
                                      expected[i].positives),
                 "expected rows");
        }
        const struct digest of_rows = rollup_digest(&rows, window);
        rollup_finish(&rows);
        digest_format(&of_rows, digest);
        used += (size_t)snprintf(text + used, size_bytes - used, "result %" PRId64 " %s\n",
                                 window, digest);
    }
}

static const char *check_numbers(struct sink *s, int64_t last)
{
    int64_t lines = 0;
    int64_t same = 0;
    int64_t wanted = 0;

    for (size_t i = 0; i < EXPECTED; i++) {
        const int64_t is_due = expected[i].window <= last ? 1 : 0;
        must(sql_integer(s,
                         "SELECT count(*) FROM totals t WHERE t.window = $1 AND "
                         "t.customer = $2 AND t.queries = $3 AND t.positives = $4",
                         VALUES(INTEGER(expected[i].window), TEXT(expected[i].customer),
                                INTEGER(expected[i].queries), INTEGER(expected[i].positives)),
                         0, &same),
             s->error);
        if (same != is_due) {
            return "a customer's numbers are wrong";
        }
        wanted += is_due;
    }
    must(sql_integer(s, "SELECT count(*) FROM totals", NO_VALUES, 0, &lines), s->error);
    return lines == wanted ? NULL : "there are totals that nobody asked for";
}

static int64_t damage(struct sink *s)
{
    int64_t unsound = 0;

    must(server != NULL ||
             sql_integer(
                 s, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'",
                 NO_VALUES, 0, &unsound),
         s->error);
    return unsound;
}

const char *scene_check(int64_t last)
{
    int64_t published = 0;
    struct sink s;

    scene_open(&s, "themis");
    must(sql_integer(&s, "SELECT count(*) FROM published", NO_VALUES, 0, &published), s.error);
    const int64_t unsound = damage(&s);
    const char *wrong = check_numbers(&s, last);
    sink_finish(&s);
    if (unsound != 0) {
        return "the file is damaged";
    }
    if (published != (last < SCENE_WINDOW ? 0 : last - SCENE_WINDOW + 1)) {
        return "other windows are published than should be";
    }
    return wrong;
}

void scene_end(void)
{
    sink_finish(&owner);
    if (has_template && server == NULL) {
        remove_sink();
        (void)unlink(template_path);
        (void)rmdir(directory);
    }
}

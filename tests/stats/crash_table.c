#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "instant.h"
#include "scene.h"

/* The crash table of standing.md, section 7, row by row, at every step at which a worker can
 * die. The agents' part, who is given which fence after whose death, is played here. */

#define LAST (SCENE_WINDOW + SCENE_WINDOWS - 1)
#define OVERTAKEN "overtaken 2\n"

/* Every how many steps two deaths at once are tried, on a coarse grid, which moves. */
static uint64_t stride = 17;

static bool has_failed;

__attribute__((format(printf, 2, 3))) static bool check(bool is_right, const char *format, ...)
{
    va_list arguments;

    if (!is_right) {
        has_failed = true;
        va_start(arguments, format);
        printf("# ");
        vprintf(format, arguments);
        printf("\n");
        va_end(arguments);
    }
    return is_right;
}

static void check_report(const struct worker *w, int64_t last, uint64_t step, const char *who)
{
    char results[256];

    scene_results(last, results, sizeof results);
    check(strcmp(w->report, results) == 0, "step %" PRIu64 ": %s said \"%s\", not \"%s\"", step,
          who, w->report, results);
}

/* What a dead one said before must be the beginning of what is right; last of all, who woke up
 * may have said which fence is in its way. */
static void check_last_words(const struct worker *w, int64_t last, uint64_t step)
{
    char results[256];
    const char *last_line = strstr(w->report, OVERTAKEN);
    const size_t size = strlen(w->report) - (last_line != NULL ? strlen(last_line) : 0);

    scene_results(last, results, sizeof results);
    check(strncmp(w->report, results, size) == 0, "step %" PRIu64 ": the dead one said \"%s\"",
          step, w->report);
}

static void check_scene(int64_t last, uint64_t step)
{
    const char *wrong = scene_check(last);

    check(wrong == NULL, "step %" PRIu64 ": %s", step, wrong == NULL ? "" : wrong);
}

static struct worker_plan plan(enum role role, const char *member, int64_t fence)
{
    return (struct worker_plan){.role = role, .member = member, .fence = fence, .last = LAST};
}

static void start_pair(struct worker *leader, const struct worker_plan *led,
                       struct worker *auditor, const struct worker_plan *audited)
{
    worker_start(leader, led);
    worker_start(auditor, audited);
}

/* A pair under a new fence must find or make it right, whatever the dead have left behind. */
static void settle(int64_t fence, uint64_t step)
{
    struct worker leader;
    struct worker auditor;
    const struct worker_plan led = plan(ROLE_LEADER, "helios", fence);
    const struct worker_plan audited = plan(ROLE_AUDITOR, "themis", fence);

    start_pair(&leader, &led, &auditor, &audited);
    worker_wait(&leader);
    worker_wait(&auditor);
    check_report(&leader, LAST, step, "the next leader");
    check_report(&auditor, LAST, step, "the next auditor");
    check_scene(LAST, step);
}

/* "Leader before stage / in it": nothing, or rolled back. "After stage, before result": the
 * auditor publishes or the next leader does. Answers false when it lived through all its steps.
 */
static bool leader_dies(enum fate fate, uint64_t step)
{
    struct worker leader;
    struct worker auditor;
    struct worker_plan led = plan(ROLE_LEADER, "atlas", 1);
    const struct worker_plan audited = plan(ROLE_AUDITOR, "argus", 1);

    led.fate = fate;
    led.step = step;
    scene_begin();
    start_pair(&leader, &led, &auditor, &audited);
    worker_wait(&leader);
    if (!leader.was_killed) {
        worker_wait(&auditor);
        check_report(&leader, LAST, step, "the leader");
        check_report(&auditor, LAST, step, "the auditor");
        check_scene(LAST, step);
        return false;
    }
    worker_kill(&auditor);
    check_last_words(&leader, LAST, step);
    check_last_words(&auditor, LAST, step);
    settle(2, step);
    return true;
}

/* "Auditor before / after endorse": replaced, same fence; the staged rows stand. */
static bool auditor_dies(enum fate fate, uint64_t step)
{
    struct worker leader;
    struct worker auditor;
    struct worker next;
    const struct worker_plan led = plan(ROLE_LEADER, "atlas", 1);
    struct worker_plan audited = plan(ROLE_AUDITOR, "argus", 1);

    audited.fate = fate;
    audited.step = step;
    scene_begin();
    start_pair(&leader, &led, &auditor, &audited);
    worker_wait(&auditor);
    if (auditor.was_killed) {
        check_last_words(&auditor, LAST, step);
        audited = plan(ROLE_AUDITOR, "themis", 1);
        worker_start(&next, &audited);
        worker_wait(&next);
        check_report(&next, LAST, step, "the next auditor");
    }
    worker_wait(&leader);
    check_report(&leader, LAST, step, "the leader");
    check_scene(LAST, step);
    return auditor.was_killed;
}

/* "Both", before and after publication. Whoever outlives the other waits for it in vain, and is
 * ended too, a moment later: that is one more step to die at. */
static void both_die(uint64_t leader_step, uint64_t auditor_step)
{
    struct worker leader;
    struct worker auditor;
    struct worker_plan led = plan(ROLE_LEADER, "atlas", 1);
    struct worker_plan audited = plan(ROLE_AUDITOR, "argus", 1);

    led.step = leader_step;
    audited.step = auditor_step;
    scene_begin();
    start_pair(&leader, &led, &auditor, &audited);
    for (int i = 0; i < 10 && !(worker_has_ended(&leader) && worker_has_ended(&auditor)); i++) {
        instant_sleep_ms(2);
    }
    worker_kill(&leader);
    worker_kill(&auditor);
    check_last_words(&leader, LAST, leader_step);
    check_last_words(&auditor, LAST, auditor_step);
    settle(2, leader_step);
}

/* "Old leader wakes up": whatever it still does changes nothing, and it disputes nothing. */
static bool leader_sleeps(uint64_t step)
{
    struct worker leader;
    struct worker auditor;
    struct worker_plan led = plan(ROLE_LEADER, "atlas", 1);
    const struct worker_plan audited = plan(ROLE_AUDITOR, "argus", 1);

    led.fate = FATE_STOPPED;
    led.step = step;
    scene_begin();
    start_pair(&leader, &led, &auditor, &audited);
    worker_wait(&leader);
    if (!leader.was_stopped) {
        worker_wait(&auditor);
        return false;
    }
    worker_kill(&auditor);
    settle(2, step);
    worker_wake(&leader);
    worker_wait(&leader);
    check_last_words(&leader, LAST, step);
    check_scene(LAST, step);
    return true;
}

/* ---- Liars ---- */

/* helios stages rows with a thousand queries too many; its digest is that of the right rows, or
 * of those that it staged. */
static void stage_lie(int64_t fence, bool digest_is_right)
{
    enum sink_answer answer = SINK_ACCEPTED;
    struct publication published;
    struct rollup rows;
    struct sink s;

    rollup_init(&rows);
    scene_open(&s, "helios");
    bool went_well =
        sink_close(&s, SCENE_WINDOW, &answer) && sink_read(&s, SCENE_WINDOW, &rows);
    struct claim claim = {.window = SCENE_WINDOW, .fence = fence, .member = "helios"};
    claim.digest = rollup_digest(&rows, SCENE_WINDOW);
    rows.lines[0].queries += 1000;
    if (!digest_is_right) {
        claim.digest = rollup_digest(&rows, SCENE_WINDOW);
    }
    went_well = went_well && sink_stage(&s, &claim, &rows, &answer, &published);
    check(went_well && answer == SINK_ACCEPTED && !published.is_there,
          "the lie was not staged");
    sink_finish(&s);
    rollup_finish(&rows);
}

static void leader_lies(bool digest_is_right)
{
    struct worker auditor;
    struct worker_plan audited = plan(ROLE_AUDITOR, "argus", 1);
    char dispute[256];

    audited.last = SCENE_WINDOW;
    scene_begin();
    stage_lie(1, digest_is_right);
    worker_start(&auditor, &audited);
    worker_wait(&auditor);
    scene_results(SCENE_WINDOW, dispute, sizeof dispute);
    check(strncmp(auditor.report, "dispute", 7) == 0 &&
              strcmp(auditor.report + 7, dispute + 6) == 0,
          "the auditor said \"%s\"", auditor.report);
    check_scene(SCENE_WINDOW - 1, 0);
    settle(2, 0);
}

static void worker_must_say(const struct worker_plan *planned, const char *beginning)
{
    struct worker worker;

    worker_start(&worker, planned);
    worker_wait(&worker);
    check(strncmp(worker.report, beginning, strlen(beginning)) == 0,
          "fence %" PRId64 ": \"%s\", not \"%s\"", planned->fence, worker.report, beginning);
}

/* ---- The table ---- */

/* At how many steps they could die, when they did. */
static uint64_t leader_steps;
static uint64_t auditor_steps;

static const char *leader_killed(void)
{
    for (leader_steps = 1; leader_dies(FATE_KILLED, leader_steps) && !has_failed;
         leader_steps++) {
    }
    return "a leader that dies at any step loses and doubles nothing";
}

static const char *leader_torn(void)
{
    for (uint64_t step = 1; leader_dies(FATE_TORN, step) && !has_failed; step += 3) {
    }
    return "nor does one that dies in the middle of a write";
}

static const char *auditor_killed(void)
{
    for (auditor_steps = 1; auditor_dies(FATE_KILLED, auditor_steps) && !has_failed;
         auditor_steps++) {
    }
    return "an auditor that dies at any step is replaced under the same fence";
}

static const char *both_killed(void)
{
    for (uint64_t l = 1; l < leader_steps; l += stride) {
        for (uint64_t a = 1 + l % stride; a < auditor_steps && !has_failed; a += stride) {
            both_die(l, a);
        }
    }
    return "a pair that dies at any two steps leaves the windows to the next";
}

static const char *old_leader_woken(void)
{
    for (uint64_t step = 1; leader_sleeps(step) && !has_failed; step++) {
    }
    return "an old leader that wakes up at any step changes nothing";
}

static const char *leader_liar(void)
{
    leader_lies(true);
    leader_lies(false);
    return "rows other than their leader digested, or should have, are disputed, and not "
           "published";
}

/* Whoever claims a result has at most endorsed it: two must have computed what is published. */
static const char *claimant(void)
{
    struct publication published;
    enum sink_answer answer = SINK_ACCEPTED;
    struct claim claim = {.window = SCENE_WINDOW, .fence = 1, .member = "helios"};
    struct rollup rows;
    struct sink s;

    scene_begin();
    scene_open(&s, "helios");
    rollup_init(&rows);
    check(sink_read(&s, SCENE_WINDOW, &rows), "%s", s.error);
    claim.digest = rollup_digest(&rows, SCENE_WINDOW);
    check(sink_endorse(&s, &claim, &answer, &published) && answer == SINK_FENCE_TOO_HIGH &&
              !published.is_there,
          "an endorsement of what nobody has staged was taken");
    rollup_finish(&rows);
    sink_finish(&s);
    check_scene(SCENE_WINDOW - 1, 0);
    settle(1, 0);
    return "a claim about rows that are not in the sink publishes nothing";
}

static const char *bad_fences(void)
{
    struct worker_plan high = plan(ROLE_LEADER, "helios", INT64_C(1) << 40);
    struct worker_plan old = plan(ROLE_LEADER, "atlas", 1);

    scene_begin();
    worker_must_say(&high, "fail ");
    stage_lie(1, true);
    settle(2, 0);
    worker_must_say(&high, "fail ");
    worker_must_say(&old, OVERTAKEN);
    check_scene(LAST, 0);
    return "a fence 2^40 too high is a failure of its bearer only; an old one names the newer";
}

/* What ends its wait is a newer fence, and not its deadline. */
static const char *overtaken(void)
{
    const struct worker_plan led = plan(ROLE_LEADER, "atlas", 1);
    const int64_t start_ms = instant_monotonic_ms();
    struct progress progress = {0};
    struct worker leader;
    struct sink s;

    scene_begin();
    worker_start(&leader, &led);
    scene_open(&s, "helios");
    while (!progress.is_staged &&
           check(sink_progress(&s, SCENE_WINDOW, 1, &progress), "lost")) {
        instant_sleep_ms(2);
    }
    sink_finish(&s);
    stage_lie(2, true);
    worker_wait(&leader);
    check(strcmp(leader.report, OVERTAKEN) == 0, "it said \"%s\"", leader.report);
    check(instant_monotonic_ms() - start_ms < SCENE_PATIENCE_MS / 2, "it waited on");
    settle(3, 0);
    return "a worker that waits ends when a newer grant has written";
}

static const char *(*const rows[])(void) = {leader_killed, leader_torn,      auditor_killed,
                                            both_killed,   old_leader_woken, leader_liar,
                                            claimant,      bad_fences,       overtaken};
#define ROWS (sizeof rows / sizeof *rows)

/* crash_table [ADDRESS]: for ADDRESS see scene_use_server. */
int main(int argc, char **argv)
{
    bool all_well = sodium_init() >= 0;

    if (argc > 1) {
        scene_use_server(argv[1]);
        stride = 5; /* for there are fewer */
    }
    printf("1..%zu\n", ROWS);
    for (size_t i = 0; i < ROWS; i++) {
        has_failed = false;
        const char *name = rows[i]();
        printf("# %" PRIu64 " steps of a leader, %" PRIu64 " of an auditor\n", leader_steps,
               auditor_steps);
        printf("%s %zu - %s\n", has_failed ? "not ok" : "ok", i + 1, name);
        (void)fflush(stdout);
        all_well = all_well && !has_failed;
    }
    scene_end();
    return all_well ? 0 : 1;
}

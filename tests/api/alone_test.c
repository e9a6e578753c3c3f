/* A real agent with a real worker: what it is given, what is made of what it says, its end, and
 * a log that a crash cannot shorten. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <signal.h>
#include <sodium.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/aborts.h"
#include "agent/node_parts.h"
#include "tests/api/alone.h"
#include "tests/disk/scratch.h"

#define DIGEST "00112233445566778899aabbccddeeff"
#define WINDOWS "k=$OSTRAKON_FIRST_WINDOW; while [ $k -le $OSTRAKON_LAST_WINDOW ]; do "
#define RESULTS WINDOWS "echo result $k " DIGEST "; k=$((k+1)); done"

static struct alone t;
static char script[2048];

static uint32_t count_events(const char *code)
{
    struct store_events events = alone_events(&t, code, false);
    const uint32_t count = events.count;
    store_events_finish(&events);
    return count;
}

static bool has_settled(struct alone *self)
{
    const struct cluster *c = &self->agent->node->deciding.cluster;
    return c->windows.settled[(c->windows.next - 1) % SETTLED_KEPT].window != 0;
}

static void run(bool (*is_so)(struct alone *t))
{
    alone_open(&t);
    const bool was_so = alone_run(&t, is_so);
    alone_close(&t);
    cr_assert(was_so);
}

Test(alone, gives_the_worker_its_facts_and_takes_its_results)
{
    snprintf(script, sizeof script, "cat > %s; env > %s; " RESULTS "; echo done >&2",
             scratch_path("facts.json"), scratch_path("facts.env"));
    alone_init(&t, script, NULL);
    run(has_settled);
    size_t size = 0;
    uint8_t *json = file_load(scratch_path("facts.json"), &size);
    static const char *const facts[] = {"\"event\":\"grant\"",   "\"role\":\"leader\"",
                                        "\"cluster\":\"alone\"", "\"member\":\"atlas\"",
                                        "\"fence\":\"",          "\"window_s\":1"};
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) {
        cr_assert(memmem(json, size, facts[i], strlen(facts[i])) != NULL, "%.*s", (int)size,
                  (const char *)json);
    }
    free(json);
    uint8_t *env = file_load(scratch_path("facts.env"), &size);
    cr_assert(memmem(env, size, "OSTRAKON_ROLE=leader\n", 21) != NULL);
    cr_assert(memmem(env, size, "OSTRAKON_DEADLINE_MS=", 21) != NULL);
    free(env);
    cr_assert(gt(u32, count_events("OST-3101"), 0));
    cr_assert(gt(u32, count_events("OST-6004"), 0)); /* done */
    cr_assert(eq(u32, count_events("OST-6002"), 0));
}

static bool has_failed(struct alone *self)
{
    return self->agent->node->deciding.cluster.failed_fence[0] != 0;
}

Test(alone, hands_in_a_failure_with_its_reason)
{
    alone_init(&t, "echo fail the sink is away; exit 0", NULL);
    run(has_failed);
    struct store_events events = alone_events(&t, "OST-3103", false);
    cr_assert(gt(u32, events.count, 0));
    cr_assert(strstr(events.list[0].message, "the sink is away") != NULL, "%s",
              events.list[0].message);
    store_events_finish(&events);
}

Test(alone, takes_a_worker_that_cannot_be_run_for_failed)
{
    alone_init(&t, "exec /nowhere/at/all", NULL);
    run(has_failed);
    cr_assert(gt(u32, count_events("OST-6002"), 0));
}

/* Written by the script; 0: not yet. */
static pid_t worker_pid(void)
{
    int pid = 0;
    FILE *file = fopen(scratch_path("pid"), "r");
    if (file != NULL) {
        (void)!fscanf(file, "%d\n", &pid);
        fclose(file);
    }
    return pid;
}

static bool is_working(struct alone *self)
{
    (void)self;
    return worker_pid() > 0;
}

static bool is_dead(void *context)
{
    (void)context;
    return kill(worker_pid(), 0) != 0 && errno == ESRCH;
}

Test(alone, takes_the_worker_along_when_it_ends)
{
    snprintf(script, sizeof script, "echo $$ > %s; exec sleep 600", scratch_path("pid"));
    alone_init(&t, script, NULL);
    run(is_working);
    cr_assert(wait_until(is_dead, NULL));
}

static bool is_revoked(struct alone *self)
{
    static bool was_stopped;
    if (worker_pid() > 0 && !was_stopped) {
        was_stopped = true;
        worker_stop(self->agent);
    }
    return access(scratch_path("revoked"), F_OK) == 0 &&
           !self->agent->worker.revoke.hook.running;
}

Test(alone, runs_the_revoke_hook_when_the_worker_was_stopped)
{
    char revoke[1024];
    snprintf(script, sizeof script, "echo $$ > %s; exec sleep 600", scratch_path("pid"));
    snprintf(revoke, sizeof revoke, "kill -0 $(cat %s) 2>&- || echo $OSTRAKON_EVENT > %s",
             scratch_path("pid"), scratch_path("revoked"));
    alone_init(&t, script, revoke);
    run(is_revoked);
}

Test(alone, bounds_what_a_worker_writes_into_the_log)
{
    alone_init(&t,
               "i=0; while [ $i -lt 300 ]; do echo noise $i >&2; echo rubbish $i; i=$((i+1)); "
               "done; " RESULTS "; exec sleep 600",
               NULL);
    run(has_settled);
    cr_assert(eq(u32, count_events("OST-6004"), 50));
    cr_assert(eq(u32, count_events("OST-6003"), 5));
}

/* The agent hangs for longer than its worker's lease, once, when that is at work. */
static bool has_hung_and_settled(struct alone *self)
{
    static bool hung;
    if (!hung && access(scratch_path("begun"), F_OK) == 0) {
        hung = true;
        usleep(1500000);
    }
    return hung && has_settled(self);
}

Test(alone, starts_a_worker_whose_lease_ran_out_again_under_the_same_fence)
{
    snprintf(script, sizeof script, "[ -e %s ] || { : > %s; sleep 9; }; " RESULTS,
             scratch_path("begun"), scratch_path("begun"));
    alone_init(&t, script, NULL);
    run(has_hung_and_settled);
    cr_assert(eq(u32, count_events("OST-6002"), 1)); /* killed, its time was over */
    cr_assert(eq(u32, count_events("OST-3103"), 0)); /* which is no failure */
}

static void die_of_damage(void)
{
    char error[ABORTS_ERROR_BYTES];
    struct aborts_found before = {0};
    const char *path = scratch_path("aborts");
    const pid_t child = fork();
    if (child == 0) {
        signal(SIGABRT, SIG_DFL);
        if (aborts_open(path, clock_unix_ms(), &before, error)) {
            aborts_watch(NULL, NULL);
            abort();
        }
        _exit(1);
    }
    int status = 0;
    cr_assert(eq(int, waitpid(child, &status, 0), child));
    const bool killed = WIFSIGNALED(status);
    cr_assert(killed);
}

static bool has_begun_to_neuter(struct alone *self)
{
    return self->agent->neuter.begun;
}

Test(alone, votes_after_two_aborts_and_is_neutered_by_the_third_within_an_hour)
{
    alone_init(&t, RESULTS, NULL);
    die_of_damage();
    die_of_damage();
    run(has_settled);
    cr_assert(eq(int, access(scratch_path("vote.pem"), F_OK), 0));
    die_of_damage();
    run(has_begun_to_neuter);
    cr_assert(eq(int, access(scratch_path("vote.pem"), F_OK), -1));
    cr_assert(eq(sz, file_size(scratch_path("latch")), LATCH_BYTES));
}

/* An error of one of its minds that no digest of what lies at rest can see. */
static bool has_differed(struct alone *self)
{
    struct node *n = self->agent->node;
    if (!self->agent->neuter.begun && has_settled(self)) {
        n->deciding.own.seq += 4;
        node_seal_first(n);
    }
    return self->agent->neuter.begun;
}

Test(alone, starts_anew_when_its_minds_differ_and_is_neutered_the_second_time_within_a_day)
{
    alone_init(&t, RESULTS, NULL);
    run(has_differed);
    cr_assert(eq(int, access(scratch_path("vote.pem"), F_OK), 0));
    cr_assert(eq(int, access(scratch_path("latch"), F_OK), -1));
    cr_assert(eq(u32, count_events("OST-1309"), 1));
    cr_assert(eq(u32, count_events("OST-1301"), 0));
    run(has_settled);
    cr_assert(eq(u32, count_events("OST-1308"), 1));
    run(has_differed);
    cr_assert(eq(int, access(scratch_path("vote.pem"), F_OK), -1));
    cr_assert(eq(sz, file_size(scratch_path("latch")), LATCH_BYTES));
}

/* While the gate measures, so after the two have agreed and before the signature. */
static void change_words(void *self, enum bend where, uint32_t index, void *bytes,
                         size_t size_bytes)
{
    struct effects *out = t.agent->effects;
    (void)self;
    (void)index;
    (void)bytes;
    (void)size_bytes;
    for (uint32_t i = 0; where == BEND_FILL && i < out->count; i++) {
        if (out->list[i].kind == EFFECT_SIGN) {
            out->outbox[out->list[i].body.offset] ^= 1;
            return;
        }
    }
}

static bool has_signed_changed_words(struct alone *self)
{
    if (has_settled(self)) {
        self->agent->gate.seams.bend = change_words;
    }
    return self->agent->neuter.begun;
}

Test(alone, signs_no_words_that_changed_after_its_minds_agreed_and_is_neutered_the_second_time)
{
    alone_init(&t, RESULTS, NULL);
    run(has_signed_changed_words);
    cr_assert(eq(int, access(scratch_path("vote.pem"), F_OK), 0));
    cr_assert(eq(u32, count_events("OST-1309"), 1));
    run(has_settled);
    run(has_signed_changed_words);
    cr_assert(eq(int, access(scratch_path("vote.pem"), F_OK), -1));
    cr_assert(eq(sz, file_size(scratch_path("latch")), LATCH_BYTES));
}

static void draw_sevens(void *const out, const size_t size_bytes)
{
    memset(out, 7, size_bytes);
}

static const char *name_of_sevens(void)
{
    return "sevens";
}

static uint32_t draw_one_of_sevens(void)
{
    return 0x07070707;
}

static struct randombytes_implementation sevens = {
    .implementation_name = name_of_sevens, .random = draw_one_of_sevens, .buf = draw_sevens};

static bool has_drawn_sevens(struct alone *self)
{
    if (has_settled(self)) {
        (void)randombytes_set_implementation(&sevens);
    }
    return self->agent->neuter.begun;
}

Test(alone, is_neutered_by_the_second_step_with_the_same_random_number)
{
    alone_init(&t, RESULTS, NULL);
    run(has_drawn_sevens);
    cr_assert(eq(u32, count_events("OST-1301"), 1));
    cr_assert(eq(sz, file_size(scratch_path("latch")), LATCH_BYTES));
}

/* The terminal that it was started from closes. */
static bool has_settled_after_hangup(struct alone *self)
{
    static bool was_hung_up;
    if (!was_hung_up) {
        was_hung_up = true;
        kill(getpid(), SIGHUP);
    }
    return has_settled(self);
}

Test(alone, goes_on_when_its_terminal_closes)
{
    alone_init(&t, RESULTS, NULL);
    run(has_settled_after_hangup);
}

static bool has_some_height(struct alone *self)
{
    const struct cluster *c = &self->agent->node->deciding.cluster;
    return c->height >= 10 && has_settled(self);
}

static bool at_once(struct alone *self)
{
    (void)self;
    return true;
}

static void forget_half(void)
{
    sqlite3 *database = NULL;
    cr_assert(eq(int, sqlite3_open(scratch_path("ostrakon.db"), &database), SQLITE_OK));
    cr_assert(
        eq(int,
           sqlite3_exec(database, "DELETE FROM event WHERE ordinal >= 0 AND height % 2 = 1",
                        NULL, NULL, NULL),
           SQLITE_OK));
    cr_assert(gt(int, sqlite3_changes(database), 0));
    sqlite3_close(database);
}

/* As if it had died between a block and its events. */
Test(alone, writes_again_the_events_that_a_crash_kept_from_the_log)
{
    alone_init(&t, RESULTS, NULL);
    run(has_some_height);
    struct store_events before = alone_events(&t, NULL, true);
    cr_assert(gt(u32, before.count, 2));
    forget_half();
    run(at_once);
    struct store_events after = alone_events(&t, NULL, true);
    cr_assert(ge(u32, after.count, before.count));
    for (uint32_t i = 0; i < before.count; i++) {
        const struct store_event *b = &before.list[i];
        const struct store_event *a = &after.list[i];
        cr_assert(eq(u64, a->height, b->height));
        cr_assert(eq(i32, a->ordinal, b->ordinal));
        cr_assert(eq(u64, a->time_ms, b->time_ms));
        cr_assert(strcmp(a->code, b->code) == 0, "%s %s", a->code, b->code);
        cr_assert(strcmp(a->message, b->message) == 0, "%s", a->message);
    }
    store_events_finish(&before);
    store_events_finish(&after);
}

/* Hooks of standings, with an agent that has a loop and a state, and nothing else: in which
 * order they run, and what one is told whose member has changed again while it waited. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/agent.h"
#include "tests/disk/scratch.h"

#define PATIENCE_MS 10000u
#define POLL_MS 5u
#define TOLD_BYTES 4096u
#define SELF 1u

static struct agent a;
static struct node node;
static struct loop_timer *poll_timer;
static uint64_t deadline_ms;

/* Each writes a line; one that begins while `wait` is there goes on when it is gone. While
 * `fail` is there, those of removals fail. */
static void set_hook(struct hook_command *hook, const char *line)
{
    char script[1024];
    const char *const words[] = {"/bin/sh", "-c", script};
    snprintf(script, sizeof script,
             "echo \"%s\" >> %s; while [ -e %s ]; do sleep 0.01; done; "
             "[ $OSTRAKON_EVENT != lock_out ] || [ ! -e %s ]",
             line, scratch_path("told"), scratch_path("wait"), scratch_path("fail"));
    *hook = (struct hook_command){.count = 3};
    for (uint32_t i = 0; i < hook->count; i++) {
        const size_t size = strlen(words[i]) + 1;
        memcpy(hook->text + hook->size_bytes, words[i], size);
        hook->size_bytes += (uint32_t)size;
    }
}

/* hooks.c looks beside the running program. */
static void provide_keeper(void)
{
    char program[COMPANION_PATH_MAX] = "";
    char beside[COMPANION_PATH_MAX + 32];
    const ssize_t size = readlink("/proc/self/exe", program, sizeof program - 1);
    cr_assert(size > 0);
    *strrchr(program, '/') = '\0';
    snprintf(beside, sizeof beside, "%s/ostrakon-keeper", program);
    (void)!symlink(KEEPER, beside); /* there already, as a rule */
}

static void prepare(void)
{
    static const char *const names[] = {"atlas", "helios", "argus"};
    struct cluster *c = &node.deciding.cluster;
    provide_keeper();
    a.node = &node;
    a.loop = loop_create();
    a.config.member = SELF;
    snprintf(a.config.name, sizeof a.config.name, "%s", names[SELF]);
    snprintf(a.config.founding.name, sizeof a.config.founding.name, "test");
    snprintf(c->name, sizeof c->name, "test");
    c->height = 7;
    c->member_count = sizeof names / sizeof names[0];
    for (uint32_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(c->member[i].name, sizeof c->member[i].name, "%s", names[i]);
        snprintf(c->member[i].address, sizeof c->member[i].address, "[::%u]:1", i + 1);
        c->member[i].term = 1;
    }
    set_hook(&a.config.lock_out, "out $OSTRAKON_SUBJECT $OSTRAKON_STANDING $OSTRAKON_TERM");
    set_hook(&a.config.standing, "$OSTRAKON_SUBJECT $OSTRAKON_STANDING $OSTRAKON_TERM");
}

static void finish(void)
{
    events_finish(&a);
    loop_destroy(a.loop);
}

TestSuite(events, .init = prepare, .fini = finish);

static void change(uint32_t member, enum standing standing)
{
    struct member *m = &node.deciding.cluster.member[member];
    m->standing = standing;
    m->term++;
    node.deciding.cluster.height++;
    events_watch(&a);
}

static void put(const char *name)
{
    close(open(scratch_path(name), O_CREAT | O_WRONLY, 0600));
}

/* Hooks that run do not end from now on. */
static void hold(void)
{
    put("wait");
}

static void go_on(void)
{
    unlink(scratch_path("wait"));
}

static bool is_quiet(void)
{
    return !a.events.standing.hook.running && !a.events.neuter.hook.running;
}

static void on_time(void *context)
{
    (void)context;
    if (is_quiet() || clock_monotonic_ms() >= deadline_ms) {
        loop_stop(a.loop);
        return;
    }
    loop_timer_set(poll_timer, clock_monotonic_ms() + POLL_MS);
}

/* Until nothing runs, and so nothing is due. */
static void run(void)
{
    deadline_ms = clock_monotonic_ms() + PATIENCE_MS;
    poll_timer = loop_timer_create(a.loop, on_time, NULL);
    loop_timer_set(poll_timer, 0);
    loop_run(a.loop);
    loop_timer_destroy(poll_timer);
    cr_assert(is_quiet(), "a hook still runs");
}

/* All lines, and forgets them. */
static const char *told(void)
{
    static char text[TOLD_BYTES];
    text[0] = '\0';
    FILE *file = fopen(scratch_path("told"), "r");
    if (file != NULL) {
        text[fread(text, 1, sizeof text - 1, file)] = '\0';
        fclose(file);
        unlink(scratch_path("told"));
    }
    return text;
}

#define TOLD(lines)                                                                            \
    do {                                                                                       \
        const char *was = told();                                                              \
        cr_expect(strcmp(was, lines) == 0, "%s", was);                                         \
    } while (false)

Test(events, tell_everybody_at_the_start_this_member_first)
{
    set_hook(&a.config.standing, "$OSTRAKON_SUBJECT $OSTRAKON_HEIGHT $OSTRAKON_GOOD, "
                                 "$OSTRAKON_EVENT $OSTRAKON_MEMBER $OSTRAKON_CLUSTER");
    node.deciding.cluster.member[2].standing = STANDING_SUSPENDED;
    events_begin(&a);
    run();
    TOLD("helios 7 atlas=[::1]:1 helios=[::2]:1, standing helios test\n"
         "atlas 7 atlas=[::1]:1 helios=[::2]:1, standing helios test\n"
         "argus 7 atlas=[::1]:1 helios=[::2]:1, standing helios test\n");
}

Test(events, tell_a_removal_by_both_and_a_return_by_one)
{
    events_begin(&a);
    run();
    (void)told();
    change(0, STANDING_SUSPENDED);
    run();
    TOLD("out atlas suspended 2\natlas suspended 2\n");
    change(0, STANDING_GOOD);
    run();
    TOLD("atlas good 3\n");
    change(2, STANDING_LEFT);
    run();
    TOLD("out argus left 2\nargus left 2\n");
    events_watch(&a);
    run();
    TOLD("");
}

/* standing.md, section 6.3: tokens, names and hooks but grant are untouched. */
Test(events, are_kept_while_the_cluster_only_observes_and_told_when_it_acts)
{
    events_begin(&a);
    run();
    (void)told();
    node.deciding.cluster.observes = true;
    change(0, STANDING_LOCKED_OUT);
    change(2, STANDING_SUSPENDED);
    change(2, STANDING_GOOD);
    run();
    TOLD("");
    node.deciding.cluster.observes = false;
    events_watch(&a);
    run();
    TOLD("out atlas locked_out 2\nhelios good 1\natlas locked_out 2\nargus good 3\n");
}

/* Its role in a database has the name that it was founded with. */
Test(events, tell_of_a_renamed_member_by_the_name_that_it_was_founded_with)
{
    struct founding *f = &a.config.founding;
    f->member_count = 1;
    snprintf(f->members[0].name, sizeof f->members[0].name, "atlas");
    snprintf(node.deciding.cluster.member[0].name, NAME_SIZE_BYTES, "zeus");
    set_hook(&a.config.standing, "$OSTRAKON_SUBJECT of $OSTRAKON_GOOD");
    events_begin(&a);
    run();
    (void)told();
    change(0, STANDING_GOOD);
    run();
    TOLD("atlas of atlas=[::1]:1 helios=[::2]:1 argus=[::3]:1\n");
}

Test(events, tell_a_removal_before_what_else_is_due)
{
    hold();
    events_begin(&a); /* helios' own runs */
    change(2, STANDING_NEUTERED);
    go_on();
    run();
    TOLD("helios good 1\nout argus neutered 2\natlas good 1\nargus neutered 2\n");
}

Test(events, tell_only_the_last_of_changes_during_another)
{
    hold();
    events_begin(&a);
    change(0, STANDING_SUSPENDED);
    change(2, STANDING_SUSPENDED);
    change(0, STANDING_GOOD);
    change(2, STANDING_LOCKED_OUT);
    go_on();
    run();
    TOLD("helios good 1\nout argus locked_out 3\natlas good 3\nargus locked_out 3\n");
}

Test(events, pass_over_a_hook_that_is_not_there_or_cannot_be_run)
{
    a.config.lock_out.count = 0;
    events_begin(&a);
    run();
    (void)told();
    change(0, STANDING_SUSPENDED);
    run();
    TOLD("atlas suspended 2\n");
    a.config.lock_out = (struct hook_command){1, 9, "/nowhere"};
    change(0, STANDING_LOCKED_OUT);
    run();
    TOLD("atlas locked_out 3\n");
}

/* As if the time to try again had come. */
static void be_patient(void)
{
    cr_assert(a.events.again_ms > clock_monotonic_ms());
    events_watch(&a);
    cr_assert(is_quiet(), "it is tried at once");
    a.events.again_ms = 0;
    events_watch(&a);
    run();
}

Test(events, that_could_not_be_told_are_told_again_as_they_are_then)
{
    events_begin(&a);
    run();
    (void)told();
    put("fail");
    change(0, STANDING_SUSPENDED);
    run();
    TOLD("out atlas suspended 2\natlas suspended 2\n");
    be_patient();
    TOLD("out atlas suspended 2\n");
    const uint64_t first_ms = a.events.again_ms - clock_monotonic_ms();
    be_patient();
    TOLD("out atlas suspended 2\n");
    cr_expect(a.events.again_ms - clock_monotonic_ms() > first_ms, "ever later");
    unlink(scratch_path("fail"));
    be_patient();
    TOLD("out atlas suspended 2\n");
    a.events.again_ms = 0;
    events_watch(&a);
    run();
    TOLD("");
    cr_expect(zero(u32, a.events.failures));
}

Test(events, that_failed_are_not_repeated_once_the_standing_has_changed)
{
    events_begin(&a);
    run();
    (void)told();
    put("fail");
    change(0, STANDING_SUSPENDED);
    run();
    change(0, STANDING_GOOD);
    run();
    (void)told();
    a.events.again_ms = 0;
    events_watch(&a);
    run();
    TOLD("");
}

Test(events, start_nothing_more_in_an_agent_that_is_damaged)
{
    hold();
    events_begin(&a);
    a.neuter.begun = true;
    go_on();
    run();
    TOLD("helios good 1\n");
}

Test(events, say_that_this_member_is_unfit_and_why)
{
    set_hook(&a.config.neuter, "$OSTRAKON_EVENT $OSTRAKON_MEMBER: $OSTRAKON_REASON");
    a.config.standing.count = 0;
    a.neuter.cause = NEUTER_KEY_MISSING;
    snprintf(a.neuter.why, sizeof a.neuter.why, "it was eaten");
    events_begin(&a);
    run();
    TOLD("neuter helios: helios only follows: it has no vote key: it was eaten.\n");
}

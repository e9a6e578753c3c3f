/* The marks that an agent's deaths of its own damage leave behind. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "agent/aborts.h"

#include "tests/disk/scratch.h"

#define POISON_EXIT 9

static uint64_t now_unix_ms(void)
{
    return (uint64_t)time(NULL) * 1000;
}

static struct aborts_found found(uint64_t unix_ms)
{
    char error[ABORTS_ERROR_BYTES] = "";
    struct aborts_found found = {0};
    cr_assert(aborts_open(scratch_path("aborts"), unix_ms, &found, error), "%s", error);
    aborts_finish();
    return found;
}

static uint32_t marks(uint64_t unix_ms)
{
    return found(unix_ms).deaths;
}

static void on_poisoned(void *context)
{
    (void)context;
    _exit(POISON_EXIT);
}

static void die_of_abort(void)
{
    abort();
}

/* The machine is to object here, not a sanitizer. */
#define UNCHECKED __attribute__((no_sanitize("address", "undefined")))

UNCHECKED static void die_of_fault(void)
{
    volatile int *volatile nowhere = NULL;
    *nowhere = 1; /* NOLINT(clang-analyzer-core.NullDereference) */
}

UNCHECKED static void die_of_division(void)
{
    volatile int zero = 0;
    volatile int many = 7;
    volatile int result = many / zero; /* NOLINT(clang-analyzer-core.DivideZero) */
    (void)result;
}

static void die_of_poison(void)
{
    siginfo_t info = {.si_signo = SIGBUS, .si_code = BUS_MCEERR_AR};
    syscall(SYS_rt_sigqueueinfo, getpid(), SIGBUS, &info);
}

static void wait_for_a_signal(void)
{
    pause();
}

static pid_t start(void (*end)(void))
{
    const char *path = scratch_path("aborts"); /* made by this process */
    const pid_t child = fork();
    if (child == 0) {
        char error[ABORTS_ERROR_BYTES];
        struct aborts_found before = {0};
        const struct rlimit none = {0, 0};
        setrlimit(RLIMIT_CORE, &none);
        for (int number = 1; number < SIGRTMIN; number++) {
            signal(number, SIG_DFL); /* not the sanitizers' and Criterion's */
        }
        if (!aborts_open(path, now_unix_ms(), &before, error)) {
            _exit(1);
        }
        aborts_watch(on_poisoned, NULL);
        end();
        _exit(0);
    }
    return child;
}

/* How a process that ends so is seen from outside. */
static int status_of(pid_t child)
{
    int status = 0;
    cr_assert(eq(int, waitpid(child, &status, 0), child));
    return status;
}

static int signal_of(int status)
{
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static int exit_of(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

Test(aborts, a_failed_assertion_leaves_a_mark_and_ends_as_ever)
{
    const int status = status_of(start(die_of_abort));
    cr_assert(eq(int, signal_of(status), SIGABRT));
    cr_assert(eq(u32, marks(now_unix_ms()), 1));
    (void)status_of(start(die_of_abort));
    cr_assert(eq(u32, marks(now_unix_ms()), 2));
}

Test(aborts, a_fault_of_memory_or_arithmetic_leaves_a_mark)
{
    int status = status_of(start(die_of_fault));
    cr_assert(eq(int, signal_of(status), SIGSEGV));
    status = status_of(start(die_of_division));
    cr_assert(eq(int, signal_of(status), SIGFPE));
    cr_assert(eq(u32, marks(now_unix_ms()), 2));
}

Test(aborts, marks_are_forgotten_after_an_hour)
{
    (void)status_of(start(die_of_abort));
    cr_assert(eq(u32, marks(now_unix_ms() + ABORTS_RECENT_MS + 1000), 0));
    cr_assert(eq(u32, marks(now_unix_ms()), 0)); /* what was old is gone for good */
}

Test(aborts, a_clock_that_was_set_back_keeps_no_mark_for_ever)
{
    (void)status_of(start(die_of_abort));
    cr_assert(eq(u32, marks(now_unix_ms() - ABORTS_RECENT_MS - 1000), 0));
}

Test(aborts, a_torn_mark_is_one)
{
    (void)status_of(start(die_of_abort));
    size_t size_bytes = 0;
    uint8_t *bytes = file_load(scratch_path("aborts"), &size_bytes);
    file_save(scratch_path("aborts"), bytes, size_bytes / 2);
    cr_assert(eq(int, truncate(scratch_path("aborts"), (off_t)(size_bytes / 2)), 0));
    free(bytes);
    cr_assert(eq(u32, marks(now_unix_ms()), 1));
    cr_assert(eq(u32, marks(now_unix_ms() + ABORTS_RECENT_MS + 1000), 0));
}

Test(aborts, a_signal_that_somebody_sends_is_no_damage)
{
    const pid_t child = start(wait_for_a_signal);
    usleep(100000);
    kill(child, SIGABRT);
    const int status = status_of(child);
    cr_assert(eq(int, signal_of(status), SIGABRT));
    cr_assert(eq(u32, marks(now_unix_ms()), 0));
}

Test(aborts, a_poisoned_page_is_told_before_all_else)
{
    const int status = status_of(start(die_of_poison));
    cr_assert(eq(int, exit_of(status), POISON_EXIT));
}

Test(aborts, a_file_that_cannot_be_made_is_named)
{
    char error[ABORTS_ERROR_BYTES] = "";
    struct aborts_found before = {0};
    cr_assert(not(aborts_open(scratch_path("none/aborts"), now_unix_ms(), &before, error)));
    cr_assert(strstr(error, "none/aborts cannot be read and written") != NULL, "%s", error);
}

static void mark_a_difference(void)
{
    cr_assert(aborts_mark_difference());
}

Test(aborts, a_difference_is_remembered_for_a_day_and_is_no_death)
{
    (void)status_of(start(mark_a_difference));
    (void)status_of(start(die_of_abort));
    struct aborts_found seen = found(now_unix_ms());
    cr_assert(eq(u32, seen.differences, 1));
    cr_assert(eq(u32, seen.deaths, 1));
    seen = found(now_unix_ms() + ABORTS_DIFFERED_MS - 60000);
    cr_assert(eq(u32, seen.differences, 1));
    cr_assert(eq(u32, seen.deaths, 0));
    seen = found(now_unix_ms() + ABORTS_DIFFERED_MS + 1000);
    cr_assert(eq(u32, seen.differences, 0));
}

Test(aborts, a_difference_that_cannot_be_written_is_told)
{
    cr_assert(not(aborts_mark_difference()));
}

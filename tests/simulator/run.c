#include "run.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "world.h"

#define JOBS_MAX 16u
#define FAILURES_SHOWN 10u

/* What a process leaves behind, even one that a failed assert has ended. */
struct share {
    struct progress progress;
    struct summary sum; /* of the seeds that it has done */
};

/* In memory that all processes have in common. Who is done with a seed takes the next one: some
 * take a hundred times as long as others. */
struct common {
    _Atomic uint64_t next;
    struct share share[JOBS_MAX];
};

static void longest(struct summary *sum, uint64_t seed, uint64_t steps)
{
    if (steps > sum->longest_steps) {
        sum->longest_steps = steps;
        sum->longest_seed = seed;
    }
}

static void say_again(FILE *file, const struct run_options *o, uint64_t seed)
{
    fprintf(file, "; again: %s --world %s --seed 0x%" PRIx64 "\n", o->program,
            world_kind_text(o->world), seed);
}

void run_seed(const struct run_options *o, uint64_t seed, struct outcome *out)
{
    struct world *w = calloc(1, sizeof *w);
    assert(w != NULL);
    const struct plan plan = plan_of(o->world, seed);
    world_init(w, &plan, o->verbose);
    w->steps_max = o->steps_max;
    w->progress = o->progress;
    storm_begin(w);
    world_run(w, plan.storm_ms);
    if (!w->failed && (w->steps_max == 0 || w->steps_done < w->steps_max)) {
        calm_run(w);
    }
    *out = (struct outcome){
        .seed = seed, .trace = w->trace, .failed = w->failed, .counters = w->counters};
    memcpy(out->failure, w->failure, sizeof out->failure);
    world_finish(w);
    free(w);
}

static bool write_all(int file, const void *bytes, size_t size_bytes)
{
    const uint8_t *at = bytes;
    while (size_bytes > 0) {
        const ssize_t done = write(file, at, size_bytes);
        if (done < 0 && errno != EINTR) {
            return false;
        }
        if (done > 0) {
            at += done;
            size_bytes -= (size_t)done;
        }
    }
    return true;
}

static bool read_all(int file, void *bytes, size_t size_bytes)
{
    uint8_t *at = bytes;
    while (size_bytes > 0) {
        const ssize_t done = read(file, at, size_bytes);
        if (done == 0 || (done < 0 && errno != EINTR)) {
            return false;
        }
        if (done > 0) {
            at += done;
            size_bytes -= (size_t)done;
        }
    }
    return true;
}

static bool time_is_over(const struct run_options *o, const struct timespec *begun)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return o->seconds != 0 && now.tv_sec - begun->tv_sec >= (time_t)o->seconds;
}

/* What was found, in a pipe: a whole record of less than PIPE_BUF bytes, so that several may
 * write into one. */
struct found {
    uint64_t seed;
    char failure[sizeof((struct outcome *)0)->failure];
};

static void child(struct run_options o, uint32_t place, int pipe_end, struct common *common)
{
    static_assert(sizeof(struct found) <= 4096, "one write is one record");
    struct timespec begun;
    clock_gettime(CLOCK_MONOTONIC, &begun);
    struct share *const share = &common->share[place];
    o.progress = &share->progress;
    uint64_t seed;
    while ((seed = atomic_fetch_add(&common->next, 1)) <= o.last) {
        static struct outcome out;
        if (time_is_over(&o, &begun)) {
            break;
        }
        run_seed(&o, seed, &out);
        counters_add(&share->sum.counters, &out.counters);
        longest(&share->sum, seed, out.counters.steps);
        if (out.failed) {
            struct found found = {.seed = seed};
            memcpy(found.failure, out.failure, sizeof found.failure);
            if (!write_all(pipe_end, &found, sizeof found)) {
                break;
            }
        }
    }
}

static void take_in(const struct run_options *o, struct summary *sum, const struct found *found)
{
    sum->failures++;
    if (sum->failures <= FAILURES_SHOWN) {
        fprintf(stderr, "%s", found->failure);
        say_again(stderr, o, found->seed);
    }
}

static struct common *common_of(const struct run_options *o)
{
    struct common *common =
        mmap(NULL, sizeof *common, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (common == MAP_FAILED) {
        perror("mmap");
        exit(2);
    }
    atomic_store(&common->next, o->first);
    return common;
}

static pid_t start_child(const struct run_options *o, uint32_t place, const int ends[static 2],
                         struct common *common)
{
    const pid_t pid = fork();
    if (pid < 0) {
        perror("fork");
        exit(2);
    }
    if (pid == 0) {
        close(ends[0]);
        child(*o, place, ends[1], common);
        fflush(stdout);
        _exit(0); /* exit would move the place at which the parent reads its file of seeds */
    }
    return pid;
}

static void end_child(const struct run_options *o, struct summary *sum, pid_t pid,
                      const struct share *share)
{
    const struct progress *p = &share->progress;
    int status = 0;
    const bool enough = o->until_failure && sum->failures > 0;
    if (enough) {
        kill(pid, SIGKILL);
    }
    (void)waitpid(pid, &status, 0);
    if (!enough && (!WIFEXITED(status) || WEXITSTATUS(status) != 0)) {
        sum->failures++;
        fprintf(stderr, "S13: the core has failed, at %" PRIu64 " ms, step %" PRIu64, p->now_ms,
                p->step);
        say_again(stderr, o, p->seed);
    }
    counters_add(&sum->counters, &share->sum.counters);
    longest(sum, share->sum.longest_seed, share->sum.longest_steps);
}

void run_seeds(const struct run_options *o, struct summary *sum)
{
    pid_t children[JOBS_MAX] = {0};
    int ends[2];
    assert(o->jobs >= 1 && o->jobs <= JOBS_MAX);
    struct common *common = common_of(o);
    fflush(NULL);
    if (pipe(ends) != 0) {
        perror("pipe");
        exit(2);
    }
    for (uint32_t i = 0; i < o->jobs; i++) {
        children[i] = start_child(o, i, ends, common);
    }
    close(ends[1]);
    struct found found;
    while (!(o->until_failure && sum->failures > 0) &&
           read_all(ends[0], &found, sizeof found)) {
        take_in(o, sum, &found);
    }
    close(ends[0]);
    for (uint32_t i = 0; i < o->jobs; i++) {
        end_child(o, sum, children[i], &common->share[i]);
    }
    munmap(common, sizeof *common);
}

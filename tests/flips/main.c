/* flips --region NAME --count N [--seed S]: flips one bit in each of N victims, through
 * /proc/PID/mem, and says what became of it. See README.md. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "harvest.h"
#include "judge.h"
#include "regions.h"

#define WARM_MS 5000u /* of the script; from here each victim is forked */
#define STOP_SPREAD_MS 3000u
#define LINGER_MS 2600u    /* two ticks, and so a signature, whoever proposes */
#define PATIENCE_MS 20000u /* of real time; who takes longer hangs */
#define HURRY_US 12000u    /* within which a bit is flipped while steps are under way */
#define LEGACY_HEAD offsetof(struct legacy, bytes)

struct campaign {
    struct script script;
    struct victim victim;
    struct legacy *sound;
    struct legacy *legacy;
    uint64_t dice;
    bool verbose;
};

static uint64_t roll(struct campaign *c) /* splitmix64 */
{
    uint64_t z = (c->dice += 0x9e3779b97f4a7c15u);
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static uint64_t real_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void nap(uint64_t us)
{
    const struct timespec t = {.tv_sec = 0, .tv_nsec = (long)us * 1000};
    nanosleep(&t, NULL);
}

static struct legacy *legacy_map(void)
{
    struct legacy *l = mmap(NULL, sizeof *l, PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    assert(l != MAP_FAILED);
    return l;
}

/* A fork that stops itself, once it has come to `stop_ms`. */
static pid_t spawn(struct campaign *c, struct legacy *l, uint64_t stop_ms, bool at_words)
{
    assert(l != NULL);
    memset(l, 0, LEGACY_HEAD);
    l->stop_ms = stop_ms;
    l->stops_at_words = at_words;
    l->linger_ms = LINGER_MS;
    const pid_t pid = fork();
    assert(pid >= 0);
    if (pid == 0) {
        const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(nowhere, STDERR_FILENO); /* asserts are counted, not read */
        victim_live(&c->victim, l);
    }
    return pid;
}

/* How it ended or that it stopped; killed if it does neither. */
static int wait_for(pid_t pid, bool *hung)
{
    int status = 0;
    const uint64_t until_ms = real_ms() + PATIENCE_MS;
    *hung = false;
    while (waitpid(pid, &status, WUNTRACED | WNOHANG) == 0) {
        if (real_ms() >= until_ms) {
            *hung = true;
            kill(pid, SIGKILL);
            waitpid(pid, &status, 0);
            return status;
        }
        nap(300);
    }
    return status;
}

static bool flip(pid_t pid, uint64_t address, uint32_t bit)
{
    char path[32];
    uint8_t byte = 0;
    snprintf(path, sizeof path, "/proc/%d/mem", (int)pid);
    const int memory = open(path, O_RDWR | O_CLOEXEC);
    bool done = memory >= 0 && pread(memory, &byte, 1, (off_t)address) == 1;
    byte ^= (uint8_t)(1u << bit);
    done = done && pwrite(memory, &byte, 1, (off_t)address) == 1;
    if (memory >= 0) {
        close(memory);
    }
    return done;
}

/* The sound twin: the same fork, whom nobody stops or flips. */
static void live_soundly(struct campaign *c, struct legacy *l)
{
    bool hung = false;
    const int status = wait_for(spawn(c, l, UINT64_MAX, false), &hung);
    if (hung || !WIFEXITED(status) || WEXITSTATUS(status) != 0 || l->full) {
        fprintf(stderr, "flips: a sound victim does not live (status %x)\n", (unsigned)status);
        exit(EXIT_FAILURE);
    }
}

static void prepare(struct campaign *c)
{
    c->sound = legacy_map();
    c->legacy = legacy_map();
    script_record(&c->script);
    victim_make(&c->victim, &c->script, SCRIPT_BEGIN_MS + WARM_MS);
    live_soundly(c, c->sound);
    live_soundly(c, c->legacy);
    judge_learn(c->sound, &c->script);
    const struct legacy *a = c->sound;
    const struct legacy *b = c->legacy;
    if (a->count != b->count || memcmp(a->bytes, b->bytes, a->size_bytes) != 0) {
        fprintf(stderr, "flips: two sound victims do not say the same\n");
        exit(EXIT_FAILURE);
    }
}

static void run_one(struct campaign *c, enum region region, struct outcome *o)
{
    struct ranges ranges;
    struct legacy *l = c->legacy;
    const uint64_t stop_ms = SCRIPT_BEGIN_MS + WARM_MS + 1 + roll(c) % STOP_SPREAD_MS;
    const bool rests = region_rests(region) || (region != REGION_MOVING && roll(c) % 2 == 0);
    const pid_t pid = spawn(c, l, stop_ms, region == REGION_WORDS);
    const int stopped = wait_for(pid, &o->hung);
    assert(WIFSTOPPED(stopped));
    ranges_of(region, &c->victim, l, pid, &ranges);
    o->address = ranges_at(&ranges, roll(c) % ranges.size_bytes);
    o->bit = (uint32_t)(roll(c) % 8);
    if (!rests) {
        kill(pid, SIGCONT);
        nap(roll(c) % HURRY_US);
    }
    o->flipped = flip(pid, o->address, o->bit);
    o->flipped_ms = l->now_ms;
    l->flipped_ms = o->flipped_ms;
    kill(pid, SIGCONT);
    const int status = wait_for(pid, &o->hung);
    o->crash_signal = WIFSIGNALED(status) && !o->hung ? WTERMSIG(status) : 0;
    o->fatal = l->fatal && WIFEXITED(status) && WEXITSTATUS(status) == AGENT_EXIT_DAMAGED;
    o->odd_exit = WIFEXITED(status) && WEXITSTATUS(status) != 0 && !o->fatal;
    o->fatal_ms = l->fatal_ms;
    o->reference = l->finding.id;
    o->signatures = l->signatures;
    judge(c->sound, l, &c->script, &o->verdict);
}

static bool run_region(struct campaign *c, enum region region, uint32_t count)
{
    struct harvest *r = harvest_create(region, count);
    for (uint32_t i = 0; i < count; i++) {
        struct outcome o = {.flipped = false};
        const uint64_t dice = c->dice;
        run_one(c, region, &o);
        harvest_add(r, &o);
        if (o.verdict.wrong > 0 || c->verbose) {
            printf("%s", o.verdict.wrong > 0 ? "WRONG SIGNATURE " : "");
            printf("%s: bit %u of %" PRIx64 " at %" PRIu64 " ms, dice %" PRIx64 ": R%02u, %u "
                   "signed\n",
                   region_text(region), o.bit, o.address, o.flipped_ms, dice, o.reference,
                   o.signatures);
        }
    }
    const bool good = harvest_print(r);
    harvest_destroy(r);
    return good;
}

static int usage(void)
{
    fprintf(stderr, "usage: flips --region NAME [--count N] [--seed S] [--verbose]; regions:");
    for (uint32_t i = 0; i < REGION_COUNT; i++) {
        fprintf(stderr, " %s", region_text(i));
    }
    fputc('\n', stderr);
    return 64;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"region", required_argument, NULL, 'r'},
                                            {"count", required_argument, NULL, 'n'},
                                            {"seed", required_argument, NULL, 's'},
                                            {"verbose", no_argument, NULL, 'v'},
                                            {0}};
    static struct campaign c = {.dice = 1};
    uint32_t region = REGION_COUNT;
    uint32_t count = 100;
    for (int o = 0; (o = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (o == 'r') {
            for (region = 0; region < REGION_COUNT; region++) {
                if (strcmp(optarg, region_text(region)) == 0) {
                    break;
                }
            }
        } else if (o == 'n') {
            count = (uint32_t)strtoul(optarg, NULL, 10);
        } else if (o == 's') {
            c.dice = strtoull(optarg, NULL, 0);
        } else if (o == 'v') {
            c.verbose = true;
        } else {
            return usage();
        }
    }
    if (region == REGION_COUNT || count == 0 || optind != argc || sodium_init() < 0) {
        return usage();
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    prepare(&c);
    return run_region(&c, region, count) ? EXIT_SUCCESS : EXIT_FAILURE;
}

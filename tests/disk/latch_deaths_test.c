/* F02 of faults.md at each step of a latch: the process ends before, after, or amid a call. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/latch.h"
#include "health/self.h"
#include "tests/disk/scratch.h"
#include "tests/disk/seam.h"

#define MEMBER 3u

static const uint8_t cluster[32] = {7, 8, 9};
static struct latch_directories at;
static char second[256];
static struct seam death; /* at which call of what is tested, not of what prepares it */

static void write_it(void)
{
    char error[LATCH_ERROR_BYTES] = "";
    uint8_t bytes[LATCH_BYTES];
    struct latch_files files;
    struct latch l = {
        .member = MEMBER, .time_ms = 1700000000123, .finding = self_finding(SELF_SHADOW)};
    memcpy(l.cluster_id, cluster, sizeof cluster);
    latch_encode(&l, bytes);
    cr_assert(latch_prepare(&files, &at, error), "%s", error);
    seam = death;
    cr_assert(latch_write(&files, bytes));
}

static struct latch_reading reading(void)
{
    struct latch_reading r;
    latch_read(&at, cluster, MEMBER, &r);
    return r;
}

static void remove_it(void)
{
    char error[LATCH_ERROR_BYTES] = "";
    seam = death;
    cr_assert(latch_remove(&at, error), "%s", error);
}

/* True: it has died there; false: it has fewer calls than that. */
static bool dies(void (*act)(void), enum seam_act how, uint32_t call)
{
    const pid_t child = fork();
    cr_assert(child >= 0);
    if (child == 0) {
        death = (struct seam){.at = call, .act = how, .amid_bytes = 100};
        act();
        _exit(0);
    }
    int status = 0;
    cr_assert(eq(i32, waitpid(child, &status, 0), child));
    const bool ended = WIFEXITED(status);
    const int code = WEXITSTATUS(status);
    cr_assert(ended && (code == 0 || code == SEAM_STATUS), "status %d", status);
    return code == SEAM_STATUS;
}

static void begin(void)
{
    snprintf(second, sizeof second, "%s", scratch_path("latch.d"));
    at = (struct latch_directories){{scratch(), second}};
    cr_assert(sodium_init() >= 0);
}

/* Once in place it is whole; what was not put in place is no latch, and none that cannot be
 * read either. (Before it the vote key is destroyed, which bars just as well.) */
Test(latch_deaths, while_it_is_written_leave_it_whole_or_not_there)
{
    static const enum seam_act acts[] = {SEAM_DIE_BEFORE, SEAM_DIE_AFTER, SEAM_DIE_AMID};
    begin();
    uint32_t set = 0;
    uint32_t clear = 0;
    for (uint32_t i = 0; i < sizeof acts / sizeof acts[0]; i++) {
        for (uint32_t call = 1; call <= 20; call++) {
            if (!dies(write_it, acts[i], call)) {
                continue;
            }
            const struct latch_reading r = reading();
            cr_assert(r.state == LATCH_CLEAR || r.known, "call %u: %s", call, r.fault);
            set += r.state == LATCH_SET;
            clear += r.state == LATCH_CLEAR;
            write_it(); /* the next run is as unfit */
            cr_assert(reading().state == LATCH_SET && reading().known);
            remove_it();
        }
    }
    cr_assert(set > 8 && clear > 2, "%u set, %u clear", set, clear);
}

/* S11: as long as its removal has not ended, it may stand still, or be gone as was wished. */
Test(latch_deaths, while_it_is_removed_leave_what_can_be_removed)
{
    begin();
    uint32_t set = 0;
    for (uint32_t i = 0; i < 2; i++) {
        for (uint32_t call = 1; call <= 4; call++) {
            write_it();
            cr_assert(dies(remove_it, i == 0 ? SEAM_DIE_BEFORE : SEAM_DIE_AFTER, call));
            const struct latch_reading r = reading();
            cr_assert(r.state == LATCH_CLEAR || r.known, "call %u: %s", call, r.fault);
            set += r.state == LATCH_SET;
            remove_it();
            cr_assert(eq(u32, reading().state, LATCH_CLEAR));
        }
    }
    cr_assert(set >= 4, "%u", set);
}

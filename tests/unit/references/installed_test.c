#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "machine.h"

/* A disk that may show other bytes than the cache, and a program that may be replaced. */
static struct {
    bool no_direct;
    int rotten; /* descriptor whose reads are bent, if `rot` */
    bool rot;
    bool rot_cache;
    int read_error;
    bool replaced;
    uint64_t now_ms;
    const char *key;
} world;

static struct seams real;

static int open_file(void *self, const char *path, int flags, mode_t mode)
{
    const bool direct = (flags & O_DIRECT) != 0;
    if (direct && world.no_direct) {
        return -EINVAL;
    }
    const int file = real.open(self, path, flags, mode);
    const bool bent = direct ? world.rot : world.rot_cache;
    if (bent && strcmp(path, world.key) == 0) {
        world.rotten = file;
    }
    return file;
}

static ssize_t pread_file(void *self, int file, void *bytes, size_t size_bytes, off_t at)
{
    if (world.read_error != 0) {
        return -world.read_error;
    }
    const ssize_t done = real.pread(self, file, bytes, size_bytes, at);
    if (done > 0 && file == world.rotten) {
        ((uint8_t *)bytes)[done - 1] ^= 1;
        world.rotten = -1;
    }
    return done;
}

static int stat_file(void *self, const char *path, struct stat *out)
{
    const int status = real.stat(self, path, out);
    if (world.replaced && strcmp(path, "/proc/self/exe") == 0) {
        out->st_nlink = 0;
    }
    return status;
}

static uint64_t clock_ns(void *self, enum seam_clock clock)
{
    (void)self;
    (void)clock;
    return world.now_ms * 1000000;
}

static void start(void)
{
    static char key[256];
    static char config[256];
    struct reference_context *context = machine();
    memset(&world, 0, sizeof world);
    world.rotten = -1;
    machine_file("/data/vote.pem", "a key\n");
    machine_file("/data/node.yaml", "a configuration\n");
    snprintf(key, sizeof key, "%s", machine_path("/data/vote.pem"));
    snprintf(config, sizeof config, "%s", machine_path("/data/node.yaml"));
    world.key = key;
    real = context->seams;
    context->seams.open = open_file;
    context->seams.pread = pread_file;
    context->seams.stat = stat_file;
    context->seams.clock_ns = clock_ns;
    context->files[0] = (struct installed_file){key, true};
    context->files[1] = (struct installed_file){config, false};
    context->file_count = 2;
}

Test(installed, files_are_right)
{
    start();
    for (int i = 0; i < 3; i++) {
        const struct finding f = machine_run(7);
        cr_assert(f.result == RESULT_OK, "%s", machine_words(&f));
        cr_assert_str_eq(machine_words(&f), "files as at the start, read from the disk: 3");
    }
}

Test(installed, key_that_rots_is_fatal)
{
    start();
    cr_assert(machine_run(7).result == RESULT_OK);
    world.rot = true;
    const struct finding f = machine_run(7);
    cr_assert(f.result == RESULT_FATAL);
    cr_assert(eq(u32, f.evidence.note, INSTALLED_ROTTEN));
    cr_assert_str_eq(f.evidence.subject, "vote.pem");
}

Test(installed, configuration_that_rots_is_degraded)
{
    start();
    cr_assert(machine_run(7).result == RESULT_OK);
    world.key = machine_context()->files[1].path;
    world.rot = true;
    struct finding f = machine_run(7);
    cr_assert(f.result == RESULT_DEGRADED);
    cr_assert(eq(u32, f.flags, FINDING_PERSON));
    world.rot = false;
    cr_assert(machine_run(7).result == RESULT_OK);
}

Test(installed, key_that_the_cache_shows_otherwise_is_fatal_at_once)
{
    start();
    world.rot_cache = true;
    const struct finding f = machine_run(7);
    cr_assert(f.result == RESULT_FATAL);
    cr_assert(eq(u32, f.evidence.note, INSTALLED_CACHED));
}

Test(installed, key_that_was_written_is_newer_and_bars_from_leading_only)
{
    start();
    cr_assert(machine_run(7).result == RESULT_OK);
    machine_file("/data/vote.pem", "another key\n");
    struct finding f = machine_run(7);
    cr_assert(f.result == RESULT_DEGRADED);
    cr_assert(eq(u32, f.flags, FINDING_SERVE));
    cr_assert_str_eq(machine_words(&f),
                     "vote.pem was changed since the start, and is not in force");
    machine_file("/data/vote.pem", "a key\n");
    cr_assert(machine_run(7).result == RESULT_OK, "put back");
}

Test(installed, key_with_other_times_and_the_same_bytes_is_right)
{
    start();
    cr_assert(machine_run(7).result == RESULT_OK);
    machine_file("/data/vote.pem", "a key\n");
    cr_assert(machine_run(7).result == RESULT_OK);
    world.rot = true;
    cr_assert(machine_run(7).result == RESULT_FATAL, "and what it is now is remembered");
}

Test(installed, key_that_vanishes_is_degraded_and_asked_for)
{
    start();
    cr_assert(machine_run(7).result == RESULT_OK);
    machine_lacks("/data/vote.pem");
    const struct finding f = machine_run(7);
    cr_assert(f.result == RESULT_DEGRADED);
    cr_assert(eq(u32, f.evidence.note, INSTALLED_GONE));
}

Test(installed, key_that_is_no_file_or_cannot_be_read_is_never_right)
{
    start();
    machine_lacks("/data/vote.pem");
    machine_file("/data/vote.pem/x", "");
    cr_assert(machine_run(7).result == RESULT_DEGRADED);
    machine_lacks("/data/vote.pem");
    start();
    world.read_error = EIO;
    cr_assert(machine_run(7).result == RESULT_UNKNOWN);
}

Test(installed, files_on_a_file_system_with_a_cache_only_are_read_weakly)
{
    start();
    world.no_direct = true;
    const struct finding f = machine_run(7);
    cr_assert(f.result == RESULT_OK);
    cr_assert(eq(u32, f.evidence.note, INSTALLED_WEAK));
    cr_assert(eq(u64, f.evidence.got, 3));
}

Test(installed, program_that_is_replaced_has_ten_minutes)
{
    start();
    cr_assert(machine_run(7).result == RESULT_OK);
    world.replaced = true;
    world.now_ms = 5000;
    struct finding f = machine_run(7);
    cr_assert(f.result == RESULT_OK);
    cr_assert(eq(u32, f.evidence.note, INSTALLED_PENDING));
    world.now_ms = 604999;
    cr_assert(machine_run(7).result == RESULT_OK);
    world.now_ms = 605000;
    f = machine_run(7);
    cr_assert(f.result == RESULT_DEGRADED);
    cr_assert(eq(u32, f.flags, FINDING_SERVE));
}

static void *no_map(void *self, size_t size_bytes, bool huge)
{
    (void)self;
    (void)size_bytes;
    (void)huge;
    return NULL;
}

Test(installed, files_without_memory_are_unknown)
{
    start();
    machine_context()->seams.map = no_map;
    cr_assert(machine_run(7).result == RESULT_UNKNOWN);
}

Test(installed, files_report_their_negative)
{
    cr_assert(reference_find(7)->negative(machine()));
}

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "machine.h"

#define BLOCK 4096

/* A disk with faults. What is 0 here works. Set while the probe's thread waits. */
static struct {
    int open_error;
    int direct_error; /* only of calls past the page cache */
    int allocate_error;
    int write_error;
    int sync_error;
    int read_error;
    bool loses;          /* acknowledges writes, and does nothing */
    off_t misdirected;   /* writes go so far beside */
    int flips;           /* so many reads have a bit wrong */
    uint64_t read_slots; /* bit n: slot n was read */
} fault;

static pthread_mutex_t stuck = PTHREAD_MUTEX_INITIALIZER; /* held: the disk does not answer */
static bool direct;
static struct seams real;

static int opens(void *self, const char *path, int flags, mode_t mode)
{
    if (fault.open_error != 0) {
        return -fault.open_error;
    }
    if ((flags & O_DIRECT) != 0 && fault.direct_error == EINVAL) {
        return -EINVAL;
    }
    direct = (flags & O_DIRECT) != 0;
    return real.open(self, path, flags, mode);
}

static int allocates(void *self, int file, off_t size_bytes)
{
    return fault.allocate_error != 0 ? -fault.allocate_error
                                     : real.allocate(self, file, size_bytes);
}

static ssize_t writes(void *self, int file, const void *bytes, size_t size_bytes, off_t at)
{
    pthread_mutex_lock(&stuck);
    pthread_mutex_unlock(&stuck);
    if (fault.write_error != 0 || (direct && fault.direct_error != 0)) {
        return -(fault.write_error != 0 ? fault.write_error : EINVAL);
    }
    if (fault.loses) {
        return (ssize_t)size_bytes;
    }
    return real.pwrite(self, file, bytes, size_bytes, (at + fault.misdirected) % (16 * BLOCK));
}

static ssize_t reads(void *self, int file, void *bytes, size_t size_bytes, off_t at)
{
    if (fault.read_error != 0) {
        return -fault.read_error;
    }
    const ssize_t done = real.pread(self, file, bytes, size_bytes, at);
    if (fault.flips > 0 && done > 0) {
        fault.flips--;
        ((uint8_t *)bytes)[100] ^= 1;
    }
    fault.read_slots |= UINT64_C(1) << (at / BLOCK);
    return done;
}

/* Nothing is synced: how long that takes is up to whoever else uses the disk, and one that
 * takes 500 ms is a finding. What is read past the page cache has been written. */
static int syncs(void *self, int file)
{
    (void)self;
    (void)file;
    return -fault.sync_error;
}

static struct reference_context *disk(void)
{
    struct reference_context *context = machine();
    memset(&fault, 0, sizeof fault);
    unlink(machine_path("/data/probe"));
    real = seams_of_machine();
    context->seams.open = opens;
    context->seams.allocate = allocates;
    context->seams.pwrite = writes;
    context->seams.pread = reads;
    context->seams.sync = syncs;
    return context;
}

static struct finding seen_now(void)
{
    return machine_run(23);
}

/* As many good runs as it takes to have written each slot. */
static void warm(void)
{
    for (int i = 0; i < 16; i++) {
        struct finding f = seen_now();
        cr_assert(f.result == RESULT_OK, "%s", machine_words(&f));
    }
}

/* Runs until the result is not OK. */
static struct finding worst_of(int runs)
{
    struct finding f;
    finding_begin(&f, 23);
    for (int i = 0; i < runs; i++) {
        f = seen_now();
        if (f.result != RESULT_OK) {
            break;
        }
    }
    return f;
}

Test(disk, of_this_machine_gives_back_what_was_written)
{
    struct reference_context *context = disk();
    cr_assert(worst_of(200).result == RESULT_OK);
    cr_assert(eq(u64, context->disk.passes, 200));
    cr_assert(eq(u64, fault.read_slots, 0xffff), "all slots are looked at");
    struct stat s;
    cr_assert(eq(int, stat(machine_path("/data/probe"), &s), 0));
    cr_assert(eq(long, s.st_size, 16L * BLOCK));
}

Test(disk, that_loses_writes_is_fatal)
{
    disk();
    warm();
    fault.loses = true;
    struct finding f = seen_now();
    cr_assert(f.result == RESULT_FATAL);
    cr_assert(eq(u32, f.evidence.note, DISK_WRONG));
    cr_assert(eq(u64, f.evidence.expected, f.evidence.got + 16), "the block before is there");
}

Test(disk, that_misdirects_one_write_is_fatal)
{
    disk();
    warm();
    fault.misdirected = 3 * BLOCK;
    cr_assert(seen_now().result == RESULT_FATAL);
}

Test(disk, that_misdirected_an_earlier_write_is_fatal_within_16_probes_or_so)
{
    disk();
    warm();
    uint8_t block[BLOCK];
    int file = open(machine_path("/data/probe"), O_RDWR);
    cr_assert(eq(long, pread(file, block, BLOCK, 5L * BLOCK), BLOCK));
    cr_assert(eq(long, pwrite(file, block, BLOCK, 3L * BLOCK), BLOCK));
    fsync(file);
    close(file);
    /* Slot 0 was written last; slot 3 is written over at the third probe from here. */
    struct finding f = worst_of(2);
    for (int again = 0; f.result == RESULT_OK && again < 400; again++) {
        worst_of(14);
        file = open(machine_path("/data/probe"), O_RDWR);
        cr_assert(eq(long, pwrite(file, block, BLOCK, 3L * BLOCK), BLOCK));
        fsync(file);
        close(file);
        f = worst_of(2);
    }
    cr_assert(f.result == RESULT_FATAL);
    cr_assert(eq(u32, f.evidence.note, DISK_CHANGED));
    cr_assert(eq(u64, f.evidence.address, 3));
}

Test(disk, that_reads_wrong_once_degrades_and_may_do_so_once_a_day)
{
    disk();
    warm();
    for (int flips = 1; flips <= 3; flips++) {
        fault.flips = flips;
        struct finding f = seen_now();
        cr_assert(f.result == RESULT_DEGRADED);
        cr_assert(eq(u32, f.flags, FINDING_TWICE));
    }
    fault.flips = 4;
    cr_assert(seen_now().result == RESULT_FATAL);
}

Test(disk, that_fails_is_silent_and_the_third_time_fatal)
{
    int *const calls[] = {&fault.write_error, &fault.sync_error, &fault.read_error,
                          &fault.open_error};
    for (size_t i = 0; i < 4; i++) {
        disk();
        cr_assert(calls[i] == &fault.open_error || seen_now().result == RESULT_OK);
        *calls[i] = EIO;
        cr_assert(seen_now().result == RESULT_SILENT);
        cr_assert(seen_now().result == RESULT_SILENT);
        *calls[i] = 0;
        cr_assert(seen_now().result == RESULT_OK, "it recovers");
        if (calls[i] == &fault.open_error) {
            continue; /* an open file is not opened again */
        }
        *calls[i] = EIO;
        cr_assert(seen_now().result == RESULT_SILENT);
        cr_assert(seen_now().result == RESULT_SILENT);
        struct finding f = seen_now();
        cr_assert(f.result == RESULT_FATAL);
        cr_assert(eq(u64, f.evidence.count, 3));
    }
}

Test(disk, that_is_full_is_silent_until_there_is_space)
{
    disk();
    fault.allocate_error = ENOSPC;
    for (int i = 0; i < 5; i++) {
        struct finding f = seen_now();
        cr_assert(f.result == RESULT_SILENT);
        cr_assert(eq(u32, f.evidence.note, DISK_FULL));
    }
    fault.allocate_error = 0;
    cr_assert(seen_now().result == RESULT_OK);
    fault.write_error = EDQUOT;
    cr_assert(seen_now().evidence.note == DISK_FULL);
}

Test(disk, mounted_read_only_or_gone_is_silent)
{
    disk();
    fault.open_error = EROFS;
    struct finding f = seen_now();
    cr_assert(f.result == RESULT_SILENT);
    cr_assert_str_eq(
        machine_words(&f),
        "the data directory cannot be written (open: the file system is read-only)");
    fault.open_error = 0;
    cr_assert(seen_now().result == RESULT_OK);
    unlink(machine_path("/data/probe"));
    cr_assert(seen_now().evidence.note == DISK_GONE);
    cr_assert(seen_now().result == RESULT_OK, "a new one is made");
    disk()->data_directory = machine_path("/no/such/directory");
    cr_assert(seen_now().result == RESULT_SILENT);
}

Test(disk, without_reads_past_the_cache_says_so)
{
    disk();
    fault.direct_error = EINVAL;
    struct finding f = seen_now();
    cr_assert(f.result == RESULT_OK);
    cr_assert(eq(u32, f.evidence.note, DISK_CACHED));
    disk();
    fault.direct_error = 1; /* may be opened so, but not used so */
    f = seen_now();
    cr_assert(f.result == RESULT_OK, "%s", machine_words(&f));
    cr_assert(eq(u32, f.evidence.note, DISK_CACHED));
}

Test(disk, that_cannot_be_asked_for_want_of_something_else_is_unknown)
{
    disk();
    fault.open_error = EMFILE;
    cr_assert(seen_now().result == RESULT_UNKNOWN);
    disk()->observer = true;
    fault.open_error = EACCES;
    cr_assert(seen_now().result == RESULT_UNKNOWN);
}

Test(disk, of_an_observer_leaves_no_trace)
{
    disk()->observer = true;
    cr_assert(worst_of(20).result == RESULT_OK);
    cr_assert(not(eq(int, access(machine_path("/data/probe"), F_OK), 0)));
}

Test(disk, without_a_directory_is_absent)
{
    disk()->data_directory = NULL;
    cr_assert(seen_now().result == RESULT_ABSENT);
    cr_assert(machine_run(24).result == RESULT_ABSENT);
}

Test(disk, that_stalls_is_silent_for_as_long_and_its_speed_until_six_good_ones)
{
    disk();
    cr_assert(seen_now().result == RESULT_OK);
    cr_assert(machine_run(24).result == RESULT_OK);
    pthread_mutex_lock(&stuck);
    struct finding f = seen_now();
    cr_assert(f.result == RESULT_SILENT);
    cr_assert(eq(u32, f.evidence.note, DISK_STALLED));
    cr_assert(ge(u64, f.evidence.got, DISK_PATIENCE_MS));
    cr_assert(seen_now().result == RESULT_SILENT, "at once, as it has waited enough");
    usleep(1000);
    cr_assert(machine_run(24).result == RESULT_SILENT);
    pthread_mutex_unlock(&stuck);
    do { /* what was stuck needs a moment to end */
        usleep(1000);
        f = seen_now();
    } while (f.result == RESULT_SILENT);
    cr_assert(f.result == RESULT_OK);
    for (int i = 0; i < 6; i++) {
        cr_assert(machine_run(24).result == RESULT_SILENT);
        cr_assert(seen_now().result == RESULT_OK);
    }
    cr_assert(machine_run(24).result == RESULT_OK);
}

Test(disk, reports_its_negative)
{
    cr_assert(reference_find(23)->negative(machine()));
}

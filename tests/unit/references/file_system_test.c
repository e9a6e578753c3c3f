#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "machine.h"

#define ROOT_LINE "27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,errors=remount-ro\n"

static struct statvfs room;
static int room_error;
static int open_error;
static int allocate_error;
static struct seams real;

static int asks(void *self, const char *path, struct statvfs *out)
{
    (void)self;
    (void)path;
    *out = room;
    return -room_error;
}

static int opens(void *self, const char *path, int flags, mode_t mode)
{
    return open_error != 0 ? -open_error : real.open(self, path, flags, mode);
}

static int allocates(void *self, int file, off_t size_bytes)
{
    return allocate_error != 0 ? -allocate_error : real.allocate(self, file, size_bytes);
}

static void mounts(const char *first, const char *second)
{
    char text[4096];
    snprintf(text, sizeof text, "%s%s", first, second);
    machine_file("/proc/self/mountinfo", text);
}

/* A line that mounts something above the data directory. */
static const char *data_line(const char *options, const char *super_options)
{
    static char lines[2][512];
    static int next;
    char *line = lines[next++ % 2];
    snprintf(line, sizeof lines[0], "40 27 8:1 / %s %s - ext4 /dev/sda1 %s\n",
             machine_path("/data"), options, super_options);
    return line;
}

static struct reference_context *begin(void)
{
    struct reference_context *context = machine();
    real = seams_of_machine();
    context->seams.statvfs = asks;
    context->seams.open = opens;
    context->seams.allocate = allocates;
    room = (struct statvfs){.f_frsize = 4096,
                            .f_blocks = 10u << 18, /* 10 GiB */
                            .f_bavail = 1u << 18,
                            .f_files = 100000,
                            .f_favail = 50000};
    room_error = open_error = allocate_error = 0;
    mounts(ROOT_LINE, "");
    machine_lacks("/data/reserve");
    return context;
}

static struct finding seen_now(void)
{
    return machine_run(25);
}

Test(file_system, with_room_is_fine_and_has_its_reserve)
{
    struct stat s;
    begin();
    struct finding f = seen_now();
    cr_assert(f.result == RESULT_OK);
    cr_assert_str_eq(machine_words(&f), "1024 MiB are free");
    cr_assert(eq(int, stat(machine_path("/data/reserve"), &s), 0));
    cr_assert(eq(long, s.st_size, RESERVE_BYTES));
    cr_assert(ge(long, s.st_blocks * 512, RESERVE_BYTES));
    cr_assert(seen_now().result == RESULT_OK);
}

Test(file_system, of_this_machine_can_be_looked_at)
{
    machine();
    cr_assert(seen_now().result == RESULT_OK || seen_now().result == RESULT_DEGRADED);
}

Test(file_system, with_little_room_degrades)
{
    begin();
    room.f_bavail = 64 * 256 - 1;
    room.f_blocks = 1u << 18;
    struct finding f = seen_now();
    cr_assert(f.result == RESULT_DEGRADED);
    cr_assert(eq(u64, f.evidence.expected, 64));
    room.f_bavail = 64 * 256;
    cr_assert(seen_now().result == RESULT_OK);
    room.f_blocks = 40u << 18; /* 40 GiB, of which 409 MiB are one in a hundred */
    cr_assert(seen_now().result == RESULT_DEGRADED);
    room.f_bavail = 409 * 256;
    cr_assert(seen_now().result == RESULT_OK);
}

Test(file_system, with_few_inodes_degrades_unless_it_counts_none)
{
    begin();
    room.f_favail = 999;
    cr_assert(seen_now().result == RESULT_DEGRADED);
    room.f_favail = room.f_files = 0;
    cr_assert(seen_now().result == RESULT_OK);
}

Test(file_system, that_is_read_only_is_silent)
{
    begin();
    mounts(ROOT_LINE, data_line("ro,relatime", "rw"));
    struct finding f = seen_now();
    cr_assert(f.result == RESULT_SILENT);
    cr_assert(eq(u32, f.evidence.note, FILE_SYSTEM_READ_ONLY));
    mounts(ROOT_LINE, data_line("rw,relatime", "ro,errors=continue"));
    cr_assert(seen_now().result == RESULT_SILENT);
    mounts(ROOT_LINE, data_line("rw,relatime", "rw,errors=continue,emergency_ro"));
    cr_assert(seen_now().result == RESULT_SILENT);
    mounts(data_line("ro", "rw"), data_line("rw", "rw,errors=remount-ro,prjquota"));
    cr_assert(seen_now().result == RESULT_OK, "the later lies on top");
    room.f_flag = ST_RDONLY;
    cr_assert(seen_now().result == RESULT_SILENT);
}

Test(file_system, that_is_gone_or_forbidden_is_silent)
{
    static const int errors[] = {ENOENT, EACCES, EIO, ESTALE, ENOTCONN};
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        begin();
        cr_assert(seen_now().result == RESULT_OK);
        room_error = errors[i];
        struct finding f = seen_now();
        cr_assert(f.result == RESULT_SILENT);
        cr_assert(eq(u64, f.evidence.got, (uint64_t)errors[i]));
    }
    begin()->data_directory = machine_path("/no/such/directory");
    cr_assert(seen_now().result == RESULT_SILENT);
    room_error = ENOMEM;
    cr_assert(seen_now().result == RESULT_UNKNOWN);
}

Test(file_system, whose_directory_was_unmounted_or_replaced_is_silent_until_it_is_back)
{
    begin();
    const char *home = machine_path("/data");
    const char *away = machine_path("/data.away");
    cr_assert(seen_now().result == RESULT_OK);
    cr_assert(eq(int, rename(home, away), 0));
    cr_assert(seen_now().result == RESULT_SILENT);
    cr_assert(eq(int, mkdir(home, 0700), 0));
    struct finding f = seen_now();
    cr_assert(f.result == RESULT_SILENT);
    cr_assert(eq(u32, f.flags, FINDING_PERSON));
    cr_assert_str_eq(machine_words(&f),
                     "the data directory is not the one of the start: unmounted, replaced or "
                     "covered");
    cr_assert(eq(int, rmdir(home), 0), "something was written there");
    cr_assert(eq(int, rename(away, home), 0));
    cr_assert(seen_now().result == RESULT_OK);
}

Test(file_system, without_a_reserve_degrades)
{
    begin();
    allocate_error = ENOSPC;
    struct finding f = seen_now();
    cr_assert(f.result == RESULT_DEGRADED);
    cr_assert(eq(u32, f.evidence.note, FILE_SYSTEM_NO_RESERVE));
    open_error = EROFS;
    f = seen_now();
    cr_assert(eq(u64, f.evidence.got, EROFS));
    open_error = allocate_error = 0;
    cr_assert(seen_now().result == RESULT_OK);
}

Test(file_system, reserve_that_was_cut_or_copied_is_made_whole)
{
    struct stat s;
    begin();
    machine_file("/data/reserve", "short");
    cr_assert(seen_now().result == RESULT_OK);
    cr_assert(eq(int, stat(machine_path("/data/reserve"), &s), 0));
    cr_assert(eq(long, s.st_size, RESERVE_BYTES));
    begin();
    machine_file("/data/reserve", "");
    cr_assert(eq(int, truncate(machine_path("/data/reserve"), RESERVE_BYTES), 0));
    cr_assert(seen_now().result == RESULT_OK);
    cr_assert(eq(int, stat(machine_path("/data/reserve"), &s), 0));
    cr_assert(ge(long, s.st_blocks * 512, RESERVE_BYTES), "holes are filled");
}

Test(file_system, of_an_observer_gets_no_reserve)
{
    begin()->observer = true;
    cr_assert(seen_now().result == RESULT_OK);
    cr_assert(not(eq(int, access(machine_path("/data/reserve"), F_OK), 0)));
}

Test(file_system, without_a_list_of_mounts_is_asked_itself)
{
    begin();
    machine_lacks("/proc/self");
    cr_assert(seen_now().result == RESULT_OK);
    room.f_flag = ST_RDONLY;
    cr_assert(seen_now().result == RESULT_SILENT);
}

Test(file_system, whose_list_of_mounts_vanishes_is_unknown)
{
    begin();
    cr_assert(seen_now().result == RESULT_OK);
    machine_lacks("/proc/self");
    cr_assert(seen_now().result == RESULT_UNKNOWN);
    room.f_favail = 1;
    cr_assert(seen_now().result == RESULT_DEGRADED, "what is known counts");
}

Test(file_system, whose_list_of_mounts_is_garbage_is_unknown)
{
    static const char *const garbage[] = {
        "",
        "\n",
        "27 1 254:0 / / rw,relatime shared:1 ext4 /dev/vda rw\n",
        "27 1 254:0 / / rw,relatime - ext4 /dev/vda\n",
        "27 1 254:0 / / rw,relatime - ext4 /dev/vda rw more\n",
        "27 1 254:0 / nothing rw,relatime - ext4 /dev/vda rw\n",
        "27 1 254:0 / /elsewhere rw - ext4 /dev/vda rw\n",
    };
    for (size_t i = 0; i < sizeof garbage / sizeof garbage[0]; i++) {
        begin();
        mounts(garbage[i], "");
        cr_assert(seen_now().result == RESULT_UNKNOWN, "%s", garbage[i]);
    }
    begin();
    mounts(ROOT_LINE, "27\n");
    cr_assert(seen_now().result == RESULT_UNKNOWN, "a line that was cut");
    static char huge[SOURCE_BYTES_MAX + 2];
    memset(huge, 'x', SOURCE_BYTES_MAX + 1);
    begin();
    machine_file("/proc/self/mountinfo", huge);
    cr_assert(seen_now().result == RESULT_UNKNOWN);
}

Test(file_system, without_a_directory_is_absent)
{
    begin()->data_directory = NULL;
    cr_assert(seen_now().result == RESULT_ABSENT);
}

Test(file_system, reports_its_negative)
{
    cr_assert(reference_find(25)->negative(machine()));
}

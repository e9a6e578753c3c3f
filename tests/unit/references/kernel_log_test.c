#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "machine.h"

/* A log that gives one record a reading, as the kernel's does, and may fail. */
static struct {
    const char *texts[64];
    uint32_t priorities[64];
    uint32_t count;
    uint32_t next;
    int error; /* once, before the next record */
    bool lasting;
    uint64_t now_ms;
} kernel;

static struct seams real;

static ssize_t read_record(void *self, int file, void *bytes, size_t size_bytes)
{
    char record[9000];
    (void)self;
    (void)file;
    if (kernel.error != 0) {
        const int error = kernel.error;
        kernel.error = kernel.lasting ? error : 0;
        return -error;
    }
    if (kernel.next == kernel.count) {
        return -EAGAIN;
    }
    const int size =
        snprintf(record, sizeof record, "%u,%u,5140900,-;%s\n SUBSYSTEM=pci\n",
                 kernel.priorities[kernel.next], 100 + kernel.next, kernel.texts[kernel.next]);
    cr_assert(size >= 0 && (size_t)size <= size_bytes);
    memcpy(bytes, record, (size_t)size);
    kernel.next++;
    return size;
}

static int stat_file(void *self, const char *path, struct stat *out)
{
    const int status = real.stat(self, path, out);
    out->st_dev = makedev(253, 0);
    return status;
}

static uint64_t clock_ns(void *self, enum seam_clock clock)
{
    (void)self;
    (void)clock;
    return kernel.now_ms * 1000000;
}

/* The data directory is on a volume, that on the second partition of sda. */
static void disks(void)
{
    machine_file("/sys/devices/virtual/block/dm-0/slaves/sda2/x", "");
    machine_file("/sys/devices/pci0/block/sda/device/model", "DISK\n");
    machine_file("/sys/devices/pci0/block/sda/sda2/partition", "2\n");
    machine_link("/sys/dev/block/253:0", "../../devices/virtual/block/dm-0");
    machine_link("/sys/class/block/dm-0", "../../devices/virtual/block/dm-0");
    machine_link("/sys/class/block/sda", "../../devices/pci0/block/sda");
    machine_link("/sys/class/block/sda2", "../../devices/pci0/block/sda/sda2");
}

static struct reference_context *begin(void)
{
    struct reference_context *context = machine();
    memset(&kernel, 0, sizeof kernel);
    kernel.now_ms = 1000000;
    machine_lacks("/sys");
    disks();
    machine_file("/dev/kmsg", "");
    real = context->seams;
    context->seams.read = read_record;
    context->seams.stat = stat_file;
    context->seams.clock_ns = clock_ns;
    return context;
}

static void logs_as(uint32_t priority, const char *text)
{
    kernel.priorities[kernel.count] = priority;
    kernel.texts[kernel.count++] = text;
}

static struct finding seen(void)
{
    kernel.now_ms += 1000;
    return machine_run(14);
}

static struct finding seen_of(const char *text)
{
    begin();
    logs_as(3, text);
    return seen();
}

Test(kernel_log, without_faults_is_fine)
{
    begin();
    logs_as(5, "Linux version 6.1.0-28-amd64 (debian-kernel@lists.debian.org)");
    logs_as(6, "EXT4-fs (dm-0): mounted filesystem with ordered data mode.");
    struct finding f = seen();
    cr_assert(f.result == RESULT_OK, "%s", machine_words(&f));
    cr_assert_str_eq(machine_words(&f), "the kernel has logged no fault of this machine");
    f = seen();
    cr_assert(f.result == RESULT_OK);
}

Test(kernel_log, of_each_fault_is_judged)
{
    static const struct {
        const char *text;
        enum reference_result result;
        uint32_t flags;
    } cases[] = {
        {"{1}[Hardware Error]: event severity: fatal", RESULT_FATAL, FINDING_PERSON},
        {"[Hardware Error]: Uncorrected, software restartable error.", RESULT_FATAL,
         FINDING_PERSON},
        {"mce: Uncorrected hardware memory error in user-access at 3f00", RESULT_FATAL,
         FINDING_PERSON},
        {"{12}[Hardware Error]: event severity: recoverable", RESULT_DEGRADED, FINDING_BURST},
        {"[Hardware Error]: event severity: fatal", RESULT_DEGRADED,
         FINDING_BURST | FINDING_PERSON},
        {"Memory failure: 0x1234: recovery action for dirty LRU page: Recovered",
         RESULT_DEGRADED, FINDING_BURST},
        {"{2}[Hardware Error]: event severity: corrected", RESULT_OK, 0},
        {"mce: [Hardware Error]: Machine check events logged", RESULT_OK, 0},
        {"EDAC MC0: 1 CE memory read error on CPU_SrcID#0", RESULT_OK, 0},
        {"EXT4-fs error (device dm-0): ext4_lookup:1855: inode #2: comm ls: bad entry",
         RESULT_SILENT, 0},
        {"XFS (sda2): Corruption of in-memory data detected.  Shutting down filesystem",
         RESULT_SILENT, 0},
        {"XFS (sda2): Filesystem has been shut down due to log error (0x2).", RESULT_SILENT, 0},
        {"Buffer I/O error on dev dm-0, logical block 0, async page read", RESULT_SILENT, 0},
        {"I/O error, dev sda, sector 2048 op 0x0:(READ) flags 0x80700", RESULT_SILENT, 0},
        {"blk_update_request: I/O error, dev sda, sector 2048", RESULT_SILENT, 0},
        {"critical medium error, dev sda, sector 2048 op 0x0:(READ)", RESULT_SILENT, 0},
        {"INFO: task jbd2/sda1-8:250 blocked for more than 120 seconds.", RESULT_DEGRADED, 0},
        {"watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [stress:812]", RESULT_DEGRADED, 0},
        {"rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:", RESULT_DEGRADED, 0},
        {"rcu: INFO: rcu_sched self-detected stall on CPU", RESULT_DEGRADED, 0},
        {"Out of memory: Killed process 812 (stress) total-vm:1kB", RESULT_DEGRADED, 0},
        {"clocksource: timekeeping watchdog: Marking clocksource 'tsc' as unstable",
         RESULT_DEGRADED, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct finding f = seen_of(cases[i].text);
        cr_assert(f.result == cases[i].result, "%s: %s", cases[i].text, machine_words(&f));
        cr_assert(eq(u32, f.flags, cases[i].flags), "%s", cases[i].text);
    }
}

/* Whoever may log, name a process, plug in a device or own another disk may write these. */
Test(kernel_log, of_hostile_lines_and_other_disks_is_fine)
{
    static const char *const lines[] = {
        "EXT4-fs error (device sdb1): ext4_lookup:1855: inode #2: comm ls: bad entry",
        "EXT4-fs error (device sda",
        "EXT4-fs error (device sda20): x",
        "EXT4-fs error (device ): x",
        "I/O error, dev sd, sector 1",
        "Buffer I/O error on dev loop0, logical block 0, async page read",
        "XFS (sda2): Mounting V5 Filesystem",
        "usb 1-1: Product: {1}[Hardware Error]: event severity: fatal",
        "usb 1-1: Manufacturer: mce: Uncorrected hardware memory error",
        "Memory failure:[812]: segfault at 0 ip 0 sp 0 error 4 in x",
        "Memory failure: (812): uses obsolete ecb(arc4) skcipher",
        "XFS (sda2): x[8]: segfault at 0 ip 0 sp 0 error 4 in Shutting down filesystem[1]",
        "INFO: task x[812]: segfault at 0 ip 0 sp 0 in blocked for more than[1]",
        "{}[Hardware Error]: event severity: fatal",
        "{99999999999999999999}[Hardware Error]: event severity: fatal",
        "",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        const struct finding f = seen_of(lines[i]);
        cr_assert(f.result == RESULT_OK, "%s: %s", lines[i], machine_words(&f));
        cr_assert(eq(u32, f.flags, 0));
    }
    begin();
    logs_as(8 + 3, "{1}[Hardware Error]: event severity: fatal");
    logs_as(8 * 16, "EXT4-fs error (device dm-0): x");
    cr_assert(seen().result == RESULT_OK, "a process wrote these");
}

Test(kernel_log, of_an_error_of_our_disk_silences_until_the_disk_has_passed_six_times)
{
    begin();
    logs_as(3, "I/O error, dev sda, sector 2048 op 0x0:(READ) flags 0x80700");
    machine_context()->disk.passes = 10;
    struct finding f = seen();
    cr_assert_str_eq(machine_words(&f),
                     "the kernel logged errors of sda, where the data directory is; tests of "
                     "the disk passed since: 0 of 6");
    machine_context()->disk.passes = 15;
    cr_assert(seen().result == RESULT_SILENT);
    logs_as(3, "I/O error, dev sda, sector 2056 op 0x0:(READ) flags 0x80700");
    cr_assert(seen().result == RESULT_SILENT);
    machine_context()->disk.passes = 20;
    cr_assert(seen().result == RESULT_SILENT, "counted from the last one");
    machine_context()->disk.passes = 21;
    cr_assert(seen().result == RESULT_OK);
}

Test(kernel_log, on_no_named_device_has_no_disk_to_complain_of)
{
    begin();
    machine_lacks("/sys");
    logs_as(3, "EXT4-fs error (device dm-0): x");
    logs_as(3, "EXT4-fs error (device ): x");
    cr_assert(seen().result == RESULT_OK);
}

Test(kernel_log, with_51_corrected_errors_degrades_for_a_day_and_asks_for_a_burst_once)
{
    begin();
    for (int i = 0; i < 50; i++) {
        logs_as(4, "mce: [Hardware Error]: Machine check events logged");
    }
    struct finding f = seen();
    cr_assert(f.result == RESULT_OK);
    cr_assert_str_eq(machine_words(&f), "the hardware corrected 50 errors in 24 hours");
    logs_as(4, "mce: [Hardware Error]: Machine check events logged");
    f = seen();
    cr_assert(f.result == RESULT_DEGRADED);
    cr_assert(eq(u32, f.flags, FINDING_BURST));
    f = seen();
    cr_assert(f.result == RESULT_DEGRADED);
    cr_assert(eq(u32, f.flags, 0));
    kernel.now_ms += UINT64_C(25) * 3600 * 1000;
    cr_assert(seen().result == RESULT_OK);
}

Test(kernel_log, is_read_once)
{
    begin();
    logs_as(3, "Out of memory: Killed process 812 (stress) total-vm:1kB");
    cr_assert(seen().result == RESULT_DEGRADED);
    cr_assert(seen().result == RESULT_OK);
    kernel.error = EIO;
    cr_assert(seen().result == RESULT_UNKNOWN);
    kernel.next = 0; /* opened anew, it begins with what it still has */
    cr_assert(seen().result == RESULT_OK, "what was read before the failure is not news");
    logs_as(3, "Out of memory: Killed process 813 (stress) total-vm:1kB");
    cr_assert(seen().result == RESULT_DEGRADED);
}

Test(kernel_log, that_was_overwritten_is_unknown_once_and_what_is_left_counts)
{
    begin();
    cr_assert(seen().result == RESULT_OK);
    kernel.error = EPIPE;
    struct finding f = seen();
    cr_assert(f.result == RESULT_UNKNOWN);
    cr_assert(eq(u32, f.evidence.note, KERNEL_LOG_OVERRUN));
    cr_assert(seen().result == RESULT_OK);
    kernel.error = EPIPE;
    logs_as(0, "{1}[Hardware Error]: event severity: fatal");
    cr_assert(seen().result == RESULT_FATAL);
    kernel.error = EPIPE;
    kernel.lasting = true;
    f = seen();
    cr_assert(f.result == RESULT_UNKNOWN, "without end it is given up for this time");
}

Test(kernel_log, is_absent_for_good_where_it_may_not_be_read)
{
    begin();
    machine_lacks("/dev/kmsg");
    cr_assert(seen().result == RESULT_ABSENT);
    machine_file("/dev/kmsg", "");
    logs_as(0, "{1}[Hardware Error]: event severity: fatal");
    cr_assert(seen().result == RESULT_ABSENT);
}

Test(kernel_log, that_vanishes_is_unknown)
{
    begin();
    cr_assert(seen().result == RESULT_OK);
    machine_lacks("/dev/kmsg");
    kernel.error = ENODEV;
    cr_assert(seen().result == RESULT_UNKNOWN);
    const struct finding f = seen();
    cr_assert(f.result == RESULT_UNKNOWN);
    cr_assert(eq(u32, f.evidence.note, KERNEL_LOG_VANISHED));
    machine_file("/dev/kmsg", "");
    cr_assert(seen().result == RESULT_OK);
}

/* A plain file in the place of the log, read with the system's own call. */
static enum reference_result of_file(const char *bytes, size_t size_bytes)
{
    begin();
    machine_context()->seams.read = real.read;
    machine_bytes("/dev/kmsg", bytes, size_bytes);
    return seen().result;
}

Test(kernel_log, in_garbage_or_without_end_is_unknown)
{
    static const char *const garbage[] = {
        "x\n",
        "6,1,2,-no text\n",
        "-6,1,2,-;x\n",
        "6,1,2;x\n",
        "6,1;x\n",
        "\n",
        "6,1,2,-;not ended",
        "6,1,2,-;x\nx",
        ",,,;\n",
        "6,99999999999999999999,2,-;x\n",
    };
    for (size_t i = 0; i < sizeof garbage / sizeof garbage[0]; i++) {
        cr_assert(of_file(garbage[i], strlen(garbage[i])) == RESULT_UNKNOWN, "%s", garbage[i]);
    }
    cr_assert(of_file("6,1,2,-;a\0b\n", 12) == RESULT_UNKNOWN);
    static char huge[1 << 20];
    memset(huge, 'x', sizeof huge);
    cr_assert(of_file(huge, sizeof huge) == RESULT_UNKNOWN);
}

Test(kernel_log, in_a_file_is_read_line_by_line)
{
    static const char text[] = "6,1,2,-;fine\n DEVICE=+pci:0000\n6,2,3,-;fine\n";
    static const char bad[] = "6,1,2,-;fine\n6,2,3,-,caller=T1;I/O error, dev sda, sector 1\n";
    cr_assert(of_file(text, strlen(text)) == RESULT_OK);
    cr_assert(of_file(bad, strlen(bad)) == RESULT_SILENT);
    cr_assert(of_file("", 0) == RESULT_OK, "a log that is empty");
}

Test(kernel_log, reports_its_negative)
{
    cr_assert(reference_find(14)->negative(machine()));
}

/* faults.md, F2B: within a second. */
Test(kernel_log, is_read_every_second)
{
    cr_assert(le(u32, reference_find(14)->period_ms, 1000));
}

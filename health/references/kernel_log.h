#ifndef OSTRAKON_HEALTH_REFERENCES_KERNEL_LOG_H
#define OSTRAKON_HEALTH_REFERENCES_KERNEL_LOG_H

#include "block_devices.h"
#include "health/reference.h"
#include "tally.h"

/* R14: what the kernel logs of its machine: hardware errors, errors of the data directory's
 * disk, tasks and cores that are stuck. Only what the kernel itself says, where it begins to
 * say it: names of processes and of devices that are plugged in are anybody's to choose, and
 * lines that processes write to the log are not the kernel's. */

#define KERNEL_LOG_NOTES(X)                                                                    \
    X(QUIET, "the kernel has logged no fault of this machine", "")                             \
    X(CORRECTED, "the hardware corrected {count} errors in 24 hours", "")                      \
    X(CORRECTED_MANY, "the hardware corrected {count} errors in 24 hours",                     \
      "Nothing at once: the memory is tested now. Again: replace what the kernel's log "       \
      "names.")                                                                                \
    X(UNCORRECTED, "the kernel logged an uncorrected hardware error",                          \
      "Take this machine out; dmesg names the part to be replaced.")                           \
    X(RECOVERED, "the kernel logged a hardware error that it has recovered from",              \
      "See dmesg; the memory is tested now.")                                                  \
    X(PAGE_LOST, "the kernel took a page of broken memory away",                               \
      "See dmesg; the memory is tested now.")                                                  \
    X(BOOT_BEFORE, "the boot before this one ended with a hardware error",                     \
      "See dmesg; the memory is tested now.")                                                  \
    X(DISK,                                                                                    \
      "the kernel logged errors of {subject}, where the data directory is; tests of "          \
      "the disk passed since: {got} of {expected}",                                            \
      "See dmesg, and replace the disk if it goes on.")                                        \
    X(STUCK, "the kernel logged that a task or a core is stuck",                               \
      "See dmesg for what it waits for.")                                                      \
    X(KILLED, "the kernel killed a process for want of memory",                                \
      "Take load off this machine, or give it memory.")                                        \
    X(CLOCK, "the kernel gave up a source of time as unstable", "See dmesg.")                  \
    X(OVERRUN, "the kernel's log was overwritten before it could be read", "")                 \
    X(MORE, "the kernel's log is longer than is read at a time", "")                           \
    X(NO_LOG, "the kernel's log may not be read", "")                                          \
    X(VANISHED, "the kernel's log cannot be opened any more", "")                              \
    X(UNREADABLE, "the kernel's log cannot be read: {error}", "")                              \
    X(GARBAGE, "the kernel's log is not as it should be", "")

enum kernel_log_note {
#define X(name, text, action) KERNEL_LOG_##name,
    KERNEL_LOG_NOTES(X)
#undef X
};

#define KERNEL_LOG_RECORD_BYTES 8192u /* more than the kernel makes of one */
#define KERNEL_LOG_RECORDS 8192u      /* read in one run at most */
#define KERNEL_LOG_DISK_PASSES 6u     /* of R23, after the last error of its disk */
#define KERNEL_LOG_CORRECTED_MOST 50u /* a day, as R12 has it */

struct kernel_log_state {
    bool open;
    int file;
    bool any;      /* a record was read */
    uint64_t last; /* its number: after the file was opened anew it is gone on from there */
    bool disk_bad; /* until R23 has passed often enough */
    uint64_t disk_passes;
    char disk[LISTING_NAME_BYTES];
    bool begun;
    bool many;
    struct tally corrected;
    struct block_devices devices;
    char text[KERNEL_LOG_RECORD_BYTES + 1];
};

void kernel_log_finish(struct kernel_log_state *state);

extern const struct reference reference_kernel_log;

#endif

#ifndef OSTRAKON_HEALTH_REFERENCES_KERNEL_LOG_RULES_H
#define OSTRAKON_HEALTH_REFERENCES_KERNEL_LOG_RULES_H

#include "block_devices.h"

/* What a record of /dev/kmsg means, for R14. */

enum kernel_event_kind {
    KERNEL_EVENT_NONE,
    KERNEL_EVENT_UNCORRECTED, /* a hardware error that nothing has put right */
    KERNEL_EVENT_RECOVERED,   /* one that the kernel has got over */
    KERNEL_EVENT_PAGE_LOST,   /* memory was taken away */
    KERNEL_EVENT_BOOT_BEFORE, /* one that the firmware has kept from before */
    KERNEL_EVENT_CORRECTED,
    KERNEL_EVENT_DISK, /* one of ours */
    KERNEL_EVENT_STUCK,
    KERNEL_EVENT_KILLED,
    KERNEL_EVENT_CLOCK,
};

struct kernel_log_event {
    enum kernel_event_kind kind;
    const char *device;  /* within the record's text */
    size_t device_bytes; /* below LISTING_NAME_BYTES */
};

struct kernel_log_record {
    uint64_t priority; /* facility * 8 + level; the kernel's own facility is 0 */
    uint64_t number;
    const char *text;
};

/* "6,339,5140900,-;text": false for whatever is not of this form. */
bool kernel_log_record_scan(const char *line, struct kernel_log_record *out)
    __attribute__((warn_unused_result));

/* Linear in the text. */
struct kernel_log_event kernel_log_judge(const struct kernel_log_record *r,
                                         const struct block_devices *ours);

#endif

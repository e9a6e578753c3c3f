#ifndef OSTRAKON_HEALTH_REFERENCES_DISK_HEALTH_REPORT_H
#define OSTRAKON_HEALTH_REFERENCES_DISK_HEALTH_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What smartctl --json says of one disk, for R26. */

#define DISK_HEALTH_ANSWER_BYTES (128u * 1024u)

/* Attributes of ATA whose growth tells of a dying disk: reallocated sectors, errors that were
 * not corrected, sectors that wait for reallocation, sectors that could not be read. */
#define DISK_ATTRIBUTES(X) X(5) X(187) X(197) X(198)

enum disk_attribute {
#define X(id) DISK_ATTRIBUTE_##id,
    DISK_ATTRIBUTES(X)
#undef X
        DISK_ATTRIBUTE_COUNT
};

struct disk_counts {
    bool media_known;
    uint64_t media_errors;
    bool known[DISK_ATTRIBUTE_COUNT];
    uint64_t attribute[DISK_ATTRIBUTE_COUNT];
};

struct disk_health_report {
    bool any; /* it gave account of something */
    bool passed_known;
    bool passed;
    bool warning_known;
    uint64_t warning; /* NVMe: critical_warning */
    bool used_known;
    uint64_t used_percent;
    struct disk_counts counts;
};

/* False: this is no JSON as smartctl writes it. A part that is missing is not known; one that
 * is there and is not what it should be refuses the whole. */
bool disk_health_parse(const char *text, size_t size_bytes, struct disk_health_report *out)
    __attribute__((warn_unused_result));

#endif

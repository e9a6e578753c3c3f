#ifndef OSTRAKON_HEALTH_REFERENCES_DISK_HEALTH_H
#define OSTRAKON_HEALTH_REFERENCES_DISK_HEALTH_H

#include "block_devices.h"
#include "child.h"
#include "disk_health_report.h"
#include "health/reference.h"

/* R26: what the disks beneath the data directory say of themselves, asked once an hour with
 * smartctl. A run never waits for it: it starts the question, or takes what there is of an
 * answer, and tells what is known by now. */

#define DISK_HEALTH_NOTES(X)                                                                   \
    X(WELL, "{subject} reports no fault", "")                                                  \
    X(ASKED, "the disk is being asked", "")                                                    \
    X(SLEEPS, "{subject} sleeps, and is not woken to be asked", "")                            \
    X(FAILING, "{subject} reports that it is failing", "Replace this disk now.")               \
    X(WORN, "{subject} reports an attribute below its threshold: it will fail soon",           \
      "Replace this disk.")                                                                    \
    X(SPARE, "{subject} has few spare blocks left", "Replace this disk.")                      \
    X(HOT, "{subject} is too hot or too cold", "See to its cooling.")                          \
    X(UNRELIABLE, "{subject} reports that it is not reliable any more", "Replace this disk.")  \
    X(READ_ONLY, "{subject} does not take writes any more", "Replace this disk now.")          \
    X(BACKUP, "{subject} may lose what it has acknowledged when power fails",                  \
      "Replace this disk.")                                                                    \
    X(USED_UP, "{subject} has used {got} % of the life it was made for", "Replace this disk.") \
    X(MEDIA, "{subject} counted {count} errors of its medium more, {got} by now",              \
      "If it goes on, replace this disk.")                                                     \
    X(SECTORS, "{subject} counted {count} more in attribute {expected}, {got} by now",         \
      "If it goes on, replace this disk.")                                                     \
    X(NO_TOOL, "smartctl is not installed", "")                                                \
    X(NO_DISK, "the data directory is on no disk of this machine's own", "")                   \
    X(NO_ACCOUNT, "no disk here gives account of its health", "")                              \
    X(SILENT, "{subject} gives no account of its health any more",                             \
      "See that the disk answers: smartctl -H -A.")                                            \
    X(GARBAGE, "what smartctl says of {subject} is not as it should be", "")                   \
    X(FAILED, "smartctl cannot be run: {error}", "")                                           \
    X(LATE, "smartctl has not answered for {subject} in ten seconds", "")                      \
    X(STUCK, "smartctl hangs, and cannot be killed", "See what {subject} does not answer.")

enum disk_health_note {
#define X(name, text, action) DISK_HEALTH_##name,
    DISK_HEALTH_NOTES(X)
#undef X
};

#define DISK_HEALTH_PERIOD_MS (UINT64_C(3600) * 1000)
#define DISK_HEALTH_PATIENCE_MS 10000u
#define DISK_HEALTH_DISKS_MAX 4u
#define DISK_HEALTH_TOOLS "/usr/sbin:/usr/bin:/sbin:/bin"

struct disk_health_disk {
    char name[LISTING_NAME_BYTES];
    bool known;                /* it has given account of itself once */
    struct disk_counts counts; /* as it gave them last */
    struct finding finding;    /* of its last answer */
};

struct disk_health_state {
    bool begun;
    bool decided; /* the first round is over */
    bool asking;
    uint32_t disk; /* that is asked */
    uint32_t count;
    uint64_t next_ms; /* the next round */
    struct disk_health_disk disks[DISK_HEALTH_DISKS_MAX];
    char tool[256]; /* "": there is none */
    struct child child;
    char answer[DISK_HEALTH_ANSWER_BYTES + 1];
};

void disk_health_finish(struct disk_health_state *state);

extern const struct reference reference_disk_health;

#endif

#ifndef OSTRAKON_HEALTH_REFERENCES_INTERFACES_H
#define OSTRAKON_HEALTH_REFERENCES_INTERFACES_H

#include "health/reference.h"
#include "listing.h"
#include "tally.h"

/* R28: what the network interfaces and the kernel's stack count. A link that corrupts is found
 * here, before its packets with a right checksum by chance reach anybody. */

#define INTERFACES_NOTES(X)                                                                    \
    X(CLEAN, "{count} corrupt packets in a minute, {got} of 1000 segments sent again", "")     \
    X(CORRUPT, "{subject} received {count} corrupt packets in a minute",                       \
      "Look at its cable, its module and the port at the other end.")                          \
    X(CHECKSUMS, "{count} packets with a wrong checksum came in a minute",                     \
      "Look at the cables and the interfaces: packets are changed on their way.")              \
    X(LOSSY, "{got} of 1000 segments were sent again, of {count} in a minute",                 \
      "Look for a lost or overloaded link.")                                                   \
    X(NO_COUNTERS, "the kernel shows no counters of its network", "")                          \
    X(VANISHED, "the counters of {subject} are gone since the start", "")                      \
    X(UNREADABLE, "the counters of {subject} cannot be read as they should", "")

enum interfaces_note {
#define X(name, text, action) INTERFACES_##name,
    INTERFACES_NOTES(X)
#undef X
};

#define INTERFACES_CORRUPT_MOST 10u    /* a minute */
#define INTERFACES_AGAIN_PERMILLE 100u /* of segments sent in a minute */
#define INTERFACES_SENT_LEAST 100u     /* fewer say nothing */
#define INTERFACES_MAX 32u

/* A number that only grows, and what it grew by in the last minute. */
struct meter {
    bool started;
    uint64_t last;
    struct tally minute;
};

struct interface {
    char name[LISTING_NAME_BYTES];
    bool seen; /* in this run */
    struct meter corrupt;
};

struct interfaces_state {
    bool started;
    bool stack_there; /* /proc/net/snmp, at the first run */
    bool links_there; /* /sys/class/net */
    uint32_t count;
    struct interface list[INTERFACES_MAX];
    struct meter checksums;
    struct meter sent;
    struct meter again;
    struct listing names;
};

extern const struct reference reference_interfaces;

#endif

#ifndef OSTRAKON_HEALTH_REFERENCES_EDAC_H
#define OSTRAKON_HEALTH_REFERENCES_EDAC_H

#include "health/reference.h"
#include "listing.h"
#include "tally.h"

/* R12: what the memory controllers count of errors, corrected and not. Increments are judged:
 * what was counted before the start is the past. Corrected errors are what ECC is for: they
 * degrade when there are many, and are never fatal. */

#define EDAC_NOTES(X)                                                                          \
    X(NONE, "no memory error was counted since the start", "")                                 \
    X(SOME, "{subject} corrected {count} errors in 24 hours", "")                              \
    X(RESET, "the counters of {subject} were set back to {got}", "")                           \
    X(MANY, "{subject} corrected {count} errors in 24 hours",                                  \
      "Nothing at once: the memory is tested now. Again: replace this module.")                \
    X(LASTING, "{subject} corrects errors without end, {count} in 24 hours",                   \
      "Replace this memory module.")                                                           \
    X(UNCORRECTED, "{subject} has {count} uncorrected errors more, {got} by now",              \
      "Replace this memory module.")                                                           \
    X(NO_COUNTERS, "this machine has no counters of memory errors", "")                        \
    X(VANISHED, "the counters of {subject} are gone since the start", "")                      \
    X(UNREADABLE, "the counters of {subject} cannot be read as they should", "")               \
    X(TOO_MANY, "more memory modules than can be watched: {expected}", "")

enum edac_note {
#define X(name, text, action) EDAC_##name,
    EDAC_NOTES(X)
#undef X
};

#define EDAC_DAY_MOST 50u    /* corrected errors of one module */
#define EDAC_HOUR_MOST 2000u /* from here on a person is called */
#define EDAC_PLACES_MAX 256u
#define EDAC_PATH_BYTES (2 * LISTING_NAME_BYTES)
#define EDAC_LABEL_BYTES 64u

/* A controller, or a module of one. */
struct edac_place {
    char path[EDAC_PATH_BYTES]; /* below /sys/devices/system/edac/mc: "mc0/dimm3" */
    char label[EDAC_LABEL_BYTES];
    bool seen;          /* in this run */
    bool lasting;       /* degraded for good */
    uint64_t corrected; /* at the run before */
    uint64_t uncorrected;
    uint64_t since_ms; /* degraded without a break */
    uint64_t until_ms; /* degraded, if later than now */
    struct tally day;
    struct tally hour;
};

struct edac_state {
    uint32_t count;
    struct edac_place places[EDAC_PLACES_MAX];
    struct listing controllers;
    struct listing modules;
};

extern const struct reference reference_edac;

#endif

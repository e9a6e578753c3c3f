#ifndef OSTRAKON_HEALTH_REFERENCES_CLOCKS_H
#define OSTRAKON_HEALTH_REFERENCES_CLOCKS_H

#include "health/reference.h"
#include "seams.h"

/* R19: the clocks of this machine against each other. None is believed: one that stands still
 * or goes backwards while another goes on is broken, and two that drift apart by more than any
 * time service slews them cannot both be right. */

#define CLOCKS_NOTES(X)                                                                        \
    X(AGREE, "all clocks go alike", "")                                                        \
    X(BEGUN, "all clocks go; their rates are judged after some seconds", "")                   \
    X(WOKEN, "all clocks go alike, after {got} ms of suspension", "")                          \
    X(BACKWARDS, "the clock {subject} went back by {got} ns",                                  \
      "Stop this machine: its timer hardware or hypervisor is broken.")                        \
    X(STANDS, "the clock {subject} stands still; another advanced by {got} ms",                \
      "Stop this machine: its timer hardware or hypervisor is broken.")                        \
    X(ASLEEP, "all clocks but boot time stood still for {got} ms", "")                         \
    X(JUMPED, "the wall clock was set by {got} ms",                                            \
      "Find who set it; a time service should slew it, or set it only at boot.")               \
    X(DRIFTS, "the clock {subject} drifts by {got} ppm against the hardware's",                \
      "Look at the time service: it slews by 500 ppm at most.")                                \
    X(COUNTER, "the cores' counter went from {expected} to {got} ticks a millisecond",         \
      "Look for a message on the clock source in the kernel's log.")                           \
    X(BUSY, "no undisturbed moment was found to read all clocks in", "")

enum clocks_note {
#define X(name, text, action) CLOCKS_##name,
    CLOCKS_NOTES(X)
#undef X
};

#define CLOCKS_WINDOW_MS 6000u
#define CLOCKS_DRIFT_PPM 600u
#define CLOCKS_RUNAWAY_PPM 10000u
#define CLOCKS_JUMP_MS 500u

/* All clocks at one moment, or as near to one as the scheduler lets us. */
struct clocks_sample {
    uint64_t ns[SEAM_CLOCKS];
    uint64_t ticks;
    uint64_t width_ns; /* the reading took so long */
};

struct clocks_state {
    bool started;
    bool judged;               /* rates, at least once */
    bool ticks_distrusted;     /* the kernel's log says so (R14) */
    bool slept;                /* the run before found all but one standing still */
    int64_t wall_ppm;          /* in the window before; 0: none */
    uint64_t ticks_per_ms;     /* in the first window; 0: none yet */
    struct clocks_sample last; /* of the run before */
    struct clocks_sample base; /* beginning of the window over which rates are judged */
};

extern const struct reference reference_clocks;

#endif

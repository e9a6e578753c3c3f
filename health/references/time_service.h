#ifndef OSTRAKON_HEALTH_REFERENCES_TIME_SERVICE_H
#define OSTRAKON_HEALTH_REFERENCES_TIME_SERVICE_H

#include "health/reference.h"

/* R20: what the kernel thinks of its own wall clock. Many virtual machines and containers get
 * their time from the host and are never "synchronised" in its sense; for them this reference
 * is absent until a time service shows up. */

#define TIME_SERVICE_NOTES(X)                                                                  \
    X(GOOD, "the wall clock is synchronised to within {got} us", "")                           \
    X(NEVER, "no time service has told the kernel so far that the clock is right", "")         \
    X(NO_CALL, "this process may not ask the kernel about its clock", "")                      \
    X(LOST, "the kernel calls the wall clock unsynchronised",                                  \
      "Start the time service again, and see whether it reaches its servers.")                 \
    X(WIDE, "the wall clock may be wrong by {got} us",                                         \
      "See whether the time service reaches its servers.")                                     \
    X(HARDWARE, "the kernel reports an error of its clock hardware",                           \
      "Look for a message on the clock in the kernel's log.")                                  \
    X(GONE, "the kernel does not answer about its clock any more: {error}", "")                \
    X(ODD, "the kernel answers nonsense about its clock", "")

enum time_service_note {
#define X(name, text, action) TIME_SERVICE_##name,
    TIME_SERVICE_NOTES(X)
#undef X
};

#define TIME_SERVICE_ERROR_MOST_US 1000000

struct time_service_state {
    bool required;     /* the caller's: never to have been synchronised is a finding */
    bool synchronised; /* once since the start */
};

extern const struct reference reference_time_service;

#endif

/* At most one report a minute for each offender and kind, with a count of what was left out;
 * shares of what somebody may ask for in a second, and turns at a thread's time.
 *
 * Whatever somebody else can cause, he can cause a million times; what is written about it must
 * not fill the disk. Pure: plain values, no clock. Any thread, as long as one at a time. */
#ifndef OSTRAKON_AGENT_RATELIMIT_H
#define OSTRAKON_AGENT_RATELIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RATELIMIT_ENTRIES 64u   /* offenders told apart at a time */
#define RATELIMIT_GAP_MS 60000u /* between two reports on one of them */

struct ratelimit_entry {
    uint64_t key;        /* offender and kind */
    uint64_t passed_ms;  /* when the last report went out */
    uint32_t suppressed; /* left out since */
    bool used;
};

/* All zero is a fresh one. The fields are ratelimit.c's. */
struct ratelimit {
    struct ratelimit_entry entries[RATELIMIT_ENTRIES];
    uint32_t crowded; /* left out because all entries were younger than the gap */
};

/* A key of who and what: FNV-1a, good enough to tell reports apart. Who finds a collision
 * silences another offender's line, never its count. */
uint64_t ratelimit_key(uint32_t kind, const void *offender, size_t size_bytes);

/* Whether a report on this key may go out at now_ms (never goes back); *suppressed is then how
 * many were left out before it. With more than RATELIMIT_ENTRIES offenders a minute the rest
 * are left out, and counted by the next report that is let through. RATELIMIT_ENTRIES
 * comparisons. */
bool ratelimit_pass(struct ratelimit *r, uint64_t key, uint64_t now_ms, uint32_t *suppressed);

/* What one asker has had of the second under way. All zero is a fresh one; ratelimit.c's. */
struct ratelimit_share {
    uint64_t second_ms; /* when it began */
    uint32_t used;
};

/* Whether there is one more for it at now_ms (never goes back): `per_second` in each second,
 * which begins with the first that is taken. */
bool ratelimit_take(struct ratelimit_share *s, uint32_t per_second, uint64_t now_ms);

#define RATELIMIT_TURNS 4u /* one asker has the thread for a quarter of the time at most, */
#define RATELIMIT_BURST_MS 200u /* but may have a quarter of this at once */

/* What one asker has had of a thread's time. All zero is a fresh one; ratelimit.c's. */
struct ratelimit_turn {
    uint64_t until_us; /* when it will have had no more than its part */
};

/* Whether it has a turn at now_ms (never goes back). */
bool ratelimit_has_turn(const struct ratelimit_turn *t, uint64_t now_ms);

/* What was done for it took so long. */
void ratelimit_spend(struct ratelimit_turn *t, uint64_t cost_us, uint64_t now_ms);

#endif

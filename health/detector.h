#ifndef OSTRAKON_HEALTH_DETECTOR_H
#define OSTRAKON_HEALTH_DETECTOR_H

#include <stdbool.h>
#include <stdint.h>

/* Whether one peer is still there, told from the times at which it was heard. One struct a
 * peer. Integers throughout, so that a replayed run suspects at the same millisecond. Any
 * thread, as long as one at a time has it. Knows nothing of the caller's own lateness:
 * local_health.h does, and it is local_health_deadline_ms that is to be asked for when to
 * suspect. */

/* A gap counts for at most so many heartbeats, or one outage would excuse the next. */
#define DETECTOR_GAP_MAX 5u
#define DETECTOR_SUSPICION_MAX 32u

struct detector {
    uint64_t heard_ms;     /* when something was last heard from the peer */
    uint32_t heartbeat_ms; /* how often it promises to be heard */
    uint32_t suspicion;    /* after how many of its gaps it is suspected */
    uint32_t gap_x8;       /* its smoothed gap in ms, times 8 */
    uint32_t deviation_x4; /* the gap's smoothed mean deviation in ms, times 4 */
    bool refused;          /* its machine refused a connection, and nothing was heard since */
};

/* Starts as if a peer without any jitter had been heard at `now_ms`. Asserts heartbeat_ms in
 * 1 .. 60,000 and suspicion in 2 .. DETECTOR_SUSPICION_MAX. */
void detector_init(struct detector *d, uint32_t heartbeat_ms, uint32_t suspicion,
                   uint64_t now_ms);

/* Anything at all came from the peer. `now_ms` is asserted not to go back.
 *
 * Source: RFC 6298, section 2.3 (smoothed mean and deviation, 1/8 and 1/4). Unlike there, a gap
 * counts for at least one heartbeat and at most DETECTOR_GAP_MAX of them, and gaps of less than
 * half a heartbeat prove life but teach nothing: messages come in bursts, and a burst says
 * nothing of how long the peer can be quiet. */
void detector_heard(struct detector *d, uint64_t now_ms);

/* A connection to the peer was refused: its machine lives and its agent does not. Suspected at
 * once, until heard again. */
void detector_refused(struct detector *d);

/* For `grace_ms` until now the caller could not have heard the peer: the deadline moves by as
 * much, and the gap in progress does not count that time. Asserts that this does not lead
 * beyond `now_ms`. See local_health_step. */
void detector_excuse(struct detector *d, uint64_t grace_ms, uint64_t now_ms);

/* How long the peer may be quiet: `suspicion` of its usual gaps and four times their deviation;
 * never less than suspicion * heartbeat_ms, never more than 8 * DETECTOR_GAP_MAX heartbeats.
 * Exactly suspicion * heartbeat_ms for a peer without jitter. */
uint64_t detector_patience_ms(const struct detector *d);

/* From when on the peer is to be suspected if nothing more is heard: its patience after it was
 * last heard; that very moment if its machine refused a connection. */
uint64_t detector_deadline_ms(const struct detector *d);

#endif

#include "detector.h"

#include <assert.h>

/* Smoothing of RFC 6298 without fractions: a mean kept times N moves by 1/N of the difference.
 * What is below one ms is cut off, always in the same direction, so that patience errs long. */

#define HEARTBEAT_MAX_MS 60000u

static_assert(DETECTOR_SUSPICION_MAX <= 8 * DETECTOR_GAP_MAX,
              "patience has room below its cap");

void detector_init(struct detector *d, uint32_t heartbeat_ms, uint32_t suspicion,
                   uint64_t now_ms)
{
    assert(heartbeat_ms >= 1 && heartbeat_ms <= HEARTBEAT_MAX_MS);
    assert(suspicion >= 2 && suspicion <= DETECTOR_SUSPICION_MAX);
    *d = (struct detector){
        .heard_ms = now_ms,
        .heartbeat_ms = heartbeat_ms,
        .suspicion = suspicion,
        .gap_x8 = 8 * heartbeat_ms,
    };
}

/* The gap as it counts: one heartbeat .. DETECTOR_GAP_MAX of them. */
static uint32_t counted_gap_ms(const struct detector *d, uint64_t gap_ms)
{
    const uint32_t gap_max_ms = DETECTOR_GAP_MAX * d->heartbeat_ms;
    if (gap_ms <= d->heartbeat_ms) {
        return d->heartbeat_ms;
    }
    return gap_ms < gap_max_ms ? (uint32_t)gap_ms : gap_max_ms;
}

static void learn(struct detector *d, uint32_t gap_ms)
{
    const uint32_t usual_ms = d->gap_x8 / 8;
    const uint32_t off_ms = gap_ms > usual_ms ? gap_ms - usual_ms : usual_ms - gap_ms;
    d->deviation_x4 = d->deviation_x4 - d->deviation_x4 / 4 + off_ms;
    d->gap_x8 = d->gap_x8 - usual_ms + gap_ms;
}

void detector_heard(struct detector *d, uint64_t now_ms)
{
    assert(now_ms >= d->heard_ms);
    const uint64_t gap_ms = now_ms - d->heard_ms;
    d->heard_ms = now_ms;
    d->refused = false;
    if (2 * gap_ms >= d->heartbeat_ms) {
        learn(d, counted_gap_ms(d, gap_ms));
    }
}

void detector_refused(struct detector *d)
{
    d->refused = true;
}

void detector_excuse(struct detector *d, uint64_t grace_ms, uint64_t now_ms)
{
    assert(now_ms >= d->heard_ms);
    assert(grace_ms <= now_ms - d->heard_ms);
    d->heard_ms += grace_ms;
}

uint64_t detector_patience_ms(const struct detector *d)
{
    const uint64_t usual_ms = (uint64_t)d->suspicion * d->gap_x8 / 8 + d->deviation_x4;
    const uint64_t least_ms = (uint64_t)d->suspicion * d->heartbeat_ms;
    const uint64_t most_ms = (uint64_t)8 * DETECTOR_GAP_MAX * d->heartbeat_ms;
    if (usual_ms < least_ms) {
        return least_ms;
    }
    return usual_ms < most_ms ? usual_ms : most_ms;
}

uint64_t detector_deadline_ms(const struct detector *d)
{
    return d->refused ? d->heard_ms : d->heard_ms + detector_patience_ms(d);
}

/* Whether others may have decided without this member: while it stood still, or before it was
 * started. What came meanwhile lies in its sockets, and is of then. */
#include "node_parts.h"

/* Late steps are no gap. Less than it takes to remove who is not heard. */
#define GAP_MS 2000u
#define STALE_HEARTBEATS 2u /* so long what is read may have lain in a socket */

/* Its heartbeats come: what the last one said is of now, and of `since_ms` at least. */
static bool is_heard(const struct deciding *d, uint32_t member, uint64_t since_ms)
{
    const struct timing *t = &d->cluster.timing;
    const uint64_t word_ms = d->peer[member].word_ms;
    return (d->heard >> member & 1) != 0 && (d->suspected >> member & 1) == 0 &&
           word_ms >= since_ms &&
           d->now_ms - word_ms <= (uint64_t)t->suspicion * t->heartbeat_ms;
}

bool node_nobody_is_ahead(const struct deciding *d, uint64_t since_ms)
{
    const struct quorum q = cluster_quorum(&d->cluster);
    uint32_t here = 0;
    for (uint32_t i = 0; i < d->cluster.member_count; i++) {
        const struct peer_view *p = &d->peer[i];
        const bool self = i == d->options.self;
        const bool heard = self || is_heard(d, i, since_ms);
        const uint64_t height = self ? d->simplex.height : p->height;
        const bool finalized =
            self ? d->simplex.record.finalized != VIEW_NONE : p->has_finalized;
        here += heard && cluster_is_voter(&d->cluster, i) && height == d->simplex.height &&
                        !finalized
                    ? 1
                    : 0;
    }
    return here + q.needed > q.voters;
}

void node_still_start(struct deciding *d)
{
    d->missed_ms = d->now_ms + 1;
}

void node_still_wake(struct deciding *d, uint64_t now_ms)
{
    if (now_ms - d->now_ms > GAP_MS) {
        d->missed_ms = now_ms + 1;
    }
}

void node_still_watch(struct deciding *d)
{
    const uint64_t stale_ms = STALE_HEARTBEATS * (uint64_t)d->cluster.timing.heartbeat_ms;
    if (d->missed_ms != 0 && node_nobody_is_ahead(d, d->missed_ms - 1 + stale_ms)) {
        d->missed_ms = 0;
    }
}

bool node_may_have_missed(const struct deciding *d, uint64_t now_ms)
{
    return d->missed_ms != 0 || (now_ms > d->now_ms && now_ms - d->now_ms > GAP_MS);
}

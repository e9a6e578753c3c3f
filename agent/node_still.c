/* Whether others may have decided without this member: while it stood still, or before it was
 * started. What came meanwhile lies in its sockets, and is of then. */
#include "node_parts.h"

/* Late steps are no gap. Less than it takes to remove who is not heard. */
#define GAP_MS 2000u

/* Its heartbeats come, and the last one was made when it had my heartbeat of that number, or a
 * later one: whatever waited in a socket meanwhile was not. */
static bool is_heard(const struct deciding *d, uint32_t member, uint64_t first)
{
    const struct timing *t = &d->cluster.timing;
    const struct peer_view *p = &d->peer[member];
    return (d->heard >> member & 1) != 0 && (d->suspected >> member & 1) == 0 &&
           p->echo >= first &&
           d->now_ms - p->word_ms <= (uint64_t)t->suspicion * t->heartbeat_ms;
}

bool node_nobody_is_ahead(const struct deciding *d, uint64_t first)
{
    const struct quorum q = cluster_quorum(&d->cluster);
    uint32_t here = 0;
    for (uint32_t i = 0; i < d->cluster.member_count; i++) {
        const struct peer_view *p = &d->peer[i];
        const bool self = i == d->options.self;
        const bool heard = self || is_heard(d, i, first);
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
    d->missed = (uint64_t)d->links.sequence + 1;
}

void node_still_wake(struct deciding *d, uint64_t now_ms)
{
    if (now_ms - d->now_ms > GAP_MS) {
        node_still_start(d);
    }
}

void node_still_watch(struct deciding *d)
{
    if (d->missed != 0 && node_nobody_is_ahead(d, d->missed)) {
        d->missed = 0;
    }
}

bool node_may_have_missed(const struct deciding *d, uint64_t now_ms)
{
    return d->missed != 0 || (now_ms > d->now_ms && now_ms - d->now_ms > GAP_MS);
}

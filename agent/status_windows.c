/* Whether the statistics go on. Only where what is seen is of now: an agent that has just
 * started, or is behind, knows nothing of the windows that the others settled meanwhile. */
#include "agent/status_parts.h"

#include <inttypes.h>

#include "consensus/election.h"

/* No member can have been perfect for longer. */
#define YOUNG_TICKS (RECENT_TICKS + 1u)

static void look_at_progress(const struct moment *m)
{
    const struct cluster *c = m->cluster;
    const struct status *s = m->status;
    char age[STATUS_SHORT_BYTES];
    if (s->due == 0 || s->oldest_due_age_ms <= (uint64_t)c->timing.window_timeout_s * 1000) {
        return;
    }
    struct status_reason *r = status_add(m, "OST-3203", true, c->grant.leader);
    status_age(s->oldest_due_age_ms, age);
    if (s->due == 1) {
        status_say(r->text, "1 window is not settled; it has been due for %s.", age);
    } else {
        status_say(r->text,
                   "%" PRIu64 " windows are not settled; the oldest has been due for %s.",
                   s->due, age);
    }
    const uint32_t auditor = c->grant.auditor;
    status_say(r->action,
               "On %s%s%s, look at what the worker says: ostrakon log --code OST-6004",
               words_member(c, c->grant.leader), auditor == MEMBER_NONE ? "" : " and ",
               auditor == MEMBER_NONE ? "" : words_member(c, auditor));
}

static void look_at_audit(const struct moment *m)
{
    const struct cluster *c = m->cluster;
    if (c->grant.auditor == MEMBER_NONE && c->audit_required) {
        char waiting[STATUS_SHORT_BYTES];
        status_waiting(m, waiting);
        struct status_reason *r =
            status_add(m, "OST-3204", m->status->due > 0, c->grant.leader);
        status_say(r->text, "Nobody is left to audit %s, so nothing is settled.%s",
                   words_member(c, c->grant.leader), waiting);
        status_say(r->action, "Bring back another member that is fit to audit");
    }
}

static void look_at_tier(const struct moment *m)
{
    const struct cluster *c = m->cluster;
    const struct choice best = election_leader(c, 0);
    if (c->tick <= YOUNG_TICKS || best.member == MEMBER_NONE || best.place == 1) {
        return;
    }
    struct status_reason *r = status_add(m, "OST-3201", false, c->grant.leader);
    status_say(r->text, "No front node %s; %s processes the statistics all the same.",
               best.place == 2 ? "has been perfect for three ticks" : "is without faults",
               words_member(c, c->grant.leader));
}

/* What is settled stays as it is; what others found on looking again stands beside it. */
static void look_at_doubts(const struct moment *m)
{
    const struct cluster *c = m->cluster;
    uint32_t open = 0;
    uint32_t corrected = 0;
    for (uint32_t i = 0; i < DOUBTFUL_KEPT; i++) {
        const struct doubtful_window *d = &c->windows.doubtful[i];
        open += d->window != 0 && !d->closed;
        corrected += d->window != 0 && doubtful_is_corrected(d);
    }
    if (open + corrected == 0) {
        return;
    }
    struct status_reason *r =
        status_add(m, corrected > 0 ? "OST-3107" : "OST-3105", false, MEMBER_NONE);
    status_say(r->text,
               "Statistics that two members settled who were both locked out since: %u windows "
               "are looked at again, %u have proved wrong.",
               open, corrected);
    if (corrected > 0) {
        status_say(r->action, "Which, and what they should be: ostrakon log --code OST-3107, "
                              "and doubtful in /v1/windows");
    }
}

void status_look_at_windows(const struct moment *m)
{
    const struct cluster *c = m->cluster;
    const uint64_t due = m->status->due;
    if (m->status->phase != STATUS_RUNNING) {
        return;
    }
    look_at_doubts(m);
    if (c->grant.fence != 0) {
        look_at_progress(m);
        look_at_audit(m);
        look_at_tier(m);
    } else if (due > 0 || c->tick > YOUNG_TICKS) {
        char waiting[STATUS_SHORT_BYTES];
        status_waiting(m, waiting);
        struct status_reason *r = status_add(m, "OST-3202", due > 0, MEMBER_NONE);
        status_say(r->text, "No front node is fit to process the statistics.%s", waiting);
        status_say(r->action, "On each front node: ostrakon status");
    }
}

/* When a block is due, how long a view may take, and which times a block may have: rules 13, 14
 * and 15. The clock on the wall decides none of the first two. */
#include "simplex_parts.h"

#define TOLERANCE_MS 1000u
#define TOLERANCE_DOUBLINGS 12u
#define TIMEOUT_DOUBLINGS 4u

static uint64_t max_of(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static uint64_t min_of(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

uint64_t clock_age_ms(const struct simplex *s, const struct simplex_world *w)
{
    return s->decided_age_ms + (w->now_ms - s->decided_at_ms);
}

/* After the block before, by the chain's clock: the end of the tick; or a name may go to
 * somebody else, which is not to wait for that. A name for which nobody was there when it could
 * is one that waits for ticks. */
static uint64_t due_after_ms(const struct simplex *s, const struct cluster *c)
{
    const uint64_t tick_ms = s->options.timing.tick_ms;
    const uint64_t least_ms = 3 * (uint64_t)s->options.timing.delta_ms; /* of slow clocks */
    uint64_t left_ms = tick_ms - c->time_ms % tick_ms;
    const uint64_t free_ms = names_next_free_ms(c);
    if (free_ms != 0 && free_ms - c->time_ms < left_ms) {
        left_ms = min_of(left_ms, max_of(free_ms - c->time_ms, least_ms));
    }
    return left_ms;
}

uint64_t clock_due_ms(const struct simplex *s, const struct simplex_world *w)
{
    const uint64_t left_ms = due_after_ms(s, w->cluster);
    const uint64_t due_ms =
        s->decided_at_ms + (s->decided_age_ms >= left_ms ? 0 : left_ms - s->decided_age_ms);
    const uint64_t urgent_ms = pool_urgent_since_ms(w->pool);
    return min_of(urgent_ms, due_ms);
}

bool clock_is_engaged(const struct simplex *s)
{
    if (!simplex_has_record(s)) {
        return false;
    }
    const struct vote_record *r = &s->record;
    return s->view > 0 || r->top != VIEW_NONE || r->finalized != VIEW_NONE ||
           r->best.kind != CERTIFICATE_NONE || s->undecided.kind != CERTIFICATE_NONE ||
           s->candidate.accepted;
}

void clock_run(struct simplex *s, const struct simplex_world *w)
{
    const bool engaged = clock_is_engaged(s);
    if (s->running_ms == TIME_NEVER && (engaged || w->now_ms >= clock_due_ms(s, w))) {
        s->running_ms = w->now_ms;
    }
    if (engaged && s->repeat_ms == TIME_NEVER) {
        s->repeat_ms = w->now_ms + 3ull * s->options.timing.delta_ms;
    }
}

uint64_t clock_deadline_ms(const struct simplex *s)
{
    if (s->running_ms == TIME_NEVER) {
        return TIME_NEVER;
    }
    const uint64_t delta_ms = s->options.timing.delta_ms;
    const uint32_t doublings = s->view < TIMEOUT_DOUBLINGS ? s->view : TIMEOUT_DOUBLINGS;
    return s->running_ms + (3 * delta_ms << doublings) + (s->view == 0 ? delta_ms : 0);
}

uint64_t clock_block_ms(const struct simplex *s, const struct simplex_world *w)
{
    const uint64_t before_ms = w->cluster->time_ms;
    const uint64_t grown_ms = before_ms + max_of(clock_age_ms(s, w) / 2, 1);
    return max_of(w->unix_ms, grown_ms);
}

uint64_t clock_passes_ms(const struct simplex *s, const struct simplex_world *w,
                         uint64_t block_ms)
{
    const uint64_t before_ms = w->cluster->time_ms;
    if (block_ms <= before_ms) {
        return TIME_NEVER;
    }
    const uint32_t doublings = s->view < TOLERANCE_DOUBLINGS ? s->view : TOLERANCE_DOUBLINGS;
    const uint64_t tolerance_ms = (uint64_t)TOLERANCE_MS << doublings;
    const uint64_t mine_ms = max_of(w->unix_ms, before_ms + clock_age_ms(s, w));
    if (block_ms - before_ms <= mine_ms - before_ms + tolerance_ms) {
        return w->now_ms;
    }
    const uint64_t left_ms = block_ms - mine_ms - tolerance_ms;
    return left_ms > TIME_NEVER - w->now_ms ? TIME_NEVER : w->now_ms + left_ms;
}

void clock_wake(const struct simplex_world *w, uint64_t at_ms)
{
    if (at_ms > w->now_ms) {
        effects_wake(w->out, at_ms);
    }
}

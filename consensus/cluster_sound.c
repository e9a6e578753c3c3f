#include "cluster_parts.h"

#include <assert.h>
#include <string.h>

#include "../health/reference.h"
#include "doubt.h"
#include "label.h"
#include "motion.h"

/* What every state is that founding and blocks lead to: the ranges in which all other code may
 * index, shift, divide and assert. A snapshot that lies outside them was not written by us. */

#define STANDINGS (STANDING_LEFT + 1)
#define COUNTED_MAX (UINT64_MAX / 2) /* nothing was counted that far one by one */

static bool are_members(const struct cluster *c, uint32_t bits)
{
    return bits >> c->member_count == 0;
}

static bool is_some_digest(const struct window_digest *digest)
{
    static const struct window_digest none;
    return memcmp(digest->bytes, none.bytes, DIGEST_BYTES) != 0;
}

static bool is_timing_sound(const struct timing *t)
{
    return t->tick_ms >= 1 && t->window_s >= 1 && t->record_ticks >= 1 && t->ttl_s >= 1 &&
           t->name_lease_s >= 1;
}

static bool is_chain_sound(const struct cluster *c)
{
    return c->height <= COUNTED_MAX && c->tick <= COUNTED_MAX && c->last_fence <= COUNTED_MAX &&
           label_is_text(c->name, sizeof c->name) && is_timing_sound(&c->timing) &&
           c->tick != 0 && c->time_ms >= c->tick_start_ms && c->members_min >= 2 &&
           c->members_min <= MEMBERS_MAX && c->no_electorate_ms <= c->time_ms &&
           c->proof_ms <= c->time_ms &&
           (c->proof_member < c->member_count || c->proof_member == MEMBER_NONE) &&
           c->testimony_ms[MOTION_SUSPEND] <= c->time_ms &&
           c->testimony_ms[MOTION_LOCK_OUT] <= c->time_ms;
}

static bool is_attested_sound(const struct cluster *c, const struct attested *a)
{
    uint32_t seen = 0;
    if (a->ranked > c->member_count || !are_members(c, a->silent | a->wrong) ||
        a->score > 100 || a->tick > c->tick || a->height > c->height) {
        return false;
    }
    for (uint32_t i = 0; i < MEMBERS_MAX; i++) {
        const uint32_t member = a->ranking[i];
        if (i >= a->ranked) {
            if (member != 0) {
                return false;
            }
            continue;
        }
        if (member >= c->member_count || (seen >> member & 1) != 0) {
            return false;
        }
        seen |= 1u << member;
    }
    return true;
}

static bool are_certificates_sound(const struct attested *a)
{
    for (uint32_t i = 0; i < a->certificate_count && i < CERTIFICATES_MAX; i++) {
        if (!label_is_text(a->certificates[i].purpose, PURPOSE_SIZE_BYTES)) {
            return false;
        }
    }
    return a->certificate_count <= CERTIFICATES_MAX;
}

static bool is_past_sound(const struct cluster *c, const struct member *m)
{
    return m->resigned_ms <= c->time_ms && m->good_until_ms <= c->time_ms &&
           m->convicted_ms <= c->time_ms &&
           m->resigned_reference <= (m->resigned_ms != 0 ? REFERENCES_MAX : 0);
}

static bool is_member_sound(const struct cluster *c, uint32_t i)
{
    const struct member *m = &c->member[i];
    const struct record_clock clock = {
        .open = c->tick,
        .lag = RECORD_LAG_MAX, /* of today's voters it may be less than of yesterday's */
        .length = c->timing.record_ticks,
    };
    return label_is_text(m->name, sizeof m->name) &&
           label_is_text(m->address, sizeof m->address) && m->role <= ROLE_WITNESS &&
           m->standing < STANDINGS && m->term >= 1 && m->cause < STANDING_CAUSE_COUNT &&
           m->resigned < RESIGN_CLASS_COUNT && is_past_sound(c, m) &&
           are_certificates_sound(&c->latest[i]) && is_attested_sound(c, &c->latest[i]) &&
           record_is_sound(&c->record[i], &clock) && c->failed_fence[i] <= c->last_fence &&
           c->sink_fence[i] <= SINK_FENCE_MAX && c->urgent_used[i] <= URGENT_MAX &&
           motions_are_sound(c, i);
}

static bool is_grant_sound(const struct cluster *c)
{
    const struct grant *g = &c->grant;
    if (g->fence == 0) {
        return g->leader == MEMBER_NONE && g->auditor == MEMBER_NONE && g->tier == 0 &&
               g->given_ms == 0 && g->deadline_ms == 0 && g->audit_deadline_ms == 0 &&
               !g->audit_was_late;
    }
    return g->fence == c->last_fence && g->leader < c->member_count &&
           g->leader != g->auditor &&
           (g->auditor < c->member_count || g->auditor == MEMBER_NONE) && g->tier >= 1 &&
           g->tier <= 3;
}

static bool are_claims_sound(const struct cluster *c, const struct window_claims *claims)
{
    if (!are_members(c, claims->results | claims->disputes) ||
        (claims->results & claims->disputes) != 0) {
        return false;
    }
    for (uint32_t i = 0; i < c->member_count; i++) {
        const bool claimed = ((claims->results | claims->disputes) >> i & 1) != 0;
        if (claimed && !is_some_digest(&claims->digest[i])) {
            return false;
        }
    }
    return true;
}

static bool is_settled_sound(const struct cluster *c, uint32_t place)
{
    const struct settled_window *s = &c->windows.settled[place];
    const struct window_claims *claims = &c->windows.open[place];
    const uint64_t next = c->windows.next;
    if (s->window == 0) {
        return true;
    }
    const bool is_open = s->window >= next; /* settled before one that is older */
    return s->window % SETTLED_KEPT == place && s->window != next &&
           s->window + SETTLED_KEPT >= next && s->window < next + RESULT_WINDOWS_MAX &&
           (!is_open || (claims->results | claims->disputes) == 0) &&
           is_some_digest(&s->digest) && s->fence <= c->last_fence &&
           s->members[0] < c->member_count && s->members[0] != s->members[1] &&
           (s->members[1] < c->member_count || s->members[1] == MEMBER_NONE) &&
           are_members(c, s->dissenters) && s->convicted <= 3;
}

static bool are_windows_sound(const struct cluster *c)
{
    const uint64_t window_ms = (uint64_t)c->timing.window_s * 1000;
    const uint64_t last = UINT64_MAX / window_ms;
    if (c->windows.next == 0 || last < 4 * RESULT_WINDOWS_MAX ||
        c->windows.next > last - 4 * RESULT_WINDOWS_MAX) {
        return false; /* times of windows must be numbers */
    }
    for (uint32_t i = 0; i < RESULT_WINDOWS_MAX; i++) {
        if (!are_claims_sound(c, &c->windows.open[i]) || !is_settled_sound(c, i)) {
            return false;
        }
    }
    return true;
}

static_assert(SETTLED_KEPT == RESULT_WINDOWS_MAX, "both rings are walked as one");

static bool are_operators_sound(const struct cluster *c)
{
    for (uint32_t i = 0; i < c->operator_count; i++) {
        if (!label_is_text(c->operators[i].name, sizeof c->operators[i].name) ||
            c->operator_seq[i] > COUNTED_MAX) {
            return false;
        }
    }
    return true;
}

bool cluster_is_sound(const struct cluster *c)
{
    uint32_t voters = 0;
    for (uint32_t i = 0; i < c->member_count; i++) {
        if (!is_member_sound(c, i)) {
            return false;
        }
        voters += cluster_is_voter(c, i) ? 1 : 0;
    }
    return voters >= 1 && is_chain_sound(c) && are_operators_sound(c) && is_grant_sound(c) &&
           are_windows_sound(c) && doubts_are_sound(c) && names_are_sound(c) &&
           call_is_sound(c);
}

/* Confidence votes, as one member takes part in them: ballots on what is open, by what it finds
 * itself, and its own appeal (standing.md, sections 5 and 6). */
#include "node_parts.h"

#include <assert.h>
#include <string.h>

#define PROBE_MS 2000u    /* at most so long an elector waits for evidence before it says no */
#define CLEAN_TICKS 2u    /* of clean references before an appeal: 10 s */
#define ATTESTED_TICKS 2u /* whose last attestation is older does not follow the chain */

static uint32_t bit(uint32_t member)
{
    return (uint32_t)1 << member;
}

void node_motions_start(struct deciding *d)
{
    d->confidence = (struct own_confidence){.clean_since_ms = TIME_NEVER};
}

bool evidence_against(const struct node *n, uint32_t member, enum motion_kind kind)
{
    const struct deciding *d = &n->deciding;
    if (kind == MOTION_SUSPEND) {
        return (d->suspected & bit(member)) != 0;
    }
    /* That its statistics differ from what was settled everybody can see in the chain. */
    return d->cluster.time_ms < d->cluster.condemned_until_ms[member] ||
           challenge_is_wrong(&d->trials.book, member);
}

/* Whether it is there, by whatever way, and follows the chain: what a return takes. */
static bool is_back(const struct node *n, uint32_t member)
{
    const struct deciding *d = &n->deciding;
    const struct cluster *c = &d->cluster;
    const struct attested *a = &c->latest[member];
    const uint64_t fresh_ms = ATTESTED_TICKS * (uint64_t)c->timing.tick_ms;
    return node_challenges_trial(d, member) == TRIAL_ANSWERED && a->seq != 0 &&
           a->decided_ms >= c->member[member].since_ms &&
           a->decided_ms + fresh_ms >= c->time_ms &&
           !evidence_against(n, member, MOTION_LOCK_OUT);
}

enum opinion { OPINION_NONE, OPINION_YES, OPINION_NO };

/* A yes needs what I see myself, a no that I have looked for long enough. Who is to be let
 * back, and whom I do not hear, is asked once more for this ballot, by every way. Whom I hear
 * is not silent. Who is late itself judges nobody silent. */
static enum opinion opinion_of(const struct node *n, uint32_t subject, const struct motion *m)
{
    const struct deciding *d = &n->deciding;
    const uint64_t until_ms = d->confidence.seen_ms[subject] + PROBE_MS;
    if (m->kind == MOTION_REINSTATE || m->kind == MOTION_LOCK_OUT) {
        const bool is_over = d->now_ms >= until_ms;
        const bool is_so = m->kind == MOTION_REINSTATE
                               ? is_back(n, subject)
                               : evidence_against(n, subject, m->kind) ||
                                     (is_over && node_tasks_unanswered(d, subject));
        return is_so ? OPINION_YES : is_over ? OPINION_NO : OPINION_NONE;
    }
    const enum trial trial = node_challenges_trial(d, subject);
    if ((d->heard & bit(subject)) != 0 || trial == TRIAL_ANSWERED) {
        return OPINION_NO;
    }
    const bool is_so = trial == TRIAL_UNANSWERED && evidence_against(n, subject, m->kind);
    return is_so && local_health_may_accuse(&d->local_health) ? OPINION_YES : OPINION_NONE;
}

/* An open motion that waits for my ballot. */
static bool is_asked(const struct deciding *d, const struct motion *m)
{
    const uint32_t self = bit(d->options.self);
    return m->id != 0 && !m->passed && (m->electors & self) != 0 &&
           ((m->yes | m->no) & self) == 0;
}

/* What I said once I do not take back: it may be decided already. */
static bool answer(struct node *n, uint32_t subject, struct effects *out)
{
    struct deciding *d = &n->deciding;
    struct own_confidence *own = &d->confidence;
    const struct motion *m = &d->cluster.confidence[subject].motion;
    if (own->seen_motion[subject] != m->id) {
        own->seen_motion[subject] = m->id;
        own->seen_ms[subject] = d->now_ms;
        if (m->kind != MOTION_LOCK_OUT) {
            node_challenges_ask(d, subject);
        }
    }
    if (own->cast.motion[subject] == m->id) {
        return false;
    }
    const enum opinion said = opinion_of(n, subject, m);
    if (said == OPINION_NONE) {
        const uint64_t until_ms = own->seen_ms[subject] + PROBE_MS;
        effects_wake(out, until_ms >= d->now_ms ? until_ms + 1 : TIME_NEVER);
        return false;
    }
    own->cast.motion[subject] = m->id;
    own->cast.subjects |= bit(subject);
    own->cast.yes |= said == OPINION_YES ? bit(subject) : 0;
    return true;
}

static void forget(struct ballot *cast, uint32_t subject)
{
    cast->motion[subject] = 0;
    cast->subjects &= ~bit(subject);
    cast->yes &= ~bit(subject);
}

static void cast_ballots(struct node *n, struct effects *out)
{
    struct deciding *d = &n->deciding;
    struct own_confidence *own = &d->confidence;
    bool news = false;
    for (uint32_t i = 0; i < d->cluster.member_count; i++) {
        const struct motion *m = &d->cluster.confidence[i].motion;
        if (!is_asked(d, m)) {
            forget(&own->cast, i);
            continue;
        }
        if (own->cast.motion[i] != m->id) {
            forget(&own->cast, i);
        }
        news |= answer(n, i, out);
    }
    if (own->cast.subjects == 0) {
        return;
    }
    if (news || d->now_ms >= own->ballot_again_ms) {
        struct command c = {.kind = COMMAND_BALLOT, .ballot = own->cast};
        own->ballot_again_ms =
            d->now_ms + REPEAT_HEARTBEATS * (uint64_t)d->cluster.timing.heartbeat_ms;
        node_words_hand_in(n, &c, out);
    }
    effects_wake(out, own->ballot_again_ms);
}

/* Nothing stands against me that is my own fault. */
static void watch_references(struct deciding *d)
{
    const uint64_t own = diagnosis_own(&d->diagnosis) & ~cluster_excused(&d->cluster);
    if (!d->examined || own != 0) {
        d->confidence.clean_since_ms = TIME_NEVER;
    } else if (d->confidence.clean_since_ms == TIME_NEVER) {
        d->confidence.clean_since_ms = d->now_ms;
    }
}

/* The chain has heard of me since it removed me: electors ask for that. */
static bool is_known_back(const struct deciding *d)
{
    const uint32_t self = d->options.self;
    const struct attested *a = &d->cluster.latest[self];
    return a->incarnation == d->options.incarnation &&
           a->decided_ms >= d->cluster.member[self].since_ms;
}

/* Who was removed once more within the hour has more to show than at the first time: before it
 * appeals the whole diagnosis passes again (standing.md, section 6.2). Begun as soon as it
 * knows. */
static void examine_anew(struct node *n, struct effects *out)
{
    struct deciding *d = &n->deciding;
    const uint32_t self = d->options.self;
    const uint32_t term = d->cluster.member[self].term;
    if (cluster_may_appeal(&d->cluster, self) && d->confidence.whole_term != term &&
        cluster_removals_lately(&d->cluster, self) > 1) {
        d->confidence.whole_term = term;
        node_diagnosis_anew(n, out);
    }
}

static void appeal(struct node *n, struct effects *out)
{
    struct deciding *d = &n->deciding;
    struct own_confidence *own = &d->confidence;
    const uint32_t self = d->options.self;
    struct command c = {
        .kind = COMMAND_APPEAL, .author = self, .term = d->cluster.member[self].term};
    if (!cluster_may_appeal(&d->cluster, self) || own->clean_since_ms == TIME_NEVER ||
        !is_known_back(d) || cluster_would_skip(&d->cluster, &c) != CAUSE_NONE) {
        return; /* a block changes that, or a finding */
    }
    const uint64_t clean_ms =
        own->clean_since_ms + CLEAN_TICKS * (uint64_t)d->cluster.timing.tick_ms;
    const uint64_t at_ms = clean_ms > own->appeal_again_ms ? clean_ms : own->appeal_again_ms;
    if (d->now_ms >= at_ms) {
        own->appeal_again_ms =
            d->now_ms + REPEAT_HEARTBEATS * (uint64_t)d->cluster.timing.heartbeat_ms;
        node_words_hand_in(n, &c, out);
    }
    effects_wake(out, d->now_ms >= at_ms ? own->appeal_again_ms : at_ms);
}

void node_motions_watch(struct node *n, struct effects *out)
{
    struct deciding *d = &n->deciding;
    const struct simplex_world world = node_world(n, 0, out);
    watch_references(d);
    if (d->muted || d->silent || !simplex_is_caught_up(&d->simplex, &world)) {
        return;
    }
    if (!node_links_doubts(d)) {
        cast_ballots(n, out);
    }
    examine_anew(n, out);
    appeal(n, out);
}

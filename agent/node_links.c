/* What the exchange with the peers tells this node of itself: references R09, R18, R21, R22,
 * R27 and R29 of references.md. None of them is a verdict on anybody else. */
#include "node_parts.h"

#include <assert.h>

#include "../health/self.h"

#define CLONES 9u
#define VERIFIER 18u
#define CLOCK 21u
#define LINKS 27u
#define DOUBT 29u
#define CLOCK_EVERY_MS 1000u
#define LISTEN_PERIODS 21u /* of which the first begins at once: two seconds */

static uint32_t bit(uint32_t member)
{
    return (uint32_t)1 << member;
}

static uint32_t run_of(uint64_t incarnation)
{
    const uint32_t low = (uint32_t)incarnation;
    return low == 0 ? 1 : low; /* 0: none */
}

/* Nobody could hear me elsewhere. */
static bool is_alone(const struct deciding *d)
{
    bool alone = true;
    for (uint32_t i = 0; i < d->cluster.member_count; i++) {
        alone =
            alone && (i == d->options.self || d->cluster.member[i].standing == STANDING_LEFT);
    }
    return alone;
}

void node_links_start(struct deciding *d)
{
    struct links *l = &d->links;
    l->listening = is_alone(d) ? 0 : LISTEN_PERIODS;
    canary_init(&l->canary, d->now_ms);
    reflection_init(&l->reflection, d->options.self);
    reflection_mute(&l->reflection); /* until the connections stand */
    incarnation_init(&l->incarnations);
    self_doubt_init(&l->doubt);
    peer_clock_init(&l->clock);
    l->period_ms = d->now_ms;
    l->clock_ms = d->now_ms + CLOCK_EVERY_MS;
}

/* Says so once, until something else is found. */
static void find(struct node *n, const struct finding *f, struct effects *out)
{
    const struct diagnosed *r = &n->deciding.diagnosis.reference[f->id - 1];
    if (r->last.id != f->id || r->last.result != f->result || r->last.flags != f->flags ||
        r->last.evidence.note != f->evidence.note) {
        node_diagnosis_take(n, f, false, out);
    }
}

static void find_nothing(struct node *n, uint32_t id, enum reference_result result,
                         struct effects *out)
{
    struct finding f;
    finding_begin(&f, id);
    finding_set(&f, result, SELF_NOTE_FIRST + SELF_NOTES);
    f.flags = result == RESULT_UNKNOWN ? FINDING_EXCUSED : 0;
    find(n, &f, out);
}

static void find_note(struct node *n, enum self_note note, enum reference_result result,
                      uint32_t flags, struct effects *out)
{
    struct finding f = self_finding(note);
    f.result = result;
    f.flags = flags;
    find(n, &f, out);
}

/* Before its own time is believed again: the others may have gone on without it (R22). */
void node_links_wake(struct deciding *d, uint64_t late_ms, uint64_t random)
{
    const struct timing *t = &d->cluster.timing;
    if (late_ms < (uint64_t)t->suspicion * t->heartbeat_ms || d->simplex.height == 0) {
        return;
    }
    simplex_wake(&d->simplex, random | 1);
    /* What it was about to say of others was seen before it slept. */
    d->own.unsigned_command[COMMAND_ATTEST - 1].has = false;
    d->own.overslept = true;
}

void node_links_say(struct deciding *d, struct heartbeat *h)
{
    struct links *l = &d->links;
    l->sequence++;
    peer_clock_sent(&l->clock, l->sequence, d->now_ms);
    h->starting = l->listening > 0;
    h->sequence = l->sequence;
    h->blames = self_doubt_blamed(&l->doubt, d->now_ms);
    h->cloned = incarnation_cloned(&l->incarnations, d->now_ms);
    h->count = d->cluster.member_count;
    for (uint32_t i = 0; i < h->count; i++) {
        const struct peer_view *p = &d->peer[i];
        struct heartbeat_echo *e = &h->echo[i];
        const uint64_t elsewhere = incarnation_elsewhere(&l->incarnations, i, d->now_ms);
        e->elsewhere = elsewhere == 0 ? 0 : run_of(elsewhere);
        if (p->incarnation == 0) {
            continue;
        }
        const uint64_t held_ms = d->now_ms - p->word_ms;
        e->run = run_of(p->incarnation);
        e->sequence = l->reflection.peer[i].highest;
        e->held_ms = held_ms < HEARTBEAT_HELD_MAX ? (uint32_t)held_ms : HEARTBEAT_HELD_MAX;
        e->heard = reflection_count(&l->reflection, i);
    }
}

/* The peer's word on everybody, the newest so far. */
static void take_word(struct deciding *d, uint32_t member, const struct heartbeat *h,
                      const struct heartbeat_echo *mine)
{
    struct links *l = &d->links;
    d->peer[member].word_ms = d->now_ms;
    d->peer[member].echo = mine != NULL ? mine->sequence : 0;
    if (mine != NULL && mine->held_ms < HEARTBEAT_HELD_MAX) {
        const struct peer_clock_word word = {.peer = member,
                                             .echo = mine->sequence,
                                             .held_ms = mine->held_ms,
                                             .unix_ms = h->unix_ms};
        (void)peer_clock_heard(&l->clock, &word, d->now_ms, d->unix_ms);
    }
    if (cluster_is_voter(&d->cluster, member)) {
        self_doubt_word(&l->doubt, d->options.self, member,
                        reflection_hears_of(&l->reflection, member), h->blames, d->now_ms);
        if ((h->cloned & bit(d->options.self)) != 0) {
            incarnation_told(&l->incarnations, member, d->now_ms);
        }
        if (l->listening > 0 && d->options.self < h->count &&
            h->echo[d->options.self].elsewhere == run_of(d->options.incarnation)) {
            incarnation_told_elsewhere(&l->incarnations, member, d->now_ms);
        }
    }
}

bool node_links_on_heartbeat(struct deciding *d, uint32_t member, const struct heartbeat *h)
{
    struct links *l = &d->links;
    struct incarnations *known = &l->incarnations.peer[member];
    const uint64_t before = known->current;
    const struct heartbeat_echo *mine =
        d->options.self < h->count ? &h->echo[d->options.self] : NULL;
    if (mine != NULL &&
        (mine->run != run_of(d->options.incarnation) || mine->sequence > l->sequence)) {
        mine = NULL;
    }
    if (h->starting) {
        d->peer[member].starting_ms = d->now_ms;
        incarnation_starts(&l->incarnations, member, h->incarnation, l->sequence, mine != NULL,
                           mine != NULL ? mine->sequence : 0, d->now_ms);
        return false;
    }
    (void)incarnation_heard(&l->incarnations, member, h->incarnation, l->sequence, mine != NULL,
                            mine != NULL ? mine->sequence : 0, d->now_ms);
    if (h->incarnation == 0 || known->current != h->incarnation) {
        return false; /* of a run that is over */
    }
    if (before != known->current) {
        reflection_restarted(&l->reflection, member);
        d->peer[member].incarnation = h->incarnation;
    }
    uint8_t counts[PEERS_MAX] = {0};
    for (uint32_t i = 0; i < h->count; i++) {
        counts[i] = (uint8_t)h->echo[i].heard;
    }
    if (reflection_heard(&l->reflection, member, h->sequence, counts) &&
        l->reflection.peer[member].highest == h->sequence) {
        take_word(d, member, h, mine);
        return true;
    }
    return false;
}

void node_links_rejected(struct node *n, uint32_t member, bool accepted_again,
                         struct effects *out)
{
    struct deciding *d = &n->deciding;
    struct links *l = &d->links;
    if (!canary_admits(&l->canary, member, d->now_ms)) {
        return;
    }
    switch (canary_judge(&l->canary, accepted_again)) {
    case CANARY_COUNTS:
        self_doubt_wrong(&l->doubt, member, d->now_ms);
        break;
    case CANARY_MINE_BROKEN:
        find_note(n, SELF_VERIFIER, RESULT_FATAL, 0, out);
        break;
    case CANARY_DIFFERS:
        find_note(n, SELF_VERDICTS, RESULT_SILENT, FINDING_BURST | FINDING_TWICE, out);
        break;
    }
}

bool node_links_doubts(const struct deciding *d)
{
    return d->links.doubt.doubting;
}

static void hear_canary(struct node *n, struct effects *out)
{
    struct deciding *d = &n->deciding;
    if (!canary_is_due(&d->links.canary, d->now_ms)) {
        return;
    }
    if (!canary_is_right(&d->links.canary)) {
        find_note(n, SELF_VERIFIER, RESULT_FATAL, 0, out);
    } else if (!diagnosis_burst_wanted(&d->diagnosis)) {
        find_nothing(n, VERIFIER, RESULT_OK, out);
    }
}

static uint32_t other_voters(const struct deciding *d)
{
    uint32_t others = 0;
    for (uint32_t i = 0; i < d->cluster.member_count; i++) {
        others |= i != d->options.self && cluster_is_voter(&d->cluster, i) ? bit(i) : 0;
    }
    return others;
}

/* Never more than degraded: blocks have the time of the peers' median (protocol.md, rule 15),
 * and of five members two may be off and the quorum of four still has to vote. */
static void look_at_clock(struct node *n, struct effects *out)
{
    struct deciding *d = &n->deciding;
    int64_t off_ms;
    if (d->now_ms < d->links.clock_ms) {
        return;
    }
    d->links.clock_ms = d->now_ms + CLOCK_EVERY_MS;
    const enum reference_result result =
        peer_clock_judge(&d->links.clock, other_voters(d), d->now_ms, &off_ms);
    if (result == RESULT_OK || result == RESULT_UNKNOWN) {
        find_nothing(n, CLOCK, result, out);
        return;
    }
    struct finding f = self_finding(off_ms > 0 ? SELF_CLOCK_AHEAD : SELF_CLOCK_BEHIND);
    f.evidence.got = off_ms > 0 ? (uint64_t)off_ms : (uint64_t)-off_ms;
    f.flags = result == RESULT_SILENT ? FINDING_PERSON : 0;
    find(n, &f, out);
}

/* Who starts is heard, and does not say yet what it hears: no loss of mine. One whose former
 * heartbeats come once more goes on with its own. */
static uint32_t starting(const struct deciding *d)
{
    const struct timing *t = &d->cluster.timing;
    uint32_t starting = 0;
    for (uint32_t i = 0; i < d->cluster.member_count; i++) {
        const struct peer_view *p = &d->peer[i];
        const uint64_t late_ms = p->word_ms + (uint64_t)t->suspicion * t->heartbeat_ms;
        starting |= p->starting_ms > late_ms ? bit(i) : 0;
    }
    return starting & d->heard;
}

static void look_at_links(struct node *n, struct effects *out)
{
    struct deciding *d = &n->deciding;
    const struct reflection_verdict v =
        reflection_judge(&d->links.reflection, other_voters(d) & ~starting(d), d->now_ms);
    if (v.result == RESULT_OK) {
        find_nothing(n, LINKS, RESULT_OK, out);
    } else if (v.result != RESULT_UNKNOWN) {
        find_note(n, (v.ways & REFLECTION_IN) != 0 ? SELF_LINKS_IN : SELF_LINKS_OUT, v.result,
                  0, out);
    }
}

/* Once a period in which it hears anybody: while it sleeps, or is deaf, it does not listen. Who
 * runs elsewhere listens for good. */
static void look_at_clones(struct node *n, struct effects *out)
{
    struct deciding *d = &n->deciding;
    struct links *l = &d->links;
    const uint32_t testimony = cluster_testimony(&d->cluster);
    if (l->listening > 0 && incarnation_is_elsewhere(&l->incarnations, testimony, d->now_ms)) {
        find_note(n, SELF_ELSEWHERE, RESULT_SILENT, FINDING_PERSON, out);
    } else if (incarnation_believes(&l->incarnations, testimony, d->now_ms)) {
        find_note(n, SELF_CLONED, RESULT_SILENT, FINDING_PERSON, out);
    } else if (l->listening > 0 && (d->heard & ~bit(d->options.self)) != 0 &&
               diagnosis_result(&d->diagnosis, CLONES) != RESULT_SILENT) {
        l->listening--;
    }
}

static void look_at_doubt(struct node *n, struct effects *out)
{
    struct deciding *d = &n->deciding;
    const struct timing *t = &d->cluster.timing;
    const uint64_t record_ms = (uint64_t)t->record_ticks * t->tick_ms;
    switch (self_doubt_judge(&d->links.doubt, cluster_testimony(&d->cluster), record_ms,
                             d->now_ms)) {
    case SELF_DOUBT_NONE:
        find_nothing(n, DOUBT, RESULT_OK, out);
        break;
    case SELF_DOUBT_BEGINS:
        find_note(n, SELF_DISAGREES, RESULT_DEGRADED, FINDING_BURST | FINDING_PERSON, out);
        break;
    case SELF_DOUBT_TWICE:
        find_note(n, SELF_DISAGREES, RESULT_FATAL, 0, out);
        break;
    case SELF_DOUBT_LASTS:
        break;
    }
}

void node_links_watch(struct node *n, struct effects *out)
{
    struct deciding *d = &n->deciding;
    struct links *l = &d->links;
    if (d->now_ms >= l->period_ms) {
        const uint32_t heartbeat_ms = d->cluster.timing.heartbeat_ms;
        l->period_ms += heartbeat_ms;
        if (l->period_ms <= d->now_ms) { /* time in which it slept is no loss */
            reflection_slept(&l->reflection, 1 + (d->now_ms - l->period_ms) / heartbeat_ms);
            l->period_ms = d->now_ms + heartbeat_ms;
        }
        reflection_period(&l->reflection);
        if (d->quiet || l->listening > 0) {
            reflection_mute(&l->reflection);
        }
        hear_canary(n, out);
        look_at_clock(n, out);
        look_at_links(n, out);
        look_at_clones(n, out);
        look_at_doubt(n, out);
    }
    effects_wake(out, l->period_ms);
}

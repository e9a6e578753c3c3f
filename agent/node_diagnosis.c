/* What the diagnosis means for this node: whether it signs, whether it is heard, what it says
 * of itself, and when it is unfit for good (references.md, section 1). */
#include "node_parts.h"

#include <assert.h>

#include "../health/self.h"

#define VOTES 8u
#define CLONES 9u
#define MEMORY 10u
#define STALLS 22u
#define DISK_SPEED 24u
#define LINKS 27u
#define LATENESS 30u
#define QUIET_AFTER_MS 2000u  /* of silence: then the heartbeats stop too */
#define UNEXAMINED_MS 10000u  /* since the start, without having been examined: likewise */
#define BURST_AGAIN_MS 10000u /* a burst test that was asked for and has not been told of */
#define OWN_BITS (REFERENCE_BIT(1) | REFERENCE_BIT(2) | REFERENCE_BIT(3))

/* Whether its resignation for that waits for a block. */
static bool resigns(const struct node *n, uint32_t member, enum resign_class class)
{
    const struct pooled *p = &n->pool.slot[member][COMMAND_RESIGN - 1];
    struct command c;
    return p->size_bytes != 0 && command_decode(&c, p->bytes, p->size_bytes) &&
           c.resign.class == class;
}

/* Whether this member would be one too many: of those that are out for the same, lately or
 * still, or of those whose resignations only a quorum can decide. */
static bool is_epidemic(const struct node *n, enum resign_class class)
{
    const struct cluster *c = &n->deciding.cluster;
    const struct quorum q = cluster_quorum(c);
    const uint32_t lately = cluster_resigned_lately(c, class);
    uint32_t out = 0;
    uint32_t waiting = 0;
    for (uint32_t i = 0; i < c->member_count; i++) {
        const struct member *m = &c->member[i];
        out += m->standing == STANDING_NEUTERED && m->resigned_ms != 0 && m->resigned == class;
        waiting += resigns(n, i, class);
    }
    const uint32_t spare = q.voters - q.needed;
    return (out > lately ? out : lately) + waiting >= cluster_testimony(c) ||
           (waiting > 0 && waiting >= spare);
}

/* What so many others have resigned for that the cause is none of this machine's own. */
static uint64_t epidemic(const struct node *n)
{
    static const struct {
        enum resign_class class;
        uint32_t id;
    } classes[] = {
        {RESIGN_EDAC, 12}, {RESIGN_POISON, 13}, {RESIGN_KERNEL_LOG, 14}, {RESIGN_DISK, 26}};
    uint64_t bits = 0;
    for (uint32_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
        bits |= is_epidemic(n, classes[i].class) ? REFERENCE_BIT(classes[i].id) : 0;
    }
    return bits;
}

void node_diagnosis_take(struct node *n, const struct finding *f, bool machine,
                         struct effects *out)
{
    struct deciding *d = &n->deciding;
    const struct diagnosis_setting setting = {
        .now_ms = d->now_ms, .epidemic = epidemic(n), .machine = machine};
    diagnosis_take(&d->diagnosis, f, &setting);
    const struct finding *fatal = diagnosis_fatal(&d->diagnosis);
    if (fatal != NULL && !n->deciding.options.neutered) {
        node_neuter(n, fatal, out);
    }
}

/* Nothing against this node by that reference, as far as the node sees. */
static void take_ok(struct node *n, uint32_t id, struct effects *out)
{
    struct finding f;
    finding_begin(&f, id);
    finding_set(&f, RESULT_OK, SELF_NOTE_FIRST + SELF_NOTES);
    node_diagnosis_take(n, &f, false, out);
}

/* A node that is there has seen its keys fit each other, and was not contradicted yet. What
 * events tell stands as ok until one does. */
void node_diagnosis_start(struct node *n, struct effects *out)
{
    static const uint32_t by_event[] = {4, 5, 17, 18, 27, 29};
    diagnosis_init(&n->deciding.diagnosis);
    n->deciding.silent = true; /* until it was examined */
    for (uint32_t i = 0; i < sizeof by_event / sizeof by_event[0]; i++) {
        take_ok(n, by_event[i], out);
    }
}

/* R08, as far as the node knows of its votes; the disk beneath is R23's to judge. */
static void look_at_votes(struct node *n, struct effects *out)
{
    struct deciding *d = &n->deciding;
    const struct diagnosed *r = &d->diagnosis.reference[VOTES - 1];
    if (d->options.neutered) {
        if (r->last.id == 0) {
            const struct finding f = self_finding(SELF_VOTES_UNUSED);
            node_diagnosis_take(n, &f, false, out);
        }
        return;
    }
    const bool lost = d->simplex.amnesiac || d->simplex.resuming;
    if (d->muted && r->stands != RESULT_SILENT) {
        const struct finding f = self_finding(SELF_VOTES_DEAD);
        node_diagnosis_take(n, &f, false, out);
    } else if (!d->muted && lost && r->stands != RESULT_DEGRADED) {
        const struct finding f = self_finding(SELF_VOTES_LOST);
        node_diagnosis_take(n, &f, false, out);
    } else if (!d->muted && !lost && r->stands != RESULT_OK) {
        take_ok(n, VOTES, out);
    }
}

/* What the guards of the state came to in this step: it would not have been begun otherwise. */
static void look_at_state(struct node *n, struct effects *out)
{
    for (uint32_t id = 1; id <= 3 && n->deciding.examined_ms == n->deciding.now_ms; id++) {
        take_ok(n, id, out);
    }
}

/* R22 and R30, as far as they can be told of one step; what follows from a gap is
 * node_links_wake's, what from the score is local_health's. */
void node_diagnosis_time(struct node *n, uint64_t late_ms, struct effects *out)
{
    const struct deciding *d = &n->deciding;
    const struct diagnosed *stalls = &d->diagnosis.reference[STALLS - 1];
    const struct diagnosed *lateness = &d->diagnosis.reference[LATENESS - 1];
    const uint64_t times = d->local_health.score + UINT64_C(1);
    if (late_ms > TICK_LATE_MS || stalls->stands != RESULT_OK) {
        struct finding f = self_finding(late_ms > TICK_LATE_MS ? SELF_STALLED : SELF_ON_TIME);
        f.evidence.count = late_ms;
        node_diagnosis_take(n, &f, false, out);
    }
    if (lateness->last.evidence.count != times) {
        struct finding f = self_finding(times > 1 ? SELF_LATE : SELF_PATIENT);
        f.evidence.count = times;
        node_diagnosis_take(n, &f, false, out);
    }
}

/* R09: who has listened long enough for another run of its member, and heard none. */
static void look_at_identity(struct node *n, struct effects *out)
{
    const struct deciding *d = &n->deciding;
    if (d->links.listening == 0 && d->diagnosis.reference[CLONES - 1].last.id == 0) {
        take_ok(n, CLONES, out);
    }
}

static void note(enum note_kind kind, uint64_t first, uint64_t count, struct effects *out)
{
    const struct note told = {.kind = kind,
                              .member = MEMBER_NONE,
                              .other = MEMBER_NONE,
                              .first = first,
                              .count = count};
    effects_note(out, &told);
}

static void look_at_silence(struct deciding *d, struct effects *out)
{
    const bool ready = diagnosis_is_ready(&d->diagnosis);
    const uint64_t stalled = d->tick.stalled ? REFERENCE_BIT(DISK_SPEED) : 0;
    const uint64_t bits = diagnosis_silent(&d->diagnosis) | stalled;
    if (ready && !d->examined) {
        note(NOTE_EXAMINED, d->anew, d->now_ms - (d->anew ? d->anew_since_ms : d->started_ms),
             out);
        d->examined = true;
    }
    if (bits != 0 && d->silent_bits == 0) {
        d->silent_since_ms = d->now_ms;
        note(NOTE_FELL_SILENT, bits, 0, out);
    } else if (bits == 0 && d->silent_bits != 0) {
        note(NOTE_SPEAKS_AGAIN, d->silent_bits, d->now_ms - d->silent_since_ms, out);
    }
    d->silent_bits = bits;
    d->silent = bits != 0 || !ready || d->links.listening > 0 || d->options.neutered;
}

/* A disk that has stalled has done so for two seconds already (references.md, R24). */
static void look_at_heartbeats(struct deciding *d, struct effects *out)
{
    const bool stalled = (d->silent_bits & REFERENCE_BIT(DISK_SPEED)) != 0;
    const uint64_t silence_ms = d->silent_since_ms + QUIET_AFTER_MS;
    const uint64_t since_ms = d->anew ? d->anew_since_ms : d->started_ms;
    const uint64_t unexamined_ms = since_ms + UNEXAMINED_MS;
    d->quiet = false;
    /* Whom nobody hears does no harm by calling, and if all were quiet none would hear again.
     */
    if ((d->silent_bits & ~REFERENCE_BIT(LINKS)) != 0) {
        d->quiet = stalled || d->now_ms >= silence_ms;
        effects_wake(out, d->quiet ? TIME_NEVER : silence_ms);
    } else if (d->silent_bits == 0 && d->silent && !d->options.neutered) {
        d->quiet = d->now_ms >= unexamined_ms;
        effects_wake(out, d->quiet ? TIME_NEVER : unexamined_ms);
    }
}

static void ask_for_burst(struct deciding *d, struct effects *out)
{
    if (!diagnosis_burst_wanted(&d->diagnosis)) {
        d->burst_ms = 0;
        return;
    }
    if (d->now_ms >= d->burst_ms) {
        d->burst_ms = d->now_ms + BURST_AGAIN_MS;
        effects_add(out, EFFECT_BURST);
    }
    effects_wake(out, d->burst_ms);
}

void node_diagnosis_anew(struct node *n, struct effects *out)
{
    struct deciding *d = &n->deciding;
    diagnosis_begin_again(&d->diagnosis);
    diagnosis_want_burst(&d->diagnosis, MEMORY);
    d->examined = false;
    d->silent = true;
    d->anew = true;
    d->anew_since_ms = d->now_ms;
    d->anew_again_ms = d->now_ms;
    effects_wake(out, d->now_ms);
}

static void ask_for_all(struct deciding *d, struct effects *out)
{
    d->anew = d->anew && !d->examined;
    if (!d->anew) {
        return;
    }
    if (d->now_ms >= d->anew_again_ms) {
        d->anew_again_ms = d->now_ms + BURST_AGAIN_MS;
        effects_add(out, EFFECT_EXAMINE);
    }
    effects_wake(out, d->anew_again_ms);
}

void node_diagnosis_watch(struct node *n, struct effects *out)
{
    struct deciding *d = &n->deciding;
    look_at_state(n, out);
    look_at_votes(n, out);
    look_at_identity(n, out);
    effects_wake(out, diagnosis_watch(&d->diagnosis, d->now_ms));
    look_at_silence(d, out);
    look_at_heartbeats(d, out);
    ask_for_burst(d, out);
    ask_for_all(d, out);
    if (d->examined) {
        tick_notice(&d->tick, diagnosis_own(&d->diagnosis), diagnosis_serve(&d->diagnosis));
    }
}

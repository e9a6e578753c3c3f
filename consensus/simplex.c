#include "simplex.h"

#include <assert.h>
#include <string.h>

#include "sabotage.h"
#include "simplex_parts.h"
#include "vote_record.h"

/* More of them in one step than there are rules would mean that they feed one another. */
#define ROUNDS_MAX 16u

struct certificate_context simplex_context(const struct simplex *s,
                                           const struct simplex_world *w)
{
    struct certificate_context context = certificate_context_of(w->cluster);
    context.known = s->tallies;
    return context;
}

uint32_t simplex_proposer(const struct simplex_world *w, uint64_t height, uint32_t view)
{
    uint8_t members[MEMBERS_MAX];
    const uint32_t voters = cluster_voters(w->cluster, members);
    return members[(height + view) % voters];
}

bool simplex_has_record(const struct simplex *s)
{
    return s->record.height == s->height;
}

uint32_t simplex_best_view(const struct simplex *s)
{
    return s->record.best.kind == CERTIFICATE_NONE ? VIEW_NONE : s->record.best.view;
}

void simplex_note(const struct simplex_world *w, enum note_kind kind, enum cause cause,
                  uint32_t member, uint64_t height, uint64_t count)
{
    const struct note note = {
        .kind = kind,
        .cause = cause,
        .member = member,
        .other = MEMBER_NONE,
        .first = height,
        .count = count,
    };
    effects_note(w->out, &note);
}

void simplex_nonsense(const struct simplex_world *w, uint32_t from, enum cause cause)
{
    if (w->rejected != NULL &&
        (cause == CAUSE_BAD_SIGNATURE || cause == CAUSE_BAD_CERTIFICATE)) {
        *w->rejected = true;
    }
    simplex_note(w, NOTE_PEER_NONSENSE, cause, from, 0, 0);
}

void simplex_stop(struct simplex *s, const struct simplex_world *w, enum note_kind why,
                  uint64_t height)
{
    if (s->stopped) {
        return;
    }
    s->stopped = true;
    s->pending_count = 0;
    simplex_note(w, why, CAUSE_NONE, MEMBER_NONE, height, 0);
}

void simplex_damage(struct simplex *s, const struct simplex_world *w, enum self_note why)
{
    s->damaged = true;
    s->pending_count = 0;
    effects_add(w->out, EFFECT_NEUTER)->finding = self_finding(why);
}

void simplex_init(struct simplex *s, const struct simplex_options *o)
{
    assert(o->nonce != 0);
    assert(o->self < MEMBERS_MAX);
    assert(o->timing.delta_ms > 0);
    assert(o->timing.tick_ms > 0);
    memset(s, 0, sizeof *s);
    s->options = *o;
}

/* What this build does not know it neither votes on nor applies: it would find others' states
 * wrong, or its own. */
static void look_at_protocol(struct simplex *s, const struct simplex_world *w)
{
    const uint32_t version = w->cluster->version;
    if (!protocol_is_known(version) && !s->stopped) {
        s->stopped = true;
        simplex_note(w, NOTE_OTHER_PROTOCOL, CAUSE_NONE, s->options.self, s->height, version);
    }
}

static void begin_height(struct simplex *s, const struct simplex_world *w)
{
    s->view = 0;
    s->pending_count = 0;
    memset(s->tallies, 0, sizeof s->tallies);
    s->candidate = (struct candidate){.has = false};
    s->justification = (struct certificate){.kind = CERTIFICATE_NONE};
    s->undecided = (struct certificate){.kind = CERTIFICATE_NONE};
    s->deciding = false;
    s->decided_at_ms = w->now_ms;
    s->entered_ms = w->now_ms;
    s->running_ms = TIME_NEVER;
    s->repeat_ms = TIME_NEVER;
    s->behind_ms = TIME_NEVER;
    s->ask_after_ms = w->now_ms;
    s->fetching = (struct hash){0};
    look_at_protocol(s, w);
}

/* What the rules keep true of every record: I am not below a view in which I voted, and hold a
 * notarization of every view that I finalized. */
static bool is_consistent(const struct vote_record *r)
{
    const uint32_t best = r->best.kind == CERTIFICATE_NONE ? VIEW_NONE : r->best.view;
    const bool reached = r->top == VIEW_NONE || r->top <= vote_record_view(r) ||
                         (best != VIEW_NONE && r->top <= best + 1);
    return (reached || SABOTAGE == SABOTAGE_ENTRY_FORGOTTEN) &&
           !view_above(r->nullified_max, r->top) && !view_above(r->finalized, best);
}

/* The record is for this height, and comes from the store: goes on where it left off. False: it
 * cannot be of this history. */
static bool take_up(struct simplex *s, const struct simplex_world *w)
{
    struct vote_record *r = &s->record;
    const struct certificate_context context = simplex_context(s, w);
    if (!is_consistent(r) || !hash_equal(&r->parent, &s->parent) ||
        !entry_verify(&r->entry, vote_record_view(r), &context) ||
        (r->best.kind != CERTIFICATE_NONE && !certificate_verify(&r->best, &context))) {
        return false;
    }
    if (r->best.kind != CERTIFICATE_NONE && r->best.view >= vote_record_view(r)) {
        r->entry = (struct entry){.certificate = r->best};
    }
    s->view = vote_record_view(r);
    if (s->view == r->top && r->best.kind != CERTIFICATE_NONE &&
        hash_equal(&r->proposed, &r->best.block)) {
        s->justification = r->best;
    }
    cast_recall(s, w);
    if (clock_is_engaged(s)) {
        s->repeat_ms = w->now_ms; /* says again what it said, at once */
    }
    return true;
}

static void use_record(struct simplex *s, const struct simplex_world *w)
{
    if (s->record.height < s->height) {
        s->record = vote_record_of(s->height, &s->parent, s->record.resume);
        held_clear(s, w);
    } else if (s->record.height == s->height && !take_up(s, w)) {
        amnesia_begin(s, w, CAUSE_VOTES_FOREIGN);
        s->record.entry = (struct entry){.certificate = {.kind = CERTIFICATE_NONE}};
        s->record.best = (struct certificate){.kind = CERTIFICATE_NONE};
        held_clear(s, w);
    }
}

void simplex_resume(struct simplex *s, const struct simplex_world *w, const uint8_t *record,
                    size_t size_bytes, enum cause cause, uint64_t since_decided_ms)
{
    s->height = w->cluster->height + 1;
    s->parent = w->cluster->block;
    begin_height(s, w);
    s->decided_age_ms = since_decided_ms;
    outset_begin(s, w);
    s->record = vote_record_of(s->height, &s->parent, 0);
    if (SABOTAGE == SABOTAGE_VOTES_FORGOTTEN || (cause == CAUSE_NONE && size_bytes == 0)) {
        held_clear(s, w); /* nothing was ever voted */
        return;
    }
    if (cause == CAUSE_NONE &&
        (!vote_record_decode(&s->record, record, size_bytes) || !held_adopt(s, w))) {
        cause = CAUSE_VOTES_DAMAGED;
    }
    if (cause != CAUSE_NONE) {
        s->record = vote_record_of(s->height, &s->parent, 0);
        held_clear(s, w);
        amnesia_begin(s, w, cause);
        return;
    }
    if (s->record.resume == RESUME_UNKNOWN) {
        s->record = vote_record_of(s->height, &s->parent, RESUME_UNKNOWN);
        held_clear(s, w);
        s->amnesiac = true;
        simplex_note(w, NOTE_VOTES_FORGOTTEN, CAUSE_VOTES_OLDER_THAN_SHOWN, s->options.self, 0,
                     0);
    }
    s->resuming = s->record.resume > s->height;
    use_record(s, w);
}

void simplex_on_stored(struct simplex *s, const struct simplex_world *w, uint64_t serial)
{
    if (s->damaged || serial <= s->stored) {
        return;
    }
    s->stored = serial < s->serial ? serial : s->serial;
    cast_on_stored(s, w);
}

/* Whatever rule holds now; true if one did anything. */
static bool settle(struct simplex *s, const struct simplex_world *w)
{
    clock_run(s, w);
    bool changed = amnesia_evaluate(s, w);
    changed |= tally_evaluate(s, w);
    changed |= decide_evaluate(s, w);
    changed |= finalize_evaluate(s, w);
    changed |= propose_evaluate(s, w);
    changed |= notarize_evaluate(s, w);
    changed |= nullify_evaluate(s, w);
    return changed && !s->damaged;
}

void simplex_tick(struct simplex *s, const struct simplex_world *w)
{
    assert(w->cluster->height + 1 == s->height || s->height == 0);
    if (s->damaged || s->height == 0) {
        return;
    }
    outset_evaluate(s, w);
    for (uint32_t i = 0; i < ROUNDS_MAX && settle(s, w); i++) {
    }
    if (s->damaged) {
        return;
    }
    amnesia_ask(s, w);
    ask_evaluate(s, w);
    send_repeats(s, w);
    clock_wake(w, clock_due_ms(s, w));
    clock_wake(w, clock_deadline_ms(s));
    clock_wake(w, s->repeat_ms);
}

bool simplex_take(struct simplex *s, const struct simplex_bulk *bulk, struct block *block)
{
    if (s->damaged || !s->deciding || s->stored < s->deciding_serial) {
        return false;
    }
    const struct held_block *b = &bulk->deciding;
    if (!block_decode(block, b->bytes, b->size_bytes) ||
        !hash_equal(&block->hash, &s->undecided.block)) {
        s->deciding = false; /* lost in memory: its bytes are fetched once more */
        return false;
    }
    return true;
}

static void replay(struct simplex *s, const struct simplex_world *w)
{
    struct tally kept[MEMBERS_MAX][VOTE_KINDS];
    memcpy(kept, s->next, sizeof kept);
    memset(s->next, 0, sizeof s->next);
    struct message m;
    if (w->bulk->next_bytes > 0 && message_decode(&m, w->bulk->next, w->bulk->next_bytes)) {
        on_proposal(s, w, m.proposal.vote.signer, &m);
    }
    w->bulk->next_bytes = 0;
    for (uint32_t i = 0; i < MEMBERS_MAX; i++) {
        for (uint32_t k = 0; k < VOTE_KINDS; k++) {
            if (kept[i][k].has) {
                on_next_vote(s, w, &kept[i][k].vote);
            }
        }
    }
}

void simplex_next(struct simplex *s, const struct simplex_world *w)
{
    assert(s->deciding);
    assert(w->cluster->height == s->height);
    s->height++;
    s->parent = w->cluster->block;
    begin_height(s, w);
    s->decided_age_ms = 0;
    use_record(s, w);
    if (s->resuming && !s->amnesiac && s->height >= s->record.resume) {
        s->resuming = false;
        simplex_note(w, NOTE_VOTES_RESUMED, CAUSE_NONE, s->options.self, s->height, 0);
    }
    replay(s, w);
    simplex_tick(s, w);
}

bool simplex_may_vote(const struct simplex *s, const struct simplex_world *w)
{
    return !s->damaged && !s->stopped && !s->amnesiac && !w->muted && !w->silent &&
           simplex_has_record(s) && s->height >= s->record.resume && outset_may_vote(s) &&
           cluster_is_voter(w->cluster, s->options.self) && simplex_has_asked(s, w);
}

bool simplex_is_caught_up(const struct simplex *s, const struct simplex_world *w)
{
    return !s->catching_up && s->needs == CHECKPOINT_NEED_NONE && simplex_has_asked(s, w);
}

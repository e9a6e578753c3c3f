#include "cluster.h"

#include <assert.h>
#include <string.h>

#include "cluster_parts.h"
#include "doubt.h"
#include "grant.h"
#include "motion.h"
#include "turn.h"
#include "window.h"

/* The order of standing.md, section 4: time, attestations, words about windows, the tick, who
 * is accused, motions, the grant, names, the call for tokens. Voters, quorum and testimony are
 * those before the block. */

struct note *turn_note(const struct turn *t, enum note_kind kind, uint32_t member)
{
    struct note *note = notes_add(t->notes, kind);
    note->height = t->height;
    note->time_ms = t->time_ms;
    note->member = member;
    return note;
}

uint64_t turn_ticks_ms(const struct cluster *c, uint32_t ticks)
{
    return (uint64_t)c->timing.tick_ms * ticks;
}

/* Bits of the members that enough voters accuse. */
static uint32_t accused(const struct cluster *c, bool wrong)
{
    const uint32_t needed = cluster_testimony(c);
    uint32_t members = 0;
    for (uint32_t i = 0; i < c->member_count; i++) {
        members |= cluster_accusers(c, i, wrong) >= needed ? 1u << i : 0;
    }
    return members;
}

static void take_attest(struct cluster *c, const struct command *command)
{
    const struct attest *a = &command->attest;
    struct attested *latest = &c->latest[command->author];
    *latest = (struct attested){
        .incarnation = a->incarnation,
        .seq = a->seq,
        .tick = a->tick,
        .height = a->height,
        .decided_ms = c->time_ms,
        .own = a->own,
        .serve = a->serve,
        .score = a->score,
        .silent = a->silent,
        .wrong = a->wrong,
        .version_low = a->version_low,
        .version_high = a->version_high,
        .ranked = a->ranked,
        .certificate_count = a->certificate_count,
    };
    memcpy(latest->configuration, a->configuration, sizeof latest->configuration);
    memcpy(latest->certificates, a->certificates, sizeof latest->certificates);
    memcpy(latest->ranking, a->ranking, a->ranked);
}

/* CAUSE_OTHER_STATE: nothing of it is taken but its number, so that it is noted once; it is the
 * proof against its author. */
static enum cause on_attest(struct cluster *c, struct turn *t, const struct command *command)
{
    const uint32_t author = command->author;
    const struct attest *a = &command->attest;
    if (cluster_state_differs(c, a)) {
        c->latest[author].incarnation = a->incarnation;
        c->latest[author].seq = a->seq;
        cluster_prove(c, t, author, true);
        return CAUSE_OTHER_STATE;
    }
    if (a->incarnation != c->latest[author].incarnation) {
        turn_note(t, NOTE_MEMBER_STARTED, author);
        motions_on_start(c, author);
    }
    take_attest(c, command);
    if (cluster_is_voter(c, author)) {
        const struct record_clock clock = cluster_record_clock(c);
        const bool clean = cluster_take_own(c, author, a->tick, a->own);
        /* A tick judged already stays judged: the rest of the attestation counts all the same.
         */
        const struct record before = c->record[author];
        const bool counts = record_attest(&c->record[author], &clock, a->tick, clean);
        const bool known = counts && (before.spoiled >> (a->tick - before.next) & 1) != 0;
        if (counts && !clean && !known) {
            const uint64_t common = c->common[a->tick % RECORD_WINDOW_TICKS];
            turn_note_spoiled(t, author, a->tick, CAUSE_OWN_REFERENCE,
                              a->tick < c->tick ? a->own & ~common : a->own);
        }
    }
    return CAUSE_NONE;
}

static void on_fail(struct cluster *c, struct turn *t, const struct command *command)
{
    const uint32_t author = command->author;
    t->leader_failed = t->leader_failed || author == c->grant.leader;
    t->auditor_failed = t->auditor_failed || author == c->grant.auditor;
    c->failed_fence[author] = command->fail.fence;
    if (command->fail.sink_fence > c->sink_fence[author]) {
        c->sink_fence[author] = command->fail.sink_fence;
    }
    struct note *note = turn_note(t, NOTE_WORK_FAILED, author);
    note->fence = command->fail.fence;
    memcpy(note->text, command->fail.reason, sizeof note->text);
}

/* Resignations and proofs come once a term, a ballot once a motion, an appeal opens one, a
 * release once a fence. */
static bool uses_up_urgency(const struct cluster *c, const struct command *command)
{
    return command->kind != COMMAND_RESIGN && command->kind != COMMAND_BALLOT &&
           command->kind != COMMAND_APPEAL && command->kind != COMMAND_PROVE &&
           command->kind != COMMAND_RELEASE && cluster_is_urgent(c, command) &&
           c->urgent_used[command->author] < URGENT_MAX; /* what convicts is urgent beyond */
}

/* Its number in the list may be another's since a command before it in this block. */
static bool is_operators_own(const struct cluster *c, const struct turn *t, uint32_t author)
{
    const uint32_t place = author - MEMBERS_MAX;
    return memcmp(t->operators[place].key, c->operators[place].key, PUBLIC_KEY_BYTES) == 0;
}

static enum cause on_command(struct cluster *c, struct turn *t, const struct command *command)
{
    if (command->kind == COMMAND_OPERATOR && !is_operators_own(c, t, command->author)) {
        return CAUSE_OLD_TERM;
    }
    const enum cause cause = cluster_would_skip(c, command);
    if (cause != CAUSE_NONE) {
        return cause;
    }
    if (command->author < c->member_count) {
        c->urgent_used[command->author] += uses_up_urgency(c, command) ? 1 : 0;
    }
    switch (command->kind) {
    case COMMAND_ATTEST:
        return on_attest(c, t, command);
    case COMMAND_RESULT:
        windows_on_result(c, t, command->author, &command->result);
        return CAUSE_NONE;
    case COMMAND_DISPUTE:
        windows_on_dispute(c, t, command->author, &command->dispute);
        return CAUSE_NONE;
    case COMMAND_FAIL:
        on_fail(c, t, command);
        return CAUSE_NONE;
    case COMMAND_RELEASE:
        names_on_release(c, t, command->author, &command->release);
        return CAUSE_NONE;
    case COMMAND_RESIGN:
        c->member[command->author].resigned = command->resign.class;
        c->member[command->author].resigned_reference = command->resign.reference;
        c->member[command->author].resigned_ms = c->time_ms;
        cluster_move(c, t, command->author, STANDING_NEUTERED, STANDING_CAUSE_RESIGNED);
        return CAUSE_NONE;
    case COMMAND_OPERATOR:
        cluster_on_operator(c, t, command->author, &command->by_operator);
        return CAUSE_NONE;
    case COMMAND_BALLOT:
        motions_on_ballot(c, command->author, &command->ballot);
        return CAUSE_NONE;
    case COMMAND_APPEAL:
        motions_on_appeal(c, t, command->author);
        return CAUSE_NONE;
    case COMMAND_PROVE:
        cluster_on_prove(c, t, command->author, &command->prove);
        return CAUSE_NONE;
    }
    return CAUSE_MALFORMED;
}

/* In which pass over the commands a kind is taken: standing.md, section 4. What does not decode
 * belongs to the first: voters refuse such a block, but applying one must be total. */
enum pass { PASS_OPERATOR, PASS_RESIGN, PASS_ATTEST, PASS_WINDOWS, PASS_BALLOT, PASS_APPEAL };

static enum pass pass_of(bool sound, enum command_kind kind)
{
    static const enum pass passes[COMMAND_KINDS + 1] = {
        [COMMAND_OPERATOR] = PASS_OPERATOR, [COMMAND_RESIGN] = PASS_RESIGN,
        [COMMAND_ATTEST] = PASS_ATTEST,     [COMMAND_RESULT] = PASS_WINDOWS,
        [COMMAND_DISPUTE] = PASS_WINDOWS,   [COMMAND_FAIL] = PASS_WINDOWS,
        [COMMAND_BALLOT] = PASS_BALLOT,     [COMMAND_APPEAL] = PASS_APPEAL,
        [COMMAND_PROVE] = PASS_RESIGN,      [COMMAND_RELEASE] = PASS_WINDOWS,
    };
    return sound ? passes[kind] : PASS_OPERATOR;
}

static void apply_commands(struct cluster *c, struct turn *t, const struct block *b,
                           enum pass pass)
{
    for (uint32_t i = 0; i < b->command_count; i++) {
        const struct block_span span = b->commands[i];
        struct command command;
        const bool sound = command_decode(&command, b->bytes + span.offset, span.size_bytes);
        if (pass_of(sound, command.kind) != pass) {
            continue;
        }
        const enum cause cause = sound ? on_command(c, t, &command) : CAUSE_MALFORMED;
        if (cause != CAUSE_NONE) {
            const bool known = sound && command.author < c->member_count;
            struct note *note =
                turn_note(t, NOTE_COMMAND_SKIPPED, known ? command.author : MEMBER_NONE);
            note->cause = cause;
            note->count = i;
            if (sound && command.author >= MEMBERS_MAX) {
                memcpy(note->text, t->operators[command.author - MEMBERS_MAX].name,
                       NAME_SIZE_BYTES);
            }
        }
    }
}

static void note_accused(const struct cluster *c, const struct turn *t)
{
    const uint32_t unreachable = accused(c, false);
    const uint32_t wrong = accused(c, true);
    for (uint32_t i = 0; i < c->member_count; i++) {
        const uint32_t bit = 1u << i;
        if ((unreachable & ~t->unreachable & bit) != 0) {
            turn_note(t, NOTE_MEMBER_UNREACHABLE, i)->count = cluster_accusers(c, i, false);
        } else if ((~unreachable & t->unreachable & bit) != 0) {
            turn_note(t, NOTE_MEMBER_REACHABLE, i);
        }
        if ((wrong & ~t->wrong & bit) != 0) {
            turn_note(t, NOTE_MEMBER_WRONG, i)->count = cluster_accusers(c, i, true);
        } else if ((~wrong & t->wrong & bit) != 0) {
            turn_note(t, NOTE_MEMBER_CLEARED, i);
        }
    }
}

/* Step 1. A standstill of the chain costs nobody a tick; nor does it cost a grant its time, or
 * whoever holds it would be blamed for every outage. */
static void advance_time(struct cluster *c, uint64_t time_ms)
{
    if (time_ms <= c->time_ms) {
        return;
    }
    const uint64_t gap_ms = time_ms - c->time_ms;
    if (c->grant.fence != 0 && gap_ms > turn_ticks_ms(c, STANDSTILL_TICKS)) {
        c->grant.deadline_ms += gap_ms;
        c->grant.audit_deadline_ms += gap_ms;
    }
    c->time_ms = time_ms;
}

void cluster_apply(struct cluster *c, const struct block *b, struct notes *notes)
{
    assert(b->header.height == c->height + 1);
    assert(hash_equal(&b->header.parent, &c->block));
    struct turn t = {
        .height = b->header.height,
        .time_ms = b->header.time_ms,
        .notes = notes,
        .was_idle = cluster_windows_due(c, c->time_ms) == 0,
        .unreachable = accused(c, false),
        .wrong = accused(c, true),
    };
    memcpy(t.operators, c->operators, sizeof t.operators);
    advance_time(c, b->header.time_ms);
    for (enum pass pass = PASS_OPERATOR; pass <= PASS_BALLOT; pass++) {
        apply_commands(c, &t, b, pass);
    }
    cluster_close_tick(c, &t);
    note_accused(c, &t);
    motions_accuse(c);
    motions_decide(c, &t);
    apply_commands(c, &t, b, PASS_APPEAL);
    motions_open(c, &t);
    motions_watch_electorate(c, &t);
    doubt_review(c, &t);
    grant_review(c, &t);
    names_review(c, &t);
    call_review(c, t.height);

    c->height = b->header.height;
    c->block = b->hash;
    c->blocks[c->height % HEIGHTS_KEPT] = c->block;
    c->digests[c->height % HEIGHTS_KEPT] = cluster_digest(c);
}

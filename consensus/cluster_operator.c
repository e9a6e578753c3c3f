/* Standings, and what brings a member from one to another without a vote: its own resignation,
 * and the signed word of an operator (standing.md, sections 3 and 6.1). */
#include "cluster_parts.h"

#include <assert.h>
#include <string.h>

#include "evidence.h"
#include "motion.h"
#include "sabotage.h"

#define LATELY_TICKS 12u /* 60 s */

static uint32_t count_voters(const struct cluster *c)
{
    uint8_t voters[MEMBERS_MAX];
    return cluster_voters(c, voters);
}

void cluster_move(struct cluster *c, const struct turn *t, uint32_t member,
                  enum standing standing, enum standing_cause cause)
{
    struct member *m = &c->member[member];
    const bool has_been = m->term != 0; /* a new member: this is its first standing */
    const bool was_good = has_been && m->standing == STANDING_GOOD;
    if (was_good && standing != STANDING_GOOD) {
        m->good_until_ms = c->time_ms;
    }
    if (standing == STANDING_LOCKED_OUT) {
        m->convicted_ms = c->time_ms;
    }
    m->standing = standing;
    m->cause = cause;
    m->since_ms = c->time_ms;
    m->term++;
    record_start(&c->record[member], c->tick);
    memset(c->around[member], 0, sizeof c->around[member]);
    c->latest[member].silent = 0;
    c->latest[member].wrong = 0;
    c->condemned_until_ms[member] = 0;
    for (uint32_t i = 0; i < c->member_count; i++) {
        c->latest[i].silent &= ~(1u << member);
        c->latest[i].wrong &= ~(1u << member);
    }
    motions_on_move(c, member);
    struct note *note = turn_note(t, NOTE_STANDING_CHANGED, member);
    note->first = (uint64_t)standing;
    note->fence = (uint64_t)cause;
    note->count = m->term;
}

uint32_t cluster_resigned_lately(const struct cluster *c, enum resign_class class)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < c->member_count; i++) {
        const struct member *m = &c->member[i];
        const bool lately =
            m->resigned_ms != 0 && c->time_ms < m->resigned_ms + turn_ticks_ms(c, LATELY_TICKS);
        count += lately && m->resigned == class ? 1 : 0;
    }
    return count;
}

/* A second proof so soon, against another member, and the software is the likely fault, not
 * both machines: nothing is taken from it but its say. Nor is the last but one ever taken. */
static enum cause proof_bar(const struct cluster *c, uint32_t member, bool braked)
{
    if (braked && c->proof_ms != 0 && c->proof_member != member &&
        c->time_ms < c->proof_ms + turn_ticks_ms(c, LATELY_TICKS)) {
        return CAUSE_OTHER_STATE;
    }
    const bool too_few = cluster_is_voter(c, member) && count_voters(c) <= 2;
    return too_few ? CAUSE_LAST_VOTER : CAUSE_NONE;
}

static void act(struct cluster *c, const struct turn *t, uint32_t member, bool braked,
                enum cause bar)
{
    if (bar == CAUSE_NONE) {
        if (braked) {
            c->proof_ms = c->time_ms;
            c->proof_member = member;
        }
        cluster_move(c, t, member, STANDING_LOCKED_OUT, STANDING_CAUSE_PROOF);
    } else if (!c->member[member].held) {
        c->member[member].held = true;
        turn_note(t, NOTE_PROOF_HELD, member)->cause = bar;
    }
}

void cluster_prove(struct cluster *c, const struct turn *t, uint32_t member, bool braked)
{
    if (!c->member[member].held) {
        act(c, t, member, braked, proof_bar(c, member, braked));
    }
}

/* Conflicting votes are nobody's roll-out, nor are votes in another history: they always act.
 * That of another state is what an attestation of one is: two in a minute, and the software is
 * the likely fault. */
static bool is_braked(const struct cluster *c, const struct prove *p)
{
    return p->kind == PROOF_ANSWER || evidence_of_chain(c, p) == CAUSE_OTHER_STATE;
}

void cluster_on_prove(struct cluster *c, const struct turn *t, uint32_t author,
                      const struct prove *p)
{
    const bool answer = p->kind == PROOF_ANSWER;
    const bool braked = is_braked(c, p);
    const bool other = answer && p->answer.version != c->version;
    struct note *note = turn_note(t, NOTE_PROVED, p->subject);
    note->other = author;
    note->first = answer ? 0 : (uint64_t)p->votes[0].kind;
    note->count = answer ? 0 : p->votes[0].height;
    note->cause = evidence_of_chain(c, p);
    act(c, t, p->subject, braked,
        other ? CAUSE_OTHER_VERSION : proof_bar(c, p->subject, braked));
}

/* What is said to be against the chain, and is not, or cannot be told any more. */
static enum cause chain_cause(const struct cluster *c, const struct prove *p)
{
    const enum cause cause = evidence_of_chain(c, p);
    return evidence_is_offence(cause) || SABOTAGE == SABOTAGE_CHAIN_UNCHECKED ? CAUSE_NONE
                                                                              : cause;
}

enum cause cluster_prove_cause(const struct cluster *c, const struct prove *p)
{
    if (p->subject >= c->member_count) {
        return CAUSE_NO_MEMBER;
    }
    const struct member *m = &c->member[p->subject];
    if (p->term != m->term) {
        return CAUSE_OLD_TERM;
    }
    if (m->standing != STANDING_GOOD && m->standing != STANDING_SUSPENDED) {
        return CAUSE_NOT_GOOD;
    }
    if (p->kind != PROOF_ANSWER && p->votes[0].height > c->height + 1) {
        return CAUSE_TOO_NEW;
    }
    const enum cause cause = chain_cause(c, p);
    if (cause != CAUSE_NONE || !m->held) {
        return cause;
    }
    /* Held it stays, what is braked, until an operator has looked. */
    return is_braked(c, p) || proof_bar(c, p->subject, false) != CAUSE_NONE ? CAUSE_SAID_BEFORE
                                                                            : CAUSE_NONE;
}

/* Nobody is left who could decide anything, not even its return. */
static bool is_last_voter(const struct cluster *c, uint32_t member)
{
    return cluster_is_voter(c, member) && count_voters(c) == 1;
}

enum cause cluster_resign_cause(const struct cluster *c, uint32_t author)
{
    const enum standing standing = c->member[author].standing;
    if (standing != STANDING_GOOD && standing != STANDING_SUSPENDED) {
        return CAUSE_NOT_GOOD;
    }
    return is_last_voter(c, author) ? CAUSE_LAST_VOTER : CAUSE_NONE;
}

/* A key that somebody has already would make two members one. */
static bool has_key(const struct cluster *c, uint32_t but_not, const uint8_t *key)
{
    bool found = false;
    for (uint32_t i = 0; i < c->member_count && i < MEMBERS_MAX; i++) {
        const struct member *m = &c->member[i];
        const bool same = memcmp(m->transport_key, key, PUBLIC_KEY_BYTES) == 0 ||
                          memcmp(m->vote_key, key, PUBLIC_KEY_BYTES) == 0;
        found = found || (same && i != but_not);
    }
    return found;
}

/* Whether another member is called so, or is to be reached there. */
static bool is_taken(const struct cluster *c, const struct operator_command *o)
{
    bool taken = false;
    for (uint32_t i = 0; i < c->member_count && i < MEMBERS_MAX; i++) {
        const struct member *m = &c->member[i];
        const bool same = memcmp(m->name, o->name, sizeof m->name) == 0 ||
                          (m->standing != STANDING_LEFT &&
                           memcmp(m->address, o->address, sizeof m->address) == 0);
        taken = taken || (same && i != o->member);
    }
    return taken;
}

static bool is_new(const struct cluster *c, const struct operator_command *o)
{
    return o->operation == OPERATION_ADMIT && o->member == c->member_count;
}

static enum cause admit_cause(const struct cluster *c, const struct operator_command *o)
{
    if (!is_new(c, o) && memcmp(c->member[o->member].name, o->name, sizeof o->name) != 0) {
        return CAUSE_NO_MEMBER;
    }
    if (is_taken(c, o)) {
        return CAUSE_TAKEN;
    }
    if (identity_judge(o->transport_key) != KEY_ACCEPTED ||
        identity_judge(o->vote_key) != KEY_ACCEPTED || has_key(c, MEMBER_NONE, o->vote_key) ||
        has_key(c, o->member, o->transport_key)) {
        return CAUSE_BAD_KEY;
    }
    return is_last_voter(c, o->member) ? CAUSE_LAST_VOTER : CAUSE_NONE;
}

static enum cause remove_cause(const struct cluster *c, uint32_t member)
{
    return cluster_is_voter(c, member) && count_voters(c) <= 2 ? CAUSE_LAST_VOTER : CAUSE_NONE;
}

/* Names are what people know members by: no two are the same. */
static enum cause rename_cause(const struct cluster *c, const struct operator_command *o)
{
    for (uint32_t i = 0; i < c->member_count; i++) {
        if (memcmp(c->member[i].name, o->name, sizeof o->name) == 0) {
            return CAUSE_SAID_BEFORE;
        }
    }
    return CAUSE_NONE;
}

static enum cause member_cause(const struct cluster *c, const struct operator_command *o)
{
    if (o->member >= MEMBERS_MAX || (o->member >= c->member_count && !is_new(c, o)) ||
        c->member[o->member].standing == STANDING_LEFT) {
        return CAUSE_NO_MEMBER;
    }
    if (c->member[o->member].term != o->term) {
        return CAUSE_OLD_TERM;
    }
    switch (o->operation) {
    case OPERATION_ADMIT:
        return admit_cause(c, o);
    case OPERATION_REMOVE:
        return remove_cause(c, o->member);
    case OPERATION_DRAIN:
    case OPERATION_UNDRAIN:
        return c->member[o->member].drained == (o->operation == OPERATION_DRAIN)
                   ? CAUSE_SAID_BEFORE
                   : CAUSE_NONE;
    case OPERATION_RENAME:
        return rename_cause(c, o);
    case OPERATION_PAUSE:
    case OPERATION_SETTINGS:
    case OPERATION_SET_OPERATORS:
    case OPERATION_COUNT:
        break;
    }
    return CAUSE_MALFORMED;
}

static enum cause whole_cause(const struct cluster *c, const struct operator_command *o)
{
    if (o->operation == OPERATION_SET_OPERATORS) {
        return cluster_keys_cause(c, o);
    }
    if (o->operation != OPERATION_SETTINGS) {
        return CAUSE_NONE;
    }
    if (cluster_setting(c, o->setting) == o->value) {
        return CAUSE_SAID_BEFORE;
    }
    return o->setting == SETTING_PROTOCOL && cluster_unable(c, o->value) != 0 ? CAUSE_UNABLE
                                                                              : CAUSE_NONE;
}

enum cause cluster_operator_cause(const struct cluster *c, uint32_t author,
                                  const struct operator_command *o)
{
    const uint64_t last = c->operator_seq[author - MEMBERS_MAX];
    if (o->seq <= last) {
        return CAUSE_SAID_BEFORE;
    }
    if (c->time_ms > o->not_after_ms) { /* nor does it wait for its turn any more */
        return CAUSE_TOO_OLD;
    }
    if (o->seq != last + 1) {
        return CAUSE_TOO_NEW;
    }
    return operation_names_member(o->operation) ? member_cause(c, o) : whole_cause(c, o);
}

/* A new member is one whose index was nobody's: all else of it is zeros. */
static void admit(struct cluster *c, const struct turn *t, const struct operator_command *o)
{
    struct member *m = &c->member[o->member];
    c->member_count += is_new(c, o) ? 1 : 0;
    memcpy(m->name, o->name, sizeof m->name);
    memcpy(m->address, o->address, sizeof m->address);
    memcpy(m->transport_key, o->transport_key, sizeof m->transport_key);
    memcpy(m->vote_key, o->vote_key, sizeof m->vote_key);
    m->role = o->role;
    m->held = false;
    /* What it attested under its old key says nothing of it, and it may start from an empty
     * chain. */
    c->latest[o->member] = (struct attested){0};
    c->barred_until_ms[o->member] = 0;
    c->dissent_until_ms[o->member] = 0;
    c->confidence[o->member] = (struct confidence){0};
    cluster_move(c, t, o->member, STANDING_SUSPENDED, STANDING_CAUSE_ADMITTED);
}

void cluster_on_operator(struct cluster *c, const struct turn *t, uint32_t author,
                         const struct operator_command *o)
{
    struct note *note = turn_note(
        t, NOTE_OPERATOR, operation_names_member(o->operation) ? o->member : MEMBER_NONE);
    note->first = (uint64_t)o->operation;
    note->count = o->duration_s;
    memcpy(note->text, c->operators[author - MEMBERS_MAX].name, NAME_SIZE_BYTES);
    c->operator_seq[author - MEMBERS_MAX] = o->seq;
    struct member *m = &c->member[o->member];
    switch (o->operation) {
    case OPERATION_ADMIT:
        admit(c, t, o);
        break;
    case OPERATION_REMOVE:
        cluster_move(c, t, o->member, STANDING_LEFT, STANDING_CAUSE_REMOVED);
        break;
    case OPERATION_DRAIN:
    case OPERATION_UNDRAIN:
        m->drained = o->operation == OPERATION_DRAIN;
        break;
    case OPERATION_PAUSE:
        c->pause_until_ms = c->time_ms + (uint64_t)o->duration_s * 1000;
        break;
    case OPERATION_RENAME:
        memcpy(m->name, o->name, sizeof m->name);
        break;
    case OPERATION_SETTINGS:
        note->fence = (uint64_t)o->setting;
        note->count = o->value;
        cluster_set(c, o->setting, o->value);
        break;
    case OPERATION_SET_OPERATORS:
        note->fence = c->operator_count; /* before */
        note->count = cluster_wish(c, t, author - MEMBERS_MAX, o);
        break;
    case OPERATION_COUNT:
        break;
    }
}

#include "name.h"

#include <assert.h>
#include <string.h>

#include "cluster.h"
#include "election.h"
#include "label.h"
#include "sabotage.h"
#include "turn.h"

#define MARGIN_MS 2000u
#define LAID_DOWN_TICKS 12u /* who let go of a name unasked is not asked again: 60 s */

uint64_t name_lease_ms(const struct timing *t)
{
    return (uint64_t)t->name_lease_s * 1000;
}

uint64_t name_margin_ms(const struct timing *t)
{
    return MARGIN_MS + name_lease_ms(t) / 100;
}

void names_found(struct cluster *c, const struct founding *f)
{
    assert(f->name_count <= SERVICE_NAMES_MAX);
    c->name_count = f->name_count;
    for (uint32_t k = 0; k < f->name_count; k++) {
        struct service_name *s = &c->names[k];
        memcpy(s->name, f->names[k].name, sizeof s->name);
        s->owner = f->names[k].owner;
        s->exclusive = f->names[k].exclusive;
        s->phase = NAME_HELD;
        s->holder = s->owner;
        s->fence = hash_is_none(&f->rebuilt.from) ? 1 : f->rebuilt.term; /* it only grows */
        s->since_ms = f->founded_ms;
    }
}

static struct note *tell(const struct turn *t, enum note_kind kind,
                         const struct service_name *s, uint32_t member)
{
    struct note *note = turn_note(t, kind, member);
    note->fence = s->fence;
    memcpy(note->text, s->name, sizeof note->text);
    return note;
}

/* From when on the holder has certainly laid it down by itself, if nothing more was heard. */
static uint64_t lease_end_ms(const struct cluster *c, const struct service_name *s)
{
    const uint64_t heard_ms = c->latest[s->holder].decided_ms;
    if (!s->exclusive || SABOTAGE == SABOTAGE_LEASE_IGNORED) {
        return c->time_ms;
    }
    /* Nothing of it is known where it was admitted anew in this very block. */
    return (heard_ms != 0 ? heard_ms : c->time_ms) + name_lease_ms(&c->timing) +
           name_margin_ms(&c->timing);
}

static bool has_another(const struct cluster *c, const struct service_name *s, uint32_t member)
{
    bool has = false;
    for (uint32_t k = 0; k < c->name_count; k++) {
        has = has || (&c->names[k] != s && c->names[k].holder == member);
    }
    return has;
}

/* Whether it could hold the name at all: it is good, here, and has not just let go of it. */
static bool can_hold(const struct cluster *c, const struct service_name *s, uint32_t member)
{
    return cluster_is_voter(c, member) && election_attests(c, member) &&
           !c->member[member].held && (s->laid_down >> member & 1) == 0;
}

static bool owner_can(const struct cluster *c, const struct service_name *s, uint32_t ticks)
{
    const uint32_t owner = s->owner;
    return can_hold(c, s, owner) && c->latest[owner].serve == 0 && !c->member[owner].drained &&
           record_is_perfect(&c->record[owner], ticks);
}

static uint32_t first_witness(const struct cluster *c, const struct service_name *s,
                              uint32_t ticks)
{
    for (uint32_t i = 0; i < c->member_count; i++) {
        if (c->member[i].role == ROLE_WITNESS && can_hold(c, s, i) && !c->member[i].drained &&
            !has_another(c, s, i) && record_is_perfect(&c->record[i], ticks)) {
            return i;
        }
    }
    return MEMBER_NONE;
}

/* Who is to have it, its holder left out of account. An owner with a short record comes last:
 * better than nobody. */
static uint32_t successor(const struct cluster *c, const struct service_name *s)
{
    const uint32_t whole = c->timing.record_ticks;
    const uint32_t recent = whole < RECENT_TICKS ? whole : RECENT_TICKS;
    if (owner_can(c, s, whole)) {
        return s->owner;
    }
    uint32_t witness = MEMBER_NONE;
    if (c->time_ms >= c->pause_until_ms) {
        witness = first_witness(c, s, whole);
        witness = witness != MEMBER_NONE ? witness : first_witness(c, s, recent);
    }
    return witness == MEMBER_NONE && owner_can(c, s, recent) ? s->owner : witness;
}

static void hold(struct service_name *s, const struct turn *t)
{
    s->phase = NAME_HELD;
    s->held_height = t->height;
    s->free_at_ms = 0;
}

static void give(struct service_name *s, const struct turn *t, uint32_t member)
{
    hold(s, t);
    s->holder = member;
    s->fence++;
    s->since_ms = t->time_ms;
    tell(t, NOTE_NAME_TAKEN, s, member)->other = s->owner;
}

/* Its holder lost its standing, or has it again in time, when nothing has happened to it. */
static void follow_standing(struct cluster *c, const struct turn *t, struct service_name *s)
{
    const bool good = s->holder != MEMBER_NONE && cluster_is_voter(c, s->holder);
    if (s->phase == NAME_VACANT && good) {
        hold(s, t);
        tell(t, NOTE_NAME_KEPT, s, s->holder);
    } else if (s->phase != NAME_VACANT && !good) {
        s->phase = NAME_VACANT;
        s->free_at_ms = lease_end_ms(c, s);
        tell(t, NOTE_NAME_VACANT, s, s->holder)->count =
            s->free_at_ms > c->time_ms ? s->free_at_ms - c->time_ms : 0;
    }
}

/* A member in its place that should not be there: it is drained, or its owner can have it back.
 * Nobody is to whom a proof that was held applies: its lease goes on, so it has to let go. */
static bool should_move(const struct cluster *c, const struct service_name *s)
{
    const struct member *h = &c->member[s->holder];
    return h->held || h->drained ||
           (s->holder != s->owner && owner_can(c, s, c->timing.record_ticks));
}

/* Nobody would take over what its holder was told to let go of: it stays there. */
static void keep(const struct turn *t, struct service_name *s, enum cause cause)
{
    if (s->phase == NAME_RETURNING) {
        hold(s, t);
        tell(t, NOTE_NAME_KEPT, s, s->holder)->cause = cause;
    }
}

static void review(struct cluster *c, const struct turn *t, struct service_name *s)
{
    if (c->time_ms >= s->again_at_ms) {
        s->laid_down = 0;
        s->again_at_ms = 0;
    }
    follow_standing(c, t, s);
    const uint32_t next = successor(c, s);
    if (next == MEMBER_NONE || next == s->holder) {
        keep(t, s, CAUSE_TOO_FEW);
        return;
    }
    if (s->phase == NAME_HELD && should_move(c, s)) {
        s->phase = NAME_RETURNING;
        s->free_at_ms = c->time_ms;
        if (s->exclusive) {
            s->free_at_ms += name_lease_ms(&c->timing) + name_margin_ms(&c->timing);
            tell(t, NOTE_NAME_RETURNING, s, s->holder)->other = next;
        }
    }
    if (s->phase != NAME_HELD && c->time_ms >= s->free_at_ms) {
        give(s, t, next);
    }
}

uint64_t names_next_free_ms(const struct cluster *c)
{
    uint64_t first_ms = 0;
    for (uint32_t k = 0; k < c->name_count && !c->observes; k++) {
        const struct service_name *s = &c->names[k];
        if (s->phase != NAME_HELD && s->free_at_ms > c->time_ms &&
            (first_ms == 0 || s->free_at_ms < first_ms)) {
            first_ms = s->free_at_ms;
        }
    }
    return first_ms;
}

void names_review(struct cluster *c, const struct turn *t)
{
    for (uint32_t k = 0; k < c->name_count; k++) {
        if (c->observes) { /* no hook begins to run meanwhile */
            keep(t, &c->names[k], CAUSE_OBSERVED);
        } else {
            review(c, t, &c->names[k]);
        }
    }
}

/* One that its author said in an earlier run, or before the name was left to it, may be decided
 * after it has taken the name again under the same fence. */
static bool is_its_own(const struct cluster *c, uint32_t author, const struct release *r,
                       uint32_t k)
{
    return r->incarnation == c->latest[author].incarnation && k < c->name_count &&
           (r->names >> k & 1) != 0 && c->names[k].holder == author &&
           c->names[k].fence == r->fence[k] && c->names[k].held_height <= r->height;
}

enum cause names_release_cause(const struct cluster *c, uint32_t author,
                               const struct release *r)
{
    if (c->observes) {
        return CAUSE_OBSERVED;
    }
    for (uint32_t k = 0; k < SERVICE_NAMES_MAX; k++) {
        if (is_its_own(c, author, r, k)) {
            return CAUSE_NONE;
        }
    }
    return CAUSE_OLD_FENCE;
}

void names_on_release(struct cluster *c, const struct turn *t, uint32_t author,
                      const struct release *r)
{
    for (uint32_t k = 0; k < SERVICE_NAMES_MAX; k++) {
        struct service_name *s = &c->names[k];
        if (!is_its_own(c, author, r, k)) {
            continue;
        }
        if (s->phase == NAME_HELD) {
            s->laid_down |= 1u << author;
            s->again_at_ms = c->time_ms + turn_ticks_ms(c, LAID_DOWN_TICKS);
        }
        tell(t, NOTE_NAME_RELEASED, s, author);
        s->phase = NAME_VACANT;
        s->holder = MEMBER_NONE;
        s->free_at_ms = c->time_ms;
    }
}

void names_write(struct writer *w, const struct cluster *c)
{
    write_uint(w, c->name_count, 1);
    for (uint32_t k = 0; k < c->name_count; k++) {
        const struct service_name *s = &c->names[k];
        write_bytes(w, s->name, sizeof s->name);
        write_uint(w, s->owner, 1);
        write_bool(w, s->exclusive);
        write_uint(w, (uint64_t)s->phase, 1);
        write_uint(w, s->holder, 1);
        write_uint(w, s->fence, 8);
        write_uint(w, s->since_ms, 8);
        write_uint(w, s->held_height, 8);
        write_uint(w, s->free_at_ms, 8);
        write_uint(w, s->laid_down, 2);
        write_uint(w, s->again_at_ms, 8);
    }
}

bool names_read(struct reader *r, struct cluster *c)
{
    c->name_count = (uint32_t)read_uint(r, 1);
    if (c->name_count > SERVICE_NAMES_MAX) {
        return false;
    }
    for (uint32_t k = 0; k < c->name_count; k++) {
        struct service_name *s = &c->names[k];
        read_bytes(r, s->name, sizeof s->name);
        s->owner = (uint32_t)read_uint(r, 1);
        s->exclusive = read_bool(r);
        s->phase = (enum name_phase)read_uint(r, 1);
        s->holder = (uint32_t)read_uint(r, 1);
        s->fence = read_uint(r, 8);
        s->since_ms = read_uint(r, 8);
        s->held_height = read_uint(r, 8);
        s->free_at_ms = read_uint(r, 8);
        s->laid_down = (uint32_t)read_uint(r, 2);
        s->again_at_ms = read_uint(r, 8);
    }
    return true;
}

bool names_are_sound(const struct cluster *c)
{
    for (uint32_t k = 0; k < c->name_count; k++) {
        const struct service_name *s = &c->names[k];
        const bool has_holder = s->holder < c->member_count;
        if (!label_is_text(s->name, sizeof s->name) || s->owner >= c->member_count ||
            s->phase > NAME_RETURNING || (!has_holder && s->holder != MEMBER_NONE) ||
            (!has_holder && s->phase != NAME_VACANT) || s->fence < 1 ||
            s->fence > UINT64_MAX / 2 || s->since_ms > c->time_ms ||
            s->held_height > c->height || s->laid_down >> c->member_count != 0) {
            return false;
        }
    }
    return true;
}

const char *name_phase_text(enum name_phase phase)
{
    static const char *const texts[] = {
        [NAME_HELD] = "held", [NAME_VACANT] = "vacant", [NAME_RETURNING] = "returning"};
    return texts[phase];
}

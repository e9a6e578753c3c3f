/* Whether anything can be decided, and how much more the cluster bears. */
#include "agent/status_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define STANDSTILL_TICKS 3u
#define STANDSTILL_MORE_MS 2000u
#define SAME_SECOND_MS 1000u
#define FOR_GOOD_TICKS 12u

static uint64_t later(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* Counted from when it could have gone on: a quorum that has just come together needs a moment.
 */
static bool stands_still(const struct moment *m)
{
    const struct deciding *d = m->deciding;
    const uint64_t since_ms = later(d->decided_ms, later(d->started_ms, d->quorum_since_ms));
    return m->now_ms > since_ms &&
           m->now_ms - since_ms >
               STANDSTILL_TICKS * (uint64_t)m->cluster->timing.tick_ms + STANDSTILL_MORE_MS;
}

uint32_t status_resigning(const struct moment *m)
{
    const struct deciding *d = m->deciding;
    uint32_t resigning = 0;
    for (uint32_t i = 0; i < m->cluster->member_count; i++) {
        const struct pooled *waiting = &m->agent->node->pool.slot[i][COMMAND_RESIGN - 1];
        const bool counts = cluster_is_voter(m->cluster, i) && (d->heard >> i & 1) != 0;
        resigning |= counts && i != d->options.self && waiting->size_bytes != 0 ? 1u << i : 0;
    }
    return resigning;
}

static const char *is_or_are(uint32_t count)
{
    return count == 1 ? "is" : "are";
}

/* "Nothing has been decided since 14:19:58 UTC, 43 s ago. 1 window waits." */
static void say_standstill(const struct moment *m, char text[static STATUS_TEXT_BYTES])
{
    char when[STATUS_SHORT_BYTES];
    char waiting[STATUS_SHORT_BYTES];
    status_waiting(m, waiting);
    status_when(m, m->cluster->time_ms, when);
    if (m->cluster->height == 0) {
        status_say(text, "Nothing has been decided yet.%s", waiting);
    } else {
        status_say(text, "Nothing has been decided since %s.%s", when, waiting);
    }
}

static bool are_all_refused(const struct deciding *d, uint32_t missing)
{
    for (uint32_t i = 0; i < d->cluster.member_count; i++) {
        if ((missing >> i & 1) != 0 && !d->peer[i].detector.refused) {
            return false;
        }
    }
    return true;
}

/* Several went silent at once, as when a switch between them and us fails. */
static bool did_leave_together(const struct deciding *d, uint32_t missing)
{
    uint64_t first_ms = UINT64_MAX;
    uint64_t last_ms = 0;
    for (uint32_t i = 0; i < d->cluster.member_count; i++) {
        if ((missing >> i & 1) == 0) {
            continue;
        }
        if (!d->peer[i].ever_heard) {
            return false;
        }
        const uint64_t heard_ms = d->peer[i].detector.heard_ms;
        first_ms = heard_ms < first_ms ? heard_ms : first_ms;
        last_ms = later(heard_ms, last_ms);
    }
    return last_ms - first_ms <= SAME_SECOND_MS;
}

static void say_what_to_do(const struct moment *m, char action[static STATUS_TEXT_BYTES])
{
    const struct deciding *d = m->deciding;
    const uint32_t missing = status_unheard(d);
    const uint32_t count = (uint32_t)__builtin_popcount(missing);
    char names[STATUS_NAMES_BYTES];
    status_names(m->cluster, missing, " and ", names);
    if (are_all_refused(d, missing)) {
        status_say(action, "On %s: start ostrakond", names);
    } else if (count > 1 && did_leave_together(d, missing)) {
        char here[STATUS_NAMES_BYTES];
        char there[STATUS_NAMES_BYTES];
        status_names(m->cluster, d->heard, ", ", here);
        status_names(m->cluster, missing, ", ", there);
        status_say(action,
                   "%s went silent in the same second: look at the network between {%s} and "
                   "{%s} first.",
                   count == 2 ? "Both" : "All", here, there);
    } else {
        status_say(action, "On %s: see whether ostrakond runs; then the network to %s", names,
                   count == 1 ? "it" : "them");
    }
}

/* The way out of a quorum that is gone for good; nobody is to think of it at once. */
static void say_way_out(const struct moment *m, char action[static STATUS_TEXT_BYTES])
{
    const struct deciding *d = m->deciding;
    const uint64_t until_ms = d->decided_ms + FOR_GOOD_TICKS * m->cluster->timing.tick_ms;
    const size_t used = strlen(action);
    if (m->cluster->height > 0 && m->now_ms > until_ms) {
        snprintf(action + used, STATUS_TEXT_BYTES - used,
                 "%sIf they are gone for good: ostrakon cluster rebuild",
                 used == 0                 ? ""
                 : action[used - 1] == '.' ? " "
                                           : ". ");
    }
}

static void say_too_few(const struct moment *m)
{
    const struct status *s = m->status;
    struct status_reason *r = status_add(m, "OST-1001", true, MEMBER_NONE);
    char rest[STATUS_TEXT_BYTES];
    say_standstill(m, rest);
    const uint32_t resigning = status_resigning(m);
    char also[STATUS_TEXT_BYTES] = "";
    char names[STATUS_NAMES_BYTES];
    if (resigning != 0) {
        status_names(m->cluster, resigning, " and ", names);
        status_say(also, ", and %.190s vote%s no more: resigning, no quorum", names,
                   (resigning & (resigning - 1)) == 0 ? "s" : "");
    } else if (s->heard >= s->needed) {
        status_say(also, ", and %s itself does not vote", m->self);
    }
    status_say(r->text, "%u of %u voters %s heard, %u %s needed%.230s. %.200s", s->heard,
               s->voters, is_or_are(s->heard), s->needed, is_or_are(s->needed), also, rest);
    if (s->heard < s->voters) {
        say_what_to_do(m, r->action);
        say_way_out(m, r->action);
    }
}

void status_look_at_quorum(const struct moment *m)
{
    const struct status *s = m->status;
    if (s->able < s->needed && s->phase == STATUS_STARTING) {
        struct status_reason *r = status_add(m, "OST-1005", false, m->deciding->options.self);
        status_say(
            r->text, "%s has just started: %u of %u voters %s heard so far, %u %s needed.",
            m->self, s->heard, s->voters, is_or_are(s->heard), s->needed, is_or_are(s->needed));
    } else if (s->able < s->needed) {
        say_too_few(m);
    } else if (s->phase == STATUS_RUNNING && stands_still(m)) {
        struct status_reason *r = status_add(m, "OST-1003", true, MEMBER_NONE);
        char rest[STATUS_TEXT_BYTES];
        say_standstill(m, rest);
        status_say(r->text, "%u of %u voters %s heard, enough to decide. %.200s", s->heard,
                   s->voters, is_or_are(s->heard), rest);
        status_say(
            r->action,
            "On each member: ostrakon status; one of them may say that it does not vote");
    }
}

static void look_at_lost_store(const struct moment *m)
{
    const struct status *s = m->status;
    const struct simplex *x = &m->deciding->simplex;
    /* The others alone cannot decide: only one more of them can help (protocol.md, rule 17). */
    const bool needed = s->able < s->needed;
    struct status_reason *r = status_add(m, "OST-1101", needed, m->deciding->options.self);
    if (needed && x->amnesiac) {
        status_say(r->text,
                   "What %s had voted is lost, and the others alone are too few to decide "
                   "(vote store lost; quorum needs me).",
                   m->self);
        status_say(r->action,
                   s->heard < s->voters
                       ? "Bring back the voters that are not heard; nothing else is safe"
                       : "No other voter is left to come back: go on with a new cluster, "
                         "ostrakon cluster rebuild");
    } else if (x->amnesiac) {
        status_say(r->text,
                   "%s does not vote: what it had voted is lost. It will again once %u others "
                   "have told how far they are.",
                   m->self, s->needed);
    } else {
        status_say(r->text, "%s does not vote before height %llu: what it had voted is lost.",
                   m->self, (unsigned long long)x->record.resume);
    }
}

static void look_at_need(const struct moment *m)
{
    const struct deciding *d = m->deciding;
    const struct outset *o = &d->simplex.outset;
    struct status_reason *r = status_add(m, "OST-1204", true, d->options.self);
    if (d->simplex.needs == CHECKPOINT_NEED_AWAY) {
        char age[STATUS_SHORT_BYTES];
        status_age(outset_age_ms(o, m->now_ms, m->unix_ms), age);
        status_say(r->text,
                   "%s waits for a checkpoint: what it knew when it was started was %.24s old.",
                   m->self, age);
    } else {
        status_say(r->text,
                   "%s waits for a checkpoint: too few of the voters that it knew are still "
                   "members (%u of %u).",
                   m->self, outset_remaining(o, m->cluster), o->voter_count);
    }
    status_say(r->action,
               "On a member that you trust: ostrakon cluster checkpoint; put the line that it "
               "prints into node.yaml of %s, then restart ostrakond",
               m->self);
}

static void look_at_way(const struct moment *m)
{
    const struct simplex *s = &m->deciding->simplex;
    const unsigned long long height = s->options.checkpoint.height;
    struct status_reason *r = status_add(m, "OST-1207", false, m->deciding->options.self);
    status_say(r->text,
               "%s does not vote before it has come to its checkpoint, at height %llu.",
               m->self, height);
    status_say(r->action,
               "If no member has come to height %llu: take the line in node.yaml of %s that "
               "ostrakon cluster checkpoint prints on one",
               height, m->self);
}

static void look_at_other_history(const struct moment *m)
{
    const uint64_t height = m->agent->config.checkpoint.height;
    struct status_reason *r = status_add(m, "OST-1205", true, m->deciding->options.self);
    status_say(r->text,
               "%s goes no further: the block at height %" PRIu64
               " that it was told is not the one of its checkpoint.",
               m->self, height);
    status_say(r->action,
               "On members that you trust: ostrakon cluster checkpoint %" PRIu64
               "; if they have what node.yaml has, move ostrakon.db of %s away; then "
               "restart ostrakond",
               height, m->self);
}

static void look_at_stop(const struct moment *m)
{
    const struct deciding *d = m->deciding;
    const uint32_t self = d->options.self;
    const uint32_t version = d->cluster.version;
    if (!protocol_is_known(version)) {
        struct status_reason *r = status_add(m, "OST-1203", true, self);
        status_say(r->text,
                   "%s has stopped voting: its release does not know version %u of the "
                   "protocol, by which the cluster goes.",
                   m->self, version);
        status_say(r->action, "Install the release on %s that the others run", m->self);
        return;
    }
    struct status_reason *r = status_add(m, "OST-1201", true, self);
    status_say(r->text, "%s has stopped voting: what others decided contradicts what it knows.",
               m->self);
    status_say(r->action,
               "Its log names the height (OST-1201 or OST-1202): compare the others' there");
}

void status_look_at_votes(const struct moment *m)
{
    const struct deciding *d = m->deciding;
    const uint32_t self = d->options.self;
    if (d->simplex.outset.differs) {
        look_at_other_history(m);
    } else if (d->simplex.stopped) {
        look_at_stop(m);
    } else if (d->simplex.needs != CHECKPOINT_NEED_NONE) {
        look_at_need(m);
    } else if (!outset_may_vote(&d->simplex)) {
        look_at_way(m);
    }
    if (d->muted && !d->options.neutered) {
        struct status_reason *r = status_add(m, "OST-1103", true, self);
        status_say(r->text, "%s does not vote: its vote store cannot be written.", m->self);
        status_say(r->action, "Look after the disk of %s, then restart ostrakond", m->self);
    } else if (!d->options.neutered && (d->simplex.amnesiac || d->simplex.resuming)) {
        look_at_lost_store(m);
    }
}

void status_look_at_budget(const struct moment *m)
{
    const struct status *s = m->status;
    if (s->able == s->needed && s->able < s->voters && s->state != STATUS_NO_QUORUM &&
        s->phase != STATUS_STARTING) {
        struct status_reason *r = status_add(m, "OST-1004", false, MEMBER_NONE);
        status_say(r->text, "One more failure stops the cluster.");
    }
}

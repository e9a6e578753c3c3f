#include "agent/status.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "agent/status_parts.h"

#define SUMMARY_REASONS 4u

void status_age(uint64_t age_ms, char text[static STATUS_SHORT_BYTES])
{
    const uint64_t seconds = age_ms / 1000;
    if (seconds < 120) {
        snprintf(text, STATUS_SHORT_BYTES, "%" PRIu64 " s", seconds);
    } else if (seconds < 7200) {
        snprintf(text, STATUS_SHORT_BYTES, "%" PRIu64 " min", seconds / 60);
    } else if (seconds < 172800) {
        snprintf(text, STATUS_SHORT_BYTES, "%" PRIu64 " h", seconds / 3600);
    } else {
        snprintf(text, STATUS_SHORT_BYTES, "%" PRIu64 " days", seconds / 86400);
    }
}

void status_clock(uint64_t unix_ms, char text[static STATUS_SHORT_BYTES])
{
    char iso[WORDS_ISO_BYTES];
    words_iso(unix_ms, iso);
    const char *clock = strchr(iso, 'T');
    snprintf(text, STATUS_SHORT_BYTES, "%.8s", clock == NULL ? "?" : clock + 1);
}

void status_when(const struct moment *m, uint64_t at_unix_ms,
                 char text[static STATUS_SHORT_BYTES])
{
    char clock[STATUS_SHORT_BYTES];
    char age[STATUS_SHORT_BYTES];
    status_clock(at_unix_ms, clock);
    status_age(m->unix_ms > at_unix_ms ? m->unix_ms - at_unix_ms : 0, age);
    snprintf(text, STATUS_SHORT_BYTES, "%.8s UTC, %.24s ago", clock, age);
}

void status_waiting(const struct moment *m, char text[static STATUS_SHORT_BYTES])
{
    const uint64_t due = m->status->due;
    text[0] = '\0';
    if (due > 0) {
        snprintf(text, STATUS_SHORT_BYTES, " %" PRIu64 " window%s.", due,
                 due == 1 ? " waits" : "s wait");
    }
}

void status_names(const struct cluster *c, uint32_t members, const char *last,
                  char text[static STATUS_NAMES_BYTES])
{
    uint32_t left = (uint32_t)__builtin_popcount(members);
    size_t used = 0;
    text[0] = '\0';
    for (uint32_t i = 0; i < c->member_count && used < STATUS_NAMES_BYTES; i++) {
        if ((members >> i & 1) != 0) {
            const char *joint = used == 0 ? "" : left == 1 ? last : ", ";
            used += (size_t)snprintf(text + used, STATUS_NAMES_BYTES - used, "%s%s", joint,
                                     c->member[i].name);
            left--;
        }
    }
}

uint64_t status_heard_unix_ms(const struct moment *m, uint32_t member)
{
    const uint64_t heard_ms = m->deciding->peer[member].detector.heard_ms;
    const uint64_t silent_ms = m->now_ms > heard_ms ? m->now_ms - heard_ms : 0;
    return m->unix_ms > silent_ms ? m->unix_ms - silent_ms : 0;
}

uint32_t status_unheard(const struct deciding *d)
{
    uint32_t unheard = 0;
    for (uint32_t i = 0; i < d->cluster.member_count; i++) {
        if (cluster_is_voter(&d->cluster, i) && (d->heard >> i & 1) == 0) {
            unheard |= (uint32_t)1 << i;
        }
    }
    return unheard;
}

struct status_reason *status_add(const struct moment *m, const char *code, bool critical,
                                 uint32_t member)
{
    struct status *s = m->status;
    const uint32_t place =
        s->reason_count < STATUS_REASONS_MAX ? s->reason_count++ : STATUS_REASONS_MAX - 1;
    struct status_reason *reason = &s->reasons[place];
    *reason = (struct status_reason){.code = code, .critical = critical, .member = member};
    return reason;
}

void status_say(char text[static STATUS_TEXT_BYTES], const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, STATUS_TEXT_BYTES, format, arguments);
    va_end(arguments);
}

bool status_votes(const struct deciding *d)
{
    const struct simplex *s = &d->simplex;
    return !d->muted && !d->damaged && !s->stopped && !s->amnesiac && !s->resuming &&
           outset_may_vote(s);
}

/* The chain's time, carried on by our own monotonic clock: a wall clock that is wrong here
 * makes no window due. Without the former (started lately, after a long rest) the latter must
 * do. */
static uint64_t chain_now_ms(const struct moment *m)
{
    const struct deciding *d = m->deciding;
    if (d->decided_ms == 0 || d->decided_ms > m->now_ms) {
        return m->unix_ms > m->cluster->time_ms ? m->unix_ms : m->cluster->time_ms;
    }
    return m->cluster->time_ms + (m->now_ms - d->decided_ms);
}

/* As far as the highest height that more than the liars claim. */
static uint64_t behind(const struct moment *m)
{
    const struct simplex *s = &m->deciding->simplex;
    const uint32_t liars = cluster_quorum(m->cluster).malfunctioning;
    uint64_t most = 0;
    for (uint32_t i = 0; i < m->cluster->member_count; i++) {
        uint32_t believers = 0;
        for (uint32_t k = 0; k < m->cluster->member_count; k++) {
            believers += s->peers[k].height >= s->peers[i].height ? 1 : 0;
        }
        if (believers > liars && s->peers[i].height > s->height + most) {
            most = s->peers[i].height - s->height;
        }
    }
    return most;
}

static void count(const struct moment *m)
{
    static const char *const notes[] = {"", "it decides alone"};
    struct status *s = m->status;
    const struct cluster *c = m->cluster;
    const struct quorum q = cluster_quorum(c);
    s->voters = q.voters;
    s->needed = q.needed;
    s->heard = node_peers_voters(m->deciding, m->deciding->heard);
    const bool counts = cluster_is_voter(c, m->deciding->options.self);
    s->able = s->heard - (counts && !status_votes(m->deciding) && s->heard > 0 ? 1 : 0);
    const uint32_t resigning = (uint32_t)__builtin_popcount(status_resigning(m));
    s->able -= s->able < resigning ? s->able : resigning;
    s->bears_crashed = s->able > q.needed ? s->able - q.needed : 0;
    s->bears_malfunctioning =
        s->bears_crashed < q.malfunctioning ? s->bears_crashed : q.malfunctioning;
    s->quorum_note = q.malfunctioning > 0 ? notes[0]
                     : q.voters == 1      ? notes[1]
                                          : "one that lies can split the log";
    s->behind = behind(m);
    const uint64_t chain_ms = chain_now_ms(m);
    s->due = cluster_windows_due(c, chain_ms);
    s->oldest_due_age_ms =
        s->due > 0 ? chain_ms - cluster_window_due_ms(c, c->windows.next) : 0;
}

static enum status_phase phase_of(const struct moment *m)
{
    const struct deciding *d = m->deciding;
    if (m->is_settling_in && d->decided_ms <= d->started_ms) {
        return STATUS_STARTING;
    }
    return d->simplex.catching_up ? STATUS_CATCHING_UP : STATUS_RUNNING;
}

static void look_at_self(const struct moment *m)
{
    const struct status *s = m->status;
    const uint32_t self = m->deciding->options.self;
    if (m->agent->store_refuses) {
        struct status_reason *r = status_add(m, "OST-5402", true, self);
        status_say(r->text,
                   "The database of %s cannot be written, and so it does not follow: %s.",
                   m->self, m->agent->store_refusal);
        status_say(r->action, "Make room on the disk of %s, or repair it", m->self);
    }
    if (m->deciding->storage_slow) {
        struct status_reason *r = status_add(m, "OST-5301", false, self);
        status_say(r->text, "A write to the disk of %s has been under way for more than 2 s.",
                   m->self);
        status_say(r->action, "Look at the disk of %s: df, dmesg", m->self);
    }
    if (s->phase == STATUS_CATCHING_UP) {
        struct status_reason *r = status_add(m, "OST-5201", false, self);
        status_say(r->text, "%s is %" PRIu64 " block%s behind the others and fetches them.",
                   m->self, s->behind > 0 ? s->behind : 1, s->behind > 1 ? "s" : "");
    }
}

/* What is critical first, else as it was found. */
static void sort(struct status *s)
{
    for (uint32_t i = 1; i < s->reason_count; i++) {
        for (uint32_t k = i; k > 0 && s->reasons[k].critical && !s->reasons[k - 1].critical;
             k--) {
            const struct status_reason moved = s->reasons[k];
            s->reasons[k] = s->reasons[k - 1];
            s->reasons[k - 1] = moved;
        }
    }
}

void status_of(const struct agent *a, uint64_t now_ms, uint64_t unix_ms, struct status *s)
{
    const struct deciding *d = &a->node->deciding;
    const uint64_t quiet_ms = QUIET_START_HEARTBEATS * (uint64_t)d->cluster.timing.heartbeat_ms;
    const struct moment m = {
        .agent = a,
        .deciding = d,
        .cluster = &d->cluster,
        .self = agent_name(a),
        .now_ms = now_ms,
        .unix_ms = unix_ms,
        .is_settling_in = now_ms - d->started_ms < quiet_ms,
        .status = s,
    };
    memset(s, 0, sizeof *s);
    count(&m);
    s->phase = phase_of(&m);
    status_look_at_quorum(&m);
    s->state = s->reason_count > 0 ? STATUS_NO_QUORUM : STATUS_OK;
    status_look_at_pause(&m);
    status_look_at_neuter(&m);
    status_look_at_standings(&m);
    status_look_at_votes(&m);
    status_look_at_votes_on_members(&m);
    status_look_at_members(&m);
    status_look_at_windows(&m);
    status_look_at_services(&m);
    look_at_self(&m);
    status_look_at_diagnosis(&m);
    status_look_at_fleet(&m);
    status_look_at_tokens(&m);
    status_look_at_budget(&m);
    if (s->state == STATUS_OK && s->reason_count > 0) {
        s->state = STATUS_DEGRADED;
    }
    sort(s);
}

/* Without a quorum the first sentence speaks of the windows, and `missing` of each member. */
static bool is_told_already(const struct status *s, uint32_t index)
{
    static const char *const codes[] = {"OST-2001", "OST-3202", "OST-3203", "OST-3204"};
    for (uint32_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        if (strcmp(s->reasons[index].code, codes[i]) == 0) {
            return s->state == STATUS_NO_QUORUM && index > 0;
        }
    }
    return false;
}

void status_summary(const struct status *s, char summary[static STATUS_SUMMARY_BYTES])
{
    size_t used = 0;
    uint32_t told = 0;
    uint32_t left_out = 0;
    summary[0] = '\0';
    for (uint32_t i = 0; i < s->reason_count; i++) {
        const char *text = s->reasons[i].text;
        const size_t room = STATUS_SUMMARY_BYTES - 64; /* for the last sentence */
        if (is_told_already(s, i)) {
            continue;
        }
        if (told == SUMMARY_REASONS || used + strlen(text) + 1 >= room) {
            left_out++;
            continue;
        }
        used += (size_t)snprintf(summary + used, STATUS_SUMMARY_BYTES - used, "%s%s",
                                 told == 0 ? "" : " ", text);
        told++;
    }
    if (left_out > 0) {
        snprintf(summary + used, STATUS_SUMMARY_BYTES - used,
                 " And %u more: ostrakon status --json", left_out);
    }
}

const char *status_action(const struct status *s)
{
    for (uint32_t i = 0; i < s->reason_count; i++) {
        if (s->reasons[i].action[0] != '\0') {
            return s->reasons[i].action;
        }
    }
    return "";
}

bool status_missing(const struct agent *a, uint32_t member, uint64_t now_ms, uint64_t unix_ms,
                    char text[static STATUS_MISSING_BYTES])
{
    const struct deciding *d = &a->node->deciding;
    const struct moment m = {.deciding = d, .now_ms = now_ms, .unix_ms = unix_ms};
    const struct peer_view *p = &d->peer[member];
    if ((status_unheard(d) >> member & 1) == 0) {
        return false;
    }
    const char *why = p->detector.refused ? " (connection refused)" : "";
    if (p->ever_heard) {
        char clock[STATUS_SHORT_BYTES];
        status_clock(status_heard_unix_ms(&m, member), clock);
        snprintf(text, STATUS_MISSING_BYTES, "not heard since %.8s%s", clock, why);
    } else {
        snprintf(text, STATUS_MISSING_BYTES, "not heard since this agent started%s", why);
    }
    return true;
}

static uint64_t mix(uint64_t mark, uint64_t value)
{
    for (uint32_t i = 0; i < 8; i++) { /* FNV-1a */
        mark = (mark ^ (value >> (8 * i) & 0xff)) * 0x100000001b3u;
    }
    return mark;
}

uint64_t status_mark(const struct status *s)
{
    uint64_t mark = 0xcbf29ce484222325u;
    mark = mix(mark, (uint64_t)s->state << 32 | (uint64_t)s->phase);
    mark = mix(mark, (uint64_t)s->heard << 32 | s->able);
    mark = mix(mark, s->due);
    for (uint32_t i = 0; i < s->reason_count; i++) {
        const struct status_reason *r = &s->reasons[i];
        for (const char *at = r->code; *at != '\0'; at++) {
            mark = mix(mark, (uint64_t)(unsigned char)*at);
        }
        mark = mix(mark, (uint64_t)r->member << 1 | (r->critical ? 1 : 0));
    }
    return mark;
}

const char *status_state_text(enum status_state state)
{
    static const char *const texts[] = {
        [STATUS_OK] = "ok", [STATUS_DEGRADED] = "degraded", [STATUS_NO_QUORUM] = "no_quorum"};
    return texts[state];
}

const char *status_phase_text(enum status_phase phase)
{
    static const char *const texts[] = {[STATUS_STARTING] = "starting",
                                        [STATUS_CATCHING_UP] = "catching_up",
                                        [STATUS_RUNNING] = "running"};
    return texts[phase];
}

const char *status_level_text(const struct status *s)
{
    if (s->reason_count == 0) {
        return "ok";
    }
    return s->reasons[0].critical ? "critical" : "warning"; /* they are sorted */
}

#include "driver.h"

#include <string.h>

uint64_t window_of(const struct world *w, uint64_t from_founding)
{
    return WORLD_FOUNDED_MS / 1000 / w->cluster.timing.window_s + from_founding;
}

static long long relative(const struct world *w, uint64_t window)
{
    return (long long)(window - window_of(w, 0));
}

/* A time of the chain, since the founding; "-" for one that never was. */
static void show_time(const char *name, uint64_t at_ms, FILE *out)
{
    if (at_ms != 0) {
        fprintf(out, " %s=%lld", name, (long long)(at_ms - WORLD_FOUNDED_MS));
    }
}

static void show_member_of(const char *name, uint32_t member, FILE *out)
{
    if (member == MEMBER_NONE) {
        fprintf(out, " %s=none", name);
    } else {
        fprintf(out, " %s=%u", name, member);
    }
}

static bool is_of_motion(const struct note *n)
{
    return n->kind >= NOTE_MOTION_OPENED && n->kind <= NOTE_REMOVAL_BARRED;
}

static void show_note(const struct world *w, const struct note *n, FILE *out)
{
    const bool of_window =
        n->kind == NOTE_WINDOWS_SETTLED || n->kind == NOTE_WINDOW_DISPUTED ||
        n->kind == NOTE_DISSENT ||
        (n->kind >= NOTE_WINDOW_DOUBTFUL && n->kind <= NOTE_WINDOW_CORRECTED);
    fprintf(out, "%s", note_kind_text(n->kind));
    if (n->member != MEMBER_NONE) {
        show_member_of("member", n->member, out);
    }
    if (n->other != MEMBER_NONE || n->kind == NOTE_GRANTED) {
        show_member_of("other", n->other, out);
    }
    if (n->kind == NOTE_STANDING_CHANGED) {
        fprintf(out, " %s by=%s", standing_text((enum standing)n->first),
                standing_cause_text((enum standing_cause)n->fence));
    } else if (n->kind == NOTE_OPERATOR) {
        fprintf(out, " %s", operation_text((enum operation)n->first));
        if (n->first == OPERATION_SETTINGS) {
            fprintf(out, " %s", setting_text((enum setting)n->fence));
        } else if (n->first == OPERATION_SET_OPERATORS) {
            fprintf(out, " of=%llu", (unsigned long long)n->fence);
        }
    } else if (is_of_motion(n)) {
        fprintf(out, " %s", motion_text((enum motion_kind)n->first));
        if (n->kind <= NOTE_MOTION_LAPSED) {
            fprintf(out, " yes=%llu", (unsigned long long)n->fence);
        }
    } else if (n->kind == NOTE_PROVED) {
        fprintf(out, " vote=%llu", (unsigned long long)n->first);
    } else if (n->kind == NOTE_TICK_SPOILED && n->first != 0) {
        fprintf(out, " references=%llx", (unsigned long long)n->first);
    } else if (n->fence != 0) {
        fprintf(out, " fence=%llu", (unsigned long long)n->fence);
    }
    if (of_window) {
        fprintf(out, " window=%lld", relative(w, n->first));
    }
    if (n->count != 0) {
        fprintf(out, " count=%llu", (unsigned long long)n->count);
    }
    if (n->cause != CAUSE_NONE) {
        fprintf(out, " cause=%s", cause_text(n->cause));
    }
    fprintf(out, "%s%s\n", n->text[0] != '\0' ? " " : "", n->text);
}

void show_notes(const struct world *w, FILE *out)
{
    for (uint32_t i = 0; i < w->notes.count; i++) {
        show_note(w, &w->notes.list[i], out);
    }
    if (w->notes.dropped > 0) {
        fprintf(out, "and %u more\n", w->notes.dropped);
    }
}

/* Those from `first` to `last`, and those of standings. */
static void show_notes_between(const struct world *w, enum note_kind first, enum note_kind last,
                               FILE *out)
{
    for (uint32_t i = 0; i < w->notes.count; i++) {
        const struct note *n = &w->notes.list[i];
        if ((n->kind >= first && n->kind <= last) || n->kind == NOTE_STANDING_CHANGED) {
            show_note(w, n, out);
        }
    }
}

void show_notes_of_votes(const struct world *w, FILE *out)
{
    show_notes_between(w, NOTE_MOTION_OPENED, NOTE_ELECTORATE_FOUND, out);
}

void show_notes_of_names(const struct world *w, FILE *out)
{
    show_notes_between(w, NOTE_NAME_TAKEN, NOTE_NAME_RELEASED, out);
}

static void show_grant(const struct world *w, FILE *out)
{
    const struct grant *g = &w->cluster.grant;
    if (g->fence == 0) {
        fprintf(out, "no grant, last fence=%llu\n", (unsigned long long)w->cluster.last_fence);
        return;
    }
    fprintf(out, "fence=%llu", (unsigned long long)g->fence);
    show_member_of("leader", g->leader, out);
    show_member_of("auditor", g->auditor, out);
    fprintf(out, " tier=%u", g->tier);
    show_time("given", g->given_ms, out);
    show_time("deadline", g->deadline_ms, out);
    show_time("audit_deadline", g->audit_deadline_ms, out);
    fprintf(out, "%s\n", g->audit_was_late ? " audit_was_late" : "");
}

static void show_open(const struct world *w, uint64_t window, FILE *out)
{
    const struct window_claims *claims = &w->cluster.windows.open[window % RESULT_WINDOWS_MAX];
    if ((claims->results | claims->disputes) == 0) {
        return;
    }
    fprintf(out, "open window=%lld", relative(w, window));
    for (uint32_t i = 0; i < MEMBERS_MAX; i++) {
        if ((claims->results >> i & 1) != 0) {
            fprintf(out, " result=%u:%02x", i, claims->digest[i].bytes[0]);
        } else if ((claims->disputes >> i & 1) != 0) {
            fprintf(out, " dispute=%u:%02x", i, claims->digest[i].bytes[0]);
        }
    }
    fputc('\n', out);
}

static void show_settled(const struct world *w, uint64_t window, FILE *out)
{
    const struct settled_window *s = &w->cluster.windows.settled[window % SETTLED_KEPT];
    if (s->window != window) {
        return;
    }
    fprintf(out, "settled window=%lld digest=%02x fence=%llu", relative(w, window),
            s->digest.bytes[0], (unsigned long long)s->fence);
    show_member_of("by", s->members[0], out);
    show_member_of("and", s->members[1], out);
    for (uint32_t i = 0; i < MEMBERS_MAX; i++) {
        if ((s->dissenters >> i & 1) != 0) {
            fprintf(out, " dissenter=%u", i);
        }
    }
    fputc('\n', out);
}

static void show_doubtful(const struct world *w, const struct doubtful_window *d, FILE *out)
{
    fprintf(out, "doubtful window=%lld settled=%02x", relative(w, d->window),
            d->digest.bytes[0]);
    show_member_of("by", d->members[0], out);
    show_member_of("and", d->members[1], out);
    for (uint32_t i = 0; i < 2; i++) {
        if (d->claims[i].member != MEMBER_NONE) {
            fprintf(out, " found=%u:%02x", d->claims[i].member, d->claims[i].digest.bytes[0]);
        }
    }
    fprintf(out, "%s\n", d->closed ? " closed" : "");
}

/* The last settled ones only: those before repeat themselves. */
static void show_windows(const struct world *w, FILE *out)
{
    const struct cluster *c = &w->cluster;
    fprintf(out, "next=%lld due=%llu\n", relative(w, c->windows.next),
            (unsigned long long)cluster_windows_due(c, c->time_ms));
    const uint64_t first =
        c->windows.next > window_of(w, 0) + 3 ? c->windows.next - 3 : window_of(w, 0);
    for (uint64_t k = first; k < c->windows.next + RESULT_WINDOWS_MAX; k++) {
        show_settled(w, k, out);
        show_open(w, k, out);
    }
    for (uint32_t i = 0; i < DOUBTFUL_KEPT; i++) {
        if (c->windows.doubtful[i].window != 0) {
            show_doubtful(w, &c->windows.doubtful[i], out);
        }
    }
}

static void show_records(const struct world *w, FILE *out)
{
    const struct cluster *c = &w->cluster;
    fprintf(out, "tick=%llu runs", (unsigned long long)c->tick);
    for (uint32_t i = 0; i < c->member_count; i++) {
        const uint64_t pending = c->tick - c->record[i].next;
        fprintf(out, " %u:%u", i, c->record[i].run);
        if (pending > 0) {
            fprintf(out, "(%llu pending)", (unsigned long long)pending);
        }
    }
    fputc('\n', out);
}

static void show_members(const struct world *w, FILE *out)
{
    const struct cluster *c = &w->cluster;
    for (uint32_t i = 0; i < c->member_count; i++) {
        fprintf(out, "%u %s %s", i, c->member[i].role == ROLE_NODE ? "node" : "witness",
                standing_text(c->member[i].standing));
        fprintf(out, " silent_by=%u wrong_by=%u", cluster_accusers(c, i, false),
                cluster_accusers(c, i, true));
        fprintf(out, " term=%u%s", c->member[i].term, c->member[i].drained ? " drained" : "");
        fprintf(out, "%s", c->member[i].held ? " held" : "");
        if (c->member[i].cause != STANDING_CAUSE_FOUNDED) {
            fprintf(out, " cause=%s", standing_cause_text(c->member[i].cause));
        }
        show_time("barred_until", c->barred_until_ms[i], out);
        show_time("dissent_until", c->dissent_until_ms[i], out);
        show_time("condemned_until", c->condemned_until_ms[i], out);
        fputc('\n', out);
    }
}

static void show_operators(const struct world *w, FILE *out)
{
    const struct cluster *c = &w->cluster;
    for (uint32_t i = 0; i < c->operator_count; i++) {
        fprintf(out, "%s seq=%llu wishes=%u\n", c->operators[i].name,
                (unsigned long long)c->operator_seq[i], cluster_wishes(c, i));
    }
}

static void show_settings(const struct world *w, FILE *out)
{
    for (uint32_t i = 0; i < SETTING_COUNT; i++) {
        fprintf(out, "%s%s=%u", i == 0 ? "" : " ", setting_text((enum setting)i),
                cluster_setting(&w->cluster, (enum setting)i));
    }
    fputc('\n', out);
}

static void show_quorum(const struct world *w, FILE *out)
{
    const struct quorum q = cluster_quorum(&w->cluster);
    fprintf(out, "voters=%u needed=%u malfunctioning=%u testimony=%u\n", q.voters, q.needed,
            q.malfunctioning, cluster_testimony(&w->cluster));
}

static void show_resigned(const struct world *w, FILE *out)
{
    fprintf(out, "resigned lately:");
    for (uint32_t i = 0; i < RESIGN_CLASS_COUNT; i++) {
        fprintf(out, " %s=%u", resign_class_text((enum resign_class)i),
                cluster_resigned_lately(&w->cluster, (enum resign_class)i));
    }
    fputc('\n', out);
}

static void show_bits(const char *name, uint32_t members, FILE *out)
{
    fprintf(out, " %s=", name);
    const char *comma = "";
    for (uint32_t i = 0; i < MEMBERS_MAX; i++) {
        if ((members >> i & 1) != 0) {
            fprintf(out, "%s%u", comma, i);
            comma = ",";
        }
    }
}

static bool has_something(const struct confidence *s)
{
    return s->motion.id != 0 || s->motion_after_ms != 0 || s->removed_ms[0] != 0 ||
           s->accused_since_ms[MOTION_SUSPEND] != 0 ||
           s->accused_since_ms[MOTION_LOCK_OUT] != 0 || s->appeal_after_ms != 0;
}

/* What there is to tell of votes, of each member of whom there is something. */
static void show_motions(const struct world *w, FILE *out)
{
    const struct cluster *c = &w->cluster;
    for (uint32_t i = 0; i < c->member_count; i++) {
        const struct confidence *s = &c->confidence[i];
        const struct motion *m = &s->motion;
        if (!has_something(s)) {
            continue;
        }
        fprintf(out, "%u", i);
        if (m->id != 0) {
            fprintf(out, " %s", motion_text(m->kind));
            show_time("opened", m->opened_ms, out);
            show_bits("electors", m->electors, out);
            show_bits("yes", m->yes, out);
            show_bits("no", m->no, out);
            fprintf(out, " needed=%u%s", cluster_yes_needed(c, i), m->passed ? " waits" : "");
        }
        show_time("silent_since", s->accused_since_ms[MOTION_SUSPEND], out);
        show_time("wrong_since", s->accused_since_ms[MOTION_LOCK_OUT], out);
        show_time("none_before", s->motion_after_ms, out);
        show_time("removed", s->removed_ms[0], out);
        show_time("no_appeal_before", s->appeal_after_ms, out);
        if (s->appeals_lost != 0) {
            fprintf(out, " appeals_lost=%u", s->appeals_lost);
        }
        fputc('\n', out);
    }
    if (c->no_electorate_ms != 0) {
        fprintf(out, "no electorate since %llu\n",
                (unsigned long long)(c->no_electorate_ms - WORLD_FOUNDED_MS));
    }
}

void show_state(const struct world *w, const char *subject, FILE *out)
{
    static const struct {
        const char *subject;
        void (*show)(const struct world *w, FILE *out);
    } subjects[] = {
        {"motions", show_motions},   {"grant", show_grant},     {"windows", show_windows},
        {"records", show_records},   {"members", show_members}, {"operators", show_operators},
        {"settings", show_settings}, {"quorum", show_quorum},   {"resigned", show_resigned},
        {"names", show_names},
    };
    for (uint32_t i = 0; i < sizeof subjects / sizeof subjects[0]; i++) {
        if (strcmp(subjects[i].subject, subject) == 0) {
            subjects[i].show(w, out);
            return;
        }
    }
    fprintf(out, "no such thing: %s\n", subject);
}

/* The documents that are made at once of what the node holds: status, members, windows. Their
 * fields: the README of this folder. */
#include <stdio.h>
#include <string.h>

#include "agent/api_parts.h"
#include "agent/node_parts.h"
#include "agent/status.h"
#include "agent/version.h"

#define SUMMARY_BYTES 1024u

static const char *standing_text(enum standing standing)
{
    static const char *const texts[] = {
        [STANDING_GOOD] = "good",
        [STANDING_SUSPENDED] = "suspended",
        [STANDING_LOCKED_OUT] = "locked_out",
        [STANDING_NEUTERED] = "neutered",
        [STANDING_LEFT] = "left",
    };
    return texts[standing];
}

static void add_names(cJSON *object, const char *name, const struct cluster *c,
                      uint32_t members)
{
    cJSON *list = cJSON_AddArrayToObject(object, name);
    for (uint32_t i = 0; i < c->member_count; i++) {
        if ((members >> i & 1) != 0) {
            cJSON_AddItemToArray(list, cJSON_CreateString(c->member[i].name));
        }
    }
}

static void add_name(cJSON *object, const char *name, const struct cluster *c, uint32_t member)
{
    if (member < c->member_count) {
        cJSON_AddStringToObject(object, name, c->member[member].name);
    } else {
        cJSON_AddNullToObject(object, name);
    }
}

static void add_window_time(cJSON *object, const char *name, const struct cluster *c,
                            uint64_t window)
{
    api_add_time(object, name, window * c->timing.window_s * 1000);
}

static void add_heard(cJSON *object, const struct deciding *d, uint32_t member)
{
    const struct peer_view *p = &d->peer[member];
    if (member == d->options.self) {
        cJSON_AddNumberToObject(object, "heard_age_ms", 0);
    } else if (p->ever_heard) {
        const uint64_t now_ms = clock_monotonic_ms();
        cJSON_AddNumberToObject(object, "heard_age_ms",
                                (double)(now_ms - p->detector.heard_ms));
    } else {
        cJSON_AddNullToObject(object, "heard_age_ms");
    }
}

static void add_notes(cJSON *object, const struct attested *latest)
{
    cJSON *notes = cJSON_AddArrayToObject(object, "notes");
    for (uint32_t i = 0; i < 32; i++) {
        const uint32_t own_bit = (uint32_t)1 << i;
        if ((latest->own & own_bit) != 0) {
            cJSON_AddItemToArray(notes, cJSON_CreateString(own_bit_text(own_bit)));
        }
    }
}

/* Bits of the members that say they cannot reach it. */
static uint32_t accusers_of(const struct cluster *c, uint32_t member)
{
    uint32_t accusers = 0;
    for (uint32_t i = 0; i < c->member_count; i++) {
        if (cluster_is_voter(c, i) && (c->latest[i].silent >> member & 1) != 0) {
            accusers |= (uint32_t)1 << i;
        }
    }
    return accusers;
}

static cJSON *member_object(const struct agent *a, uint32_t i)
{
    const struct deciding *d = &a->node->deciding;
    const struct cluster *c = &d->cluster;
    const struct member *m = &c->member[i];
    const struct attested *latest = &c->latest[i];
    const bool good = m->standing == STANDING_GOOD;
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "name", m->name);
    cJSON_AddStringToObject(object, "role", m->role == ROLE_NODE ? "node" : "witness");
    cJSON_AddStringToObject(object, "standing", standing_text(m->standing));
    api_add_time(object, "since", m->since_ms);
    cJSON_AddNullToObject(object, "cause");
    if (good) {
        cJSON_AddNumberToObject(object, "record_ticks", c->record[i].run);
    } else {
        cJSON_AddNullToObject(object, "record_ticks");
    }
    if (good && latest->seq != 0) {
        cJSON_AddNumberToObject(object, "score", latest->score);
    } else {
        cJSON_AddNullToObject(object, "score");
    }
    add_heard(object, d, i);
    add_names(object, "accused_by", c, accusers_of(c, i));
    cJSON_AddItemToObject(object, "names", cJSON_CreateArray());
    add_notes(object, latest);
    return object;
}

static void add_members(const struct agent *a, cJSON *object)
{
    const struct cluster *c = &a->node->deciding.cluster;
    cJSON *list = cJSON_AddArrayToObject(object, "members");
    for (uint32_t i = 0; i < c->member_count; i++) {
        if (c->member[i].standing != STANDING_LEFT) {
            cJSON_AddItemToArray(list, member_object(a, i));
        }
    }
}

static void add_quorum(cJSON *object, const struct status *s)
{
    cJSON *quorum = cJSON_AddObjectToObject(object, "quorum");
    cJSON_AddNumberToObject(quorum, "voters", s->voters);
    cJSON_AddNumberToObject(quorum, "needed", s->needed);
    cJSON_AddNumberToObject(quorum, "heard", s->heard);
    cJSON *bears = cJSON_AddObjectToObject(quorum, "bears");
    cJSON_AddNumberToObject(bears, "crashed", s->bears_crashed);
    cJSON_AddNumberToObject(bears, "malfunctioning", s->bears_malfunctioning);
}

/* From the first window that is not settled to the last that is due: what the grant is for now.
 * Where nothing is due both are the start of the window in progress. */
static void add_grant(cJSON *object, const struct cluster *c, uint64_t due)
{
    const struct grant *g = &c->grant;
    if (g->fence == 0) {
        cJSON_AddNullToObject(object, "grant");
        return;
    }
    cJSON *grant = cJSON_AddObjectToObject(object, "grant");
    add_name(grant, "holder", c, g->leader);
    api_add_big(grant, "fence", g->fence);
    add_window_time(grant, "from", c, c->windows.next);
    add_window_time(grant, "to", c, c->windows.next + due);
    add_name(grant, "auditor", c, g->auditor);
    cJSON_AddNumberToObject(grant, "tier", g->tier);
    api_add_time(grant, "since", g->given_ms);
}

/* The newest window that somebody has found published. */
static void add_completed(cJSON *object, const struct cluster *c)
{
    const struct windows *w = &c->windows;
    for (uint64_t k = w->next + RESULT_WINDOWS_MAX; k-- > w->next;) {
        if (w->open[k % RESULT_WINDOWS_MAX].results != 0) {
            add_window_time(object, "completed_until", c, k + 1);
            add_name(object, "completed_by", c, c->grant.leader);
            api_add_big(object, "completed_fence", c->grant.fence);
            return;
        }
    }
    const struct settled_window *last = &w->settled[(w->next - 1) % SETTLED_KEPT];
    if (w->next > 0 && last->window == w->next - 1 && last->fence != 0) {
        add_window_time(object, "completed_until", c, w->next);
        add_name(object, "completed_by", c, last->members[0]);
        api_add_big(object, "completed_fence", last->fence);
    }
}

static void add_windows(cJSON *object, const struct cluster *c, const struct status *s)
{
    cJSON *windows = cJSON_AddObjectToObject(object, "windows");
    add_window_time(windows, "settled_until", c, c->windows.next);
    cJSON_AddNumberToObject(windows, "due", (double)s->due);
    cJSON_AddNumberToObject(windows, "oldest_due_age_ms", (double)s->oldest_due_age_ms);
    add_completed(windows, c);
}

static const char *level_text(const struct status *s)
{
    if (s->state == STATUS_OK) {
        return "ok";
    }
    for (uint32_t i = 0; i < s->reason_count; i++) {
        if (s->reasons[i].critical) {
            return "critical";
        }
    }
    return "warning";
}

/* Without a quorum the first sentence speaks of the windows, and `missing` of each member. */
static bool is_told_already(const struct status *s, uint32_t index)
{
    static const char *const codes[] = {"OST-2001", "OST-3202", "OST-3203"};
    for (uint32_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        if (strcmp(s->reasons[index].code, codes[i]) == 0) {
            return s->state == STATUS_NO_QUORUM && index > 0;
        }
    }
    return false;
}

static void add_reasons(cJSON *object, const struct cluster *c, const struct status *s)
{
    char summary[SUMMARY_BYTES] = "";
    const char *action = NULL;
    cJSON *list = cJSON_AddArrayToObject(object, "reasons");
    for (uint32_t i = 0; i < s->reason_count; i++) {
        const struct status_reason *r = &s->reasons[i];
        const size_t used = strlen(summary);
        if (!is_told_already(s, i)) {
            snprintf(summary + used, sizeof summary - used, "%s%.*s", i == 0 ? "" : " ",
                     (int)STATUS_TEXT_BYTES, r->text);
        }
        action = action == NULL && r->action[0] != '\0' ? r->action : action;
        cJSON *reason = cJSON_CreateObject();
        cJSON_AddStringToObject(reason, "code", r->code);
        cJSON_AddStringToObject(reason, "level", r->critical ? "critical" : "warning");
        add_name(reason, "member", c, r->member);
        cJSON_AddStringToObject(reason, "text", r->text);
        if (r->action[0] != '\0') {
            cJSON_AddStringToObject(reason, "action", r->action);
        } else {
            cJSON_AddNullToObject(reason, "action");
        }
        cJSON_AddItemToArray(list, reason);
    }
    if (s->reason_count > 0) {
        cJSON_AddStringToObject(object, "summary", summary);
        cJSON_AddStringToObject(object, "see", s->reasons[0].code);
    }
    if (action != NULL) {
        cJSON_AddStringToObject(object, "action", action);
    }
}

static void add_missing(cJSON *object, const struct agent *a)
{
    const struct deciding *d = &a->node->deciding;
    const struct cluster *c = &d->cluster;
    cJSON *list = cJSON_AddArrayToObject(object, "missing");
    for (uint32_t i = 0; i < c->member_count; i++) {
        if (!cluster_is_voter(c, i) || (d->heard >> i & 1) != 0) {
            continue;
        }
        char text[96] = "not heard since this agent started";
        if (d->peer[i].ever_heard) {
            char clock[WORDS_ISO_BYTES];
            const uint64_t silent_ms = clock_monotonic_ms() - d->peer[i].detector.heard_ms;
            words_clock(clock_unix_ms() - silent_ms, clock);
            snprintf(text, sizeof text, "not heard since %.8s%s", clock,
                     d->peer[i].detector.refused ? " (nobody listens at its address)" : "");
        }
        cJSON *missing = cJSON_CreateObject();
        cJSON_AddStringToObject(missing, "member", c->member[i].name);
        cJSON_AddStringToObject(missing, "text", text);
        cJSON_AddItemToArray(list, missing);
    }
}

cJSON *document_status(const struct agent *a, const char *name)
{
    (void)name;
    static const char *const states[] = {
        [STATUS_OK] = "ok", [STATUS_DEGRADED] = "degraded", [STATUS_NO_QUORUM] = "no_quorum"};
    const struct cluster *c = &a->node->deciding.cluster;
    struct status s;
    status_of(a, clock_monotonic_ms(), clock_unix_ms(), &s);
    cJSON *object = api_begin(a);
    api_add_hex(object, "cluster_id", c->id.bytes, sizeof c->id.bytes);
    cJSON_AddStringToObject(object, "version", OSTRAKON_VERSION);
    cJSON_AddStringToObject(object, "state", states[s.state]);
    cJSON_AddStringToObject(object, "phase", s.phase);
    cJSON_AddStringToObject(object, "level", level_text(&s));
    api_add_time(object, "decided_at", c->time_ms);
    add_reasons(object, c, &s);
    add_missing(object, a);
    add_quorum(object, &s);
    cJSON_AddNumberToObject(object, "record_ticks", c->timing.record_ticks);
    cJSON_AddNumberToObject(object, "window_s", c->timing.window_s);
    add_grant(object, c, s.due);
    add_windows(object, c, &s);
    add_members(a, object);
    return object;
}

cJSON *document_members(const struct agent *a, const char *name)
{
    (void)name;
    cJSON *object = api_begin(a);
    add_members(a, object);
    return object;
}

cJSON *document_member(const struct agent *a, const char *name)
{
    const struct cluster *c = &a->node->deciding.cluster;
    for (uint32_t i = 0; i < c->member_count; i++) {
        if (strcmp(c->member[i].name, name) == 0) {
            cJSON *object = api_begin(a);
            cJSON *member = member_object(a, i);
            cJSON_AddStringToObject(member, "address", c->member[i].address);
            cJSON_AddNumberToObject(member, "term", c->member[i].term);
            api_add_hex(member, "transport_key", c->member[i].transport_key, PUBLIC_KEY_BYTES);
            api_add_hex(member, "vote_key", c->member[i].vote_key, PUBLIC_KEY_BYTES);
            cJSON_AddItemToObject(object, "member", member);
            return object;
        }
    }
    return NULL;
}

static void add_open_window(cJSON *list, const struct cluster *c, uint64_t window, uint64_t end)
{
    const struct window_claims *claims = &c->windows.open[window % RESULT_WINDOWS_MAX];
    if (claims->results == 0 && claims->disputes == 0 && window >= end) {
        return;
    }
    cJSON *object = cJSON_CreateObject();
    cJSON_AddNumberToObject(object, "window", (double)window);
    add_window_time(object, "from", c, window);
    add_window_time(object, "to", c, window + 1);
    cJSON_AddBoolToObject(object, "due", window < end);
    cJSON *said = cJSON_AddArrayToObject(object, "claims");
    for (uint32_t i = 0; i < c->member_count; i++) {
        const bool result = (claims->results >> i & 1) != 0;
        if (result || (claims->disputes >> i & 1) != 0) {
            cJSON *claim = cJSON_CreateObject();
            cJSON_AddStringToObject(claim, "member", c->member[i].name);
            cJSON_AddStringToObject(claim, "kind", result ? "result" : "dispute");
            api_add_hex(claim, "digest", claims->digest[i].bytes, DIGEST_BYTES);
            cJSON_AddItemToArray(said, claim);
        }
    }
    cJSON_AddItemToArray(list, object);
}

static void add_settled_window(cJSON *list, const struct cluster *c,
                               const struct settled_window *w)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddNumberToObject(object, "window", (double)w->window);
    add_window_time(object, "from", c, w->window);
    add_window_time(object, "to", c, w->window + 1);
    api_add_big(object, "fence", w->fence);
    api_add_hex(object, "digest", w->digest.bytes, DIGEST_BYTES);
    uint32_t members = 0;
    for (uint32_t i = 0; i < 2; i++) {
        members |= w->members[i] < MEMBERS_MAX ? (uint32_t)1 << w->members[i] : 0;
    }
    add_names(object, "by", c, members);
    cJSON_AddItemToArray(list, object);
}

cJSON *document_windows(const struct agent *a, const char *name)
{
    (void)name;
    const struct cluster *c = &a->node->deciding.cluster;
    struct status s;
    status_of(a, clock_monotonic_ms(), clock_unix_ms(), &s);
    cJSON *object = api_begin(a);
    cJSON_AddNumberToObject(object, "window_s", c->timing.window_s);
    add_window_time(object, "settled_until", c, c->windows.next);
    cJSON_AddNumberToObject(object, "due", (double)s.due);
    cJSON_AddNumberToObject(object, "oldest_due_age_ms", (double)s.oldest_due_age_ms);
    add_grant(object, c, s.due);
    cJSON *open = cJSON_AddArrayToObject(object, "open");
    for (uint64_t i = 0; i < RESULT_WINDOWS_MAX; i++) {
        add_open_window(open, c, c->windows.next + i, c->windows.next + s.due);
    }
    cJSON *settled = cJSON_AddArrayToObject(object, "settled");
    const uint64_t first = c->windows.next > SETTLED_KEPT ? c->windows.next - SETTLED_KEPT : 0;
    for (uint64_t k = first; k < c->windows.next; k++) {
        const struct settled_window *w = &c->windows.settled[k % SETTLED_KEPT];
        if (w->window == k && w->window != 0) {
            add_settled_window(settled, c, w);
        }
    }
    return object;
}

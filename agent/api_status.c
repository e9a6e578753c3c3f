/* /v1/status: what `ostrakon status` shows. */
#include <stdio.h>
#include <string.h>

#include "agent/api_parts.h"
#include "agent/version.h"

static void add_text(cJSON *object, const char *name, const char *text)
{
    if (text[0] != '\0') {
        cJSON_AddStringToObject(object, name, text);
    } else {
        cJSON_AddNullToObject(object, name);
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
    add_text(quorum, "note", s->quorum_note);
}

static void add_windows(cJSON *object, const struct cluster *c, const struct status *s)
{
    cJSON *windows = cJSON_AddObjectToObject(object, "windows");
    api_add_window_time(windows, "settled_until", c, c->windows.next);
    cJSON_AddNumberToObject(windows, "due", (double)s->due);
    cJSON_AddNumberToObject(windows, "oldest_due_age_ms", (double)s->oldest_due_age_ms);
    api_add_completed(windows, c);
}

static void add_reasons(cJSON *object, const struct cluster *c, const struct status *s)
{
    cJSON *list = cJSON_AddArrayToObject(object, "reasons");
    for (uint32_t i = 0; i < s->reason_count; i++) {
        const struct status_reason *r = &s->reasons[i];
        cJSON *reason = cJSON_CreateObject();
        cJSON_AddStringToObject(reason, "code", r->code);
        cJSON_AddStringToObject(reason, "level", r->critical ? "critical" : "warning");
        api_add_name(reason, "member", c, r->member);
        cJSON_AddStringToObject(reason, "text", r->text);
        add_text(reason, "action", r->action);
        cJSON_AddItemToArray(list, reason);
    }
}

static void add_summary(cJSON *object, const struct status *s)
{
    char summary[STATUS_SUMMARY_BYTES];
    status_summary(s, summary);
    add_text(object, "summary", summary);
    add_text(object, "action", status_action(s));
    add_text(object, "see", s->reason_count > 0 ? s->reasons[0].code : "");
}

static void add_missing(cJSON *object, const struct agent *a)
{
    const struct cluster *c = &a->node->deciding.cluster;
    char text[STATUS_MISSING_BYTES];
    cJSON *list = cJSON_AddArrayToObject(object, "missing");
    for (uint32_t i = 0; i < c->member_count; i++) {
        if (status_missing(a, i, clock_monotonic_ms(), clock_unix_ms(), text)) {
            cJSON *missing = cJSON_CreateObject();
            cJSON_AddStringToObject(missing, "member", c->member[i].name);
            cJSON_AddStringToObject(missing, "text", text);
            cJSON_AddItemToArray(list, missing);
        }
    }
}

/* My own, as anybody may see it: without its bytes. */
static void add_token(cJSON *object, const struct agent *a)
{
    const struct cluster *c = &a->node->deciding.cluster;
    const struct credentials *own = &a->credentials;
    cJSON *token = cJSON_AddObjectToObject(object, "token");
    if (c->call.height != 0) {
        api_add_time(token, "called_at", c->call.time_ms);
        cJSON_AddNumberToObject(token, "called_height", (double)c->call.height);
    } else {
        cJSON_AddNullToObject(token, "called_at");
        cJSON_AddNullToObject(token, "called_height");
    }
    if (own->token.height != 0) {
        cJSON_AddNumberToObject(token, "height", (double)own->token.height);
        cJSON_AddNumberToObject(token, "signers", own->token.signers);
        api_add_time(token, "expires_at", own->claims.expires_s * 1000);
    } else {
        cJSON_AddNullToObject(token, "height");
        cJSON_AddNullToObject(token, "signers");
        cJSON_AddNullToObject(token, "expires_at");
    }
    cJSON_AddNumberToObject(token, "ttl_s", c->timing.ttl_s);
}

cJSON *document_status(const struct agent *a, const struct api_view *view)
{
    (void)view;
    const struct cluster *c = &a->node->deciding.cluster;
    struct status s;
    status_of(a, clock_monotonic_ms(), clock_unix_ms(), &s);
    cJSON *object = api_begin(a);
    api_add_hex(object, "cluster_id", c->id.bytes, sizeof c->id.bytes);
    cJSON_AddStringToObject(object, "version", OSTRAKON_VERSION);
    cJSON_AddNumberToObject(object, "protocol", c->version);
    cJSON_AddStringToObject(object, "state", status_state_text(s.state));
    cJSON_AddStringToObject(object, "phase", status_phase_text(s.phase));
    cJSON_AddStringToObject(object, "level", status_level_text(&s));
    api_add_time(object, "decided_at", c->time_ms);
    add_summary(object, &s);
    add_reasons(object, c, &s);
    add_missing(object, a);
    add_quorum(object, &s);
    cJSON_AddNumberToObject(object, "record_ticks", c->timing.record_ticks);
    cJSON_AddNumberToObject(object, "window_s", c->timing.window_s);
    api_add_grant(object, c, s.due);
    add_windows(object, c, &s);
    api_add_motions(object, c);
    add_token(object, a);
    api_add_members(a, object, "members", MEMBERS_MAX);
    return object;
}

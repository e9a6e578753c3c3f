/* The windows of statistics: what is settled, what is due, who holds the grant. */
#include "agent/api_parts.h"

void api_add_window_time(cJSON *object, const char *name, const struct cluster *c,
                         uint64_t window)
{
    api_add_time(object, name, window * c->timing.window_s * 1000);
}

/* From the first window that is not settled to the last that is due: what the grant is for now.
 * Where nothing is due, the window that it will be for next. */
void api_add_grant(cJSON *object, const struct cluster *c, uint64_t due)
{
    const struct grant *g = &c->grant;
    if (g->fence == 0) {
        cJSON_AddNullToObject(object, "grant");
        return;
    }
    cJSON *grant = cJSON_AddObjectToObject(object, "grant");
    api_add_name(grant, "holder", c, g->leader);
    api_add_big(grant, "fence", g->fence);
    api_add_window_time(grant, "from", c, c->windows.next);
    api_add_window_time(grant, "to", c, c->windows.next + (due > 0 ? due : 1));
    api_add_name(grant, "auditor", c, g->auditor);
    cJSON_AddNumberToObject(grant, "tier", g->tier);
    api_add_time(grant, "since", g->given_ms);
}

static uint32_t first_of(uint32_t members)
{
    return (uint32_t)__builtin_ctz(members);
}

/* The newest window that somebody has found published. A claim tells no fence; only the
 * leader's is surely of the present one. */
void api_add_completed(cJSON *object, const struct cluster *c)
{
    const struct windows *w = &c->windows;
    for (uint64_t k = w->next + RESULT_WINDOWS_MAX; k-- > w->next;) {
        const uint32_t results = w->open[k % RESULT_WINDOWS_MAX].results;
        if (results != 0) {
            const bool by_leader = c->grant.fence != 0 && (results >> c->grant.leader & 1) != 0;
            api_add_window_time(object, "completed_until", c, k + 1);
            api_add_name(object, "completed_by", c,
                         by_leader ? c->grant.leader : first_of(results));
            if (by_leader) {
                api_add_big(object, "completed_fence", c->grant.fence);
            }
            return;
        }
    }
    const struct settled_window *last =
        &w->settled[(w->next + SETTLED_KEPT - 1) % SETTLED_KEPT];
    if (last->window != 0 && last->window + 1 == w->next) {
        api_add_window_time(object, "completed_until", c, w->next);
        api_add_name(object, "completed_by", c, last->members[0]);
        api_add_big(object, "completed_fence", last->fence);
    }
}

static cJSON *window_object(const struct cluster *c, uint64_t window, const char *state)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddNumberToObject(object, "window", (double)window);
    api_add_window_time(object, "from", c, window);
    api_add_window_time(object, "to", c, window + 1);
    cJSON_AddStringToObject(object, "state", state);
    return object;
}

static cJSON *open_window(const struct cluster *c, uint64_t window, bool due)
{
    const struct window_claims *claims = &c->windows.open[window % RESULT_WINDOWS_MAX];
    cJSON *object = window_object(c, window, due ? "due" : "open");
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
    return object;
}

static cJSON *settled_window(const struct cluster *c, const struct settled_window *w)
{
    cJSON *object = window_object(c, w->window, "settled");
    uint32_t members = 0;
    for (uint32_t i = 0; i < 2; i++) {
        members |= w->members[i] < MEMBERS_MAX ? (uint32_t)1 << w->members[i] : 0;
    }
    api_add_big(object, "fence", w->fence);
    api_add_hex(object, "digest", w->digest.bytes, DIGEST_BYTES);
    api_add_names(object, "by", c, members);
    api_add_names(object, "dissenters", c, w->dissenters);
    return object;
}

/* The last settled ones, those that are due, and the one in progress, oldest first: of these
 * the newest `limit`. */
static void add_items(cJSON *object, const struct cluster *c, uint64_t due, uint32_t limit)
{
    const uint64_t next = c->windows.next;
    const uint64_t open = due + 1 < RESULT_WINDOWS_MAX ? due + 1 : RESULT_WINDOWS_MAX;
    const uint64_t end = next + open;
    uint64_t first = next > SETTLED_KEPT ? next - SETTLED_KEPT : 0;
    first = end - first > limit ? end - limit : first;
    cJSON *items = cJSON_AddArrayToObject(object, "items");
    for (uint64_t k = first; k < end; k++) {
        const struct settled_window *w = &c->windows.settled[k % SETTLED_KEPT];
        if (k >= next) {
            cJSON_AddItemToArray(items, open_window(c, k, k - next < due));
        } else if (w->window == k && k != 0) {
            cJSON_AddItemToArray(items, settled_window(c, w));
        }
    }
}

/* In the order of their listing as far as that is known: by place. */
static void add_doubtful(cJSON *object, const struct cluster *c)
{
    cJSON *items = cJSON_AddArrayToObject(object, "doubtful");
    for (uint32_t i = 0; i < DOUBTFUL_KEPT; i++) {
        const struct doubtful_window *d = &c->windows.doubtful[i];
        if (d->window == 0) {
            continue;
        }
        const char *state = !d->closed                 ? "doubtful"
                            : doubtful_is_corrected(d) ? "corrected"
                                                       : "confirmed";
        cJSON *item = window_object(c, d->window, state);
        const uint32_t by = (uint32_t)1 << d->members[0] | (uint32_t)1 << d->members[1];
        api_add_hex(item, "digest", d->digest.bytes, DIGEST_BYTES);
        api_add_names(item, "by", c, by);
        if (d->closed) {
            const uint32_t found =
                (uint32_t)1 << d->claims[0].member | (uint32_t)1 << d->claims[1].member;
            api_add_hex(item, "found", d->claims[0].digest.bytes, DIGEST_BYTES);
            api_add_names(item, "found_by", c, found);
        }
        cJSON_AddItemToArray(items, item);
    }
}

cJSON *document_windows(const struct agent *a, const struct api_view *view)
{
    const struct cluster *c = &a->node->deciding.cluster;
    struct status s;
    status_of(a, clock_monotonic_ms(), clock_unix_ms(), &s);
    cJSON *object = api_begin(a);
    cJSON_AddNumberToObject(object, "window_s", c->timing.window_s);
    api_add_window_time(object, "settled_until", c, c->windows.next);
    cJSON_AddNumberToObject(object, "due", (double)s.due);
    cJSON_AddNumberToObject(object, "oldest_due_age_ms", (double)s.oldest_due_age_ms);
    api_add_completed(object, c);
    api_add_grant(object, c, s.due);
    add_items(object, c, s.due, view->limit);
    add_doubtful(object, c);
    cJSON_AddNullToObject(object, "next");
    return object;
}

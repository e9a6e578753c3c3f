/* Confidence votes, as the status has them. */
#include "agent/api_parts.h"

static cJSON *motion_object(const struct cluster *c, uint32_t subject)
{
    const struct motion *m = &c->confidence[subject].motion;
    cJSON *object = cJSON_CreateObject();
    api_add_big(object, "id", m->id);
    cJSON_AddStringToObject(object, "kind", motion_text(m->kind));
    api_add_name(object, "member", c, subject);
    api_add_time(object, "opened_at", m->opened_ms);
    cJSON_AddNumberToObject(object, "needed", cluster_yes_needed(c, subject));
    api_add_names(object, "electors", c, m->electors);
    api_add_names(object, "yes", c, m->yes);
    api_add_names(object, "no", c, m->no);
    if (m->passed) {
        api_add_time(object, "waits_until", cluster_brake_ms(c, m->kind));
    } else {
        cJSON_AddNullToObject(object, "waits_until");
    }
    return object;
}

static void add_time_or_null(cJSON *object, const char *name, uint64_t unix_ms)
{
    if (unix_ms != 0) {
        api_add_time(object, name, unix_ms);
    } else {
        cJSON_AddNullToObject(object, name);
    }
}

void api_add_motions(cJSON *object, const struct cluster *c)
{
    cJSON_AddStringToObject(object, "mode", c->observes ? "observe" : "act");
    add_time_or_null(object, "paused_until",
                     c->time_ms < c->pause_until_ms ? c->pause_until_ms : 0);
    add_time_or_null(object, "no_electorate_since", c->no_electorate_ms);
    cJSON *list = cJSON_AddArrayToObject(object, "motions");
    for (uint32_t i = 0; i < c->member_count; i++) {
        if (c->confidence[i].motion.id != 0) {
            cJSON_AddItemToArray(list, motion_object(c, i));
        }
    }
}

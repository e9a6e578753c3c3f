/* The names under which the service is reached: who owns each, and who holds it. */
#include <stdio.h>
#include <string.h>

#include "agent/api_parts.h"

static cJSON *name_object(const struct agent *a, const struct service_name *s)
{
    const struct cluster *c = &a->node->deciding.cluster;
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "name", s->name);
    cJSON_AddStringToObject(object, "owner", c->member[s->owner].name);
    cJSON_AddBoolToObject(object, "exclusive", s->exclusive);
    cJSON_AddStringToObject(object, "phase", name_phase_text(s->phase));
    api_add_name(object, "holder", c, s->holder);
    api_add_big(object, "fence", s->fence);
    api_add_time(object, "since", s->since_ms);
    if (s->phase == NAME_HELD) {
        cJSON_AddNullToObject(object, "free_at");
    } else {
        api_add_time(object, "free_at", s->free_at_ms);
    }
    return object;
}

cJSON *document_names(const struct agent *a, const struct api_view *view)
{
    const struct cluster *c = &a->node->deciding.cluster;
    cJSON *object = api_begin(a);
    cJSON_AddNumberToObject(object, "name_lease_s", c->timing.name_lease_s);
    cJSON *items = cJSON_AddArrayToObject(object, "items");
    for (uint32_t k = 0; k < c->name_count && k < view->limit; k++) {
        cJSON_AddItemToArray(items, name_object(a, &c->names[k]));
    }
    cJSON_AddNullToObject(object, "next");
    return object;
}

void api_add_held(cJSON *object, const char *name, const struct cluster *c, uint32_t member)
{
    cJSON *held = cJSON_AddArrayToObject(object, name);
    for (uint32_t k = 0; k < c->name_count; k++) {
        const struct service_name *s = &c->names[k];
        if (s->holder == member && s->phase != NAME_VACANT) {
            cJSON_AddItemToArray(held, cJSON_CreateString(s->name));
        }
    }
}

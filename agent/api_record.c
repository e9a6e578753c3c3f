/* /v1/members/NAME/record: the last ticks of a member, and what spoiled those that are not
 * perfect. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/api_parts.h"
#include "agent/words.h"

#define WHY_BYTES 256u

static void add_why(cJSON *object, const struct spoiled_tick *why)
{
    char references[WHY_BYTES / 2];
    char text[WHY_BYTES];
    words_references(why->references, references, sizeof references);
    snprintf(text, sizeof text, "%s%s%s", words_cause(why->cause),
             references[0] == '\0' ? "" : ": ", references);
    cJSON_AddStringToObject(object, "cause", cause_text(why->cause));
    cJSON_AddStringToObject(object, "text", text);
    cJSON *list = cJSON_AddArrayToObject(object, "references");
    for (uint32_t id = 1; id <= REFERENCES_MAX; id++) {
        if ((why->references & REFERENCE_BIT(id)) != 0) {
            cJSON_AddItemToArray(list, cJSON_CreateString(reference_facts(id)->name));
        }
    }
    api_add_time(object, "told_at", why->time_ms);
}

static cJSON *tick_object(const struct agent *a, uint32_t member, uint64_t tick)
{
    const struct spoiled_tick *why;
    const struct cluster *c = &a->node->deciding.cluster;
    const enum tick_verdict verdict = records_verdict(&a->records, c, member, tick, &why);
    cJSON *object = cJSON_CreateObject();
    cJSON_AddNumberToObject(object, "tick", (double)tick);
    if (verdict == TICK_FORGOTTEN) {
        cJSON_AddNullToObject(object, "perfect");
    } else {
        cJSON_AddBoolToObject(object, "perfect", verdict == TICK_PERFECT);
    }
    if (verdict == TICK_SPOILED && why != NULL) {
        add_why(object, why);
    } else {
        cJSON_AddNullToObject(object, "cause");
        cJSON_AddNullToObject(object, "text");
    }
    return object;
}

cJSON *api_record(const struct agent *a, uint32_t member)
{
    const struct cluster *c = &a->node->deciding.cluster;
    const struct record *r = &c->record[member];
    const uint64_t length = c->timing.record_ticks;
    cJSON *object = api_begin(a);
    cJSON_AddStringToObject(object, "member", c->member[member].name);
    cJSON_AddNumberToObject(object, "perfect_ticks", r->run);
    cJSON_AddNumberToObject(object, "record_ticks", (double)length);
    cJSON_AddNumberToObject(object, "tick_ms", c->timing.tick_ms);
    cJSON_AddBoolToObject(object, "has_ballot",
                          cluster_is_voter(c, member) &&
                              record_is_perfect(r, c->timing.record_ticks));
    cJSON *items = cJSON_AddArrayToObject(object, "items");
    for (uint64_t tick = r->next > length ? r->next - length : 1; tick < r->next; tick++) {
        cJSON_AddItemToArray(items, tick_object(a, member, tick));
    }
    cJSON_AddNullToObject(object, "next");
    return object;
}

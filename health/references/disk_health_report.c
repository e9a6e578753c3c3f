#include "disk_health_report.h"

#include <string.h>

#include <cjson/cJSON.h>

#define DEPTH_MAX 16u       /* smartctl's own is 5 */
#define ATTRIBUTES_MAX 256u /* an id has one byte */

/* The parser calls itself once a level, and this thread's stack is small. */
static bool is_shallow(const char *text, size_t size_bytes)
{
    uint32_t depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < size_bytes; i++) {
        const char c = text[i];
        if (in_string && c == '\\') {
            i++;
        } else if (c == '"') {
            in_string = !in_string;
        } else if (!in_string && (c == '{' || c == '[')) {
            if (++depth > DEPTH_MAX) {
                return false;
            }
        } else if (!in_string && (c == '}' || c == ']') && depth > 0) {
            depth--;
        }
    }
    return true;
}

/* A member that is missing leaves `known` false. False: it is no whole number. */
static bool take_number(const cJSON *object, const char *name, bool *known, uint64_t *out)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    if (item == NULL) {
        return true;
    }
    if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0) ||
        item->valuedouble > 9007199254740992.0) {
        return false;
    }
    *out = (uint64_t)item->valuedouble;
    *known = true;
    return true;
}

static bool take_attribute(const cJSON *one, struct disk_counts *counts)
{
    static const uint64_t ids[DISK_ATTRIBUTE_COUNT] = {
#define X(id) [DISK_ATTRIBUTE_##id] = id,
        DISK_ATTRIBUTES(X)
#undef X
    };
    uint64_t id = 0;
    bool has_id = false;
    if (!cJSON_IsObject(one) || !take_number(one, "id", &has_id, &id) || !has_id) {
        return false;
    }
    for (uint32_t i = 0; i < DISK_ATTRIBUTE_COUNT; i++) {
        const cJSON *raw = cJSON_GetObjectItemCaseSensitive(one, "raw");
        if (ids[i] == id &&
            !take_number(raw, "value", &counts->known[i], &counts->attribute[i])) {
            return false;
        }
    }
    return true;
}

static bool take_ata(const cJSON *document, struct disk_health_report *out)
{
    const cJSON *part = cJSON_GetObjectItemCaseSensitive(document, "ata_smart_attributes");
    const cJSON *table = cJSON_GetObjectItemCaseSensitive(part, "table");
    const cJSON *one;
    uint32_t count = 0;
    if (table == NULL) {
        return true;
    }
    if (!cJSON_IsArray(table)) {
        return false;
    }
    cJSON_ArrayForEach(one, table)
    {
        if (++count > ATTRIBUTES_MAX || !take_attribute(one, &out->counts)) {
            return false;
        }
    }
    out->any = true;
    return true;
}

static bool take_nvme(const cJSON *document, struct disk_health_report *out)
{
    const cJSON *part =
        cJSON_GetObjectItemCaseSensitive(document, "nvme_smart_health_information_log");
    if (part == NULL) {
        return true;
    }
    out->any = true;
    return cJSON_IsObject(part) &&
           take_number(part, "critical_warning", &out->warning_known, &out->warning) &&
           take_number(part, "percentage_used", &out->used_known, &out->used_percent) &&
           take_number(part, "media_errors", &out->counts.media_known,
                       &out->counts.media_errors);
}

static bool take_verdict(const cJSON *document, struct disk_health_report *out)
{
    const cJSON *part = cJSON_GetObjectItemCaseSensitive(document, "smart_status");
    const cJSON *passed = cJSON_GetObjectItemCaseSensitive(part, "passed");
    if (part == NULL) {
        return true;
    }
    out->any = true;
    out->passed_known = true;
    out->passed = cJSON_IsTrue(passed) != 0;
    return cJSON_IsBool(passed);
}

bool disk_health_parse(const char *text, size_t size_bytes, struct disk_health_report *out)
{
    const char *end = NULL;
    memset(out, 0, sizeof *out);
    if (memchr(text, '\0', size_bytes) != NULL || !is_shallow(text, size_bytes)) {
        return false;
    }
    cJSON *document = cJSON_ParseWithLengthOpts(text, size_bytes + 1, &end, 1);
    const bool good = cJSON_IsObject(document) && take_verdict(document, out) &&
                      take_nvme(document, out) && take_ata(document, out);
    cJSON_Delete(document);
    return good;
}

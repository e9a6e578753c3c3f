#include "fields.h"

#include <math.h>
#include <string.h>

#include "agent/config_value.h"
#include "agent/text.h"

const cJSON *field_of(const cJSON *object, const char *key)
{
    const cJSON *item =
        cJSON_IsObject(object) ? cJSON_GetObjectItemCaseSensitive(object, key) : NULL;
    return cJSON_IsNull(item) ? NULL : item;
}

const char *field_text(const cJSON *object, const char *key)
{
    return cJSON_GetStringValue(field_of(object, key));
}

bool field_shown(const cJSON *object, const char *key, char *out, size_t out_bytes)
{
    const char *text = field_text(object, key);
    out[0] = '\0';
    return text != NULL && text_escape(text, strlen(text), out, out_bytes) > 0;
}

bool field_number(const cJSON *object, const char *key, uint64_t *out)
{
    const cJSON *item = field_of(object, key);
    const double value = cJSON_IsNumber(item) ? item->valuedouble : -1;
    if (!isfinite(value) || value < 0 || value > 9007199254740992.0) {
        return false;
    }
    *out = (uint64_t)value;
    return true;
}

bool field_time(const cJSON *object, const char *key, uint64_t *out_ms)
{
    const char *text = field_text(object, key);
    return text != NULL && value_time(text, out_ms);
}

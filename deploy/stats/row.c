#include "row.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "instant.h"

/* The bytes that follow the first one of a UTF-8 character, or -1; `least` is the smallest code
 * point that needs so many, so that one character has one encoding. */
static int utf8_rest(unsigned char first, uint32_t *point, uint32_t *least)
{
    if (first < 0x80) {
        *point = first;
        *least = 0;
        return 0;
    }
    if (first >= 0xc0 && first < 0xe0) {
        *point = first & 0x1f;
        *least = 0x80;
        return 1;
    }
    if (first >= 0xe0 && first < 0xf0) {
        *point = first & 0x0f;
        *least = 0x800;
        return 2;
    }
    if (first >= 0xf0 && first < 0xf8) {
        *point = first & 0x07;
        *least = 0x10000;
        return 3;
    }
    return -1;
}

static bool is_clean_utf8(const char *text, size_t size_bytes)
{
    size_t i = 0;

    while (i < size_bytes) {
        uint32_t point = 0;
        uint32_t least = 0;
        int rest = utf8_rest((unsigned char)text[i], &point, &least);
        if (rest < 0 || size_bytes - i <= (size_t)rest) {
            return false;
        }
        for (i++; rest > 0; rest--, i++) {
            if (((unsigned char)text[i] & 0xc0) != 0x80) {
                return false;
            }
            point = point << 6 | ((unsigned char)text[i] & 0x3f);
        }
        const bool is_surrogate = point >= 0xd800 && point < 0xe000;
        const bool is_control = (point < 0x20 && point != '\t') || point == 0x7f;
        if (point < least || point > 0x10ffff || is_surrogate || is_control) {
            return false;
        }
    }
    return true;
}

static bool copy_text(const cJSON *value, char *out, size_t max_bytes)
{
    if (!cJSON_IsString(value)) {
        return false;
    }
    const size_t size_bytes = strlen(value->valuestring);
    if (size_bytes == 0 || size_bytes > max_bytes || strchr(value->valuestring, '\t') != NULL ||
        !is_clean_utf8(value->valuestring, size_bytes)) {
        return false;
    }
    memcpy(out, value->valuestring, size_bytes + 1);
    return true;
}

static bool read_time(const cJSON *value, int64_t *time_ms)
{
    if (cJSON_IsString(value)) {
        return instant_parse(value->valuestring, time_ms);
    }
    if (!cJSON_IsNumber(value) || !isfinite(value->valuedouble) || value->valuedouble < 0 ||
        value->valuedouble > (double)(INSTANT_MS_MAX / 1000)) {
        return false;
    }
    *time_ms = (int64_t)llround(value->valuedouble * 1000);
    return true;
}

enum field { FIELD_TIME, FIELD_ID, FIELD_CUSTOMER, FIELD_NODE, FIELD_VERDICT, FIELD_COUNT };

static const struct {
    const char *key;
    size_t offset;
    size_t max_bytes;
} fields[FIELD_COUNT] = {
    [FIELD_TIME] = {"time", offsetof(struct row, time_ms), 0},
    [FIELD_ID] = {"id", offsetof(struct row, id), ROW_ID_BYTES_MAX},
    [FIELD_CUSTOMER] = {"customer", offsetof(struct row, customer), ROW_CUSTOMER_BYTES_MAX},
    [FIELD_NODE] = {"node", offsetof(struct row, node), ROW_NODE_BYTES_MAX},
    [FIELD_VERDICT] = {"verdict", offsetof(struct row, verdict), ROW_VERDICT_BYTES_MAX},
};

static size_t field_of(const char *key)
{
    size_t i = 0;

    while (i < FIELD_COUNT && strcmp(key, fields[i].key) != 0) {
        i++;
    }
    return i;
}

static enum row_verdict read_fields(const cJSON *object, struct row *row)
{
    const unsigned needed = 1U << FIELD_TIME | 1U << FIELD_CUSTOMER | 1U << FIELD_VERDICT;
    unsigned seen = 0;

    for (const cJSON *value = object->child; value != NULL; value = value->next) {
        const size_t i = field_of(value->string);
        if (i == FIELD_COUNT) {
            return ROW_UNKNOWN_KEY;
        }
        if ((seen & 1U << i) != 0) {
            return ROW_DOUBLED_KEY;
        }
        seen |= 1U << i;
        if (i == FIELD_TIME) {
            if (!read_time(value, &row->time_ms)) {
                return ROW_BAD_TIME;
            }
        } else if (!copy_text(value, (char *)row + fields[i].offset, fields[i].max_bytes)) {
            return ROW_BAD_TEXT;
        }
    }
    if (row->id[0] == ROW_DERIVED_ID) {
        return ROW_BAD_TEXT;
    }
    return (seen & needed) == needed ? ROW_READ : ROW_INCOMPLETE;
}

enum row_verdict row_parse(const char *line, size_t size_bytes, struct row *out)
{
    assert(size_bytes <= ROW_LINE_BYTES_MAX);
    assert(line[size_bytes] == '\0');
    struct row row = {0};

    /* cJSON would let all of these pass, and cut a text at an escaped NUL. */
    if (!is_clean_utf8(line, size_bytes) || strstr(line, "\\u0000") != NULL) {
        return ROW_NOT_UTF8;
    }
    cJSON *object = cJSON_ParseWithLengthOpts(line, size_bytes + 1, NULL, 1);
    if (object == NULL) {
        return ROW_NOT_JSON;
    }
    const enum row_verdict verdict =
        cJSON_IsObject(object) ? read_fields(object, &row) : ROW_NOT_OBJECT;
    cJSON_Delete(object);
    if (verdict == ROW_READ) {
        *out = row;
    }
    return verdict;
}

const char *row_verdict_text(enum row_verdict verdict)
{
#define ROW_VERDICT_TEXT(name, text) [ROW_##name] = text,
    static const char *const texts[] = {ROW_VERDICTS(ROW_VERDICT_TEXT)};
#undef ROW_VERDICT_TEXT
    return texts[verdict];
}

bool row_name_is_valid(const char *text)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    const size_t size_bytes = strlen(text);

    return size_bytes > 0 && size_bytes <= ROW_NODE_BYTES_MAX &&
           strspn(text, allowed) == size_bytes;
}

size_t row_print(const struct row *row, char *line, size_t size_bytes)
{
    assert(size_bytes >= ROW_LINE_BYTES_MAX);
    char time[INSTANT_TEXT_BYTES];

    instant_format(row->time_ms, time);
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "time", time);
    for (size_t i = FIELD_ID; i < FIELD_COUNT; i++) {
        const char *text = (const char *)row + fields[i].offset;
        assert(text[0] != '\0');
        cJSON_AddStringToObject(object, fields[i].key, text);
    }
    const cJSON_bool fits = cJSON_PrintPreallocated(object, line, (int)size_bytes - 2, 0);
    assert(fits);
    cJSON_Delete(object);
    const size_t end = strlen(line);
    memcpy(line + end, "\n", 2);
    return end + 1;
}

bool row_is_positive(const struct row *row)
{
    return strcmp(row->verdict, "positive") == 0;
}

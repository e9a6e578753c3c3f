#include "strict.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#define DIGITS_MAX 16u /* STRICT_NUMBER_MAX has so many */

/* The size of the string that begins at text[at] with its quotes; 0: not one of ours. */
static size_t string_size(const char *text, size_t at, size_t size_bytes)
{
    for (size_t i = at + 1; i < size_bytes; i++) {
        if (text[i] == '"') {
            return i + 1 - at;
        }
        if (text[i] < ' ' || text[i] > '~' || text[i] == '\\') {
            return 0;
        }
    }
    return 0;
}

static bool is_digit(char letter)
{
    return letter >= '0' && letter <= '9';
}

static size_t number_size(const char *text, size_t at, size_t size_bytes)
{
    size_t count = 0;
    while (at + count < size_bytes && is_digit(text[at + count])) {
        count++;
    }
    const bool padded = count > 1 && text[at] == '0';
    return padded || count > DIGITS_MAX ? 0 : count;
}

/* Whether the text is of nothing but what the header allows; whether it is also well formed,
 * cJSON says. */
static bool is_plain(const char *text, size_t size_bytes)
{
    uint32_t depth = 0;
    size_t at = 0;
    while (at < size_bytes) {
        const char letter = text[at];
        size_t size = 1;
        if (letter == '"') {
            size = string_size(text, at, size_bytes);
        } else if (is_digit(letter)) {
            size = number_size(text, at, size_bytes);
        } else if (letter == '{' || letter == '[') {
            depth++;
        } else if (letter == '}' || letter == ']') {
            depth -= depth > 0;
        } else if (letter == '\0' || strchr(":, \t\r\n", letter) == NULL) {
            return false;
        }
        if (size == 0 || depth > STRICT_DEPTH) {
            return false;
        }
        at += size;
    }
    return true;
}

cJSON *strict_parse(const char *text, size_t size_bytes)
{
    if (!is_plain(text, size_bytes)) {
        return NULL;
    }
    char *copy = malloc(size_bytes + 1);
    if (copy == NULL) {
        return NULL;
    }
    memcpy(copy, text, size_bytes);
    copy[size_bytes] = '\0';
    cJSON *item = cJSON_ParseWithLengthOpts(copy, size_bytes + 1, NULL, 1);
    free(copy);
    return item;
}

bool strict_object(const cJSON *item, int count)
{
    return cJSON_IsObject(item) && cJSON_GetArraySize(item) == count;
}

const cJSON *strict_field(const cJSON *object, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

bool strict_number(const cJSON *object, const char *key, uint64_t most, uint64_t *out)
{
    const cJSON *item = strict_field(object, key);
    if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0) ||
        !(item->valuedouble <= (double)STRICT_NUMBER_MAX)) {
        return false;
    }
    const uint64_t value = (uint64_t)item->valuedouble;
    if (value > most) {
        return false;
    }
    *out = value;
    return true;
}

bool strict_word(const cJSON *object, const char *key, char *out, size_t out_bytes)
{
    const cJSON *item = strict_field(object, key);
    if (!cJSON_IsString(item)) {
        return false;
    }
    const size_t size_bytes = strlen(item->valuestring);
    if (size_bytes == 0 || size_bytes >= out_bytes) {
        return false;
    }
    memset(out, 0, out_bytes);
    memcpy(out, item->valuestring, size_bytes);
    return true;
}

bool strict_is(const cJSON *object, const char *key, const char *word)
{
    const cJSON *item = strict_field(object, key);
    return cJSON_IsString(item) && strcmp(item->valuestring, word) == 0;
}

bool strict_choice(const cJSON *object, const char *key, const char *const *words,
                   uint32_t count, uint32_t *out)
{
    for (uint32_t i = 0; i < count; i++) {
        if (strict_is(object, key, words[i])) {
            *out = i;
            return true;
        }
    }
    return false;
}

bool strict_base64(const cJSON *string, uint8_t *out, size_t size_bytes)
{
    if (!cJSON_IsString(string)) {
        return false;
    }
    const size_t text_bytes = strlen(string->valuestring);
    const char *end = NULL;
    size_t got_bytes = 0;
    return sodium_base642bin(out, size_bytes, string->valuestring, text_bytes, NULL, &got_bytes,
                             &end, sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0 &&
           got_bytes == size_bytes && end == string->valuestring + text_bytes;
}

bool strict_hex(const cJSON *string, uint8_t *out, size_t size_bytes)
{
    const size_t text_bytes = 2 * size_bytes;
    if (!cJSON_IsString(string) || strlen(string->valuestring) != text_bytes) {
        return false;
    }
    for (size_t i = 0; i < text_bytes; i++) {
        if (strchr("0123456789abcdef", string->valuestring[i]) == NULL) {
            return false;
        }
    }
    size_t got_bytes = 0;
    return sodium_hex2bin(out, size_bytes, string->valuestring, text_bytes, NULL, &got_bytes,
                          NULL) == 0 &&
           got_bytes == size_bytes;
}

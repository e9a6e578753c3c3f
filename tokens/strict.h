#ifndef OSTRAKON_TOKENS_STRICT_H
#define OSTRAKON_TOKENS_STRICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

/* JSON out of a stranger's hands. cJSON takes much that other readers take otherwise or not at
 * all (duplicate keys, bytes after the value, numbers like 01 or 1e9, text that ends at
 * \u0000). So it is shown only what all read alike: objects and arrays, at most STRICT_DEPTH
 * deep, of whole numbers that are not negative and strings of printable ASCII without a
 * backslash. All that this project signs as JSON is of that kind. */

#define STRICT_DEPTH 8u
#define STRICT_NUMBER_MAX ((UINT64_C(1) << 53) - 1) /* all up to it are exact in cJSON */

/* NULL: something else, or no memory. The caller deletes it. */
cJSON *strict_parse(const char *text, size_t size_bytes) __attribute__((warn_unused_result));

/* The fields of an object that has exactly `count` of them: with all of them found below, there
 * are none besides and none twice. */
bool strict_object(const cJSON *item, int count);

/* The field's value; false, and nothing written, if it is not there or not of the kind. */
bool strict_number(const cJSON *object, const char *key, uint64_t most, uint64_t *out)
    __attribute__((warn_unused_result));
/* Copies a string that fits with its zero; the rest of `out` is zeros. */
bool strict_word(const cJSON *object, const char *key, char *out, size_t out_bytes)
    __attribute__((warn_unused_result));
/* The index of the field's word among `words`. */
bool strict_choice(const cJSON *object, const char *key, const char *const *words,
                   uint32_t count, uint32_t *out) __attribute__((warn_unused_result));
bool strict_is(const cJSON *object, const char *key, const char *word)
    __attribute__((warn_unused_result));
/* Exactly so many bytes, in base64url without padding, written in the one way there is. */
bool strict_base64(const cJSON *string, uint8_t *out, size_t size_bytes)
    __attribute__((warn_unused_result));
bool strict_hex(const cJSON *string, uint8_t *out, size_t size_bytes)
    __attribute__((warn_unused_result));
const cJSON *strict_field(const cJSON *object, const char *key);

#endif

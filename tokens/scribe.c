#include "scribe.h"

#include <assert.h>
#include <string.h>

#include <sodium.h>

#define HEX_MAX 64u

struct scribe scribe_of(char *out, size_t room_bytes)
{
    return (struct scribe){.out = out, .room_bytes = room_bytes};
}

static void put(struct scribe *s, const char *text, size_t size_bytes)
{
    if (s->spoilt || size_bytes > s->room_bytes - s->size_bytes) {
        s->spoilt = true;
        return;
    }
    memcpy(s->out + s->size_bytes, text, size_bytes);
    s->size_bytes += size_bytes;
}

void scribe_text(struct scribe *s, const char *text)
{
    put(s, text, strlen(text));
}

void scribe_number(struct scribe *s, uint64_t value)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    put(s, digits + at, sizeof digits - at);
}

void scribe_word(struct scribe *s, const char *word)
{
    s->spoilt = s->spoilt || word[0] == '\0';
    for (size_t i = 0; word[i] != '\0'; i++) {
        const bool plain =
            word[i] >= ' ' && word[i] <= '~' && word[i] != '"' && word[i] != '\\';
        s->spoilt = s->spoilt || !plain;
    }
    scribe_text(s, "\"");
    scribe_text(s, word);
    scribe_text(s, "\"");
}

void scribe_base64(struct scribe *s, const uint8_t *bytes, size_t size_bytes)
{
    scribe_text(s, "\"");
    const size_t text_bytes =
        sodium_base64_ENCODED_LEN(size_bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    if (s->spoilt || text_bytes > s->room_bytes - s->size_bytes) {
        s->spoilt = true; /* the terminating zero, which the next character covers, counts */
        return;
    }
    sodium_bin2base64(s->out + s->size_bytes, text_bytes, bytes, size_bytes,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    s->size_bytes += text_bytes - 1;
    scribe_text(s, "\"");
}

void scribe_hex(struct scribe *s, const uint8_t *bytes, size_t size_bytes)
{
    char hex[2 * HEX_MAX + 1];
    assert(size_bytes <= HEX_MAX);
    sodium_bin2hex(hex, sizeof hex, bytes, size_bytes);
    scribe_word(s, hex);
}

size_t scribe_done(const struct scribe *s)
{
    return s->spoilt ? 0 : s->size_bytes;
}

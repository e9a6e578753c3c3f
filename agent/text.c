#include "text.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define WORD_BYTES_MAX 40u

/* The character at `text` and its size in bytes; size 0 if it is no UTF-8 (RFC 3629, section
 * 4). */
static uint32_t character_at(const uint8_t *text, size_t left, uint32_t *size_bytes)
{
    static const struct {
        uint8_t mask, lead, more;
        uint32_t least;
    } forms[] = {{0x80, 0x00, 0, 0},
                 {0xe0, 0xc0, 1, 0x80},
                 {0xf0, 0xe0, 2, 0x800},
                 {0xf8, 0xf0, 3, 0x10000}};
    *size_bytes = 0;
    for (uint32_t i = 0; i < 4; i++) {
        if ((text[0] & forms[i].mask) != forms[i].lead || left <= forms[i].more) {
            continue;
        }
        uint32_t value = text[0] & (uint8_t)~forms[i].mask;
        for (uint32_t k = 1; k <= forms[i].more; k++) {
            if ((text[k] & 0xc0) != 0x80) {
                return 0;
            }
            value = value << 6 | (text[k] & 0x3fu);
        }
        const bool surrogate = value >= 0xd800 && value <= 0xdfff;
        if (value >= forms[i].least && value <= 0x10ffff && !surrogate) {
            *size_bytes = 1u + forms[i].more;
        }
        return value;
    }
    return 0;
}

/* Controls of both sets, and the marks that make text read in another order than it stands. */
static bool is_treacherous(uint32_t character)
{
    return character < 0x20 || (character >= 0x7f && character < 0xa0) || character == '\\' ||
           character == 0x61c || (character >= 0x200b && character <= 0x200f) ||
           (character >= 0x2028 && character <= 0x202e) ||
           (character >= 0x2060 && character <= 0x206f) || character == 0xfeff;
}

size_t text_escape(const char *text, size_t size_bytes, char *out, size_t out_bytes)
{
    assert(out_bytes >= 8);
    const uint8_t *bytes = (const uint8_t *)text;
    const size_t end = strnlen(text, size_bytes);
    size_t used = 0;
    size_t fits = 0; /* so much of `out` leaves room for "..." */
    for (size_t at = 0; at < end;) {
        uint32_t step = 0;
        char shown[17];
        const uint32_t character = character_at(bytes + at, end - at, &step);
        const bool plain = step > 0 && !is_treacherous(character);
        step = step > 0 ? step : 1;
        size_t size = 0;
        for (uint32_t i = 0; i < step; i++) {
            size += (size_t)snprintf(shown + size, sizeof shown - size,
                                     plain ? "%c" : "\\x%02x", bytes[at + i]);
        }
        if (used + size + 1 > out_bytes) {
            memcpy(out + fits, "...", 4);
            return fits + 3;
        }
        memcpy(out + used, shown, size);
        used += size;
        at += step;
        if (used + 4 <= out_bytes) {
            fits = used;
        }
    }
    out[used] = '\0';
    return used;
}

bool text_is_clean(const char *text, size_t size_bytes)
{
    const uint8_t *bytes = (const uint8_t *)text;
    for (size_t at = 0; at < size_bytes;) {
        uint32_t step = 0;
        const uint32_t character = character_at(bytes + at, size_bytes - at, &step);
        const bool control = character < 0x20 && memchr("\t\n\r", (int)character, 3) == NULL;
        if (step == 0 || control) {
            return false;
        }
        at += step;
    }
    return true;
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static bool same(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

static uint32_t distance(const char *a, size_t a_size, const char *b, size_t b_size)
{
    uint32_t table[WORD_BYTES_MAX + 1][WORD_BYTES_MAX + 1];
    for (uint32_t i = 0; i <= a_size; i++) {
        for (uint32_t k = 0; k <= b_size; k++) {
            if (i == 0 || k == 0) {
                table[i][k] = i + k;
                continue;
            }
            const uint32_t cost = same(a[i - 1], b[k - 1]) ? 0 : 1;
            uint32_t best = least(table[i - 1][k], table[i][k - 1]) + 1;
            best = least(best, table[i - 1][k - 1] + cost);
            if (i > 1 && k > 1 && same(a[i - 1], b[k - 2]) && same(a[i - 2], b[k - 1])) {
                best = least(best, table[i - 2][k - 2] + 1);
            }
            table[i][k] = best;
        }
    }
    return table[a_size][b_size];
}

const char *text_nearest(const char *given, const char *const *words, uint32_t count)
{
    const size_t size = strlen(given);
    if (size == 0 || size > WORD_BYTES_MAX) {
        return NULL;
    }
    const char *nearest = NULL;
    uint32_t fewest = (uint32_t)(size + 2) / 3 + 1;
    for (uint32_t i = 0; i < count; i++) {
        const size_t word_size = strlen(words[i]);
        assert(word_size <= WORD_BYTES_MAX);
        const bool begun = size >= 3 && strncasecmp(given, words[i], size) == 0;
        const uint32_t faults = begun ? 1 : distance(given, size, words[i], word_size);
        if (faults < fewest) {
            fewest = faults;
            nearest = words[i];
        }
    }
    return nearest;
}

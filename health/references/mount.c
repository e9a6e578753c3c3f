#include "mount.h"

#include <string.h>

/* The fields before the separator, whose count varies, and those behind it. */
enum { FIELD_POINT = 4, FIELD_OPTIONS = 5, FIELDS_BEFORE = 6 };

/* The next word of a line, which ends at a blank; false at the line's end. */
static bool word_next(const char **at, struct words *out)
{
    out->at = *at;
    while (**at != ' ' && **at != '\n' && **at != '\0') {
        (*at)++;
    }
    out->size_bytes = (size_t)(*at - out->at);
    if (**at == ' ') {
        (*at)++;
    }
    return out->size_bytes > 0;
}

static bool is_word(struct words w, const char *text)
{
    return w.size_bytes == strlen(text) && memcmp(w.at, text, w.size_bytes) == 0;
}

/* Reads one line and moves behind it. */
static bool line_read(const char **at, struct mount *out)
{
    struct words word;
    for (int i = 0; i < FIELDS_BEFORE; i++) {
        if (!word_next(at, &word)) {
            return false;
        }
        if (i == FIELD_POINT) {
            out->point = word;
        } else if (i == FIELD_OPTIONS) {
            out->options = word;
        }
    }
    do {
        if (!word_next(at, &word)) {
            return false;
        }
    } while (!is_word(word, "-"));
    if (!word_next(at, &out->type) || !word_next(at, &out->device) ||
        !word_next(at, &out->super_options) || (**at != '\n' && **at != '\0') ||
        out->point.at[0] != '/') {
        return false;
    }
    *at += **at == '\n';
    return true;
}

static bool is_octal(const char *at)
{
    return at[0] >= '0' && at[0] <= '3' && at[1] >= '0' && at[1] <= '7' && at[2] >= '0' &&
           at[2] <= '7';
}

/* How many bytes of `path` the point covers; 0 if it is not above it. "/" covers one. */
static size_t covers(struct words point, const char *path)
{
    size_t size_bytes = 0;
    for (size_t i = 0; i < point.size_bytes; i++, size_bytes++) {
        const char *at = point.at + i;
        char one = *at;
        if (one == '\\' && i + 3 < point.size_bytes && is_octal(at + 1)) {
            one = (char)((at[1] - '0') * 64 + (at[2] - '0') * 8 + (at[3] - '0'));
            i += 3;
        }
        if (path[size_bytes] == '\0' || path[size_bytes] != one) {
            return 0;
        }
    }
    const bool root = size_bytes == 1;
    return root || path[size_bytes] == '/' || path[size_bytes] == '\0' ? size_bytes : 0;
}

enum field mount_of(const struct source *s, const char *path, struct mount *out)
{
    size_t longest = 0;
    for (const char *at = s->text; *at != '\0';) {
        struct mount one;
        if (!line_read(&at, &one)) {
            return FIELD_GARBAGE;
        }
        const size_t covered = covers(one.point, path);
        if (covered > 0 && covered >= longest) {
            longest = covered;
            *out = one;
        }
    }
    return longest > 0 ? FIELD_FOUND : FIELD_MISSING;
}

bool option_has(struct words list, const char *option)
{
    for (size_t from = 0; from <= list.size_bytes;) {
        const char *at = list.at + from;
        const char *comma = memchr(at, ',', list.size_bytes - from);
        const size_t size_bytes = comma == NULL ? list.size_bytes - from : (size_t)(comma - at);
        if (is_word((struct words){at, size_bytes}, option)) {
            return true;
        }
        from += size_bytes + 1;
    }
    return false;
}

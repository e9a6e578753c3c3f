#include "options.h"

#include <stdlib.h>
#include <string.h>

const char *option(const struct words *words, const char *name)
{
    const size_t size = strlen(name);
    for (uint32_t i = 0; i < words->count; i++) {
        if (strncmp(words->word[i], name, size) == 0 && words->word[i][size] == '=') {
            return words->word[i] + size + 1;
        }
    }
    return NULL;
}

uint64_t option_uint(const struct words *words, const char *name, uint64_t otherwise)
{
    const char *value = option(words, name);
    return value == NULL ? otherwise : strtoull(value, NULL, 10);
}

static uint32_t view_of(const char *text)
{
    return strcmp(text, "none") == 0 ? VIEW_NONE : (uint32_t)strtoul(text, NULL, 10);
}

uint32_t option_view(const struct words *words, const char *name, uint32_t otherwise)
{
    const char *value = option(words, name);
    return value == NULL ? otherwise : view_of(value);
}

uint32_t members_of(const char *text)
{
    if (strcmp(text, "all") == 0) {
        return UINT32_MAX;
    }
    uint32_t members = 0;
    for (const char *at = text; *at >= '0' && *at <= '9';) {
        char *end = NULL;
        members |= 1u << (strtoul(at, &end, 10) % 32);
        at = *end == ',' ? end + 1 : end;
    }
    return members;
}

uint32_t option_members(const struct words *words, const char *name, uint32_t otherwise)
{
    const char *value = option(words, name);
    return value == NULL ? otherwise : members_of(value);
}

bool has_word(const struct words *words, const char *word)
{
    for (uint32_t i = 0; i < words->count; i++) {
        if (strcmp(words->word[i], word) == 0) {
            return true;
        }
    }
    return false;
}

#include "moment.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "agent/config_value.h"

#define DAY_MS 86400000u

static struct tm calendar(uint64_t moment_ms)
{
    const time_t seconds = (time_t)(moment_ms / 1000);
    struct tm tm = {0};
    gmtime_r(&seconds, &tm);
    return tm;
}

const char *moment_text(uint64_t moment_ms, uint64_t now_ms, enum moment_form form,
                        char out[static MOMENT_BYTES])
{
    const struct tm tm = calendar(moment_ms);
    size_t used = 0;
    if (moment_ms / DAY_MS != now_ms / DAY_MS) {
        used = strftime(out, MOMENT_BYTES, "%F ", &tm);
    }
    used += form == MOMENT_MINUTE ? strftime(out + used, MOMENT_BYTES - used, "%H:%M", &tm)
                                  : strftime(out + used, MOMENT_BYTES - used, "%T", &tm);
    if (form == MOMENT_MILLISECOND) {
        snprintf(out + used, MOMENT_BYTES - used, ".%03u", (unsigned)(moment_ms % 1000));
    }
    return out;
}

const char *moment_iso(uint64_t moment_ms, char out[static MOMENT_BYTES])
{
    const struct tm tm = calendar(moment_ms);
    const size_t used = strftime(out, MOMENT_BYTES, "%FT%T", &tm);
    snprintf(out + used, MOMENT_BYTES - used, ".%03uZ", (unsigned)(moment_ms % 1000));
    return out;
}

const char *duration_text(uint64_t duration_ms, char out[static MOMENT_BYTES])
{
    static const struct {
        uint64_t up_to_ms, unit_ms;
        const char *unit;
    } steps[] = {
        {120000, 1000, "s"},
        {7200000, 60000, "min"},
        {172800000, 3600000, "h"},
        {UINT64_MAX, DAY_MS, "d"},
    };
    uint32_t i = 0;
    while (i < 3 && duration_ms >= steps[i].up_to_ms) {
        i++;
    }
    snprintf(out, MOMENT_BYTES, "%llu %s", (unsigned long long)(duration_ms / steps[i].unit_ms),
             steps[i].unit);
    return out;
}

bool duration_parse(const char *text, uint64_t *out_ms)
{
    static const char units[] = "smhd";
    static const uint64_t unit_ms[] = {1000, 60000, 3600000, DAY_MS};
    char digits[16];
    const size_t size = strlen(text);
    if (size < 2 || size > sizeof digits) {
        return false;
    }
    const char *unit = strchr(units, text[size - 1]);
    uint32_t count = 0;
    snprintf(digits, sizeof digits, "%.*s", (int)(size - 1), text);
    if (unit == NULL || !value_number(digits, 1, UINT32_MAX, &count)) {
        return false;
    }
    *out_ms = count * unit_ms[unit - units];
    return true;
}

uint64_t moment_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

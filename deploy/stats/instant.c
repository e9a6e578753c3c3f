#include "instant.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static int64_t clock_ms(clockid_t clock)
{
    struct timespec now;

    const int failed = clock_gettime(clock, &now);
    assert(failed == 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t instant_now_ms(void)
{
    return clock_ms(CLOCK_REALTIME);
}

int64_t instant_monotonic_ms(void)
{
    return clock_ms(CLOCK_MONOTONIC);
}

void instant_sleep_ms(int64_t span_ms)
{
    assert(span_ms >= 0);
    const struct timespec span = {span_ms / 1000, (span_ms % 1000) * 1000000};
    (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &span, NULL);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* `pattern` has 9 for a digit, everything else for itself. */
static bool matches(const char *text, const char *pattern)
{
    for (; *pattern != '\0'; text++, pattern++) {
        if (*pattern == '9' ? !is_digit(*text) : *text != *pattern) {
            return false;
        }
    }
    return true;
}

static int digits(const char *text, int count)
{
    int value = 0;

    for (int i = 0; i < count; i++) {
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

/* ".5Z" is 500; anything but a fraction and "Z" is -1. */
static int fraction_ms(const char *text)
{
    int value = 0;
    int count = 0;

    if (*text == '.') {
        text++;
        for (; is_digit(*text) && count < 9; text++, count++) {
            value = count < 3 ? value * 10 + (*text - '0') : value;
        }
        if (count == 0) {
            return -1;
        }
        for (; count < 3; count++) {
            value *= 10;
        }
    }
    return strcmp(text, "Z") == 0 ? value : -1;
}

bool instant_parse(const char *text, int64_t *unix_ms)
{
    if (!matches(text, "9999-99-99T99:99:99")) {
        return false;
    }
    const int ms = fraction_ms(text + 19);
    struct tm day = {
        .tm_year = digits(text, 4) - 1900,
        .tm_mon = digits(text + 5, 2) - 1,
        .tm_mday = digits(text + 8, 2),
        .tm_hour = digits(text + 11, 2),
        .tm_min = digits(text + 14, 2),
        .tm_sec = digits(text + 17, 2),
    };
    const struct tm asked = day;
    const int64_t seconds = timegm(&day);

    /* timegm makes the 3rd of March of a 31st of February: the same day must come back. */
    if (ms < 0 || seconds < 0 || day.tm_year != asked.tm_year || day.tm_mon != asked.tm_mon ||
        day.tm_mday != asked.tm_mday || day.tm_hour != asked.tm_hour ||
        day.tm_min != asked.tm_min || day.tm_sec != asked.tm_sec) {
        return false;
    }
    *unix_ms = seconds * 1000 + ms;
    return true;
}

void instant_format(int64_t unix_ms, char text[static INSTANT_TEXT_BYTES])
{
    assert(unix_ms >= 0);
    assert(unix_ms <= INSTANT_MS_MAX);
    const time_t seconds = unix_ms / 1000;
    struct tm day;
    char whole[20];

    const struct tm *known = gmtime_r(&seconds, &day);
    assert(known != NULL);
    const size_t written = strftime(whole, sizeof whole, "%Y-%m-%dT%H:%M:%S", known);
    assert(written == 19);
    (void)snprintf(text, INSTANT_TEXT_BYTES, "%s.%03uZ", whole,
                   (unsigned)(unix_ms % 1000) % 1000);
}

#include "../../deploy/stats/instant.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

Test(instant, reads_what_it_writes)
{
    static const int64_t moments[] = {
        0, 1, 999, 1000, 951782399999, 1795329000000, INSTANT_MS_MAX};

    for (size_t i = 0; i < sizeof moments / sizeof *moments; i++) {
        char text[INSTANT_TEXT_BYTES];
        int64_t back = -1;
        instant_format(moments[i], text);
        cr_assert(instant_parse(text, &back), "%s", text);
        cr_assert(eq(i64, back, moments[i]), "%s", text);
    }
}

Test(instant, reads_fractions_of_any_fineness_to_the_millisecond)
{
    static const struct {
        const char *text;
        int64_t unix_ms;
    } cases[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"1970-01-01T00:00:01.5Z", 1500},
        {"1970-01-01T00:00:01.05Z", 1050},
        {"1970-01-01T00:00:01.123456789Z", 1123},
        {"2000-02-29T12:00:00.000Z", 951825600000},
        {"2026-11-22T06:30:00.007Z", 1795329000007},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t unix_ms = -1;
        cr_assert(instant_parse(cases[i].text, &unix_ms), "%s", cases[i].text);
        cr_assert(eq(i64, unix_ms, cases[i].unix_ms), "%s", cases[i].text);
    }
}

Test(instant, refuses_everything_else)
{
    static const char *const texts[] = {
        "",
        "now",
        "2026-11-22",
        "2026-11-22T06:30:00",
        "2026-11-22T06:30:00+00:00",
        "2026-11-22T06:30:00.Z",
        "2026-11-22T06:30:00.1234567890Z",
        "2026-11-22T06:30:00.000ZZ",
        "2026-11-22T06:30:00.000Z ",
        "2026-11-22 06:30:00.000Z",
        "2026-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-01-32T00:00:00Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01T00:60:00Z",
        "2026-12-31T23:59:60Z",
        "1969-12-31T23:59:59Z",
        "-026-11-22T06:30:00Z",
    };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        int64_t unix_ms = -1;
        cr_assert(not(instant_parse(texts[i], &unix_ms)), "%s", texts[i]);
        cr_assert(eq(i64, unix_ms, -1), "%s", texts[i]);
    }
}

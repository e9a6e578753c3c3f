#include "../../deploy/stats/row.h"

#include <string.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#define GOOD                                                                                   \
    "{\"id\":\"7-1\",\"time\":\"2026-11-22T06:30:00.000Z\",\"customer\":\"acme\","             \
    "\"node\":\"atlas\",\"verdict\":\"positive\"}"

static enum row_verdict parse(const char *line, struct row *out)
{
    return row_parse(line, strlen(line), out);
}

Test(row, is_read_from_its_line)
{
    struct row row = {0};

    cr_assert(eq(int, parse(GOOD, &row), ROW_READ));
    cr_assert(eq(i64, row.time_ms, 1795329000000));
    cr_assert(eq(int, strcmp(row.id, "7-1"), 0));
    cr_assert(eq(int, strcmp(row.customer, "acme"), 0));
    cr_assert(eq(int, strcmp(row.node, "atlas"), 0));
    cr_assert(row_is_positive(&row));
}

Test(row, needs_no_id_and_no_node_and_takes_unix_seconds)
{
    struct row row = {0};

    cr_assert(eq(int,
                 parse("{\"time\":1795329000.25,\"customer\":\"a\",\"verdict\":\"no\"}", &row),
                 ROW_READ));
    cr_assert(eq(i64, row.time_ms, 1795329000250));
    cr_assert(eq(int, strcmp(row.id, ""), 0));
    cr_assert(eq(int, strcmp(row.node, ""), 0));
    cr_assert(not(row_is_positive(&row)));
}

Test(row, says_what_is_wrong_with_a_line)
{
    static const struct {
        const char *line;
        enum row_verdict verdict;
    } cases[] = {
        {"", ROW_NOT_JSON},
        {"{", ROW_NOT_JSON},
        {GOOD "x", ROW_NOT_JSON},
        {GOOD GOOD, ROW_NOT_JSON},
        {"[]", ROW_NOT_OBJECT},
        {"17", ROW_NOT_OBJECT},
        {"null", ROW_NOT_OBJECT},
        {"{}", ROW_INCOMPLETE},
        {"{\"time\":1,\"customer\":\"a\"}", ROW_INCOMPLETE},
        {"{\"time\":1,\"verdict\":\"a\"}", ROW_INCOMPLETE},
        {"{\"customer\":\"a\",\"verdict\":\"a\"}", ROW_INCOMPLETE},
        {"{\"Time\":1}", ROW_UNKNOWN_KEY},
        {"{\"time\":1,\"price\":2}", ROW_UNKNOWN_KEY},
        {"{\"time\":1,\"time\":1}", ROW_DOUBLED_KEY},
        {"{\"customer\":\"a\",\"customer\":\"b\"}", ROW_DOUBLED_KEY},
        {"{\"time\":\"yesterday\"}", ROW_BAD_TIME},
        {"{\"time\":-1}", ROW_BAD_TIME},
        {"{\"time\":1e999}", ROW_BAD_TIME},
        {"{\"time\":253402300800}", ROW_BAD_TIME},
        {"{\"time\":true}", ROW_BAD_TIME},
        {"{\"time\":null}", ROW_BAD_TIME},
        {"{\"customer\":\"\"}", ROW_BAD_TEXT},
        {"{\"customer\":7}", ROW_BAD_TEXT},
        {"{\"customer\":[[]]}", ROW_BAD_TEXT},
        {"{\"customer\":\"a\\nb\"}", ROW_BAD_TEXT},
        {"{\"customer\":\"a\\tb\"}", ROW_BAD_TEXT},
        {"{\"id\":\"~of ours\"}", ROW_BAD_TEXT},
        {"{\"verdict\":\"a word that is too long by one...\"}", ROW_BAD_TEXT},
        {"{\"customer\":\"a\\u0000b\"}", ROW_NOT_UTF8},
        {"{\"customer\":\"\xff\"}", ROW_NOT_UTF8},
        {"{\"customer\":\"\xc0\x80\"}", ROW_NOT_UTF8},
        {"{\"customer\":\"\xed\xa0\x80\"}", ROW_NOT_UTF8},
        {"{\"customer\":\"\xf4\x90\x80\x80\"}", ROW_NOT_UTF8},
        {"{\"customer\":\"\xc3", ROW_NOT_UTF8},
        {"{\"customer\":\"a\x01\"}", ROW_NOT_UTF8},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct row row = {.time_ms = 77};
        cr_assert(eq(int, parse(cases[i].line, &row), cases[i].verdict), "%s: %s",
                  cases[i].line, row_verdict_text(cases[i].verdict));
        cr_assert(eq(i64, row.time_ms, 77), "%s", cases[i].line);
    }
}

Test(row, is_not_read_when_a_nul_is_in_its_line)
{
    char line[] = GOOD;
    struct row row = {0};

    line[20] = '\0';
    cr_assert(ne(int, row_parse(line, sizeof line - 1, &row), ROW_READ));
}

Test(row, comes_back_as_it_was_printed)
{
    struct row row = {
        .time_ms = 1795329000123, .id = "1", .node = "atlas", .verdict = "positive"};
    struct row back = {0};
    char line[ROW_LINE_BYTES_MAX + 2];

    /* As long as it may be, and every byte in need of an escape. */
    memset(row.customer, '"', ROW_CUSTOMER_BYTES_MAX);
    const size_t size_bytes = row_print(&row, line, sizeof line);
    cr_assert(eq(chr, line[size_bytes - 1], '\n'));
    line[size_bytes - 1] = '\0';
    cr_assert(eq(int, row_parse(line, size_bytes - 1, &back), ROW_READ));
    cr_assert(eq(i64, back.time_ms, row.time_ms));
    cr_assert(eq(int, strcmp(back.customer, row.customer), 0));
}

/* Under the sanitizers, what is asked here is only that it ends. */
Test(row, survives_any_change_of_a_byte_and_any_cut)
{
    static const char bytes[] = {0,   1,   '"', '\\', '{',        '}',       '[',
                                 ',', ':', '9', 'e',  (char)0x80, (char)0xff};
    char line[] = GOOD;
    struct row row;

    for (size_t i = 0; i < sizeof line - 1; i++) {
        for (size_t j = 0; j < sizeof bytes; j++) {
            const char kept = line[i];
            line[i] = bytes[j];
            const enum row_verdict verdict = row_parse(line, sizeof line - 1, &row);
            cr_assert(verdict <= ROW_INCOMPLETE);
            line[i] = kept;
        }
    }
    for (size_t cut = 0; cut < sizeof line - 1; cut++) {
        char kept = line[cut];
        line[cut] = '\0';
        cr_assert(ne(int, row_parse(line, cut, &row), ROW_READ));
        line[cut] = kept;
    }
}

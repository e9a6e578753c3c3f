#include "../../deploy/stats/lines.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

/* What was found, as text: r(eady) or u(nfinished) with the size, L for too long. */
static void read_all(const char *bytes, size_t size_bytes, char *found, size_t found_bytes)
{
    static struct lines lines;
    FILE *file = tmpfile();
    enum line_kind kind;
    char *line = NULL;
    size_t line_bytes = 0;
    size_t used = 0;

    found[0] = '\0';
    fwrite(bytes, 1, size_bytes, file);
    rewind(file);
    lines_init(&lines, fileno(file));
    while (!lines.is_at_end) {
        cr_assert(lines_fill(&lines));
        while ((kind = lines_next(&lines, &line, &line_bytes)) != LINE_NONE) {
            if (kind == LINE_TOO_LONG) {
                used += (size_t)snprintf(found + used, found_bytes - used, "L ");
            } else {
                cr_assert(eq(chr, line[line_bytes], '\0'));
                used += (size_t)snprintf(found + used, found_bytes - used, "%c%zu ",
                                         kind == LINE_READY ? 'r' : 'u', line_bytes);
            }
        }
    }
    cr_assert(eq(u64, lines.offset, size_bytes));
    fclose(file);
}

Test(lines, are_told_apart_by_newlines_only)
{
    static const struct {
        const char *bytes;
        const char *found;
    } cases[] = {
        {"", ""},       {"\n", "r0 "},       {"a", "u1 "},
        {"a\n", "r1 "}, {"a\nbc", "r1 u2 "}, {"\n\nabc\r\n", "r0 r0 r4 "},
    };
    char found[64];

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        read_all(cases[i].bytes, strlen(cases[i].bytes), found, sizeof found);
        cr_assert(eq(int, strcmp(found, cases[i].found), 0), "%s", cases[i].bytes);
    }
}

Test(lines, that_are_too_long_are_passed_over_however_long)
{
    static const size_t sizes[] = {ROW_LINE_BYTES_MAX,     ROW_LINE_BYTES_MAX + 1,
                                   LINES_BUFFER_BYTES - 1, LINES_BUFFER_BYTES,
                                   LINES_BUFFER_BYTES + 1, 5 * LINES_BUFFER_BYTES + 7};
    static char bytes[6 * LINES_BUFFER_BYTES];
    char found[64];

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        memset(bytes, 'x', sizes[i]);
        memcpy(bytes + sizes[i], "\nab\n", 4);
        read_all(bytes, sizes[i] + 4, found, sizeof found);
        cr_assert(
            eq(int, strcmp(found, sizes[i] <= ROW_LINE_BYTES_MAX ? "r4096 r2 " : "L r2 "), 0),
            "%zu", sizes[i]);
        read_all(bytes, sizes[i], found, sizeof found);
        cr_assert(eq(int, strcmp(found, sizes[i] <= ROW_LINE_BYTES_MAX ? "u4096 " : "L "), 0),
                  "%zu", sizes[i]);
    }
}

Test(lines, come_out_whole_wherever_a_buffer_ends)
{
    static char bytes[3 * LINES_BUFFER_BYTES];
    static char found[8 * LINES_BUFFER_BYTES];
    size_t size_bytes = 0;
    size_t count = 0;

    while (size_bytes + 100 < sizeof bytes) {
        memset(bytes + size_bytes, 'y', 97);
        bytes[size_bytes + 97] = '\n';
        size_bytes += 98;
        count++;
    }
    read_all(bytes, size_bytes, found, sizeof found);
    cr_assert(eq(sz, strlen(found), 4 * count));
    for (size_t i = 0; i < count; i++) {
        cr_assert(eq(int, memcmp(found + 4 * i, "r97 ", 4), 0), "line %zu", i);
    }
}

#include "agent/worker_report.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

#define DIGEST "00112233445566778899aabbccddeeff"

static const struct report untouched = {.kind = REPORT_FAIL, .fence = 87, .window = 42};

Test(worker_report, tells_results_disputes_and_failures)
{
    struct report report = untouched;
    cr_assert(worker_report_read("result 29700000 " DIGEST, &report));
    cr_assert(eq(int, report.kind, REPORT_RESULT));
    cr_assert(eq(u64, report.window, 29700000));
    cr_assert(eq(u64, report.fence, 87));
    cr_assert(eq(u8, report.digest.bytes[1], 0x11));
    cr_assert(eq(u8, report.digest.bytes[15], 0xff));
    cr_assert(worker_report_read("dispute 0 " DIGEST, &report));
    cr_assert(eq(int, report.kind, REPORT_DISPUTE));
    cr_assert(eq(u64, report.window, 0));
    cr_assert(worker_report_read("overtaken 1007", &report));
    cr_assert(eq(int, report.kind, REPORT_OVERTAKEN));
    cr_assert(eq(u64, report.sink_fence, 1007));
    cr_assert(eq(u64, report.fence, 87));
    cr_assert(worker_report_read("fail the sink is away", &report));
    cr_assert(eq(int, report.kind, REPORT_FAIL));
    cr_assert(strcmp(report.reason, "the sink is away") == 0);
}

Test(worker_report, keeps_of_a_reason_what_has_room_and_can_be_printed)
{
    struct report report = untouched;
    char line[400] = "fail ";
    memset(line + 5, 'x', sizeof line - 6);
    cr_assert(worker_report_read(line, &report));
    cr_assert(eq(sz, strlen(report.reason), REASON_SIZE_BYTES - 1));
    memset(report.reason, 'y', sizeof report.reason);
    cr_assert(worker_report_read("fail a\x1b[2J\xff\tb", &report));
    cr_assert(strcmp(report.reason, "a?[2J??b") == 0, "%s", report.reason);
    for (size_t i = strlen(report.reason); i < sizeof report.reason; i++) {
        cr_assert(eq(chr, report.reason[i], '\0'));
    }
}

Test(worker_report, refuses_all_else_and_leaves_the_report_alone)
{
    static const char *const lines[] = {
        "",
        " ",
        "result",
        "result ",
        "result 1",
        "result 1 ",
        "result  1 " DIGEST,
        "result 1  " DIGEST,
        "result 1 " DIGEST " ",
        "result 1 " DIGEST "00",
        "result 1 " DIGEST "\r",
        "result 1 0011",
        "result 1 00112233445566778899aabbccddeefg",
        "result 1 00:12233445566778899aabbccddeeff",
        "result 1 00000000000000000000000000000000",
        "result 01 " DIGEST,
        "result +1 " DIGEST,
        "result -1 " DIGEST,
        "result 0x1 " DIGEST,
        "result 1e3 " DIGEST,
        "result 18446744073709551616 " DIGEST,
        "result 99999999999999999999999999999999999 " DIGEST,
        "results 1 " DIGEST,
        "RESULT 1 " DIGEST,
        " result 1 " DIGEST,
        "dispute 1",
        "overtaken",
        "overtaken ",
        "overtaken 0",
        "overtaken 01",
        "overtaken -1",
        "overtaken 1 ",
        "overtaken 1 2",
        "overtaken 9007199254740993",
        "overtaken 18446744073709551617",
        "fail",
        "fail ",
        "fail  ",
        "failed to do it",
        "{\"result\": 1}",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct report report = untouched;
        cr_assert(not(worker_report_read(lines[i], &report)), "\"%s\"", lines[i]);
        cr_assert(report.kind == untouched.kind && report.window == untouched.window &&
                      report.fence == untouched.fence,
                  "\"%s\"", lines[i]);
    }
}

/* Any bytes: what is taken is sound, and says again what was read. */
Test(worker_report, takes_any_bytes)
{
    static const char alphabet[] = "0123456789abcdefABCDEF \t-+xresultdispfa\x80\xff";
    static const char *const begins[] = {"result ", "dispute ", "fail ", "", "result 1 "};
    uint64_t random = 0x9e3779b97f4a7c15u;
    uint32_t taken = 0;
    for (uint32_t i = 0; i < 300000; i++) {
        struct report report = untouched;
        char line[240];
        random = random * 6364136223846793005u + 1442695040888963407u;
        size_t size = (size_t)snprintf(line, sizeof line, "%s", begins[random >> 40 & 3]);
        const size_t more = (random >> 50 & 1) == 0 ? 34 : random >> 33 & 127;
        for (size_t k = 0; k < more; k++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            line[size++] = alphabet[(random >> 33) % (sizeof alphabet - 1)];
        }
        line[size] = '\0';
        if (!worker_report_read(line, &report)) {
            continue;
        }
        taken++;
        cr_assert(le(int, (int)report.kind, REPORT_FAIL));
        if (report.kind == REPORT_FAIL) {
            cr_assert(ne(chr, report.reason[0], '\0'));
            cr_assert(eq(chr, report.reason[REASON_SIZE_BYTES - 1], '\0'));
        } else {
            char again[300];
            snprintf(again, sizeof again, " %llu ", (unsigned long long)report.window);
            cr_assert(strstr(line, again) != NULL, "%s", line);
        }
    }
    cr_assert(gt(u32, taken, 1000));
}

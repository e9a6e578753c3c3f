#include "agent/worker_report.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#define NUMBER_DIGITS_MAX 18u /* fit into 63 bits */

/* What follows the word if the line begins with it, else NULL. */
static const char *after_word(const char *line, const char *word)
{
    const size_t size = strlen(word);
    return strncmp(line, word, size) == 0 ? line + size : NULL;
}

static bool read_digest(const char *hex, struct window_digest *digest)
{
    size_t size_bytes = 0;
    return strlen(hex) == 2 * DIGEST_BYTES &&
           sodium_hex2bin(digest->bytes, DIGEST_BYTES, hex, 2 * DIGEST_BYTES, NULL, &size_bytes,
                          NULL) == 0 &&
           size_bytes == DIGEST_BYTES && !sodium_is_zero(digest->bytes, DIGEST_BYTES);
}

/* How many digits the number has that the text begins with; 0: it begins with none. */
static size_t digits_of(const char *text)
{
    const size_t digits = strspn(text, "0123456789");
    return digits <= NUMBER_DIGITS_MAX && (text[0] != '0' || digits == 1) ? digits : 0;
}

static bool read_window(const char *text, enum report_kind kind, struct report *report)
{
    const size_t digits = digits_of(text);
    struct window_digest digest;
    if (digits == 0 || text[digits] != ' ' || !read_digest(text + digits + 1, &digest)) {
        return false;
    }
    report->kind = kind;
    report->window = strtoull(text, NULL, 10);
    report->digest = digest;
    return true;
}

static bool read_fence(const char *text, struct report *report)
{
    const size_t digits = digits_of(text);
    const uint64_t fence = digits > 0 && text[digits] == '\0' ? strtoull(text, NULL, 10) : 0;
    if (fence == 0 || fence > SINK_FENCE_MAX) {
        return false;
    }
    report->kind = REPORT_OVERTAKEN;
    report->sink_fence = fence;
    return true;
}

static bool read_reason(const char *text, struct report *report)
{
    if (text[0] == '\0' || text[0] == ' ') {
        return false;
    }
    report->kind = REPORT_FAIL;
    memset(report->reason, 0, sizeof report->reason);
    for (uint32_t i = 0; i + 1 < sizeof report->reason && text[i] != '\0'; i++) {
        report->reason[i] = '?';
        if (text[i] >= ' ' && text[i] <= '~') {
            report->reason[i] = text[i];
        }
    }
    return true;
}

bool worker_report_read(const char *line, struct report *report)
{
    const char *rest = after_word(line, "result ");
    if (rest != NULL) {
        return read_window(rest, REPORT_RESULT, report);
    }
    rest = after_word(line, "dispute ");
    if (rest != NULL) {
        return read_window(rest, REPORT_DISPUTE, report);
    }
    rest = after_word(line, "overtaken ");
    if (rest != NULL) {
        return read_fence(rest, report);
    }
    rest = after_word(line, "fail ");
    return rest != NULL && read_reason(rest, report);
}

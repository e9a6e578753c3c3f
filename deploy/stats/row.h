#ifndef STATS_ROW_H
#define STATS_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One query that a front node answered, and its form on paper: a line of JSON.
 *
 *     {"id":"4f..-17","time":"2026-11-22T06:30:00.000Z","customer":"acme","node":"atlas",
 *      "verdict":"positive"}
 *
 * `time` may also be a number of Unix seconds. `id` may be left out, and `node` where the
 * caller says whose lines these are. A verdict other than "positive" counts as a query and no
 * detection.
 */

#define ROW_LINE_BYTES_MAX 4096
#define ROW_ID_BYTES_MAX 96
#define ROW_CUSTOMER_BYTES_MAX 128
#define ROW_NODE_BYTES_MAX 64
#define ROW_VERDICT_BYTES_MAX 32

/* Ids that begin so are made by `ingest` for rows that have none; no row may bring one. */
#define ROW_DERIVED_ID '~'

struct row {
    int64_t time_ms;               /* 0 .. INSTANT_MS_MAX */
    char id[ROW_ID_BYTES_MAX + 1]; /* empty: the line had none */
    char customer[ROW_CUSTOMER_BYTES_MAX + 1];
    char node[ROW_NODE_BYTES_MAX + 1]; /* empty: the line had none */
    char verdict[ROW_VERDICT_BYTES_MAX + 1];
};

/* What became of one line. All are normal: a log may hold anything. */
#define ROW_VERDICTS(X)                                                                        \
    X(READ, "read")                                                                            \
    X(NOT_UTF8, "is not UTF-8, or holds control characters")                                   \
    X(NOT_JSON, "is not JSON")                                                                 \
    X(NOT_OBJECT, "is not a JSON object")                                                      \
    X(UNKNOWN_KEY, "has a key other than id, time, customer, node, verdict")                   \
    X(DOUBLED_KEY, "has a key twice")                                                          \
    X(BAD_TIME, "has a time that is neither YYYY-MM-DDThh:mm:ss.mmmZ nor Unix seconds")        \
    X(BAD_TEXT, "has an id, customer, node or verdict that is no text, is empty or too long")  \
    X(INCOMPLETE, "lacks time, customer or verdict")

#define ROW_VERDICT_NAME(name, text) ROW_##name,
enum row_verdict { ROW_VERDICTS(ROW_VERDICT_NAME) };
#undef ROW_VERDICT_NAME

/* Reads one line without its newline; line[size_bytes] must be NUL (asserted). Writes *out only
 * with the answer ROW_READ. Lines above ROW_LINE_BYTES_MAX are the caller's to refuse
 * (asserted).
 */
enum row_verdict row_parse(const char *line, size_t size_bytes, struct row *out)
    __attribute__((warn_unused_result));

const char *row_verdict_text(enum row_verdict verdict);

/* Whether `text` may be a node's or member's name in this folder: 1 .. ROW_NODE_BYTES_MAX
 * letters, digits, '.', '_', '-'. */
bool row_name_is_valid(const char *text);

/* Writes the row as a line that row_parse reads back, with its newline and a NUL, and answers
 * its size without the NUL. All fields must be filled (asserted). `size_bytes` is at least
 * ROW_LINE_BYTES_MAX: fields that need every byte escaped fit. Allocates around cJSON. */
size_t row_print(const struct row *row, char *line, size_t size_bytes);

bool row_is_positive(const struct row *row);

#endif

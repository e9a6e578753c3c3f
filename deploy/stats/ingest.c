#include "ingest.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "complaint.h"

struct ingest {
    struct sink *sink;
    const struct ingest_options *options;
    struct complaints complaints;
    struct tally batch; /* what the transaction under way adds */
};

static bool reject(struct ingest *g, uint64_t number, const char *node, const char *why)
{
    complain(&g->complaints, "%s:%" PRIu64 ": %s", g->options->name, number, why);
    g->batch.arrivals[ARRIVAL_MALFORMED]++;
    return sink_count_malformed(g->sink, node[0] == '\0' ? "-" : node);
}

/* Digests the row as row_print writes it, and not the line that was read: spaces and the order
 * of keys tell no rows apart. */
static bool derive_id(struct sink *s, struct row *row)
{
    char line[ROW_LINE_BYTES_MAX + 2];
    char digest[DIGEST_TEXT_BYTES];
    int64_t ordinal = 0;

    (void)snprintf(row->id, sizeof row->id, "-");
    const size_t size_bytes = row_print(row, line, sizeof line);
    const struct digest of_line = digest_of_bytes(line, size_bytes);
    digest_format(&of_line, digest);
    if (!sink_ordinal(s, digest, &ordinal)) {
        return false;
    }
    (void)snprintf(row->id, sizeof row->id, "%c%s-%" PRId64, ROW_DERIVED_ID, digest, ordinal);
    return true;
}

/* What is wrong with the node of a row that can otherwise be read, or NULL. */
static const char *settle_node(const struct ingest_options *options, struct row *row)
{
    if (row->node[0] == '\0') {
        if (options->node == NULL) {
            return "lacks its node, and no --node says whose lines these are";
        }
        (void)snprintf(row->node, sizeof row->node, "%s", options->node);
    }
    if (options->node != NULL && strcmp(row->node, options->node) != 0) {
        return "is of another node than --node says";
    }
    return row_name_is_valid(row->node) ? NULL : "has a node that is no member's name";
}

static bool insert(struct ingest *g, struct row *row, uint64_t number)
{
    enum arrival arrival = ARRIVAL_INSERTED;
    bool is_there = false;

    if (row->id[0] == '\0' && !derive_id(g->sink, row)) {
        return false;
    }
    if (g->options->is_recovery && !sink_has(g->sink, row->node, row->id, &is_there)) {
        return false;
    }
    if (is_there) {
        return true;
    }
    if (!sink_insert(g->sink, row, &arrival)) {
        return false;
    }
    g->batch.arrivals[arrival]++;
    if (arrival != ARRIVAL_INSERTED) {
        complain(&g->complaints, "%s:%" PRIu64 ": %s: row %s of %s", g->options->name, number,
                 arrival_text(arrival), row->id, row->node);
    }
    return true;
}

static bool on_line(struct ingest *g, enum line_kind kind, const char *line, size_t size_bytes,
                    uint64_t number)
{
    const char *node = g->options->node == NULL ? "" : g->options->node;
    struct row row;

    if (kind == LINE_TOO_LONG) {
        return reject(g, number, node, "is longer than 4096 bytes");
    }
    if (line[strspn(line, " \t\r")] == '\0' && strlen(line) == size_bytes) {
        return true;
    }
    const enum row_verdict verdict = row_parse(line, size_bytes, &row);
    if (verdict != ROW_READ && kind == LINE_UNFINISHED) {
        complain(&g->complaints,
                 "%s:%" PRIu64 ": the last line is not finished: left for later",
                 g->options->name, number);
        g->batch.is_unfinished = true;
        return true;
    }
    if (verdict != ROW_READ) {
        return reject(g, number, node, row_verdict_text(verdict));
    }
    const char *objection = settle_node(g->options, &row);
    if (objection != NULL) {
        return reject(g, number, node, objection);
    }
    return insert(g, &row, number);
}

static void add(struct tally *out, const struct tally *batch)
{
    for (size_t i = 0; i < ARRIVAL_COUNT; i++) {
        out->arrivals[i] += batch->arrivals[i];
    }
    out->is_unfinished = batch->is_unfinished;
}

/* All lines that are in the buffer, in one transaction. */
static bool on_buffer(struct ingest *g, struct lines *lines)
{
    enum line_kind kind = LINE_NONE;
    char *line = NULL;
    size_t size_bytes = 0;

    g->batch = (struct tally){0};
    if (!sink_batch_begin(g->sink)) {
        return false;
    }
    while ((kind = lines_next(lines, &line, &size_bytes)) != LINE_NONE) {
        if (!on_line(g, kind, line, size_bytes, lines->number)) {
            sink_batch_abandon(g->sink);
            return false;
        }
    }
    return sink_batch_commit(g->sink);
}

bool ingest_lines(struct sink *s, struct lines *lines, const struct ingest_options *options,
                  struct tally *out)
{
    struct ingest g = {.sink = s, .options = options};

    while (!lines->is_at_end) {
        if (!lines_fill(lines)) {
            (void)snprintf(s->error, sizeof s->error, "%s: cannot be read: %s", options->name,
                           strerror(errno));
            return false;
        }
        if (!on_buffer(&g, lines)) {
            return false;
        }
        add(out, &g.batch);
    }
    complaints_end(&g.complaints);
    return true;
}

bool ingest_rows(struct sink *s, const struct row *rows, size_t count, struct tally *out)
{
    struct tally batch = {0};

    if (!sink_batch_begin(s)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        enum arrival arrival = ARRIVAL_INSERTED;
        if (!sink_insert(s, &rows[i], &arrival)) {
            sink_batch_abandon(s);
            return false;
        }
        batch.arrivals[arrival]++;
    }
    if (!sink_batch_commit(s)) {
        return false;
    }
    add(out, &batch);
    return true;
}

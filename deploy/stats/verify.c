#include "verify.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "complaint.h"
#include "instant.h"
#include "lines.h"
#include "sink_sql.h"

/* The logs are read into temporary tables beside the sink, so that what is in one and not in
 * the other is a question in SQL, of any size, and all of it is asked in one snapshot. */

static const char *const preparations[] = {
    "CREATE TEMP TABLE logged(node TEXT, id TEXT, customer TEXT, positive INTEGER,"
    "  PRIMARY KEY (node, id))",
    "CREATE TEMP TABLE waiting(node TEXT, id TEXT, customer TEXT, positive INTEGER,"
    "  PRIMARY KEY (node, id))",
    "CREATE TEMP TABLE side(customer TEXT, side TEXT, queries BIGINT, positives BIGINT)",
};

static bool insert_logged(struct sink *s, struct statement *insert, const struct row *row)
{
    bool is_row = false;
    const bool went_well = sql_bind(s, insert,
                                    VALUES(TEXT(row->node), TEXT(row->id), TEXT(row->customer),
                                           INTEGER(row_is_positive(row) ? 1 : 0))) &&
                           sql_step(s, insert, &is_row);

    sql_reset(s, insert);
    return went_well;
}

/* A last line without its newline is being written, or was when the power went: it is not in
 * the log yet, and so was never inserted. */
static bool read_lines(struct sink *s, struct statement *insert, const char *name,
                       struct lines *lines, struct verification *v)
{
    struct complaints complaints = {0};
    enum line_kind kind = LINE_NONE;
    char *line = NULL;
    size_t size_bytes = 0;
    struct row row;

    while ((kind = lines_next(lines, &line, &size_bytes)) != LINE_NONE) {
        const bool is_row = kind == LINE_READY &&
                            row_parse(line, size_bytes, &row) == ROW_READ &&
                            row.id[0] != '\0' && row.node[0] != '\0';
        if (is_row) {
            if (!insert_logged(s, insert, &row)) {
                return false;
            }
        } else if (kind != LINE_UNFINISHED) {
            complain(&complaints, "%s:%" PRIu64 ": is not a row with id and node", name,
                     lines->number);
            v->unreadable++;
        }
    }
    complaints_end(&complaints);
    return true;
}

static bool read_log(struct sink *s, struct statement *insert, const char *name,
                     struct verification *v)
{
    static struct lines lines;
    const int fd = open(name, O_RDONLY | O_CLOEXEC);
    bool went_well = fd >= 0;

    lines_init(&lines, fd);
    while (went_well && !lines.is_at_end) {
        went_well = lines_fill(&lines);
        if (went_well && !read_lines(s, insert, name, &lines, v)) {
            (void)close(fd);
            return false;
        }
    }
    if (!went_well) {
        (void)snprintf(s->error, sizeof s->error, "%s: cannot be read: %s", name,
                       strerror(errno));
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return went_well;
}

static bool read_logs(struct sink *s, const char *const *logs, int count,
                      struct verification *v)
{
    struct statement *insert = sql_prepare(
        s, "INSERT INTO logged VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING", NO_VALUES);
    bool went_well = insert != NULL;

    for (int i = 0; went_well && i < count; i++) {
        went_well = read_log(s, insert, logs[i], v);
    }
    sql_finish(s, insert);
    return went_well;
}

/* A sink that has published nothing holds each row once, too: only who knows what is settled
 * can tell that some of it should have been published. */
static bool count_overdue(struct sink *s, int64_t last_window, struct verification *v)
{
    const struct value *limit = VALUES(INTEGER(last_window));

    if (last_window == INT64_MAX) {
        return true;
    }
    return sql_integer(s,
                       "SELECT count(*) FROM raw r WHERE r.window <= $1 AND r.window NOT IN "
                       "(SELECT p.window FROM published p)",
                       limit, 0, &v->overdue) &&
           sql_integer(s,
                       "SELECT coalesce(min(r.window), 0) FROM raw r WHERE r.window <= $1 AND "
                       "r.window NOT IN (SELECT p.window FROM published p)",
                       limit, 0, &v->first_overdue);
}

static bool take_sides(struct sink *s, int64_t last_window, struct verification *v)
{
    const struct value *limit = VALUES(INTEGER(last_window));

    return sql_run(s,
                   "INSERT INTO waiting SELECT * FROM logged l WHERE NOT EXISTS "
                   "(SELECT 1 FROM raw r WHERE r.node = l.node AND r.id = l.id)",
                   NO_VALUES) &&
           sql_run(s,
                   "INSERT INTO side SELECT customer, 'generated', count(*), sum(positive) "
                   "FROM logged GROUP BY customer",
                   NO_VALUES) &&
           sql_run(s,
                   "INSERT INTO side SELECT t.customer, 'published', sum(t.queries), "
                   "sum(t.positives) FROM totals t WHERE t.window <= $1 GROUP BY t.customer",
                   limit) &&
           sql_run(s,
                   "INSERT INTO side SELECT r.customer, 'unpublished', count(*), "
                   "count(*) FILTER (WHERE r.verdict = 'positive') FROM raw r "
                   "WHERE r.window > $1 OR r.window NOT IN "
                   "(SELECT p.window FROM published p) GROUP BY r.customer",
                   limit) &&
           sql_integer(s, "SELECT count(*) FROM published p WHERE p.window <= $1", limit, 0,
                       &v->windows) &&
           sql_integer(s,
                       "SELECT count(*) FROM raw r WHERE NOT EXISTS "
                       "(SELECT 1 FROM logged l WHERE l.node = r.node AND l.id = r.id)",
                       NO_VALUES, 0, &v->foreign);
}

/* Rows that were in a log and not in the snapshot may be on their way, since a running node
 * logs a batch before it inserts it. Waits until they are in, or too long for that. */
static bool await_arrivals(struct sink *s, int64_t patience_ms, struct verification *v)
{
    static const char missing[] = "SELECT count(*) FROM waiting w WHERE NOT EXISTS "
                                  "(SELECT 1 FROM raw r WHERE r.node = w.node AND r.id = w.id)";
    const int64_t until_ms = instant_monotonic_ms() + patience_ms;

    bool went_well = sql_integer(s, missing, NO_VALUES, 0, &v->missing);
    while (went_well && v->missing > 0 && instant_monotonic_ms() < until_ms) {
        instant_sleep_ms(50);
        went_well = sql_integer(s, missing, NO_VALUES, 0, &v->missing);
    }
    return went_well &&
           sql_run(s,
                   "INSERT INTO side SELECT customer, 'arriving', count(*), sum(positive) "
                   "FROM waiting w WHERE EXISTS "
                   "(SELECT 1 FROM raw r WHERE r.node = w.node AND r.id = w.id) "
                   "GROUP BY customer",
                   NO_VALUES);
}

static bool add_up(struct sink *s, struct verification *v)
{
    int64_t unequal = 0;
    const bool went_well =
        sql_integer(s, "SELECT coalesce(sum(queries), 0) FROM side WHERE side = 'generated'",
                    NO_VALUES, 0, &v->generated) &&
        sql_integer(s, "SELECT coalesce(sum(queries), 0) FROM side WHERE side = 'published'",
                    NO_VALUES, 0, &v->published) &&
        sql_integer(s, "SELECT coalesce(sum(queries), 0) FROM side WHERE side = 'unpublished'",
                    NO_VALUES, 0, &v->unpublished) &&
        sql_integer(s, "SELECT coalesce(sum(queries), 0) FROM side WHERE side = 'arriving'",
                    NO_VALUES, 0, &v->arriving) &&
        sql_integer(
            s,
            "SELECT count(*) FROM (SELECT customer FROM side GROUP BY customer HAVING "
            "sum(CASE side WHEN 'generated' THEN queries ELSE -queries END) <> 0 "
            "OR "
            "sum(CASE side WHEN 'generated' THEN positives ELSE -positives END) <> 0) AS u",
            NO_VALUES, 0, &unequal);

    v->unequal = unequal;
    v->is_equal = unequal == 0 && v->missing == 0 && v->foreign == 0 && v->unreadable == 0 &&
                  v->overdue == 0;
    return went_well;
}

bool verify_run(struct sink *s, const char *const *logs, int log_count, int64_t last_window,
                int64_t patience_ms, struct verification *v)
{
    int64_t open = 0;

    *v = (struct verification){0};
    for (size_t i = 0; i < sizeof preparations / sizeof *preparations; i++) {
        if (!sql_run(s, preparations[i], NO_VALUES)) {
            return false;
        }
    }
    /* The snapshot begins with the first reading, and before the logs are read: so whatever is
     * in it is in the logs too, and only the logs can be ahead. */
    return sql_begin_reading(s) &&
           sql_integer(s, "SELECT open FROM clock", NO_VALUES, 0, &open) &&
           read_logs(s, logs, log_count, v) && take_sides(s, last_window, v) &&
           count_overdue(s, last_window, v) && sql_commit(s) &&
           await_arrivals(s, patience_ms, v) && add_up(s, v);
}

#include <assert.h>
#include <string.h>

#include "sink.h"
#include "sink_sql.h"

/* Rows come in. The number of their window is given here and never changes: all that is counted
 * later is counted by it, so that a late row is counted once, in the window that was open when
 * it came, and nobody's idea of the time of an event decides anything. */

const char *arrival_text(enum arrival arrival)
{
#define ARRIVAL_TEXT(name, text) [ARRIVAL_##name] = text,
    static const char *const texts[] = {ARRIVALS(ARRIVAL_TEXT)};
#undef ARRIVAL_TEXT
    return texts[arrival];
}

static bool fix_window(struct sink *s)
{
    const int64_t now_ms = s->now_ms();
    const int64_t current = now_ms > 0 ? now_ms / 1000 / s->window_s : 0;

    if (!sql_integer(s, "SELECT open FROM clock", NO_VALUES, 0, &s->batch)) {
        return false;
    }
    if (s->batch < current) {
        s->batch = current;
    }
    return true;
}

bool sink_batch_begin(struct sink *s)
{
    if (!sql_begin(s)) {
        return false;
    }
    if (s->insert == NULL) {
        s->insert = sql_prepare(s,
                                "INSERT INTO raw(node, id, window, time_ms, customer, verdict) "
                                "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                                NO_VALUES);
    }
    if (s->insert == NULL || !fix_window(s)) {
        sql_rollback(s);
        return false;
    }
    return true;
}

static bool count(struct sink *s, const char *node, enum arrival arrival)
{
    return sql_run(s,
                   "INSERT INTO arrived VALUES (?, ?, 1) "
                   "ON CONFLICT DO UPDATE SET count = count + 1",
                   VALUES(TEXT(node), TEXT(arrival_text(arrival))));
}

bool sink_count_malformed(struct sink *s, const char *node)
{
    return count(s, node, ARRIVAL_MALFORMED);
}

static bool is_same(struct sink *s, const struct row *row, bool *out)
{
    int64_t same = 0;
    const bool went_well =
        sql_integer(s,
                    "SELECT time_ms = ? AND customer = ? AND verdict = ? FROM raw WHERE node = "
                    "? AND id = ?",
                    VALUES(INTEGER(row->time_ms), TEXT(row->customer), TEXT(row->verdict),
                           TEXT(row->node), TEXT(row->id)),
                    0, &same);

    *out = same != 0;
    return went_well;
}

static bool judge(struct sink *s, const struct row *row, bool is_new, enum arrival *out)
{
    bool same = false;

    if (is_new) {
        const bool is_late = row->time_ms / 1000 / s->window_s < s->batch;
        *out = is_late ? ARRIVAL_LATE : ARRIVAL_INSERTED;
        return true;
    }
    const bool went_well = is_same(s, row, &same);
    *out = same ? ARRIVAL_DOUBLED : ARRIVAL_CONTRADICTING;
    return went_well;
}

bool sink_insert(struct sink *s, const struct row *row, enum arrival *out)
{
    assert(row->id[0] != '\0');
    assert(row->node[0] != '\0');
    bool is_row = false;
    const struct value *values =
        VALUES(TEXT(row->node), TEXT(row->id), INTEGER(s->batch), INTEGER(row->time_ms),
               TEXT(row->customer), TEXT(row->verdict));

    const bool went_well = sql_bind(s, s->insert, values) && sql_step(s, s->insert, &is_row);
    const bool is_new = went_well && sqlite3_changes(s->db) == 1;
    (void)sqlite3_reset(s->insert);
    (void)sqlite3_clear_bindings(s->insert);
    if (!went_well || !judge(s, row, is_new, out)) {
        return false;
    }
    return *out == ARRIVAL_INSERTED || count(s, row->node, *out);
}

bool sink_ordinal(struct sink *s, const char *row_digest, int64_t *ordinal)
{
    return sql_run(s,
                   "CREATE TEMP TABLE IF NOT EXISTS met("
                   "digest TEXT PRIMARY KEY, count INTEGER NOT NULL) STRICT, WITHOUT ROWID",
                   NO_VALUES) &&
           sql_integer(s,
                       "INSERT INTO met VALUES (?, 0) "
                       "ON CONFLICT DO UPDATE SET count = count + 1 RETURNING count",
                       VALUES(TEXT(row_digest)), 0, ordinal);
}

bool sink_has(struct sink *s, const char *node, const char *id, bool *out)
{
    int64_t found = 0;
    const bool went_well = sql_integer(s, "SELECT 1 FROM raw WHERE node = ? AND id = ?",
                                       VALUES(TEXT(node), TEXT(id)), 0, &found);

    *out = found != 0;
    return went_well;
}

bool sink_batch_commit(struct sink *s)
{
    if (sql_commit(s)) {
        return true;
    }
    sql_rollback(s);
    return false;
}

void sink_batch_abandon(struct sink *s)
{
    sql_rollback(s);
}

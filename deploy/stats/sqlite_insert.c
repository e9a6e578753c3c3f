#include "sqlite.h"

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

bool sqlite_batch_begin(struct sink *s)
{
    if (!sqlite_begin(s)) {
        return false;
    }
    if (s->insert == NULL) {
        s->insert = sql_prepare(s,
                                "INSERT INTO raw(node, id, window, time_ms, customer, verdict) "
                                "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
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
                   "INSERT INTO arrived VALUES ($1, $2, 1) "
                   "ON CONFLICT DO UPDATE SET count = count + 1",
                   VALUES(TEXT(node), TEXT(arrival_text(arrival))));
}

bool sqlite_count_malformed(struct sink *s, const char *node)
{
    return count(s, node, ARRIVAL_MALFORMED);
}

static bool is_same(struct sink *s, const struct row *row, bool *out)
{
    int64_t same = 0;
    const bool went_well =
        sql_integer(s,
                    "SELECT time_ms = $1 AND customer = $2 AND verdict = $3 FROM raw "
                    "WHERE node = $4 AND id = $5",
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

bool sqlite_insert(struct sink *s, const struct row *row, enum arrival *out)
{
    bool is_row = false;
    const struct value *values =
        VALUES(TEXT(row->node), TEXT(row->id), INTEGER(s->batch), INTEGER(row->time_ms),
               TEXT(row->customer), TEXT(row->verdict));

    const bool went_well = sql_bind(s, s->insert, values) && sql_step(s, s->insert, &is_row);
    const bool is_new = went_well && sqlite_changed(s) == 1;
    sql_reset(s, s->insert);
    if (!went_well || !judge(s, row, is_new, out)) {
        return false;
    }
    return *out == ARRIVAL_INSERTED || count(s, row->node, *out);
}

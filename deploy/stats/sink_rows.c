#include <assert.h>

#include "driver.h"

/* Rows come in. The number of their window is given to them here and never changes: all that is
 * counted later is counted by it, so that a late row is counted once, in the window that was
 * open when it came, and nobody's idea of the time of an event decides anything. */

const char *arrival_text(enum arrival arrival)
{
#define ARRIVAL_TEXT(name, text) [ARRIVAL_##name] = text,
    static const char *const texts[] = {ARRIVALS(ARRIVAL_TEXT)};
#undef ARRIVAL_TEXT
    return texts[arrival];
}

bool sink_batch_begin(struct sink *s)
{
    return s->driver->batch_begin(s);
}

bool sink_insert(struct sink *s, const struct row *row, enum arrival *out)
{
    assert(row->id[0] != '\0');
    assert(row->node[0] != '\0');
    return s->driver->insert(s, row, out);
}

bool sink_count_malformed(struct sink *s, const char *node)
{
    return s->driver->count_malformed(s, node);
}

bool sink_ordinal(struct sink *s, const char *row_digest, int64_t *ordinal)
{
    return sql_run(s,
                   "CREATE TEMP TABLE IF NOT EXISTS met("
                   "digest TEXT PRIMARY KEY, count BIGINT NOT NULL)",
                   NO_VALUES) &&
           sql_integer(s,
                       "INSERT INTO met VALUES ($1, 0) "
                       "ON CONFLICT (digest) DO UPDATE SET count = met.count + 1 "
                       "RETURNING met.count",
                       VALUES(TEXT(row_digest)), 0, ordinal);
}

bool sink_has(struct sink *s, const char *node, const char *id, bool *out)
{
    int64_t found = 0;
    const bool went_well = sql_integer(s, "SELECT 1 FROM raw WHERE node = $1 AND id = $2",
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

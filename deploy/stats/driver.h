#ifndef STATS_DRIVER_H
#define STATS_DRIVER_H

#include "sink_sql.h"

/* What a database must do to be a sink; sink.h and sink_sql.h say what each function promises.
 * There is one for SQLite (sqlite*.c) and one for PostgreSQL (postgres*.c). */

struct driver {
    /* `s` has its path (for messages), address and busy_ms. What they leave open when they
     * answer false, `finish` closes. */
    bool (*found)(struct sink *s, const char *address, const struct sink_founding *founding);
    bool (*open)(struct sink *s, const char *address);
    void (*finish)(struct sink *s);
    bool (*is_busy)(const struct sink *s);

    struct statement *(*prepare)(struct sink *s, const char *sql);
    bool (*bind)(struct sink *s, struct statement *statement, const struct value *values);
    bool (*step)(struct sink *s, struct statement *statement, bool *is_row);
    int64_t (*column)(struct statement *statement, int column);
    const char *(*column_text)(struct statement *statement, int column);
    void (*reset)(struct sink *s, struct statement *statement);
    void (*finish_statement)(struct sink *s, struct statement *statement);
    const char *begin_reading; /* a statement */
    bool (*is_in_transaction)(const struct sink *s);

    bool (*batch_begin)(struct sink *s);
    bool (*insert)(struct sink *s, const struct row *row, enum arrival *out);
    bool (*count_malformed)(struct sink *s, const char *node);
    bool (*close)(struct sink *s, int64_t window, enum sink_answer *out);
    bool (*stage)(struct sink *s, const struct claim *claim, const struct rollup *rows,
                  enum sink_answer *out, struct publication *published);
    bool (*endorse)(struct sink *s, const struct claim *claim, enum sink_answer *out,
                    struct publication *published);
    bool (*version)(struct sink *s, int64_t *out);
};

extern const struct driver sqlite_driver;
extern const struct driver postgres_driver;

#endif

#include "sqlite_schema.h"

#define ONE_ROW "one INTEGER PRIMARY KEY CHECK (one = 1)"
#define NEVER(action, table)                                                                   \
    "CREATE TRIGGER " table "_no_" #action " BEFORE " #action " ON " table                     \
    " BEGIN SELECT raise(ABORT, 'no " #action " on " table "'); END;\n"

const char sqlite_schema[] =
    "CREATE TABLE setting(" ONE_ROW ","
    "  window_s INTEGER NOT NULL CHECK (window_s > 0),"
    "  endorsers INTEGER NOT NULL CHECK (endorsers IN (1, 2))) STRICT;\n"

    "CREATE TABLE clock(" ONE_ROW ", open INTEGER NOT NULL CHECK (open >= 0)) STRICT;\n"
    "CREATE TABLE fence(" ONE_ROW ", top INTEGER NOT NULL CHECK (top >= 0)) STRICT;\n"

    "CREATE TABLE raw("
    "  node TEXT NOT NULL, id TEXT NOT NULL, window INTEGER NOT NULL,"
    "  time_ms INTEGER NOT NULL, customer TEXT NOT NULL, verdict TEXT NOT NULL,"
    "  PRIMARY KEY (node, id)) STRICT, WITHOUT ROWID;\n"
    "CREATE INDEX raw_by_window ON raw(window, customer, verdict);\n"

    "CREATE TABLE author("
    "  window INTEGER NOT NULL, fence INTEGER NOT NULL, member TEXT NOT NULL,"
    "  PRIMARY KEY (window, fence)) STRICT, WITHOUT ROWID;\n"
    "CREATE TABLE staged("
    "  window INTEGER NOT NULL, fence INTEGER NOT NULL, key TEXT NOT NULL,"
    "  queries INTEGER NOT NULL, positives INTEGER NOT NULL,"
    "  PRIMARY KEY (window, fence, key),"
    "  FOREIGN KEY (window, fence) REFERENCES author) STRICT, WITHOUT ROWID;\n"
    "CREATE TABLE endorsed("
    "  window INTEGER NOT NULL, member TEXT NOT NULL,"
    "  digest TEXT NOT NULL CHECK (length(digest) = 32),"
    "  PRIMARY KEY (window, member, digest)) STRICT, WITHOUT ROWID;\n"
    "CREATE TABLE published("
    "  window INTEGER PRIMARY KEY, fence INTEGER NOT NULL,"
    "  digest TEXT NOT NULL CHECK (length(digest) = 32),"
    "  FOREIGN KEY (window, fence) REFERENCES author) STRICT;\n"

    "CREATE TABLE arrived("
    "  node TEXT NOT NULL, kind TEXT NOT NULL, count INTEGER NOT NULL,"
    "  PRIMARY KEY (node, kind)) STRICT, WITHOUT ROWID;\n"

    "CREATE VIEW totals AS"
    "  SELECT window, key AS customer, queries, positives"
    "  FROM staged JOIN published USING (window, fence);\n"

    "CREATE TRIGGER raw_is_frozen BEFORE INSERT ON raw"
    "  WHEN NEW.window < (SELECT open FROM clock)"
    "  BEGIN SELECT raise(ABORT, 'the window is closed'); END;\n"
    "CREATE TRIGGER clock_only_grows BEFORE UPDATE ON clock WHEN NEW.open < OLD.open"
    "  BEGIN SELECT raise(ABORT, 'open only grows'); END;\n"
    "CREATE TRIGGER fence_only_grows BEFORE UPDATE ON fence WHEN NEW.top < OLD.top"
    "  BEGIN SELECT raise(ABORT, 'top only grows'); END;\n"
    /* clang-format off */
    NEVER(DELETE, "clock") NEVER(DELETE, "fence")
    NEVER(UPDATE, "raw") NEVER(DELETE, "raw")
    NEVER(UPDATE, "author") NEVER(DELETE, "author")
    NEVER(UPDATE, "staged") NEVER(DELETE, "staged")
    NEVER(UPDATE, "endorsed") NEVER(DELETE, "endorsed")
    NEVER(UPDATE, "published") NEVER(DELETE, "published");
/* clang-format on */

#ifndef STATS_SQLITE_SCHEMA_H
#define STATS_SQLITE_SCHEMA_H

/* "OsSk", and the version of what follows. */
#define SQLITE_APPLICATION_ID 0x4f73536b
#define SQLITE_USER_VERSION 2

/* The tables of standing.md, section 7, with its names. SQLite has no roles, so the triggers
 * stand for "no UPDATE, no DELETE": they keep a hand with a shell, not an enemy, from changing
 * history.
 */
extern const char sqlite_schema[];

#endif

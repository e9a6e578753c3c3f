#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cjson/cJSON.h>

#include "postgres.h"

/* The procedures of postgres.sql, called. Each is one statement, so that none leaves a
 * transaction open between two; a batch of rows does, and the server ends it when this process
 * falls asleep in it. */

bool postgres_batch_begin(struct sink *s)
{
    return sql_run(s, "BEGIN", NO_VALUES);
}

static bool arrival_parse(const char *text, enum arrival *out)
{
    for (size_t i = 0; text != NULL && i < ARRIVAL_COUNT; i++) {
        if (strcmp(text, arrival_text((enum arrival)i)) == 0) {
            *out = (enum arrival)i;
            return true;
        }
    }
    return false;
}

/* A row that the server refuses leaves the transaction of no use; the caller abandons it. */
bool postgres_insert(struct sink *s, const struct row *row, enum arrival *out)
{
    bool is_row = false;
    struct statement *statement =
        sql_prepare(s, "SELECT ostrakon.insert_row($1, $2, $3, $4, $5)",
                    VALUES(TEXT(row->node), TEXT(row->id), INTEGER(row->time_ms),
                           TEXT(row->customer), TEXT(row->verdict)));
    bool went_well = statement != NULL && sql_step(s, statement, &is_row);

    if (went_well) {
        went_well = (is_row && arrival_parse(sql_column_text(s, statement, 0), out)) ||
                    sql_refuse(s, "the server's answer about a row makes no sense");
    }
    sql_finish(s, statement);
    return went_well;
}

bool postgres_count_malformed(struct sink *s, const char *node)
{
    return sql_run(s, "SELECT ostrakon.count_malformed($1)", VALUES(TEXT(node)));
}

static bool answer_parse(const char *text, enum sink_answer *out)
{
#define SINK_ANSWER_WORD(name, text) [SINK_##name] = #name,
    static const char *const words[] = {SINK_ANSWERS(SINK_ANSWER_WORD)};
#undef SINK_ANSWER_WORD

    for (size_t i = 0; text != NULL && i < sizeof words / sizeof *words; i++) {
        if (strcasecmp(text, words[i]) == 0) {
            *out = (enum sink_answer)i;
            return true;
        }
    }
    return false;
}

/* Runs a procedure that answers (answer) or (answer, fence, digest of what is published). */
static bool call(struct sink *s, const char *sql, const struct value *values,
                 enum sink_answer *out, struct publication *published)
{
    bool is_row = false;
    struct statement *statement = sql_prepare(s, sql, values);
    bool went_well = statement != NULL && sql_step(s, statement, &is_row);

    if (went_well) {
        went_well = is_row && answer_parse(sql_column_text(s, statement, 0), out);
        if (went_well && published != NULL) {
            const char *digest = sql_column_text(s, statement, 2);
            published->is_there = digest != NULL;
            published->fence = sql_column(s, statement, 1);
            went_well = digest == NULL || sql_digest(digest, &published->digest);
        }
        if (!went_well) {
            (void)sql_refuse(s, "the server's answer makes no sense");
        }
    }
    sql_finish(s, statement);
    return went_well;
}

bool postgres_close_window(struct sink *s, int64_t window, enum sink_answer *out)
{
    return call(s, "SELECT ostrakon.close($1)", VALUES(INTEGER(window)), out, NULL);
}

/* The server writes down who is logged in; that it is who the agent says is for us to see. */
static bool is_logged_in(struct sink *s, const char *member)
{
    int64_t is_me = 0;

    if (!sql_integer(s, "SELECT count(*) WHERE ostrakon.me() = $1", VALUES(TEXT(member)), 0,
                     &is_me)) {
        return false;
    }
    if (is_me == 0) {
        (void)snprintf(s->error, sizeof s->error,
                       "%s: the member is %s, and must log in as the role member_%s", s->path,
                       member, member);
    }
    return is_me != 0;
}

/* [[customer, queries, positives], ...]; the caller frees it. */
static char *lines_print(const struct rollup *rows)
{
    char digits[24];
    cJSON *lines = cJSON_CreateArray();

    for (size_t i = 0; i < rows->count; i++) {
        const struct rollup_line *from = &rows->lines[i];
        cJSON *line = cJSON_CreateArray();
        cJSON_AddItemToArray(line, cJSON_CreateString(from->customer));
        /* Not as numbers, which cJSON prints as if they were approximate. */
        (void)snprintf(digits, sizeof digits, "%" PRId64, from->queries);
        cJSON_AddItemToArray(line, cJSON_CreateRaw(digits));
        (void)snprintf(digits, sizeof digits, "%" PRId64, from->positives);
        cJSON_AddItemToArray(line, cJSON_CreateRaw(digits));
        cJSON_AddItemToArray(lines, line);
    }
    char *text = cJSON_PrintUnformatted(lines);
    cJSON_Delete(lines);
    if (text == NULL) {
        abort();
    }
    return text;
}

bool postgres_stage(struct sink *s, const struct claim *claim, const struct rollup *rows,
                    enum sink_answer *out, struct publication *published)
{
    char digest[DIGEST_TEXT_BYTES];

    if (!is_logged_in(s, claim->member)) {
        return false;
    }
    digest_format(&claim->digest, digest);
    char *lines = lines_print(rows);
    const bool went_well =
        call(s, "SELECT * FROM ostrakon.stage($1, $2, $3::jsonb, $4)",
             VALUES(INTEGER(claim->window), INTEGER(claim->fence), TEXT(lines), TEXT(digest)),
             out, published);
    free(lines);
    return went_well;
}

bool postgres_endorse(struct sink *s, const struct claim *claim, enum sink_answer *out,
                      struct publication *published)
{
    char digest[DIGEST_TEXT_BYTES];

    digest_format(&claim->digest, digest);
    return is_logged_in(s, claim->member) &&
           call(s, "SELECT * FROM ostrakon.endorse($1, $2, $3)",
                VALUES(INTEGER(claim->window), INTEGER(claim->fence), TEXT(digest)), out,
                published);
}

#include "store.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store_internal.h"

#define TEXTS 5

static const char *or_empty(const char *text)
{
    return text != NULL ? text : "";
}

static size_t text_size(const char *text)
{
    return text != NULL ? strlen(text) + 1 : 0;
}

static const char *text_move(char **at, const char *text)
{
    if (text == NULL) {
        return NULL;
    }
    const size_t size_bytes = strlen(text) + 1;
    char *const copy = memcpy(*at, text, size_bytes);
    *at += size_bytes;
    return copy;
}

/* All texts of one event in one piece of memory, of which `name` is the beginning. */
static bool event_copy(struct store_event *to, const struct store_event *from)
{
    assert(from->name != NULL);
    const size_t size_bytes = text_size(from->name) + text_size(from->code) +
                              text_size(from->member) + text_size(from->fields) +
                              text_size(from->message);
    char *at = malloc(size_bytes);
    if (at == NULL) {
        return false;
    }
    *to = *from;
    to->name = text_move(&at, from->name);
    to->code = text_move(&at, from->code);
    to->member = text_move(&at, from->member);
    to->fields = text_move(&at, from->fields);
    to->message = text_move(&at, from->message);
    return true;
}

void store_events_finish(struct store_events *e)
{
    if (e == NULL) {
        return;
    }
    for (uint32_t i = 0; i < e->count; i++) {
        free((void *)(uintptr_t)e->list[i].name);
    }
    free(e->list);
    *e = (struct store_events){0};
}

bool store_events_copy(struct store_events *to, const struct store_event *list, uint32_t count)
{
    *to = (struct store_events){0};
    if (count == 0) {
        return true;
    }
    to->list = calloc(count, sizeof *to->list);
    if (to->list == NULL) {
        return false;
    }
    for (; to->count < count; to->count++) {
        if (!event_copy(&to->list[to->count], &list[to->count])) {
            store_events_finish(to);
            return false;
        }
    }
    return true;
}

static void bind_text(sqlite3_stmt *statement, int place, const char *text)
{
    if (text == NULL) {
        sqlite3_bind_null(statement, place);
    } else {
        sqlite3_bind_text(statement, place, text, -1, SQLITE_TRANSIENT);
    }
}

enum store_answer store_events_put(struct store *s, const struct store_event *events,
                                   uint32_t count)
{
    sqlite3_stmt *const put = s->statements[STATEMENT_EVENT_PUT];
    for (uint32_t i = 0; i < count; i++) {
        const struct store_event *const e = &events[i];
        assert(e->name != NULL && e->code != NULL && e->fields != NULL && e->message != NULL);
        assert(e->height <= INT64_MAX && e->time_ms <= INT64_MAX);
        sqlite3_bind_int64(put, 1, (int64_t)e->height);
        sqlite3_bind_int(put, 2, e->ordinal);
        sqlite3_bind_int64(put, 3, (int64_t)e->time_ms);
        sqlite3_bind_int64(put, 4, e->level);
        bind_text(put, 5, e->name);
        bind_text(put, 6, e->code);
        bind_text(put, 7, e->member);
        bind_text(put, 8, e->fields);
        bind_text(put, 9, e->message);
        if (!store_run(s, STATEMENT_EVENT_PUT)) {
            return store_fault(s);
        }
    }
    return STORE_ANSWER_DONE;
}

enum store_answer store_events_write(struct store *s, const struct store_event *events,
                                     uint32_t count)
{
    const enum store_answer answer = store_begin(s);
    if (answer != STORE_ANSWER_DONE) {
        return answer;
    }
    return store_end(s, store_events_put(s, events, count));
}

static bool event_of_row(sqlite3_stmt *row, struct store_event *e)
{
    const char *texts[TEXTS];
    for (int i = 0; i < TEXTS; i++) {
        texts[i] = (const char *)sqlite3_column_text(row, 5 + i);
    }
    const struct store_event borrowed = {
        .id = (uint64_t)sqlite3_column_int64(row, 0),
        .height = (uint64_t)sqlite3_column_int64(row, 1),
        .ordinal = sqlite3_column_int(row, 2),
        .time_ms = (uint64_t)sqlite3_column_int64(row, 3),
        .level = (uint32_t)sqlite3_column_int(row, 4),
        .name = or_empty(texts[0]),
        .code = or_empty(texts[1]),
        .member = texts[2],
        .fields = or_empty(texts[3]),
        .message = or_empty(texts[4]),
    };
    return event_copy(e, &borrowed);
}

static enum store_statement statement_of(const struct store_query *q)
{
    if (q->placed) {
        return STATEMENT_EVENTS_PLACED;
    }
    if (q->code != NULL) {
        return q->newest ? STATEMENT_EVENTS_OF_CODE_NEWEST : STATEMENT_EVENTS_OF_CODE;
    }
    if (q->member != NULL) {
        return q->newest ? STATEMENT_EVENTS_OF_MEMBER_NEWEST : STATEMENT_EVENTS_OF_MEMBER;
    }
    return q->newest ? STATEMENT_EVENTS_NEWEST : STATEMENT_EVENTS;
}

static sqlite3_stmt *query_bind(struct store *s, const struct store_query *q)
{
    sqlite3_stmt *const rows = s->statements[statement_of(q)];
    sqlite3_bind_int64(rows, 1, (int64_t)q->after_id);
    sqlite3_bind_int64(rows, 2, (int64_t)q->since_ms);
    bind_text(rows, 3, q->member); /* 3 and 4: of no effect where the statement has none */
    bind_text(rows, 4, q->code);
    sqlite3_bind_int64(rows, 5, q->limit);
    if (q->placed) {
        sqlite3_bind_int64(rows, 6, (int64_t)q->after_height);
        sqlite3_bind_int(rows, 7, q->after_ordinal);
    }
    return rows;
}

static void reverse(struct store_events *e)
{
    for (uint32_t i = 0; i < e->count / 2; i++) {
        const struct store_event event = e->list[i];
        e->list[i] = e->list[e->count - 1 - i];
        e->list[e->count - 1 - i] = event;
    }
}

enum store_answer store_events_read(struct store *s, const struct store_query *q,
                                    struct store_events *events)
{
    assert(q->limit > 0 && q->limit <= STORE_EVENTS_MAX);
    assert(!(q->placed && q->newest));
    assert(q->after_id <= INT64_MAX && q->since_ms <= INT64_MAX);
    assert(q->after_height <= INT64_MAX);
    *events = (struct store_events){0};
    if (s->database == NULL) {
        return STORE_ANSWER_REFUSED;
    }
    *events = (struct store_events){.list = calloc(q->limit, sizeof *events->list)};
    if (events->list == NULL) {
        s->error = ENOMEM;
        return STORE_ANSWER_REFUSED;
    }
    sqlite3_stmt *const rows = query_bind(s, q);
    enum store_answer answer = STORE_ANSWER_DONE;
    int code = sqlite3_step(rows);
    for (; code == SQLITE_ROW && answer == STORE_ANSWER_DONE; code = sqlite3_step(rows)) {
        if (event_of_row(rows, &events->list[events->count])) {
            events->count++;
        } else {
            s->error = ENOMEM;
            answer = STORE_ANSWER_REFUSED;
        }
    }
    if (answer == STORE_ANSWER_DONE && code != SQLITE_DONE) {
        answer = store_fault(s);
    }
    sqlite3_reset(rows);
    sqlite3_clear_bindings(rows);
    if (q->newest) {
        reverse(events);
    }
    if (answer != STORE_ANSWER_DONE) {
        store_events_finish(events);
    }
    return answer;
}

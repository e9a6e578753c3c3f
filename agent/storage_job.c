#include "storage_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *need(void *memory)
{
    if (memory == NULL) {
        fputs("ostrakond: no memory for a write to the disk\n", stderr);
        abort();
    }
    return memory;
}

struct job *job_create(enum job_kind kind, uint64_t serial)
{
    struct job *const j = need(calloc(1, sizeof *j));
    j->kind = kind;
    j->serial = serial;
    j->queued_ms = storage_now_ms();
    return j;
}

/* Appends a copy at `*at`, which it moves on; NULL stays NULL. */
static const uint8_t *put(uint8_t **at, const uint8_t *bytes, size_t size_bytes)
{
    if (size_bytes == 0) {
        return NULL;
    }
    uint8_t *const copy = memcpy(*at, bytes, size_bytes);
    *at += size_bytes;
    return copy;
}

struct job *job_of_record(enum job_kind kind, uint64_t serial, const struct votes_write *w)
{
    struct job *const j = job_create(kind, serial);
    const size_t block_bytes = w->block != NULL ? w->block_bytes : 0;
    const size_t hash_bytes = w->block != NULL ? VOTES_HASH_BYTES : 0;
    const size_t keep_bytes = (size_t)w->keep_count * VOTES_HASH_BYTES;
    j->bytes = need(malloc(w->record_bytes + block_bytes + hash_bytes + keep_bytes + 1));
    uint8_t *at = j->bytes;
    j->write = *w;
    j->write.record = put(&at, w->record, w->record_bytes);
    j->write.block = put(&at, w->block, block_bytes);
    j->write.block_hash = put(&at, w->block_hash, hash_bytes);
    j->write.keep = put(&at, w->keep, keep_bytes);
    return j;
}

static void events_take(struct job *j, const struct store_event *events, uint32_t count)
{
    if (!store_events_copy(&j->events, events, count)) {
        need(NULL);
    }
}

struct job *job_of_block(uint64_t serial, const struct store_block *b,
                         const struct store_event *events, uint32_t count)
{
    struct job *const j = job_create(JOB_BLOCK, serial);
    j->bytes = need(malloc(b->decided_bytes + 1u));
    memcpy(j->bytes, b->decided, b->decided_bytes);
    j->block = *b;
    j->block.decided = j->bytes;
    events_take(j, events, count);
    return j;
}

struct job *job_of_events(const struct store_event *events, uint32_t count)
{
    struct job *const j = job_create(JOB_EVENTS, 0);
    events_take(j, events, count);
    return j;
}

struct job *job_of_snapshot(uint64_t height, const uint8_t *state, uint32_t size_bytes)
{
    struct job *const j = job_create(JOB_SNAPSHOT, 0);
    j->bytes = need(malloc(size_bytes + 1u));
    memcpy(j->bytes, state, size_bytes);
    j->size_bytes = size_bytes;
    j->height = height;
    return j;
}

struct job *job_of_query(const struct store_query *query)
{
    struct job *const j = job_create(JOB_READ_EVENTS, 0);
    const size_t member_bytes = query->member != NULL ? strlen(query->member) + 1 : 0;
    const size_t code_bytes = query->code != NULL ? strlen(query->code) + 1 : 0;
    j->bytes = need(malloc(member_bytes + code_bytes + 1));
    uint8_t *at = j->bytes;
    j->query = *query;
    j->query.member = (const char *)put(&at, (const uint8_t *)query->member, member_bytes);
    j->query.code = (const char *)put(&at, (const uint8_t *)query->code, code_bytes);
    return j;
}

void job_empty(struct job *j)
{
    if (j->kind == JOB_READ_BLOCK) {
        store_block_finish(&j->block); /* that of a write lies in `bytes` */
    }
    store_events_finish(&j->events);
    free(j->bytes);
    j->bytes = NULL;
}

void job_destroy(struct job *j)
{
    job_empty(j);
    free(j);
}

void job_queue_put(struct job_queue *q, struct job *j)
{
    j->next = NULL;
    if (q->last != NULL) {
        q->last->next = j;
    } else {
        q->first = j;
    }
    q->last = j;
    q->count++;
}

struct job *job_queue_take(struct job_queue *q)
{
    struct job *const j = q->first;
    if (j != NULL) {
        q->first = j->next;
        q->last = q->first != NULL ? q->last : NULL;
        q->count--;
    }
    return j;
}

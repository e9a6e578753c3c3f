#include "world.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void disk_write(struct world *w, struct agent *a, const struct effect *e)
{
    struct write *write = calloc(1, sizeof *write);
    assert(write != NULL);
    write->serial = e->serial;
    if (e->kind == EFFECT_STORE_BLOCK) {
        write->height = e->height;
        write->body_bytes = e->body.size_bytes;
        memcpy(write->body, w->out.outbox + e->body.offset, e->body.size_bytes);
    } else {
        const struct persist *p = &e->persist;
        write->persist = *p;
        write->record_bytes = p->record.size_bytes;
        memcpy(write->record, w->out.outbox + p->record.offset, p->record.size_bytes);
        write->body_bytes = p->block.size_bytes;
        memcpy(write->body, w->out.outbox + p->block.offset, p->block.size_bytes);
    }
    struct write **last = &a->writes;
    while (*last != NULL) {
        last = &(*last)->next;
    }
    *last = write;
}

static struct held_block *held_of(struct disk *d, const struct hash *hash)
{
    for (uint32_t i = 0; i < HELD_MAX; i++) {
        if (d->held[i].size_bytes > 0 && hash_equal(&d->held[i].hash, hash)) {
            return &d->held[i];
        }
    }
    return NULL;
}

static bool is_kept(const struct persist *p, const struct hash *hash)
{
    for (uint32_t i = 0; i < p->held_count; i++) {
        if (hash_equal(&p->held[i], hash)) {
            return true;
        }
    }
    return false;
}

static void keep_record(struct disk *d, const struct write *write)
{
    d->record_bytes = write->record_bytes;
    memcpy(d->record, write->record, write->record_bytes);
    for (uint32_t i = 0; i < HELD_MAX; i++) {
        if (!is_kept(&write->persist, &d->held[i].hash)) {
            d->held[i].size_bytes = 0;
        }
    }
    for (uint32_t i = 0; write->body_bytes > 0 && i < HELD_MAX; i++) {
        if (d->held[i].size_bytes == 0) {
            d->held[i].hash = write->persist.block_hash;
            d->held[i].size_bytes = write->body_bytes;
            memcpy(d->held[i].bytes, write->body, write->body_bytes);
            break;
        }
    }
    for (uint32_t i = 0; i < write->persist.held_count; i++) {
        assert(held_of(d, &write->persist.held[i]) != NULL);
    }
}

uint64_t disk_finish_one(struct agent *a)
{
    struct write *write = a->writes;
    if (write == NULL) {
        return 0;
    }
    a->writes = write->next;
    struct disk *d = &a->disk;
    if (write->height == 0) {
        keep_record(d, write);
    } else {
        assert(write->height == d->height + 1 && write->height < HEIGHTS_MAX);
        struct stored_block *b = &d->decided[write->height];
        b->bytes = malloc(write->body_bytes);
        assert(b->bytes != NULL);
        memcpy(b->bytes, write->body, write->body_bytes);
        b->size_bytes = write->body_bytes;
        d->height = write->height;
    }
    const uint64_t serial = write->serial;
    free(write);
    return serial;
}

void disk_lose_writes(struct agent *a)
{
    while (a->writes != NULL) {
        struct write *write = a->writes;
        a->writes = write->next;
        free(write);
    }
}

static void free_chain(struct disk *d)
{
    for (uint32_t i = 0; i < HEIGHTS_MAX; i++) {
        free(d->decided[i].bytes);
        d->decided[i] = (struct stored_block){.bytes = NULL};
    }
    d->height = 0;
}

void disk_copy(struct disk *to, const struct disk *from, bool record, bool chain)
{
    if (record) {
        to->record_bytes = from->record_bytes;
        memcpy(to->record, from->record, sizeof to->record);
        memcpy(to->held, from->held, sizeof to->held);
    }
    if (!chain) {
        return;
    }
    free_chain(to);
    to->height = from->height;
    for (uint32_t i = 1; i <= from->height; i++) {
        const struct stored_block *b = &from->decided[i];
        to->decided[i].size_bytes = b->size_bytes;
        to->decided[i].bytes = malloc(b->size_bytes);
        assert(to->decided[i].bytes != NULL);
        memcpy(to->decided[i].bytes, b->bytes, b->size_bytes);
    }
}

void disk_free(struct disk *d)
{
    free_chain(d);
}

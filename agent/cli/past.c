#include "past.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/store.h"
#include "agent/text.h"
#include "consensus/certificate.h"
#include "consensus/message.h"

/* What is read, and the room for it. */
struct past {
    struct cluster *cluster;
    struct store *store;
    struct message message;
    struct notes notes;
};

static bool apply(struct past *p, const struct store_block *stored)
{
    struct cluster *c = p->cluster;
    struct message *m = &p->message;
    struct block block;
    if (!message_decode(m, stored->decided, stored->decided_bytes) ||
        m->kind != MESSAGE_DECIDED ||
        !block_decode(&block, m->decided.block.bytes, m->decided.block.size_bytes)) {
        return false;
    }
    const struct certificate_context context = certificate_context_of(c);
    if (!hash_equal(&block.hash, &m->decided.finalization.block) ||
        !certificate_verify(&m->decided.finalization, &context) ||
        cluster_check(c, &block) != BLOCK_GOOD) {
        return false;
    }
    p->notes = (struct notes){.count = 0};
    cluster_apply(c, &block, &p->notes);
    return true;
}

/* The newest snapshot of this cluster's, if there is one. */
static void begin(struct past *p, uint64_t height, const struct hash *id)
{
    uint64_t at = 0;
    uint8_t *state = NULL;
    uint32_t size_bytes = 0;
    struct cluster *found = malloc(sizeof *found);
    if (found != NULL &&
        store_snapshot_read(p->store, height, &at, &state, &size_bytes) == STORE_ANSWER_DONE &&
        cluster_decode(found, state, size_bytes) && hash_equal(&found->id, id)) {
        *p->cluster = *found;
    }
    free(state);
    free(found);
}

static bool replay(struct past *p, char why[static PAST_ERROR_BYTES])
{
    struct cluster *c = p->cluster;
    const struct hash id = c->id;
    uint64_t height = 0;
    switch (store_height(p->store, &height)) {
    case STORE_ANSWER_DONE:
        break;
    case STORE_ANSWER_ABSENT:
        return true;
    case STORE_ANSWER_DAMAGED:
    case STORE_ANSWER_CONFLICT:
    case STORE_ANSWER_REFUSED:
        snprintf(why, PAST_ERROR_BYTES, "its blocks cannot be read");
        return false;
    }
    begin(p, height, &id);
    bool good = true;
    while (good && c->height < height) {
        struct store_block stored = {.decided = NULL};
        good = store_block_read(p->store, c->height + 1, &stored) == STORE_ANSWER_DONE &&
               apply(p, &stored);
        store_block_finish(&stored);
    }
    if (!good) {
        snprintf(why, PAST_ERROR_BYTES,
                 "the block of height %" PRIu64 " is missing or damaged, and %" PRIu64
                 " is the last one",
                 c->height + 1, height);
    }
    return good;
}

bool past_read(const struct node_config *config, struct cluster *out,
               char why[static PAST_ERROR_BYTES])
{
    char path[CONFIG_PATH_BYTES + 16];
    char reason[STORE_TEXT_MAX];
    struct past *p = calloc(1, sizeof *p);
    if (p == NULL) {
        snprintf(why, PAST_ERROR_BYTES, "out of memory");
        return false;
    }
    cluster_found(out, &config->founding);
    p->cluster = out;
    snprintf(path, sizeof path, "%s/ostrakon.db", config->data_dir);
    p->store = store_open_reading(path, out->id.bytes, reason);
    bool good = p->store != NULL;
    if (good) {
        good = replay(p, why);
    } else {
        text_escape(reason, strlen(reason), why, PAST_ERROR_BYTES);
    }
    store_destroy(p->store);
    free(p);
    return good;
}

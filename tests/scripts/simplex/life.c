/* Starts, crashes and ends, and what a start finds. */
#include "world.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void drop_letters(struct world *w)
{
    while (w->letters != NULL) {
        struct letter *letter = w->letters;
        w->letters = letter->next;
        free(letter);
    }
}

void world_finish(struct world *w)
{
    for (uint32_t i = 0; i < MEMBERS_MAX; i++) {
        disk_lose_writes(&w->agents[i]);
        disk_free(&w->agents[i].disk);
        disk_free(&w->agents[i].saved);
    }
    drop_letters(w);
}

void world_rest(struct world *w, uint64_t ms)
{
    drop_letters(w);
    w->now_ms += ms;
    w->heartbeat_ms += ms;
}

/* Every stored block, as the daemon replays them. */
static void replay(struct agent *a)
{
    for (uint64_t height = 1; height <= a->disk.height; height++) {
        struct message m;
        struct block block;
        struct notes notes = {.count = 0};
        const struct stored_block *b = &a->disk.decided[height];
        const bool sound =
            message_decode(&m, b->bytes, b->size_bytes) &&
            block_decode(&block, m.decided.block.bytes, m.decided.block.size_bytes);
        assert(sound);
        cluster_apply(&a->cluster, &block, &notes);
    }
}

void world_start(struct world *w, uint32_t member, enum cause cause)
{
    struct agent *a = &w->agents[member];
    a->starts++;
    a->up = true;
    a->timer_ms = TIME_NEVER;
    a->view = 0;
    a->signature_count = 0;
    memset(&a->bulk, 0, sizeof a->bulk);
    memset(&a->pool, 0, sizeof a->pool);
    memset(a->said, 0, sizeof a->said);
    cluster_found(&a->cluster, &w->founding);
    replay(a);
    if (cause == CAUSE_NONE) {
        memcpy(a->bulk.held, a->disk.held, sizeof a->bulk.held);
    }
    const struct simplex_options options = {
        .cluster_id = a->cluster.id,
        .self = member,
        .timing = w->founding.timing,
        .nonce = a->starts << 8 | member | 1u << 31,
        .joins = a->joins,
        .checkpoint = a->checkpoint,
        .kept = a->disk.outset,
    };
    simplex_init(&a->simplex, &options);
    const uint64_t unix_ms = WORLD_FOUNDED_MS + w->now_ms - 1000;
    world_resume(w, member, cause, unix_ms - a->cluster.time_ms);
}

void world_crash(struct world *w, uint32_t member)
{
    struct agent *a = &w->agents[member];
    a->up = false;
    disk_lose_writes(a);
}

void world_save(struct world *w, uint32_t member)
{
    disk_copy(&w->agents[member].saved, &w->agents[member].disk, true, true);
}

void world_restore(struct world *w, uint32_t member, bool record, bool chain)
{
    disk_copy(&w->agents[member].disk, &w->agents[member].saved, record, chain);
}

/* The state of whichever of them has come furthest. */
static const struct cluster *furthest(const struct world *w, uint32_t members)
{
    const struct cluster *c = NULL;
    for (uint32_t i = 0; i < w->founding.member_count; i++) {
        if ((members >> i & 1) != 0 && (c == NULL || w->agents[i].cluster.height > c->height)) {
            c = &w->agents[i].cluster;
        }
    }
    assert(c != NULL);
    return c;
}

static void hand_out(struct world *w, struct command *command, uint32_t members)
{
    uint8_t bytes[COMMAND_BYTES_MAX];
    const struct cluster *c = furthest(w, members);
    command_sign(command, &c->id, &w->keys[command->author]);
    const size_t size_bytes = command_encode(command, bytes);
    for (uint32_t i = 0; i < w->founding.member_count; i++) {
        struct agent *a = &w->agents[i];
        if ((members >> i & 1) != 0 && a->up) {
            (void)pool_add(&a->pool, &a->cluster, bytes, size_bytes, w->now_ms);
            world_look(w, i);
        }
    }
}

void world_urge(struct world *w, uint32_t author, uint32_t members)
{
    const struct cluster *c = furthest(w, members);
    w->incarnations++;
    struct command command = {.kind = COMMAND_ATTEST, .author = author, .term = 1};
    command.attest = (struct attest){
        .incarnation = w->incarnations, /* a start is news, and so urgent */
        .seq = 1,
        .tick = c->tick,
        .height = c->height,
        .digest = cluster_state_hash(c),
        .score = 100,
        .version_low = PROTOCOL_OLDEST,
        .version_high = PROTOCOL_NEWEST,
    };
    hand_out(w, &command, members);
}

void world_resign(struct world *w, uint32_t author, uint32_t members)
{
    struct command command = {.kind = COMMAND_RESIGN, .author = author, .term = 1};
    hand_out(w, &command, members);
}

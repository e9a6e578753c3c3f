/* What this member needs to tell the true history from another one (protocol.md, section 7,
 * case 31), as far as the disk has it: the checkpoint of node.yaml against the blocks that are
 * stored, and what a run set out from that has not caught up. */
#include "agent/agent.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "agent/replace.h"

bool agent_check_checkpoint(const struct agent *a, struct store *store,
                            char error[static AGENT_ERROR_BYTES])
{
    const struct checkpoint *given = &a->config.checkpoint;
    struct store_block block = {.decided = NULL};
    char mine[2 * HASH_BYTES + 1];
    char theirs[2 * HASH_BYTES + 1];
    if (given->height == 0 || given->height > a->node->deciding.cluster.height ||
        store_block_read(store, given->height, &block) != STORE_ANSWER_DONE) {
        return true; /* it is compared when the chain comes there */
    }
    const bool same = memcmp(block.hash, given->hash.bytes, sizeof block.hash) == 0;
    sodium_bin2hex(mine, sizeof mine, block.hash, sizeof block.hash);
    sodium_bin2hex(theirs, sizeof theirs, given->hash.bytes, sizeof given->hash.bytes);
    store_block_finish(&block);
    if (!same) {
        snprintf(error, AGENT_ERROR_BYTES,
                 "%.1024s: `checkpoint` is not what %.1024s/ostrakon.db has at height %" PRIu64
                 ": %s, there %s. Run `ostrakon cluster checkpoint %" PRIu64
                 "` on members that you trust. If they have the former, this member was told "
                 "another history: move ostrakon.db away, and it fetches the true one. If they "
                 "have the latter, correct `checkpoint`",
                 a->config.own_path, a->config.data_dir, given->height, theirs, mine,
                 given->height);
    }
    return same;
}

static void name_outset(const struct agent *a, char path[static CONFIG_PATH_BYTES + 8])
{
    snprintf(path, CONFIG_PATH_BYTES + 8, "%s/outset", a->config.data_dir);
}

/* Where that fails, the disk does, which says so by itself; then a start before this member has
 * caught up would take what it was told last for what it knows. */
static void write_outset(const struct agent *a, const struct outset *o)
{
    char path[CONFIG_PATH_BYTES + 8];
    uint8_t bytes[OUTSET_BYTES];
    name_outset(a, path);
    outset_encode(o, &a->node->deciding.cluster.id, bytes);
    (void)!replace_file(path, bytes, sizeof bytes, 0600);
}

void agent_open_outset(struct agent *a)
{
    char path[CONFIG_PATH_BYTES + 8];
    uint8_t bytes[OUTSET_BYTES];
    size_t size_bytes = 0;
    const struct cluster *c = &a->node->deciding.cluster;
    struct outset kept;
    name_outset(a, path);
    if (replace_read(path, bytes, sizeof bytes, &size_bytes) &&
        outset_decode(&kept, &c->id, bytes, size_bytes)) {
        node_set_out(a->node, &kept);
    } else {
        const struct outset own = outset_of(c, a->config.member, a->config.joins, 0);
        write_outset(a, &own);
    }
    a->keeps_outset = true;
}

void agent_follow_outset(struct agent *a)
{
    const struct outset *o = &a->node->deciding.simplex.outset;
    if (a->keeps_outset && o->over) {
        char path[CONFIG_PATH_BYTES + 8];
        name_outset(a, path);
        unlink(path);
        a->keeps_outset = false;
    } else if (a->keeps_outset && o->met && o->height != a->outset_height) {
        a->outset_height = o->height; /* whose voters a person has vouched for */
        write_outset(a, o);
    }
}

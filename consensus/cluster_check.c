#include "cluster.h"

#include <assert.h>

#include "evidence.h"

/* So much of a block's room is each member's own. */
#define AUTHOR_COMMANDS_MAX (BLOCK_COMMANDS_MAX / AUTHORS_MAX)

const char *block_verdict_text(enum block_verdict verdict)
{
    static const char *const texts[] = {
#define X(name, text) [BLOCK_##name] = text,
        BLOCK_VERDICTS(X)
#undef X
    };
    assert(verdict < sizeof texts / sizeof texts[0]);
    return texts[verdict];
}

static enum block_verdict check_header(const struct cluster *c, const struct block_header *h)
{
    const struct hash state = cluster_state_hash(c);
    if (h->height != c->height + 1) {
        return BLOCK_WRONG_HEIGHT;
    }
    if (!hash_equal(&h->parent, &c->block)) {
        return BLOCK_WRONG_PARENT;
    }
    if (h->version != c->version) {
        return BLOCK_WRONG_VERSION;
    }
    return hash_equal(&h->state, &state) ? BLOCK_GOOD : BLOCK_WRONG_STATE;
}

struct counts {
    uint32_t of[AUTHORS_MAX];
    uint32_t answers; /* proofs that every voter has to solve a task for */
};

/* A command that would be skipped makes no block bad: what is skipped may differ between two
 * heights, and a proposer who is a block behind would seem to lie. */
static enum block_verdict check_command(const struct cluster *c, const uint8_t *bytes,
                                        size_t size_bytes, struct counts *counts)
{
    struct command command;
    if (!command_decode(&command, bytes, size_bytes)) {
        return BLOCK_BAD_COMMAND;
    }
    const uint8_t *key = cluster_author_key(c, command.author);
    if (key == NULL) {
        return BLOCK_BAD_COMMAND;
    }
    counts->answers += evidence_is_answer(&command) ? 1 : 0;
    if (++counts->of[command.author] > AUTHOR_COMMANDS_MAX ||
        counts->answers > BLOCK_ANSWERS_MAX) {
        return BLOCK_TOO_MANY;
    }
    if (!command_verify(&command, &c->id, key)) {
        return BLOCK_BAD_SIGNATURE;
    }
    return command.kind != COMMAND_PROVE || evidence_holds(c, &command.prove) ? BLOCK_GOOD
                                                                              : BLOCK_BAD_PROOF;
}

enum block_verdict cluster_check(const struct cluster *c, const struct block *b)
{
    enum block_verdict verdict = check_header(c, &b->header);
    struct counts counts = {.answers = 0};
    for (uint32_t i = 0; i < b->command_count && verdict == BLOCK_GOOD; i++) {
        const struct block_span span = b->commands[i];
        verdict = check_command(c, b->bytes + span.offset, span.size_bytes, &counts);
    }
    return verdict;
}

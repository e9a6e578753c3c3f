#include <assert.h>
#include <string.h>

#include "options.h"

static struct hash work_over(const struct hash *nonce)
{
    return hash_of("script/work", nonce->bytes, sizeof nonce->bytes);
}

static struct solution answer_of(const struct world *w, uint32_t subject, bool right)
{
    const struct cluster *c = &w->agents[0].cluster;
    struct solution s = {.author = subject,
                         .term = c->member[subject].term,
                         .version = c->version,
                         .nonce = {{7, (uint8_t)subject}}};
    s.result = work_over(&s.nonce);
    s.result.bytes[0] ^= right ? 0 : 1;
    uint8_t bytes[SOLUTION_SIGNED_BYTES];
    solution_signed_bytes(&s, bytes);
    const struct statement statement = {.domain = SOLUTION_DOMAIN,
                                        .cluster_id = c->id.bytes,
                                        .body = bytes,
                                        .body_size_bytes = sizeof bytes};
    signer_sign(&w->keys[subject], &statement, s.signature);
    return s;
}

void proof_add(struct block_maker *maker, const struct world *w, const struct words *words,
               uint32_t proposer)
{
    const uint32_t subjects = option_members(words, "proves", 0);
    const char *answer = option(words, "answer");
    const bool right = answer != NULL && strcmp(answer, "right") == 0;
    for (uint32_t i = 0; i < w->founding.member_count; i++) {
        if ((subjects >> i & 1) == 0) {
            continue;
        }
        struct command c = {.kind = COMMAND_PROVE, .author = proposer, .term = 1};
        uint8_t bytes[COMMAND_BYTES_MAX];
        c.prove = (struct prove){.subject = i, .term = 1, .answer = answer_of(w, i, right)};
        command_sign(&c, &w->agents[0].cluster.id, &w->keys[proposer]);
        const bool room = block_add(maker, bytes, command_encode(&c, bytes));
        assert(room);
    }
}

void proof_recompute(struct world *w, uint32_t member)
{
    struct agent *a = &w->agents[member];
    struct retrial *t;
    uint64_t wake_ms;
    uint64_t serial = 0;
    while ((t = retrial_next(&a->retrials, w->now_ms, &wake_ms)) != NULL) {
        const struct hash result = work_over(&t->nonce);
        t->serial = ++serial;
        const bool same = retrial_solved(&a->retrials, serial, &result, w->now_ms);
        assert(same);
        world_look(w, member);
    }
}

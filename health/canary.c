#include "canary.h"

#include <assert.h>
#include <string.h>

#define DOMAIN "ostrakon/canary"

static struct statement statement_of(const struct canary *c)
{
    return (struct statement){.domain = DOMAIN,
                              .cluster_id = c->cluster_id,
                              .body = c->body,
                              .body_size_bytes = sizeof c->body};
}

void canary_init(struct canary *c, uint64_t now_ms)
{
    uint8_t seed[IDENTITY_SEED_BYTES];
    struct key_pair pair;
    memset(c, 0, sizeof *c);
    memset(seed, 0xa5, sizeof seed);
    key_pair_from_seed(&pair, seed);
    memcpy(c->key, pair.public_key, sizeof c->key);
    for (uint32_t i = 0; i < sizeof c->body; i++) {
        c->body[i] = (uint8_t)(i * 37 + 11);
    }
    const struct statement statement = statement_of(c);
    signer_sign(&pair, &statement, c->good);
    memcpy(c->bad, c->good, sizeof c->bad);
    c->bad[0] ^= 1; /* the smallest lie there is */
    c->due_ms = now_ms + CANARY_PERIOD_MS;
}

bool canary_is_right(const struct canary *c)
{
    const struct statement statement = statement_of(c);
    const bool good = signature_verify(c->key, &statement, c->good);
    const bool bad = signature_verify(c->key, &statement, c->bad);
    return good && !bad;
}

enum canary_verdict canary_judge(const struct canary *c, bool accepted_again)
{
    if (!canary_is_right(c)) {
        return CANARY_MINE_BROKEN;
    }
    return accepted_again ? CANARY_DIFFERS : CANARY_COUNTS;
}

bool canary_admits(struct canary *c, uint32_t peer, uint64_t now_ms)
{
    assert(peer < PEERS_MAX);
    if (now_ms >= c->peer[peer].second_ms + CANARY_SECOND_MS) {
        c->peer[peer].second_ms = now_ms;
        c->peer[peer].count = 0;
    }
    if (c->peer[peer].count >= CANARY_REJECTIONS) {
        return false;
    }
    c->peer[peer].count++;
    return true;
}

bool canary_is_due(struct canary *c, uint64_t now_ms)
{
    if (now_ms < c->due_ms) {
        return false;
    }
    c->due_ms = now_ms + CANARY_PERIOD_MS;
    return true;
}

const char *canary_verdict_text(enum canary_verdict verdict)
{
    static const char *const texts[] = {
#define X(name, text) [CANARY_##name] = text,
        CANARY_VERDICTS(X)
#undef X
    };
    return texts[verdict];
}

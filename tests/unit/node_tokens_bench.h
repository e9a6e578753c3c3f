#ifndef OSTRAKON_TESTS_NODE_TOKENS_BENCH_H
#define OSTRAKON_TESTS_NODE_TOKENS_BENCH_H

#include "agent/node_parts.h"
#include "node_bench.h"

/* One member of four on a bench, and what it makes of a call for tokens. */

#define MEMBERS 4u
#define HEIGHT 1u
#define TTL_S 3600u

/* What the steps of one move came to. */
struct outcome {
    uint32_t signs;
    uint32_t broadcasts; /* of co-signatures */
    bool wanted;         /* by the last one */
    uint32_t cosigned;   /* how many were in it */
    uint32_t answers;
    uint32_t answered; /* whom last */
    uint32_t nonsense;
    uint32_t tokens;
    uint32_t bundles;
    size_t token_bytes;
    size_t bundle_bytes;
    char token[JWS_TEXT_MAX];
    char bundle[JWS_TEXT_MAX];
};

struct said {
    uint64_t height;
    bool wanted;
    uint32_t count;
    uint8_t signatures[COSIGNED_MAX][SIGNATURE_BYTES];
};

extern struct bench b;
extern struct outcome seen; /* of the last move */

/* A cluster whose first block has called; the member has signed. */
void tokens_begin(void);
void tokens_end(void);
struct deciding *own(void);
/* As if a block had been decided, among others who have answered this start. */
void call_for_tokens(uint64_t height);
/* One input, and all that follows from it while time stands still. */
void move(struct input in);
void wait_ms(uint64_t ms);
/* What `signer` would say of this state; under its name, by the key of `key_of`. */
struct said words_of(uint32_t signer, uint32_t key_of);
void hear(uint32_t from, const struct said *s);
void hear_from(uint32_t member);

#endif

#ifndef OSTRAKON_TESTS_SIMULATOR_WIRE_H
#define OSTRAKON_TESTS_SIMULATOR_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The judge's own reading of what members send one another, after the layouts in
 * consensus/README.md and with no line of the core's decoders: a mistake that both ends of the
 * core share must not hide from it. */

#define WIRE_SIGNERS_MAX 16u
#define WIRE_COMMANDS_MAX 160u
#define WIRE_NONE 0xffffffffu

enum wire_kind { WIRE_PROPOSE = 1, WIRE_NOTARIZE, WIRE_NULLIFY, WIRE_FINALIZE };

struct wire_vote {
    uint32_t kind;
    uint32_t signer;
    uint64_t height;
    uint32_t view;
    uint32_t claim;
    uint8_t parent[32];
    uint8_t block[32];
    uint8_t signature[64];
};

struct wire_certificate {
    uint32_t kind; /* 0 none, 1 notarization, 2 nullification, 3 finalization */
    uint32_t view;
    uint8_t block[32];
    uint32_t count;
    struct {
        uint32_t signer;
        uint32_t claim;
        uint8_t signature[64];
    } vote[WIRE_SIGNERS_MAX];
};

struct wire_result {
    uint32_t author;
    uint64_t first;
    uint32_t count;
    const uint8_t *digests; /* 16 bytes each; borrowed */
};

struct wire_block {
    uint64_t height;
    uint8_t parent[32];
    uint64_t time_ms;
    uint8_t hash[32];
    uint32_t result_count;
    struct wire_result result[WIRE_COMMANDS_MAX];
};

struct wire_certificates {
    uint64_t height;
    uint32_t count;
    struct wire_certificate list[3];
};

/* The certificates of one height in a vote, a proposal or a status; false: no such message. */
bool wire_certificates(const uint8_t *bytes, size_t size_bytes, struct wire_certificates *c);
/* The votes that stand by themselves in a message (vote, proposal; not those in certificates):
 * how many, 0 or 1. */
uint32_t wire_votes(const uint8_t *bytes, size_t size_bytes, struct wire_vote *vote);
/* A `decided` message. */
bool wire_decided(const uint8_t *bytes, size_t size_bytes, struct wire_certificate *c,
                  struct wire_block *b);
bool wire_verify(const struct wire_vote *v, const uint8_t cluster_id[static 32],
                 const uint8_t key[static 32]);

#endif

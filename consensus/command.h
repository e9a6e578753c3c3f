#ifndef OSTRAKON_CONSENSUS_COMMAND_H
#define OSTRAKON_CONSENSUS_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../tokens/signer.h"
#include "founding.h"
#include "hash.h"

/* What a member says to the replicated state. Layout (integers big-endian): author 1, term 4,
 * kind 1, body, signature 64; signed with the vote key over the domain "ostrakon/cmd/1", the
 * cluster's id and all bytes before the signature. standing.md, section 3. */

#define COMMAND_BYTES_MAX 1280u
#define COMMAND_DOMAIN "ostrakon/cmd/1"
#define DIGEST_BYTES 16u       /* of a window's rows */
#define RESULT_WINDOWS_MAX 64u /* in one result, and in the ring of open windows */
#define REASON_SIZE_BYTES                                                                      \
    64u /* printable ASCII with its terminating zero; the rest is zeros                        \
         */

enum command_kind {
    COMMAND_ATTEST = 1,
    COMMAND_RESULT = 2,
    COMMAND_DISPUTE = 3,
    COMMAND_FAIL = 4,
};

/* The digest of a window's rows as a member computed them or found them published. */
struct window_digest {
    uint8_t bytes[DIGEST_BYTES]; /* all zeros is no digest, and refused by the decoder */
};

struct attest {
    uint64_t incarnation; /* random, one a start of the agent */
    uint64_t seq;         /* counts within an incarnation, from 1 */
    uint64_t tick;        /* the tick it is for */
    uint64_t height;      /* the last height its author had applied */
    struct hash digest;   /* of its replicated state after that height */
    uint64_t own;         /* references, health/tick.h: spoils record and candidacy */
    uint64_t serve;       /* likewise; bars from leading and names only */
    uint8_t score;        /* 0 .. 100 */
    uint32_t silent;      /* bit per member that it finds unreachable */
    uint32_t wrong;       /* bit per member whose signed bytes it finds wrong */
    uint32_t version_low; /* protocol versions its author can run */
    uint32_t version_high;
    uint32_t ranked;              /* how many candidates it ranks, 0 .. MEMBERS_MAX */
    uint8_t ranking[MEMBERS_MAX]; /* members, the best first, none twice */
};

/* "I found these windows published in the sink with digests equal to my own." */
struct result {
    uint64_t first_window;
    uint32_t count; /* 1 .. RESULT_WINDOWS_MAX consecutive windows */
    struct window_digest digests[RESULT_WINDOWS_MAX];
};

struct dispute {
    uint64_t fence;
    uint64_t window;
    struct window_digest own; /* what its author computed */
};

struct fail {
    uint64_t fence;
    char reason[REASON_SIZE_BYTES];
};

struct command {
    enum command_kind kind;
    uint32_t author;
    uint32_t term; /* the author's, when it was said: void once that has changed */
    union {
        struct attest attest;
        struct result result;
        struct dispute dispute;
        struct fail fail;
    };
    uint8_t signature[SIGNATURE_BYTES];
};

/* Canonical: false for anything but exactly one command in exactly its one form. Does not look
 * at the signature. */
bool command_decode(struct command *c, const uint8_t *bytes, size_t size_bytes)
    __attribute__((warn_unused_result));

/* Returns the size, at most COMMAND_BYTES_MAX; includes the signature as it stands. */
size_t command_encode(const struct command *c, uint8_t out[static COMMAND_BYTES_MAX]);

/* All that is signed, behind domain and cluster: everything but the signature. Returns its
 * size.
 */
size_t command_signed_bytes(const struct command *c, uint8_t out[static COMMAND_BYTES_MAX]);

/* Fills in the signature. Costs one signature (about 50 us). */
void command_sign(struct command *c, const struct hash *cluster_id,
                  const struct key_pair *vote);

/* Costs one verification (about 50 us). */
bool command_verify(const struct command *c, const struct hash *cluster_id,
                    const uint8_t vote_key[static PUBLIC_KEY_BYTES])
    __attribute__((warn_unused_result));

#endif

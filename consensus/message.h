#ifndef OSTRAKON_CONSENSUS_MESSAGE_H
#define OSTRAKON_CONSENSUS_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "answer.h"
#include "block.h"
#include "command.h"
#include "founding.h"
#include "hash.h"
#include "heartbeat.h"
#include "solution.h"
#include "vote.h"

/* Everything members send one another (protocol.md, section 2; byte layouts in this folder's
 * README). Decoding checks form and ranges only; signatures and certificates are judged by
 * whoever uses them. */

#define MESSAGE_BYTES_MAX (48u * 1024u) /* block, and certificates of MEMBERS_MAX */

enum certificate_kind {
    CERTIFICATE_NONE,
    CERTIFICATE_NOTARIZATION,
    CERTIFICATE_NULLIFICATION,
    CERTIFICATE_FINALIZATION,
};

/* q votes that agree; of one height and parent, which the context tells. Signers ascend. */
struct certificate {
    enum certificate_kind kind;
    uint32_t view;
    struct hash block; /* none for a nullification */
    uint32_t count;
    uint8_t signer[MEMBERS_MAX];
    uint32_t claim[MEMBERS_MAX]; /* nullification only; else VIEW_NONE */
    uint8_t signature[MEMBERS_MAX][SIGNATURE_BYTES];
};

/* By what a view was entered: notarization(v-1), or nullification(v-1) and, if its highest
 * claim is not NONE, a notarization of a view at least that high beside it. */
struct entry {
    struct certificate certificate;
    struct certificate support;
};

enum message_kind {
    MESSAGE_VOTE = 1,
    MESSAGE_PROPOSAL,
    MESSAGE_STATUS,
    MESSAGE_DECIDED,
    MESSAGE_WANT,
    MESSAGE_BLOCK,
    MESSAGE_HELLO,
    MESSAGE_HEARTBEAT,
    MESSAGE_COMMAND,
    MESSAGE_CHALLENGE,
    MESSAGE_ANSWER,
    MESSAGE_COSIGN,
    MESSAGE_TASK,
    MESSAGE_SOLUTION,
};

#define COSIGNED_MAX (MEMBERS_MAX + 1u) /* a token of each member, and the trust bundle */

struct bytes_view {
    const uint8_t *bytes; /* borrowed from what was decoded or is to be encoded */
    uint32_t size_bytes;
};

struct message {
    enum message_kind kind;
    union {
        struct {
            struct vote vote;
            struct certificate support; /* for a nullify with a claim; may be NONE */
        } vote;
        struct {
            struct vote vote;
            struct entry entry;
            struct certificate justification; /* notarization(p); NONE for a fresh block */
            struct bytes_view block;
        } proposal;
        struct {
            uint64_t height;
            uint32_t view;
            struct entry entry;
            struct certificate best;
        } status;
        struct {
            struct certificate finalization;
            struct bytes_view block; /* names the height */
        } decided;
        struct {
            uint64_t height;
            struct hash block; /* none: the decided one of that height */
        } want;
        struct {
            struct bytes_view block;
        } block;
        struct {
            uint64_t nonce;   /* to be sent back; 0: no answer wanted */
            uint64_t answer;  /* the receiver's nonce; 0: not an answer */
            uint64_t height;  /* in progress */
            uint64_t reached; /* the height of the vote record, where that is further */
            struct hash parent;
            uint32_t count; /* newest votes that I hold signed by the receiver */
            struct vote votes[2 * VOTE_KINDS];
        } hello;
        struct heartbeat heartbeat;
        struct {
            uint32_t subject; /* who is to answer; not the receiver: it is to ask for me */
            struct hash nonce;
        } challenge;
        struct answer answer;
        struct {
            uint32_t subject; /* who is to work over it; not the receiver: it is to set it */
            struct hash nonce;
        } task;
        struct solution solution;
        struct {
            struct bytes_view command;
        } command;
        struct {
            uint64_t height; /* of the block that called for tokens */
            bool wanted;     /* the sender wants the receiver's */
            uint32_t count;  /* of all that was called for, in its order; 0: none */
            struct bytes_view signatures; /* count times SIGNATURE_BYTES */
        } cosign;
    };
};

bool message_decode(struct message *m, const uint8_t *bytes, size_t size_bytes)
    __attribute__((warn_unused_result));
/* Returns the size, at most MESSAGE_BYTES_MAX. */
size_t message_encode(const struct message *m, uint8_t out[static MESSAGE_BYTES_MAX]);

#endif

#ifndef OSTRAKON_TOKENS_TRUST_H
#define OSTRAKON_TOKENS_TRUST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "token.h"

/* Whom to believe (standing.md, section 9): the members of a cluster as a decided block left
 * them, signed by enough of them like a token, so that it may come from anywhere. A verifier
 * without an agent holds one of these, judges tokens by it, and replaces it by newer ones:
 *
 *   {"iss":"HEX64","height":48213,"time_ms":1795845600123,"ttl_s":3600,"need":4,
 *    "members":[{"name":"atlas","standing":"good","term":1,"role":"node","key":"BASE64URL",
 *                "transport":"BASE64URL"}, ...],"operators":["BASE64URL", ...]}
 *
 * `key` is the vote key. Members who have left are not in it. Pure. */

#define TRUST_MEMBERS_MAX 16u
#define TRUST_OPERATORS_MAX 4u

#define TRUST_STANDINGS(X)                                                                     \
    X(GOOD, "good")                                                                            \
    X(SUSPENDED, "suspended")                                                                  \
    X(LOCKED_OUT, "locked_out")                                                                \
    X(NEUTERED, "neutered")

enum trust_standing {
#define X(name, text) TRUST_##name,
    TRUST_STANDINGS(X)
#undef X
        TRUST_STANDING_COUNT
};

/* In the order of enum trust_standing. */
extern const char *const trust_standing_texts[TRUST_STANDING_COUNT];

struct trust_member {
    char name[JWS_KID_BYTES];
    enum trust_standing standing;
    uint32_t term;
    enum token_role role;
    uint8_t vote_key[IDENTITY_KEY_BYTES];
    uint8_t transport_key[IDENTITY_KEY_BYTES];
};

struct trust {
    uint8_t cluster_id[SIGNER_CLUSTER_BYTES];
    uint64_t height;
    uint64_t time_ms; /* of that block */
    uint32_t ttl_s;
    uint32_t need; /* how many good members must sign: the quorum after that block */
    uint32_t count;
    struct trust_member members[TRUST_MEMBERS_MAX];
    uint32_t operator_count;
    uint8_t operators[TRUST_OPERATORS_MAX][IDENTITY_KEY_BYTES];
};

/* The payload, not terminated. Returns its size; 0 if a name is no plain word. */
size_t trust_payload(const struct trust *trust, char out[static JWS_PAYLOAD_MAX]);

/* Reads what a stranger says is a payload: of this form, names and keys all distinct, every key
 * acceptable (identity_judge, 50 us each), `need` more than half of the good and not more than
 * there are. Vouches for nothing: see trust_judge. */
bool trust_read(struct trust *trust, const char *payload, size_t payload_bytes)
    __attribute__((warn_unused_result));

/* Its member of that name; NULL: none. */
const struct trust_member *trust_member(const struct trust *trust, const char *name);

/* What became of one signature. */
#define SHARE_VERDICTS(X)                                                                      \
    X(GOOD, "good")                                                                            \
    X(TWICE, "not counted: it has signed already")                                             \
    X(REMOVED, "not counted: not in good standing")                                            \
    X(STRANGER, "not counted: no member of this name")                                         \
    X(FORGED, "not counted: the signature is bad")                                             \
    X(FOREIGN, "not counted: its header is not understood")                                    \
    X(UNREAD, "not looked at: enough without it")

enum share_verdict {
#define X(name, text) SHARE_##name,
    SHARE_VERDICTS(X)
#undef X
};

const char *share_verdict_text(enum share_verdict verdict);

struct trust_share {
    char signer[JWS_KID_BYTES]; /* as it calls itself; "" where the header is not understood */
    enum share_verdict verdict;
    enum trust_standing standing; /* with SHARE_REMOVED: this, since that term */
    uint32_t term;
};

/* Who signed, one by one, and how many that makes. */
struct trust_account {
    uint32_t need;
    uint32_t good; /* distinct members in good standing with a good signature */
    uint32_t count;
    struct trust_share shares[JWS_SIGNATURES_MAX];
};

#define TRUST_VERDICTS(X)                                                                      \
    X(ACCEPTED, "accepted")                                                                    \
    X(MALFORMED, "this is no trust bundle")                                                    \
    X(UNSIGNED, "too few of its own members signed it")                                        \
    X(UNPINNED, "no pinned operator signed it")                                                \
    X(OTHER_CLUSTER, "it is of another cluster")                                               \
    X(OLDER, "it is older than the one held")                                                  \
    X(CONTRADICTS, "it is another than the one held, at the same height")                      \
    X(UNVOUCHED, "too few of the members that were good signed it")

enum trust_verdict {
#define X(name, text) TRUST_IS_##name,
    TRUST_VERDICTS(X)
#undef X
};

const char *trust_verdict_text(enum trust_verdict verdict);

/* What a bundle is to be believed by. With `held`: the newest bundle ever believed, which the
 * verifier keeps on its disk. Its successor is signed by more than half of the members that
 * were good in it, each still good and under the same key: more than can be lying, and few
 * enough to be alive when one member was removed and another has crashed. Without it: what is
 * first seen is believed, unless operators are pinned; then one of them must have signed it
 * too, under "operator" as its kid. In each case at least `need` of the bundle's own good
 * members have. */
struct trust_pin {
    const struct trust *held; /* NULL: none yet */
    uint32_t operator_count;
    const uint8_t (*operators)[IDENTITY_KEY_BYTES];
};

/* The kid of an operator's signature; no member has this name. */
#define TRUST_OPERATOR "operator"

/* Judges a bundle as received. On TRUST_IS_ACCEPTED `trust` is what it says, else unspecified;
 * `account` tells of its signatures in either case. Does not ask how old it is: see
 * trust_is_stale. */
enum trust_verdict trust_judge(struct trust *trust, const struct trust_pin *pin,
                               const char *text, size_t text_bytes,
                               struct trust_account *account)
    __attribute__((warn_unused_result));

/* A verifier whose newest bundle is older than the ttl may have missed a removal: it must
 * refuse everything, and say that it is stale. */
bool trust_is_stale(const struct trust *trust, uint64_t now_ms);

#define TOKEN_VERDICTS(X)                                                                      \
    X(VALID, "valid")                                                                          \
    X(MALFORMED, "this is no token")                                                           \
    X(STALE, "the trust bundle is older than the time to live")                                \
    X(OTHER_CLUSTER, "it is of another cluster")                                               \
    X(STRANGER, "its subject is no member")                                                    \
    X(REMOVED, "its subject is not in good standing")                                          \
    X(OLD_TERM, "it is of another term of its subject")                                        \
    X(OTHER_KEY, "it is bound to another key than its subject's")                              \
    X(OTHER_ROLE, "it claims another role than its subject's")                                 \
    X(TOO_EARLY, "it is not valid yet")                                                        \
    X(EXPIRED, "it has expired")                                                               \
    X(TOO_FEW, "too few good signatures")

enum token_verdict {
#define X(name, text) TOKEN_IS_##name,
    TOKEN_VERDICTS(X)
#undef X
};

const char *token_verdict_text(enum token_verdict verdict);

/* Judges a token by a bundle that is believed, at a time (Unix). `claims` is what it says, also
 * where it is refused; all zeros where it is malformed. `thorough`: every signature is looked
 * at, for the account, and too few of them is said before anything is made of what the token
 * claims. Else no more are than needed, and none where the claims are refused: about 300 us
 * with six of nine, 30 us for most rubbish. */
enum token_verdict trust_judge_token(const struct trust *trust, const char *text,
                                     size_t text_bytes, uint64_t now_ms, bool thorough,
                                     struct token_claims *claims, struct trust_account *account)
    __attribute__((warn_unused_result));

#endif

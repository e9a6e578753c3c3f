/* What somebody tries who has got hold of a token or of an old trust bundle: nothing that he
 * makes of them may be good for anybody (invariant 6; faults.md, F42, F45, F68). */
#include <assert.h>
#include <string.h>

#include "../../tokens/trust.h"
#include "judge.h"
#include "world.h"

static bool is_let_in(const struct trust *by, const char *text, size_t size_bytes,
                      uint64_t now_ms, enum token_verdict *verdict)
{
    struct trust_account account;
    struct token_claims claims;
    *verdict = trust_judge_token(by, text, size_bytes, now_ms, true, &claims, &account);
    return *verdict == TOKEN_IS_VALID;
}

static void refuse(struct world *w, enum fault fault, bool let_in, const char *what)
{
    world_strike(w, fault);
    w->counters.check[CHECK_THEFT]++;
    if (let_in) {
        world_fail(w, CHECK_THEFT, "%s is let in", what);
    }
}

/* The same claims under as many of the signatures as there are, each `each` times; or others.
 */
static void try_shares(struct world *w, const struct trust *by, const struct jws *j,
                       const struct token_claims *claims, uint32_t count, uint32_t each)
{
    struct jws_share shares[JWS_SIGNATURES_MAX];
    char payload[TOKEN_PAYLOAD_MAX];
    char text[JWS_TEXT_MAX];
    enum token_verdict verdict;
    for (uint32_t i = 0; i < count * each; i++) {
        shares[i].signer = j->signatures[i % count].signer;
        memcpy(shares[i].signature, j->signatures[i % count].signature, SIGNATURE_BYTES);
    }
    const size_t payload_bytes = token_payload(claims, payload);
    const size_t size_bytes =
        jws_assemble(JWS_TOKEN, by->need, payload, payload_bytes, shares, count * each, text);
    assert(size_bytes > 0);
    const bool other = count == by->need && each == 1;
    refuse(w, other ? FAULT_THEFT : FAULT_FALSE_SHARES,
           is_let_in(by, text, size_bytes, by->time_ms + 1, &verdict),
           other ? "somebody under another name" : "who has too few signatures");
}

static void try_forgeries(struct world *w, const struct trust *by, const struct jws *j)
{
    struct token_claims claims;
    if (j->count < by->need || by->need < 2 ||
        !token_read(&claims, j->payload, j->payload_bytes)) {
        return;
    }
    try_shares(w, by, j, &claims, by->need - 1, 1);
    try_shares(w, by, j, &claims, by->need - 1, 2);
    for (uint32_t i = 0; i < by->count; i++) {
        if (strcmp(by->members[i].name, claims.subject) != 0) {
            memcpy(claims.subject, by->members[i].name, sizeof claims.subject);
            break;
        }
    }
    try_shares(w, by, j, &claims, by->need, 1);
}

void judge_thief_has_token(struct world *w, const struct trust *by, const char *text,
                           size_t size_bytes)
{
    static struct jws j;
    struct trust later = *by;
    struct trust elsewhere = *by;
    enum token_verdict verdict;
    const uint64_t over_ms = (by->ttl_s + 1) * (uint64_t)1000;
    refuse(w, FAULT_THEFT, is_let_in(by, text, size_bytes, by->time_ms + over_ms, &verdict),
           "whoever has a token, by a bundle that is stale");
    later.time_ms += over_ms; /* as if one had come since */
    refuse(w, FAULT_THEFT, is_let_in(&later, text, size_bytes, later.time_ms + 1, &verdict),
           "whoever has a token whose time is over");
    elsewhere.cluster_id[0] ^= 1;
    refuse(w, FAULT_THEFT, is_let_in(&elsewhere, text, size_bytes, by->time_ms + 1, &verdict),
           "whoever has a token of another cluster");
    if (jws_read(&j, JWS_TOKEN, text, size_bytes)) {
        try_forgeries(w, by, &j);
    }
}

void judge_thief_has_bundle(struct world *w, const struct trust *held, const char *text,
                            size_t size_bytes)
{
    const struct trust_pin pin = {.held = held};
    struct trust trust;
    struct trust_account account;
    const enum trust_verdict verdict = trust_judge(&trust, &pin, text, size_bytes, &account);
    refuse(w, FAULT_OLD_BUNDLE, verdict == TRUST_IS_ACCEPTED, "an older trust bundle");
    refuse(w, FAULT_OLD_BUNDLE,
           !trust_is_stale(held, held->time_ms + (held->ttl_s + 1) * (uint64_t)1000),
           "a trust bundle whose time is over");
}

/* Whose signatures count, and what is believed for them. */
#include <assert.h>
#include <string.h>

#include "trust.h"

#define TEXT_OF(verdict, texts)                                                                \
    (assert((size_t)(verdict) < sizeof(texts) / sizeof(texts)[0]), (texts)[verdict])

const char *share_verdict_text(enum share_verdict verdict)
{
    static const char *const texts[] = {
#define X(name, text) [SHARE_##name] = text,
        SHARE_VERDICTS(X)
#undef X
    };
    return TEXT_OF(verdict, texts);
}

const char *trust_verdict_text(enum trust_verdict verdict)
{
    static const char *const texts[] = {
#define X(name, text) [TRUST_IS_##name] = text,
        TRUST_VERDICTS(X)
#undef X
    };
    return TEXT_OF(verdict, texts);
}

const char *token_verdict_text(enum token_verdict verdict)
{
    static const char *const texts[] = {
#define X(name, text) [TOKEN_IS_##name] = text,
        TOKEN_VERDICTS(X)
#undef X
    };
    return TEXT_OF(verdict, texts);
}

/* `counted`: bits of the members that have a good signature already. Names and keys in a bundle
 * are distinct, so distinct members are distinct keys. */
static enum share_verdict judge_share(const struct trust *t, const struct jws *j,
                                      uint32_t index, struct trust_share *share,
                                      uint32_t *counted)
{
    const struct jws_signature *s = &j->signatures[index];
    if (!s->understood) {
        return SHARE_FOREIGN;
    }
    memcpy(share->signer, s->signer, sizeof share->signer);
    const struct trust_member *m = trust_member(t, s->signer);
    if (m == NULL) {
        return SHARE_STRANGER;
    }
    share->standing = m->standing;
    share->term = m->term;
    const uint32_t bit = 1u << (m - t->members);
    if (m->standing != TRUST_GOOD) {
        return SHARE_REMOVED;
    }
    if ((*counted & bit) != 0) {
        return SHARE_TWICE;
    }
    if (!jws_verify(j, index, m->vote_key)) {
        return SHARE_FORGED;
    }
    *counted |= bit;
    return SHARE_GOOD;
}

/* Returns the bits of the members that signed. */
static uint32_t count_shares(const struct trust *t, const struct jws *j, bool thorough,
                             struct trust_account *account)
{
    uint32_t counted = 0;
    *account = (struct trust_account){.need = t->need, .count = j->count};
    for (uint32_t i = 0; i < j->count; i++) {
        struct trust_share *share = &account->shares[i];
        if (!thorough && account->good >= t->need) {
            memcpy(share->signer, j->signatures[i].signer, sizeof share->signer);
            share->verdict = SHARE_UNREAD;
            continue;
        }
        share->verdict = judge_share(t, j, i, share, &counted);
        account->good += share->verdict == SHARE_GOOD;
    }
    return counted;
}

/* More than half of those good in `held` are among the signers of `next`, under the same key.
 */
static bool vouch(const struct trust *held, const struct trust *next, uint32_t signers)
{
    uint32_t good = 0;
    uint32_t vouchers = 0;
    for (uint32_t i = 0; i < held->count; i++) {
        const struct trust_member *before = &held->members[i];
        const struct trust_member *now = trust_member(next, before->name);
        if (before->standing != TRUST_GOOD) {
            continue;
        }
        good++;
        vouchers += now != NULL && (signers >> (now - next->members) & 1) != 0 &&
                    memcmp(before->vote_key, now->vote_key, IDENTITY_KEY_BYTES) == 0;
    }
    return 2 * vouchers > good;
}

static bool has_operator(const struct trust_pin *pin, const struct jws *j)
{
    for (uint32_t i = 0; i < j->count; i++) {
        if (!j->signatures[i].understood ||
            strcmp(j->signatures[i].signer, TRUST_OPERATOR) != 0) {
            continue;
        }
        for (uint32_t k = 0; k < pin->operator_count; k++) {
            if (jws_verify(j, i, pin->operators[k])) {
                return true;
            }
        }
    }
    return false;
}

static enum trust_verdict judge_successor(const struct trust *held, const struct trust *next,
                                          uint32_t signers)
{
    if (memcmp(held->cluster_id, next->cluster_id, SIGNER_CLUSTER_BYTES) != 0) {
        return TRUST_IS_OTHER_CLUSTER;
    }
    if (next->height < held->height) {
        return TRUST_IS_OLDER;
    }
    if (next->height == held->height) {
        char ours[JWS_PAYLOAD_MAX];
        char theirs[JWS_PAYLOAD_MAX];
        const size_t size_bytes = trust_payload(held, ours);
        const bool same =
            trust_payload(next, theirs) == size_bytes && memcmp(ours, theirs, size_bytes) == 0;
        return same ? TRUST_IS_ACCEPTED : TRUST_IS_CONTRADICTS;
    }
    return vouch(held, next, signers) ? TRUST_IS_ACCEPTED : TRUST_IS_UNVOUCHED;
}

enum trust_verdict trust_judge(struct trust *trust, const struct trust_pin *pin,
                               const char *text, size_t text_bytes,
                               struct trust_account *account)
{
    struct jws j;
    *account = (struct trust_account){.count = 0};
    if (!jws_read(&j, JWS_TRUST, text, text_bytes) ||
        !trust_read(trust, j.payload, j.payload_bytes)) {
        return TRUST_IS_MALFORMED;
    }
    const uint32_t signers = count_shares(trust, &j, true, account);
    if (account->good < trust->need) {
        return TRUST_IS_UNSIGNED;
    }
    if (pin->held != NULL) {
        return judge_successor(pin->held, trust, signers);
    }
    return pin->operator_count == 0 || has_operator(pin, &j) ? TRUST_IS_ACCEPTED
                                                             : TRUST_IS_UNPINNED;
}

bool trust_is_stale(const struct trust *trust, uint64_t now_ms)
{
    return trust->time_ms + (uint64_t)trust->ttl_s * 1000 <= now_ms;
}

static enum token_verdict judge_claims(const struct trust *t, const struct token_claims *c,
                                       uint64_t now_s)
{
    const struct trust_member *m = trust_member(t, c->subject);
    if (m == NULL) {
        return TOKEN_IS_STRANGER;
    }
    if (m->standing != TRUST_GOOD) {
        return TOKEN_IS_REMOVED;
    }
    if (m->term != c->term) {
        return TOKEN_IS_OLD_TERM;
    }
    if (memcmp(m->transport_key, c->key, IDENTITY_KEY_BYTES) != 0) {
        return TOKEN_IS_OTHER_KEY;
    }
    if (m->role != c->role) {
        return TOKEN_IS_OTHER_ROLE;
    }
    if (now_s < c->not_before_s) {
        return TOKEN_IS_TOO_EARLY;
    }
    return now_s < c->expires_s ? TOKEN_IS_VALID : TOKEN_IS_EXPIRED;
}

static enum token_verdict judge_read(const struct trust *t, const struct jws *j,
                                     uint64_t now_ms, bool thorough,
                                     const struct token_claims *claims,
                                     struct trust_account *account)
{
    if (thorough) {
        count_shares(t, j, true, account);
    }
    if (trust_is_stale(t, now_ms)) {
        return TOKEN_IS_STALE;
    }
    if (memcmp(t->cluster_id, claims->cluster_id, SIGNER_CLUSTER_BYTES) != 0) {
        return TOKEN_IS_OTHER_CLUSTER;
    }
    if (thorough && account->good < t->need) {
        return TOKEN_IS_TOO_FEW;
    }
    const enum token_verdict verdict = judge_claims(t, claims, now_ms / 1000);
    if (verdict == TOKEN_IS_VALID && !thorough) {
        count_shares(t, j, false, account);
    }
    return verdict == TOKEN_IS_VALID && account->good < t->need ? TOKEN_IS_TOO_FEW : verdict;
}

enum token_verdict trust_judge_token(const struct trust *trust, const char *text,
                                     size_t text_bytes, uint64_t now_ms, bool thorough,
                                     struct token_claims *claims, struct trust_account *account)
{
    struct jws j;
    *claims = (struct token_claims){.term = 0};
    *account = (struct trust_account){.need = trust->need};
    if (!jws_read(&j, JWS_TOKEN, text, text_bytes)) {
        return TOKEN_IS_MALFORMED;
    }
    if (!token_read(claims, j.payload, j.payload_bytes)) {
        *claims = (struct token_claims){.term = 0};
        return TOKEN_IS_MALFORMED;
    }
    return judge_read(trust, &j, now_ms, thorough, claims, account);
}

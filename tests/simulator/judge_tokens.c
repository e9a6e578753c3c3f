/* Tokens and trust bundles: what sound members sign of them, and what they assemble (invariant
 * 6). A payload that no sound member signs has the liars' signatures alone, which are fewer
 * than any quorum. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "../../tokens/trust.h"
#include "judge.h"
#include "world.h"

struct token_page {
    uint64_t token_height; /* 0: none yet */
    size_t token_bytes;
    char token[JWS_TEXT_MAX];
    struct trust trust; /* its newest bundle; height 0: none yet */
    size_t bundle_bytes;
    char bundle[JWS_TEXT_MAX]; /* the same, as it came */
};

struct token_pages {
    struct token_page of[STATIONS_MAX];
};

struct token_pages *judge_tokens_begin(void)
{
    struct token_pages *pages = calloc(1, sizeof *pages);
    assert(pages != NULL);
    return pages;
}

static bool is_second_of_a_block(const struct judge *j, uint64_t second)
{
    for (uint64_t h = j->height; h > 0; h--) {
        if (j->pages[h].time_ms / 1000 == second) {
            return true;
        }
    }
    return false;
}

/* NULL: it is what the chain calls for, as the signer has it. */
static const char *wrong_in_token(const struct world *w, const struct cluster *c,
                                  const struct token_claims *t)
{
    uint32_t member = 0;
    while (member < w->plan.members &&
           strcmp(w->founding.members[member].name, t->subject) != 0 &&
           strcmp(w->renamed[member], t->subject) != 0) {
        member++;
    }
    if (member == w->plan.members) {
        return "for a stranger";
    }
    const bool witness = member + w->plan.witnesses >= w->plan.members;
    if (c->member[member].standing != STANDING_GOOD) {
        return "for a member that is not good";
    }
    if (c->member[member].term != t->term) {
        return "of another term";
    }
    if (t->role != (witness ? TOKEN_WITNESS : TOKEN_NODE)) {
        return "with another role";
    }
    if (t->expires_s != t->issued_s + w->plan.timing.ttl_s ||
        !is_second_of_a_block(&w->judge, t->issued_s)) {
        return "of a time that no block called for";
    }
    return memcmp(t->cluster_id, w->id.bytes, sizeof t->cluster_id) == 0 ? NULL
                                                                         : "of another cluster";
}

static const char *wrong_in_bundle(const struct world *w, const struct cluster *c,
                                   const struct trust *t)
{
    const struct judge *j = &w->judge;
    if (t->height == 0 || t->height > j->height || j->pages[t->height].time_ms != t->time_ms) {
        return "of a block that is not decided";
    }
    uint32_t listed = 0;
    for (uint32_t i = 0; i < c->member_count && listed < t->count; i++) {
        const struct member *m = &c->member[i];
        if (m->standing == STANDING_LEFT) {
            continue;
        }
        const struct trust_member *said = &t->members[listed++];
        if (strcmp(m->name, said->name) != 0 || m->term != said->term ||
            (uint32_t)m->standing != (uint32_t)said->standing) {
            return "that lies about a member";
        }
    }
    const uint32_t needed = j->pages[t->height].needed;
    return needed == 0 || t->need == needed ? NULL : "of another quorum";
}

void judge_signed_token(struct world *w, const struct station *s, const uint8_t *input,
                        size_t size_bytes)
{
    const struct cluster *c = &s->node->deciding.cluster;
    const char *dot = memchr(input, '.', size_bytes);
    char payload[JWS_PAYLOAD_MAX];
    size_t payload_bytes = 0;
    struct token_claims token;
    struct trust trust;
    const char *wrong = "that cannot be read";
    if (w->judge.beyond) {
        return;
    }
    w->counters.check[CHECK_MINT]++;
    assert(dot != NULL);
    const size_t rest_bytes = size_bytes - (size_t)(dot + 1 - (const char *)input);
    if (sodium_base642bin((uint8_t *)payload, sizeof payload, dot + 1, rest_bytes, NULL,
                          &payload_bytes, NULL,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0) {
        if (token_read(&token, payload, payload_bytes)) {
            wrong = wrong_in_token(w, c, &token);
        } else if (trust_read(&trust, payload, payload_bytes)) {
            wrong = wrong_in_bundle(w, c, &trust);
        }
    }
    if (wrong != NULL) {
        world_fail(w, CHECK_MINT, "%s signs something %s", world_name(w, s->member), wrong);
    }
}

/* By the bundle of the same call it is good; by any other it may only be so while its subject
 * is as it was. */
static void check_token(struct world *w, const struct token_page *page, const struct trust *by)
{
    struct trust_account account;
    struct token_claims claims;
    const enum token_verdict verdict = trust_judge_token(
        by, page->token, page->token_bytes, by->time_ms + 1, true, &claims, &account);
    const struct trust_member *m = trust_member(by, claims.subject);
    const bool good = m != NULL && m->standing == TRUST_GOOD && m->term == claims.term;
    w->counters.check[CHECK_TOKENS]++;
    if (verdict == TOKEN_IS_VALID && !good) {
        world_fail(w, CHECK_TOKENS, "the token of %s is good after its removal",
                   claims.subject);
    }
    if (page->token_height == by->height && by->height % 4 == 0) { /* it costs its time */
        judge_thief_has_token(w, by, page->token, page->token_bytes);
    }
    if (page->token_height == by->height &&
        (verdict != TOKEN_IS_VALID || account.good != account.count)) {
        world_fail(w, CHECK_TOKENS, "a token of height %llu: %s, %u of %u signatures",
                   (unsigned long long)by->height, token_verdict_text(verdict), account.good,
                   account.count);
    }
}

void judge_told_token(struct world *w, const struct station *s, uint64_t height,
                      const uint8_t *text, size_t size_bytes)
{
    struct token_page *page = &w->judge.tokens->of[station_index(w, s)];
    if (w->judge.beyond) {
        return;
    }
    assert(size_bytes <= sizeof page->token);
    rule_mark(&w->counters.rules,
              page->token_height == height ? MARK_TOKEN_AGAIN : MARK_TOKEN_ASSEMBLED);
    page->token_height = height;
    page->token_bytes = size_bytes;
    memcpy(page->token, text, size_bytes);
    if (page->trust.height != 0) {
        check_token(w, page, &page->trust);
    }
}

void judge_told_bundle(struct world *w, const struct station *s, uint64_t height,
                       const uint8_t *text, size_t size_bytes)
{
    struct token_pages *pages = w->judge.tokens;
    struct token_page *page = &pages->of[station_index(w, s)];
    const struct trust_pin pin = {.held = NULL};
    struct trust trust;
    struct trust_account account;
    if (w->judge.beyond) {
        return;
    }
    w->counters.check[CHECK_TOKENS]++;
    const enum trust_verdict verdict =
        trust_judge(&trust, &pin, (const char *)text, size_bytes, &account);
    if (verdict != TRUST_IS_ACCEPTED || account.good != account.count ||
        trust.height != height) {
        world_fail(w, CHECK_TOKENS, "a bundle of height %llu: %s, %u of %u signatures",
                   (unsigned long long)height, trust_verdict_text(verdict), account.good,
                   account.count);
        return;
    }
    rule_mark(&w->counters.rules, MARK_TRUST_ASSEMBLED);
    if (page->bundle_bytes > 0 && height > page->trust.height && height % 4 == 0) {
        judge_thief_has_bundle(w, &trust, page->bundle, page->bundle_bytes);
    }
    assert(size_bytes <= sizeof page->bundle);
    page->bundle_bytes = size_bytes;
    memcpy(page->bundle, text, size_bytes);
    page->trust = trust;
    for (uint32_t i = 0; i < w->station_count; i++) {
        if (pages->of[i].token_height != 0) {
            check_token(w, &pages->of[i], &trust);
        }
    }
}

/* What is said of a token, for people and as JSON. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <sodium.h>

#include "agent/text.h"
#include "document.h"
#include "moment.h"
#include "token.h"

#define SENTENCE_BYTES 256u
#define NAME_COLUMNS 8u

static const char *const verdict_words[] = {
#define X(name, text) [TOKEN_IS_##name] = #name,
    TOKEN_VERDICTS(X)
#undef X
};

static const char *const share_words[] = {
#define X(name, text) [SHARE_##name] = #name,
    SHARE_VERDICTS(X)
#undef X
};

enum exit_code token_exit_code(const struct token_finding *f)
{
    if (f->verdict == TOKEN_IS_STALE) {
        return EXIT_UNKNOWN;
    }
    const bool proved = !f->proof_asked || f->proof == POSSESSION_PROVED;
    return f->verdict == TOKEN_IS_VALID && proved ? EXIT_WELL : EXIT_CRITICAL;
}

/* "06:00:00 UTC, 1 min ago" or "07:00:00 UTC, in 59 min". */
static void tell_time(uint64_t then_ms, uint64_t now_ms, char out[static SENTENCE_BYTES])
{
    char moment[MOMENT_BYTES];
    char age[MOMENT_BYTES];
    const bool past = then_ms <= now_ms;
    moment_text(then_ms, now_ms, MOMENT_SECOND, moment);
    duration_text(past ? now_ms - then_ms : then_ms - now_ms, age);
    snprintf(out, SENTENCE_BYTES, past ? "%s UTC, %s ago" : "%s UTC, in %s", moment, age);
}

static const char *standing_words(enum trust_standing standing)
{
    return standing == TRUST_LOCKED_OUT ? "locked out" : trust_standing_texts[standing];
}

/* Why it is refused, in the words of the case. */
static void tell_refusal(const struct token_finding *f, char out[static SENTENCE_BYTES])
{
    char time[SENTENCE_BYTES];
    const struct token_claims *c = &f->claims;
    const struct trust_member *m = trust_member(f->trust, c->subject);
    if (f->verdict == TOKEN_IS_REMOVED) {
        snprintf(out, SENTENCE_BYTES, "%s is %s since term %u; this token is of term %u",
                 c->subject, standing_words(m->standing), m->term, c->term);
    } else if (f->verdict == TOKEN_IS_OLD_TERM) {
        snprintf(out, SENTENCE_BYTES, "%s is in term %u; this token is of term %u%s",
                 c->subject, m->term, c->term,
                 c->term > m->term ? ": there is a newer bundle" : "");
    } else if (f->verdict == TOKEN_IS_EXPIRED) {
        tell_time(1000 * c->expires_s, f->now_ms, time);
        snprintf(out, SENTENCE_BYTES, "it expired at %.100s", time);
    } else if (f->verdict == TOKEN_IS_TOO_EARLY) {
        tell_time(1000 * c->not_before_s, f->now_ms, time);
        snprintf(out, SENTENCE_BYTES, "it is not valid before %.100s: is the clock right here?",
                 time);
    } else if (f->verdict == TOKEN_IS_TOO_FEW) {
        snprintf(out, SENTENCE_BYTES, "%u of %u needed signatures are good", f->account.good,
                 f->account.need);
    } else if (f->verdict == TOKEN_IS_VALID) {
        snprintf(out, SENTENCE_BYTES, "%s", possession_verdict_text(f->proof));
    } else {
        snprintf(out, SENTENCE_BYTES, "%s", token_verdict_text(f->verdict));
    }
}

/* "not counted: locked out since term 12", or what else became of it. */
static void tell_share(const struct trust_share *share, char out[static SENTENCE_BYTES])
{
    if (share->verdict == SHARE_REMOVED) {
        snprintf(out, SENTENCE_BYTES, "not counted: %s since term %u",
                 standing_words(share->standing), share->term);
    } else {
        snprintf(out, SENTENCE_BYTES, "%s", share_verdict_text(share->verdict));
    }
}

static void print_account(const struct page *p, const struct trust_account *account)
{
    for (uint32_t i = 0; i < account->count; i++) {
        const struct trust_share *share = &account->shares[i];
        char text[SENTENCE_BYTES];
        char name[4 * JWS_KID_BYTES];
        tell_share(share, text);
        text_escape(share->signer, strlen(share->signer), name, sizeof name);
        fprintf(p->out, "  %-*s  %s\n", (int)NAME_COLUMNS, name[0] == '\0' ? "?" : name, text);
    }
}

static void print_verdict(const struct page *p, const struct token_finding *f)
{
    char text[SENTENCE_BYTES];
    char time[SENTENCE_BYTES];
    const struct token_claims *c = &f->claims;
    const enum exit_code code = token_exit_code(f);
    if (code == EXIT_WELL) {
        tell_time(1000 * c->expires_s, f->now_ms, time);
        snprintf(text, sizeof text, "%s (%s), term %u, until %.100s%s", c->subject,
                 token_role_texts[c->role], c->term, time,
                 f->proof_asked ? "; its key is proved" : "");
    } else {
        tell_refusal(f, text);
    }
    const char *word = code == EXIT_WELL       ? "valid:"
                       : code == EXIT_CRITICAL ? "refused:"
                                               : "unknown:";
    fprintf(p->out, "%s ", word);
    page_wrap(p, (uint32_t)strlen(word) + 1, 2, text);
}

void token_print(const struct page *p, const struct token_finding *f)
{
    char text[2 * SENTENCE_BYTES];
    char time[SENTENCE_BYTES];
    char name[SENTENCE_BYTES];
    print_verdict(p, f);
    tell_time(f->trust->time_ms, f->now_ms, time);
    text_escape(f->bundle_name, strlen(f->bundle_name), name, sizeof name);
    snprintf(text, sizeof text, "%.200s, height %" PRIu64 ", of %.100s", name, f->trust->height,
             time);
    fputs("  by ", p->out);
    page_wrap(p, 5, 5, text);
    print_account(p, &f->account);
}

/* An enumeration's word as JSON has it. */
static void add_word(cJSON *object, const char *key, const char *word)
{
    char lower[32] = {0};
    for (size_t i = 0; word[i] != '\0' && i + 1 < sizeof lower; i++) {
        lower[i] = word[i] >= 'A' && word[i] <= 'Z' ? (char)(word[i] - 'A' + 'a') : word[i];
    }
    cJSON_AddStringToObject(object, key, lower);
}

static void add_time(cJSON *object, const char *key, uint64_t moment_ms)
{
    char text[MOMENT_BYTES];
    cJSON_AddStringToObject(object, key, moment_iso(moment_ms, text));
}

static void add_claims(cJSON *object, const struct token_claims *c)
{
    char hex[IDENTITY_HEX_SIZE_BYTES];
    identity_hex(c->cluster_id, hex);
    cJSON_AddStringToObject(object, "cluster_id", hex);
    cJSON_AddStringToObject(object, "member", c->subject);
    cJSON_AddStringToObject(object, "role", token_role_texts[c->role]);
    cJSON_AddNumberToObject(object, "term", c->term);
    add_time(object, "issued_at", 1000 * c->issued_s);
    add_time(object, "not_before", 1000 * c->not_before_s);
    add_time(object, "expires_at", 1000 * c->expires_s);
    sodium_bin2hex(hex, sizeof hex, c->jti, sizeof c->jti);
    cJSON_AddStringToObject(object, "id", hex);
    identity_hex(c->key, hex);
    cJSON_AddStringToObject(object, "transport_key", hex);
}

void token_print_json(const struct token_finding *f)
{
    char text[SENTENCE_BYTES];
    cJSON *object = cJSON_CreateObject();
    const bool valid = token_exit_code(f) == EXIT_WELL;
    cJSON_AddBoolToObject(object, "valid", valid);
    add_word(object, "verdict",
             f->verdict == TOKEN_IS_VALID && !valid ? "unproved" : verdict_words[f->verdict]);
    if (!valid) {
        tell_refusal(f, text);
        cJSON_AddStringToObject(object, "reason", text);
    }
    if (f->verdict != TOKEN_IS_MALFORMED) {
        add_claims(object, &f->claims);
    }
    cJSON_AddNumberToObject(object, "needed", f->account.need);
    cJSON_AddNumberToObject(object, "good", f->account.good);
    cJSON *list = cJSON_AddArrayToObject(object, "signatures");
    for (uint32_t i = 0; i < f->account.count; i++) {
        const struct trust_share *share = &f->account.shares[i];
        cJSON *item = cJSON_CreateObject();
        cJSON_AddStringToObject(item, "signer", share->signer);
        add_word(item, "verdict", share_words[share->verdict]);
        tell_share(share, text);
        cJSON_AddStringToObject(item, "text", text);
        cJSON_AddItemToArray(list, item);
    }
    cJSON *bundle = cJSON_AddObjectToObject(object, "bundle");
    cJSON_AddNumberToObject(bundle, "height", (double)f->trust->height);
    add_time(bundle, "time", f->trust->time_ms);
    cJSON_AddBoolToObject(bundle, "stale", trust_is_stale(f->trust, f->now_ms));
    document_print(object);
}

static bool read_claims(const struct token_file *file, struct jws *j, struct token_claims *c)
{
    return jws_read(j, JWS_TOKEN, file->text, file->text_bytes) &&
           token_read(c, j->payload, j->payload_bytes);
}

bool token_print_claims(const struct page *p, const struct token_file *file, uint64_t now_ms)
{
    struct jws j;
    struct token_claims c;
    char text[SENTENCE_BYTES];
    char hex[IDENTITY_HEX_SIZE_BYTES];
    if (!read_claims(file, &j, &c)) {
        return false;
    }
    fprintf(p->out, "   member: %s (%s), term %u\n", c.subject, token_role_texts[c.role],
            c.term);
    identity_short(c.cluster_id, hex);
    fprintf(p->out, "  cluster: %s...\n", hex);
    identity_short(c.key, hex);
    fprintf(p->out, "bound  to: the transport key %s...\n", hex);
    tell_time(1000 * c.issued_s, now_ms, text);
    fprintf(p->out, "   issued: %s\n", text);
    tell_time(1000 * c.expires_s, now_ms, text);
    fprintf(p->out, "  %s: %s\n", 1000 * c.expires_s <= now_ms ? "expired" : "expires", text);
    fprintf(p->out, "   signed: by %u, by their own word; %u are needed\n", j.count,
            j.signatures[0].need);
    for (uint32_t i = 0; i < j.count; i++) {
        text_escape(j.signatures[i].signer, strlen(j.signatures[i].signer), text, sizeof text);
        fprintf(p->out, "           %s\n", text[0] == '\0' ? "?" : text);
    }
    fputs("Nothing of this is checked: ostrakon token verify\n", p->out);
    return true;
}

bool token_print_claims_json(const struct token_file *file)
{
    struct jws j;
    struct token_claims c;
    if (!read_claims(file, &j, &c)) {
        return false;
    }
    cJSON *object = cJSON_CreateObject();
    add_claims(object, &c);
    cJSON_AddNumberToObject(object, "needed", j.signatures[0].need);
    cJSON *list = cJSON_AddArrayToObject(object, "signers");
    for (uint32_t i = 0; i < j.count; i++) {
        cJSON_AddItemToArray(list, cJSON_CreateString(j.signatures[i].signer));
    }
    document_print(object);
    return true;
}

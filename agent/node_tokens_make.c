/* Tokens and the trust bundle as a block calls for them: bytes that follow from the state. */
#include "node_parts.h"

#include <assert.h>
#include <string.h>

#include "../tokens/token.h"

static_assert(sizeof((struct trust *)0)->members == MEMBERS_MAX * sizeof(struct trust_member),
              "a bundle holds all members");
static_assert(sizeof((struct trust *)0)->operators == OPERATORS_MAX * PUBLIC_KEY_BYTES,
              "and all operators");
static_assert(sizeof((struct token_issue *)0)->subject == NAME_SIZE_BYTES,
              "a kid is a member's name");
static_assert((int)TRUST_GOOD == (int)STANDING_GOOD &&
                  (int)TRUST_SUSPENDED == (int)STANDING_SUSPENDED &&
                  (int)TRUST_LOCKED_OUT == (int)STANDING_LOCKED_OUT &&
                  (int)TRUST_NEUTERED == (int)STANDING_NEUTERED,
              "standings are numbered alike");
static_assert((int)TOKEN_NODE == (int)ROLE_NODE && (int)TOKEN_WITNESS == (int)ROLE_WITNESS,
              "roles too");
static_assert((unsigned)MEMBERS_MAX <= JWS_SIGNATURES_MAX, "all may sign");

uint32_t node_tokens_count(const struct cluster *c)
{
    uint8_t voters[MEMBERS_MAX];
    return cluster_voters(c, voters) + 1;
}

uint32_t node_tokens_of(const struct cluster *c, uint32_t member)
{
    uint8_t voters[MEMBERS_MAX];
    const uint32_t count = cluster_voters(c, voters);
    for (uint32_t i = 0; i < count; i++) {
        if (voters[i] == member) {
            return i;
        }
    }
    return count + 1;
}

static size_t token_of(const struct cluster *c, uint32_t member,
                       char out[static TOKEN_PAYLOAD_MAX])
{
    const struct member *m = &c->member[member];
    struct token_issue issue = {
        .height = c->call.height,
        .time_ms = c->call.time_ms,
        .ttl_s = c->timing.ttl_s,
        .term = m->term,
        .role = (enum token_role)m->role,
    };
    memcpy(issue.cluster_id, c->id.bytes, sizeof issue.cluster_id);
    memcpy(issue.subject, m->name, sizeof issue.subject);
    memcpy(issue.key, m->transport_key, sizeof issue.key);
    const struct token_claims claims = token_claims_of(&issue);
    return token_payload(&claims, out);
}

void node_tokens_trust(const struct cluster *c, struct trust *out)
{
    *out = (struct trust){
        .height = c->call.height,
        .time_ms = c->call.time_ms,
        .ttl_s = c->timing.ttl_s,
        .need = cluster_quorum(c).needed,
        .operator_count = c->operator_count,
    };
    memcpy(out->cluster_id, c->id.bytes, sizeof out->cluster_id);
    for (uint32_t i = 0; i < c->member_count; i++) {
        const struct member *m = &c->member[i];
        if (m->standing == STANDING_LEFT) {
            continue;
        }
        struct trust_member *t = &out->members[out->count++];
        memcpy(t->name, m->name, sizeof t->name);
        t->standing = (enum trust_standing)m->standing;
        t->term = m->term;
        t->role = (enum token_role)m->role;
        memcpy(t->vote_key, m->vote_key, sizeof t->vote_key);
        memcpy(t->transport_key, m->transport_key, sizeof t->transport_key);
    }
    for (uint32_t i = 0; i < c->operator_count; i++) {
        memcpy(out->operators[i], c->operators[i].key, sizeof out->operators[i]);
    }
}

static size_t bundle_of(const struct cluster *c, char out[static JWS_PAYLOAD_MAX])
{
    struct trust trust;
    node_tokens_trust(c, &trust);
    return trust_payload(&trust, out);
}

static enum jws_type payload_of(const struct cluster *c, uint32_t number,
                                char out[static JWS_PAYLOAD_MAX], size_t *size_bytes)
{
    uint8_t voters[MEMBERS_MAX];
    const uint32_t count = cluster_voters(c, voters);
    assert(number <= count);
    if (number == count) {
        *size_bytes = bundle_of(c, out);
        return JWS_TRUST;
    }
    *size_bytes = token_of(c, voters[number], out);
    return JWS_TOKEN;
}

size_t node_tokens_input(const struct cluster *c, uint32_t number, uint32_t signer,
                         uint8_t out[static JWS_INPUT_MAX])
{
    char payload[JWS_PAYLOAD_MAX];
    size_t size_bytes = 0;
    const enum jws_type type = payload_of(c, number, payload, &size_bytes);
    return size_bytes == 0 ? 0
                           : jws_input(type, c->member[signer].name, cluster_quorum(c).needed,
                                       payload, size_bytes, out);
}

size_t node_tokens_assemble(const struct cluster *c, uint32_t number, uint32_t signers,
                            const uint8_t *signatures, char out[static JWS_TEXT_MAX])
{
    char payload[JWS_PAYLOAD_MAX];
    struct jws_share shares[MEMBERS_MAX];
    uint32_t count = 0;
    size_t size_bytes = 0;
    const enum jws_type type = payload_of(c, number, payload, &size_bytes);
    for (uint32_t i = 0; i < c->member_count; i++) {
        if ((signers >> i & 1) != 0) {
            shares[count].signer = c->member[i].name;
            memcpy(shares[count].signature, signatures + (size_t)i * SIGNATURE_BYTES,
                   SIGNATURE_BYTES);
            count++;
        }
    }
    return jws_assemble(type, cluster_quorum(c).needed, payload, size_bytes, shares, count,
                        out);
}

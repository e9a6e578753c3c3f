/* It tries to have tokens signed that nobody called for. Whatever signature comes to it, of
 * whatever kind, is tried on its own forgeries; what fits best is put into files, for the
 * verifier to judge. */
#include "liar.h"

#include <stdio.h>
#include <string.h>

#include "agent/node_parts.h"
#include "agent/replace.h"
#include "tokens/token.h"

struct forgery {
    enum forgery_kind kind;
    uint32_t need;
    size_t payload_bytes; /* 0: not made yet */
    char payload[TOKEN_PAYLOAD_MAX];
    uint8_t signature[MEMBERS_MAX][SIGNATURE_BYTES]; /* what fits, else the newest there is */
    uint32_t seen;                                   /* bits of members that have sent any */
};

static struct forgery forgeries[FORGERY_COUNT];

static const char *const names[] = {
#define X(name, text) [FORGERY_##name] = text,
    FORGERIES(X)
#undef X
};

static const struct cluster *state(void)
{
    return &liar.agent->node->deciding.cluster;
}

/* MEMBER_NONE while nobody is removed: its token would be one that was called for. */
static uint32_t removed(void)
{
    for (uint32_t i = 0; i < state()->member_count; i++) {
        if (state()->member[i].standing != STANDING_GOOD) {
            return i;
        }
    }
    return MEMBER_NONE;
}

static void forge(enum forgery_kind kind)
{
    struct forgery *f = &forgeries[kind];
    const uint32_t subject = kind == FORGERY_REMOVED ? removed() : liar.self;
    *f = (struct forgery){.kind = kind};
    liar.caught[kind] = 0;
    if (subject == MEMBER_NONE) {
        return;
    }
    const struct member *m = &state()->member[subject];
    struct token_issue issue = {
        .height = state()->call.height,
        .time_ms = state()->call.time_ms,
        .ttl_s = state()->timing.ttl_s * (kind == FORGERY_LATER ? 100 : 1),
        .term = m->term + (kind == FORGERY_TERM),
        .role = (enum token_role)m->role,
    };
    if (kind == FORGERY_ROLE) {
        issue.role = m->role == ROLE_NODE ? TOKEN_WITNESS : TOKEN_NODE;
    }
    memcpy(issue.cluster_id, liar.id.bytes, sizeof issue.cluster_id);
    memcpy(issue.subject, m->name, sizeof issue.subject);
    memcpy(issue.key, m->transport_key, sizeof issue.key);
    if (kind == FORGERY_STRANGER) {
        snprintf(issue.subject, sizeof issue.subject, "mallory");
        memcpy(issue.key, liar.pen.public_key, sizeof issue.key);
    }
    const struct token_claims claims = token_claims_of(&issue);
    f->need = kind == FORGERY_ALONE ? 1 : cluster_quorum(state()).needed;
    f->payload_bytes = token_payload(&claims, f->payload);
}

static size_t input_of(const struct forgery *f, uint32_t signer,
                       uint8_t out[static JWS_INPUT_MAX])
{
    return jws_input(JWS_TOKEN, state()->member[signer].name, f->need, f->payload,
                     f->payload_bytes, out);
}

static void sign(struct forgery *f)
{
    uint8_t input[JWS_INPUT_MAX];
    if (f->payload_bytes == 0) {
        return;
    }
    const struct statement statement = {.domain = SIGNER_JWS,
                                        .cluster_id = liar.id.bytes,
                                        .body = input,
                                        .body_size_bytes = input_of(f, liar.self, input)};
    signer_sign(&liar.pen, &statement, f->signature[liar.self]);
    f->seen |= 1u << liar.self;
    liar.caught[f->kind] |= 1u << liar.self;
}

static void put(const struct forgery *f)
{
    char path[CONFIG_PATH_BYTES + 32];
    char text[JWS_TEXT_MAX];
    struct jws_share shares[MEMBERS_MAX];
    uint32_t count = 0;
    if (f->payload_bytes == 0) {
        return;
    }
    for (uint32_t i = 0; i < liar.members; i++) {
        if ((f->seen >> i & 1) != 0) {
            shares[count].signer = state()->member[i].name;
            memcpy(shares[count++].signature, f->signature[i], SIGNATURE_BYTES);
        }
    }
    const size_t size_bytes =
        jws_assemble(JWS_TOKEN, f->need, f->payload, f->payload_bytes, shares, count, text);
    snprintf(path, sizeof path, "%s/forged-%s.jws", liar.agent->config.data_dir,
             names[f->kind]);
    (void)!replace_file(path, text, size_bytes, 0600);
}

/* ---- what comes in */

static void try_on(uint32_t from, const uint8_t *signature)
{
    uint8_t input[JWS_INPUT_MAX];
    liar.asked++;
    for (uint32_t i = 0; i < FORGERY_COUNT; i++) {
        struct forgery *f = &forgeries[i];
        if (f->payload_bytes == 0 || (liar.caught[i] >> from & 1) != 0) {
            continue;
        }
        const struct statement statement = {.domain = SIGNER_JWS,
                                            .cluster_id = liar.id.bytes,
                                            .body = input,
                                            .body_size_bytes = input_of(f, from, input)};
        memcpy(f->signature[from], signature, SIGNATURE_BYTES);
        f->seen |= 1u << from;
        if (signature_verify(state()->member[from].vote_key, &statement, signature)) {
            liar.caught[i] |= 1u << from;
        }
    }
}

void liar_mint_take(uint32_t from, const struct message *m)
{
    if (!liar.has[HABIT_MINT] || from >= liar.members) {
        return;
    }
    switch (m->kind) {
    case MESSAGE_COSIGN:
        for (uint32_t i = 0; i < m->cosign.count; i++) {
            try_on(from, m->cosign.signatures.bytes + (size_t)i * SIGNATURE_BYTES);
        }
        break;
    case MESSAGE_ANSWER:
        try_on(from, m->answer.signature);
        break;
    case MESSAGE_SOLUTION:
        try_on(from, m->solution.signature);
        break;
    case MESSAGE_VOTE:
        try_on(from, m->vote.vote.signature);
        break;
    case MESSAGE_COMMAND:
        try_on(from,
               m->command.command.bytes + m->command.command.size_bytes - SIGNATURE_BYTES);
        break;
    case MESSAGE_PROPOSAL:
    case MESSAGE_STATUS:
    case MESSAGE_DECIDED:
    case MESSAGE_WANT:
    case MESSAGE_BLOCK:
    case MESSAGE_HELLO:
    case MESSAGE_HEARTBEAT:
    case MESSAGE_CHALLENGE:
    case MESSAGE_TASK:
        break;
    }
}

/* ---- what goes out */

/* Its own signatures on its forgeries, at heights that called and at others, asking for the
 * same; and their hash as a challenge, in case somebody signs whatever is put before it. */
static void ask(uint32_t to)
{
    static struct message m;
    static uint8_t signatures[COSIGNED_MAX][SIGNATURE_BYTES];
    const struct forgery *f = &forgeries[liar_between(0, FORGERY_COUNT - 1)];
    uint8_t input[JWS_INPUT_MAX];
    m.kind = MESSAGE_COSIGN;
    m.cosign.height = state()->call.height + liar_between(0, 1) * liar_between(0, 50);
    m.cosign.wanted = true;
    m.cosign.count = liar_chance(80) ? node_tokens_count(state()) : liar_between(0, 17);
    for (uint32_t i = 0; i < m.cosign.count; i++) {
        memcpy(signatures[i], f->signature[liar.self], SIGNATURE_BYTES);
    }
    m.cosign.signatures =
        (struct bytes_view){signatures[0], m.cosign.count * (uint32_t)SIGNATURE_BYTES};
    liar_say_message(to, &m);
    const size_t size_bytes = f->payload_bytes == 0 ? 0 : input_of(f, to, input);
    m.kind = MESSAGE_CHALLENGE;
    m.challenge.subject = to;
    m.challenge.nonce = hash_of("ostrakon/nonce/1", input, size_bytes);
    if (liar_chance(20)) {
        liar_say_message(to, &m);
    }
}

static uint64_t forged_at;

void liar_mint_act(void)
{
    if (!liar.has[HABIT_MINT] || state()->call.height == 0 || !liar_chance(30)) {
        return;
    }
    const bool anew = forged_at != state()->call.height;
    forged_at = state()->call.height;
    for (uint32_t i = 0; anew && i < FORGERY_COUNT; i++) {
        forge((enum forgery_kind)i);
        sign(&forgeries[i]);
    }
    for (uint32_t i = 0; i < FORGERY_COUNT; i++) {
        put(&forgeries[i]);
    }
    for (uint32_t i = 0; i < liar.members; i++) {
        if (i != liar.self) {
            liar_told(HABIT_MINT);
            ask(i);
        }
    }
}

bool liar_lies_in_cosign(uint32_t to, struct message *m)
{
    static uint8_t signatures[COSIGNED_MAX][SIGNATURE_BYTES];
    if (liar.has[HABIT_COSIGN_NOT]) {
        liar_told(HABIT_COSIGN_NOT);
        return true;
    }
    if (!liar.has[HABIT_COSIGN_WRONG] || m->cosign.count == 0) {
        return false;
    }
    liar_told(HABIT_COSIGN_WRONG);
    memcpy(signatures, m->cosign.signatures.bytes, m->cosign.signatures.size_bytes);
    signatures[liar_between(0, m->cosign.count - 1)][liar_between(0, 63)] ^= 1;
    if (liar_chance(50)) {
        forge(FORGERY_ROLE);
        sign(&forgeries[FORGERY_ROLE]);
        memcpy(signatures[0], forgeries[FORGERY_ROLE].signature[liar.self], SIGNATURE_BYTES);
    }
    m->cosign.signatures.bytes = signatures[0];
    liar_say_message(to, m);
    return true;
}

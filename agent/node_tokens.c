/* Tokens and the trust bundle (standing.md, section 9): when a block calls for them, each voter
 * signs all of what it calls for, and sends its signatures to all. Each member assembles its
 * own token and the bundle, as soon as enough have signed, and once more with the signatures
 * that come within the next second. Who misses any asks for them. */
#include "node_parts.h"

#include <assert.h>
#include <string.h>

#include "../consensus/sabotage.h"
#include "../health/self.h"

#define AGAIN_MS 1000u /* after a refusal of the gate */
#define LATER_MS 1000u /* signatures that come later than this are not waited for */
#define ANSWER_HEARTBEATS 5u
#define PARTS 2u

static_assert((int)JWS_TOKEN == 0 && (int)JWS_TRUST == 1, "parts by their type");

static uint32_t bit(uint32_t member)
{
    return (uint32_t)1 << member;
}

static uint32_t voters_of(const struct cluster *c)
{
    uint8_t voters[MEMBERS_MAX];
    uint32_t bits = 0;
    const uint32_t count = cluster_voters(c, voters);
    for (uint32_t i = 0; i < count; i++) {
        bits |= bit(voters[i]);
    }
    return bits;
}

/* Which of what is called for the part is; node_tokens_count: not for me. */
static uint32_t number_of(const struct deciding *d, enum jws_type part)
{
    const uint32_t count = node_tokens_count(&d->cluster);
    return part == JWS_TRUST ? count - 1 : node_tokens_of(&d->cluster, d->options.self);
}

static bool is_signed(const struct deciding *d, uint32_t number, uint32_t signer,
                      const uint8_t *signature)
{
    uint8_t input[JWS_INPUT_MAX];
    const size_t size_bytes = node_tokens_input(&d->cluster, number, signer, input);
    const struct statement statement = {
        .domain = SIGNER_JWS,
        .cluster_id = d->cluster.id.bytes,
        .body = input,
        .body_size_bytes = size_bytes,
    };
    return SABOTAGE == SABOTAGE_COSIGN_UNCHECKED ||
           (size_bytes > 0 &&
            signature_verify(d->cluster.member[signer].vote_key, &statement, signature));
}

/* Told, and what comes now is not waited for. */
static bool is_closed(const struct deciding *d, const struct assembly *a)
{
    return a->told != 0 && (a->told == voters_of(&d->cluster) ||
                            (a->told == a->signers && d->now_ms >= a->enough_ms + LATER_MS));
}

/* Checked by the caller. */
static void keep(struct node *n, enum jws_type part, uint32_t signer, const uint8_t *signature)
{
    n->deciding.token.part[part].signers |= bit(signer);
    memcpy(n->book.signature[part][signer], signature, SIGNATURE_BYTES);
}

static void note_liar(struct deciding *d, uint32_t member, struct effects *out)
{
    const struct note note = {.kind = NOTE_PEER_NONSENSE,
                              .cause = CAUSE_BAD_SIGNATURE,
                              .member = member,
                              .other = MEMBER_NONE};
    d->token.liars |= bit(member);
    effects_note(out, &note);
}

/* One signature of each voter counts in each part; who has lied is not looked at again until
 * the next call, so that rubbish costs little. */
static void take(struct node *n, uint32_t from, uint32_t count, const uint8_t *signatures,
                 struct effects *out)
{
    struct deciding *d = &n->deciding;
    const uint32_t called = node_tokens_count(&d->cluster);
    if (count != called || !cluster_is_voter(&d->cluster, from)) {
        return;
    }
    for (uint32_t i = 0; i < PARTS; i++) {
        const enum jws_type part = (enum jws_type)i;
        const struct assembly *a = &d->token.part[part];
        const uint32_t number = number_of(d, part);
        if (number >= called || (a->signers & bit(from)) != 0 || is_closed(d, a) ||
            (d->token.liars & bit(from)) != 0) {
            continue;
        }
        const uint8_t *signature = signatures + (size_t)number * SIGNATURE_BYTES;
        if (is_signed(d, number, from, signature)) {
            keep(n, part, from, signature);
        } else {
            note_liar(d, from, out);
        }
    }
}

/* My signatures, as far as I have them all. */
static struct body message_of(struct node *n, bool wanted, struct effects *out)
{
    static const uint8_t nothing[1];
    const struct cosignatures *mine = &n->book.mine;
    const bool has = mine->height == n->deciding.token.height;
    struct message *m = &n->scratch;
    uint8_t bytes[MESSAGE_BYTES_MAX];
    m->kind = MESSAGE_COSIGN;
    m->cosign.height = n->deciding.token.height;
    m->cosign.wanted = wanted;
    m->cosign.count = has ? mine->count : 0;
    m->cosign.signatures.bytes = has ? mine->signature[0] : nothing;
    m->cosign.signatures.size_bytes = m->cosign.count * SIGNATURE_BYTES;
    return effects_body(out, bytes, message_encode(m, bytes));
}

static void broadcast(struct node *n, bool wanted, struct effects *out)
{
    if (effects_has_room(out, sizeof(struct cosignatures))) {
        const struct body body = message_of(n, wanted, out);
        effects_add(out, EFFECT_BROADCAST)->body = body;
    }
}

static void answer(struct node *n, uint32_t member, struct effects *out)
{
    struct deciding *d = &n->deciding;
    const uint64_t pause_ms = ANSWER_HEARTBEATS * (uint64_t)d->cluster.timing.heartbeat_ms;
    if (n->book.mine.height != d->token.height ||
        d->now_ms < d->token.answered_ms[member] + pause_ms || d->quiet ||
        !effects_has_room(out, sizeof(struct cosignatures))) {
        return;
    }
    d->token.answered_ms[member] = d->now_ms;
    const struct body body = message_of(n, false, out);
    struct effect *e = effects_add(out, EFFECT_SEND);
    e->member = member;
    e->body = body;
}

static void hold_early(struct node *n, uint32_t from, const struct message *m)
{
    struct cosignatures *early = &n->book.early[from];
    if (m->cosign.count > 0) {
        early->height = m->cosign.height;
        early->count = m->cosign.count;
        memcpy(early->signature, m->cosign.signatures.bytes, m->cosign.signatures.size_bytes);
    }
}

void node_tokens_on_cosign(struct node *n, uint32_t from, const struct message *m,
                           struct effects *out)
{
    struct token_view *t = &n->deciding.token;
    const uint64_t height = m->cosign.height;
    const bool wanted = m->cosign.wanted;
    if (height > t->height) {
        hold_early(n, from, m);
        return;
    }
    if (height != t->height || height == 0) {
        return;
    }
    take(n, from, m->cosign.count, m->cosign.signatures.bytes, out);
    if (wanted) {
        answer(n, from, out); /* the message is the node's scratch, and dead from here */
    }
}

/* A new call: what was of the one before is void, and what came early may be of this. */
static void begin(struct node *n, struct effects *out)
{
    struct deciding *d = &n->deciding;
    struct token_view *t = &d->token;
    t->height = d->cluster.call.height;
    t->serial = 0;
    t->mine = 0;
    t->liars = 0;
    t->want_ms = d->now_ms + REPEAT_HEARTBEATS * (uint64_t)d->cluster.timing.heartbeat_ms;
    memset(t->part, 0, sizeof t->part);
    memset(t->answered_ms, 0, sizeof t->answered_ms);
    for (uint32_t i = 0; i < d->cluster.member_count; i++) {
        struct cosignatures *early = &n->book.early[i];
        if (early->height == t->height) {
            take(n, i, early->count, early->signature[0], out);
        }
        early->height = early->height > t->height ? early->height : 0;
    }
}

static void ask_for_signatures(struct node *n, struct effects *out)
{
    struct deciding *d = &n->deciding;
    struct token_view *t = &d->token;
    const struct simplex_world world = node_world(n, 0, out);
    const uint32_t count = node_tokens_count(&d->cluster);
    if (t->serial != 0 || !cluster_is_voter(&d->cluster, d->options.self) || d->muted ||
        d->silent || !simplex_is_caught_up(&d->simplex, &world)) {
        return;
    }
    if (d->now_ms < t->sign_after_ms) {
        effects_wake(out, t->sign_after_ms);
        return;
    }
    t->serial = t->serials + 1;
    t->serials += count;
    for (uint32_t i = 0; i < count; i++) {
        uint8_t input[JWS_INPUT_MAX];
        const size_t size_bytes = node_tokens_input(&d->cluster, i, d->options.self, input);
        if (size_bytes == 0) { /* a name that JSON would escape: no configuration has one */
            continue;
        }
        effects_sign(out, SIGNING_TOKEN, t->serial + i, SIGNER_JWS, input, size_bytes);
    }
}

static void keep_mine(struct node *n, uint32_t number, const uint8_t *signature,
                      struct effects *out)
{
    struct deciding *d = &n->deciding;
    struct token_view *t = &d->token;
    const uint32_t count = node_tokens_count(&d->cluster);
    t->mine |= (uint64_t)1 << number;
    memcpy(n->book.mine.signature[number], signature, SIGNATURE_BYTES);
    for (uint32_t i = 0; i < PARTS; i++) {
        if (number_of(d, (enum jws_type)i) == number) {
            keep(n, (enum jws_type)i, d->options.self, signature);
        }
    }
    if (t->mine == ((uint64_t)1 << count) - 1) {
        n->book.mine.height = t->height;
        n->book.mine.count = count;
        broadcast(n, false, out);
    }
}

void node_tokens_on_signed(struct node *n, uint64_t serial, const uint8_t *signature,
                           struct effects *out)
{
    struct deciding *d = &n->deciding;
    struct token_view *t = &d->token;
    const uint32_t count = node_tokens_count(&d->cluster);
    if (t->height != d->cluster.call.height || t->serial == 0 || serial < t->serial ||
        serial - t->serial >= count) {
        return; /* of a call that is over */
    }
    if (signature == NULL) { /* all of them once more, later */
        t->serial = 0;
        t->mine = 0;
        t->sign_after_ms = d->now_ms + AGAIN_MS;
        return;
    }
    const uint32_t number = (uint32_t)(serial - t->serial);
    if (!is_signed(d, number, d->options.self, signature)) {
        const struct finding why = self_finding(SELF_SIGNATURE);
        node_neuter(n, &why, out);
        return;
    }
    keep_mine(n, number, signature, out);
}

static void tell(struct node *n, enum jws_type part, struct effects *out)
{
    struct deciding *d = &n->deciding;
    struct assembly *a = &d->token.part[part];
    char text[JWS_TEXT_MAX];
    const size_t size_bytes = node_tokens_assemble(&d->cluster, number_of(d, part), a->signers,
                                                   n->book.signature[part][0], text);
    a->enough_ms = a->told == 0 ? d->now_ms : a->enough_ms;
    a->told = a->signers;
    struct effect *e = effects_add(out, part == JWS_TOKEN ? EFFECT_TOKEN : EFFECT_TRUST);
    e->height = d->token.height;
    e->body = effects_body(out, text, size_bytes);
}

static bool has_enough(const struct deciding *d, const struct assembly *a)
{
    return (uint32_t)__builtin_popcount(a->signers) >= cluster_quorum(&d->cluster).needed;
}

static void tell_what_is_new(struct node *n, enum jws_type part, struct effects *out)
{
    struct deciding *d = &n->deciding;
    struct assembly *a = &d->token.part[part];
    if (a->told == a->signers || !has_enough(d, a)) {
        return;
    }
    const bool all = a->signers == voters_of(&d->cluster);
    if (a->told == 0 || all || d->now_ms >= a->enough_ms + LATER_MS) {
        tell(n, part, out);
    } else {
        effects_wake(out, a->enough_ms + LATER_MS);
    }
}

/* What is still missing: asked for while there is a quorum to have it from. */
static void want(struct node *n, struct effects *out)
{
    struct deciding *d = &n->deciding;
    struct token_view *t = &d->token;
    const bool mine = number_of(d, JWS_TOKEN) < node_tokens_count(&d->cluster);
    const bool misses =
        (mine && !has_enough(d, &t->part[JWS_TOKEN])) || !has_enough(d, &t->part[JWS_TRUST]);
    if (!misses || !d->quorum_heard || d->quiet) {
        return;
    }
    if (d->now_ms >= t->want_ms) {
        t->want_ms = d->now_ms + REPEAT_HEARTBEATS * (uint64_t)d->cluster.timing.heartbeat_ms;
        broadcast(n, true, out);
    }
    effects_wake(out, t->want_ms);
}

void node_tokens_watch(struct node *n, struct effects *out)
{
    struct deciding *d = &n->deciding;
    if (d->cluster.call.height == 0) {
        return;
    }
    if (d->token.height != d->cluster.call.height) {
        begin(n, out);
    }
    ask_for_signatures(n, out);
    tell_what_is_new(n, JWS_TOKEN, out);
    tell_what_is_new(n, JWS_TRUST, out);
    want(n, out);
}

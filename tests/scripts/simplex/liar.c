#include "options.h"

#include <stdlib.h>
#include <string.h>

#include "../../../consensus/certificate.h"
#include "../../../consensus/vote.h"

/* Whose history it is about: that of `on`, else of the first agent that is up. */
static const struct cluster *history_of(const struct world *w, const struct words *words)
{
    const uint32_t on = option_members(words, "on", UINT32_MAX);
    for (uint32_t i = 0; i < w->founding.member_count; i++) {
        if ((on >> i & 1) != 0 && w->agents[i].up) {
            return &w->agents[i].cluster;
        }
    }
    return &w->agents[0].cluster;
}

static struct hash hash_named(struct world *w, const struct words *words, const char *name)
{
    const char *value = option(words, name);
    const struct named_block *b = value == NULL ? NULL : world_block(w, value);
    const struct hash none = {0};
    return b == NULL ? none : b->hash;
}

static const struct certificate *certificate_named(const struct world *w,
                                                   const struct words *words, const char *name)
{
    static const struct certificate none;
    const char *value = option(words, name);
    for (uint32_t i = 0; value != NULL && i < w->certificate_count; i++) {
        if (strcmp(w->certificates[i].name, value) == 0) {
            return &w->certificates[i].certificate;
        }
    }
    return &none;
}

/* block NAME by=4 [time=MS after the last block] [height=] [version=] [state=bad] [parent=B]
 * [on=0] [rubbish] [proves=LIST] [answer=right] */
void liar_block(struct world *w, const struct words *words, FILE *out)
{
    const struct cluster *c = history_of(w, words);
    if (words->count < 2 || w->block_count == NAMES_MAX || world_block(w, words->word[1])) {
        fputs("no such block can be made\n", out);
        return;
    }
    struct named_block *b = &w->blocks[w->block_count++];
    memset(b, 0, sizeof *b);
    snprintf(b->name, sizeof b->name, "%s", words->word[1]);
    struct block_header header = {
        .height = option_uint(words, "height", c->height + 1),
        .parent = option(words, "parent") ? hash_named(w, words, "parent") : c->block,
        .time_ms = c->time_ms + option_uint(words, "time", 1000),
        .proposer = (uint32_t)option_uint(words, "by", 0),
        .state = cluster_state_hash(c),
        .version = (uint32_t)option_uint(words, "version", c->version),
    };
    if (option(words, "state") != NULL) {
        header.state.bytes[0] ^= 1;
    }
    struct block_maker maker = block_begin(b->bytes);
    if (has_word(words, "rubbish") && !block_add(&maker, (const uint8_t *)"rubbish", 7)) {
        fputs("no room\n", out);
    }
    proof_add(&maker, w, words, header.proposer);
    b->size_bytes = (uint32_t)block_end(&maker, &header);
    struct block decoded;
    if (!block_decode(&decoded, b->bytes, b->size_bytes)) {
        fputs("that is no block\n", out);
    }
    b->hash = decoded.hash;
}

static enum vote_kind kind_named(const char *text)
{
    static const char *const NAMES[] = {"", "propose", "notarize", "nullify", "finalize"};
    for (uint32_t i = VOTE_PROPOSE; text != NULL && i <= VOTE_FINALIZE; i++) {
        if (strcmp(text, NAMES[i]) == 0) {
            return (enum vote_kind)i;
        }
    }
    return VOTE_NOTARIZE;
}

/* With the key of its signer, or that of `key`; `stranger`: for another cluster. */
static void sign(const struct world *w, const struct words *words, struct vote *v)
{
    struct hash id = history_of(w, words)->id;
    id.bytes[0] ^= has_word(words, "stranger") ? 1 : 0;
    vote_sign(v, &id, &w->keys[option_uint(words, "key", v->signer) % MEMBERS_MAX]);
}

static struct vote vote_of(struct world *w, const struct words *words, uint32_t signer)
{
    const struct cluster *c = history_of(w, words);
    struct vote v = {
        .kind = kind_named(option(words, "kind")),
        .signer = signer,
        .height = option_uint(words, "height", c->height + 1),
        .view = option_view(words, "view", 0),
        .claim = option_view(words, "claim", VIEW_NONE),
        .parent = option(words, "parent") ? hash_named(w, words, "parent") : c->block,
        .block = hash_named(w, words, "block"),
    };
    sign(w, words, &v);
    return v;
}

/* certify NAME kind=notarize view=0 block=a signers=0,1,2,3 [claims=0,none,none,1] [twice=1]
 * [descending]: with the true keys of those members. */
void liar_certify(struct world *w, const struct words *words, FILE *out)
{
    static const enum certificate_kind KINDS[] = {
        [VOTE_NOTARIZE] = CERTIFICATE_NOTARIZATION,
        [VOTE_NULLIFY] = CERTIFICATE_NULLIFICATION,
        [VOTE_FINALIZE] = CERTIFICATE_FINALIZATION,
    };
    if (words->count < 2 || w->certificate_count == NAMES_MAX) {
        fputs("no such certificate can be made\n", out);
        return;
    }
    struct named_certificate *named = &w->certificates[w->certificate_count++];
    memset(named, 0, sizeof *named);
    snprintf(named->name, sizeof named->name, "%s", words->word[1]);
    struct certificate *c = &named->certificate;
    const uint32_t signers = option_members(words, "signers", 0);
    const char *claim = option(words, "claims");
    for (uint32_t i = 0; i < MEMBERS_MAX; i++) {
        if ((signers >> i & 1) == 0) {
            continue;
        }
        struct vote v = vote_of(w, words, i);
        if (claim != NULL) {
            v.claim =
                *claim >= '0' && *claim <= '9' ? (uint32_t)strtoul(claim, NULL, 10) : VIEW_NONE;
            claim = strchr(claim, ',') != NULL ? strchr(claim, ',') + 1 : NULL;
            sign(w, words, &v);
        }
        c->kind = KINDS[v.kind];
        c->view = v.view;
        c->block = v.block;
        certificate_add(c, &v);
    }
    if (option(words, "twice") != NULL) {
        c->signer[c->count] = (uint8_t)option_uint(words, "twice", 0);
        memcpy(c->signature[c->count], c->signature[c->count - 1], SIGNATURE_BYTES);
        c->claim[c->count] = VIEW_NONE;
        c->count++;
    }
    if (has_word(words, "descending")) {
        c->signer[0] = c->signer[c->count - 1];
    }
}

static void fill_block(struct world *w, const struct words *words, struct bytes_view *view)
{
    const char *name = option(words, "block");
    const struct named_block *b = name == NULL ? NULL : world_block(w, name);
    if (b != NULL) {
        *view = (struct bytes_view){b->bytes, b->size_bytes};
    }
}

static void fill_entry(const struct world *w, const struct words *words, struct entry *e)
{
    e->certificate = *certificate_named(w, words, "entry");
    e->support = *certificate_named(w, words, "support");
}

void liar_greet(struct world *w, uint32_t member, uint32_t by)
{
    const struct simplex *s = &w->agents[member].simplex;
    for (uint32_t i = 0; i < w->founding.member_count; i++) {
        const struct message m = {
            .kind = MESSAGE_HELLO,
            .hello = {.answer = s->options.nonce, .height = s->height, .parent = s->parent},
        };
        if ((by >> i & 1) != 0 && i != member) {
            world_say(w, i, member, &m);
        }
    }
}

/* say vote|proposal|status|decided|hello|want|block|heartbeat from=4 to=0,1 ... */
static bool fill(struct world *w, const struct words *words, uint32_t from, struct message *m)
{
    const char *kind = words->count > 1 ? words->word[1] : "";
    const uint32_t signer = (uint32_t)option_uint(words, "signer", from);
    const uint64_t height = option_uint(words, "height", history_of(w, words)->height + 1);
    if (strcmp(kind, "vote") == 0) {
        m->kind = MESSAGE_VOTE;
        m->vote.vote = vote_of(w, words, signer);
        m->vote.support = *certificate_named(w, words, "with");
    } else if (strcmp(kind, "proposal") == 0) {
        m->kind = MESSAGE_PROPOSAL;
        m->proposal.vote = vote_of(w, words, signer);
        m->proposal.vote.kind = VOTE_PROPOSE;
        sign(w, words, &m->proposal.vote);
        fill_entry(w, words, &m->proposal.entry);
        m->proposal.justification = *certificate_named(w, words, "by");
        fill_block(w, words, &m->proposal.block);
    } else if (strcmp(kind, "status") == 0) {
        m->kind = MESSAGE_STATUS;
        m->status.height = height;
        m->status.view = option_view(words, "view", 0);
        fill_entry(w, words, &m->status.entry);
        m->status.best = *certificate_named(w, words, "best");
    } else if (strcmp(kind, "decided") == 0) {
        m->kind = MESSAGE_DECIDED;
        m->decided.finalization = *certificate_named(w, words, "by");
        fill_block(w, words, &m->decided.block);
    } else if (strcmp(kind, "block") == 0) {
        m->kind = MESSAGE_BLOCK;
        fill_block(w, words, &m->block.block);
    } else if (strcmp(kind, "want") == 0) {
        m->kind = MESSAGE_WANT;
        m->want.height = height;
        m->want.block = hash_named(w, words, "block");
    } else if (strcmp(kind, "heartbeat") == 0) {
        m->kind = MESSAGE_HEARTBEAT;
        m->heartbeat.height = height;
        m->heartbeat.view = option_view(words, "view", 0);
    } else if (strcmp(kind, "hello") == 0) {
        m->kind = MESSAGE_HELLO;
        m->hello.height = height;
        m->hello.count = 1;
        m->hello.votes[0] = vote_of(w, words, signer);
    } else {
        return false;
    }
    return true;
}

void liar_say(struct world *w, const struct words *words, FILE *out)
{
    const uint32_t from = (uint32_t)option_uint(words, "from", 0);
    const uint32_t to = option_members(words, "to", 0);
    for (uint32_t i = 0; i < w->founding.member_count; i++) {
        struct message m;
        memset(&m, 0, sizeof m);
        if ((to >> i & 1) == 0 || !w->agents[i].up) {
            continue;
        }
        if (!fill(w, words, from, &m)) {
            fputs("no such message\n", out);
            return;
        }
        world_say(w, from, i, &m);
    }
}

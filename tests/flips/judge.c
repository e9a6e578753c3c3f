#include "judge.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "consensus/command.h"
#include "consensus/message.h"
#include "consensus/vote.h"

#define SIGNED_MAX 4096u
#define SHOWN_CERTIFICATES_MAX 3u

/* What a sound victim has signed, and the parent of each height that it voted at. */
struct learnt {
    uint32_t count;
    uint8_t signature[SIGNED_MAX][SIGNATURE_BYTES];
    uint32_t parent_count;
    uint64_t height[SIGNED_MAX];
    struct hash parent[SIGNED_MAX];
};

static struct learnt learnt;
static struct message message; /* too large for a stack */

static bool is_known(const uint8_t signature[static SIGNATURE_BYTES])
{
    for (uint32_t i = 0; i < learnt.count; i++) {
        if (memcmp(learnt.signature[i], signature, SIGNATURE_BYTES) == 0) {
            return true;
        }
    }
    return false;
}

static void learn(const uint8_t signature[static SIGNATURE_BYTES])
{
    assert(learnt.count < SIGNED_MAX);
    memcpy(learnt.signature[learnt.count++], signature, SIGNATURE_BYTES);
}

static const struct vote *vote_of(const struct message *m)
{
    return m->kind == MESSAGE_VOTE       ? &m->vote.vote
           : m->kind == MESSAGE_PROPOSAL ? &m->proposal.vote
                                         : NULL;
}

static bool vote_is_the_victims(const struct vote *v, const struct script *s)
{
    return vote_verify(v, &s->cluster_id, s->key[SCRIPT_VICTIM].public_key);
}

static bool command_is_the_victims(const struct message *m, const struct script *s,
                                   struct command *c)
{
    return m->kind == MESSAGE_COMMAND &&
           command_decode(c, m->command.command.bytes, m->command.command.size_bytes) &&
           command_verify(c, &s->cluster_id, s->key[SCRIPT_VICTIM].public_key);
}

void judge_learn(const struct legacy *sound, const struct script *s)
{
    for (uint32_t i = 0; i < sound->count; i++) {
        struct command c;
        const struct word *w = &sound->word[i];
        if (!message_decode(&message, sound->bytes + w->offset, w->size_bytes)) {
            continue;
        }
        const struct vote *v = vote_of(&message);
        if (v != NULL && vote_is_the_victims(v, s)) {
            learn(v->signature);
            learnt.height[learnt.parent_count] = v->height;
            learnt.parent[learnt.parent_count++] = v->parent;
        } else if (command_is_the_victims(&message, s, &c)) {
            learn(c.signature);
        }
    }
    assert(learnt.count > 0);
}

/* A vote of the victim inside a certificate: tried under each parent that it knows. */
static bool is_new_vote(const struct certificate *c, uint32_t index, const struct script *s)
{
    static const enum vote_kind kinds[] = {0, VOTE_NOTARIZE, VOTE_NULLIFY, VOTE_FINALIZE};
    struct vote v = {.kind = kinds[c->kind],
                     .signer = c->signer[index],
                     .view = c->view,
                     .claim = c->claim[index],
                     .block = c->block};
    memcpy(v.signature, c->signature[index], sizeof v.signature);
    bool valid = false;
    for (uint32_t i = 0; i < learnt.parent_count && !valid; i++) {
        v.height = learnt.height[i];
        v.parent = learnt.parent[i];
        valid = vote_is_the_victims(&v, s);
    }
    return valid;
}

static uint32_t new_in(const struct certificate *c, const struct script *s)
{
    uint32_t count = 0;
    for (uint32_t i = 0; c->kind != CERTIFICATE_NONE && i < c->count; i++) {
        if (c->signer[i] == SCRIPT_VICTIM && !is_known(c->signature[i])) {
            count += is_new_vote(c, i, s) ? 1 : 0;
        }
    }
    return count;
}

static uint32_t new_in_certificates(const struct message *m, const struct script *s)
{
    switch (m->kind) {
    case MESSAGE_VOTE:
        return new_in(&m->vote.support, s);
    case MESSAGE_PROPOSAL:
        return new_in(&m->proposal.entry.certificate, s) +
               new_in(&m->proposal.entry.support, s) + new_in(&m->proposal.justification, s);
    case MESSAGE_STATUS:
        return new_in(&m->status.entry.certificate, s) + new_in(&m->status.entry.support, s) +
               new_in(&m->status.best, s);
    case MESSAGE_DECIDED:
        return new_in(&m->decided.finalization, s);
    case MESSAGE_WANT:
    case MESSAGE_BLOCK:
    case MESSAGE_HELLO:
    case MESSAGE_HEARTBEAT:
    case MESSAGE_COMMAND:
    case MESSAGE_CHALLENGE:
    case MESSAGE_ANSWER:
    case MESSAGE_COSIGN:
    case MESSAGE_TASK:
    case MESSAGE_SOLUTION:
        return 0;
    }
    return 0;
}

static uint32_t new_signatures(const uint8_t *bytes, size_t size_bytes, const struct script *s)
{
    struct command c;
    if (!message_decode(&message, bytes, size_bytes)) {
        return 0; /* refused by whoever gets it */
    }
    const struct vote *v = vote_of(&message);
    uint32_t count = new_in_certificates(&message, s);
    if (v != NULL && vote_is_the_victims(v, s) && !is_known(v->signature)) {
        count++;
    }
    if (command_is_the_victims(&message, s, &c) && !is_known(c.signature)) {
        count++;
    }
    return count;
}

static bool same(const struct legacy *a, uint32_t i, const struct legacy *b, uint32_t k)
{
    return a->word[i].size_bytes == b->word[k].size_bytes &&
           memcmp(a->bytes + a->word[i].offset, b->bytes + b->word[k].offset,
                  a->word[i].size_bytes) == 0;
}

static bool was_said(const struct legacy *sound, const struct legacy *victim, uint32_t k)
{
    bool found = false;
    for (uint32_t i = 0; i < sound->count && !found; i++) {
        found = same(sound, i, victim, k);
    }
    return found;
}

/* The victim may have written nonsense over what it leaves: the bounds are the judge's. */
static bool is_whole(const struct legacy *l, uint32_t k)
{
    const struct word w = l->word[k];
    return w.offset <= WORD_BYTES_MAX && w.size_bytes <= WORD_BYTES_MAX - w.offset;
}

void judge(const struct legacy *sound, const struct legacy *victim, const struct script *s,
           struct verdict *out)
{
    *out = (struct verdict){0};
    const uint32_t count = victim->count < WORDS_MAX ? victim->count : WORDS_MAX;
    for (uint32_t k = 0; k < count; k++) {
        if (!is_whole(victim, k)) {
            out->garbled++;
            continue;
        }
        if ((k < sound->count && same(sound, k, victim, k)) || was_said(sound, victim, k)) {
            continue;
        }
        const struct word *w = &victim->word[k];
        const uint32_t wrong = new_signatures(victim->bytes + w->offset, w->size_bytes, s);
        out->wrong += wrong;
        out->garbled += wrong == 0 ? 1 : 0;
    }
}

#include <stdlib.h>
#include <string.h>

#include "driver.h"

static struct vote vote_of(const struct world *w, const struct words *words, uint32_t subject,
                           enum vote_kind kind, uint8_t content)
{
    struct vote v = {.kind = kind, .signer = subject, .claim = VIEW_NONE};
    v.height = number_of(words, "height", w->cluster.height + 1);
    v.view = (uint32_t)number_of(words, "view", 2);
    v.parent = w->cluster.block;
    if (kind != VOTE_NULLIFY) {
        v.block.bytes[0] = content;
    } else if (content > 1) {
        v.claim = content - 2u;
    }
    vote_sign(&v, &w->cluster.id, &w->keys[subject]);
    return v;
}

/* Its answer to a task; whether it is wrong others find out. */
static struct solution answer_of(const struct world *w, const struct words *words,
                                 const struct prove *p)
{
    return (struct solution){.author = p->subject,
                             .term = p->term,
                             .version =
                                 (uint32_t)number_of(words, "version", w->cluster.version)};
}

/* A vote, and the header of the block it is for, as the chain has it before that height, but
 * for what `what` names. */
static bool against_chain(const struct world *w, const struct words *words, struct prove *p)
{
    const struct cluster *c = &w->cluster;
    const char *what = words->word[3];
    const bool history = strcmp(what, "history") == 0 || strcmp(what, "follows") == 0;
    const bool block = strcmp(what, "parent") == 0 || strcmp(what, "state") == 0 ||
                       strcmp(what, "sound_block") == 0;
    struct vote *v = &p->votes[0];
    *v = vote_of(w, words, p->subject, VOTE_NOTARIZE, 1);
    const uint64_t before = (v->height - 1) % HEIGHTS_KEPT;
    struct block_header *h = &p->header;
    *h = (struct block_header){.height = v->height,
                               .parent = c->blocks[before],
                               .time_ms = c->time_ms + 1,
                               .proposer = p->subject,
                               .state = c->digests[before],
                               .version = (uint32_t)number_of(words, "version", c->version)};
    h->parent.bytes[0] ^= strcmp(what, "parent") == 0 ? 1 : 0;
    h->state.bytes[0] ^= strcmp(what, "state") == 0 ? 1 : 0;
    v->parent = c->blocks[before];
    v->parent.bytes[0] ^= strcmp(what, "history") == 0 ? 1 : 0;
    v->block = block_header_hash(h);
    vote_sign(v, &c->id, &w->keys[p->subject]);
    p->kind = history ? PROOF_HISTORY : PROOF_BLOCK;
    return history || block;
}

/* prove M SUBJECT answer [version=] [of=], or
 * prove M SUBJECT history|follows|parent|state|sound_block [height=] [version=], or
 * prove M SUBJECT propose|notarize|finalize|nullify|denies|claims [height=] [view=] [of=] */
void run_prove(struct world *w, const struct words *words, FILE *out)
{
    static const char *const kinds[] = {[VOTE_PROPOSE] = "propose",
                                        [VOTE_NOTARIZE] = "notarize",
                                        [VOTE_NULLIFY] = "nullify",
                                        [VOTE_FINALIZE] = "finalize"};
    const uint32_t member = (uint32_t)strtoul(words->word[1], NULL, 10);
    struct command command = world_command(w, member % w->cluster.member_count, COMMAND_PROVE);
    command.term = (uint32_t)number_of(words, "term", command.term);
    struct prove *p = &command.prove;
    p->subject = (uint32_t)strtoul(words->word[2], NULL, 10) % MEMBERS_MAX;
    p->term = (uint32_t)number_of(words, "of", w->cluster.member[p->subject].term);
    p->kind = PROOF_PAIR;
    if (strcmp(words->word[3], "answer") == 0) {
        p->kind = PROOF_ANSWER;
        p->answer = answer_of(w, words, p);
    } else if (strcmp(words->word[3], "denies") == 0) {
        p->votes[0] = vote_of(w, words, p->subject, VOTE_FINALIZE, 1);
        p->votes[1] = vote_of(w, words, p->subject, VOTE_NULLIFY, 3);
    } else if (strcmp(words->word[3], "claims") == 0) {
        p->kind = PROOF_ALONE;
        p->votes[0] = vote_of(w, words, p->subject, VOTE_NULLIFY, 2 + 2);
    }
    struct prove chain = *p;
    if (against_chain(w, words, &chain)) {
        *p = chain;
    }
    for (uint32_t kind = VOTE_PROPOSE; kind <= VOTE_FINALIZE; kind++) {
        if (strcmp(words->word[3], kinds[kind]) == 0) {
            p->votes[0] = vote_of(w, words, p->subject, (enum vote_kind)kind, 1);
            p->votes[1] = vote_of(w, words, p->subject, (enum vote_kind)kind, 2);
        }
    }
    world_say(w, &command);
    (void)out;
}

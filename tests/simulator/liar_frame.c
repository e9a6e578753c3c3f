/* False proofs. By an answer: what somebody sound has truly signed is shown as wrong, or a
 * wrong answer in its name with the liar's own signature. By the chain: a true vote that
 * follows it, alone or with the header of a block that it is not for. */
#include "liar.h"

static void overhear_vote(struct world *w, const uint8_t *bytes, size_t size_bytes)
{
    struct vote v;
    struct reader r = reader_of(bytes, size_bytes);
    (void)read_uint(&r, 1);
    vote_read(&r, &v);
    if (!r.misfit) {
        w->vote[v.signer] = v;
    }
}

void liar_overhear(struct world *w, const uint8_t *bytes, size_t size_bytes)
{
    static struct message m;
    if (w->plan.liars != 0 && size_bytes > 0 && bytes[0] == MESSAGE_VOTE) {
        overhear_vote(w, bytes, size_bytes);
    }
    if (w->plan.liars != 0 && size_bytes > 0 && bytes[0] == MESSAGE_SOLUTION &&
        message_decode(&m, bytes, size_bytes)) {
        w->solution[m.solution.author] = m.solution;
    }
}

bool liar_false_proof(struct world *w, const struct station *s, uint32_t subject, bool truly,
                      struct command *c)
{
    struct solution *answer = &c->prove.answer;
    *c = (struct command){.kind = COMMAND_PROVE, .author = s->member};
    c->term = s->node->deciding.cluster.member[s->member].term;
    *answer = w->solution[subject];
    if (answer->term == 0 || subject == s->member) { /* itself it would convict */
        return false;
    }
    if (!truly) {
        uint8_t bytes[SOLUTION_SIGNED_BYTES];
        answer->result.bytes[0] ^= 1;
        solution_signed_bytes(answer, bytes);
        const struct statement statement = {.domain = SOLUTION_DOMAIN,
                                            .cluster_id = w->id.bytes,
                                            .body = bytes,
                                            .body_size_bytes = sizeof bytes};
        signer_sign(&w->key[s->member], &statement, answer->signature);
    }
    c->prove.subject = subject;
    c->prove.term = answer->term;
    world_strike(w, FAULT_FRAME_BY_ANSWER);
    return true;
}

bool liar_false_history(struct world *w, const struct station *s, uint32_t subject,
                        struct command *c)
{
    const struct cluster *state = &s->node->deciding.cluster;
    const struct vote *heard = &w->vote[subject];
    if (heard->height == 0 || subject == s->member) {
        return false;
    }
    *c = (struct command){.kind = COMMAND_PROVE, .author = s->member};
    c->prove = (struct prove){.subject = subject,
                              .term = state->member[subject].term,
                              .kind = PROOF_HISTORY,
                              .votes = {*heard}};
    if (heard->kind != VOTE_NULLIFY && dice_chance(&w->dice, 5000)) {
        c->prove.kind = PROOF_BLOCK;
        c->prove.header = (struct block_header){
            .height = heard->height, .parent = heard->parent, .version = state->version};
    }
    world_strike(w, FAULT_FRAME_BY_CHAIN);
    return true;
}

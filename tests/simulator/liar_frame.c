/* False proofs by an answer: what somebody sound has truly signed is shown as wrong, or a wrong
 * answer in its name with the liar's own signature. */
#include "liar.h"

void liar_overhear(struct world *w, const uint8_t *bytes, size_t size_bytes)
{
    static struct message m;
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

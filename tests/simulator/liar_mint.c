/* A liar that co-signs what it likes: its true key, over what nobody called for. */
#include <string.h>

#include "../../agent/node_parts.h"
#include "../../tokens/token.h"
#include "liar.h"

/* Later, longer, of the next term, with the other role, or for a stranger. */
static size_t other_input(struct world *w, const struct station *s, uint32_t subject,
                          uint8_t input[static JWS_INPUT_MAX])
{
    const struct cluster *c = &s->node->deciding.cluster;
    const struct member *m = &c->member[subject % c->member_count];
    const uint64_t lie = dice_between(&w->dice, 0, 4);
    struct token_issue issue = {
        .height = c->call.height + (lie == 0),
        .time_ms = c->call.time_ms + (lie == 1 ? 3600000 : 0),
        .ttl_s = c->timing.ttl_s * (lie == 2 ? 100 : 1),
        .term = m->term + (lie == 3),
        .role = lie == 4 ? TOKEN_WITNESS : (enum token_role)m->role,
    };
    memcpy(issue.cluster_id, c->id.bytes, sizeof issue.cluster_id);
    memcpy(issue.subject, m->name, sizeof issue.subject);
    memcpy(issue.key, m->transport_key, sizeof issue.key);
    const struct token_claims claims = token_claims_of(&issue);
    char payload[TOKEN_PAYLOAD_MAX];
    const size_t size_bytes = token_payload(&claims, payload);
    return jws_input(JWS_TOKEN, c->member[s->member].name, cluster_quorum(c).needed, payload,
                     size_bytes, input);
}

bool liar_lies_in_cosign(struct world *w, const struct outgoing *o, struct message *m)
{
    uint8_t signatures[COSIGNED_MAX][SIGNATURE_BYTES];
    if (!liar_does(w, o->liar, HABIT_MINT) || m->cosign.count == 0) {
        return false;
    }
    world_strike(w, FAULT_MINT);
    memcpy(signatures, m->cosign.signatures.bytes, m->cosign.signatures.size_bytes);
    for (uint32_t i = 0; i < m->cosign.count; i++) {
        uint8_t input[JWS_INPUT_MAX];
        const struct statement statement = {
            .domain = SIGNER_JWS,
            .cluster_id = w->id.bytes,
            .body = input,
            .body_size_bytes = other_input(w, o->liar, i, input),
        };
        if (dice_chance(&w->dice, 5000)) {
            signer_sign(&w->key[o->liar->member], &statement, signatures[i]);
        }
    }
    m->cosign.height += dice_chance(&w->dice, 2000) ? dice_between(&w->dice, 1, 5) : 0;
    m->cosign.signatures.bytes = signatures[0];
    liar_say_message(w, o, m);
    return true;
}

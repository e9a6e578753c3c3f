/* The agent's signatures: each through the gate, and what the gate refused. */
#include "agent/agent.h"

#include <assert.h>

#define REFUSALS_MAX 32u /* told in one go */

static struct seal_basis basis_of(const struct agent *a, enum reference_result node,
                                  enum reference_result twin)
{
    return (struct seal_basis){
        .cluster_id = a->node->deciding.cluster.id.bytes,
        .member = a->node->deciding.options.self,
        .configuration = &a->config,
        .configuration_bytes = sizeof a->config,
        .node = node,
        .twin = twin,
    };
}

bool agent_seal(struct agent *a, const uint8_t seed[static IDENTITY_SEED_BYTES],
                struct finding *why)
{
    const struct seams seams = seams_of_machine();
    const struct seal_basis basis = basis_of(a, RESULT_OK, RESULT_OK);
    return gate_seal(&a->gate, &seams, &basis, seed, why);
}

/* The results go into the mask too: a processor that takes the wrong branch here has no key. */
static bool open_gate(struct agent *a, struct finding *why)
{
    enum self_note note = SELF_DIGESTS;
    enum reference_result node = RESULT_FATAL;
    enum reference_result twin = RESULT_FATAL;
    if (node_is_intact(a->node, &note)) {
        node = RESULT_OK;
        if (a->twin != NULL && node_is_intact(twin_node(a->twin), &note)) {
            twin = RESULT_OK;
        }
    }
    if (node != RESULT_OK || twin != RESULT_OK) {
        *why = self_finding(note);
        return false;
    }
    const struct seal_basis basis = basis_of(a, node, twin);
    return gate_begin(&a->gate, &basis, why);
}

/* The same effect of either mind. */
static struct statement statement_of(const struct node *n, const struct effects *of,
                                     ptrdiff_t place)
{
    const struct effect *e = &of->list[place];
    return (struct statement){
        .domain = e->signing.domain,
        .cluster_id = n->deciding.cluster.id.bytes,
        .body = of->outbox + e->body.offset,
        .body_size_bytes = e->body.size_bytes,
    };
}

static bool sign(struct agent *a, ptrdiff_t place, uint8_t signature[static SIGNATURE_BYTES])
{
    if (!a->gate.open && !open_gate(a, &a->refusal)) {
        return false; /* without a twin, too */
    }
    const struct statement words = statement_of(a->node, a->effects, place);
    const struct statement meant =
        statement_of(twin_node(a->twin), twin_effects(a->twin), place);
    return gate_sign(&a->gate, &words, &meant, signature, &a->refusal);
}

void agent_sign(struct agent *a, const struct effect *e)
{
    assert(a->signature_count < EFFECTS_MAX);
    struct agent_signature *s = &a->signatures[a->signature_count++];
    *s = (struct agent_signature){.kind = e->signing.kind, .serial = e->serial};
    if (!a->refused && !neuter_is(&a->neuter)) {
        s->made = sign(a, e - a->effects->list, s->signature);
        a->refused = !s->made;
        a->signs += s->made;
    }
}

/* Each in a step of its own, which may ask for more. With a key that ends by itself, as a node
 * asks at most once for each vote and command; what was refused it may ask for at every step,
 * so the rest of that waits for the next input. */
void agent_tell_signatures(struct agent *a)
{
    const struct finding differ = self_finding(SELF_TWICE);
    if (a->refused && a->refusal.id == differ.id) {
        neuter_by_twin(a, &a->refusal); /* R17 as ever: it starts anew, or is unfit */
        return;
    }
    if (a->refused) {
        const struct finding refusal = a->refusal;
        struct input in = {.kind = INPUT_FINDING, .finding = &refusal};
        agent_step_once(a, &in);
    }
    for (uint32_t refused = 0; a->signature_count > 0 && refused < REFUSALS_MAX;) {
        a->signature_count--;
        const struct agent_signature s = a->signatures[a->signature_count];
        struct input in = {
            .kind = INPUT_SIGNED,
            .signing = s.kind,
            .serial = s.serial,
            .signature = s.made ? s.signature : NULL,
        };
        refused += !s.made;
        agent_step_once(a, &in);
    }
    a->refused = false;
}

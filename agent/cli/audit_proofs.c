/* A proof by an answer convicts because the work comes out otherwise: that a quorum did it is
 * what the certificate says, that it is so is told by doing it once more. */
#include "audit_parts.h"

#include <assert.h>

#include "agent/task_work.h"
#include "agent/words.h"
#include "consensus/command.h"

static_assert(TASK_BYTES == HASH_BYTES, "a result is compared as a hash");

static void check(struct audit *a, uint64_t height, const struct prove *p)
{
    struct hash first;
    struct hash second;
    const struct solution *answer = &p->answer;
    const char *member = words_member(&a->cluster, p->subject);
    a->proofs++;
    if (!task_work(answer->nonce.bytes, first.bytes) ||
        !task_work(answer->nonce.bytes, second.bytes)) {
        audit_find(a, height, "no memory to do the work of the answer of %s again", member);
    } else if (!hash_equal(&first, &second)) {
        audit_find(a, height,
                   "this machine does the work of the answer of %s twice, with two results: "
                   "ostrakon doctor --thorough",
                   member);
    } else if (hash_equal(&first, &answer->result)) {
        audit_find(a, height, "the answer of %s, for which it was locked out, is right",
                   member);
    }
}

void audit_check_proofs(struct audit *a, uint64_t height, const struct block *b)
{
    for (uint32_t i = 0; i < b->command_count; i++) {
        struct command command;
        const struct block_span span = b->commands[i];
        if (command_decode(&command, b->bytes + span.offset, span.size_bytes) &&
            command.kind == COMMAND_PROVE && command.prove.kind == PROOF_ANSWER) {
            check(a, height, &command.prove);
        }
    }
}

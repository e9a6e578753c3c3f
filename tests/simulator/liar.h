#ifndef OSTRAKON_TESTS_SIMULATOR_LIAR_H
#define OSTRAKON_TESTS_SIMULATOR_LIAR_H

#include "world.h"

/* What liar*.c share. A liar is a real node, with its true key, behind a layer that rewrites
 * what it sends. Several know of one another's plots. */

struct outgoing {
    struct station *liar;
    uint32_t to;
    enum channel channel;
};

/* Sends it, late if that is the liar's habit; the judge takes note of what was signed. */
void liar_say(struct world *w, const struct outgoing *o, const uint8_t *bytes,
              size_t size_bytes);
void liar_say_message(struct world *w, const struct outgoing *o, const struct message *m);

/* True: said something else in its place. */
bool liar_lies_in_proposal(struct world *w, const struct outgoing *o, struct message *m);
bool liar_lies_in_vote(struct world *w, const struct outgoing *o, struct message *m);
bool liar_lies_in_command(struct world *w, const struct outgoing *o, struct message *m);
bool liar_lies_in_heartbeat(struct world *w, const struct outgoing *o, struct message *m);
bool liar_lies_in_answer(struct world *w, const struct outgoing *o, struct message *m);
bool liar_lies_in_cosign(struct world *w, const struct outgoing *o, struct message *m);
/* Of what the subject answered (`truly`), or of something else, badly signed. False: nobody has
 * heard it answer yet. */
bool liar_false_proof(struct world *w, const struct station *s, uint32_t subject, bool truly,
                      struct command *c);
/* Of what the subject has voted, as if it were against the chain. False: nobody has heard. */
bool liar_false_history(struct world *w, const struct station *s, uint32_t subject,
                        struct command *c);
/* Beside or in place of the true one. */
void liar_forges(struct world *w, const struct outgoing *o, const uint8_t *bytes,
                 size_t size_bytes);

#endif

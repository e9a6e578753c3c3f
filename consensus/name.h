#ifndef OSTRAKON_CONSENSUS_NAME_H
#define OSTRAKON_CONSENSUS_NAME_H

#include <stdbool.h>
#include <stdint.h>

#include "codec.h"
#include "command.h"
#include "note.h"

struct cluster;
struct turn;

/* Names under which the service is reached, and who holds each (standing.md, section 8). The
 * owner does while it is in good standing. When it is not, a witness steps in: at once if the
 * name was released, else once the lease that came with the last attestation of whoever held it
 * is certainly over. */

enum name_phase {
    NAME_HELD,
    NAME_VACANT,    /* its holder lost its standing, or let go of it */
    NAME_RETURNING, /* its holder is to let go of it, for somebody better placed */
};

struct service_name {
    char name[SERVICE_NAME_SIZE_BYTES];
    uint32_t owner;
    bool exclusive; /* two holders at once would do harm */
    enum name_phase phase;
    /* Who holds it; of a vacant one who held it last and may come back to it, MEMBER_NONE where
     * it was let go of. */
    uint32_t holder;
    uint64_t fence; /* of the last one given; +1 each time it goes to somebody */
    uint64_t since_ms;
    uint64_t held_height; /* the block that gave it to its holder, or left it there */
    uint64_t free_at_ms;  /* vacant, returning: it goes to nobody else before that */
    uint32_t laid_down;   /* bits of members that let go of it unasked: not chosen again */
    uint64_t again_at_ms; /* before that, when these bits are forgotten */
};

/* The lease, and how much later somebody else may hold an exclusive name. */
uint64_t name_lease_ms(const struct timing *t);
uint64_t name_margin_ms(const struct timing *t);

void names_found(struct cluster *c, const struct founding *f);

/* When the first of the names that nobody keeps may go to somebody else, after the block's time
 * of this state; 0: none is waited for. */
uint64_t names_next_free_ms(const struct cluster *c);

/* Step 13 of a block. While the cluster observes no name moves, and none is let go of. */
void names_review(struct cluster *c, const struct turn *t);

/* Why a release would change nothing. */
enum cause names_release_cause(const struct cluster *c, uint32_t author,
                               const struct release *r);
void names_on_release(struct cluster *c, const struct turn *t, uint32_t author,
                      const struct release *r);

void names_write(struct writer *w, const struct cluster *c);
/* False: there are more than there can be. */
bool names_read(struct reader *r, struct cluster *c);
bool names_are_sound(const struct cluster *c);

const char *name_phase_text(enum name_phase phase);

#endif

#ifndef OSTRAKON_TESTS_CLUSTER_WORLD_H
#define OSTRAKON_TESTS_CLUSTER_WORLD_H

#include "../../../consensus/cluster.h"

/* A replicated state with the keys of all its members, and blocks made by hand: what scripts
 * and unit tests of the state stand on. There is no consensus here; whatever is said gets
 * decided. */

#define WORLD_FOUNDED_MS                                                                       \
    1800000000000u /* a multiple of every tick and window that tests use                       \
                    */

struct world_options {
    uint32_t nodes;
    uint32_t witnesses; /* their indexes follow those of the nodes */
    struct timing timing;
    uint32_t malfunctioning_max;
    bool audit_required;
    bool observes;
    uint32_t members_min;  /* 0: by the number of members */
    uint32_t names;        /* so many members own one each: "name0" is member 0's */
    uint32_t shared_names; /* the last so many of these are not exclusive */
};

struct world {
    struct cluster cluster;
    struct key_pair keys[AUTHORS_MAX]; /* the operators' two behind the members' */
    uint64_t incarnation[MEMBERS_MAX];
    uint64_t seq[MEMBERS_MAX];
    uint32_t command_count; /* of the next block */
    uint32_t size_bytes;
    struct block_span commands[BLOCK_COMMANDS_MAX];
    uint8_t bytes[BLOCK_BYTES_MAX];
    struct notes notes; /* of the last block */
};

/* Default timing, R unbounded, audit required. */
struct world_options world_options(uint32_t nodes, uint32_t witnesses);
void world_found(struct world *w, const struct world_options *o);

/* What a member with nothing to complain of attests now, with its next seq. Ranks all members
 * in the order of their index. */
struct command world_attest(struct world *w, uint32_t member);
/* Of the kind, with author, term and nothing else. */
struct command world_command(const struct world *w, uint32_t member, enum command_kind kind);
struct window_digest world_digest(uint8_t byte);

/* Signs the command and puts it into the next block. */
void world_say(struct world *w, struct command *command);
/* Any bytes as a command of the next block. */
void world_say_bytes(struct world *w, const uint8_t *bytes, size_t size_bytes);

/* The next block as it stands, borrowing from `w`; and the same applied, with what was said
 * forgotten. at_ms: since the founding. */
struct block world_make_block(const struct world *w, uint64_t at_ms);
void world_block(struct world *w, uint64_t at_ms);

/* Everybody in good standing but those in `except` (bits) attests, then a block at the next
 * boundary of the tick. */
void world_tick(struct world *w, uint32_t except);

/* Now, since the founding. */
uint64_t world_now_ms(const struct world *w);

#endif

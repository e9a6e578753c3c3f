#ifndef OSTRAKON_TESTS_SIMPLEX_WORLD_H
#define OSTRAKON_TESTS_SIMPLEX_WORLD_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "../../../consensus/simplex.h"

/* A handful of simplex instances with a network, disks and clocks that do as a script says.
 * What happens is collected as events, one line for all members to whom the same happened. */

#define WORLD_FOUNDED_MS 1000000000000u
#define HEIGHTS_MAX 256u
#define EVENTS_MAX 512u
#define EVENT_SIZE_BYTES 160u
#define NAMES_MAX 32u
#define RULES_MAX 16u

struct letter {
    struct letter *next;
    uint32_t from;
    uint32_t to;
    uint64_t at_ms;
    uint32_t size_bytes;
    uint8_t bytes[];
};

/* One write that is under way. */
struct write {
    struct write *next;
    uint64_t serial;
    uint64_t height; /* of a block; 0: a record */
    uint32_t record_bytes;
    uint8_t record[RECORD_BYTES_MAX];
    uint32_t body_bytes; /* the decided block, or the block that goes with a record */
    uint8_t body[MESSAGE_BYTES_MAX];
    struct persist persist;
};

struct stored_block {
    uint32_t size_bytes;
    uint8_t *bytes;
};

/* What outlives a crash. */
struct disk {
    uint32_t record_bytes;
    uint8_t record[RECORD_BYTES_MAX];
    struct held_block held[HELD_MAX];
    struct outset outset; /* until it has caught up; then without voters */
    uint64_t height;      /* of the last block */
    struct stored_block decided[HEIGHTS_MAX];
};

/* Made, and not yet told to simplex. */
struct signature {
    uint64_t serial;
    uint8_t bytes[SIGNATURE_BYTES];
};

struct agent {
    bool up;
    bool slow; /* its disk finishes nothing */
    uint32_t suspects;
    int64_t clock_ms; /* what its wall clock is off */
    bool joins;
    struct checkpoint checkpoint; /* that of its node.yaml */
    uint64_t timer_ms;
    uint64_t starts;
    struct simplex simplex;
    struct cluster cluster;
    struct pool pool;
    struct disk disk;
    struct disk saved;
    struct write *writes;
    uint32_t signature_count;
    struct signature signatures[PENDING_MAX];
    struct vote said[VOTE_KINDS]; /* what was told as an event already */
    uint32_t view;
    struct offences offences;
    struct retrials retrials;
    struct simplex_bulk bulk;
};

/* Messages that are lost. */
struct rule {
    uint32_t from; /* bits of members */
    uint32_t to;
    uint32_t kinds; /* bits of message kinds, votes from bit 16 by their kind */
};

struct event {
    uint32_t members;
    char text[EVENT_SIZE_BYTES];
};

struct named_block {
    char name[16];
    struct hash hash;
    uint32_t size_bytes;
    uint8_t bytes[BLOCK_BYTES_MAX];
};

struct named_certificate {
    char name[16];
    struct certificate certificate;
};

struct world {
    uint64_t now_ms;
    uint64_t heartbeat_ms;
    uint64_t incarnations;
    struct founding founding;
    struct key_pair keys[MEMBERS_MAX];
    struct agent agents[MEMBERS_MAX];
    struct letter *letters; /* in the order of their arrival */
    uint32_t rule_count;
    struct rule rules[RULES_MAX];
    uint32_t event_count;
    struct event events[EVENTS_MAX];
    uint32_t block_count;
    struct named_block blocks[NAMES_MAX];
    uint32_t certificate_count;
    struct named_certificate certificates[NAMES_MAX];
    struct effects out;
};

struct world_options {
    uint32_t members;
    uint32_t absent; /* bits of members who are no agents: liars, or not there */
    uint32_t delta_ms;
    uint32_t tick_ms;
    uint32_t malfunctioning_max;
};

void world_found(struct world *w, const struct world_options *o);
/* Lets go of the disks and of all that is under way. */
void world_finish(struct world *w);
/* Lets the time pass: letters take 1 ms, fast disks none. */
void world_run(struct world *w, uint64_t ms);
/* The same, but nobody does anything meanwhile, and what was under way is lost. */
void world_rest(struct world *w, uint64_t ms);

/* What a start finds: the record as it was kept, or the cause why there is none. */
void world_start(struct world *w, uint32_t member, enum cause cause);
/* All that is not durable is gone. */
void world_crash(struct world *w, uint32_t member);
void world_save(struct world *w, uint32_t member);
/* Puts back what was saved: the record and the held blocks, or the chain. */
void world_restore(struct world *w, uint32_t member, bool record, bool chain);
/* Finishes the writes under way and goes on so. */
void world_disk_fast(struct world *w, uint32_t member);

/* Hands something urgent of `author` to the pools of those members. */
void world_urge(struct world *w, uint32_t author, uint32_t members);
/* The same, its resignation. */
void world_resign(struct world *w, uint32_t author, uint32_t members);
/* The agent's cluster has its chain applied: goes on with what the disk has kept. */
void world_resume(struct world *w, uint32_t member, enum cause cause, uint64_t since_ms);
/* Delivers at once, as if it came from the member. */
void world_say(struct world *w, uint32_t from, uint32_t to, const struct message *m);
/* Looks at the agent again, as any step does. */
void world_look(struct world *w, uint32_t member);

/* disk.c: what an agent asks its disk for, and what becomes of that. */
void disk_write(struct world *w, struct agent *a, const struct effect *e);
/* The oldest write is durable: its serial; 0: there is none. */
uint64_t disk_finish_one(struct agent *a);
void disk_lose_writes(struct agent *a);
void disk_copy(struct disk *to, const struct disk *from, bool record, bool chain);
void disk_free(struct disk *d);

/* events.c */
void world_event(struct world *w, uint32_t member, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Tells of a vote or of a changed view, once. */
void event_vote(struct world *w, uint32_t member, const struct vote *v);
void event_view(struct world *w, uint32_t member);
void world_print(struct world *w, FILE *out);
/* The name of a block; gives it the next free letter if it has none yet. */
const char *world_block_name(struct world *w, const struct hash *hash);
struct named_block *world_block(struct world *w, const char *name);

#endif

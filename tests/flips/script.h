#ifndef OSTRAKON_TESTS_FLIPS_SCRIPT_H
#define OSTRAKON_TESTS_FLIPS_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/node.h"
#include "tokens/signer.h"

/* What one member of a sound cluster hears in some seconds: five real nodes on a network that
 * takes a millisecond, recorded once, played to as many victims as one likes. Time and chance
 * are the script's, so that two victims that are sound say the same, byte for byte. */

#define SCRIPT_MEMBERS 5u
#define SCRIPT_VICTIM 0u
#define SCRIPT_BEGIN_MS 1000000u
#define SCRIPT_MS 16000u
#define SCRIPT_UNIX_MS 1800000000000u
#define SCRIPT_RANDOM 0x9e3779b97f4a7c15u
#define SCRIPT_TICK_MS 1000u

struct heard {
    uint64_t at_ms;
    uint32_t member;
    size_t size_bytes;
    uint8_t *bytes;
};

struct script {
    struct founding founding;
    struct key_pair key[SCRIPT_MEMBERS];
    struct hash cluster_id;
    struct heard *heard; /* in the order in which they come */
    uint32_t count;
    uint32_t room;       /* while it is recorded */
    size_t sealed_bytes; /* of the memory that `heard` begins, which cannot be written */
};

/* Asserts that the cluster decides blocks. */
void script_record(struct script *s);
void script_finish(struct script *s);

/* The options with which a member of the script's cluster starts. */
struct node_options script_options(const struct script *s, uint32_t member);
/* An input with the script's times and chance. */
struct input script_input(enum input_kind kind, uint64_t now_ms);
/* What the machine's thread says of a sound machine: `index` counts from 0; false: no more. */
bool script_finding(uint32_t index, struct finding *f);

#endif

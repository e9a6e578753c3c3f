#ifndef OSTRAKON_CONSENSUS_FOUNDING_H
#define OSTRAKON_CONSENSUS_FOUNDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hash.h"

#define REBUILT_TERMS 1000u
#define REBUILT_FENCES 500u /* half of what a sink takes for sound (standing.md, section 7) */

#define MEMBERS_MAX 16u
#define MEMBER_NONE 0xffu      /* in place of a member's index */
#define NAME_SIZE_BYTES 32u    /* with its terminating zero; the rest is zeros too */
#define ADDRESS_SIZE_BYTES 56u /* the same; "192.0.2.1:7100" or "[2001:db8::1]:7100" */
#define PUBLIC_KEY_BYTES 32u
#define OPERATORS_MAX 4u
#define SERVICE_NAMES_MAX 16u
#define SERVICE_NAME_SIZE_BYTES 64u /* as NAME_SIZE_BYTES; printable ASCII */
#define FOUNDING_BYTES_MAX 4096u

enum role { ROLE_NODE, ROLE_WITNESS };

/* All timing of a cluster; the defaults and what must hold between them: standing.md,
 * section 10. */
struct timing {
    uint32_t heartbeat_ms;
    uint32_t suspicion; /* heartbeats missed until a peer is suspected */
    uint32_t delta_ms;  /* the bound on one message delay that liveness reckons with */
    uint32_t gather_ms; /* how long a proposer waits for company of an urgent command */
    uint32_t tick_ms;
    uint32_t record_ticks; /* perfect ticks that make a perfect record; 2 .. 36 */
    uint32_t patience_ms;  /* silent for longer than this is worth a person's attention */
    uint32_t window_s;
    uint32_t grace_s; /* a window is due this long after its end */
    uint32_t window_timeout_s;
    uint32_t audit_timeout_s;
    uint32_t ttl_s;        /* of tokens and trust bundles */
    uint32_t name_lease_s; /* a name is its holder's for so long after its last attestation */
};

struct founding_member {
    char name[NAME_SIZE_BYTES];
    enum role role;
    char address[ADDRESS_SIZE_BYTES];
    uint8_t transport_key[PUBLIC_KEY_BYTES];
    uint8_t vote_key[PUBLIC_KEY_BYTES];
};

/* A person whose signature changes the cluster: admits, removes, drains. */
struct operator_key {
    char name[NAME_SIZE_BYTES];
    uint8_t key[PUBLIC_KEY_BYTES];
};

/* A name under which the service is reached: its owner holds it, or a witness for it. */
struct founding_name {
    char name[SERVICE_NAME_SIZE_BYTES];
    uint32_t owner;
    bool exclusive; /* never two holders at once */
};

/* Of a cluster that goes on where another one, whose quorum is gone for good, has ended. */
struct founding_rebuilt {
    struct hash from;     /* the id of that one; zeros: this cluster was founded anew */
    uint64_t height;      /* of its last block that was kept; tells a person only */
    uint64_t next_window; /* the first window that was not settled; 1 or more */
    uint64_t fence;       /* beyond all that it can have given */
    uint32_t term;        /* of all members; likewise */
};

/* What cluster.yaml says: the same on every node. A member's index in the array is its identity
 * for good. Already checked by whoever fills it in: names, addresses and keys are distinct, at
 * least one member is a node, the timing can work. */
struct founding {
    char name[NAME_SIZE_BYTES];
    uint64_t founded_ms; /* Unix time: the time of the genesis block */
    struct timing timing;
    uint32_t malfunctioning_max; /* R; MEMBERS_MAX where the file names none */
    bool audit_required;
    bool observes; /* removes nobody by testimony, and says whom it would have removed */
    uint32_t
        members_min; /* no vote removes below so many good ones; 0: by the number founded */
    uint32_t member_count; /* 1 .. MEMBERS_MAX */
    struct founding_member members[MEMBERS_MAX];
    uint32_t operator_count; /* 0 .. OPERATORS_MAX */
    struct operator_key operators[OPERATORS_MAX];
    uint32_t name_count; /* 0 .. SERVICE_NAMES_MAX */
    struct founding_name names[SERVICE_NAMES_MAX];
    struct founding_rebuilt rebuilt;
};

struct timing timing_default(void);

/* What members_min comes to where the document does not say it. */
uint32_t founding_members_min(uint32_t member_count);

/* The canonical bytes; returns their size, at most FOUNDING_BYTES_MAX. */
size_t founding_encode(const struct founding *f, uint8_t out[static FOUNDING_BYTES_MAX]);

/* The cluster's id: the hash of the canonical bytes, so that comments and layout of the file do
 * not matter and every value does. Votes are bound to it. */
struct hash founding_id(const struct founding *f);

#endif

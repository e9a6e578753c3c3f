#ifndef OSTRAKON_AGENT_NODE_NAMES_H
#define OSTRAKON_AGENT_NODE_NAMES_H

#include <stdint.h>

#include "../consensus/founding.h"

/* The part of the deciding state that node_names.c has: which names this member serves under,
 * and until when it may. */

/* What this member does about one name. */
enum name_here {
    NAME_UNKNOWN, /* a run before may have left it here */
    NAME_AWAY,
    NAME_TAKING, /* the takeover hook runs */
    NAME_HERE,
    NAME_LEAVING, /* the release hook runs */
};

struct name_view {
    enum name_here here;
    uint64_t fence;        /* under which it was last taken or let go of */
    uint64_t failed_fence; /* under which its takeover failed; 0: none */
    uint64_t serial;       /* of the hook that runs */
    uint64_t again_ms;     /* not tried before that; 0: it has not failed to let go */
};

#define SENT_KEPT 32u

struct own_names {
    struct name_view view[SERVICE_NAMES_MAX];
    uint64_t sent_seq[SENT_KEPT]; /* of attestation s in place s % 32 */
    uint64_t sent_ms[SENT_KEPT];
    uint64_t lease_end_ms; /* 0: the chain has not heard of me in this run */
    uint64_t release_again_ms;
    uint64_t asked; /* hooks so far */
};

#endif

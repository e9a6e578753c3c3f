#ifndef OSTRAKON_AGENT_CONFIG_REBUILT_H
#define OSTRAKON_AGENT_CONFIG_REBUILT_H

#include "config_members.h"

/* The keys of `rebuilt` in cluster.yaml, all of them needed, and what each is to be. */
#define REBUILT_KEYS(X)                                                                        \
    X(from, "the 64 hexadecimal digits of the cluster's id before it was rebuilt")             \
    X(height, "a whole number, the height of the last block that was kept")                    \
    X(next_window, "a whole number from 1, the first window that was not settled")             \
    X(fence, "a whole number below 2^62")                                                      \
    X(term, "a whole number from 1 to 2000000000")

struct raw_rebuilt {
#define X(key, expected) char *key;
    REBUILT_KEYS(X)
#undef X
};

/* `raw` may be NULL: founded anew. `out->founded_ms` and `out->timing` are set already. */
void judge_rebuilt(const struct judge *j, const struct raw_rebuilt *raw, struct founding *out);

#endif

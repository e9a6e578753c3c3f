/* The other members: messages to and from them over HTTPS with pinned keys.
 *
 * Messages may be lost, doubled (curl repeats a request on a connection that turns out dead)
 * and reordered; heartbeats overtake each other's place in the queue. Nothing is repeated here:
 * who needs an answer says it again. Heartbeats have a connection of their own, so that a block
 * never delays one; what is queued while a request is under way goes into one body.
 *
 * On the wire: POST /v1/peer/messages, header `Ostrakon-Cluster: <64 hex> <name>`, body of
 * messages, each a 4-byte big-endian length and that many bytes; answered 204, or 409 to
 * another cluster.
 *
 * Who speaks must hold a member's transport key; the key is looked up again on every request.
 * Loop's thread only; callbacks come from the loop, never from inside a function below, and may
 * call any of them but peers_destroy. Out of memory: as in loop.h. */
#ifndef OSTRAKON_AGENT_PEERS_H
#define OSTRAKON_AGENT_PEERS_H

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/loop.h"

#define PEERS_ROOM 32u                   /* members, oneself included */
#define PEERS_KEY_BYTES 32u              /* a transport key */
#define PEERS_CLUSTER_BYTES 32u          /* a cluster's id */
#define PEERS_NAME_CHARS 64u             /* a cluster's name; the rest is cut */
#define PEERS_MESSAGE_MAX (255u * 1024u) /* bytes of one message */
#define PEERS_QUEUE_MAX (512u * 1024u)   /* bytes waiting for one peer */
#define PEERS_PATIENCE_MS 2000u          /* a message that waited longer is not sent any more */
#define PEERS_DOOR_PER_SECOND 200u       /* messages taken of a member that is restricted */
#define PEERS_ERROR_CHARS 256u
#define PEERS_NOBODY UINT32_MAX /* no member */

enum peers_kind {
    PEERS_HEARTBEAT, /* a newer one replaces it while it waits */
    PEERS_MESSAGE,
};

/* What somebody did wrong, for the log. Already limited to one a minute for each offender and
 * kind. All texts are borrowed for the call, and safe to print. */
#define PEERS_TROUBLES(X)                                                                      \
    X(STRANGER, "stranger")     /* TLS failed, or the key is nobody's */                       \
    X(SLOW, "slow")             /* no complete request in time */                              \
    X(CROWDED, "crowded")       /* cut off for too many connections */                         \
    X(RUBBISH, "rubbish")       /* a member's request that is not one of ours */               \
    X(GREEDY, "greedy")         /* restricted, it sent more than it may */                     \
    X(WRONG_KEY, "wrong key")   /* who answers at a member's address does not hold its key */  \
    X(REFUSED_US, "refused us") /* a member answered with an error */

enum peers_trouble_kind {
#define X(name, text) PEERS_TROUBLE_##name,
    PEERS_TROUBLES(X)
#undef X
};

struct peers_trouble {
    enum peers_trouble_kind kind;
    uint32_t member;     /* who did it, as far as its key tells; PEERS_NOBODY: unknown */
    const char *address; /* "ip:port", its or ours of it */
    const char *reason;  /* words */
    uint32_t suppressed; /* such reports left out before this one */
};

/* A member that was founded with another cluster file. Limited as above. */
struct peers_foreign {
    uint32_t member; /* who says so */
    const char *cluster_name;
    const uint8_t *cluster_id; /* PEERS_CLUSTER_BYTES; NULL if it did not say */
    uint32_t suppressed;
};

struct peers_callbacks {
    void *context;

    /* One message of a body; the bytes are borrowed for the call. */
    void (*on_message)(void *context, uint32_t member, const uint8_t *bytes, size_t size_bytes);

    /* A connection with it has ended without goodbye: its process is likely gone. A probe
     * tells. Several connections may end at once; called for each. */
    void (*on_closed)(void *context, uint32_t member);

    /* A connect attempt was refused: its machine is there, nobody listens. */
    void (*on_refused)(void *context, uint32_t member);

    /* It has taken a request of ours. */
    void (*on_answered)(void *context, uint32_t member);

    void (*on_foreign)(void *context, const struct peers_foreign *foreign);
    void (*on_trouble)(void *context, const struct peers_trouble *trouble);
};

struct peers_member {
    const char *name;    /* NULL: nobody is at this place yet */
    const char *address; /* numeric "ip:port" or "[ip6]:port" */
    uint8_t key[PEERS_KEY_BYTES];
};

struct peers_config {
    uint32_t self;                      /* our own place in members */
    uint32_t member_count;              /* 1 .. PEERS_ROOM */
    const struct peers_member *members; /* copied */
    const char *listen;                 /* "ip:port" to listen on */
    EVP_PKEY *key;                      /* our transport key; borrowed until peers_destroy */
    uint8_t cluster_id[PEERS_CLUSTER_BYTES];
    const char *cluster_name; /* borrowed until peers_destroy */
    struct peers_callbacks callbacks;
};

/* Counters since the start, for metrics and tests. */
struct peers_counters {
    uint64_t requests_out;     /* exchanges begun */
    uint64_t requests_in;      /* complete requests of members */
    uint64_t messages_in;      /* handed to on_message */
    uint64_t messages_dropped; /* never sent: queue full, peer away, or too old */
    uint64_t connects_out;     /* connections made or tried */
    uint64_t bytes_out;        /* bodies alone */
    uint64_t bytes_in;
};

struct peers;

/* Listens. NULL if it cannot; error then has a sentence. One at a time in a process, or several
 * on one loop (tests). */
struct peers *peers_create(struct loop *loop, const struct peers_config *config,
                           char error[static PEERS_ERROR_CHARS])
    __attribute__((warn_unused_result));

/* Ends all connections, without goodbye, so that the others know at once. Accepts NULL. */
void peers_destroy(struct peers *p);

/* From now on it is this member that is at the place (below PEERS_ROOM, and not ours): who has
 * the key that was there before is a stranger, and what was under way to it is dropped. Does
 * nothing where nothing differs. */
void peers_put(struct peers *p, uint32_t member, const struct peers_member *from);

/* Queues one message (1 .. PEERS_MESSAGE_MAX bytes, copied) for a member other than ourselves;
 * nobody at its place: it is dropped. What is queued in one callback goes out together when it
 * has ended. While a member does not answer, attempts are spaced out: a heartbeat that may not
 * be tried yet waits (or is replaced), a message waits up to PEERS_PATIENCE_MS. */
void peers_send(struct peers *p, uint32_t member, const uint8_t *bytes, size_t size_bytes,
                enum peers_kind kind);

/* Sends one heartbeat over a fresh connection right now, spacing or not; ends in on_answered,
 * in on_refused, or in neither. Does nothing if a probe of this member is under way. An attempt
 * that is cut off while the member's process dies is repeated at once. */
void peers_probe(struct peers *p, uint32_t member, const uint8_t *bytes, size_t size_bytes);

/* The members whose bits are set have lost their standing; none at the start. Of each of them
 * PEERS_DOOR_PER_SECOND messages a second are handed on, enough to come back by; what is beyond
 * is dropped, and answered 429. From the next request on, on open connections too. */
void peers_restrict(struct peers *p, uint32_t members);

/* The port listened on. */
uint16_t peers_port(const struct peers *p);

struct peers_counters peers_counters(const struct peers *p);

/* The kind in words. */
const char *peers_trouble_text(enum peers_trouble_kind kind);

#endif

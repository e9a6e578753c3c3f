/* What the files of the peers share: peers.c keeps the queues, peers_exchange.c makes requests
 * of them and judges how they ended, peers_curl.c drives curl on the loop, peers_server.c takes
 * the others' requests. */
#ifndef OSTRAKON_AGENT_PEERS_INTERNAL_H
#define OSTRAKON_AGENT_PEERS_INTERNAL_H

#include <curl/curl.h>
#include <sys/queue.h>

#include "agent/http.h"
#include "agent/peers.h"
#include "agent/ratelimit.h"
#include "agent/tls.h"

#define PEERS_PATH "/v1/peer/messages"
#define PEERS_CLUSTER_HEADER "Ostrakon-Cluster"
#define PEERS_FRAME_BYTES 4u /* the length in front of a message */

#define PEERS_ADDRESS_CHARS 64u

/* Kinds beside those of enum peers_kind, for a peer's handles. */
enum exchange_kind {
    EXCHANGE_HEARTBEAT,
    EXCHANGE_MESSAGES,
    EXCHANGE_MORE_MESSAGES, /* while the first is under way */
    EXCHANGE_PROBE,
    EXCHANGE_KINDS,
};

/* One curl handle: one request at a time, its connection kept warm in between. */
struct exchange {
    struct peer *peer;
    enum exchange_kind kind;
    CURL *easy;
    bool is_busy;
    uint8_t *body; /* of the request under way */
    size_t body_bytes;
    size_t capacity_bytes;
    uint32_t messages;   /* in the body */
    size_t answer_bytes; /* taken so far, header and body */
    char error[CURL_ERROR_SIZE];
};

struct message {
    STAILQ_ENTRY(message) link;
    uint64_t queued_ms;
    size_t size_bytes;
    uint8_t bytes[];
};

STAILQ_HEAD(message_queue, message);

struct peer {
    struct peers *p;
    uint32_t member;
    bool is_there; /* somebody is at this place */
    bool is_new;   /* its handles are yet to be made for it */
    char address[PEERS_ADDRESS_CHARS];
    uint8_t key[PEERS_KEY_BYTES];
    struct exchange exchanges[EXCHANGE_KINDS];

    struct message *heartbeat; /* the newest that waits; NULL: none */
    struct message_queue queue;
    size_t queue_bytes; /* of the messages in queue, frames included */

    struct message *probe; /* to be sent, or sent again; NULL: none */
    uint32_t probe_attempts;
    uint64_t probe_at_ms;

    struct ratelimit_share share; /* of what is taken while it is restricted */
    struct ratelimit_turn turn;   /* at our time, for what it sends */

    uint32_t wait_ms;       /* between attempts; 0: it answers */
    uint64_t not_before_ms; /* no attempt but a probe before */
};

/* A request of which messages are left that its sender has no turn for yet. */
struct waiting {
    STAILQ_ENTRY(waiting) link;
    struct peers *p;
    struct http_request *request;
    size_t at; /* where in its body they begin */
};

STAILQ_HEAD(waiting_list, waiting);

/* A socket of curl's, from its opening to its closing. */
struct socket {
    LIST_ENTRY(socket) link;
    struct peer *peer;
    struct loop_watch *watch;
    int fd;
    bool is_wanted; /* curl waits for it; otherwise it lies idle in curl's pool */
};

LIST_HEAD(socket_list, socket);

struct peers {
    struct loop *loop;
    struct peers_callbacks callbacks;
    struct peer peers[PEERS_ROOM]; /* [self] has the key alone */
    uint32_t count;                /* places, of which some may be nobody's */
    uint32_t self;
    uint8_t cluster_id[PEERS_CLUSTER_BYTES];
    char cluster[2 * PEERS_CLUSTER_BYTES + 1 + PEERS_NAME_CHARS]; /* the header's value */
    struct tls *tls;
    struct http *server;
    CURLM *multi;
    struct curl_slist *headers;
    struct loop_timer *curl_timer;  /* when curl wants to be called */
    struct loop_timer *flush_timer; /* when something queued may be sent */
    struct loop_timer *turn_timer;  /* when those that wait are looked at again */
    struct waiting_list waiting;    /* oldest first */
    struct socket_list sockets;
    struct ratelimit limit;
    uint32_t restricted; /* bits of members */
    struct peers_counters counters;
    bool is_curl_ready; /* curl_global_init was called */
};

/* peers_curl.c */

/* Readies curl and its handles. False: it could not, which is lack of memory or our mistake. */
bool peers_curl_create(struct peers *p) __attribute__((warn_unused_result));
void peers_curl_destroy(struct peers *p);

/* Handles for whoever is at the peer's place now, in place of those for who was. False: its
 * address or key is unfit. Not from a curl callback. */
bool peer_connect(struct peer *peer);

/* Has curl do what there is to do, and judges what has ended. Not from a curl callback. */
void peers_curl_turn(struct peers *p);

/* peers_exchange.c */

/* Sends what may be sent now and sets the timer for the rest. */
void peers_flush(void *context);

/* The request under way has ended. */
void exchange_end(struct exchange *e, CURLcode result);

/* Drops the request under way, if there is one. */
void exchange_drop(struct exchange *e);

/* The peer has been heard: attempts are no longer spaced out. */
void peer_is_there(struct peer *peer);

/* peers.c */

/* Has peers_flush run when the callback under way has ended. */
void peers_flush_soon(struct peers *p);

/* Drops all that waits for the peer. */
void peer_clear(struct peer *peer);

/* Whose key that is; PEERS_NOBODY. */
uint32_t peers_member_of(const struct peers *p, const uint8_t key[static TLS_KEY_BYTES]);

/* The oldest message off the queue, the caller's to free; NULL: none. */
struct message *peer_take(struct peer *peer);

/* Tells of trouble, unless it was told within the minute. PEERS_NOBODY: the address is whose.
 */
void peers_tell(struct peers *p, enum peers_trouble_kind kind, uint32_t member,
                const char *address, const char *reason);

/* Reads the other's cluster header (NULL: it has none) and tells that it is of another cluster,
 * unless it was told within the minute. */
void peers_tell_foreign(struct peers *p, uint32_t member, const char *cluster);

/* peers_server.c */

/* Goes on with the requests whose senders have a turn again. */
void peers_go_on(void *context);

bool peers_server_create(struct peers *p, const char *listen,
                         char error[static PEERS_ERROR_CHARS])
    __attribute__((warn_unused_result));

#endif

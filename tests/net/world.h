/* Several members in one process and on one loop, real sockets between them, and a client of
 * ours that misbehaves. What the callbacks said is kept for the tests to read. */
#ifndef OSTRAKON_TESTS_NET_WORLD_H
#define OSTRAKON_TESTS_NET_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/ssl.h>

#include "agent/loop.h"
#include "agent/peers.h"

#define WORLD_MAX 9u

/* What a node was told, per member. */
struct heard {
    uint32_t messages;
    uint32_t closed;
    uint32_t refused;
    uint32_t answered;
    uint32_t foreign;
    uint64_t last_ms;    /* of the last message */
    uint64_t gap_max_ms; /* between two messages, since the test cleared it */
    uint64_t closed_us;  /* when the first closing was told */
    uint64_t refused_us; /* when the last refusal was told */
};

struct node {
    struct world *world;
    uint32_t member;
    struct peers *peers;
    EVP_PKEY *key;
    struct peers_member roster[WORLD_MAX]; /* what it believes of the others */
    struct heard heard[WORLD_MAX];
    size_t bytes_in;
    uint8_t last[64];  /* the beginning of the last message */
    size_t last_bytes; /* its size */
    uint32_t troubles;
    struct peers_trouble trouble; /* the last; its texts are not to be read */
    char trouble_reason[200];
    char foreign_name[PEERS_NAME_CHARS];
    uint32_t work_us; /* what a message takes of a processor */
    bool probes;      /* asks for a probe when a connection is closed, as the agent does */
};

struct world {
    struct loop *loop;
    struct loop_timer *deadline;
    struct loop_timer *pulse;
    uint32_t count;
    uint32_t pulse_ms;
    bool is_late; /* the last run ended at its deadline */
    bool (*is_done)(struct world *w);
    char names[WORLD_MAX][16];
    char addresses[WORLD_MAX][32];
    uint16_t ports[WORLD_MAX];
    struct node nodes[WORLD_MAX];
};

/* Keys, free ports and a loop for `count` members; no node runs. */
void world_init(struct world *w, uint32_t count);

/* A new loop instead of the parent's, after fork. */
void world_loop(struct world *w);

/* As above, and all run. */
void world_start(struct world *w, uint32_t count);

/* Makes one member run with what its roster says, in the cluster with this id byte. */
void world_run_node(struct world *w, uint32_t member, uint8_t cluster);

/* Has one stop. */
void world_stop_node(struct world *w, uint32_t member);

void world_finish(struct world *w);

/* Turns the loop until is_done says so, looked at every ms; false after limit_ms. NULL: never
 * done. */
bool world_turn(struct world *w, uint64_t limit_ms, bool (*is_done)(struct world *w));

/* From now on every running node sends every other a heartbeat every so many ms; 0: no more. */
void world_pulse(struct world *w, uint32_t every_ms);

uint64_t world_now_us(void);

/* A transport key that nobody knows. */
EVP_PKEY *world_key(void);

/* The bad client. Blocking, so it runs in a thread or a child of its own. */

/* A plain connection to the port; -1: refused. Reads and writes give up after 8 s. */
int client_connect(uint16_t port);

/* TLS 1.3 over it with this key; NULL if the handshake fails. NULL key: no certificate. */
SSL *client_tls(int fd, EVP_PKEY *key);
void client_free(SSL *ssl);

/* Sends, and reads until the other side closes, at most size_bytes - 1; answers how many bytes
 * came and ends them with a zero. ssl NULL: plain. */
size_t client_talk(SSL *ssl, int fd, const void *out, size_t out_bytes, char *in,
                   size_t in_bytes);

#endif

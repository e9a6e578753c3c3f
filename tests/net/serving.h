/* One HTTP listener on a loop of its own, and a client in a thread that has its way with it. */
#ifndef OSTRAKON_TESTS_NET_SERVING_H
#define OSTRAKON_TESTS_NET_SERVING_H

#include "agent/http.h"
#include "tests/net/world.h"

struct serving {
    struct loop *loop;
    struct http *http;
    struct tls *tls;
    EVP_PKEY *key;        /* the server's */
    EVP_PKEY *member_key; /* one that is let in */
    uint8_t member[TLS_KEY_BYTES];
    struct http_options options; /* to be changed before serving_start */

    uint32_t requests;
    uint32_t gone;
    uint32_t broken;
    uint32_t troubles;
    enum http_trouble_kind trouble;
    char reason[200];
    uint32_t uid;
    size_t body_bytes;
    struct http_request *waiting; /* of /wait, until /answer or it is gone */
};

/* A listener of this kind, not yet started. Paths: /hello says "hello\n", /big a mebibyte,
 * /wait answers when somebody asks for /answer, all else echoes the body, or answers 204. */
void serving_init(struct serving *s, enum http_kind kind);
void serving_start(struct serving *s);
void serving_finish(struct serving *s);

/* Runs the client in a thread and the loop until it has returned, and settle_ms longer. */
void serving_run(struct serving *s, void (*client)(struct serving *s), uint32_t settle_ms);

/* For clients: connects, sends the text, reads to the end, which it waits for; answers how many
 * bytes came. */
size_t serving_ask(struct serving *s, const char *text, char *in, size_t in_bytes);

#endif

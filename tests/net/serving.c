#include "tests/net/serving.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void on_gone(struct http_request *request)
{
    struct serving *const s = request->user;
    s->gone++;
    s->waiting = NULL;
}

static void reply(struct http_request *request, int status, const void *body, size_t body_bytes)
{
    const struct http_answer answer = {
        .status = status,
        .content_type = body_bytes > 0 ? "text/plain" : NULL,
        .body = body,
        .body_bytes = body_bytes,
    };
    http_reply(request, &answer);
}

static void on_request(void *context, struct http_request *request)
{
    static const uint8_t big[1024 * 1024];
    struct serving *const s = context;
    s->requests++;
    s->uid = request->uid;
    s->body_bytes = request->body_bytes;
    if (strcmp(request->path, "/wait") == 0) {
        request->user = s;
        request->on_gone = on_gone;
        s->waiting = request;
        return;
    }
    if (strcmp(request->path, "/answer") == 0 && s->waiting != NULL) {
        struct http_request *const waiting = s->waiting;
        s->waiting = NULL;
        reply(waiting, 200, "at last\n", 8);
    }
    if (strcmp(request->path, "/hello") == 0) {
        reply(request, 200, "hello\n", 6);
    } else if (strcmp(request->path, "/big") == 0) {
        reply(request, 200, big, sizeof big);
    } else {
        reply(request, request->body_bytes > 0 ? 200 : 204, request->body, request->body_bytes);
    }
}

static void on_broken(void *context, const uint8_t key[static TLS_KEY_BYTES])
{
    struct serving *const s = context;
    assert(memcmp(key, s->member, TLS_KEY_BYTES) == 0);
    s->broken++;
}

static void on_trouble(void *context, const struct http_trouble *trouble)
{
    struct serving *const s = context;
    s->troubles++;
    s->trouble = trouble->kind;
    snprintf(s->reason, sizeof s->reason, "%s", trouble->reason);
}

static bool is_member(void *context, const uint8_t key[static TLS_KEY_BYTES])
{
    const struct serving *const s = context;
    return memcmp(key, s->member, TLS_KEY_BYTES) == 0;
}

void serving_init(struct serving *s, enum http_kind kind)
{
    *s = (struct serving){.loop = loop_create()};
    if (kind == HTTP_PEER) {
        size_t size_bytes = sizeof s->member;
        s->key = world_key();
        s->member_key = world_key();
        EVP_PKEY_get_raw_public_key(s->member_key, s->member, &size_bytes);
        s->tls = tls_create(s->key, "server", (struct tls_roster){is_member, s});
    }
    s->options = (struct http_options){
        .loop = s->loop,
        .kind = kind,
        .address = "127.0.0.1:0",
        .tls = s->tls,
        .connections_max = 32,
        .request_ms = 1000,
        .idle_ms = 2000,
        .context = s,
        .on_request = on_request,
        .on_broken = on_broken,
        .on_trouble = on_trouble,
    };
}

void serving_start(struct serving *s)
{
    char error[HTTP_ERROR_CHARS];
    s->http = http_create(&s->options, error);
    if (s->http == NULL) {
        fprintf(stderr, "%s\n", error);
        abort();
    }
}

void serving_finish(struct serving *s)
{
    http_destroy(s->http);
    tls_destroy(s->tls);
    EVP_PKEY_free(s->key);
    EVP_PKEY_free(s->member_key);
    loop_destroy(s->loop);
}

struct client {
    struct serving *serving;
    void (*run)(struct serving *s);
    struct loop_wake *wake;
};

static void *client_main(void *context)
{
    struct client *const c = context;
    c->run(c->serving);
    loop_wake_signal(c->wake);
    return NULL;
}

static void on_stop(void *context)
{
    loop_stop(context);
}

void serving_run(struct serving *s, void (*client)(struct serving *s), uint32_t settle_ms)
{
    struct client c = {.serving = s, .run = client};
    c.wake = loop_wake_create(s->loop, on_stop, s->loop);
    pthread_t thread;
    pthread_create(&thread, NULL, client_main, &c);
    loop_run(s->loop);
    pthread_join(thread, NULL);
    loop_wake_destroy(c.wake);
    struct loop_timer *const timer = loop_timer_create(s->loop, on_stop, s->loop);
    loop_timer_set(timer, clock_monotonic_ms() + settle_ms);
    loop_run(s->loop);
    loop_timer_destroy(timer);
}

size_t serving_ask(struct serving *s, const char *text, char *in, size_t in_bytes)
{
    const int fd = client_connect(http_port(s->http));
    if (fd < 0) {
        return 0;
    }
    if (s->tls == NULL) {
        const size_t got_bytes = client_talk(NULL, fd, text, strlen(text), in, in_bytes);
        close(fd);
        return got_bytes;
    }
    SSL *const ssl = client_tls(fd, s->member_key);
    const size_t got_bytes = client_talk(ssl, fd, text, strlen(text), in, in_bytes);
    client_free(ssl);
    return got_bytes;
}

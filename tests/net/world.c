#include "tests/net/world.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "agent/tls.h"

uint64_t world_now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

EVP_PKEY *world_key(void)
{
    EVP_PKEY *const key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    assert(key != NULL);
    return key;
}

/* Callbacks */

static void on_message(void *context, uint32_t member, const uint8_t *bytes, size_t size_bytes)
{
    struct node *const n = context;
    struct heard *const h = &n->heard[member];
    const uint64_t now_ms = clock_monotonic_ms();
    if (h->last_ms != 0 && now_ms - h->last_ms > h->gap_max_ms) {
        h->gap_max_ms = now_ms - h->last_ms;
    }
    h->last_ms = now_ms;
    h->messages++;
    const uint64_t begun_us = clock_thread_us();
    while (clock_thread_us() - begun_us < n->work_us) {
    }
    n->bytes_in += size_bytes;
    n->last_bytes = size_bytes;
    memcpy(n->last, bytes, size_bytes < sizeof n->last ? size_bytes : sizeof n->last);
}

static void on_closed(void *context, uint32_t member)
{
    struct node *const n = context;
    if (n->heard[member].closed++ == 0) {
        n->heard[member].closed_us = world_now_us();
    }
    if (n->probes) {
        peers_probe(n->peers, member, (const uint8_t *)"probe", 5);
    }
}

static void on_refused(void *context, uint32_t member)
{
    struct node *const n = context;
    n->heard[member].refused++;
    n->heard[member].refused_us = world_now_us();
}

static void on_answered(void *context, uint32_t member)
{
    struct node *const n = context;
    n->heard[member].answered++;
}

static void on_foreign(void *context, const struct peers_foreign *foreign)
{
    struct node *const n = context;
    n->heard[foreign->member].foreign++;
    snprintf(n->foreign_name, sizeof n->foreign_name, "%s", foreign->cluster_name);
}

static void on_trouble(void *context, const struct peers_trouble *trouble)
{
    struct node *const n = context;
    n->troubles++;
    n->trouble = *trouble;
    snprintf(n->trouble_reason, sizeof n->trouble_reason, "%s", trouble->reason);
    if (getenv("WORLD_TALK") != NULL) {
        fprintf(stderr, "node %u: %s: member %d, %s: %s\n", n->member,
                peers_trouble_text(trouble->kind), (int)trouble->member, trouble->address,
                trouble->reason);
    }
}

/* Life */

/* Below the ports that the kernel gives to clients, so that no connection of a test running
 * beside this one comes upon it before we listen; and each process begins elsewhere, so that no
 * two worlds, nor two members of one, draw the same. */
static uint16_t free_port(void)
{
    static uint32_t drawn;
    for (;;) {
        const uint32_t place = ((uint32_t)getpid() * 20 + drawn++) % 20000;
        const uint16_t port = (uint16_t)(12000 + place);
        const struct sockaddr_in at = {.sin_family = AF_INET,
                                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                       .sin_port = htons(port)};
        const int fd = socket(AF_INET, SOCK_STREAM, 0);
        const bool is_free = bind(fd, (const struct sockaddr *)&at, sizeof at) == 0;
        close(fd);
        if (is_free) {
            return port;
        }
        assert(drawn < 20000);
    }
}

static void on_deadline(void *context)
{
    struct world *const w = context;
    w->is_late = true;
    loop_stop(w->loop);
}

static void on_pulse(void *context)
{
    struct world *const w = context;
    loop_timer_set(w->pulse, clock_monotonic_ms() + w->pulse_ms);
    static const uint8_t heartbeat[88] = {'h'}; /* about what one of the agent's has */
    for (uint32_t from = 0; from < w->count; from++) {
        for (uint32_t to = 0; w->nodes[from].peers != NULL && to < w->count; to++) {
            if (to != from) {
                peers_send(w->nodes[from].peers, to, heartbeat, sizeof heartbeat,
                           PEERS_HEARTBEAT);
            }
        }
    }
}

void world_loop(struct world *w)
{
    w->loop = loop_create();
    w->deadline = loop_timer_create(w->loop, on_deadline, w);
    w->pulse = loop_timer_create(w->loop, on_pulse, w);
}

void world_init(struct world *w, uint32_t count)
{
    assert(count <= WORLD_MAX);
    *w = (struct world){.count = count};
    world_loop(w);
    uint8_t keys[WORLD_MAX][PEERS_KEY_BYTES];
    for (uint32_t i = 0; i < count; i++) {
        w->ports[i] = free_port();
        snprintf(w->names[i], sizeof w->names[i], "member%u", i);
        snprintf(w->addresses[i], sizeof w->addresses[i], "127.0.0.1:%u", w->ports[i]);
        w->nodes[i] = (struct node){.world = w, .member = i, .key = world_key()};
        size_t size_bytes = sizeof keys[i];
        EVP_PKEY_get_raw_public_key(w->nodes[i].key, keys[i], &size_bytes);
    }
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t k = 0; k < count; k++) {
            struct peers_member *const m = &w->nodes[i].roster[k];
            m->name = w->names[k];
            m->address = w->addresses[k];
            memcpy(m->key, keys[k], sizeof m->key);
        }
    }
}

void world_run_node(struct world *w, uint32_t member, uint8_t cluster)
{
    struct node *const n = &w->nodes[member];
    const struct peers_config config = {
        .self = member,
        .member_count = w->count,
        .members = n->roster,
        .listen = w->addresses[member],
        .key = n->key,
        .cluster_id = {cluster},
        .cluster_name = cluster == 1 ? "demo" : "other",
        .callbacks = {n, on_message, on_closed, on_refused, on_answered, on_foreign,
                      on_trouble},
    };
    char error[PEERS_ERROR_CHARS];
    n->peers = peers_create(w->loop, &config, error);
    if (n->peers == NULL) {
        fprintf(stderr, "%s\n", error);
        abort();
    }
}

void world_start(struct world *w, uint32_t count)
{
    world_init(w, count);
    for (uint32_t i = 0; i < count; i++) {
        world_run_node(w, i, 1);
    }
}

void world_stop_node(struct world *w, uint32_t member)
{
    peers_destroy(w->nodes[member].peers);
    w->nodes[member].peers = NULL;
}

void world_finish(struct world *w)
{
    for (uint32_t i = 0; i < w->count; i++) {
        world_stop_node(w, i);
        EVP_PKEY_free(w->nodes[i].key);
    }
    loop_timer_destroy(w->deadline);
    loop_timer_destroy(w->pulse);
    loop_destroy(w->loop);
}

struct watcher {
    struct world *world;
    struct loop_timer *timer;
};

static void on_watch(void *context)
{
    struct watcher *const watcher = context;
    if (watcher->world->is_done != NULL && watcher->world->is_done(watcher->world)) {
        loop_stop(watcher->world->loop);
        return;
    }
    loop_timer_set(watcher->timer, clock_monotonic_ms() + 1);
}

bool world_turn(struct world *w, uint64_t limit_ms, bool (*is_done)(struct world *w))
{
    struct watcher watcher = {.world = w};
    w->is_done = is_done;
    w->is_late = false;
    if (is_done != NULL) {
        watcher.timer = loop_timer_create(w->loop, on_watch, &watcher);
        loop_timer_set(watcher.timer, 0);
    }
    loop_timer_set(w->deadline, clock_monotonic_ms() + limit_ms);
    loop_run(w->loop);
    loop_timer_set(w->deadline, LOOP_NEVER);
    loop_timer_destroy(watcher.timer);
    return !w->is_late;
}

void world_pulse(struct world *w, uint32_t every_ms)
{
    w->pulse_ms = every_ms;
    loop_timer_set(w->pulse, every_ms == 0 ? LOOP_NEVER : clock_monotonic_ms());
}

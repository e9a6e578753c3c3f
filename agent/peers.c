#include "agent/peers_internal.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "agent/memory.h"

const char *peers_trouble_text(enum peers_trouble_kind kind)
{
    static const char *const texts[] = {
#define X(name, text) text,
        PEERS_TROUBLES(X)
#undef X
    };
    assert((size_t)kind < sizeof texts / sizeof texts[0]);
    return texts[kind];
}

/* Queues */

static struct message *message_of(const uint8_t *bytes, size_t size_bytes)
{
    assert(size_bytes > 0);
    assert(size_bytes <= PEERS_MESSAGE_MAX);
    struct message *const m = memory_get(sizeof *m + size_bytes);
    m->queued_ms = clock_monotonic_ms();
    m->size_bytes = size_bytes;
    memcpy(m->bytes, bytes, size_bytes);
    return m;
}

struct message *peer_take(struct peer *peer)
{
    struct message *const m = STAILQ_FIRST(&peer->queue);
    if (m != NULL) {
        STAILQ_REMOVE_HEAD(&peer->queue, link);
        peer->queue_bytes -= PEERS_FRAME_BYTES + m->size_bytes;
    }
    return m;
}

/* What is newest says most: the oldest make room. */
static void peer_queue(struct peer *peer, struct message *m)
{
    const size_t framed_bytes = PEERS_FRAME_BYTES + m->size_bytes;
    while (peer->queue_bytes + framed_bytes > PEERS_QUEUE_MAX) {
        free(peer_take(peer));
        peer->p->counters.messages_dropped++;
    }
    STAILQ_INSERT_TAIL(&peer->queue, m, link);
    peer->queue_bytes += framed_bytes;
}

static struct peer *peer_of(struct peers *p, uint32_t member)
{
    assert(member < PEERS_ROOM);
    assert(member != p->self);
    return &p->peers[member];
}

void peers_flush_soon(struct peers *p)
{
    loop_timer_set(p->flush_timer, 0);
}

void peers_send(struct peers *p, uint32_t member, const uint8_t *bytes, size_t size_bytes,
                enum peers_kind kind)
{
    struct peer *const peer = peer_of(p, member);
    if (!peer->is_there) {
        p->counters.messages_dropped++;
        return;
    }
    struct message *const m = message_of(bytes, size_bytes);
    if (kind == PEERS_HEARTBEAT) {
        free(peer->heartbeat);
        peer->heartbeat = m;
    } else {
        peer_queue(peer, m);
    }
    peers_flush_soon(p);
}

void peers_probe(struct peers *p, uint32_t member, const uint8_t *bytes, size_t size_bytes)
{
    struct peer *const peer = peer_of(p, member);
    if (peer->probe != NULL || !peer->is_there) {
        return;
    }
    peer->probe = message_of(bytes, size_bytes);
    peer->probe_attempts = 0;
    peer->probe_at_ms = 0;
    peers_flush_soon(p);
}

/* Reports */

void peers_tell(struct peers *p, enum peers_trouble_kind kind, uint32_t member,
                const char *address, const char *reason)
{
    /* A stranger is his address without the port, which he changes at will. */
    const char *const port = strrchr(address, ':');
    const size_t host_bytes = port != NULL ? (size_t)(port - address) : strlen(address);
    const uint64_t key = member != PEERS_NOBODY
                             ? ratelimit_key((uint32_t)kind, &member, sizeof member)
                             : ratelimit_key((uint32_t)kind, address, host_bytes);
    uint32_t suppressed = 0;
    if (!ratelimit_pass(&p->limit, key, clock_monotonic_ms(), &suppressed)) {
        return;
    }
    const struct peers_trouble trouble = {
        .kind = kind,
        .member = member,
        .address = address,
        .reason = reason,
        .suppressed = suppressed,
    };
    p->callbacks.on_trouble(p->callbacks.context, &trouble);
}

/* Reads "<64 hex> <name>". The name is for people's eyes: what is not plain becomes a question
 * mark. */
static bool cluster_read(const char *text, uint8_t id[static PEERS_CLUSTER_BYTES],
                         char name[static PEERS_NAME_CHARS])
{
    const char *end = NULL;
    size_t id_bytes = 0;
    const size_t hex_chars = 2 * PEERS_CLUSTER_BYTES;
    if (text == NULL || strnlen(text, hex_chars) < hex_chars ||
        sodium_hex2bin(id, PEERS_CLUSTER_BYTES, text, hex_chars, NULL, &id_bytes, &end) != 0 ||
        id_bytes != PEERS_CLUSTER_BYTES) {
        return false;
    }
    const char *const rest = text + hex_chars + (text[hex_chars] == ' ' ? 1 : 0);
    snprintf(name, PEERS_NAME_CHARS, "%s", rest);
    for (char *at = name; *at != '\0'; at++) {
        const bool is_plain = *at > 0x20 && *at < 0x7f && *at != '"' && *at != '\\';
        *at = is_plain ? *at : '?';
    }
    return true;
}

void peers_tell_foreign(struct peers *p, uint32_t member, const char *cluster)
{
    enum { KIND_FOREIGN = 1000 }; /* beside enum peers_trouble_kind */
    uint32_t suppressed = 0;
    const uint64_t key = ratelimit_key(KIND_FOREIGN, &member, sizeof member);
    if (!ratelimit_pass(&p->limit, key, clock_monotonic_ms(), &suppressed)) {
        return;
    }
    uint8_t id[PEERS_CLUSTER_BYTES];
    char name[PEERS_NAME_CHARS] = "";
    const bool has_id = cluster_read(cluster, id, name);
    const struct peers_foreign foreign = {
        .member = member,
        .cluster_name = name,
        .cluster_id = has_id ? id : NULL,
        .suppressed = suppressed,
    };
    p->callbacks.on_foreign(p->callbacks.context, &foreign);
}

/* Life */

uint32_t peers_member_of(const struct peers *p, const uint8_t key[static TLS_KEY_BYTES])
{
    for (uint32_t i = 0; i < p->count; i++) {
        /* Who shows our own key is a second copy of us. */
        if (i != p->self && p->peers[i].is_there &&
            memcmp(p->peers[i].key, key, TLS_KEY_BYTES) == 0) {
            return i;
        }
    }
    return PEERS_NOBODY;
}

static bool is_member(void *context, const uint8_t key[static TLS_KEY_BYTES])
{
    return peers_member_of(context, key) != PEERS_NOBODY;
}

static void peer_name(struct peer *peer, const struct peers_member *from)
{
    peer->is_there = from->name != NULL;
    if (peer->is_there) {
        snprintf(peer->address, sizeof peer->address, "%s", from->address);
        memcpy(peer->key, from->key, sizeof peer->key);
    }
}

void peer_clear(struct peer *peer)
{
    struct message *m;
    while ((m = peer_take(peer)) != NULL) {
        free(m);
    }
    free(peer->heartbeat);
    peer->heartbeat = NULL;
    free(peer->probe);
    peer->probe = NULL;
}

void peers_put(struct peers *p, uint32_t member, const struct peers_member *from)
{
    struct peer *const peer = peer_of(p, member);
    if (peer->is_there && strcmp(peer->address, from->address) == 0 &&
        memcmp(peer->key, from->key, sizeof peer->key) == 0) {
        return;
    }
    peer_name(peer, from);
    peer->is_new = true;
    p->count = member < p->count ? p->count : member + 1;
    peers_flush_soon(p);
}

struct peers *peers_create(struct loop *loop, const struct peers_config *config,
                           char error[static PEERS_ERROR_CHARS])
{
    assert(config->member_count >= 1);
    assert(config->member_count <= PEERS_ROOM);
    assert(config->self < config->member_count);
    struct peers *const p = memory_get(sizeof *p);
    p->loop = loop;
    p->callbacks = config->callbacks;
    p->count = config->member_count;
    p->self = config->self;
    memcpy(p->cluster_id, config->cluster_id, sizeof p->cluster_id);
    sodium_bin2hex(p->cluster, sizeof p->cluster, config->cluster_id, PEERS_CLUSTER_BYTES);
    snprintf(p->cluster + 2 * PEERS_CLUSTER_BYTES, PEERS_NAME_CHARS, " %s",
             config->cluster_name);
    for (uint32_t i = 0; i < PEERS_ROOM; i++) {
        p->peers[i].p = p;
        p->peers[i].member = i;
        STAILQ_INIT(&p->peers[i].queue);
        if (i < p->count) {
            peer_name(&p->peers[i], &config->members[i]);
        }
    }
    STAILQ_INIT(&p->waiting);
    p->flush_timer = loop_timer_create(loop, peers_flush, p);
    p->turn_timer = loop_timer_create(loop, peers_go_on, p);
    const struct tls_roster roster = {.is_known = is_member, .context = p};
    p->tls = tls_create(config->key, config->members[config->self].name, roster);
    if (p->tls == NULL) {
        snprintf(error, PEERS_ERROR_CHARS, "the transport key is no Ed25519 private key");
        goto out;
    }
    if (!peers_curl_create(p)) {
        snprintf(error, PEERS_ERROR_CHARS,
                 "curl cannot be set up: a member's address or key is unfit");
        goto out;
    }
    if (peers_server_create(p, config->listen, error)) {
        return p;
    }
out:
    peers_destroy(p);
    return NULL;
}

void peers_destroy(struct peers *p)
{
    if (p == NULL) {
        return;
    }
    http_destroy(p->server);
    peers_curl_destroy(p);
    for (uint32_t i = 0; i < p->count; i++) {
        peer_clear(&p->peers[i]);
    }
    loop_timer_destroy(p->flush_timer);
    loop_timer_destroy(p->turn_timer);
    tls_destroy(p->tls);
    free(p);
}

void peers_restrict(struct peers *p, uint32_t members)
{
    p->restricted = members;
}

uint16_t peers_port(const struct peers *p)
{
    return http_port(p->server);
}

struct peers_counters peers_counters(const struct peers *p)
{
    return p->counters;
}

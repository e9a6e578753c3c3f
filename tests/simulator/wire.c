#include "wire.h"

#include <string.h>

#include <sodium.h>

#include "../../tokens/signer.h"

struct wire {
    const uint8_t *at;
    size_t left;
    bool bad;
};

static uint64_t number(struct wire *w, size_t bytes)
{
    uint64_t value = 0;
    if (w->left < bytes) {
        w->bad = true;
        return 0;
    }
    for (size_t i = 0; i < bytes; i++) {
        value = value << 8 | w->at[i];
    }
    w->at += bytes;
    w->left -= bytes;
    return value;
}

static void copy(struct wire *w, uint8_t *out, size_t bytes)
{
    if (w->left < bytes) {
        w->bad = true;
        return;
    }
    memcpy(out, w->at, bytes);
    w->at += bytes;
    w->left -= bytes;
}

static struct wire part(struct wire *w, size_t bytes)
{
    struct wire p = {.at = w->at, .left = bytes, .bad = w->left < bytes};
    if (p.bad) {
        w->bad = true;
        return p;
    }
    w->at += bytes;
    w->left -= bytes;
    return p;
}

static void vote(struct wire *w, struct wire_vote *v)
{
    v->kind = (uint32_t)number(w, 1);
    v->signer = (uint32_t)number(w, 1);
    v->height = number(w, 8);
    v->view = (uint32_t)number(w, 4);
    copy(w, v->parent, sizeof v->parent);
    copy(w, v->block, sizeof v->block);
    v->claim = (uint32_t)number(w, 4);
    copy(w, v->signature, sizeof v->signature);
}

static void certificate(struct wire *w, struct wire_certificate *c)
{
    c->kind = (uint32_t)number(w, 1);
    if (c->kind == 0) {
        return;
    }
    c->view = (uint32_t)number(w, 4);
    copy(w, c->block, sizeof c->block);
    c->count = (uint32_t)number(w, 1);
    if (c->count > WIRE_SIGNERS_MAX) {
        w->bad = true;
        c->count = 0;
    }
    for (uint32_t i = 0; i < c->count; i++) {
        c->vote[i].signer = (uint32_t)number(w, 1);
        c->vote[i].claim = c->kind == 2 ? (uint32_t)number(w, 4) : WIRE_NONE;
        copy(w, c->vote[i].signature, sizeof c->vote[i].signature);
    }
}

static void hash(const char *domain, const uint8_t *bytes, size_t size_bytes, uint8_t out[32])
{
    uint8_t padded[16] = {0};
    memcpy(padded, domain, strlen(domain));
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, 32);
    crypto_generichash_update(&state, padded, sizeof padded);
    crypto_generichash_update(&state, bytes, size_bytes);
    crypto_generichash_final(&state, out, 32);
}

static void command(struct wire w, struct wire_block *b)
{
    struct wire_result r = {.author = (uint32_t)number(&w, 1)};
    (void)number(&w, 4);
    if (number(&w, 1) != 2) {
        return;
    }
    r.first = number(&w, 8);
    r.count = (uint32_t)number(&w, 1);
    r.digests = w.at;
    (void)part(&w, 16u * r.count + 64u);
    if (!w.bad && w.left == 0 && b->result_count < WIRE_COMMANDS_MAX) {
        b->result[b->result_count++] = r;
    }
}

static bool block(const uint8_t *bytes, size_t size_bytes, struct wire_block *b)
{
    const size_t header_bytes = 8 + 32 + 8 + 1 + 32 + 4 + 32;
    struct wire w = {.at = bytes, .left = size_bytes};
    uint8_t root[32] = {0};
    uint8_t named_root[32] = {0};
    uint8_t state[32];
    if (size_bytes < header_bytes) {
        return false;
    }
    b->height = number(&w, 8);
    copy(&w, b->parent, sizeof b->parent);
    b->time_ms = number(&w, 8);
    (void)number(&w, 1);
    copy(&w, state, sizeof state);
    (void)number(&w, 4);
    copy(&w, named_root, sizeof named_root);
    hash("ostrakon/root/1", w.at, w.left, root);
    hash("ostrakon/block/1", bytes, header_bytes, b->hash);
    const uint64_t count = number(&w, 2);
    for (uint64_t i = 0; i < count && !w.bad; i++) {
        const size_t command_bytes = (size_t)number(&w, 2);
        command(part(&w, command_bytes), b);
    }
    return !w.bad && w.left == 0 && memcmp(root, named_root, sizeof root) == 0;
}

uint32_t wire_votes(const uint8_t *bytes, size_t size_bytes, struct wire_vote *v)
{
    struct wire w = {.at = bytes, .left = size_bytes};
    const uint64_t kind = number(&w, 1);
    if (kind != 1 && kind != 2) {
        return 0;
    }
    memset(v, 0, sizeof *v);
    vote(&w, v);
    return w.bad ? 0 : 1;
}

bool wire_certificates(const uint8_t *bytes, size_t size_bytes, struct wire_certificates *c)
{
    struct wire w = {.at = bytes, .left = size_bytes};
    const uint64_t kind = number(&w, 1);
    memset(c, 0, sizeof *c);
    if (kind == 3) {
        c->height = number(&w, 8);
        (void)number(&w, 4);
    } else if (kind == 1 || kind == 2) {
        struct wire_vote v = {0};
        vote(&w, &v);
        c->height = v.height;
    } else {
        return false;
    }
    c->count = kind == 1 ? 1 : 3;
    for (uint32_t i = 0; i < c->count; i++) {
        certificate(&w, &c->list[i]);
    }
    return !w.bad;
}

bool wire_decided(const uint8_t *bytes, size_t size_bytes, struct wire_certificate *c,
                  struct wire_block *b)
{
    struct wire w = {.at = bytes, .left = size_bytes};
    memset(c, 0, sizeof *c);
    memset(b, 0, sizeof *b);
    if (number(&w, 1) != 4) {
        return false;
    }
    certificate(&w, c);
    const size_t block_bytes = (size_t)number(&w, 4);
    return !w.bad && w.left == block_bytes && block(w.at, block_bytes, b);
}

static void put(uint8_t **at, uint64_t value, uint32_t bytes)
{
    for (uint32_t i = bytes; i > 0; i--) {
        *(*at)++ = (uint8_t)(value >> 8 * (i - 1));
    }
}

bool wire_verify(const struct wire_vote *v, const uint8_t cluster_id[static 32],
                 const uint8_t key[static 32])
{
    uint8_t body[1 + 8 + 4 + 32 + 32 + 4];
    uint8_t *at = body;
    put(&at, v->kind, 1);
    put(&at, v->height, 8);
    put(&at, v->view, 4);
    memcpy(at, v->parent, 32);
    memcpy(at + 32, v->block, 32);
    at += 64;
    put(&at, v->claim, 4);
    const struct statement statement = {.domain = "ostrakon/vote/1",
                                        .cluster_id = cluster_id,
                                        .body = body,
                                        .body_size_bytes = sizeof body};
    return signature_verify(key, &statement, v->signature);
}

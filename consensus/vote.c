#include "vote.h"

#include <assert.h>
#include <string.h>

/* protocol.md, section 2 */
static_assert(SIGNER_DOMAIN_BYTES + SIGNER_CLUSTER_BYTES + VOTE_SIGNED_BYTES == 129,
              "signed bytes");

bool view_above(uint32_t a, uint32_t b)
{
    return a != VIEW_NONE && (b == VIEW_NONE || a > b);
}

static void body_write(struct writer *w, const struct vote *v)
{
    write_uint(w, v->kind, 1);
    write_uint(w, v->height, 8);
    write_uint(w, v->view, 4);
    write_hash(w, &v->parent);
    write_hash(w, &v->block);
    write_uint(w, v->claim, 4);
}

void vote_signed_bytes(const struct vote *v, uint8_t out[static VOTE_SIGNED_BYTES])
{
    struct writer w = writer_of(out, VOTE_SIGNED_BYTES);
    body_write(&w, v);
    const size_t size_bytes = writer_done(&w);
    assert(size_bytes == VOTE_SIGNED_BYTES);
}

static struct statement statement_of(const struct vote *v, const struct hash *cluster_id,
                                     uint8_t body[static VOTE_SIGNED_BYTES])
{
    vote_signed_bytes(v, body);
    return (struct statement){
        .domain = VOTE_DOMAIN,
        .cluster_id = cluster_id->bytes,
        .body = body,
        .body_size_bytes = VOTE_SIGNED_BYTES,
    };
}

void vote_sign(struct vote *v, const struct hash *cluster_id, const struct key_pair *key)
{
    uint8_t body[VOTE_SIGNED_BYTES];
    const struct statement statement = statement_of(v, cluster_id, body);
    signer_sign(key, &statement, v->signature);
}

bool vote_verify(const struct vote *v, const struct hash *cluster_id,
                 const uint8_t key[static PUBLIC_KEY_BYTES])
{
    uint8_t body[VOTE_SIGNED_BYTES];
    const struct statement statement = statement_of(v, cluster_id, body);
    return signature_verify(key, &statement, v->signature);
}

bool vote_same(const struct vote *a, const struct vote *b)
{
    return a->kind == b->kind && a->signer == b->signer && a->height == b->height &&
           a->view == b->view && a->claim == b->claim && hash_equal(&a->parent, &b->parent) &&
           hash_equal(&a->block, &b->block);
}

static bool is_well_formed(const struct vote *v)
{
    const bool nullify = v->kind == VOTE_NULLIFY;
    return v->signer < MEMBERS_MAX && v->height > 0 && v->view < VIEW_END &&
           (v->claim == VIEW_NONE || (nullify && v->claim < VIEW_END)) &&
           hash_is_none(&v->block) == nullify;
}

void vote_read(struct reader *r, struct vote *v)
{
    const uint32_t kind = (uint32_t)read_uint(r, 1);
    v->signer = (uint32_t)read_uint(r, 1);
    v->height = read_uint(r, 8);
    v->view = (uint32_t)read_uint(r, 4);
    v->parent = read_hash(r);
    v->block = read_hash(r);
    v->claim = (uint32_t)read_uint(r, 4);
    read_bytes(r, v->signature, sizeof v->signature);
    if (kind < VOTE_PROPOSE || kind > VOTE_FINALIZE) {
        r->misfit = true;
        return;
    }
    v->kind = (enum vote_kind)kind;
    if (!is_well_formed(v)) {
        r->misfit = true;
    }
}

void vote_write(struct writer *w, const struct vote *v)
{
    write_uint(w, v->kind, 1);
    write_uint(w, v->signer, 1);
    write_uint(w, v->height, 8);
    write_uint(w, v->view, 4);
    write_hash(w, &v->parent);
    write_hash(w, &v->block);
    write_uint(w, v->claim, 4);
    write_bytes(w, v->signature, sizeof v->signature);
}

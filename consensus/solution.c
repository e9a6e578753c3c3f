#include "solution.h"

#include "founding.h"

static void solution_body(struct writer *w, const struct solution *s)
{
    write_uint(w, s->author, 1);
    write_uint(w, s->term, 4);
    write_uint(w, s->version, 4);
    write_hash(w, &s->nonce);
    write_hash(w, &s->result);
}

void solution_signed_bytes(const struct solution *s, uint8_t out[static SOLUTION_SIGNED_BYTES])
{
    struct writer w = writer_of(out, SOLUTION_SIGNED_BYTES);
    solution_body(&w, s);
    (void)writer_done(&w);
}

bool solution_verify(const struct solution *s, const struct hash *cluster_id,
                     const uint8_t vote_key[static IDENTITY_KEY_BYTES])
{
    uint8_t bytes[SOLUTION_SIGNED_BYTES];
    solution_signed_bytes(s, bytes);
    const struct statement statement = {.domain = SOLUTION_DOMAIN,
                                        .cluster_id = cluster_id->bytes,
                                        .body = bytes,
                                        .body_size_bytes = sizeof bytes};
    return signature_verify(vote_key, &statement, s->signature);
}

void solution_read(struct reader *r, struct solution *s)
{
    s->author = (uint32_t)read_uint(r, 1);
    s->term = (uint32_t)read_uint(r, 4);
    s->version = (uint32_t)read_uint(r, 4);
    s->nonce = read_hash(r);
    s->result = read_hash(r);
    read_bytes(r, s->signature, sizeof s->signature);
    r->misfit |= s->author >= MEMBERS_MAX;
}

void solution_write(struct writer *w, const struct solution *s)
{
    solution_body(w, s);
    write_bytes(w, s->signature, sizeof s->signature);
}

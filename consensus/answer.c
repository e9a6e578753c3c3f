#include "answer.h"

#include "founding.h"

struct hash answer_relayed(const struct hash *nonce, uint32_t relay)
{
    uint8_t bytes[HASH_BYTES + 1];
    struct writer w = writer_of(bytes, sizeof bytes);
    write_hash(&w, nonce);
    write_uint(&w, relay, 1);
    return hash_of("ostrakon/relay/1", bytes, writer_done(&w));
}

void answer_signed_bytes(const struct answer *a, uint8_t out[static ANSWER_SIGNED_BYTES])
{
    struct writer w = writer_of(out, ANSWER_SIGNED_BYTES);
    write_uint(&w, a->author, 1);
    write_hash(&w, &a->nonce);
    (void)writer_done(&w);
}

bool answer_verify(const struct answer *a, const struct hash *cluster_id,
                   const uint8_t vote_key[static IDENTITY_KEY_BYTES])
{
    uint8_t bytes[ANSWER_SIGNED_BYTES];
    answer_signed_bytes(a, bytes);
    const struct statement statement = {.domain = ANSWER_DOMAIN,
                                        .cluster_id = cluster_id->bytes,
                                        .body = bytes,
                                        .body_size_bytes = sizeof bytes};
    return signature_verify(vote_key, &statement, a->signature);
}

void answer_read(struct reader *r, struct answer *a)
{
    a->author = (uint32_t)read_uint(r, 1);
    a->nonce = read_hash(r);
    read_bytes(r, a->signature, sizeof a->signature);
    r->misfit |= a->author >= MEMBERS_MAX;
}

void answer_write(struct writer *w, const struct answer *a)
{
    write_uint(w, a->author, 1);
    write_hash(w, &a->nonce);
    write_bytes(w, a->signature, sizeof a->signature);
}

#include "message.h"

#include <assert.h>
#include <string.h>

#include "certificate.h"
#include "codec.h"
#include "vote.h"

#define CERTIFICATE_BYTES_MAX                                                                  \
    (1u + 4u + HASH_BYTES + 1u + MEMBERS_MAX * (1u + 4u + SIGNATURE_BYTES))
static_assert(1 + VOTE_BYTES + 3 * CERTIFICATE_BYTES_MAX + 4 + BLOCK_BYTES_MAX <=
                  MESSAGE_BYTES_MAX,
              "a proposal is the longest message");

static void span_read(struct reader *r, struct bytes_view *view, uint32_t size_bytes_max)
{
    const uint32_t size_bytes = (uint32_t)read_uint(r, 4);
    if (size_bytes == 0 || size_bytes > size_bytes_max) {
        r->misfit = true;
    }
    view->bytes = read_view(r, size_bytes);
    view->size_bytes = r->misfit ? 0 : size_bytes;
}

static void span_write(struct writer *w, const struct bytes_view *view)
{
    write_uint(w, view->size_bytes, 4);
    write_bytes(w, view->bytes, view->size_bytes);
}

static uint32_t read_view_number(struct reader *r)
{
    const uint32_t view = (uint32_t)read_uint(r, 4);
    if (view >= VIEW_END) {
        r->misfit = true;
    }
    return view;
}

/* A certificate that must be of the kind, or may be none where `or_none`. */
static void read_certificate_of(struct reader *r, struct certificate *c,
                                enum certificate_kind kind, bool or_none)
{
    certificate_read(r, c);
    if (c->kind != kind && !(or_none && c->kind == CERTIFICATE_NONE)) {
        r->misfit = true;
    }
}

static void vote_message_read(struct reader *r, struct message *m)
{
    vote_read(r, &m->vote.vote);
    read_certificate_of(r, &m->vote.support, CERTIFICATE_NOTARIZATION, true);
    if (m->vote.vote.kind != VOTE_NULLIFY && m->vote.support.kind != CERTIFICATE_NONE) {
        r->misfit = true;
    }
}

static void proposal_read(struct reader *r, struct message *m)
{
    vote_read(r, &m->proposal.vote);
    entry_read(r, &m->proposal.entry);
    read_certificate_of(r, &m->proposal.justification, CERTIFICATE_NOTARIZATION, true);
    span_read(r, &m->proposal.block, BLOCK_BYTES_MAX);
    if (m->proposal.vote.kind != VOTE_PROPOSE) {
        r->misfit = true;
    }
}

static void status_read(struct reader *r, struct message *m)
{
    m->status.height = read_uint(r, 8);
    m->status.view = read_view_number(r);
    entry_read(r, &m->status.entry);
    read_certificate_of(r, &m->status.best, CERTIFICATE_NOTARIZATION, true);
}

static void hello_read(struct reader *r, struct message *m)
{
    m->hello.nonce = read_uint(r, 8);
    m->hello.answer = read_uint(r, 8);
    m->hello.height = read_uint(r, 8);
    m->hello.reached = read_uint(r, 8);
    m->hello.parent = read_hash(r);
    m->hello.count = (uint32_t)read_uint(r, 1);
    if (m->hello.count > 2 * VOTE_KINDS) {
        r->misfit = true;
        m->hello.count = 0;
    }
    for (uint32_t i = 0; i < m->hello.count; i++) {
        vote_read(r, &m->hello.votes[i]);
    }
}

static void cosign_read(struct reader *r, struct message *m)
{
    m->cosign.height = read_uint(r, 8);
    const uint64_t wanted = read_uint(r, 1);
    const uint32_t count = (uint32_t)read_uint(r, 1);
    if (wanted > 1 || count > COSIGNED_MAX) {
        r->misfit = true;
    }
    const uint32_t size_bytes = r->misfit ? 0 : count * SIGNATURE_BYTES;
    m->cosign.signatures.bytes = read_view(r, size_bytes);
    m->cosign.wanted = wanted == 1;
    m->cosign.count = r->misfit ? 0 : count;
    m->cosign.signatures.size_bytes = r->misfit ? 0 : size_bytes;
}

static void body_read(struct reader *r, struct message *m)
{
    switch (m->kind) {
    case MESSAGE_VOTE:
        vote_message_read(r, m);
        break;
    case MESSAGE_PROPOSAL:
        proposal_read(r, m);
        break;
    case MESSAGE_STATUS:
        status_read(r, m);
        break;
    case MESSAGE_DECIDED:
        read_certificate_of(r, &m->decided.finalization, CERTIFICATE_FINALIZATION, false);
        span_read(r, &m->decided.block, BLOCK_BYTES_MAX);
        break;
    case MESSAGE_WANT:
        m->want.height = read_uint(r, 8);
        m->want.block = read_hash(r);
        break;
    case MESSAGE_BLOCK:
        span_read(r, &m->block.block, BLOCK_BYTES_MAX);
        break;
    case MESSAGE_HELLO:
        hello_read(r, m);
        break;
    case MESSAGE_HEARTBEAT:
        heartbeat_read(r, &m->heartbeat);
        break;
    case MESSAGE_COMMAND:
        span_read(r, &m->command.command, COMMAND_BYTES_MAX);
        break;
    case MESSAGE_CHALLENGE:
        m->challenge.subject = (uint32_t)read_uint(r, 1);
        m->challenge.nonce = read_hash(r);
        r->misfit |= m->challenge.subject >= MEMBERS_MAX;
        break;
    case MESSAGE_ANSWER:
        answer_read(r, &m->answer);
        break;
    case MESSAGE_COSIGN:
        cosign_read(r, m);
        break;
    case MESSAGE_TASK:
        m->task.subject = (uint32_t)read_uint(r, 1);
        m->task.nonce = read_hash(r);
        break;
    case MESSAGE_SOLUTION:
        solution_read(r, &m->solution);
        break;
    }
}

bool message_decode(struct message *m, const uint8_t *bytes, size_t size_bytes)
{
    memset(m, 0, sizeof *m);
    struct reader r = reader_of(bytes, size_bytes);
    const uint32_t kind = (uint32_t)read_uint(&r, 1);
    if (kind < MESSAGE_VOTE || kind > MESSAGE_SOLUTION || size_bytes > MESSAGE_BYTES_MAX) {
        return false;
    }
    m->kind = (enum message_kind)kind;
    body_read(&r, m);
    return reader_done(&r);
}

static void hello_write(struct writer *w, const struct message *m)
{
    assert(m->hello.count <= 2 * VOTE_KINDS);
    write_uint(w, m->hello.nonce, 8);
    write_uint(w, m->hello.answer, 8);
    write_uint(w, m->hello.height, 8);
    write_uint(w, m->hello.reached, 8);
    write_hash(w, &m->hello.parent);
    write_uint(w, m->hello.count, 1);
    for (uint32_t i = 0; i < m->hello.count; i++) {
        vote_write(w, &m->hello.votes[i]);
    }
}

static void cosign_write(struct writer *w, const struct message *m)
{
    assert(m->cosign.signatures.size_bytes == m->cosign.count * SIGNATURE_BYTES);
    write_uint(w, m->cosign.height, 8);
    write_uint(w, m->cosign.wanted ? 1 : 0, 1);
    write_uint(w, m->cosign.count, 1);
    write_bytes(w, m->cosign.signatures.bytes, m->cosign.signatures.size_bytes);
}

static void body_write(struct writer *w, const struct message *m)
{
    switch (m->kind) {
    case MESSAGE_VOTE:
        vote_write(w, &m->vote.vote);
        certificate_write(w, &m->vote.support);
        break;
    case MESSAGE_PROPOSAL:
        vote_write(w, &m->proposal.vote);
        entry_write(w, &m->proposal.entry);
        certificate_write(w, &m->proposal.justification);
        span_write(w, &m->proposal.block);
        break;
    case MESSAGE_STATUS:
        write_uint(w, m->status.height, 8);
        write_uint(w, m->status.view, 4);
        entry_write(w, &m->status.entry);
        certificate_write(w, &m->status.best);
        break;
    case MESSAGE_DECIDED:
        certificate_write(w, &m->decided.finalization);
        span_write(w, &m->decided.block);
        break;
    case MESSAGE_WANT:
        write_uint(w, m->want.height, 8);
        write_hash(w, &m->want.block);
        break;
    case MESSAGE_BLOCK:
        span_write(w, &m->block.block);
        break;
    case MESSAGE_HELLO:
        hello_write(w, m);
        break;
    case MESSAGE_HEARTBEAT:
        heartbeat_write(w, &m->heartbeat);
        break;
    case MESSAGE_COMMAND:
        span_write(w, &m->command.command);
        break;
    case MESSAGE_CHALLENGE:
        write_uint(w, m->challenge.subject, 1);
        write_hash(w, &m->challenge.nonce);
        break;
    case MESSAGE_ANSWER:
        answer_write(w, &m->answer);
        break;
    case MESSAGE_COSIGN:
        cosign_write(w, m);
        break;
    case MESSAGE_TASK:
        write_uint(w, m->task.subject, 1);
        write_hash(w, &m->task.nonce);
        break;
    case MESSAGE_SOLUTION:
        solution_write(w, &m->solution);
        break;
    }
}

size_t message_encode(const struct message *m, uint8_t out[static MESSAGE_BYTES_MAX])
{
    struct writer w = writer_of(out, MESSAGE_BYTES_MAX);
    write_uint(&w, m->kind, 1);
    body_write(&w, m);
    return writer_done(&w);
}

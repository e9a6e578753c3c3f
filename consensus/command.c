#include "command.h"

#include <assert.h>
#include <string.h>

#include "../health/reference.h"
#include "codec.h"
#include "evidence.h"
#include "label.h"
#include "operator_codec.h"

#define SCORE_MAX 100u
#define MASK_BYTES 2u /* of bits of members */

static_assert(MEMBERS_MAX <= 8 * MASK_BYTES, "every member has its bit");
static_assert(8 + 1 + RESULT_WINDOWS_MAX * DIGEST_BYTES + 6 + SIGNATURE_BYTES <=
                  COMMAND_BYTES_MAX,
              "the largest command fits");

static bool digest_is_none(const struct window_digest *digest)
{
    uint32_t bits = 0;
    for (uint32_t i = 0; i < DIGEST_BYTES; i++) {
        bits |= digest->bytes[i];
    }
    return bits == 0;
}

static bool ranking_is_sound(const struct attest *a)
{
    uint32_t seen = 0;
    for (uint32_t i = 0; i < a->ranked; i++) {
        if (a->ranking[i] >= MEMBERS_MAX || (seen >> a->ranking[i] & 1) != 0) {
            return false;
        }
        seen |= 1u << a->ranking[i];
    }
    return true;
}

static bool certificates_are_sound(const struct attest *a)
{
    for (uint32_t i = 0; i < a->certificate_count; i++) {
        if (!label_is_text(a->certificates[i].purpose, PURPOSE_SIZE_BYTES)) {
            return false;
        }
        for (uint32_t k = 0; k < i; k++) {
            if (memcmp(a->certificates[i].purpose, a->certificates[k].purpose,
                       PURPOSE_SIZE_BYTES) == 0) {
                return false;
            }
        }
    }
    return true;
}

static bool attest_is_sound(const struct attest *a)
{
    return a->incarnation != 0 && a->seq != 0 && a->tick != 0 && a->score <= SCORE_MAX &&
           a->version_low <= a->version_high && ranking_is_sound(a) &&
           certificates_are_sound(a);
}

static bool attest_read(struct reader *r, struct attest *a)
{
    a->incarnation = read_uint(r, 8);
    a->seq = read_uint(r, 8);
    a->tick = read_uint(r, 8);
    a->height = read_uint(r, 8);
    a->digest = read_hash(r);
    a->own = read_uint(r, 8);
    a->serve = read_uint(r, 8);
    a->score = (uint8_t)read_uint(r, 1);
    a->silent = (uint32_t)read_uint(r, MASK_BYTES);
    a->wrong = (uint32_t)read_uint(r, MASK_BYTES);
    a->version_low = (uint32_t)read_uint(r, 4);
    a->version_high = (uint32_t)read_uint(r, 4);
    a->ranked = (uint32_t)read_uint(r, 1);
    if (a->ranked > MEMBERS_MAX) {
        return false;
    }
    read_bytes(r, a->ranking, a->ranked);
    read_bytes(r, a->configuration, sizeof a->configuration);
    a->certificate_count = (uint32_t)read_uint(r, 1);
    if (a->certificate_count > CERTIFICATES_MAX) {
        return false;
    }
    for (uint32_t i = 0; i < a->certificate_count; i++) {
        read_bytes(r, a->certificates[i].purpose, PURPOSE_SIZE_BYTES);
        read_bytes(r, a->certificates[i].fingerprint, FINGERPRINT_BYTES);
        a->certificates[i].not_after_s = read_uint(r, 8);
    }
    return attest_is_sound(a);
}

static void attest_write(struct writer *w, const struct attest *a)
{
    assert(a->ranked <= MEMBERS_MAX);
    assert(a->certificate_count <= CERTIFICATES_MAX);
    assert(attest_is_sound(a));
    write_uint(w, a->incarnation, 8);
    write_uint(w, a->seq, 8);
    write_uint(w, a->tick, 8);
    write_uint(w, a->height, 8);
    write_hash(w, &a->digest);
    write_uint(w, a->own, 8);
    write_uint(w, a->serve, 8);
    write_uint(w, a->score, 1);
    write_uint(w, a->silent, MASK_BYTES);
    write_uint(w, a->wrong, MASK_BYTES);
    write_uint(w, a->version_low, 4);
    write_uint(w, a->version_high, 4);
    write_uint(w, a->ranked, 1);
    write_bytes(w, a->ranking, a->ranked);
    write_bytes(w, a->configuration, sizeof a->configuration);
    write_uint(w, a->certificate_count, 1);
    for (uint32_t i = 0; i < a->certificate_count; i++) {
        write_bytes(w, a->certificates[i].purpose, PURPOSE_SIZE_BYTES);
        write_bytes(w, a->certificates[i].fingerprint, FINGERPRINT_BYTES);
        write_uint(w, a->certificates[i].not_after_s, 8);
    }
}

static bool result_is_sound(const struct result *s)
{
    /* The end of the range must be a number, so that nobody has to think of overflow again. */
    if (s->count == 0 || s->count > RESULT_WINDOWS_MAX ||
        s->first_window > UINT64_MAX - RESULT_WINDOWS_MAX) {
        return false;
    }
    for (uint32_t i = 0; i < s->count; i++) {
        if (digest_is_none(&s->digests[i])) {
            return false;
        }
    }
    return true;
}

static bool result_read(struct reader *r, struct result *s)
{
    s->first_window = read_uint(r, 8);
    s->count = (uint32_t)read_uint(r, 1);
    for (uint32_t i = 0; i < s->count && i < RESULT_WINDOWS_MAX; i++) {
        read_bytes(r, s->digests[i].bytes, DIGEST_BYTES);
    }
    return result_is_sound(s);
}

static void result_write(struct writer *w, const struct result *s)
{
    assert(result_is_sound(s));
    write_uint(w, s->first_window, 8);
    write_uint(w, s->count, 1);
    for (uint32_t i = 0; i < s->count; i++) {
        write_bytes(w, s->digests[i].bytes, DIGEST_BYTES);
    }
}

static bool ballot_is_sound(const struct ballot *b)
{
    bool named = true;
    for (uint32_t i = 0; i < MEMBERS_MAX; i++) {
        named = named && ((b->subjects >> i & 1) != 0) == (b->motion[i] != 0);
    }
    return named && b->subjects != 0 && (b->yes & ~b->subjects) == 0;
}

static bool ballot_read(struct reader *r, struct ballot *b)
{
    b->subjects = (uint32_t)read_uint(r, MASK_BYTES);
    b->yes = (uint32_t)read_uint(r, MASK_BYTES);
    for (uint32_t i = 0; i < MEMBERS_MAX; i++) {
        b->motion[i] = (b->subjects >> i & 1) != 0 ? read_uint(r, 8) : 0;
    }
    return ballot_is_sound(b);
}

static void ballot_write(struct writer *w, const struct ballot *b)
{
    assert(ballot_is_sound(b));
    write_uint(w, b->subjects, MASK_BYTES);
    write_uint(w, b->yes, MASK_BYTES);
    for (uint32_t i = 0; i < MEMBERS_MAX; i++) {
        if (b->motion[i] != 0) {
            write_uint(w, b->motion[i], 8);
        }
    }
}

static bool fail_is_sound(const struct fail *f)
{
    const bool is_above = f->sink_fence > f->fence && f->sink_fence <= SINK_FENCE_MAX;
    return f->fence != 0 && (f->sink_fence == 0 || is_above) &&
           label_is_printable(f->reason, REASON_SIZE_BYTES);
}

static bool release_is_sound(const struct release *s)
{
    bool named = true;
    for (uint32_t k = 0; k < SERVICE_NAMES_MAX; k++) {
        named = named && ((s->names >> k & 1) != 0) == (s->fence[k] != 0);
    }
    return named && s->names != 0;
}

static bool release_read(struct reader *r, struct release *s)
{
    s->incarnation = read_uint(r, 8);
    s->height = read_uint(r, 8);
    s->names = (uint32_t)read_uint(r, MASK_BYTES);
    for (uint32_t k = 0; k < SERVICE_NAMES_MAX; k++) {
        s->fence[k] = (s->names >> k & 1) != 0 ? read_uint(r, 8) : 0;
    }
    return release_is_sound(s);
}

static void release_write(struct writer *w, const struct release *s)
{
    assert(release_is_sound(s));
    write_uint(w, s->incarnation, 8);
    write_uint(w, s->height, 8);
    write_uint(w, s->names, MASK_BYTES);
    for (uint32_t k = 0; k < SERVICE_NAMES_MAX; k++) {
        if (s->fence[k] != 0) {
            write_uint(w, s->fence[k], 8);
        }
    }
}

static bool body_read(struct reader *r, struct command *c)
{
    switch (c->kind) {
    case COMMAND_ATTEST:
        return attest_read(r, &c->attest);
    case COMMAND_RESULT:
        return result_read(r, &c->result);
    case COMMAND_DISPUTE:
        c->dispute.fence = read_uint(r, 8);
        c->dispute.window = read_uint(r, 8);
        read_bytes(r, c->dispute.own.bytes, DIGEST_BYTES);
        return c->dispute.fence != 0 && !digest_is_none(&c->dispute.own);
    case COMMAND_FAIL:
        c->fail.fence = read_uint(r, 8);
        c->fail.sink_fence = read_uint(r, 8);
        read_bytes(r, c->fail.reason, REASON_SIZE_BYTES);
        return fail_is_sound(&c->fail);
    case COMMAND_RESIGN:
        c->resign.class = (enum resign_class)read_uint(r, 1);
        c->resign.reference = (uint32_t)read_uint(r, 1);
        return c->resign.class < RESIGN_CLASS_COUNT && c->resign.reference <= REFERENCES_MAX;
    case COMMAND_OPERATOR:
        return operator_read(r, &c->by_operator);
    case COMMAND_BALLOT:
        return ballot_read(r, &c->ballot);
    case COMMAND_APPEAL:
        return true;
    case COMMAND_PROVE:
        return evidence_read(r, &c->prove);
    case COMMAND_RELEASE:
        return release_read(r, &c->release);
    }
    return false; /* the kind is a foreign byte */
}

static void body_write(struct writer *w, const struct command *c)
{
    switch (c->kind) {
    case COMMAND_ATTEST:
        attest_write(w, &c->attest);
        return;
    case COMMAND_RESULT:
        result_write(w, &c->result);
        return;
    case COMMAND_DISPUTE:
        assert(c->dispute.fence != 0);
        assert(!digest_is_none(&c->dispute.own));
        write_uint(w, c->dispute.fence, 8);
        write_uint(w, c->dispute.window, 8);
        write_bytes(w, c->dispute.own.bytes, DIGEST_BYTES);
        return;
    case COMMAND_FAIL:
        assert(fail_is_sound(&c->fail));
        write_uint(w, c->fail.fence, 8);
        write_uint(w, c->fail.sink_fence, 8);
        write_bytes(w, c->fail.reason, REASON_SIZE_BYTES);
        return;
    case COMMAND_RESIGN:
        assert(c->resign.class < RESIGN_CLASS_COUNT);
        assert(c->resign.reference <= REFERENCES_MAX);
        write_uint(w, (uint64_t)c->resign.class, 1);
        write_uint(w, c->resign.reference, 1);
        return;
    case COMMAND_OPERATOR:
        operator_write(w, &c->by_operator);
        return;
    case COMMAND_BALLOT:
        ballot_write(w, &c->ballot);
        return;
    case COMMAND_APPEAL:
        return;
    case COMMAND_PROVE:
        evidence_write(w, &c->prove);
        return;
    case COMMAND_RELEASE:
        release_write(w, &c->release);
        return;
    }
    assert(false);
}

/* Operators say what is theirs to say, members everything else. */
static bool is_author(const struct command *c)
{
    return c->kind == COMMAND_OPERATOR ? c->author >= MEMBERS_MAX && c->author < AUTHORS_MAX
                                       : c->author < MEMBERS_MAX;
}

bool command_decode(struct command *c, const uint8_t *bytes, size_t size_bytes)
{
    *c = (struct command){0};
    struct reader r = reader_of(bytes, size_bytes);
    c->author = (uint32_t)read_uint(&r, 1);
    c->term = (uint32_t)read_uint(&r, 4);
    c->kind = (enum command_kind)read_uint(&r, 1);
    if (!body_read(&r, c) || !is_author(c)) {
        return false;
    }
    read_bytes(&r, c->signature, SIGNATURE_BYTES);
    return reader_done(&r);
}

size_t command_signed_bytes(const struct command *c, uint8_t out[static COMMAND_BYTES_MAX])
{
    assert(is_author(c));
    struct writer w = writer_of(out, COMMAND_BYTES_MAX - SIGNATURE_BYTES);
    write_uint(&w, c->author, 1);
    write_uint(&w, c->term, 4);
    write_uint(&w, (uint64_t)c->kind, 1);
    body_write(&w, c);
    return writer_done(&w);
}

size_t command_encode(const struct command *c, uint8_t out[static COMMAND_BYTES_MAX])
{
    const size_t size_bytes = command_signed_bytes(c, out);
    for (uint32_t i = 0; i < SIGNATURE_BYTES; i++) {
        out[size_bytes + i] = c->signature[i];
    }
    return size_bytes + SIGNATURE_BYTES;
}

static struct statement statement_of(const struct command *c, const struct hash *cluster_id,
                                     const uint8_t *body, size_t body_size_bytes)
{
    return (struct statement){
        .domain = c->kind == COMMAND_OPERATOR ? OPERATOR_DOMAIN : COMMAND_DOMAIN,
        .cluster_id = cluster_id->bytes,
        .body = body,
        .body_size_bytes = body_size_bytes,
    };
}

void command_sign(struct command *c, const struct hash *cluster_id, const struct key_pair *vote)
{
    uint8_t body[COMMAND_BYTES_MAX];
    const size_t size_bytes = command_signed_bytes(c, body);
    const struct statement statement = statement_of(c, cluster_id, body, size_bytes);
    signer_sign(vote, &statement, c->signature);
}

bool command_verify(const struct command *c, const struct hash *cluster_id,
                    const uint8_t vote_key[static PUBLIC_KEY_BYTES])
{
    uint8_t body[COMMAND_BYTES_MAX];
    const size_t size_bytes = command_signed_bytes(c, body);
    const struct statement statement = statement_of(c, cluster_id, body, size_bytes);
    return signature_verify(vote_key, &statement, c->signature);
}

const char *resign_class_text(enum resign_class class)
{
    static const char *const texts[] = {
#define X(name, text) [RESIGN_##name] = text,
        RESIGN_CLASSES(X)
#undef X
    };
    return class < RESIGN_CLASS_COUNT ? texts[class] : "unknown";
}

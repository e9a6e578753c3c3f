#include "vote_record.h"

#include <assert.h>
#include <string.h>

#include "codec.h"
#include "sabotage.h"

#define LAYOUT 1u /* the first byte; a new layout gets a new number */
#define CERTIFICATE_BYTES_MAX                                                                  \
    (1u + 4u + HASH_BYTES + 1u + MEMBERS_MAX * (1u + 4u + SIGNATURE_BYTES))
static_assert(256 + 3 * CERTIFICATE_BYTES_MAX + HELD_MAX * HASH_BYTES <= RECORD_BYTES_MAX,
              "a record has room for its certificates");

struct vote_record vote_record_of(uint64_t height, const struct hash *parent, uint64_t resume)
{
    return (struct vote_record){
        .height = height,
        .resume = resume,
        .parent = *parent,
        .top = VIEW_NONE,
        .claimed = VIEW_NONE,
        .nullified_max = VIEW_NONE,
        .finalized = VIEW_NONE,
    };
}

size_t vote_record_encode(const struct vote_record *r, uint8_t out[static RECORD_BYTES_MAX])
{
    static const struct entry forgotten;
    struct writer w = writer_of(out, RECORD_BYTES_MAX);
    write_uint(&w, LAYOUT, 1);
    write_uint(&w, r->height, 8);
    write_uint(&w, r->resume, 8);
    write_hash(&w, &r->parent);
    write_uint(&w, r->top, 4);
    write_hash(&w, &r->proposed);
    write_hash(&w, &r->notarized);
    write_bool(&w, r->has_claimed);
    write_uint(&w, r->claimed, 4);
    write_uint(&w, r->nullified_max, 4);
    write_uint(&w, r->finalized, 4);
    write_hash(&w, &r->finalized_hash);
    entry_write(&w, SABOTAGE == SABOTAGE_ENTRY_FORGOTTEN ? &forgotten : &r->entry);
    certificate_write(&w, &r->best);
    write_uint(&w, r->held_count, 1);
    for (uint32_t i = 0; i < r->held_count; i++) {
        write_hash(&w, &r->held[i]);
    }
    return writer_done(&w);
}

static uint32_t read_view_or_none(struct reader *r)
{
    const uint32_t view = (uint32_t)read_uint(r, 4);
    if (view != VIEW_NONE && view >= VIEW_END) {
        r->misfit = true;
    }
    return view;
}

bool vote_record_decode(struct vote_record *record, const uint8_t *bytes, size_t size_bytes)
{
    memset(record, 0, sizeof *record);
    struct reader r = reader_of(bytes, size_bytes);
    if (read_uint(&r, 1) != LAYOUT) {
        return false;
    }
    record->height = read_uint(&r, 8);
    record->resume = read_uint(&r, 8);
    record->parent = read_hash(&r);
    record->top = read_view_or_none(&r);
    record->proposed = read_hash(&r);
    record->notarized = read_hash(&r);
    record->has_claimed = read_bool(&r);
    record->claimed = read_view_or_none(&r);
    record->nullified_max = read_view_or_none(&r);
    record->finalized = read_view_or_none(&r);
    record->finalized_hash = read_hash(&r);
    entry_read(&r, &record->entry);
    certificate_read(&r, &record->best);
    record->held_count = (uint32_t)read_uint(&r, 1);
    if (record->held_count > HELD_MAX) {
        return false;
    }
    for (uint32_t i = 0; i < record->held_count; i++) {
        record->held[i] = read_hash(&r);
    }
    return reader_done(&r) && record->height > 0 &&
           (record->best.kind == CERTIFICATE_NONE ||
            record->best.kind == CERTIFICATE_NOTARIZATION);
}

uint32_t vote_record_view(const struct vote_record *r)
{
    const struct certificate *entry = &r->entry.certificate;
    return entry->kind == CERTIFICATE_NONE ? 0 : entry->view + 1;
}

/* Same view: another content. A block of none stands for no such vote. */
static bool is_another(const struct hash *recorded, const struct vote *v)
{
    return !hash_equal(recorded, &v->block);
}

bool vote_record_forgot(const struct vote_record *r, const struct vote *v)
{
    if (v->height != r->height) {
        return v->height > r->height;
    }
    if (!hash_equal(&v->parent, &r->parent)) {
        return true;
    }
    switch (v->kind) {
    case VOTE_PROPOSE:
        return view_above(v->view, r->top) ||
               (v->view == r->top && is_another(&r->proposed, v));
    case VOTE_NOTARIZE:
        return view_above(v->view, r->top) ||
               (v->view == r->top && is_another(&r->notarized, v));
    case VOTE_NULLIFY:
        return view_above(v->view, r->nullified_max) ||
               (v->view == r->top && r->has_claimed && v->claim != r->claimed);
    case VOTE_FINALIZE:
        return view_above(v->view, r->finalized) ||
               (v->view == r->finalized && is_another(&r->finalized_hash, v));
    }
    return false;
}

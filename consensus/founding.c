#include "founding.h"

#include <assert.h>

#include "codec.h"

struct timing timing_default(void)
{
    return (struct timing){
        .heartbeat_ms = 100,
        .suspicion = 4,
        .delta_ms = 100,
        .gather_ms = 30,
        .tick_ms = 5000,
        .record_ticks = 36,
        .patience_ms = 10000,
        .window_s = 60,
        .grace_s = 5,
        .window_timeout_s = 120,
        .audit_timeout_s = 60,
        .ttl_s = 3600,
        .name_lease_s = 20,
    };
}

static void timing_write(struct writer *w, const struct timing *t)
{
    const uint32_t values[] = {
        t->heartbeat_ms,    t->suspicion,   t->delta_ms,     t->gather_ms, t->tick_ms,
        t->record_ticks,    t->patience_ms, t->window_s,     t->grace_s,   t->window_timeout_s,
        t->audit_timeout_s, t->ttl_s,       t->name_lease_s,
    };
    for (uint32_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        write_uint(w, values[i], 4);
    }
}

size_t founding_encode(const struct founding *f, uint8_t out[static FOUNDING_BYTES_MAX])
{
    assert(f->member_count >= 1);
    assert(f->member_count <= MEMBERS_MAX);
    assert(f->operator_count <= OPERATORS_MAX);
    assert(f->name_count <= SERVICE_NAMES_MAX);
    struct writer w = writer_of(out, FOUNDING_BYTES_MAX);
    write_bytes(&w, f->name, sizeof f->name);
    write_uint(&w, f->founded_ms, 8);
    timing_write(&w, &f->timing);
    write_uint(&w, f->malfunctioning_max, 4);
    write_bool(&w, f->audit_required);
    write_bool(&w, f->observes);
    write_uint(&w, f->members_min, 1);
    write_uint(&w, f->member_count, 1);
    for (uint32_t i = 0; i < f->member_count; i++) {
        const struct founding_member *m = &f->members[i];
        write_bytes(&w, m->name, sizeof m->name);
        write_uint(&w, (uint64_t)m->role, 1);
        write_bytes(&w, m->address, sizeof m->address);
        write_bytes(&w, m->transport_key, sizeof m->transport_key);
        write_bytes(&w, m->vote_key, sizeof m->vote_key);
    }
    write_uint(&w, f->operator_count, 1);
    for (uint32_t i = 0; i < f->operator_count; i++) {
        write_bytes(&w, f->operators[i].name, sizeof f->operators[i].name);
        write_bytes(&w, f->operators[i].key, sizeof f->operators[i].key);
    }
    write_uint(&w, f->name_count, 1);
    for (uint32_t k = 0; k < f->name_count; k++) {
        write_bytes(&w, f->names[k].name, sizeof f->names[k].name);
        write_uint(&w, f->names[k].owner, 1);
        write_bool(&w, f->names[k].exclusive);
    }
    if (!hash_is_none(&f->rebuilt.from)) {
        write_bytes(&w, f->rebuilt.from.bytes, sizeof f->rebuilt.from.bytes);
        write_uint(&w, f->rebuilt.height, 8);
        write_uint(&w, f->rebuilt.next_window, 8);
        write_uint(&w, f->rebuilt.fence, 8);
        write_uint(&w, f->rebuilt.term, 4);
    }
    return writer_done(&w);
}

/* Three bear no liar, so five and more go down to four. */
uint32_t founding_members_min(uint32_t member_count)
{
    const uint32_t more_than_half = member_count / 2 + 1;
    return member_count >= 5 ? 4 : more_than_half > 2 ? more_than_half : 2;
}

/* The two kinds have domains of their own, as what a document ends with is not marked. */
struct hash founding_id(const struct founding *f)
{
    uint8_t bytes[FOUNDING_BYTES_MAX];
    const size_t size_bytes = founding_encode(f, bytes);
    return hash_of(hash_is_none(&f->rebuilt.from) ? "ostrakon/found/1" : "ostrakon/again/1",
                   bytes, size_bytes);
}

#include "call.h"

#include <string.h>

#include "cluster.h"
#include "codec.h"

#define MEMBER_BYTES (NAME_SIZE_BYTES + 1 + 1 + 4 + 2 * PUBLIC_KEY_BYTES)
#define ROSTER_BYTES (4 + 4 + MEMBERS_MAX * MEMBER_BYTES + OPERATORS_MAX * PUBLIC_KEY_BYTES)
#define RENEWALS 3u /* in a time to live */

/* What tokens and a bundle say of members and operators. */
static struct hash roster_of(const struct cluster *c)
{
    uint8_t bytes[ROSTER_BYTES];
    struct writer w = writer_of(bytes, sizeof bytes);
    write_uint(&w, c->timing.ttl_s, 4);
    write_uint(&w, cluster_quorum(c).needed, 4);
    for (uint32_t i = 0; i < c->member_count; i++) {
        const struct member *m = &c->member[i];
        write_bytes(&w, m->name, sizeof m->name);
        write_uint(&w, (uint64_t)m->role, 1);
        write_uint(&w, (uint64_t)m->standing, 1);
        write_uint(&w, m->term, 4);
        write_bytes(&w, m->transport_key, sizeof m->transport_key);
        write_bytes(&w, m->vote_key, sizeof m->vote_key);
    }
    for (uint32_t i = 0; i < c->operator_count; i++) {
        write_bytes(&w, c->operators[i].key, sizeof c->operators[i].key);
    }
    return hash_of("ostrakon/call/1", bytes, writer_done(&w));
}

void call_review(struct cluster *c, uint64_t height)
{
    const struct hash roster = roster_of(c);
    const uint64_t renewal_ms = (uint64_t)c->timing.ttl_s * 1000 / RENEWALS;
    if (c->call.height == 0 || !hash_equal(&roster, &c->call.roster) ||
        c->time_ms - c->call.time_ms >= renewal_ms) {
        c->call = (struct call){.height = height, .time_ms = c->time_ms, .roster = roster};
    }
}

bool call_is_sound(const struct cluster *c)
{
    if (c->call.height == 0) {
        return c->height == 0 && c->call.time_ms == 0 && hash_is_none(&c->call.roster);
    }
    const struct hash roster = roster_of(c);
    return c->call.height <= c->height && c->call.time_ms <= c->time_ms &&
           hash_equal(&roster, &c->call.roster);
}

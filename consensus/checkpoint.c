#include "checkpoint.h"

#include <assert.h>
#include <string.h>

#include "codec.h"

#define OUTSET_MAGIC "ostrakon/outset"
#define OUTSET_DOMAIN "ostrakon/set/1"

struct outset outset_of(const struct cluster *c, uint32_t self, bool joins, uint64_t now_ms)
{
    const struct quorum q = cluster_quorum(c);
    const bool indispensable = cluster_is_voter(c, self) && q.needed == q.voters;
    struct outset o = {
        .started_ms = now_ms,
        .may_be_away = !indispensable && (c->height > 0 || joins),
    };
    outset_know(&o, c);
    return o;
}

void outset_keep(struct outset *o, const struct outset *kept)
{
    o->height = kept->height;
    o->time_ms = kept->time_ms;
    o->may_be_away = kept->may_be_away;
    o->voter_count = kept->voter_count;
    memcpy(o->voters, kept->voters, sizeof o->voters);
}

void outset_encode(const struct outset *o, const struct hash *cluster_id,
                   uint8_t out[static OUTSET_BYTES])
{
    struct writer w = writer_of(out, OUTSET_BYTES);
    write_bytes(&w, OUTSET_MAGIC, sizeof OUTSET_MAGIC);
    write_hash(&w, cluster_id);
    write_uint(&w, o->height, 8);
    write_uint(&w, o->time_ms, 8);
    write_bool(&w, o->may_be_away);
    write_uint(&w, o->voter_count, 1);
    write_bytes(&w, o->voters, sizeof o->voters);
    const struct hash sum = hash_of(OUTSET_DOMAIN, out, w.size_bytes);
    write_hash(&w, &sum);
    const size_t size_bytes = writer_done(&w);
    assert(size_bytes == OUTSET_BYTES);
    (void)size_bytes;
}

bool outset_decode(struct outset *o, const struct hash *cluster_id, const uint8_t *bytes,
                   size_t size_bytes)
{
    static_assert(sizeof OUTSET_MAGIC == 16, "with its zero");
    struct reader r = reader_of(bytes, size_bytes);
    uint8_t magic[sizeof OUTSET_MAGIC];
    *o = (struct outset){.height = 0};
    read_bytes(&r, magic, sizeof magic);
    const struct hash id = read_hash(&r);
    o->height = read_uint(&r, 8);
    o->time_ms = read_uint(&r, 8);
    o->may_be_away = read_bool(&r);
    o->voter_count = (uint32_t)read_uint(&r, 1);
    read_bytes(&r, o->voters, sizeof o->voters);
    const size_t summed_bytes = r.at;
    const struct hash sum = read_hash(&r);
    if (!reader_done(&r)) {
        return false;
    }
    const struct hash right = hash_of(OUTSET_DOMAIN, bytes, summed_bytes);
    return memcmp(magic, OUTSET_MAGIC, sizeof magic) == 0 && hash_equal(&id, cluster_id) &&
           hash_equal(&sum, &right) && o->voter_count >= 1 && o->voter_count <= MEMBERS_MAX;
}

void outset_know(struct outset *o, const struct cluster *c)
{
    uint8_t members[MEMBERS_MAX];
    o->height = c->height;
    o->time_ms = c->time_ms;
    o->voter_count = cluster_voters(c, members);
    memset(o->voters, 0, sizeof o->voters);
    for (uint32_t i = 0; i < o->voter_count; i++) {
        memcpy(o->voters[i], c->member[members[i]].vote_key, sizeof o->voters[i]);
    }
}

static bool is_still_member(const uint8_t *vote_key, const struct cluster *c)
{
    for (uint32_t i = 0; i < c->member_count; i++) {
        const struct member *m = &c->member[i];
        if (member_may_sign(m) && memcmp(m->vote_key, vote_key, PUBLIC_KEY_BYTES) == 0) {
            return true;
        }
    }
    return false;
}

uint32_t outset_remaining(const struct outset *o, const struct cluster *c)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < o->voter_count; i++) {
        count += is_still_member(o->voters[i], c) ? 1 : 0;
    }
    return count;
}

uint64_t outset_age_ms(const struct outset *o, uint64_t now_ms, uint64_t clock_ms)
{
    const uint64_t ran_ms = now_ms > o->started_ms ? now_ms - o->started_ms : 0;
    const uint64_t known_ms = o->time_ms + ran_ms;
    return clock_ms > known_ms ? clock_ms - known_ms : 0;
}

/* Fewer than r + 1 of them: those may all be liars. */
static bool are_strangers(const struct outset *o, const struct cluster *c)
{
    return outset_remaining(o, c) <=
           quorum_of(o->voter_count, c->malfunctioning_max).malfunctioning;
}

enum checkpoint_need checkpoint_needed(const struct checkpoint *given, const struct outset *o,
                                       const struct cluster *c, uint64_t now_ms,
                                       uint64_t clock_ms)
{
    if (o->over) {
        return CHECKPOINT_NEED_NONE;
    }
    const bool reaches_outset = given->height != 0 && given->height >= o->height;
    if (o->may_be_away && !reaches_outset &&
        outset_age_ms(o, now_ms, clock_ms) > CHECKPOINT_AWAY_MS) {
        return CHECKPOINT_NEED_AWAY;
    }
    const bool lies_ahead = given->height != 0 && given->height >= c->height;
    return !lies_ahead && are_strangers(o, c) ? CHECKPOINT_NEED_STRANGERS
                                              : CHECKPOINT_NEED_NONE;
}

bool checkpoint_admits(const struct checkpoint *given, uint64_t height,
                       const struct hash *block)
{
    return given->height == 0 || given->height != height || hash_equal(&given->hash, block);
}

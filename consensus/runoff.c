#include "runoff.h"

#include <assert.h>
#include <string.h>

#include "codec.h"
#include "hash.h"

struct tally {
    uint32_t firsts;
    uint32_t witness_firsts;
};

/* Whom of the candidates the ranking puts first; MEMBER_NONE if it names none of them. */
static uint32_t first_of(const struct runoff_ranking *r, uint32_t candidates)
{
    for (uint32_t i = 0; i < r->count; i++) {
        if ((candidates >> r->members[i] & 1) != 0) {
            return r->members[i];
        }
    }
    return MEMBER_NONE;
}

static void count_firsts(const struct runoff *r, uint32_t candidates,
                         struct tally tallies[static MEMBERS_MAX])
{
    for (uint32_t i = 0; i < r->count; i++) {
        const uint32_t first = first_of(&r->rankings[i], candidates);
        if (first != MEMBER_NONE) {
            tallies[first].firsts++;
            tallies[first].witness_firsts += r->rankings[i].by_witness ? 1 : 0;
        }
    }
}

static struct hash lot_of(uint64_t window, uint32_t member)
{
    uint8_t bytes[9];
    struct writer w = writer_of(bytes, sizeof bytes);
    write_uint(&w, window, 8);
    write_uint(&w, member, 1);
    return hash_of("ostrakon/tie/1", bytes, writer_done(&w));
}

/* Whether a falls out before b. */
static bool is_weaker(const struct runoff *r, const struct tally tallies[static MEMBERS_MAX],
                      uint32_t a, uint32_t b)
{
    if (tallies[a].firsts != tallies[b].firsts) {
        return tallies[a].firsts < tallies[b].firsts;
    }
    if (tallies[a].witness_firsts != tallies[b].witness_firsts) {
        return tallies[a].witness_firsts < tallies[b].witness_firsts;
    }
    const struct hash lot_a = lot_of(r->window, a);
    const struct hash lot_b = lot_of(r->window, b);
    return memcmp(lot_a.bytes, lot_b.bytes, HASH_BYTES) > 0;
}

static uint32_t weakest(const struct runoff *r, uint32_t candidates)
{
    struct tally tallies[MEMBERS_MAX] = {0};
    count_firsts(r, candidates, tallies);
    uint32_t weakest = MEMBER_NONE;
    for (uint32_t i = 0; i < MEMBERS_MAX; i++) {
        const bool is_candidate = (candidates >> i & 1) != 0;
        if (is_candidate && (weakest == MEMBER_NONE || is_weaker(r, tallies, i, weakest))) {
            weakest = i;
        }
    }
    return weakest;
}

uint32_t runoff_winner(const struct runoff *r, uint32_t candidates)
{
    assert(candidates != 0);
    assert(candidates >> MEMBERS_MAX == 0);
    while ((candidates & (candidates - 1)) != 0) {
        candidates &= ~(1u << weakest(r, candidates));
    }
    uint32_t winner = 0;
    while (candidates >> winner != 1) {
        winner++;
    }
    return winner;
}

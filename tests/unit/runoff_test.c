#include <criterion/criterion.h>
#include <string.h>

#include "consensus/codec.h"
#include "consensus/hash.h"
#include "consensus/runoff.h"

/* The definition over again, in another form: candidates as a list that loses its worst member,
 * whose key is (firsts, firsts of witnesses, lot) with the highest lot as the worst. */
static uint32_t firsts_of(const struct runoff *r, uint32_t candidate, const uint32_t *list,
                          uint32_t count, bool witnesses_only)
{
    uint32_t firsts = 0;
    for (uint32_t v = 0; v < r->count; v++) {
        const struct runoff_ranking *ranking = &r->rankings[v];
        uint32_t best = UINT32_MAX;
        for (uint32_t place = ranking->count; place-- > 0;) {
            for (uint32_t i = 0; i < count; i++) {
                best = ranking->members[place] == list[i] ? list[i] : best;
            }
        }
        firsts += best == candidate && (ranking->by_witness || !witnesses_only) ? 1 : 0;
    }
    return firsts;
}

static int compare_lots(uint64_t window, uint32_t a, uint32_t b)
{
    uint8_t bytes[9] = {0};
    for (uint32_t i = 0; i < 8; i++) {
        bytes[i] = (uint8_t)(window >> (56 - 8 * i));
    }
    bytes[8] = (uint8_t)a;
    const struct hash lot_a = hash_of("ostrakon/tie/1", bytes, sizeof bytes);
    bytes[8] = (uint8_t)b;
    const struct hash lot_b = hash_of("ostrakon/tie/1", bytes, sizeof bytes);
    return memcmp(lot_a.bytes, lot_b.bytes, HASH_BYTES);
}

static uint32_t expected_winner(const struct runoff *r, uint32_t candidates)
{
    uint32_t list[MEMBERS_MAX];
    uint32_t count = 0;
    for (uint32_t i = 0; i < MEMBERS_MAX; i++) {
        if ((candidates >> i & 1) != 0) {
            list[count++] = i;
        }
    }
    while (count > 1) {
        uint32_t worst = 0;
        for (uint32_t i = 1; i < count; i++) {
            const int32_t firsts = (int32_t)firsts_of(r, list[i], list, count, false) -
                                   (int32_t)firsts_of(r, list[worst], list, count, false);
            const int32_t witnesses = (int32_t)firsts_of(r, list[i], list, count, true) -
                                      (int32_t)firsts_of(r, list[worst], list, count, true);
            const bool drawn = firsts == 0 && witnesses == 0;
            if (firsts < 0 || (firsts == 0 && witnesses < 0) ||
                (drawn && compare_lots(r->window, list[i], list[worst]) > 0)) {
                worst = i;
            }
        }
        list[worst] = list[--count];
    }
    return list[0];
}

/* All sixteen rankings of some of three candidates: none, one, two, three of them. */
static uint32_t all_rankings(struct runoff_ranking rankings[static 16])
{
    uint32_t count = 0;
    rankings[count++] = (struct runoff_ranking){0};
    for (uint8_t a = 0; a < 3; a++) {
        rankings[count++] = (struct runoff_ranking){.count = 1, .members = {a}};
        for (uint8_t b = 0; b < 3; b++) {
            if (a == b) {
                continue;
            }
            const uint8_t c = (uint8_t)(3 - a - b);
            rankings[count++] = (struct runoff_ranking){.count = 2, .members = {a, b}};
            rankings[count++] = (struct runoff_ranking){.count = 3, .members = {a, b, c}};
        }
    }
    return count;
}

Test(runoff, agrees_with_its_definition_for_all_rankings_of_four_voters)
{
    struct runoff_ranking rankings[16];
    cr_assert(all_rankings(rankings) == 16);
    for (uint32_t code = 0; code < 1u << 16; code++) {
        struct runoff r = {.window = 30000000 + code % 7, .count = 4};
        for (uint32_t v = 0; v < 4; v++) {
            r.rankings[v] = rankings[code >> 4 * v & 15];
            r.rankings[v].by_witness = v == 3;
        }
        cr_assert(runoff_winner(&r, 7) == expected_winner(&r, 7), "rankings %04x", code);
    }
}

Test(runoff, passes_over_whoever_is_no_candidate)
{
    struct runoff_ranking rankings[16];
    (void)all_rankings(rankings);
    for (uint32_t code = 0; code < 1u << 12; code++) {
        struct runoff r = {.window = 5, .count = 3};
        for (uint32_t v = 0; v < 3; v++) {
            r.rankings[v] = rankings[code >> 4 * v & 15];
        }
        for (uint32_t candidates = 1; candidates < 8; candidates++) {
            const uint32_t winner = runoff_winner(&r, candidates);
            cr_assert((candidates >> winner & 1) != 0, "a candidate wins");
            cr_assert(winner == expected_winner(&r, candidates), "%03x, %u", code, candidates);
        }
    }
}

Test(runoff, is_won_by_whom_more_than_half_put_first)
{
    struct runoff_ranking rankings[16];
    (void)all_rankings(rankings);
    for (uint32_t code = 0; code < 1u << 8; code++) {
        struct runoff r = {.window = code, .count = 5};
        for (uint32_t v = 0; v < 3; v++) {
            r.rankings[v] = (struct runoff_ranking){.count = 1, .members = {2}};
        }
        r.rankings[3] = rankings[code & 15];
        r.rankings[4] = rankings[code >> 4];
        r.rankings[4].by_witness = true;
        cr_assert(runoff_winner(&r, 7) == 2, "%02x", code);
    }
}

Test(runoff, takes_another_lot_for_another_window)
{
    uint32_t winners = 0;
    for (uint64_t window = 0; window < 64; window++) {
        const struct runoff r = {.window = window};
        winners |= 1u << runoff_winner(&r, 0xf);
    }
    cr_assert(winners == 0xf, "nobody is always the lucky one");
}

Test(runoff, needs_no_vote_for_a_single_candidate)
{
    const struct runoff r = {.window = 1};
    for (uint32_t i = 0; i < MEMBERS_MAX; i++) {
        cr_assert(runoff_winner(&r, 1u << i) == i);
    }
}

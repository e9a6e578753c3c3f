#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <string.h>

#include "consensus/vote_record.h"
#include "votes_fixture.h"

static struct voters five;
static struct hash block;
static struct hash other;
static struct vote_record record;

/* In view 4 by a nullification that claims view 1; notarized and nullified there, finalized 1.
 */
static void found(void)
{
    const uint32_t claims[] = {1, VIEW_NONE, VIEW_NONE, VIEW_NONE};
    voters_found(&five, 5);
    block = some_hash(7);
    other = some_hash(8);
    record = vote_record_of(1, &five.cluster.block, 0);
    record.top = 4;
    record.notarized = block;
    record.has_claimed = true;
    record.claimed = 1;
    record.nullified_max = 4;
    record.finalized = 1;
    record.finalized_hash = block;
    record.best = voters_certificate(&five, VOTE_NOTARIZE, 1, &block, 0x0f, NULL);
    record.entry.certificate = voters_certificate(&five, VOTE_NULLIFY, 3, NULL, 0x1e, claims);
    record.entry.support = record.best;
    record.held_count = 1;
    record.held[0] = block;
}

TestSuite(vote_record, .init = found);

Test(vote_record, comes_back_as_it_was_written)
{
    uint8_t bytes[RECORD_BYTES_MAX];
    uint8_t again[RECORD_BYTES_MAX];
    struct vote_record r;
    const size_t size_bytes = vote_record_encode(&record, bytes);

    cr_assert(vote_record_decode(&r, bytes, size_bytes));
    cr_assert(eq(sz, vote_record_encode(&r, again), size_bytes));
    cr_assert(memcmp(bytes, again, size_bytes) == 0);
    cr_assert(eq(u32, vote_record_view(&r), 4));
    cr_assert(certificate_same(&r.best, &record.best));
    cr_assert(hash_equal(&r.held[0], &block));
}

Test(vote_record, has_one_form_for_one_value)
{
    uint8_t bytes[RECORD_BYTES_MAX];
    const size_t size_bytes = vote_record_encode(&record, bytes);
    for (size_t bit = 0; bit < 8 * size_bytes; bit++) {
        uint8_t again[RECORD_BYTES_MAX];
        struct vote_record r;
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (vote_record_decode(&r, bytes, size_bytes)) {
            cr_assert(eq(sz, vote_record_encode(&r, again), size_bytes));
            cr_assert(memcmp(bytes, again, size_bytes) == 0, "bit %zu", bit);
        }
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

Test(vote_record, cut_anywhere_is_none)
{
    uint8_t bytes[RECORD_BYTES_MAX];
    const size_t size_bytes = vote_record_encode(&record, bytes);
    struct vote_record r;
    for (size_t cut = 0; cut < size_bytes; cut++) {
        cr_assert(not(vote_record_decode(&r, bytes, cut)), "%zu bytes", cut);
    }
}

/* protocol.md, rule 17: what is beyond the record, and what is an old acquaintance. */
Test(vote_record, knows_what_it_has_forgotten)
{
    const struct {
        uint64_t height;
        const struct hash *block;
        enum vote_kind kind;
        uint32_t view;
        uint32_t claim;
        bool forgot;
    } cases[] = {
        {2, &block, VOTE_NOTARIZE, 0, VIEW_NONE, true}, /* a later height */
        {1, &block, VOTE_NOTARIZE, 5, VIEW_NONE, true}, /* a later view */
        {1, &block, VOTE_NOTARIZE, 4, VIEW_NONE, false},
        {1, &other, VOTE_NOTARIZE, 4, VIEW_NONE, true}, /* another content */
        {1, &other, VOTE_NOTARIZE, 3, VIEW_NONE, false},
        {1, &block, VOTE_PROPOSE, 4, VIEW_NONE, true}, /* proposed nothing in view 4 */
        {1, &block, VOTE_PROPOSE, 3, VIEW_NONE, false},
        {1, NULL, VOTE_NULLIFY, 4, 1, false},
        {1, NULL, VOTE_NULLIFY, 4, 0, true},
        {1, NULL, VOTE_NULLIFY, 5, 1, true},
        {1, NULL, VOTE_NULLIFY, 3, VIEW_NONE, false},
        {1, &block, VOTE_FINALIZE, 1, VIEW_NONE, false},
        {1, &other, VOTE_FINALIZE, 1, VIEW_NONE, true},
        {1, &block, VOTE_FINALIZE, 2, VIEW_NONE, true},
        {1, &other, VOTE_FINALIZE, 0, VIEW_NONE, false},
    };
    for (uint32_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct vote v = voters_vote(&five, cases[i].kind, 0, cases[i].view, cases[i].block);
        v.height = cases[i].height;
        v.claim = cases[i].claim;
        cr_assert(eq(int, vote_record_forgot(&record, &v), cases[i].forgot), "case %u", i);
    }

    struct vote v = voters_vote(&five, VOTE_NOTARIZE, 0, 0, &block);
    v.parent.bytes[0] ^= 1; /* in another history */
    cr_assert(vote_record_forgot(&record, &v));
}

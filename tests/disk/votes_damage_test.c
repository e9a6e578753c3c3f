#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "agent/votes.h"
#include "agent/votes_slot.h"
#include "scratch.h"
#include "votes_sample.h"

static struct votes store;

static void begin(void)
{
    cr_assert(sodium_init() >= 0);
}

TestSuite(votes_damage, .init = begin);

/* Flips one bit of every byte in [from, to) of a store with two slots, and judges each. */
static void flip_all(size_t from, size_t to, size_t step,
                     void (*judge)(enum votes_verdict, size_t))
{
    size_t size_bytes;
    uint8_t *const before = file_load(votes_sample_path(), &size_bytes);
    for (size_t at = from; at < to; at += step) {
        file_flip(votes_sample_path(), at, (int)(at % 8));
        judge(votes_open(&store, votes_sample_path()), at);
        votes_finish(&store);
        file_save(votes_sample_path(), before, size_bytes);
    }
    free(before);
}

static void judge_header(enum votes_verdict verdict, size_t at)
{
    cr_assert(eq(int, verdict, VOTES_DAMAGED), "byte %zu", at);
}

static void judge_newest(enum votes_verdict verdict, size_t at)
{
    cr_assert(eq(int, verdict, VOTES_OK), "byte %zu", at);
    cr_assert(votes_sample_holds(&store, 2, 1), "byte %zu: the older slot stands", at);
    cr_assert(store.other_lost, "byte %zu", at);
}

static void judge_older(enum votes_verdict verdict, size_t at)
{
    cr_assert(eq(int, verdict, VOTES_OK), "byte %zu", at);
    cr_assert(votes_sample_holds(&store, 3, 1), "byte %zu: the newer slot stands", at);
    cr_assert(store.other_lost, "byte %zu", at);
}

static void judge_shared(enum votes_verdict verdict, size_t at)
{
    cr_assert(eq(int, verdict, VOTES_DAMAGED), "byte %zu", at);
}

static void judge_unused(enum votes_verdict verdict, size_t at)
{
    cr_assert(eq(int, verdict, VOTES_OK), "byte %zu", at);
    cr_assert(votes_sample_holds(&store, 3, 1), "byte %zu", at);
    cr_assert(not(store.other_lost), "byte %zu", at);
}

/* Blocks 1, 2, 3 lie in places 0, 1, 2; the older record names 1 and 2, the newest 2 and 3. The
 * serials are 2 for opening, then 3, 4, 5. */
Test(votes_damage, notices_a_flipped_bit_wherever_it_is)
{
    const size_t used = 32 + 32 + 8 + 4 + 4 + 2 * 72 + 3000;
    const size_t newest = (size_t)votes_slot_at(5);
    const size_t older = (size_t)votes_slot_at(4);
    const size_t block = sizeof((struct votes_sample *)NULL)->block;
    votes_sample_make(3, 1);
    flip_all(0, VOTES_HEADER_BYTES, 1, judge_header);
    flip_all(newest, newest + 300, 1, judge_newest);
    flip_all(newest + 300, newest + used, 97, judge_newest);
    flip_all(older, older + 300, 1, judge_older);
    flip_all(older + 300, older + used, 97, judge_older);
    flip_all((size_t)votes_place_at(0), (size_t)votes_place_at(0) + block, 997, judge_older);
    flip_all((size_t)votes_place_at(1), (size_t)votes_place_at(1) + block, 997, judge_shared);
    flip_all((size_t)votes_place_at(2), (size_t)votes_place_at(2) + block, 997, judge_newest);
    flip_all(newest + used, newest + VOTES_SLOT_BYTES, 997, judge_unused);
    flip_all((size_t)votes_place_at(3), VOTES_FILE_BYTES, 9973, judge_unused);
}

Test(votes_damage, is_damaged_when_cut_or_grown_or_rubbish)
{
    size_t size_bytes;
    votes_sample_make(3, 2);
    uint8_t *const bytes = file_load(votes_sample_path(), &size_bytes);
    static const size_t sizes[] = {
        0, 1, 95, 96, 4096, 24575, 45056, 45057, VOTES_FILE_BYTES - 1};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        file_save(votes_sample_path(), bytes, sizes[i]);
        cr_assert(eq(int, votes_open(&store, votes_sample_path()), VOTES_DAMAGED), "cut to %zu",
                  sizes[i]);
    }
    uint8_t *const more = calloc(1, size_bytes + 1);
    file_save(votes_sample_path(), more, size_bytes + 1);
    cr_assert(eq(int, votes_open(&store, votes_sample_path()), VOTES_DAMAGED));
    file_save(votes_sample_path(), more, size_bytes);
    cr_assert(eq(int, votes_open(&store, votes_sample_path()), VOTES_DAMAGED), "zeros");
    randombytes_buf(more, size_bytes);
    file_save(votes_sample_path(), more, size_bytes);
    cr_assert(eq(int, votes_open(&store, votes_sample_path()), VOTES_DAMAGED), "rubbish");
    file_save(votes_sample_path(), bytes, size_bytes);
    cr_assert(eq(int, votes_open(&store, votes_sample_path()), VOTES_OK), "as it was");
    votes_finish(&store);
    free(more);
    free(bytes);
}

Test(votes_damage, refuses_a_copy_and_takes_what_was_only_renamed)
{
    size_t size_bytes;
    votes_sample_make(3, 2);
    uint8_t *const bytes = file_load(votes_sample_path(), &size_bytes);
    file_save(scratch_path("copy"), bytes, size_bytes);
    cr_assert(eq(int, votes_open(&store, scratch_path("copy")), VOTES_FOREIGN));
    cr_assert(eq(int, rename(votes_sample_path(), scratch_path("moved")), 0));
    cr_assert(eq(int, rename(scratch_path("copy"), votes_sample_path()), 0));
    cr_assert(eq(int, votes_open(&store, votes_sample_path()), VOTES_FOREIGN), "restored");
    cr_assert(eq(int, rename(scratch_path("moved"), votes_sample_path()), 0));
    cr_assert(eq(int, votes_open(&store, votes_sample_path()), VOTES_OK));
    cr_assert(votes_sample_holds(&store, 3, 2));
    votes_finish(&store);
    free(bytes);
}

Test(votes_damage, refuses_the_slots_of_another_store)
{
    size_t size_bytes;
    votes_sample_make(3, 2);
    uint8_t *const first = file_load(votes_sample_path(), &size_bytes);
    cr_assert(eq(int, rename(votes_sample_path(), scratch_path("first")), 0));
    votes_sample_make(3, 2);
    uint8_t *const second = file_load(votes_sample_path(), &size_bytes);
    memcpy(first, second, VOTES_SLOTS_AT);
    file_save(votes_sample_path(), first, size_bytes);
    cr_assert(eq(int, votes_open(&store, votes_sample_path()), VOTES_FOREIGN));
    free(second);
    free(first);
}

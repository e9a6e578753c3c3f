#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "agent/votes.h"
#include "agent/votes_slot.h"
#include "scratch.h"
#include "seam.h"
#include "votes_sample.h"

static struct votes store;

static void begin(void)
{
    cr_assert(sodium_init() >= 0);
}

static void end(void)
{
    seam = (struct seam){0};
    votes_finish(&store);
}

TestSuite(votes_check, .init = begin, .fini = end);

static void open_with(uint8_t records, uint8_t kept)
{
    votes_sample_make(records, kept);
    cr_assert(eq(int, votes_open(&store, votes_sample_path()), VOTES_OK));
}

Test(votes_check, refuses_what_reads_back_otherwise_block_or_record)
{
    for (uint32_t read = 1; read <= 2; read++) {
        open_with(3, 2);
        seam.bend_read = read;
        cr_assert(not(votes_sample_put(&store, 4, 2)));
        cr_assert(store.wrong && store.dead, "read %u", read);
        cr_assert(not(votes_sample_put(&store, 4, 2)), "and writes no more");
        end();
        unlink(votes_sample_path());
    }
    open_with(3, 2);
    seam.bend_read = 3;
    cr_assert(votes_sample_put(&store, 4, 2), "there are two reads");
    cr_assert(not(store.wrong));
}

/* Opening writes the record once more, and reads it back. */
Test(votes_check, refuses_to_open_what_reads_back_otherwise)
{
    votes_sample_make(3, 2);
    uint32_t refused = 0;
    for (uint32_t read = 1; read < 20; read++) {
        seam.bend_read = read;
        const enum votes_verdict verdict = votes_open(&store, votes_sample_path());
        refused += verdict != VOTES_OK;
        votes_finish(&store);
        seam = (struct seam){0};
    }
    cr_assert(gt(uint, refused, 0));
}

Test(votes_check, renews_a_dead_store_with_all_that_it_holds)
{
    uint8_t old_id[VOTES_STORE_ID_BYTES];
    struct votes_sample s = votes_sample_of(4);
    uint8_t keep[3][VOTES_HASH_BYTES];
    for (uint8_t i = 0; i < 3; i++) {
        memcpy(keep[i], votes_sample_of(4 - i).hash, sizeof keep[i]);
    }
    const struct votes_write w = {.record = s.record,
                                  .record_bytes = sizeof s.record,
                                  .block = s.block,
                                  .block_bytes = sizeof s.block,
                                  .block_hash = s.hash,
                                  .keep = keep[0],
                                  .keep_count = 3};
    open_with(3, 2);
    memcpy(old_id, store.store_id, sizeof old_id);
    seam = (struct seam){.at = 3, .act = SEAM_FAIL, .error = EIO};
    cr_assert(not(votes_write(&store, &w)));
    seam = (struct seam){0};
    cr_assert(votes_renew(&store, votes_sample_path(), &w));
    cr_assert(votes_sample_holds(&store, 4, 2));
    cr_assert(not(store.dead || store.wrong || store.other_lost));
    cr_assert(ne(int, memcmp(old_id, store.store_id, sizeof old_id), 0));
    cr_assert(votes_sample_put(&store, 5, 2));
    votes_finish(&store);
    cr_assert(eq(int, scratch_count("votes.dead-", NULL), 1));
    cr_assert(eq(int, votes_open(&store, votes_sample_path()), VOTES_OK));
    cr_assert(votes_sample_holds(&store, 5, 2));
}

/* A block that the old store has lost is not guessed: there is no new store then. */
Test(votes_check, does_not_renew_a_store_with_a_damaged_block)
{
    const struct votes_sample s = votes_sample_of(3);
    const struct votes_write w = {
        .record = s.record, .record_bytes = sizeof s.record, .keep = s.hash, .keep_count = 1};
    open_with(3, 0);
    seam = (struct seam){.at = 1, .act = SEAM_FAIL, .error = EIO};
    cr_assert(not(votes_write(&store, &w)));
    seam = (struct seam){0};
    file_flip(votes_sample_path(), (size_t)votes_place_at(store.held[0].place) + 7, 3);
    cr_assert(not(votes_renew(&store, votes_sample_path(), &w)));
    cr_assert(eq(int, scratch_count("votes.dead-", NULL), 0), "the old one stays where it is");
    cr_assert(eq(int, scratch_count("votes.new", NULL), 0));
}

/* The step at which a bit flipped at this offset is found, or -1. */
static int found_at(size_t offset)
{
    int found = -1;
    file_flip(votes_sample_path(), offset, 5);
    for (uint32_t step = 0; found < 0; step++) {
        const enum votes_scrubbed scrubbed = votes_scrub(&store, step);
        if (scrubbed == VOTES_SCRUB_DONE) {
            break;
        }
        found = scrubbed == VOTES_SCRUB_WRONG ? (int)step : -1;
    }
    cr_assert(eq(int, store.wrong, found >= 0));
    file_flip(votes_sample_path(), offset, 5);
    store.wrong = false;
    return found;
}

Test(votes_check, finds_what_has_rotted_in_all_that_counts)
{
    open_with(3, 1);
    const size_t newest = (size_t)votes_slot_at(store.serial);
    const size_t older = (size_t)votes_slot_at(store.serial - 1);
    cr_assert(eq(int, found_at(VOTES_FILE_BYTES - 1), -1), "nothing is there");
    for (size_t at = 0; at < VOTES_HEADER_BYTES; at++) {
        cr_assert(eq(int, found_at(at), 0));
    }
    for (size_t at = 0; at < 3000; at += 101) {
        cr_assert(eq(int, found_at(newest + at), 1));
        cr_assert(eq(int, found_at(older + at), 2));
    }
    for (uint32_t i = 0; i < store.held_count; i++) {
        const size_t place = (size_t)votes_place_at(store.held[i].place);
        cr_assert(eq(int, found_at(place), 3 + (int)i));
        cr_assert(eq(int, found_at(place + store.held[i].size_bytes - 1), 3 + (int)i));
    }
    cr_assert(eq(int, found_at(VOTES_FILE_BYTES - 1), -1), "all is as it was");
}

Test(votes_check, can_not_judge_what_cannot_be_read)
{
    open_with(3, 1);
    cr_assert(eq(int, truncate(votes_sample_path(), VOTES_SLOTS_AT), 0));
    cr_assert(eq(int, votes_scrub(&store, 0), VOTES_SCRUB_SOUND));
    cr_assert(eq(int, votes_scrub(&store, 1), VOTES_SCRUB_FAILED));
    cr_assert(not(store.wrong));
}

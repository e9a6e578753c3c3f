#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>
#include <sqlite3.h>

#include "agent/storage.h"
#include "agent/votes_slot.h"
#include "sample.h"
#include "scratch.h"
#include "seam.h"
#include "votes_sample.h"

#define BLOCKS 200u
#define PERIOD_MS 300u

static uint32_t news[16];
static uint64_t stored;
static struct votes votes;
static struct storage *storage;

static void on_notice(void *context, const struct storage_notice *notice)
{
    (void)context;
    news[notice->news]++;
    stored = notice->news == STORAGE_STORED ? notice->serial : stored;
}

static void begin(void)
{
    struct store_opening opening;
    cr_assert(sodium_init() >= 0);
    votes_sample_make(3, 2);
    cr_assert(eq(int, votes_open(&votes, votes_sample_path()), VOTES_OK));
    const struct storage_options options = {
        .votes = &votes,
        .votes_path = votes_sample_path(),
        .store = store_open(scratch_path("ostrakon.db"), SAMPLE_CLUSTER, &opening),
        .scrub_ms = PERIOD_MS,
        .on_notice = on_notice,
    };
    storage = storage_create(&options);
    cr_assert(storage != NULL);
}

static void end(void)
{
    storage_destroy(storage);
    votes_finish(&votes);
}

TestSuite(scrub, .init = begin, .fini = end);

static bool hears(enum storage_news kind, uint32_t count)
{
    for (int i = 0; i < 1000 && news[kind] < count; i++) {
        struct pollfd woken = {.fd = storage_fd(storage), .events = POLLIN};
        poll(&woken, 1, 10);
        storage_reap(storage);
    }
    return news[kind] >= count;
}

static void put_block(uint64_t serial)
{
    struct sample_block sample;
    sample_block_fill(&sample, serial);
    storage_block(storage, serial, &sample.block, sample.events, SAMPLE_EVENTS);
}

static void put_record(uint64_t serial)
{
    const uint8_t number = (uint8_t)serial;
    const struct votes_write w = {.record = &number, .record_bytes = 1};
    storage_record(storage, serial, &w);
}

static void put_blocks(void)
{
    for (uint64_t i = 1; i <= BLOCKS; i++) {
        put_block(i);
    }
    while (stored < BLOCKS) {
        struct pollfd woken = {.fd = storage_fd(storage), .events = POLLIN};
        poll(&woken, 1, 10);
        storage_reap(storage);
    }
}

Test(scrub, of_what_is_sound_says_so_each_time)
{
    put_blocks();
    cr_assert(hears(STORAGE_SCRUBBED, news[STORAGE_SCRUBBED] + 3));
    cr_assert(eq(uint, news[STORAGE_VOTES_WRONG], 0));
    cr_assert(eq(uint, news[STORAGE_SET_ASIDE], 0));
    cr_assert(eq(uint, news[STORAGE_UNREADABLE], 0));
}

Test(scrub, finds_a_vote_that_has_rotted)
{
    cr_assert(hears(STORAGE_SCRUBBED, 1));
    file_flip(votes_sample_path(), (size_t)votes_slot_at(votes.serial) + 90, 2);
    cr_assert(hears(STORAGE_VOTES_WRONG, 1));
}

/* The log holds the last pages until a checkpoint: then the file alone does. */
Test(scrub, finds_a_block_that_has_rotted_and_sets_the_database_aside)
{
    sqlite3 *other = NULL;
    struct sample_block sample;
    size_t size_bytes;
    put_blocks();
    cr_assert(eq(int, sqlite3_open(scratch_path("ostrakon.db"), &other), SQLITE_OK));
    sqlite3_exec(other, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL);
    sqlite3_close(other);
    sample_block_fill(&sample, BLOCKS / 2);
    uint8_t *const bytes = file_load(scratch_path("ostrakon.db"), &size_bytes);
    const uint8_t *const at =
        memmem(bytes, size_bytes, sample.block.decided, sample.block.decided_bytes);
    cr_assert(at != NULL);
    file_flip(scratch_path("ostrakon.db"), (size_t)(at - bytes) + 1000, 4);
    free(bytes);
    cr_assert(hears(STORAGE_SET_ASIDE, 1));
    cr_assert(eq(int, scratch_count("ostrakon.db.damaged-", NULL) >= 1, 1));
    put_block(BLOCKS + 1);
    cr_assert(hears(STORAGE_SCRUBBED, news[STORAGE_SCRUBBED] + 2), "and goes on");
    cr_assert(eq(u64, stored, BLOCKS + 1));
}

Test(scrub, is_not_alone_a_vote_that_reads_back_otherwise_is_told_at_once)
{
    seam = (struct seam){.bend_read = 1};
    put_record(1);
    cr_assert(hears(STORAGE_VOTES_WRONG, 1));
    cr_assert(eq(uint, news[STORAGE_VOTES_RENEWED], 0));
    cr_assert(eq(u64, stored, 0));
}

Test(scrub, is_not_alone_a_store_that_fails_is_given_up_for_a_new_one_once_an_hour)
{
    put_record(1);
    cr_assert(hears(STORAGE_STORED, 1));
    seam = (struct seam){.at = 2, .act = SEAM_FAIL, .error = EIO};
    put_record(2);
    cr_assert(hears(STORAGE_STORED, 2));
    cr_assert(eq(uint, news[STORAGE_VOTES_RENEWED], 1));
    cr_assert(eq(int, scratch_count("votes.dead-", NULL), 1));
    put_record(3);
    cr_assert(hears(STORAGE_STORED, 3));
    cr_assert(hears(STORAGE_SCRUBBED, news[STORAGE_SCRUBBED] + 2));
    seam = (struct seam){.at = 1, .act = SEAM_FAIL, .error = EIO};
    put_record(4);
    cr_assert(hears(STORAGE_VOTES_WRONG, 1));
    put_record(5);
    cr_assert(hears(STORAGE_VOTES_WRONG, 2), "and no more is voted");
    cr_assert(eq(u64, stored, 3));
    end();
    seam = (struct seam){0};
    storage = NULL;
    cr_assert(eq(int, votes_open(&votes, votes_sample_path()), VOTES_OK));
    cr_assert(eq(int, votes.record[0], 3));
}

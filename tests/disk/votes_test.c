#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sodium.h>

#include "agent/votes.h"
#include "agent/votes_slot.h"
#include "scratch.h"
#include "seam.h"

#define SECTOR 512

static struct votes store;

static void begin(void)
{
    cr_assert(sodium_init() >= 0);
}

TestSuite(votes, .init = begin);

static const char *path(void)
{
    return scratch_path("votes");
}

/* The n-th record of a test, of which every byte says so, and its block. */
struct sample {
    uint8_t record[3000];
    uint8_t block[20000];
    uint8_t hash[VOTES_HASH_BYTES];
};

static struct sample sample_of(uint8_t number)
{
    struct sample s;
    memset(s.record, number, sizeof s.record);
    memset(s.block, 0x80 + number, sizeof s.block);
    memset(s.hash, 0x40 + number, sizeof s.hash);
    return s;
}

/* Writes record `number` with its block, keeping that one and `kept` numbers before it. */
static bool put(struct votes *v, uint8_t number, uint8_t kept)
{
    struct sample s = sample_of(number);
    uint8_t keep[VOTES_HELD_MAX][VOTES_HASH_BYTES];
    for (uint8_t i = 0; i <= kept; i++) {
        memset(keep[i], 0x40 + number - i, sizeof keep[i]);
    }
    const struct votes_write w = {
        .record = s.record,
        .record_bytes = sizeof s.record,
        .block = s.block,
        .block_bytes = sizeof s.block,
        .block_hash = s.hash,
        .keep = keep[0],
        .keep_count = kept + 1u,
    };
    return votes_write(v, &w);
}

/* Whether the open store is wholly that of record `number` with `kept` blocks before its own.
 */
static bool holds(const struct votes *v, uint8_t number, uint8_t kept)
{
    static uint8_t block[VOTES_BLOCK_MAX];
    struct sample s = sample_of(number);
    bool all = v->record_bytes == sizeof s.record &&
               memcmp(v->record, s.record, sizeof s.record) == 0 && v->held_count == kept + 1u;
    for (uint8_t i = 0; all && i <= kept; i++) {
        s = sample_of(number - i);
        all = memcmp(v->held[i].hash, s.hash, sizeof s.hash) == 0 &&
              v->held[i].size_bytes == sizeof s.block && votes_block(v, i, block) &&
              memcmp(block, s.block, sizeof s.block) == 0;
    }
    return all;
}

static void make(uint8_t records, uint8_t kept)
{
    cr_assert(eq(int, votes_create(path()), VOTES_OK));
    cr_assert(eq(int, votes_open(&store, path()), VOTES_OK));
    for (uint8_t i = 1; i <= records; i++) {
        cr_assert(put(&store, i, i > kept ? kept : i - 1));
    }
    votes_finish(&store);
}

Test(votes, is_made_once_and_opened_by_one)
{
    struct votes second;

    cr_assert(eq(int, votes_open(&store, path()), VOTES_MISSING));
    cr_assert(eq(int, votes_create(path()), VOTES_OK));
    cr_assert(eq(int, votes_create(path()), VOTES_PRESENT));
    cr_assert(eq(int, scratch_count("votes", NULL), 1));
    cr_assert(eq(int, votes_open(&store, path()), VOTES_OK));
    cr_assert(eq(uint, store.record_bytes, 0));
    cr_assert(not(store.other_lost));
    cr_assert(eq(int, votes_open(&second, path()), VOTES_LOCKED));
    votes_finish(&store);
    votes_finish(&store);
    cr_assert(eq(int, votes_open(&second, path()), VOTES_OK));
    votes_finish(&second);
    votes_finish(NULL);
    cr_assert(eq(int, votes_create(scratch_path("no/votes")), VOTES_UNUSABLE));
    cr_assert(eq(int, votes_open(&store, scratch()), VOTES_UNUSABLE));
}

Test(votes, remembers_the_newest_record_and_the_blocks_it_keeps)
{
    cr_assert(eq(int, votes_create(path()), VOTES_OK));
    for (uint8_t i = 1; i <= 40; i++) {
        const uint8_t kept = i > VOTES_HELD_MAX ? VOTES_HELD_MAX - 1 : i - 1;
        cr_assert(eq(int, votes_open(&store, path()), VOTES_OK));
        cr_assert(not(store.other_lost));
        cr_assert(put(&store, i, kept));
        cr_assert(holds(&store, i, kept), "record %u, just written", i);
        votes_finish(&store);
        cr_assert(eq(int, votes_open(&store, path()), VOTES_OK));
        cr_assert(holds(&store, i, kept), "record %u, read again", i);
        votes_finish(&store);
    }
}

Test(votes, asks_for_no_room_after_it_was_made)
{
    make(0, 0);
    const size_t made = file_size(path());
    cr_assert(eq(int, votes_open(&store, path()), VOTES_OK));
    for (uint8_t i = 1; i <= 40; i++) {
        cr_assert(put(&store, i, i > VOTES_HELD_MAX ? VOTES_HELD_MAX - 1 : i - 1));
    }
    votes_finish(&store);
    cr_assert(eq(sz, file_size(path()), made));
}

Test(votes, works_on_a_disk_that_is_full)
{
    if (!scratch_mount(4 * 1024 * 1024)) {
        cr_skip("needs to mount");
    }
    make(0, 0);
    cr_assert(gt(sz, disk_fill(scratch_path("rubbish")), 0));
    cr_assert(eq(int, votes_create(scratch_path("another")), VOTES_UNUSABLE));
    cr_assert(eq(int, scratch_count("another", NULL), 0), "nothing half made is left");
    cr_assert(eq(int, votes_open(&store, path()), VOTES_OK));
    for (uint8_t i = 1; i <= 40; i++) {
        cr_assert(put(&store, i, i > 5 ? 5 : i - 1));
    }
    cr_assert(holds(&store, 40, 5));
    votes_finish(&store);
}

/* What is found after a death in the midst of writing record 4 over 3; the store must be whole,
 * and must work on. */
static void check_after_death(const char *when, uint32_t number)
{
    cr_assert(eq(int, votes_open(&store, path()), VOTES_OK), "%s %u", when, number);
    cr_assert(holds(&store, 3, 2) || holds(&store, 4, 2), "%s %u", when, number);
    cr_assert(put(&store, store.record[0] + 1, 2), "%s %u", when, number);
    votes_finish(&store);
}

Test(votes, is_the_old_or_the_new_one_wherever_the_process_dies)
{
    static const enum seam_act acts[] = {SEAM_DIE_BEFORE, SEAM_DIE_AFTER, SEAM_DIE_AMID};
    make(3, 2);
    size_t size_bytes;
    uint8_t *const before = file_load(path(), &size_bytes);
    uint32_t deaths = 0;
    for (uint32_t i = 0; i < 200; i++) {
        file_save(path(), before, size_bytes);
        const pid_t child = fork();
        if (child == 0) {
            seam =
                (struct seam){.at = i / 3 % 4 + 1, .act = acts[i % 3], .amid_bytes = i * 100};
            struct votes *const v = calloc(1, sizeof *v);
            if (votes_open(v, path()) != VOTES_OK) {
                _exit(1);
            }
            seam.calls = 0; /* opening wrote too; the next test is about that */
            _exit(put(v, 4, 2) ? 0 : 2);
        }
        int status;
        cr_assert(eq(int, waitpid(child, &status, 0), child));
        const bool died = WIFEXITED(status) && WEXITSTATUS(status) == SEAM_STATUS;
        cr_assert(died || status == 0);
        deaths += died;
        check_after_death("death", i);
    }
    cr_assert(gt(uint, deaths, 100));
    free(before);
}

Test(votes, loses_nothing_when_the_process_dies_while_opening)
{
    make(3, 2);
    for (uint32_t i = 1; i <= 6; i++) {
        const pid_t child = fork();
        if (child == 0) {
            seam = (struct seam){.at = i, .act = SEAM_DIE_AMID, .amid_bytes = 1000};
            _exit(votes_open(&store, path()) == VOTES_OK ? 0 : 1);
        }
        int status;
        waitpid(child, &status, 0);
        const bool opened = WEXITSTATUS(status) == 0;
        cr_assert(opened || WEXITSTATUS(status) == SEAM_STATUS);
        seam = (struct seam){0};
        cr_assert(eq(int, votes_open(&store, path()), VOTES_OK), "call %u", i);
        cr_assert(holds(&store, 3, 2), "call %u", i);
        votes_finish(&store);
    }
}

/* A power cut leaves any mix of the sectors that were not yet acknowledged. */
Test(votes, is_the_old_or_the_new_one_whichever_sectors_arrived)
{
    size_t size_bytes;
    make(3, 2);
    uint8_t *const before = file_load(path(), &size_bytes);
    cr_assert(eq(int, votes_open(&store, path()), VOTES_OK));
    uint8_t *const opened = file_load(path(), &size_bytes);
    cr_assert(put(&store, 4, 2));
    votes_finish(&store);
    uint8_t *const after = file_load(path(), &size_bytes);

    size_t changed[256];
    size_t count = 0;
    for (size_t at = 0; at < size_bytes; at += SECTOR) {
        const size_t left = size_bytes - at < SECTOR ? size_bytes - at : SECTOR;
        if (memcmp(opened + at, after + at, left) != 0) {
            changed[count++] = at;
        }
    }
    cr_assert(gt(sz, count, 40));
    uint8_t *const mixed = malloc(size_bytes);
    for (size_t i = 0; i < 4 * count; i++) {
        memcpy(mixed, opened, size_bytes);
        for (size_t k = 0; k < count; k++) {
            /* First each beginning, then each end, then dice. */
            const bool arrived = i < count       ? k < i
                                 : i < 2 * count ? k >= i - count
                                                 : randombytes_uniform(2) == 1;
            if (arrived) {
                memcpy(mixed + changed[k], after + changed[k], SECTOR);
            }
        }
        file_save(path(), mixed, size_bytes);
        check_after_death("mix", (uint32_t)i);
    }
    free(mixed);
    free(after);
    free(opened);
    free(before);
}

Test(votes, is_dead_after_the_first_failure_and_writes_no_more)
{
    static const int errors[] = {EIO, ENOSPC, EROFS};
    make(3, 2);
    for (uint32_t i = 0; i < 9; i++) {
        cr_assert(eq(int, votes_open(&store, path()), VOTES_OK));
        const uint8_t number = store.record[0];
        seam = (struct seam){.at = i % 3 + 1, .act = SEAM_FAIL, .error = errors[i / 3]};
        cr_assert(not(put(&store, number + 1, 2)));
        cr_assert(store.dead);
        cr_assert(eq(int, store.error, errors[i / 3]));
        const uint32_t calls = seam.calls;
        cr_assert(not(put(&store, number + 1, 2)));
        cr_assert(eq(uint, seam.calls, calls), "a dead store is not tried again");
        votes_finish(&store);
        seam = (struct seam){0};
    }
    seam = (struct seam){.at = 5, .act = SEAM_FAIL, .error = EIO};
    cr_assert(eq(int, votes_open(&store, path()), VOTES_UNUSABLE));
    cr_assert(eq(int, store.error, EIO));
    seam = (struct seam){0};
}

/* Flips one bit of every byte in [from, to) of a store with two slots, and judges each. */
static void flip_all(size_t from, size_t to, size_t step,
                     void (*judge)(enum votes_verdict, size_t))
{
    size_t size_bytes;
    uint8_t *const before = file_load(path(), &size_bytes);
    for (size_t at = from; at < to; at += step) {
        file_flip(path(), at, (int)(at % 8));
        judge(votes_open(&store, path()), at);
        votes_finish(&store);
        file_save(path(), before, size_bytes);
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
    cr_assert(holds(&store, 2, 1), "byte %zu: the older slot stands", at);
    cr_assert(store.other_lost, "byte %zu", at);
}

static void judge_older(enum votes_verdict verdict, size_t at)
{
    cr_assert(eq(int, verdict, VOTES_OK), "byte %zu", at);
    cr_assert(holds(&store, 3, 1), "byte %zu: the newer slot stands", at);
    cr_assert(store.other_lost, "byte %zu", at);
}

static void judge_shared(enum votes_verdict verdict, size_t at)
{
    cr_assert(eq(int, verdict, VOTES_DAMAGED), "byte %zu", at);
}

static void judge_unused(enum votes_verdict verdict, size_t at)
{
    cr_assert(eq(int, verdict, VOTES_OK), "byte %zu", at);
    cr_assert(holds(&store, 3, 1), "byte %zu", at);
    cr_assert(not(store.other_lost), "byte %zu", at);
}

/* Blocks 1, 2, 3 lie in places 0, 1, 2; the older record names 1 and 2, the newest 2 and 3. The
 * serials are 2 for opening, then 3, 4, 5. */
Test(votes, notices_a_flipped_bit_wherever_it_is)
{
    const size_t used = 32 + 32 + 8 + 4 + 4 + 2 * 72 + 3000;
    const size_t newest = (size_t)votes_slot_at(5);
    const size_t older = (size_t)votes_slot_at(4);
    const size_t block = sizeof((struct sample *)NULL)->block;
    make(3, 1);
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

Test(votes, is_damaged_when_cut_or_grown_or_rubbish)
{
    size_t size_bytes;
    make(3, 2);
    uint8_t *const bytes = file_load(path(), &size_bytes);
    static const size_t sizes[] = {
        0, 1, 95, 96, 4096, 24575, 45056, 45057, VOTES_FILE_BYTES - 1};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        file_save(path(), bytes, sizes[i]);
        cr_assert(eq(int, votes_open(&store, path()), VOTES_DAMAGED), "cut to %zu", sizes[i]);
    }
    uint8_t *const more = calloc(1, size_bytes + 1);
    file_save(path(), more, size_bytes + 1);
    cr_assert(eq(int, votes_open(&store, path()), VOTES_DAMAGED));
    file_save(path(), more, size_bytes);
    cr_assert(eq(int, votes_open(&store, path()), VOTES_DAMAGED), "zeros");
    randombytes_buf(more, size_bytes);
    file_save(path(), more, size_bytes);
    cr_assert(eq(int, votes_open(&store, path()), VOTES_DAMAGED), "rubbish");
    file_save(path(), bytes, size_bytes);
    cr_assert(eq(int, votes_open(&store, path()), VOTES_OK), "as it was");
    votes_finish(&store);
    free(more);
    free(bytes);
}

Test(votes, refuses_a_copy_and_takes_what_was_only_renamed)
{
    size_t size_bytes;
    make(3, 2);
    uint8_t *const bytes = file_load(path(), &size_bytes);
    file_save(scratch_path("copy"), bytes, size_bytes);
    cr_assert(eq(int, votes_open(&store, scratch_path("copy")), VOTES_FOREIGN));
    cr_assert(eq(int, rename(path(), scratch_path("moved")), 0));
    cr_assert(eq(int, rename(scratch_path("copy"), path()), 0));
    cr_assert(eq(int, votes_open(&store, path()), VOTES_FOREIGN), "restored");
    cr_assert(eq(int, rename(scratch_path("moved"), path()), 0));
    cr_assert(eq(int, votes_open(&store, path()), VOTES_OK));
    cr_assert(holds(&store, 3, 2));
    votes_finish(&store);
    free(bytes);
}

Test(votes, refuses_the_slots_of_another_store)
{
    size_t size_bytes;
    make(3, 2);
    uint8_t *const first = file_load(path(), &size_bytes);
    cr_assert(eq(int, rename(path(), scratch_path("first")), 0));
    make(3, 2);
    uint8_t *const second = file_load(path(), &size_bytes);
    memcpy(first, second, VOTES_SLOTS_AT);
    file_save(path(), first, size_bytes);
    cr_assert(eq(int, votes_open(&store, path()), VOTES_FOREIGN));
    free(second);
    free(first);
}

Test(votes, is_replaced_with_a_first_record_and_kept)
{
    uint8_t old_id[VOTES_STORE_ID_BYTES];
    char lost[SCRATCH_PATH_MAX];
    struct sample s = sample_of(9);
    const struct votes_write first = {
        .record = s.record,
        .record_bytes = sizeof s.record,
        .block = s.block,
        .block_bytes = sizeof s.block,
        .block_hash = s.hash,
        .keep = s.hash,
        .keep_count = 1,
    };
    make(3, 2);
    cr_assert(eq(int, votes_open(&store, path()), VOTES_OK));
    memcpy(old_id, store.store_id, sizeof old_id);
    votes_finish(&store);

    cr_assert(eq(int, votes_replace(&store, path(), &first), VOTES_OK));
    cr_assert(holds(&store, 9, 0));
    cr_assert(ne(int, memcmp(old_id, store.store_id, sizeof old_id), 0));
    votes_finish(&store);
    cr_assert(eq(int, scratch_count("votes.lost-", lost), 1));
    cr_assert(eq(int, votes_open(&store, lost), VOTES_OK), "what was there is untouched");
    cr_assert(holds(&store, 3, 2));
    votes_finish(&store);

    cr_assert(eq(int, votes_replace(&store, path(), &first), VOTES_OK));
    votes_finish(&store);
    cr_assert(eq(int, scratch_count("votes.lost-", NULL), 2), "in the same second");
    cr_assert(eq(int, unlink(path()), 0));
    cr_assert(eq(int, votes_replace(&store, path(), &first), VOTES_OK), "nothing was there");
    votes_finish(&store);
}

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
#include "votes_sample.h"

#define SECTOR 512

static struct votes store;

static void begin(void)
{
    cr_assert(sodium_init() >= 0);
}

TestSuite(votes, .init = begin);

Test(votes, is_made_once_and_opened_by_one)
{
    struct votes second;

    cr_assert(eq(int, votes_open(&store, votes_sample_path()), VOTES_MISSING));
    cr_assert(eq(int, votes_create(votes_sample_path()), VOTES_OK));
    cr_assert(eq(int, votes_create(votes_sample_path()), VOTES_PRESENT));
    cr_assert(eq(int, scratch_count("votes", NULL), 1));
    cr_assert(eq(int, votes_open(&store, votes_sample_path()), VOTES_OK));
    cr_assert(eq(uint, store.record_bytes, 0));
    cr_assert(not(store.other_lost));
    cr_assert(eq(int, votes_open(&second, votes_sample_path()), VOTES_LOCKED));
    votes_finish(&store);
    votes_finish(&store);
    cr_assert(eq(int, votes_open(&second, votes_sample_path()), VOTES_OK));
    votes_finish(&second);
    votes_finish(NULL);
    cr_assert(eq(int, votes_create(scratch_path("no/votes")), VOTES_UNUSABLE));
    cr_assert(eq(int, votes_open(&store, scratch()), VOTES_UNUSABLE));
}

Test(votes, remembers_the_newest_record_and_the_blocks_it_keeps)
{
    cr_assert(eq(int, votes_create(votes_sample_path()), VOTES_OK));
    for (uint8_t i = 1; i <= 40; i++) {
        const uint8_t kept = i > VOTES_HELD_MAX ? VOTES_HELD_MAX - 1 : i - 1;
        cr_assert(eq(int, votes_open(&store, votes_sample_path()), VOTES_OK));
        cr_assert(not(store.other_lost));
        cr_assert(votes_sample_put(&store, i, kept));
        cr_assert(votes_sample_holds(&store, i, kept), "record %u, just written", i);
        votes_finish(&store);
        cr_assert(eq(int, votes_open(&store, votes_sample_path()), VOTES_OK));
        cr_assert(votes_sample_holds(&store, i, kept), "record %u, read again", i);
        votes_finish(&store);
    }
}

Test(votes, asks_for_no_room_after_it_was_made)
{
    votes_sample_make(0, 0);
    const size_t made = file_size(votes_sample_path());
    cr_assert(eq(int, votes_open(&store, votes_sample_path()), VOTES_OK));
    for (uint8_t i = 1; i <= 40; i++) {
        cr_assert(votes_sample_put(&store, i, i > VOTES_HELD_MAX ? VOTES_HELD_MAX - 1 : i - 1));
    }
    votes_finish(&store);
    cr_assert(eq(sz, file_size(votes_sample_path()), made));
}

Test(votes, works_on_a_disk_that_is_full)
{
    if (!scratch_mount(4 * 1024 * 1024)) {
        cr_skip("needs to mount");
    }
    votes_sample_make(0, 0);
    cr_assert(gt(sz, disk_fill(scratch_path("rubbish")), 0));
    cr_assert(eq(int, votes_create(scratch_path("another")), VOTES_UNUSABLE));
    cr_assert(eq(int, scratch_count("another", NULL), 0), "nothing half made is left");
    cr_assert(eq(int, votes_open(&store, votes_sample_path()), VOTES_OK));
    for (uint8_t i = 1; i <= 40; i++) {
        cr_assert(votes_sample_put(&store, i, i > 5 ? 5 : i - 1));
    }
    cr_assert(votes_sample_holds(&store, 40, 5));
    votes_finish(&store);
}

/* What is found after a death in the midst of writing record 4 over 3; the store must be whole,
 * and must work on. */
static void check_after_death(const char *when, uint32_t number)
{
    cr_assert(eq(int, votes_open(&store, votes_sample_path()), VOTES_OK), "%s %u", when,
              number);
    cr_assert(votes_sample_holds(&store, 3, 2) || votes_sample_holds(&store, 4, 2), "%s %u",
              when, number);
    cr_assert(votes_sample_put(&store, store.record[0] + 1, 2), "%s %u", when, number);
    votes_finish(&store);
}

Test(votes, is_the_old_or_the_new_one_wherever_the_process_dies)
{
    static const enum seam_act acts[] = {SEAM_DIE_BEFORE, SEAM_DIE_AFTER, SEAM_DIE_AMID};
    votes_sample_make(3, 2);
    size_t size_bytes;
    uint8_t *const before = file_load(votes_sample_path(), &size_bytes);
    uint32_t deaths = 0;
    for (uint32_t i = 0; i < 200; i++) {
        file_save(votes_sample_path(), before, size_bytes);
        const pid_t child = fork();
        if (child == 0) {
            seam =
                (struct seam){.at = i / 3 % 4 + 1, .act = acts[i % 3], .amid_bytes = i * 100};
            struct votes *const v = calloc(1, sizeof *v);
            if (votes_open(v, votes_sample_path()) != VOTES_OK) {
                _exit(1);
            }
            seam.calls = 0; /* opening wrote too; the next test is about that */
            _exit(votes_sample_put(v, 4, 2) ? 0 : 2);
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
    votes_sample_make(3, 2);
    for (uint32_t i = 1; i <= 6; i++) {
        const pid_t child = fork();
        if (child == 0) {
            seam = (struct seam){.at = i, .act = SEAM_DIE_AMID, .amid_bytes = 1000};
            _exit(votes_open(&store, votes_sample_path()) == VOTES_OK ? 0 : 1);
        }
        int status;
        waitpid(child, &status, 0);
        const bool opened = WEXITSTATUS(status) == 0;
        cr_assert(opened || WEXITSTATUS(status) == SEAM_STATUS);
        seam = (struct seam){0};
        cr_assert(eq(int, votes_open(&store, votes_sample_path()), VOTES_OK), "call %u", i);
        cr_assert(votes_sample_holds(&store, 3, 2), "call %u", i);
        votes_finish(&store);
    }
}

/* A power cut leaves any mix of the sectors that were not yet acknowledged. */
Test(votes, is_the_old_or_the_new_one_whichever_sectors_arrived)
{
    size_t size_bytes;
    votes_sample_make(3, 2);
    uint8_t *const before = file_load(votes_sample_path(), &size_bytes);
    cr_assert(eq(int, votes_open(&store, votes_sample_path()), VOTES_OK));
    uint8_t *const opened = file_load(votes_sample_path(), &size_bytes);
    cr_assert(votes_sample_put(&store, 4, 2));
    votes_finish(&store);
    uint8_t *const after = file_load(votes_sample_path(), &size_bytes);

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
        file_save(votes_sample_path(), mixed, size_bytes);
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
    votes_sample_make(3, 2);
    for (uint32_t i = 0; i < 9; i++) {
        cr_assert(eq(int, votes_open(&store, votes_sample_path()), VOTES_OK));
        const uint8_t number = store.record[0];
        seam = (struct seam){.at = i % 3 + 1, .act = SEAM_FAIL, .error = errors[i / 3]};
        cr_assert(not(votes_sample_put(&store, number + 1, 2)));
        cr_assert(store.dead);
        cr_assert(eq(int, store.error, errors[i / 3]));
        const uint32_t calls = seam.calls;
        cr_assert(not(votes_sample_put(&store, number + 1, 2)));
        cr_assert(eq(uint, seam.calls, calls), "a dead store is not tried again");
        votes_finish(&store);
        seam = (struct seam){0};
    }
    seam = (struct seam){.at = 5, .act = SEAM_FAIL, .error = EIO};
    cr_assert(eq(int, votes_open(&store, votes_sample_path()), VOTES_UNUSABLE));
    cr_assert(eq(int, store.error, EIO));
    seam = (struct seam){0};
}

Test(votes, is_replaced_with_a_first_record_and_kept)
{
    uint8_t old_id[VOTES_STORE_ID_BYTES];
    char lost[SCRATCH_PATH_MAX];
    struct votes_sample s = votes_sample_of(9);
    const struct votes_write first = {
        .record = s.record,
        .record_bytes = sizeof s.record,
        .block = s.block,
        .block_bytes = sizeof s.block,
        .block_hash = s.hash,
        .keep = s.hash,
        .keep_count = 1,
    };
    votes_sample_make(3, 2);
    cr_assert(eq(int, votes_open(&store, votes_sample_path()), VOTES_OK));
    memcpy(old_id, store.store_id, sizeof old_id);
    votes_finish(&store);

    cr_assert(eq(int, votes_replace(&store, votes_sample_path(), &first), VOTES_OK));
    cr_assert(votes_sample_holds(&store, 9, 0));
    cr_assert(ne(int, memcmp(old_id, store.store_id, sizeof old_id), 0));
    votes_finish(&store);
    cr_assert(eq(int, scratch_count("votes.lost-", lost), 1));
    cr_assert(eq(int, votes_open(&store, lost), VOTES_OK), "what was there is untouched");
    cr_assert(votes_sample_holds(&store, 3, 2));
    votes_finish(&store);

    cr_assert(eq(int, votes_replace(&store, votes_sample_path(), &first), VOTES_OK));
    votes_finish(&store);
    cr_assert(eq(int, scratch_count("votes.lost-", NULL), 2), "in the same second");
    cr_assert(eq(int, unlink(votes_sample_path()), 0));
    cr_assert(eq(int, votes_replace(&store, votes_sample_path(), &first), VOTES_OK),
              "nothing was there");
    votes_finish(&store);
}

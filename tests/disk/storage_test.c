#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sodium.h>
#include <sqlite3.h>

#include "agent/storage.h"
#include "sample.h"
#include "scratch.h"
#include "seam.h"

#define NOTICES_MAX 4096

/* What the loop's side has heard. */
static struct heard {
    uint32_t count;
    struct storage_notice list[NOTICES_MAX];
    uint64_t stored;
    uint32_t news[16]; /* of each kind */
    char why[512];     /* the last */
    uint32_t reads;
    struct storage_answer last_read;
    uint32_t last_events;
} heard;

static struct votes votes;
static struct storage *storage;

static void on_notice(void *context, const struct storage_notice *notice)
{
    cr_assert(eq(ptr, context, &heard));
    cr_assert(lt(uint, heard.count, NOTICES_MAX));
    heard.list[heard.count++] = *notice;
    heard.news[notice->news]++;
    if (notice->news == STORAGE_STORED) {
        cr_assert(gt(u64, notice->serial, heard.stored), "told in order");
        heard.stored = notice->serial;
    } else {
        snprintf(heard.why, sizeof heard.why, "%s", notice->why);
    }
}

static void on_read(void *context, const struct storage_answer *answer)
{
    heard.reads++;
    heard.last_read = *answer;
    if (answer->block != NULL) {
        cr_assert(sample_block_is(answer->block, *(const uint64_t *)context));
    }
    heard.last_events = answer->events != NULL ? answer->events->count : 0;
}

static void start(struct votes *with)
{
    struct store_opening opening;
    const struct storage_options options = {
        .votes = with,
        .votes_path = scratch_path("votes"),
        .store = store_open(scratch_path("ostrakon.db"), SAMPLE_CLUSTER, &opening),
        .on_notice = on_notice,
        .context = &heard,
    };
    storage = storage_create(&options);
    cr_assert(ne(ptr, storage, NULL));
}

static void begin(void)
{
    cr_assert(sodium_init() >= 0);
}

static void end(void)
{
    storage_destroy(storage);
    votes_finish(&votes);
}

TestSuite(storage, .init = begin, .fini = end);

static void start_with_votes(void)
{
    cr_assert(eq(int, votes_create(scratch_path("votes")), VOTES_OK));
    cr_assert(eq(int, votes_open(&votes, scratch_path("votes")), VOTES_OK));
    start(&votes);
}

/* Reaps for at most `wait_ms`, until `*counter` has reached `value`. */
static bool reap_until(const void *counter, size_t size_bytes, uint64_t value, int wait_ms)
{
    for (int waited = 0;; waited += 10) {
        uint64_t now = 0;
        memcpy(&now, counter, size_bytes);
        if (now >= value) {
            return true;
        }
        if (waited >= wait_ms) {
            return false;
        }
        struct pollfd woken = {.fd = storage_fd(storage), .events = POLLIN};
        poll(&woken, 1, 10);
        storage_reap(storage);
    }
}

/* Hundreds of syncs, of a disk that others keep busy. */
#define REAP_UNTIL(counter, value) reap_until(&(counter), sizeof(counter), value, 60000)

static void put_record(uint64_t serial)
{
    char record[64];
    const int size = snprintf(record, sizeof record, "record %d", (int)serial);
    const struct votes_write w = {.record = (uint8_t *)record, .record_bytes = (uint32_t)size};
    storage_record(storage, serial, &w);
}

static void put_record_with_block(uint64_t serial, uint8_t number)
{
    uint8_t block[5000];
    uint8_t hash[VOTES_HASH_BYTES];
    memset(block, number, sizeof block);
    memset(hash, number, sizeof hash);
    const struct votes_write w = {.record = (const uint8_t *)"with block",
                                  .record_bytes = 10,
                                  .block = block,
                                  .block_bytes = sizeof block,
                                  .block_hash = hash,
                                  .keep = hash,
                                  .keep_count = 1};
    storage_record(storage, serial, &w);
}

static void put_block(uint64_t serial, uint64_t height)
{
    struct sample_block sample;
    sample_block_fill(&sample, height);
    storage_block(storage, serial, &sample.block, sample.events, SAMPLE_EVENTS);
    memset(&sample, 0, sizeof sample); /* it was copied */
}

static bool record_is(const char *text)
{
    cr_assert(eq(int, votes_open(&votes, scratch_path("votes")), VOTES_OK));
    const bool is = votes.record_bytes == strlen(text) &&
                    memcmp(votes.record, text, votes.record_bytes) == 0;
    votes_finish(&votes);
    return is;
}

Test(storage, does_writes_in_order_and_reads_after_them)
{
    static uint64_t height = 49;
    start_with_votes();
    cr_assert(eq(u64, storage_oldest_ms(storage), 0));
    for (uint64_t i = 0; i < 50; i++) {
        put_record(2 * i + 1);
        put_block(2 * i + 2, i);
    }
    put_record_with_block(101, 7);
    put_record(102);
    const struct store_query query = {.limit = 1000, .member = "atlas"};
    cr_assert(storage_block_read(storage, height, on_read, &height));
    cr_assert(storage_events_read(storage, &query, on_read, NULL));
    cr_assert(REAP_UNTIL(heard.stored, 102));
    cr_assert(REAP_UNTIL(heard.reads, 2));
    cr_assert(eq(uint, heard.last_events, 50));
    cr_assert(eq(uint, heard.news[STORAGE_STORED], heard.count), "nothing but good news");
    cr_assert(eq(u64, storage_oldest_ms(storage), 0));
    storage_destroy(storage);
    storage = NULL;
    votes_finish(&votes);
    cr_assert(record_is("record 102"));
}

Test(storage, finishes_what_is_queued_before_it_ends)
{
    struct store_opening opening;
    start_with_votes();
    for (uint64_t i = 0; i < 30; i++) {
        put_block(i + 1, i);
    }
    storage_snapshot(storage, 29, (const uint8_t *)"state", 5);
    put_record(31);
    storage_destroy(storage);
    storage = NULL;
    votes_finish(&votes);
    cr_assert(record_is("record 31"));
    struct store *const s = store_open(scratch_path("ostrakon.db"), SAMPLE_CLUSTER, &opening);
    uint8_t *state;
    uint64_t height;
    uint32_t size_bytes;
    for (uint64_t i = 0; i < 30; i++) {
        sample_block_check(s, i);
    }
    cr_assert(
        eq(int, store_snapshot_read(s, 29, &height, &state, &size_bytes), STORE_ANSWER_DONE));
    cr_assert(eq(int, memcmp(state, "state", 5), 0));
    free(state);
    store_destroy(s);
}

/* A record is two calls, its slot and the wait; with a block three. */
Test(storage, passes_over_records_that_the_next_one_repeats_but_no_block)
{
    start_with_votes();
    /* A block of the chain keeps the thread busy while the rest is queued. */
    for (int attempt = 0; attempt < 20; attempt++) {
        const uint64_t first = 100 * (uint64_t)attempt;
        seam.calls = 0;
        put_block(first + 1, (uint64_t)attempt);
        for (uint64_t i = 2; i <= 20; i++) {
            put_record(first + i);
        }
        put_record_with_block(first + 21, 9);
        put_record(first + 22);
        put_record(first + 23);
        cr_assert(REAP_UNTIL(heard.stored, first + 23));
        if (seam.calls == 3 + 2) { /* that with the block, and the last */
            return;
        }
    }
    cr_assert(false, "records were never merged");
}

Test(storage, tells_of_a_full_disk_once_retries_and_reorders_nothing)
{
    static uint64_t height = 0;
    if (!scratch_mount(16 * 1024 * 1024)) {
        cr_skip("needs to mount");
    }
    start_with_votes();
    put_block(1, 0);
    cr_assert(REAP_UNTIL(heard.stored, 1));
    cr_assert(gt(sz, disk_fill(scratch_path("rubbish")), 0));
    for (uint64_t i = 1; i <= 200; i++) {
        put_block(i + 1, i);
    }
    put_record(300);
    cr_assert(REAP_UNTIL(heard.news[STORAGE_FAILED], 1));
    cr_assert(ne(ptr, (void *)strstr(heard.why, "No space left"), NULL), "%s", heard.why);
    cr_assert(eq(int, heard.list[heard.count - 1].error, ENOSPC));
    cr_assert(storage_block_read(storage, height, on_read, &height));
    cr_assert(REAP_UNTIL(heard.reads, 1));
    cr_assert(eq(int, heard.last_read.answer, STORE_ANSWER_DONE), "reads go on meanwhile");
    cr_assert(not(reap_until(&heard.news[STORAGE_RECOVERED], 4, 1, 1500)));
    cr_assert(eq(uint, heard.news[STORAGE_FAILED], 1), "told once");
    cr_assert(gt(u64, storage_oldest_ms(storage), 1000));
    const uint64_t stored = heard.stored;
    cr_assert(lt(u64, stored, 201));
    cr_assert(eq(int, unlink(scratch_path("rubbish")), 0));
    cr_assert(REAP_UNTIL(heard.stored, 300));
    cr_assert(eq(uint, heard.news[STORAGE_RECOVERED], 1));
    storage_destroy(storage);
    storage = NULL;
    struct store_opening opening;
    struct store *const s = store_open(scratch_path("ostrakon.db"), SAMPLE_CLUSTER, &opening);
    for (uint64_t i = 0; i <= 200; i++) {
        sample_block_check(s, i);
    }
    store_destroy(s);
}

Test(storage, ends_even_while_the_disk_is_full)
{
    if (!scratch_mount(16 * 1024 * 1024)) {
        cr_skip("needs to mount");
    }
    start_with_votes();
    disk_fill(scratch_path("rubbish"));
    for (uint64_t i = 0; i < 200; i++) {
        put_block(i + 1, i);
    }
    cr_assert(REAP_UNTIL(heard.news[STORAGE_FAILED], 1));
}

Test(storage, says_that_the_vote_store_is_dead_and_goes_on_with_blocks)
{
    start_with_votes();
    put_record(1);
    cr_assert(REAP_UNTIL(heard.stored, 1));
    seam = (struct seam){.at = 2, .act = SEAM_FAIL, .error = EIO, .lasting = true};
    put_record(2);
    cr_assert(REAP_UNTIL(heard.news[STORAGE_VOTES_DEAD], 1));
    cr_assert(eq(u64, heard.list[heard.count - 1].serial, 2));
    cr_assert(eq(int, heard.list[heard.count - 1].error, EIO));
    const uint32_t calls = seam.calls;
    put_block(3, 0);
    put_record(4);
    cr_assert(REAP_UNTIL(heard.news[STORAGE_VOTES_DEAD], 2));
    cr_assert(eq(u64, heard.stored, 3));
    cr_assert(eq(uint, seam.calls, calls), "a dead store is not tried again");
}

Test(storage, has_no_vote_store_until_one_is_made_anew)
{
    start(NULL);
    put_record(1);
    cr_assert(REAP_UNTIL(heard.news[STORAGE_VOTES_DEAD], 1));
    cr_assert(eq(int, access(scratch_path("votes"), F_OK), -1), "nothing makes one by itself");
    const struct votes_write first = {.record = (const uint8_t *)"first", .record_bytes = 5};
    storage_votes_replace(storage, 2, &first);
    cr_assert(REAP_UNTIL(heard.stored, 2));
    put_record(3);
    cr_assert(REAP_UNTIL(heard.stored, 3));
    storage_destroy(storage);
    storage = NULL;
    cr_assert(record_is("record 3"));
}

Test(storage, sets_a_damaged_database_aside_and_goes_on)
{
    size_t size_bytes;
    start_with_votes();
    for (uint64_t i = 0; i < 200; i++) {
        put_block(i + 1, i);
    }
    cr_assert(REAP_UNTIL(heard.stored, 200));
    /* The whole file but its first page, and no log to read instead. */
    sqlite3 *other = NULL;
    cr_assert(eq(int, sqlite3_open(scratch_path("ostrakon.db"), &other), SQLITE_OK));
    sqlite3_exec(other, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL);
    sqlite3_close(other);
    uint8_t *const bytes = file_load(scratch_path("ostrakon.db"), &size_bytes);
    memset(bytes + 4096, 0xee, size_bytes - 4096);
    file_save(scratch_path("ostrakon.db"), bytes, size_bytes);
    free(bytes);
    for (uint64_t i = 200; i < 260; i++) {
        put_block(i + 1, i);
    }
    cr_assert(REAP_UNTIL(heard.stored, 260));
    cr_assert(eq(uint, heard.news[STORAGE_SET_ASIDE], 1), "%s", heard.why);
    cr_assert(eq(int, scratch_count("ostrakon.db.damaged-", NULL) >= 1, 1));
    storage_destroy(storage);
    storage = NULL;
    struct store_opening opening;
    struct store *const s = store_open(scratch_path("ostrakon.db"), SAMPLE_CLUSTER, &opening);
    cr_assert(eq(int, opening.verdict, STORE_OK));
    sample_block_check(s, 259);
    store_destroy(s);
}

/* Record n is written after block n - 1 and before block n, so a kill must leave one of the
 * two. */
Test(storage, is_whole_after_a_kill_at_any_time)
{
    cr_assert(eq(int, votes_create(scratch_path("votes")), VOTES_OK));
    struct store_opening made;
    store_destroy(store_open(scratch_path("ostrakon.db"), SAMPLE_CLUSTER, &made));
    uint64_t next = 0;
    /* A busy machine writes little in a round: then they become longer. */
    for (int round = 0; round < 15 || (next <= 10 && round < 100); round++) {
        const pid_t child = fork();
        if (child == 0) {
            if (votes_open(&votes, scratch_path("votes")) != VOTES_OK) {
                _exit(1);
            }
            start(&votes);
            for (uint64_t i = next, serial = 1;; i++, serial += 2) {
                put_record(serial);
                put_block(serial + 1, i);
                if (i % 4 == 0) {
                    REAP_UNTIL(heard.stored, serial + 1);
                }
            }
        }
        usleep((useconds_t)((20000 + round % 15 * 1371) * (1 + round / 15)));
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        cr_assert(eq(int, votes_open(&votes, scratch_path("votes")), VOTES_OK));
        votes_finish(&votes);
        struct store_opening opening;
        struct store *const s =
            store_open(scratch_path("ostrakon.db"), SAMPLE_CLUSTER, &opening);
        cr_assert(ne(int, opening.verdict, STORE_SET_ASIDE), "%s", opening.why);
        uint64_t height;
        if (store_height(s, &height) == STORE_ANSWER_DONE) {
            for (uint64_t i = 0; i <= height; i++) {
                sample_block_check(s, i);
            }
            next = height + 1;
        }
        store_destroy(s);
    }
    cr_assert(gt(u64, next, 10));
}

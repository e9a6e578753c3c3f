#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sodium.h>
#include <sqlite3.h>

#include "agent/store.h"
#include "sample.h"
#include "scratch.h"

static struct store_opening opening;

static void begin(void)
{
    cr_assert(sodium_init() >= 0);
}

TestSuite(store, .init = begin);

static const char *path(void)
{
    return scratch_path("ostrakon.db");
}

static struct store *open_it(enum store_verdict expected)
{
    struct store *const s = store_open(path(), SAMPLE_CLUSTER, &opening);
    cr_assert(eq(int, opening.verdict, expected), "%s: %s", store_verdict_text(opening.verdict),
              opening.why);
    cr_assert(eq(int, s != NULL, expected != STORE_FAILED));
    return s;
}

/* A database with the blocks 0 .. count - 1, closed. */
static void make(uint64_t count)
{
    struct store *const s = open_it(STORE_MADE);
    for (uint64_t height = 0; height < count; height++) {
        sample_block_write(s, height);
    }
    store_destroy(s);
}

static void execute(const char *sql)
{
    sqlite3 *database = NULL;
    cr_assert(eq(int, sqlite3_open(path(), &database), SQLITE_OK));
    cr_assert(eq(int, sqlite3_exec(database, sql, NULL, NULL, NULL), SQLITE_OK), "%s: %s", sql,
              sqlite3_errmsg(database));
    sqlite3_close(database);
}

/* It was put aside with a reason, whole, and there is an empty one in its place. */
static void check_set_aside(const uint8_t *bytes, size_t size_bytes)
{
    struct store *const s = open_it(STORE_SET_ASIDE);
    uint64_t height;
    size_t kept_bytes;
    cr_assert(ne(chr, opening.why[0], '\0'));
    cr_assert(eq(int, strncmp(opening.set_aside, path(), strlen(path())), 0));
    uint8_t *const kept = file_load(opening.set_aside, &kept_bytes);
    cr_assert(eq(sz, kept_bytes, size_bytes));
    cr_assert(eq(int, memcmp(kept, bytes, size_bytes), 0), "kept as it was found");
    free(kept);
    cr_assert(eq(int, store_height(s, &height), STORE_ANSWER_ABSENT));
    sample_block_write(s, 0);
    store_destroy(s);
    store_destroy(open_it(STORE_OK));
}

Test(store, keeps_blocks_events_and_snapshots)
{
    uint64_t height = 77;
    struct store *s = open_it(STORE_MADE);
    cr_assert(eq(int, store_height(s, &height), STORE_ANSWER_ABSENT));
    store_destroy(s);
    s = open_it(STORE_OK);
    for (uint64_t i = 0; i < 20; i++) {
        sample_block_write(s, i);
        sample_block_write(s, i); /* again: nothing new */
    }
    store_destroy(s);
    store_destroy(NULL);
    s = open_it(STORE_OK);
    cr_assert(eq(int, store_height(s, &height), STORE_ANSWER_DONE));
    cr_assert(eq(u64, height, 19));
    for (uint64_t i = 0; i < 20; i++) {
        sample_block_check(s, i);
    }
    struct store_block block;
    cr_assert(eq(int, store_block_read(s, 20, &block), STORE_ANSWER_ABSENT));
    store_destroy(s);
    struct stat status;
    cr_assert(eq(int, stat(path(), &status), 0));
    cr_assert(eq(uint, status.st_mode & 0777, 0600));
}

Test(store, refuses_another_block_at_a_height)
{
    struct store *const s = open_it(STORE_MADE);
    const char *sentence;
    sample_block_write(s, 3);
    uint8_t bytes[8] = "another";
    const struct store_block other = {
        .height = 3, .time_ms = 1, .hash = {9}, .decided = bytes, .decided_bytes = 8};
    cr_assert(eq(int, store_block_write(s, &other, NULL, 0), STORE_ANSWER_CONFLICT));
    store_failure(s, &sentence);
    cr_assert(ne(ptr, (void *)strstr(sentence, "another block of height 3"), NULL));
    sample_block_check(s, 3);
    store_destroy(s);
}

Test(store, keeps_three_snapshots_and_passes_over_a_damaged_one)
{
    uint8_t *state = NULL;
    uint64_t height;
    uint32_t size_bytes;
    struct store *s = open_it(STORE_MADE);
    cr_assert(eq(int, store_snapshot_read(s, UINT64_MAX, &height, &state, &size_bytes),
                 STORE_ANSWER_ABSENT));
    for (uint64_t i = 1; i <= 5; i++) {
        uint8_t bytes[100];
        memset(bytes, (int)i, sizeof bytes);
        cr_assert(
            eq(int, store_snapshot_write(s, i * 10, bytes, sizeof bytes), STORE_ANSWER_DONE));
    }
    static const struct {
        uint64_t most;
        uint64_t found; /* 0: none */
    } cases[] = {{UINT64_MAX, 50}, {50, 50}, {49, 40}, {30, 30}, {29, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const enum store_answer answer =
            store_snapshot_read(s, cases[i].most, &height, &state, &size_bytes);
        cr_assert(
            eq(int, answer, cases[i].found == 0 ? STORE_ANSWER_ABSENT : STORE_ANSWER_DONE));
        if (answer == STORE_ANSWER_DONE) {
            cr_assert(eq(u64, height, cases[i].found));
            cr_assert(eq(uint, size_bytes, 100));
            cr_assert(eq(u8, state[99], (uint8_t)(cases[i].found / 10)));
            free(state);
        }
    }
    store_destroy(s);
    execute("UPDATE snapshot SET state = zeroblob(100) WHERE height = 50");
    s = open_it(STORE_OK);
    cr_assert(eq(int, store_snapshot_read(s, UINT64_MAX, &height, &state, &size_bytes),
                 STORE_ANSWER_DONE));
    cr_assert(eq(u64, height, 40));
    free(state);
    store_destroy(s);
}

Test(store, judges_each_block_by_its_checksum_and_takes_a_better_one)
{
    static const char *const damages[] = {
        "UPDATE block SET time_ms = time_ms + 1 WHERE height = 3",
        "UPDATE block SET hash = zeroblob(32) WHERE height = 3",
        "UPDATE block SET hash = zeroblob(31) WHERE height = 3",
        "UPDATE block SET decided = zeroblob(5) WHERE height = 3",
        "UPDATE block SET decided = x'' WHERE height = 3",
        "UPDATE block SET checksum = zeroblob(32) WHERE height = 3",
        "DELETE FROM block WHERE height = 3; UPDATE block SET height = 3 WHERE height = 4",
    };
    make(6);
    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        struct store_block block;
        execute(damages[i]);
        struct store *const s = open_it(STORE_OK);
        cr_assert(eq(int, store_block_read(s, 3, &block), STORE_ANSWER_DAMAGED), "%s",
                  damages[i]);
        sample_block_check(s, 5);
        sample_block_write(s, 3);
        sample_block_check(s, 3);
        store_destroy(s);
    }
}

Test(store, sets_aside_a_database_cut_at_any_page)
{
    size_t size_bytes;
    make(40);
    uint8_t *const bytes = file_load(path(), &size_bytes);
    for (size_t left = 0; left < size_bytes; left += left < 8192 ? 1365 : 12288) {
        file_save(path(), bytes, left);
        check_set_aside(bytes, left);
    }
    free(bytes);
}

Test(store, sets_aside_rubbish_and_other_databases)
{
    uint8_t rubbish[20000];
    size_t size_bytes;
    randombytes_buf(rubbish, sizeof rubbish);
    file_save(path(), rubbish, sizeof rubbish);
    check_set_aside(rubbish, sizeof rubbish);

    static const char *const others[] = {
        "PRAGMA application_id = 7; CREATE TABLE meta(name, value)",
        "CREATE TABLE somebody(name)",
        "PRAGMA application_id = 1330861138; PRAGMA user_version = 2;"
        "CREATE TABLE meta(name, value)",
        "PRAGMA application_id = 1330861138; PRAGMA user_version = 1;"
        "CREATE TABLE meta(name, value)",
    };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        unlink(path());
        unlink(scratch_path("ostrakon.db-wal"));
        execute(others[i]);
        uint8_t *const bytes = file_load(path(), &size_bytes);
        check_set_aside(bytes, size_bytes);
        free(bytes);
    }
}

Test(store, sets_aside_that_of_another_cluster)
{
    static const uint8_t other[STORE_ID_BYTES] = {1, 2, 3};
    size_t size_bytes;
    store_destroy(store_open(path(), other, &opening));
    cr_assert(eq(int, opening.verdict, STORE_MADE));
    uint8_t *const bytes = file_load(path(), &size_bytes);
    check_set_aside(bytes, size_bytes);
    store_destroy(open_it(STORE_OK));
    free(bytes);
}

Test(store, leaves_alone_what_it_may_not_touch)
{
    cr_assert(eq(int, mkdir(path(), 0700), 0));
    open_it(STORE_FAILED);
    cr_assert(ne(chr, opening.why[0], '\0'));
    cr_assert(eq(int, scratch_count("ostrakon.db.damaged", NULL), 0));
}

/* It says how the rest is to be read, so here the bits lie close. */
Test(store, is_opened_whatever_bit_of_its_header_flips)
{
    size_t size_bytes;
    make(3);
    uint8_t *const bytes = file_load(path(), &size_bytes);
    for (size_t at = 0; at < 100 * 8; at += 3) {
        file_save(path(), bytes, size_bytes);
        file_flip(path(), at / 8, (int)(at % 8));
        struct store *const s = store_open(path(), SAMPLE_CLUSTER, &opening);
        cr_assert(ne(ptr, s, NULL), "byte %zu bit %zu: %s", at / 8, at % 8, opening.why);
        sample_block_write(s, 3);
        store_destroy(s);
        unlink(scratch_path("ostrakon.db-wal"));
        unlink(scratch_path("ostrakon.db-shm"));
    }
    free(bytes);
}

/* Every bit of the file may flip; whatever is then read is either right, or known to be wrong.
 */
Test(store, believes_no_flipped_bit)
{
    size_t size_bytes;
    uint32_t noticed = 0;
    uint32_t passed = 0;
    make(30);
    uint8_t *const bytes = file_load(path(), &size_bytes);
    for (size_t at = 0; at < size_bytes; at += 211) {
        file_save(path(), bytes, size_bytes);
        file_flip(path(), at, (int)(at % 8));
        struct store *const s = store_open(path(), SAMPLE_CLUSTER, &opening);
        noticed += s == NULL || opening.verdict == STORE_SET_ASIDE;
        for (uint64_t height = 0; s != NULL && opening.verdict == STORE_OK && height < 30;
             height++) {
            struct store_block block;
            const enum store_answer answer = store_block_read(s, height, &block);
            noticed += answer != STORE_ANSWER_DONE;
            if (answer == STORE_ANSWER_DONE) {
                passed++;
                cr_assert(sample_block_is(&block, height), "byte %zu, height %d", at,
                          (int)height);
            }
            store_block_finish(&block);
        }
        store_destroy(s);
        unlink(scratch_path("ostrakon.db-wal"));
        unlink(scratch_path("ostrakon.db-shm"));
    }
    cr_assert(gt(uint, noticed, 100));
    cr_assert(gt(uint, passed, 100));
    free(bytes);
}

Test(store, loses_no_block_that_was_acknowledged_to_a_kill)
{
    uint64_t height = 0;
    uint64_t told = 0;
    store_destroy(open_it(STORE_MADE));
    for (int round = 0; round < 15; round++) {
        int pipe_ends[2];
        cr_assert(eq(int, pipe(pipe_ends), 0));
        const pid_t child = fork();
        if (child == 0) {
            struct store *const s = store_open(path(), SAMPLE_CLUSTER, &opening);
            for (uint64_t i = told == 0 ? 0 : told + 1;; i++) {
                sample_block_write(s, i);
                (void)!write(pipe_ends[1], &i, sizeof i);
            }
        }
        close(pipe_ends[1]);
        for (int i = 0; i < 3 + round; i++) {
            cr_assert(eq(sz, read(pipe_ends[0], &told, sizeof told), sizeof told));
        }
        usleep((useconds_t)(round * 137 % 1000));
        kill(child, SIGKILL);
        while (read(pipe_ends[0], &told, sizeof told) == (ssize_t)sizeof told) {
        }
        waitpid(child, NULL, 0);
        close(pipe_ends[0]);
        struct store *const s = open_it(STORE_OK);
        cr_assert(eq(int, store_height(s, &height), STORE_ANSWER_DONE));
        cr_assert(ge(u64, height, told));
        for (uint64_t i = 0; i <= height; i++) {
            sample_block_check(s, i);
        }
        store_destroy(s);
        told = height;
    }
}

Test(store, writes_no_half_block_on_a_full_disk_and_goes_on_with_room)
{
    if (!scratch_mount(2 * 1024 * 1024)) {
        cr_skip("needs to mount");
    }
    const char *sentence;
    struct store *const s = open_it(STORE_MADE);
    sample_block_write(s, 0);
    cr_assert(gt(sz, disk_fill(scratch_path("rubbish")), 0));
    uint64_t height = 1;
    while (sample_block_try(s, height) == STORE_ANSWER_DONE) {
        height++;
    }
    for (int i = 0; i < 3; i++) {
        cr_assert(eq(int, sample_block_try(s, height), STORE_ANSWER_REFUSED));
        cr_assert(eq(int, store_failure(s, &sentence), ENOSPC), "%s", sentence);
    }
    sample_block_check(s, height - 1);
    cr_assert(eq(int, unlink(scratch_path("rubbish")), 0));
    sample_block_write(s, height);
    for (uint64_t i = 0; i <= height; i++) {
        sample_block_check(s, i);
    }
    store_destroy(s);
}

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/latch.h"
#include "health/self.h"
#include "tests/disk/scratch.h"

static const uint8_t cluster[32] = {7, 8, 9};
static struct latch_directories at;
static struct latch_files files;
static char second[256];
static char places[LATCH_COPIES][300];

static struct latch some_latch(void)
{
    struct latch l = {.member = 3,
                      .time_ms = 1700000000123,
                      .finding = self_finding(SELF_SHADOW),
                      .cause_class = 2,
                      .resignation_bytes = LATCH_RESIGNATION_MAX};
    memcpy(l.cluster_id, cluster, sizeof cluster);
    l.finding.evidence.address = 0x123456789abcdef0;
    l.finding.evidence.core = EVIDENCE_NO_CORE;
    snprintf(l.finding.evidence.subject, EVIDENCE_SUBJECT_BYTES, "somewhere");
    memset(l.resignation, 0xa5, sizeof l.resignation);
    return l;
}

static void prepare(void)
{
    char error[LATCH_ERROR_BYTES] = "";
    snprintf(second, sizeof second, "%s", scratch_path("latch.d"));
    at = (struct latch_directories){{scratch(), second}};
    for (uint32_t i = 0; i < LATCH_COPIES; i++) {
        snprintf(places[i], sizeof places[i], "%s/latch", at.path[i]);
    }
    cr_assert(sodium_init() >= 0);
    cr_assert(latch_prepare(&files, &at, error), "%s", error);
}

static void write_some(void)
{
    uint8_t bytes[LATCH_BYTES];
    const struct latch l = some_latch();
    prepare();
    latch_encode(&l, bytes);
    cr_assert(latch_write(&files, bytes));
}

static struct latch_reading reading(void)
{
    struct latch_reading r;
    latch_read(&at, cluster, 3, &r);
    return r;
}

static void put(const char *path, const void *bytes, size_t size_bytes)
{
    const int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    cr_assert(file >= 0);
    cr_assert(eq(i64, write(file, bytes, size_bytes), (int64_t)size_bytes));
    close(file);
}

Test(latch, is_clear_only_before_it_is_written)
{
    prepare();
    cr_assert(eq(u32, reading().state, LATCH_CLEAR));
    write_some();
    const struct latch_reading r = reading();
    const struct latch l = some_latch();
    cr_assert(eq(u32, r.state, LATCH_SET));
    cr_assert(r.known && r.fault[0] == '\0');
    cr_assert(memcmp(&r.latch.finding, &l.finding, sizeof l.finding) == 0);
    cr_assert(eq(u64, r.latch.time_ms, l.time_ms));
    cr_assert(eq(u32, r.latch.cause_class, 2));
    cr_assert(eq(u32, r.latch.resignation_bytes, LATCH_RESIGNATION_MAX));
    cr_assert(memcmp(r.latch.resignation, l.resignation, LATCH_RESIGNATION_MAX) == 0);
}

Test(latch, stays_set_when_one_copy_is_gone)
{
    for (uint32_t i = 0; i < LATCH_COPIES; i++) {
        write_some();
        cr_assert(eq(i32, unlink(places[i]), 0));
        cr_assert(eq(u32, reading().state, LATCH_SET));
        cr_assert(reading().known);
        cr_assert(eq(i32, unlink(places[1 - i]), 0));
        cr_assert(eq(u32, reading().state, LATCH_CLEAR));
    }
}

Test(latch, stays_set_when_what_is_there_is_no_latch)
{
    static const char junk[LATCH_BYTES + 1] = "junk";
    static const size_t sizes[] = {0, 1, LATCH_BYTES - 1, LATCH_BYTES, LATCH_BYTES + 1};
    for (uint32_t i = 0; i < 2 * sizeof sizes / sizeof sizes[0]; i++) {
        prepare();
        put(places[i % 2], junk, sizes[i / 2]);
        const struct latch_reading r = reading();
        cr_assert(r.state == LATCH_SET && !r.known, "of %zu bytes", sizes[i / 2]);
        cr_assert(strstr(r.fault, places[i % 2]) != NULL, "%s", r.fault);
        unlink(places[i % 2]);
    }
}

Test(latch, stays_set_when_it_cannot_be_read)
{
    prepare();
    cr_assert(eq(i32, mkdir(places[0], 0700), 0));
    cr_assert(reading().state == LATCH_SET && !reading().known);
    cr_assert(eq(i32, rmdir(places[0]), 0));
    cr_assert(eq(i32, symlink("nowhere", places[1]), 0));
    cr_assert(reading().state == LATCH_SET && !reading().known);
}

Test(latch, of_which_any_bit_is_turned_is_set_and_not_believed)
{
    uint8_t bytes[LATCH_BYTES];
    struct latch out;
    struct latch l = some_latch();
    latch_encode(&l, bytes);
    cr_assert(latch_decode(bytes, cluster, 3, &out));
    cr_assert(not(latch_decode(bytes, cluster, 2, &out)));
    for (uint32_t bit = 0; bit < 8 * LATCH_BYTES; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        cr_assert(not(latch_decode(bytes, cluster, 3, &out)), "bit %u", bit);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

Test(latch, is_believed_from_either_copy_if_the_other_is_damaged)
{
    for (uint32_t i = 0; i < LATCH_COPIES; i++) {
        write_some();
        put(places[i], "x", 1);
        const struct latch_reading r = reading();
        cr_assert(r.state == LATCH_SET && r.known);
        cr_assert(strstr(r.fault, places[i]) != NULL, "%s", r.fault);
    }
}

Test(latch, is_written_to_one_place_when_the_other_is_lost)
{
    uint8_t bytes[LATCH_BYTES];
    const struct latch l = some_latch();
    prepare();
    latch_encode(&l, bytes);
    close(files.spare[0]);
    files.spare[0] = -1;
    cr_assert(latch_write(&files, bytes));
    cr_assert(reading().state == LATCH_SET && reading().known);
}

Test(latch, is_written_on_a_disk_without_room)
{
    uint8_t bytes[LATCH_BYTES];
    const struct latch l = some_latch();
    if (!scratch_mount(1 << 20)) {
        cr_skip_test("may not mount");
    }
    prepare();
    (void)disk_fill(scratch_path("full"));
    latch_encode(&l, bytes);
    cr_assert(latch_write(&files, bytes));
    cr_assert(reading().state == LATCH_SET && reading().known);
    cr_assert(reading().fault[0] == '\0');
}

Test(latch, is_removed_from_both_places_and_then_clear)
{
    char error[LATCH_ERROR_BYTES] = "";
    write_some();
    cr_assert(latch_remove(&at, error), "%s", error);
    cr_assert(eq(u32, reading().state, LATCH_CLEAR));
    cr_assert(latch_remove(&at, error), "%s", error);
    cr_assert(eq(i32, mkdir(places[1], 0700), 0));
    cr_assert(not(latch_remove(&at, error)));
    cr_assert(strstr(error, places[1]) != NULL, "%s", error);
    latch_files_finish(&files);
}

Test(latch, of_a_replaced_key_has_no_finding)
{
    uint8_t bytes[LATCH_BYTES];
    struct latch l = some_latch();
    struct latch back;
    l.cause_class = LATCH_REPLACED;
    latch_encode(&l, bytes);
    cr_assert(not(latch_decode(bytes, cluster, 3, &back)));
    l.finding = (struct finding){.result = RESULT_FATAL};
    latch_encode(&l, bytes);
    cr_assert(latch_decode(bytes, cluster, 3, &back));
    cr_assert(eq(u32, back.cause_class, LATCH_REPLACED));
    l.cause_class = 2; /* any other has one */
    latch_encode(&l, bytes);
    cr_assert(not(latch_decode(bytes, cluster, 3, &back)));
}

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "machine.h"

static uint64_t now_ms;

static uint64_t clock_ns(void *self, enum seam_clock clock)
{
    (void)self;
    (void)clock;
    return now_ms * 1000000;
}

static struct disk_speed_state *speed(void)
{
    struct reference_context *context = machine();
    context->seams.clock_ns = clock_ns;
    now_ms = 1000000;
    return &context->disk_speed;
}

static void writes(struct disk_speed_state *s, int count, uint64_t took_ms)
{
    for (int i = 0; i < count; i++) {
        disk_speed_begin(s, now_ms);
        now_ms += took_ms;
        disk_speed_end(s, took_ms);
    }
}

static enum reference_result seen_now(void)
{
    return machine_run(24).result;
}

Test(disk_speed, is_unknown_before_the_first_write)
{
    speed();
    cr_assert(seen_now() == RESULT_UNKNOWN);
}

Test(disk_speed, of_a_busy_disk_is_fine)
{
    struct disk_speed_state *s = speed();
    writes(s, 200, 200);
    cr_assert(seen_now() == RESULT_OK);
    writes(s, 1, 1900);
    cr_assert(seen_now() == RESULT_OK, "one of 64 may be slow");
    writes(s, 63, 1);
    writes(s, 1, 700);
    cr_assert(seen_now() == RESULT_OK);
}

Test(disk_speed, that_is_low_degrades_until_64_writes_later)
{
    struct disk_speed_state *s = speed();
    writes(s, 2, 501);
    struct finding f = machine_run(24);
    cr_assert(f.result == RESULT_DEGRADED);
    cr_assert(eq(u64, f.evidence.count, 2));
    writes(s, 62, 1);
    cr_assert(seen_now() == RESULT_DEGRADED);
    writes(s, 1, 1);
    cr_assert(seen_now() == RESULT_OK);
}

Test(disk_speed, that_stalls_silences_at_two_seconds)
{
    struct disk_speed_state *s = speed();
    writes(s, 1, 1);
    disk_speed_begin(s, now_ms);
    now_ms += 2000;
    cr_assert(seen_now() == RESULT_OK);
    now_ms += 1;
    cr_assert(seen_now() == RESULT_SILENT);
    disk_speed_end(s, 2001);
    cr_assert(seen_now() == RESULT_SILENT);
    writes(s, 5, 500);
    cr_assert(seen_now() == RESULT_SILENT);
    writes(s, 1, 600);
    writes(s, 5, 1);
    cr_assert(seen_now() == RESULT_SILENT, "six in a row are wanted");
    writes(s, 1, 1);
    cr_assert(seen_now() == RESULT_DEGRADED, "two were slow");
}

Test(disk_speed, reports_its_negative)
{
    cr_assert(reference_find(24)->negative(machine()));
}

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>

#include "machine.h"

static int answer;
static struct timex time_now;

static int discipline(void *self, struct timex *time)
{
    (void)self;
    cr_assert(eq(u32, time->modes, 0), "only asks");
    *time = time_now;
    return answer;
}

static void begin(void)
{
    machine()->seams.discipline = discipline;
    answer = TIME_OK;
    time_now = (struct timex){.status = STA_PLL, .maxerror = 20000};
}

static enum reference_result seen_now(void)
{
    return machine_run(20).result;
}

Test(time_service, of_this_machine_is_fine_or_absent)
{
    machine();
    cr_assert(seen_now() == RESULT_OK || seen_now() == RESULT_ABSENT);
}

Test(time_service, that_synchronised_is_fine)
{
    begin();
    struct finding f = machine_run(20);
    cr_assert(f.result == RESULT_OK);
    cr_assert_str_eq(machine_words(&f), "the wall clock is synchronised to within 20000 us");
}

Test(time_service, is_absent_until_there_was_one)
{
    begin();
    answer = TIME_ERROR;
    time_now.status = STA_UNSYNC;
    time_now.maxerror = 16000000;
    cr_assert(seen_now() == RESULT_ABSENT);
    cr_assert(seen_now() == RESULT_ABSENT);
    answer = TIME_OK;
    time_now = (struct timex){.maxerror = 1000};
    cr_assert(seen_now() == RESULT_OK);
    time_now.status = STA_UNSYNC;
    cr_assert(seen_now() == RESULT_DEGRADED, "whatever it answers beside");
}

Test(time_service, that_was_lost_degrades)
{
    begin();
    cr_assert(seen_now() == RESULT_OK);
    answer = TIME_ERROR;
    struct finding f = machine_run(20);
    cr_assert(f.result == RESULT_DEGRADED);
    cr_assert(eq(u32, f.evidence.note, TIME_SERVICE_LOST));
    time_now.status |= STA_CLOCKERR;
    f = machine_run(20);
    cr_assert(eq(u32, f.evidence.note, TIME_SERVICE_HARDWARE));
    cr_assert(f.result == RESULT_DEGRADED);
}

Test(time_service, of_a_second_error_degrades)
{
    begin();
    time_now.maxerror = 1000000;
    cr_assert(seen_now() == RESULT_OK);
    time_now.maxerror = 1000001;
    cr_assert(seen_now() == RESULT_DEGRADED);
}

Test(time_service, that_may_not_be_asked_is_absent_for_good)
{
    begin();
    answer = -EPERM;
    cr_assert(seen_now() == RESULT_ABSENT);
    answer = TIME_OK;
    cr_assert(seen_now() == RESULT_ABSENT);
}

Test(time_service, that_vanishes_or_talks_nonsense_is_unknown)
{
    begin();
    cr_assert(seen_now() == RESULT_OK);
    answer = -EPERM;
    cr_assert(seen_now() == RESULT_UNKNOWN);
    answer = -EFAULT;
    cr_assert(seen_now() == RESULT_UNKNOWN);
    answer = 77;
    cr_assert(seen_now() == RESULT_UNKNOWN);
    answer = TIME_OK;
    time_now.maxerror = -1;
    cr_assert(seen_now() == RESULT_UNKNOWN);
}

Test(time_service, reports_its_negative)
{
    cr_assert(reference_find(20)->negative(machine()));
}

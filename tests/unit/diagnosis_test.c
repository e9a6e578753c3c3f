#include "../../health/diagnosis.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#define BIT(id) REFERENCE_BIT(id)
#define HOUR_MS UINT64_C(3600000)
#define MACHINE(now) ((struct diagnosis_setting){.now_ms = (now), .machine = true})

static struct diagnosis d;

static void take(uint32_t id, enum reference_result result, uint32_t flags, uint64_t now_ms)
{
    struct finding f;
    finding_begin(&f, id);
    f.result = result;
    f.flags = flags;
    const struct diagnosis_setting setting = {.now_ms = now_ms};
    diagnosis_take(&d, &f, &setting);
}

static void take_held(uint32_t id, enum reference_result result, uint32_t hold_s,
                      uint64_t now_ms)
{
    struct finding f;
    finding_begin(&f, id);
    f.result = result;
    f.hold_s = hold_s;
    const struct diagnosis_setting setting = {.now_ms = now_ms};
    diagnosis_take(&d, &f, &setting);
}

static void all_ok(uint64_t now_ms)
{
    diagnosis_init(&d);
    for (uint32_t id = 1; id <= REFERENCES_MAX; id++) {
        take(id, RESULT_OK, 0, now_ms);
    }
}

static bool is_fatal(void)
{
    return diagnosis_fatal(&d) != NULL;
}

Test(diagnosis, knows_nothing_at_first_and_says_so)
{
    uint64_t minimum = 0;
    diagnosis_init(&d);
    for (uint32_t id = 1; id <= REFERENCES_MAX; id++) {
        minimum |= reference_facts(id)->minimum ? BIT(id) : 0;
    }
    cr_assert(not(diagnosis_is_ready(&d)));
    cr_assert(eq(u64, diagnosis_missing(&d), minimum));
    cr_assert(eq(u64, diagnosis_own(&d), minimum));
    cr_assert(eq(u64, diagnosis_silent(&d), 0));
    cr_assert(not(is_fatal()));
}

Test(diagnosis, has_nothing_against_a_node_of_which_all_is_ok)
{
    all_ok(1000);
    cr_assert(diagnosis_is_ready(&d));
    cr_assert(eq(u64, diagnosis_own(&d) | diagnosis_serve(&d) | diagnosis_silent(&d), 0));
    cr_assert(eq(u64, diagnosis_missing(&d) | diagnosis_person(&d), 0));
}

Test(diagnosis, is_ready_once_the_whole_minimum_set_was_examined)
{
    diagnosis_init(&d);
    for (uint32_t id = 1; id <= REFERENCES_MAX; id++) {
        cr_assert(eq(int, diagnosis_is_ready(&d), id > 29), "before R%02u", id);
        take(id, id % 2 == 0 ? RESULT_OK : RESULT_DEGRADED, 0, 1000);
    }
    cr_assert(diagnosis_is_ready(&d));
}

static void take_of_machine(uint32_t id, enum reference_result result, uint64_t now_ms)
{
    struct finding f;
    const struct diagnosis_setting setting = MACHINE(now_ms);
    finding_begin(&f, id);
    f.result = result;
    diagnosis_take(&d, &f, &setting);
}

Test(diagnosis, begun_again_waits_for_all_that_the_machine_tells_and_forgets_no_fault)
{
    all_ok(1000);
    take_of_machine(10, RESULT_OK, 1000);
    take_of_machine(23, RESULT_DEGRADED, 1000);
    take_of_machine(12, RESULT_ABSENT, 1000);
    diagnosis_begin_again(&d);
    cr_assert_not(diagnosis_is_ready(&d));
    cr_assert(eq(u64, diagnosis_awaited(&d) & ~BIT(23), BIT(10)),
              "what the node itself tells stays");
    cr_assert(eq(u64, diagnosis_own(&d) & BIT(23), BIT(23)));
    take_of_machine(10, RESULT_OK, 2000);
    take_of_machine(23, RESULT_OK, 2000);
    cr_assert(diagnosis_is_ready(&d));
    cr_assert(eq(u64, diagnosis_own(&d), 0));
}

Test(diagnosis, waits_for_three_tries_of_what_cannot_be_measured)
{
    all_ok(1000);
    diagnosis_init(&d);
    for (uint32_t id = 1; id <= REFERENCES_MAX; id++) {
        if (id != 10) {
            take(id, RESULT_OK, 0, 1000);
        }
    }
    for (uint32_t i = 0; i < DIAGNOSIS_UNKNOWNS; i++) {
        cr_assert(not(diagnosis_is_ready(&d)), "after %u tries", i);
        take(10, RESULT_UNKNOWN, FINDING_EXCUSED, 1000);
    }
    cr_assert(diagnosis_is_ready(&d));
    cr_assert(eq(u64, diagnosis_own(&d), BIT(10))); /* never measured, and so never perfect */
    cr_assert(eq(u64, diagnosis_missing(&d), BIT(10)));
}

Test(diagnosis, lets_the_results_stand_until_the_next)
{
    static const struct {
        enum reference_result result;
        bool own, silent;
    } cases[] = {
        {RESULT_OK, false, false},      {RESULT_ABSENT, false, false},
        {RESULT_UNKNOWN, false, false}, {RESULT_DEGRADED, true, false},
        {RESULT_SILENT, true, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        all_ok(1000);
        take(34, cases[i].result, 0, 2000); /* R34 is not of the minimum set */
        cr_assert(eq(u64, diagnosis_own(&d), cases[i].own ? BIT(34) : 0));
        cr_assert(eq(u64, diagnosis_silent(&d), cases[i].silent ? BIT(34) : 0));
        cr_assert(not(is_fatal()));
        take(34, RESULT_OK, 0, 3000);
        cr_assert(eq(u64, diagnosis_own(&d) | diagnosis_silent(&d), 0));
    }
}

Test(diagnosis, is_never_perfect_without_one_of_the_minimum_set)
{
    for (uint32_t id = 1; id <= REFERENCES_MAX; id++) {
        const uint64_t lacks = reference_facts(id)->minimum ? BIT(id) : 0;
        all_ok(1000);
        take(id, RESULT_ABSENT, 0, 1000);
        cr_assert(eq(u64, diagnosis_own(&d), lacks), "R%02u", id);
        cr_assert(eq(u64, diagnosis_missing(&d), lacks), "R%02u", id);
        cr_assert(diagnosis_is_ready(&d));
    }
}

Test(diagnosis, takes_the_third_unknown_in_a_row_as_degraded)
{
    all_ok(1000);
    take(19, RESULT_UNKNOWN, 0, 2000);
    take(19, RESULT_UNKNOWN, 0, 3000);
    cr_assert(eq(u64, diagnosis_own(&d), 0));
    take(19, RESULT_OK, 0, 4000);
    take(19, RESULT_UNKNOWN, 0, 5000);
    take(19, RESULT_UNKNOWN, 0, 6000);
    cr_assert(eq(u64, diagnosis_own(&d), 0));
    take(19, RESULT_UNKNOWN, 0, 7000);
    cr_assert(eq(u64, diagnosis_own(&d), BIT(19)));
    cr_assert(eq(u64, diagnosis_silent(&d), 0));
    take(19, RESULT_OK, 0, 8000);
    cr_assert(eq(u64, diagnosis_own(&d), 0));
}

Test(diagnosis, counts_no_unknown_that_is_excused)
{
    all_ok(1000);
    for (uint32_t i = 0; i < 10; i++) {
        take(10, RESULT_UNKNOWN, FINDING_EXCUSED, 2000 + i);
    }
    cr_assert(eq(u64, diagnosis_own(&d), 0));
    take(10, RESULT_UNKNOWN, 0, 3000);
    take(10, RESULT_UNKNOWN, FINDING_EXCUSED, 3001);
    take(10, RESULT_UNKNOWN, 0, 3002);
    cr_assert(eq(u64, diagnosis_own(&d), 0));
    take(10, RESULT_UNKNOWN, 0, 3003);
    cr_assert(eq(u64, diagnosis_own(&d), BIT(10)));
}

Test(diagnosis, does_not_take_an_unknown_for_recovery)
{
    all_ok(1000);
    take(23, RESULT_SILENT, 0, 2000);
    take(23, RESULT_UNKNOWN, 0, 3000);
    take(23, RESULT_UNKNOWN, FINDING_EXCUSED, 4000);
    cr_assert(eq(u64, diagnosis_silent(&d), BIT(23)));
    for (uint32_t i = 0; i < 5; i++) {
        take(23, RESULT_UNKNOWN, 0, 5000);
    }
    cr_assert(eq(u64, diagnosis_silent(&d), BIT(23)));
    take(23, RESULT_OK, 0, 6000);
    cr_assert(eq(u64, diagnosis_silent(&d), 0));
}

Test(diagnosis, is_fatal_for_good)
{
    all_ok(1000);
    take(15, RESULT_FATAL, 0, 2000);
    take(6, RESULT_FATAL, 0, 3000);
    take(15, RESULT_OK, 0, 4000);
    cr_assert(is_fatal());
    cr_assert(eq(u32, diagnosis_fatal(&d)->id, 15));
    take(15, RESULT_FATAL, 0, 5000);
    cr_assert(eq(u64, diagnosis_silent(&d), BIT(6) | BIT(15)));
}

Test(diagnosis, takes_a_value_that_is_no_result_for_fatal)
{
    for (uint32_t bit = 0; bit < 31; bit++) {
        all_ok(1000);
        take(19, (enum reference_result)(RESULT_OK ^ (1 << bit)), 0, 2000);
        cr_assert(is_fatal(), "bit %u", bit);
        cr_assert(eq(int, (int)diagnosis_fatal(&d)->result, (int)RESULT_FATAL));
        cr_assert(eq(u64, diagnosis_silent(&d), BIT(19)));
    }
}

Test(diagnosis, takes_a_finding_of_no_reference_for_fatal)
{
    static const uint32_t ids[] = {0, REFERENCES_MAX + 1, UINT32_MAX};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        struct finding f;
        all_ok(1000);
        finding_begin(&f, 1);
        f.id = ids[i];
        f.result = RESULT_OK;
        diagnosis_take(&d, &f, &MACHINE(2000));
        cr_assert(is_fatal());
    }
}

Test(diagnosis, holds_a_result_for_as_long_as_the_finding_says)
{
    all_ok(1000);
    take_held(10, RESULT_DEGRADED, 3600, 2000);
    take(10, RESULT_OK, 0, 3000);
    cr_assert(eq(u64, diagnosis_watch(&d, 3000), 2000 + HOUR_MS));
    cr_assert(eq(u64, diagnosis_own(&d), BIT(10)));
    cr_assert(eq(u64, diagnosis_watch(&d, 1999 + HOUR_MS), 2000 + HOUR_MS));
    cr_assert(eq(u64, diagnosis_own(&d), BIT(10)));
    cr_assert(eq(u64, diagnosis_watch(&d, 2000 + HOUR_MS), UINT64_MAX));
    cr_assert(eq(u64, diagnosis_own(&d), 0));
}

Test(diagnosis, holds_the_worst_of_what_is_held)
{
    all_ok(1000);
    take_held(12, RESULT_SILENT, 10, 2000);
    take_held(12, RESULT_DEGRADED, 60, 3000);
    take_held(12, RESULT_OK, 600, 4000);
    diagnosis_watch(&d, 62999);
    cr_assert(eq(u64, diagnosis_silent(&d), BIT(12)));
    cr_assert(eq(u64, diagnosis_watch(&d, 63000), UINT64_MAX));
    cr_assert(eq(u64, diagnosis_silent(&d) | diagnosis_own(&d), 0));
}

Test(diagnosis, takes_the_second_of_a_kind_within_a_day_for_fatal)
{
    const uint64_t day_ms = 24 * HOUR_MS;
    all_ok(0);
    take(23, RESULT_DEGRADED, FINDING_TWICE, 0);
    take(10, RESULT_DEGRADED, FINDING_TWICE, 1000); /* another reference: another count */
    take(23, RESULT_DEGRADED, FINDING_TWICE, day_ms + 1);
    cr_assert(not(is_fatal()));
    take(23, RESULT_DEGRADED, FINDING_TWICE, 2 * day_ms + 1);
    cr_assert(is_fatal());
    cr_assert(eq(u32, diagnosis_fatal(&d)->id, 23));
}

Test(diagnosis, bars_from_leading_alone_where_a_finding_says_so)
{
    all_ok(1000);
    take(31, RESULT_DEGRADED, FINDING_SERVE, 2000);
    cr_assert(eq(u64, diagnosis_serve(&d), BIT(31)));
    cr_assert(eq(u64, diagnosis_own(&d), 0));
    take(31, RESULT_DEGRADED, 0, 3000);
    cr_assert(eq(u64, diagnosis_serve(&d), 0));
    cr_assert(eq(u64, diagnosis_own(&d), BIT(31)));
}

Test(diagnosis, names_what_a_person_has_to_act_on)
{
    all_ok(1000);
    take(12, RESULT_DEGRADED, FINDING_PERSON, 2000);
    cr_assert(eq(u64, diagnosis_person(&d), BIT(12)));
    take(12, RESULT_OK, FINDING_PERSON, 3000);
    cr_assert(eq(u64, diagnosis_person(&d), 0));
}

Test(diagnosis, is_silent_from_when_a_burst_is_wanted_until_it_has_passed)
{
    all_ok(1000);
    take(13, RESULT_DEGRADED, FINDING_BURST, 2000);
    cr_assert(diagnosis_burst_wanted(&d));
    take(13, RESULT_OK, 0, 3000);
    cr_assert(eq(u64, diagnosis_silent(&d), BIT(13)));
    take(10, RESULT_OK, 0, 3500); /* the sweep, not the burst */
    take(10, RESULT_UNKNOWN, FINDING_OF_BURST, 4000);
    cr_assert(diagnosis_burst_wanted(&d));
    take(10, RESULT_OK, FINDING_OF_BURST, 5000);
    cr_assert(not(diagnosis_burst_wanted(&d)));
    cr_assert(eq(u64, diagnosis_silent(&d), 0));
    cr_assert(eq(u64, d.bursts_passed, 1));
}

Test(diagnosis, is_fatal_by_a_burst_that_finds_the_unconfirmed_fault_again)
{
    all_ok(1000);
    take(10, RESULT_DEGRADED, FINDING_BURST | FINDING_TWICE, 2000);
    cr_assert(diagnosis_burst_wanted(&d));
    take(10, RESULT_DEGRADED, FINDING_OF_BURST | FINDING_TWICE, 3000);
    cr_assert(is_fatal());
    cr_assert(eq(u64, d.bursts_passed, 0));
}

Test(diagnosis, runs_a_burst_for_the_node_itself)
{
    all_ok(1000);
    diagnosis_want_burst(&d, 29);
    cr_assert(diagnosis_burst_wanted(&d));
    cr_assert(eq(u64, diagnosis_silent(&d), BIT(29)));
}

Test(diagnosis, falls_silent_instead_of_dying_of_what_many_have_at_once)
{
    static const uint32_t external[] = {12, 13, 14, 26};
    for (uint32_t id = 1; id <= REFERENCES_MAX; id++) {
        struct finding f;
        bool excused = false;
        for (size_t i = 0; i < sizeof external / sizeof external[0]; i++) {
            excused = excused || external[i] == id;
        }
        all_ok(1000);
        finding_begin(&f, id);
        f.result = RESULT_FATAL;
        const struct diagnosis_setting setting = {.now_ms = 2000, .epidemic = REFERENCE_BITS};
        diagnosis_take(&d, &f, &setting);
        cr_assert(eq(int, diagnosis_fatal(&d) == NULL, excused), "R%02u", id);
        cr_assert(eq(u64, diagnosis_silent(&d), BIT(id)));
        cr_assert(eq(u64, diagnosis_person(&d), excused ? BIT(id) : 0));
    }
}

Test(diagnosis, dies_of_what_others_have_not)
{
    struct finding f;
    all_ok(1000);
    finding_begin(&f, 12);
    f.result = RESULT_FATAL;
    const struct diagnosis_setting setting = {.now_ms = 2000, .epidemic = BIT(13)};
    diagnosis_take(&d, &f, &setting);
    cr_assert(is_fatal());
}

Test(diagnosis, keeps_the_last_evidence_that_was_not_ok)
{
    struct finding f;
    all_ok(1000);
    finding_begin(&f, 25);
    finding_set(&f, RESULT_DEGRADED, 3);
    f.evidence.got = 4711;
    diagnosis_take(&d, &f, &MACHINE(2000));
    take(25, RESULT_OK, 0, 3000);
    const struct diagnosed *r = &d.reference[24];
    cr_assert(eq(u64, r->bad.evidence.got, 4711));
    cr_assert(eq(u64, r->bad_ms, 2000));
    cr_assert(eq(u64, r->last_ms, 3000));
    cr_assert(eq(u64, r->since_ms, 3000));
    take(25, RESULT_OK, 0, 4000);
    cr_assert(eq(u64, r->since_ms, 3000));
}

Test(diagnosis, notices_when_the_machine_is_no_longer_examined)
{
    struct finding f;
    all_ok(1000);
    finding_begin(&f, 23);
    f.result = RESULT_OK;
    diagnosis_take(&d, &f, &MACHINE(2000));
    cr_assert(eq(u64, diagnosis_watch(&d, 3000), 2000 + DIAGNOSIS_STALE_MS));
    diagnosis_watch(&d, 1999 + DIAGNOSIS_STALE_MS);
    cr_assert(eq(u64, diagnosis_own(&d), 0));
    cr_assert(eq(u64, diagnosis_watch(&d, 2000 + DIAGNOSIS_STALE_MS), UINT64_MAX));
    cr_assert(eq(u64, diagnosis_own(&d), BIT(23))); /* what it has examined, and nobody else */
    diagnosis_take(&d, &f, &MACHINE(100000));
    cr_assert(eq(u64, diagnosis_own(&d), 0));
}

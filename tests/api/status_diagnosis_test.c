/* What the status says of this machine's own references. */
#include "tests/api/sentences.h"

#include "health/references/file_system.h"
#include "health/references/sweep.h"

TestSuite(status_diagnosis, .init = begin_five, .fini = end);

static void take(uint32_t id, enum reference_result result, uint32_t note, uint32_t flags)
{
    struct finding f;
    const struct diagnosis_setting setting = {.now_ms = NOW_MS, .machine = true};
    finding_begin(&f, id);
    finding_set(&f, result, note);
    f.flags = flags;
    diagnosis_take(&d->diagnosis, &f, &setting);
}

Test(status_diagnosis, says_what_spoils_the_record_and_what_to_do)
{
    take(10, RESULT_DEGRADED, SWEEP_ONCE, 0);
    expect(STATUS_DEGRADED, "warning", "OST-7012",
           "atlas is not perfect: memory (R10): at 0 0 was read once where 0 was written.",
           "The memory is tested now. Again: take the machine out and test its modules.");
}

Test(status_diagnosis, says_that_nothing_is_signed_and_why)
{
    take(25, RESULT_SILENT, FILE_SYSTEM_READ_ONLY, 0);
    look();
    cr_assert(eq(u32, s.reason_count, 1));
    expect_text(s.reasons[0].code, "OST-7013");
    cr_assert(
        strncmp(s.reasons[0].text, "atlas signs nothing for now: file system (R25): ", 48) == 0,
        "%s", s.reasons[0].text);
}

Test(status_diagnosis, says_that_a_burst_test_is_under_way)
{
    take(10, RESULT_DEGRADED, SWEEP_ONCE, FINDING_BURST);
    look();
    expect_text(s.reasons[0].text,
                "atlas signs nothing for now: memory (R10): at 0 0 was read once where 0 was "
                "written; its memory and cores are being tested.");
}

Test(status_diagnosis, says_plainly_that_a_node_without_a_sweep_is_never_perfect)
{
    take(10, RESULT_ABSENT, SWEEP_OFF, 0);
    expect(
        STATUS_DEGRADED, "warning", "OST-7016",
        "atlas is never perfect: memory (R10): not tested, as node.yaml has it: this node is "
        "never perfect.",
        "Set memory.sweep_mib_per_hour in node.yaml; 2000 is the default.");
}

Test(status_diagnosis, is_critical_where_the_node_is_unfit)
{
    take(15, RESULT_FATAL, 0, 0);
    look();
    expect_text(s.reasons[0].code, "OST-7014");
    cr_assert(s.reasons[0].critical);
}

Test(status_diagnosis, tells_what_is_held_though_the_last_run_was_well)
{
    struct finding f;
    const struct diagnosis_setting setting = {.now_ms = NOW_MS, .machine = true};
    finding_begin(&f, 10);
    finding_set(&f, RESULT_DEGRADED, SWEEP_ONCE);
    f.hold_s = 60;
    diagnosis_take(&d->diagnosis, &f, &setting);
    take(10, RESULT_OK, SWEEP_RIGHT, 0);
    look();
    expect_text(
        s.reasons[0].text,
        "atlas is not perfect: memory (R10): at 0 0 was read once where 0 was written.");
}

Test(status_diagnosis, names_what_is_still_to_come_after_a_while)
{
    diagnosis_init(&d->diagnosis);
    d->examined = false;
    for (uint32_t id = 1; id <= REFERENCES_MAX; id++) {
        if (id != 10 && id != 23) {
            take(id, RESULT_OK, 0, 0);
        }
    }
    d->started_ms = NOW_MS - 4000;
    d->decided_ms = NOW_MS - 1000;
    look();
    cr_assert(eq(u32, s.reason_count, 0));
    d->started_ms = NOW_MS - 12000;
    look();
    expect_text(s.reasons[0].text,
                "atlas has been examined for 12 s and signs nothing before that is over; still "
                "to come: memory and disk.");
}

Test(status_diagnosis, notices_that_nobody_examines_the_machine)
{
    diagnosis_watch(&d->diagnosis, NOW_MS);
    look();
    cr_assert(eq(u32, s.reason_count, 0));
    d->diagnosis.examined_ms = NOW_MS - 61000;
    diagnosis_watch(&d->diagnosis, NOW_MS);
    look();
    cr_assert(eq(u32, s.reason_count, 1));
    expect_text(s.reasons[0].text,
                "atlas is not perfect: nothing has examined its machine for 61 s.");
}

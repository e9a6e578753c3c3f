#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <string.h>

#include "machine.h"

/* What getrandom answers: `script` says byte by byte with what each draw is filled; a letter in
 * upper case stands for bytes that count up from it. '!' fails, '<' is short. */
static const char *script;

static ssize_t scripted(void *self, void *bytes, size_t size_bytes, unsigned flags)
{
    (void)self;
    (void)flags;
    const char act = *script++;
    uint8_t *out = bytes;
    for (size_t i = 0; i < size_bytes; i++) {
        out[i] = (uint8_t)(act + (act >= 'A' && act <= 'Z' ? (int)i : 0));
    }
    return act == '!' ? -EAGAIN : act == '?' ? -ENOSYS : act == '<' ? 16 : (ssize_t)size_bytes;
}

static struct reference_context *start(const char *draws)
{
    struct reference_context *context = machine();
    script = draws;
    context->seams.random = scripted;
    return context;
}

Test(randomness, of_the_real_machine_is_fresh)
{
    machine();
    for (int i = 0; i < 1000; i++) {
        cr_assert(machine_run(35).result == RESULT_OK);
    }
}

Test(randomness, that_repeats_within_a_run_is_fatal)
{
    start("AA");
    struct finding f = machine_run(35);
    cr_assert(f.result == RESULT_FATAL);
    cr_assert_str_eq(machine_words(&f), "two draws of 32 bytes are equal");
}

Test(randomness, that_repeats_between_runs_is_fatal)
{
    start("ABBC");
    cr_assert(machine_run(35).result == RESULT_OK);
    cr_assert(machine_run(35).result == RESULT_FATAL);
}

Test(randomness, that_is_stuck_is_fatal)
{
    start("Ax");
    struct finding f = machine_run(35);
    cr_assert(f.result == RESULT_FATAL);
    cr_assert_str_eq(machine_words(&f), "32 bytes drawn are all 78");
}

Test(randomness, that_blocks_or_fails_is_unknown)
{
    start("!");
    cr_assert(machine_run(35).result == RESULT_UNKNOWN);
    start("A!");
    cr_assert(machine_run(35).result == RESULT_UNKNOWN);
    start("?");
    cr_assert(machine_run(35).result == RESULT_UNKNOWN);
    start("<");
    struct finding f = machine_run(35);
    cr_assert(f.result == RESULT_UNKNOWN);
    cr_assert_str_eq(machine_words(&f), "getrandom gave 16 of 32 bytes");
}

Test(randomness, of_the_last_start_again_is_fatal)
{
    start("ABCD");
    cr_assert(machine_run(35).result == RESULT_OK);
    cr_assert(machine_run(35).result == RESULT_OK);
    start("EF");
    cr_assert(machine_run(35).result == RESULT_OK, "another start");
    start("EG");
    struct finding f = machine_run(35);
    cr_assert(f.result == RESULT_FATAL);
    cr_assert(eq(u32, f.evidence.note, RANDOMNESS_RESTORED));
}

Test(randomness, is_not_stored_by_an_observer)
{
    start("ABCD")->observer = true;
    cr_assert(machine_run(35).result == RESULT_OK);
    cr_assert(machine_run(35).evidence.note != RANDOMNESS_RESTORED);
    start("AC");
    cr_assert(machine_run(35).result == RESULT_OK);
}

Test(randomness, without_a_usable_store_is_compared_with_itself)
{
    start("AB")->data_directory = NULL;
    struct finding f = machine_run(35);
    cr_assert(f.result == RESULT_OK);
    cr_assert(eq(u32, f.evidence.note, RANDOMNESS_UNSTORED));
    start("AB")->data_directory = "/nowhere/at/all";
    cr_assert(machine_run(35).result == RESULT_OK);
    machine_file("/data/randomness", "short");
    start("AB");
    f = machine_run(35);
    cr_assert(f.result == RESULT_OK);
    cr_assert(eq(u32, f.evidence.note, RANDOMNESS_UNSTORED));
}

Test(randomness, reports_its_negative)
{
    cr_assert(reference_find(35)->negative(machine()));
}

Test(randomness, that_is_the_same_in_two_steps_is_fatal_at_the_draw)
{
    struct finding f;
    cr_assert(randomness_differs(7, 8, &f));
    cr_assert(not(randomness_differs(7, 7, &f)));
    cr_assert(f.result == RESULT_FATAL);
    cr_assert_str_eq(machine_words(&f), "two draws of 8 bytes in a row are 7");
}

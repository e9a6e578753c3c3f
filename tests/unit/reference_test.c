#include "health/reference.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

static enum reference_result results[REFERENCE_RESULT_COUNT] = {
#define X(name, word, text) RESULT_##name,
    REFERENCE_RESULTS(X)
#undef X
};

Test(reference, results_are_far_apart_and_far_from_nothing)
{
    for (uint32_t a = 0; a < REFERENCE_RESULT_COUNT; a++) {
        cr_assert(__builtin_popcount((uint32_t)results[a]) >= 12);
        cr_assert(__builtin_popcount(~(uint32_t)results[a]) >= 12);
        for (uint32_t b = 0; b < a; b++) {
            cr_assert(__builtin_popcount((uint32_t)results[a] ^ (uint32_t)results[b]) >= 12);
        }
    }
    cr_assert(eq(u32, (uint32_t)RESULT_OK, 0x3c5a96e1));
}

Test(reference, result_with_a_flipped_bit_is_none)
{
    for (uint32_t i = 0; i < REFERENCE_RESULT_COUNT; i++) {
        cr_assert(result_is_known(results[i]));
        for (uint32_t bit = 0; bit < 32; bit++) {
            const uint32_t flipped = (uint32_t)results[i] ^ UINT32_C(1) << bit;
            cr_assert(not(result_is_known((enum reference_result)flipped)));
            cr_assert_str_eq(result_text((enum reference_result)flipped), "damaged");
        }
    }
}

Test(reference, facts_are_of_1_to_36)
{
    cr_assert(reference_facts(0) == NULL);
    cr_assert(reference_facts(37) == NULL);
    for (uint32_t id = 1; id <= REFERENCES_MAX; id++) {
        char name[16];
        snprintf(name, sizeof name, "R%02u", id);
        cr_assert_str_eq(reference_facts(id)->name, name);
        cr_assert(reference_facts(id)->title != NULL);
    }
}

/* The minimum set and the classes of references.md, section 1.1. */
Test(reference, facts_are_the_catalogues)
{
    static const uint32_t minimum[] = {1, 2, 5, 6, 8, 10, 15, 16, 18, 19, 23, 27, 29};
    static const uint32_t environment[] = {20, 21, 27, 28, 31, 32};
    uint64_t least = 0;
    uint64_t around = 0;
    for (uint32_t i = 0; i < sizeof minimum / sizeof minimum[0]; i++) {
        least |= UINT64_C(1) << minimum[i];
    }
    for (uint32_t i = 0; i < sizeof environment / sizeof environment[0]; i++) {
        around |= UINT64_C(1) << environment[i];
    }
    for (uint32_t id = 1; id <= REFERENCES_MAX; id++) {
        cr_assert(reference_facts(id)->minimum == ((least >> id & 1) != 0), "R%02u", id);
        const bool is_around = reference_facts(id)->class == REFERENCE_ENVIRONMENT;
        cr_assert(is_around == ((around >> id & 1) != 0), "R%02u", id);
    }
}

static struct finding sample(void)
{
    struct finding f;
    finding_begin(&f, 10);
    finding_set(&f, RESULT_FATAL, 1);
    f.evidence.address = 0x7f00beef;
    f.evidence.expected = UINT64_MAX;
    f.evidence.got = 254;
    f.evidence.count = 0;
    f.evidence.core = 3;
    finding_subject(&f, "sda");
    return f;
}

Test(finding, begins_as_unknown)
{
    struct finding f;
    finding_begin(&f, 10);
    cr_assert(f.result == RESULT_UNKNOWN);
    cr_assert(eq(u32, f.evidence.core, EVIDENCE_NO_CORE));
    cr_assert(eq(u32, f.flags, 0));
}

Test(finding, is_told_in_words)
{
    const struct finding f = sample();
    char text[128];
    finding_text(&f, "{subject} at {address}: {got#} ({got}) for {expected#}, core {core}",
                 text, sizeof text);
    cr_assert_str_eq(text, "sda at 7f00beef: fe (254) for ffffffffffffffff, core 3");
    finding_text(&f, "{count} of {expected}", text, sizeof text);
    cr_assert_str_eq(text, "0 of 18446744073709551615");
    finding_text(&f, "{cou} {unknown} {", text, sizeof text);
    cr_assert_str_eq(text, "{cou} {unknown} {");
}

Test(finding, says_what_a_call_failed_with)
{
    struct finding f;
    char text[64];
    finding_begin(&f, 23);
    f.evidence.got = 13;
    cr_assert_str_eq(finding_text(&f, "it is so: {error}", text, sizeof text),
                     "it is so: permission denied");
    f.evidence.got = 4095;
    cr_assert_str_eq(finding_text(&f, "{error}.", text, sizeof text), "error 4095.");
}

Test(finding, words_end_at_the_buffer)
{
    const struct finding f = sample();
    for (size_t size_bytes = 1; size_bytes < 40; size_bytes++) {
        char text[48];
        memset(text, 'x', sizeof text);
        finding_text(&f, "{expected} {expected}", text, size_bytes);
        cr_assert(memchr(text, '\0', size_bytes) != NULL);
        cr_assert(eq(chr, text[size_bytes], 'x'));
    }
}

Test(finding, of_damaged_evidence_is_bounded_and_printable)
{
    struct finding f = sample();
    char text[64];
    memset(&f.evidence, 0x1b, sizeof f.evidence);
    finding_text(&f, "{subject}", text, sizeof text);
    cr_assert_str_eq(text, "????????????????????????");
    static const struct reference_note notes[] = {{"none", ""}};
    const struct reference r = {.id = 10, .note_count = 1, .notes = notes};
    cr_assert_str_eq(reference_note(&r, &f)->text,
                     "a note that is not known: the finding is damaged");
}

Test(finding, subject_keeps_the_end_of_a_long_name)
{
    struct finding f = sample();
    finding_subject(&f, "/var/lib/ostrakon/a\x1b/transport.pem");
    cr_assert_str_eq(f.evidence.subject, "trakon/a?/transport.pem");
}

Test(finding, only_gets_worse)
{
    static const enum reference_result rising[] = {RESULT_OK, RESULT_UNKNOWN, RESULT_DEGRADED,
                                                   RESULT_SILENT, RESULT_FATAL};
    struct finding f;
    for (size_t from = 0; from < 5; from++) {
        for (size_t to = 0; to < 5; to++) {
            finding_begin(&f, 1);
            finding_set(&f, rising[from], 1);
            cr_assert(finding_worsen(&f, rising[to], 2) == (to > from));
            cr_assert(f.result == rising[to > from ? to : from]);
            cr_assert(eq(u32, f.evidence.note, to > from ? 2 : 1));
        }
    }
    finding_set(&f, RESULT_ABSENT, 1);
    cr_assert(not(finding_worsen(&f, RESULT_OK, 2)));
    cr_assert(finding_worsen(&f, RESULT_UNKNOWN, 2));
}

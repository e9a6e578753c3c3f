#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "machine.h"

static size_t bent_at;

static void bend(void *self, enum bend where, uint32_t index, void *bytes, size_t size_bytes)
{
    (void)self;
    (void)index;
    cr_assert(where == BEND_CRYPTOGRAPHY);
    cr_assert(bent_at < size_bytes);
    ((uint8_t *)bytes)[bent_at] ^= 0x10;
}

static struct finding bent(size_t at)
{
    machine()->seams.bend = bend;
    bent_at = at;
    return machine_run(16);
}

Test(cryptography, is_as_published)
{
    machine();
    for (int i = 0; i < 100; i++) {
        const struct finding f = machine_run(16);
        cr_assert(f.result == RESULT_OK, "%s", machine_words(&f));
    }
}

Test(cryptography, wrong_in_any_byte_is_fatal_and_named)
{
    static const struct {
        size_t at;
        const char *words;
    } cases[] = {
        {offsetof(struct answers, sha256) + 31,
         "SHA-256 gives another answer than the published one"},
        {offsetof(struct answers, sha512),
         "SHA-512 gives another answer than the published one"},
        {offsetof(struct answers, blake2b),
         "BLAKE2b gives another answer than the published one"},
        {offsetof(struct answers, derived),
         "key derivation gives another answer than the published one"},
        {offsetof(struct answers, publics[2]),
         "Ed25519 public key gives another answer than the published one"},
        {offsetof(struct answers, signatures[1][63]),
         "Ed25519 signature gives another answer than the published one"},
        {offsetof(struct answers, verified[2]), "a right signature was rejected (vector 3)"},
        {offsetof(struct answers, tampered[0]), "a wrong signature was accepted (vector 1)"},
        {offsetof(struct answers, forged[1]), "a wrong signature was accepted (vector 2)"},
        {sizeof(struct answers) - 1, "comparison gives another answer than the published one"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct finding f = bent(cases[i].at);
        cr_assert(f.result == RESULT_FATAL);
        cr_assert_str_eq(machine_words(&f), cases[i].words);
        cr_assert(f.evidence.expected != f.evidence.got);
    }
    for (size_t at = 0; at < sizeof(struct answers); at += 7) {
        cr_assert(bent(at).result == RESULT_FATAL);
    }
}

Test(cryptography, reports_its_negative)
{
    cr_assert(reference_find(16)->negative(machine()));
}

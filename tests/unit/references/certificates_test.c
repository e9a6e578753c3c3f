#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "authority.h"
#include "machine.h"

#define DAY_S INT64_C(86400)
#define NOW_S (INT64_C(20000) * DAY_S)
#define PEM_BYTES 65536

/* A service with a certificate of an authority's, an intermediate one between the two. */
static struct {
    EVP_PKEY *root_key;
    EVP_PKEY *middle_key;
    EVP_PKEY *key;
    X509 *root;
    X509 *middle;
    X509 *own;
    int64_t now_s;
    uint64_t boot_ms;
    int stat_error;
    int open_error;
    int read_error;
    uint32_t reads;
} world;

static struct seams real;
static char path[256];
static char key_path[256];

static uint64_t clock_ns(void *self, enum seam_clock clock)
{
    (void)self;
    return clock == SEAM_REAL ? (uint64_t)world.now_s * 1000000000u : world.boot_ms * 1000000u;
}

static int stat_file(void *self, const char *of, struct stat *out)
{
    return world.stat_error != 0 ? -world.stat_error : real.stat(self, of, out);
}

static int open_file(void *self, const char *of, int flags, mode_t mode)
{
    return world.open_error != 0 ? -world.open_error : real.open(self, of, flags, mode);
}

static ssize_t pread_file(void *self, int file, void *bytes, size_t size_bytes, off_t at)
{
    world.reads++;
    return world.read_error != 0 ? -world.read_error
                                 : real.pread(self, file, bytes, size_bytes, at);
}

static X509 *make(const char *name, const char *names, int64_t days, X509 *issuer,
                  EVP_PKEY *issuer_key, EVP_PKEY *key)
{
    const struct certificate_wish wish = {
        .name = name,
        .names = names,
        .from_s = NOW_S - 90 * DAY_S,
        .until_s = NOW_S + days * DAY_S,
        .issuer = issuer,
        .issuer_key = issuer_key,
        .key = key,
    };
    return authority_sign(&wish);
}

static void finish(void)
{
    EVP_PKEY_free(world.root_key);
    EVP_PKEY_free(world.middle_key);
    EVP_PKEY_free(world.key);
    X509_free(world.root);
    X509_free(world.middle);
    X509_free(world.own);
    memset(&world, 0, sizeof world);
}

static void begin_with(int64_t days, int64_t middle_days)
{
    struct reference_context *context = machine();
    finish();
    world.root_key = authority_key();
    world.middle_key = authority_key();
    world.key = authority_key();
    world.root = make("root", NULL, 3650, NULL, NULL, world.root_key);
    world.middle =
        make("middle", NULL, middle_days, world.root, world.root_key, world.middle_key);
    world.own = make("www.example", "DNS:www.example,IP:192.0.2.7", days, world.middle,
                     world.middle_key, world.key);
    world.now_s = NOW_S;
    world.boot_ms = 5000;
    snprintf(path, sizeof path, "%s", machine_path("/tls/service.pem"));
    snprintf(key_path, sizeof key_path, "%s", machine_path("/tls/service.key"));
    machine_lacks("/tls");
    real = context->seams;
    context->seams.clock_ns = clock_ns;
    context->seams.stat = stat_file;
    context->seams.open = open_file;
    context->seams.pread = pread_file;
    context->certificates[0] =
        (struct certificate_file){"https", path, key_path, "www.example"};
    context->certificate_count = 1;
}

static void put_chain(X509 *const *list, uint32_t count)
{
    static char text[PEM_BYTES];
    text[0] = '\0';
    for (uint32_t i = 0; i < count; i++) {
        authority_add(text, list[i]);
    }
    machine_file("/tls/service.pem", text);
}

static void put_key(const EVP_PKEY *key, const char *password)
{
    static char text[PEM_BYTES];
    text[0] = '\0';
    authority_add_key(text, key, password);
    machine_file("/tls/service.key", text);
}

static void begin(void)
{
    begin_with(60, 400);
    put_chain((X509 *[]){world.own, world.middle, world.root}, 3);
    put_key(world.key, NULL);
}

static struct finding seen(void)
{
    world.boot_ms += 5000;
    return machine_run(31);
}

static void is(enum reference_result result, const char *words)
{
    const struct finding f = seen();
    cr_assert(f.result == result, "%s", machine_words(&f));
    cr_assert_str_eq(machine_words(&f), words);
    const bool serves = (f.flags & FINDING_SERVE) == 0;
    cr_assert(serves == (result == RESULT_OK || result == RESULT_ABSENT));
}

TestSuite(certificates, .fini = finish);

Test(certificates, that_are_in_force_are_fine)
{
    begin();
    is(RESULT_OK, "all 1 certificates are valid for 60 days or more");
    put_chain((X509 *[]){world.own}, 1);
    is(RESULT_OK, "all 1 certificates are valid for 60 days or more");
    machine_context()->certificates[0].name = "192.0.2.7";
    machine_context()->certificates[0].key_path = NULL;
    world.boot_ms += 60000;
    is(RESULT_OK, "all 1 certificates are valid for 60 days or more");
    put_chain((X509 *[]){world.root}, 1);
    machine_context()->certificates[0].name = NULL;
    is(RESULT_OK, "all 1 certificates are valid for 3650 days or more");
}

Test(certificates, near_their_end_are_told_and_then_bar_from_leading)
{
    static const struct {
        int64_t left_s;
        enum reference_result result;
        const char *words;
    } cases[] = {
        {14 * DAY_S + 1, RESULT_OK, "all 1 certificates are valid for 14 days or more"},
        {14 * DAY_S, RESULT_OK, "https: expires in 14 days"},
        {3 * DAY_S + 1, RESULT_OK, "https: expires in 3 days"},
        {3 * DAY_S, RESULT_DEGRADED, "https: expires in 72 hours"},
        {1, RESULT_DEGRADED, "https: expires in 0 hours"},
        {0, RESULT_DEGRADED, "https: expired 0 hours ago"},
        {-3 * DAY_S, RESULT_DEGRADED, "https: expired 72 hours ago"},
    };
    begin();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        world.now_s = NOW_S + 60 * DAY_S - cases[i].left_s;
        is(cases[i].result, cases[i].words);
        const bool called = (seen().flags & FINDING_PERSON) != 0;
        cr_assert(called == (cases[i].left_s <= 0));
    }
}

Test(certificates, not_valid_yet_are_degraded)
{
    begin();
    world.now_s = NOW_S - 90 * DAY_S - 3600;
    is(RESULT_DEGRADED, "https: not valid before 2 hours from now");
    world.now_s = NOW_S - 90 * DAY_S;
    is(RESULT_OK, "all 1 certificates are valid for 150 days or more");
}

Test(certificates, are_no_better_than_their_chain)
{
    begin_with(60, 2);
    put_chain((X509 *[]){world.own, world.middle, world.root}, 3);
    put_key(world.key, NULL);
    is(RESULT_DEGRADED, "https: expires in 48 hours");
}

Test(certificates, of_which_any_is_bad_are_as_bad_and_the_first_to_expire_is_told)
{
    struct reference_context *context;
    begin();
    context = machine_context();
    context->certificates[1] = (struct certificate_file){"mail", path, NULL, "mail.example"};
    context->certificates[2] = context->certificates[0];
    context->certificate_count = 3;
    is(RESULT_DEGRADED, "mail: the certificate is not for the name that is expected");
    context->certificates[1].name = NULL;
    world.boot_ms += 60000;
    world.now_s = NOW_S + 50 * DAY_S;
    is(RESULT_OK, "https: expires in 10 days");
}

Test(certificates, in_a_wrong_order_or_of_another_authority_are_degraded)
{
    static const char words[] = "https: in the chain one did not sign the one before it";
    begin();
    put_chain((X509 *[]){world.middle, world.own}, 2);
    is(RESULT_DEGRADED, words);
    put_chain((X509 *[]){world.own, world.root}, 2);
    is(RESULT_DEGRADED, words);
    EVP_PKEY *stranger = authority_key();
    X509 *impostor = make("middle", NULL, 400, world.root, world.root_key, stranger);
    put_chain((X509 *[]){world.own, impostor, world.root}, 3);
    is(RESULT_DEGRADED, words);
    X509_free(impostor);
    EVP_PKEY_free(stranger);
    put_chain((X509 *[]){world.own, world.middle, world.root}, 3);
    is(RESULT_OK, "all 1 certificates are valid for 60 days or more");
}

Test(certificates, with_another_key_or_none_are_degraded)
{
    begin();
    put_key(world.root_key, NULL);
    is(RESULT_DEGRADED, "https: the certificate is not for the key beside it");
    put_key(world.key, "a password");
    is(RESULT_DEGRADED, "https: the key file holds no key that can be read");
    machine_file("/tls/service.key", "");
    is(RESULT_DEGRADED, "https: the key file holds no key that can be read");
    machine_lacks("/tls/service.key");
    is(RESULT_DEGRADED, "https: the key file is not there");
    machine_file("/tls/service.key/x", "");
    is(RESULT_DEGRADED, "https: what is there for the key is no file, or too large");
    machine_lacks("/tls/service.key");
    put_key(world.key, NULL);
    is(RESULT_OK, "all 1 certificates are valid for 60 days or more");
}

Test(certificates, that_are_garbage_huge_or_gone_are_degraded)
{
    static char huge[CERTIFICATE_BYTES_MAX + 1];
    begin();
    machine_file("/tls/service.pem", "");
    is(RESULT_DEGRADED, "https: the file holds no certificate");
    machine_file("/tls/service.pem", "no certificate at all\n");
    is(RESULT_DEGRADED, "https: the file holds no certificate");
    machine_file("/tls/service.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n"
                                     "-----END CERTIFICATE-----\n");
    is(RESULT_DEGRADED, "https: the file holds what is no certificate");
    memset(huge, 'x', sizeof huge);
    machine_bytes("/tls/service.pem", huge, sizeof huge);
    is(RESULT_DEGRADED, "https: what is there is no file, or too large for a certificate");
    X509 *many[CERTIFICATE_CHAIN_MAX + 1];
    for (uint32_t i = 0; i <= CERTIFICATE_CHAIN_MAX; i++) {
        many[i] = world.own;
    }
    put_chain(many, CERTIFICATE_CHAIN_MAX + 1);
    is(RESULT_DEGRADED, "https: the chain in the file is too long");
    machine_lacks("/tls/service.pem");
    is(RESULT_DEGRADED, "https: there is no such file");
    machine_file("/tls/service.pem/x", "");
    is(RESULT_DEGRADED, "https: what is there is no file, or too large for a certificate");
    machine_lacks("/tls/service.pem");
    put_chain((X509 *[]){world.own}, 1);
    is(RESULT_OK, "all 1 certificates are valid for 60 days or more");
}

/* A flip of any bit of the first certificate. What is still read as one is another one. */
Test(certificates, of_which_a_bit_is_flipped_are_never_taken_for_the_same)
{
    static char text[PEM_BYTES];
    struct certificate_content whole;
    struct certificate_content bent;
    begin();
    text[0] = '\0';
    authority_add(text, world.own);
    const size_t size_bytes = strlen(text);
    cr_assert(certificate_parse(text, size_bytes, NULL, 0, NULL, &whole) == CERTIFICATE_FIT);
    for (size_t bit = 0; bit < 8 * size_bytes; bit++) {
        text[bit / 8] ^= (char)(1 << bit % 8);
        const bool taken =
            certificate_parse(text, size_bytes, NULL, 0, NULL, &bent) == CERTIFICATE_FIT;
        const bool same = memcmp(bent.fingerprint, whole.fingerprint, 16) == 0;
        if (taken && same) { /* the lines around the bytes may be written in several ways */
            cr_assert(memcmp(&bent, &whole, sizeof bent) == 0, "bit %zu", bit);
        }
        text[bit / 8] ^= (char)(1 << bit % 8);
    }
    for (size_t cut = 0; cut < size_bytes - 2; cut++) {
        cr_assert(certificate_parse(text, cut, NULL, 0, NULL, &bent) != CERTIFICATE_FIT);
    }
}

Test(certificates, that_cannot_be_read_now_are_unknown_and_those_that_may_not_are_degraded)
{
    begin();
    world.read_error = EIO;
    is(RESULT_UNKNOWN, "https: cannot be read now: the device reports an error");
    world.read_error = 0;
    is(RESULT_OK, "all 1 certificates are valid for 60 days or more");
    world.stat_error = EACCES;
    is(RESULT_DEGRADED, "https: the file may not be read by the agent");
    world.stat_error = 0;
    world.open_error = EMFILE;
    is(RESULT_UNKNOWN, "https: cannot be read now: too many open files");
}

static void *no_map(void *self, size_t size_bytes, bool huge)
{
    (void)self;
    (void)size_bytes;
    (void)huge;
    return NULL;
}

Test(certificates, without_memory_are_unknown)
{
    begin();
    machine_context()->seams.map = no_map;
    is(RESULT_UNKNOWN, "no memory to read the files into");
}

Test(certificates, are_read_again_when_they_change_and_once_a_minute)
{
    begin();
    is(RESULT_OK, "all 1 certificates are valid for 60 days or more");
    const uint32_t reads = world.reads;
    is(RESULT_OK, "all 1 certificates are valid for 60 days or more");
    cr_assert(eq(u32, world.reads, reads));
    world.boot_ms += 55000;
    is(RESULT_OK, "all 1 certificates are valid for 60 days or more");
    cr_assert(gt(u32, world.reads, reads));
}

Test(certificates, that_are_not_configured_are_absent)
{
    begin();
    machine_context()->certificate_count = 0;
    is(RESULT_ABSENT, "no certificates are named in node.yaml");
}

Test(certificates, are_attested_with_what_they_hold)
{
    struct fleet_certificate attested[FLEET_CERTIFICATES_MAX];
    uint8_t digest[32];
    unsigned size = sizeof digest;
    begin();
    seen();
    cr_assert(eq(u32, certificates_attest(machine_context(), attested), 1));
    X509_digest(world.own, EVP_sha256(), digest, &size);
    cr_assert_str_eq(attested[0].purpose, "https");
    cr_assert(memcmp(attested[0].fingerprint, digest, FLEET_FINGERPRINT_BYTES) == 0);
    cr_assert(eq(u64, attested[0].not_after_s, NOW_S + 60 * DAY_S));
    world.read_error = EIO;
    world.boot_ms += 60000;
    seen();
    cr_assert(eq(u32, certificates_attest(machine_context(), attested), 1));
    cr_assert(fleet_is_fit(&attested[0]), "as it was before");
    world.read_error = 0;
    put_key(world.root_key, NULL);
    seen();
    cr_assert(eq(u32, certificates_attest(machine_context(), attested), 1));
    cr_assert(not(fleet_is_fit(&attested[0])));
    cr_assert(eq(u64, attested[0].not_after_s, 0));
}

Test(certificates, report_their_negative)
{
    cr_assert(reference_find(31)->negative(machine()));
}

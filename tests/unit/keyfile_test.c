#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sodium.h>

#include "agent/keyfile.h"

static char directory[] = "/tmp/ostrakon-keyfile-XXXXXX";
static char path[128];
static char error[KEYFILE_ERROR_BYTES];

static void set_up(void)
{
    cr_assert(mkdtemp(directory) != NULL);
    snprintf(path, sizeof path, "%s/key.pem", directory);
    cr_assert(sodium_init() >= 0);
}

static void tear_down(void)
{
    unlink(path);
    rmdir(directory);
}

TestSuite(keyfile, .init = set_up, .fini = tear_down);

/* The sentence, without the path that it begins with. */
static bool is_refused_for(const char *reason)
{
    struct keyfile k;
    const bool taken = keyfile_read(path, &k, error);
    const bool zeroed = k.key == NULL && sodium_is_zero(k.seed, sizeof k.seed);
    const size_t size = strlen(path);
    if (taken || !zeroed || strncmp(error, path, size) != 0 ||
        strstr(error + size, reason) == NULL) {
        fprintf(stderr, "\"%s\" does not say \"%s\"\n", error, reason);
        return false;
    }
    return true;
}

static void write_file(const void *bytes, size_t size_bytes, mode_t mode)
{
    unlink(path);
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, mode);
    cr_assert(fd >= 0);
    cr_assert(write(fd, bytes, size_bytes) == (ssize_t)size_bytes);
    cr_assert(fchmod(fd, mode) == 0);
    close(fd);
}

static void write_key(EVP_PKEY *key, const EVP_CIPHER *cipher)
{
    unlink(path);
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    FILE *file = fdopen(fd, "w");
    char passphrase[] = "secret";
    cr_assert(PEM_write_PKCS8PrivateKey(file, key, cipher, cipher == NULL ? NULL : passphrase,
                                        cipher == NULL ? 0 : 6, NULL, NULL) == 1);
    fclose(file);
    EVP_PKEY_free(key);
}

Test(keyfile, is_read_as_it_was_made)
{
    uint8_t public_key[KEYFILE_KEY_BYTES];
    struct keyfile k;
    struct stat s;
    cr_assert(keyfile_create(path, public_key, error), "%s", error);
    cr_assert(stat(path, &s) == 0);
    cr_assert(eq(uint, s.st_mode & 07777u, 0600u));
    cr_assert(keyfile_read(path, &k, error), "%s", error);
    cr_assert(memcmp(k.public_key, public_key, sizeof public_key) == 0);
    cr_assert(k.key != NULL);
    keyfile_finish(&k);
    cr_assert(sodium_is_zero((const uint8_t *)&k, sizeof k));
    keyfile_finish(&k);
    keyfile_finish(NULL);
}

/* The seed is libsodium's: both libraries sign to the same bytes. */
Test(keyfile, gives_both_libraries_the_same_key)
{
    uint8_t public_key[KEYFILE_KEY_BYTES];
    uint8_t ours[crypto_sign_PUBLICKEYBYTES];
    uint8_t secret[crypto_sign_SECRETKEYBYTES];
    uint8_t theirs[crypto_sign_BYTES];
    uint8_t signature[crypto_sign_BYTES];
    size_t size_bytes = sizeof theirs;
    struct keyfile k;
    cr_assert(keyfile_create(path, public_key, error));
    cr_assert(keyfile_read(path, &k, error));
    cr_assert(crypto_sign_seed_keypair(ours, secret, k.seed) == 0);
    cr_assert(memcmp(ours, public_key, sizeof ours) == 0);
    cr_assert(crypto_sign_detached(signature, NULL, (const uint8_t *)"x", 1, secret) == 0);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    cr_assert(EVP_DigestSignInit(context, NULL, NULL, NULL, k.key) == 1);
    cr_assert(EVP_DigestSign(context, theirs, &size_bytes, (const uint8_t *)"x", 1) == 1);
    EVP_MD_CTX_free(context);
    cr_assert(memcmp(theirs, signature, sizeof signature) == 0);
    keyfile_finish(&k);
}

Test(keyfile, is_never_overwritten)
{
    uint8_t public_key[KEYFILE_KEY_BYTES];
    write_file("precious", 8, 0600);
    cr_assert(not(keyfile_create(path, public_key, error)));
    cr_assert(strstr(error, "never overwritten") != NULL, "%s", error);
    char bytes[16] = "";
    FILE *file = fopen(path, "r");
    cr_assert(fgets(bytes, sizeof bytes, file) != NULL);
    fclose(file);
    cr_assert(strcmp(bytes, "precious") == 0);
}

Test(keyfile, tells_in_errno_what_the_system_refused_for)
{
    uint8_t public_key[KEYFILE_KEY_BYTES];
    char nowhere[sizeof path + 16];
    snprintf(nowhere, sizeof nowhere, "%s.d/vote.pem", path);
    errno = 0;
    cr_assert(not(keyfile_create(nowhere, public_key, error)));
    cr_expect(eq(int, errno, ENOENT));
    errno = 0;
    cr_assert(is_refused_for("No such file"));
    cr_expect(eq(int, errno, ENOENT));
    errno = 0;
    cr_assert(not(keyfile_remove(directory, error)));
    cr_expect(eq(int, errno, EISDIR));
    write_file("no key", 6, 0600);
    errno = EACCES;
    cr_assert(is_refused_for("PEM"));
    cr_expect(eq(int, errno, 0), "what is wrong is the file, not the access to it");
    errno = EACCES;
    cr_assert(not(keyfile_create(path, public_key, error)));
    cr_expect(eq(int, errno, 0));
}

Test(keyfile, is_not_made_through_a_dangling_link)
{
    uint8_t public_key[KEYFILE_KEY_BYTES];
    cr_assert(symlink("nowhere", path) == 0);
    cr_assert(not(keyfile_create(path, public_key, error)));
}

Test(keyfile, is_overwritten_before_it_is_removed)
{
    uint8_t public_key[KEYFILE_KEY_BYTES];
    struct stat s;
    char other[sizeof path + 8];
    cr_assert(keyfile_create(path, public_key, error));
    snprintf(other, sizeof other, "%s.other", path);
    cr_assert(link(path, other) == 0); /* to look at what was in it */
    cr_assert(keyfile_remove(path, error), "%s", error);
    cr_assert(lstat(path, &s) != 0);
    FILE *file = fopen(other, "r");
    unlink(other);
    cr_assert(file != NULL);
    int byte = fgetc(file);
    cr_assert(eq(int, byte, 0));
    for (; byte != EOF; byte = fgetc(file)) {
        cr_assert(eq(int, byte, 0));
    }
    fclose(file);
    cr_assert(keyfile_remove(path, error)); /* what is not there is removed */
    cr_assert(symlink("nowhere", path) == 0);
    cr_assert(keyfile_remove(path, error));
    cr_assert(lstat(path, &s) != 0);
}

Test(keyfile, is_refused_when_others_may_read_it)
{
    uint8_t public_key[KEYFILE_KEY_BYTES];
    static const mode_t modes[] = {0640, 0604, 0660, 0601, 0610, 0777};
    cr_assert(keyfile_create(path, public_key, error));
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        cr_assert(chmod(path, modes[i]) == 0);
        cr_expect(is_refused_for("is open to group or others"), "%o", modes[i]);
    }
}

Test(keyfile, is_refused_when_it_is_no_regular_file)
{
    cr_assert(is_refused_for("cannot be read: No such file or directory"));
    cr_assert(mkdir(path, 0700) == 0);
    cr_expect(is_refused_for("is not a regular file"));
    cr_assert(rmdir(path) == 0);
    cr_assert(mkfifo(path, 0600) == 0); /* opening it must not wait for a writer */
    cr_expect(is_refused_for("is not a regular file"));
}

Test(keyfile, is_refused_when_it_holds_something_else)
{
    static char big[8192];
    write_file("", 0, 0600);
    cr_expect(is_refused_for("does not hold a private key"));
    write_file("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", 58, 0600);
    cr_expect(is_refused_for("does not hold a private key"));
    write_file(big, sizeof big, 0600);
    cr_expect(is_refused_for("is too big"));
    write_key(EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"), NULL);
    cr_expect(is_refused_for("is not Ed25519"));
    write_key(EVP_PKEY_Q_keygen(NULL, NULL, "X25519"), NULL);
    cr_expect(is_refused_for("is not Ed25519"));
    write_key(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), EVP_aes_128_cbc());
    cr_expect(is_refused_for("without a passphrase"));
}

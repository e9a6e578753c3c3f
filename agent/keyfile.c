#include "keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sodium.h>

#include "durable.h"

/* An Ed25519 key in PEM has 119 bytes; this leaves room for comments above it. */
#define PEM_BYTES_MAX 4096u

/* What was refused for no reason of the system's has none in errno. */
static bool refuse(char error[static KEYFILE_ERROR_BYTES], const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static bool refuse(char error[static KEYFILE_ERROR_BYTES], const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error, KEYFILE_ERROR_BYTES, format, arguments);
    va_end(arguments);
    errno = 0;
    return false;
}

/* "PATH WHAT: REASON", and the reason in errno. */
static bool refuse_for(int reason, char error[static KEYFILE_ERROR_BYTES], const char *path,
                       const char *what)
{
    refuse(error, "%s %s: %s", path, what, strerror(reason));
    errno = reason;
    return false;
}

static bool write_new_file(const char *path, const char *bytes, size_t size_bytes,
                           char error[static KEYFILE_ERROR_BYTES])
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0 && errno == EEXIST) {
        return refuse(error, "%s is there already, and a key is never overwritten", path);
    }
    if (fd < 0) {
        return refuse_for(errno, error, path, "cannot be made");
    }
    const bool filled =
        fchmod(fd, 0600) == 0 && durable_write(fd, bytes, size_bytes) && fsync(fd) == 0;
    int reason = errno;
    const bool closed = close(fd) == 0;
    const bool written = filled && closed && durable_name(path);
    if (!written) {
        reason = filled ? errno : reason;
        unlink(path);
        return refuse_for(reason, error, path, "cannot be written");
    }
    return true;
}

/* The secret passes through memory of OpenSSL's that is wiped when the BIO is freed. */
static bool write_key(EVP_PKEY *key, const char *path, char error[static KEYFILE_ERROR_BYTES])
{
    BIO *bio = BIO_new(BIO_s_secmem());
    char *bytes = NULL;
    if (bio == NULL ||
        PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) != 1) {
        BIO_free(bio);
        return refuse(error, "%s cannot be made: OpenSSL does not encode the key", path);
    }
    const long size_bytes = BIO_get_mem_data(bio, &bytes);
    const bool written = write_new_file(path, bytes, (size_t)size_bytes, error);
    const int reason = errno;
    BIO_free(bio);
    errno = reason;
    return written;
}

bool keyfile_create(const char *path, uint8_t public_key[static KEYFILE_KEY_BYTES],
                    char error[static KEYFILE_ERROR_BYTES])
{
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    size_t size_bytes = KEYFILE_KEY_BYTES;
    if (key == NULL || EVP_PKEY_get_raw_public_key(key, public_key, &size_bytes) != 1) {
        EVP_PKEY_free(key);
        return refuse(error, "%s cannot be made: OpenSSL makes no Ed25519 key", path);
    }
    const bool written = write_key(key, path, error);
    const int reason = errno;
    EVP_PKEY_free(key);
    errno = reason;
    return written;
}

static void overwrite(const char *path)
{
    static const uint8_t zeros[PEM_BYTES_MAX];
    struct stat s;
    const int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) {
        return;
    }
    if (fstat(fd, &s) == 0 && S_ISREG(s.st_mode) && s.st_size <= (off_t)sizeof zeros) {
        (void)!pwrite(fd, zeros, (size_t)s.st_size, 0);
        (void)!fdatasync(fd);
    }
    close(fd);
}

bool keyfile_remove(const char *path, char error[static KEYFILE_ERROR_BYTES])
{
    overwrite(path);
    if (unlink(path) != 0 && errno != ENOENT) {
        return refuse_for(errno, error, path, "cannot be removed");
    }
    return durable_name(path) ||
           refuse_for(errno, error, path, "is removed, which cannot be made durable");
}

static bool file_is_private(const char *path, const struct stat *s,
                            char error[static KEYFILE_ERROR_BYTES])
{
    if (!S_ISREG(s->st_mode)) {
        return refuse(error, "%s is not a regular file", path);
    }
    if ((s->st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return refuse(error, "%s is open to group or others (mode %04o); run: chmod 600 %s",
                      path, (unsigned)s->st_mode & 07777u, path);
    }
    if (s->st_uid != geteuid() && geteuid() != 0) {
        return refuse(error, "%s belongs to another user (uid %u)", path, (unsigned)s->st_uid);
    }
    if (s->st_size > PEM_BYTES_MAX) {
        return refuse(error, "%s is too big for a key (%lld bytes)", path,
                      (long long)s->st_size);
    }
    return true;
}

/* Never asks for a passphrase: a key that needs one cannot be used by a daemon. */
static int no_passphrase(char *buffer, int size, int writing, void *context)
{
    (void)buffer;
    (void)size;
    (void)writing;
    (void)context;
    return -1;
}

static bool key_decode(const char *path, const char *bytes, size_t size_bytes,
                       struct keyfile *out, char error[static KEYFILE_ERROR_BYTES])
{
    BIO *bio = BIO_new_mem_buf(bytes, (int)size_bytes);
    out->key = bio == NULL ? NULL : PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
    BIO_free(bio);
    if (out->key == NULL) {
        return refuse(error, "%s does not hold a private key in PEM without a passphrase",
                      path);
    }
    size_t seed_size = sizeof out->seed;
    size_t public_size = sizeof out->public_key;
    if (EVP_PKEY_get_base_id(out->key) != EVP_PKEY_ED25519 ||
        EVP_PKEY_get_raw_private_key(out->key, out->seed, &seed_size) != 1 ||
        EVP_PKEY_get_raw_public_key(out->key, out->public_key, &public_size) != 1) {
        return refuse(error, "%s holds a key that is not Ed25519", path);
    }
    return true;
}

/* O_NONBLOCK: opening a fifo must not wait for a writer. */
static bool read_private_file(const char *path, char bytes[static PEM_BYTES_MAX],
                              size_t *size_bytes, char error[static KEYFILE_ERROR_BYTES])
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return refuse_for(errno, error, path, "cannot be read");
    }
    struct stat s;
    bool done = false;
    ssize_t got = -1;
    if (fstat(fd, &s) != 0) {
        refuse_for(errno, error, path, "cannot be read");
    } else if (file_is_private(path, &s, error)) {
        got = read(fd, bytes, PEM_BYTES_MAX);
        done = got >= 0 || refuse_for(errno, error, path, "cannot be read");
    }
    const int reason = errno;
    close(fd);
    errno = reason;
    *size_bytes = got > 0 ? (size_t)got : 0;
    return done;
}

bool keyfile_read(const char *path, struct keyfile *out, char error[static KEYFILE_ERROR_BYTES])
{
    char bytes[PEM_BYTES_MAX];
    size_t size_bytes = 0;
    *out = (struct keyfile){0};
    const bool done = read_private_file(path, bytes, &size_bytes, error) &&
                      key_decode(path, bytes, size_bytes, out, error);
    const int reason = errno;
    sodium_memzero(bytes, sizeof bytes);
    if (!done) {
        keyfile_finish(out);
    }
    errno = reason;
    return done;
}

void keyfile_finish(struct keyfile *k)
{
    if (k == NULL) {
        return;
    }
    EVP_PKEY_free(k->key);
    sodium_memzero(k, sizeof *k);
}

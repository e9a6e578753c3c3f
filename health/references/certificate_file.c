#include "certificate_file.h"

#include <limits.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

struct chain {
    uint32_t count;
    X509 *list[CERTIFICATE_CHAIN_MAX];
};

/* A key with a password is none that we can read: nobody is there to be asked. */
static int no_password(char *out, int size_bytes, int writing, void *self)
{
    (void)out;
    (void)size_bytes;
    (void)writing;
    (void)self;
    return -1;
}

static enum certificate_verdict chain_read(const void *bytes, size_t size_bytes,
                                           struct chain *out)
{
    BIO *from = size_bytes <= INT_MAX ? BIO_new_mem_buf(bytes, (int)size_bytes) : NULL;
    if (from == NULL) {
        return CERTIFICATE_DAMAGED;
    }
    enum certificate_verdict verdict = CERTIFICATE_FIT;
    for (;;) {
        ERR_clear_error();
        X509 *one = PEM_read_bio_X509(from, NULL, no_password, NULL);
        if (one == NULL) {
            const bool end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
            verdict = !end              ? CERTIFICATE_DAMAGED
                      : out->count == 0 ? CERTIFICATE_NONE
                                        : CERTIFICATE_FIT;
            break;
        }
        if (out->count == CERTIFICATE_CHAIN_MAX) {
            X509_free(one);
            verdict = CERTIFICATE_TOO_LONG;
            break;
        }
        out->list[out->count++] = one;
    }
    ERR_clear_error();
    BIO_free(from);
    return verdict;
}

static bool seconds_of(const ASN1_TIME *time, int64_t *out)
{
    struct tm fields;
    if (time == NULL || ASN1_TIME_to_tm(time, &fields) != 1) {
        return false;
    }
    *out = (int64_t)timegm(&fields);
    return true;
}

static bool times_read(const struct chain *c, struct certificate_content *out)
{
    for (uint32_t i = 0; i < c->count; i++) {
        int64_t from_s;
        int64_t until_s;
        if (!seconds_of(X509_get0_notBefore(c->list[i]), &from_s) ||
            !seconds_of(X509_get0_notAfter(c->list[i]), &until_s)) {
            return false;
        }
        if (i == 0) {
            out->not_before_s = out->chain_not_before_s = from_s;
            out->not_after_s = out->chain_not_after_s = until_s;
        }
        out->chain_not_before_s =
            from_s > out->chain_not_before_s ? from_s : out->chain_not_before_s;
        out->chain_not_after_s =
            until_s < out->chain_not_after_s ? until_s : out->chain_not_after_s;
    }
    return true;
}

static bool fingerprint_read(const X509 *own, struct certificate_content *out)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned size_bytes = 0;
    if (X509_digest(own, EVP_sha256(), digest, &size_bytes) != 1 ||
        size_bytes < FLEET_FINGERPRINT_BYTES) {
        return false;
    }
    memcpy(out->fingerprint, digest, FLEET_FINGERPRINT_BYTES);
    return true;
}

static bool chain_holds(const struct chain *c)
{
    for (uint32_t i = 0; i + 1 < c->count; i++) {
        EVP_PKEY *key = X509_get0_pubkey(c->list[i + 1]);
        if (X509_check_issued(c->list[i + 1], c->list[i]) != X509_V_OK || key == NULL ||
            X509_verify(c->list[i], key) != 1) {
            return false;
        }
    }
    return true;
}

static enum certificate_verdict key_compare(const X509 *own, const void *bytes,
                                            size_t size_bytes)
{
    BIO *from = size_bytes <= INT_MAX ? BIO_new_mem_buf(bytes, (int)size_bytes) : NULL;
    EVP_PKEY *key =
        from == NULL ? NULL : PEM_read_bio_PrivateKey(from, NULL, no_password, NULL);
    const enum certificate_verdict verdict = key == NULL ? CERTIFICATE_NO_KEY
                                             : X509_check_private_key(own, key) == 1
                                                 ? CERTIFICATE_FIT
                                                 : CERTIFICATE_OTHER_KEY;
    EVP_PKEY_free(key);
    BIO_free(from);
    return verdict;
}

static bool is_for(X509 *own, const char *name)
{
    return X509_check_ip_asc(own, name, 0) == 1 || X509_check_host(own, name, 0, 0, NULL) == 1;
}

static enum certificate_verdict judge(const struct chain *c, const void *key, size_t key_bytes,
                                      const char *name, struct certificate_content *out)
{
    if (!times_read(c, out) || !fingerprint_read(c->list[0], out)) {
        return CERTIFICATE_DAMAGED;
    }
    if (!chain_holds(c)) {
        return CERTIFICATE_BROKEN_CHAIN;
    }
    const enum certificate_verdict verdict =
        key == NULL ? CERTIFICATE_FIT : key_compare(c->list[0], key, key_bytes);
    if (verdict == CERTIFICATE_FIT && name != NULL && !is_for(c->list[0], name)) {
        return CERTIFICATE_OTHER_NAME;
    }
    return verdict;
}

enum certificate_verdict certificate_parse(const void *bytes, size_t size_bytes,
                                           const void *key, size_t key_bytes, const char *name,
                                           struct certificate_content *out)
{
    struct chain c = {.count = 0};
    memset(out, 0, sizeof *out);
    enum certificate_verdict verdict = chain_read(bytes, size_bytes, &c);
    if (verdict == CERTIFICATE_FIT) {
        verdict = judge(&c, key, key_bytes, name, out);
    }
    for (uint32_t i = 0; i < c.count; i++) {
        X509_free(c.list[i]);
    }
    ERR_clear_error();
    return verdict;
}

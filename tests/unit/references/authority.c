#include "authority.h"

#include <assert.h>
#include <string.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

EVP_PKEY *authority_key(void)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    assert(key != NULL);
    return key;
}

X509 *authority_sign(const struct certificate_wish *wish)
{
    static long serial;
    X509 *c = X509_new();
    assert(c != NULL);
    X509_set_version(c, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(c), ++serial);
    ASN1_TIME_set(X509_getm_notBefore(c), wish->from_s);
    ASN1_TIME_set(X509_getm_notAfter(c), wish->until_s);
    X509_set_pubkey(c, wish->key);
    X509_NAME *name = X509_get_subject_name(c);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)wish->name, -1,
                               -1, 0);
    X509_set_issuer_name(c, wish->issuer == NULL ? name : X509_get_subject_name(wish->issuer));
    if (wish->names != NULL) {
        X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, wish->names);
        assert(e != NULL);
        X509_add_ext(c, e, -1);
        X509_EXTENSION_free(e);
    }
    const int size =
        X509_sign(c, wish->issuer == NULL ? wish->key : wish->issuer_key, EVP_sha256());
    assert(size > 0);
    return c;
}

static void add(char *out, BIO *from)
{
    char *text;
    const long size = BIO_get_mem_data(from, &text);
    strncat(out, text, (size_t)size);
    BIO_free(from);
}

void authority_add(char *out, const X509 *certificate)
{
    BIO *to = BIO_new(BIO_s_mem());
    const int done = PEM_write_bio_X509(to, certificate);
    assert(done == 1);
    add(out, to);
}

void authority_add_key(char *out, const EVP_PKEY *key, const char *password)
{
    BIO *to = BIO_new(BIO_s_mem());
    const int done = PEM_write_bio_PKCS8PrivateKey(
        to, key, password == NULL ? NULL : EVP_aes_128_cbc(), password,
        password == NULL ? 0 : (int)strlen(password), NULL, NULL);
    assert(done == 1);
    add(out, to);
}

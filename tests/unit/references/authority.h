#ifndef OSTRAKON_TESTS_REFERENCES_AUTHORITY_H
#define OSTRAKON_TESTS_REFERENCES_AUTHORITY_H

/* Certificates made for a test. All of it aborts on failure. */

#include <stdint.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

struct certificate_wish {
    const char *name;  /* the subject's, and in subjectAltName as given, "DNS:a.example" */
    const char *names; /* NULL: none */
    int64_t from_s;    /* Unix time */
    int64_t until_s;
    X509 *issuer; /* NULL: signed by itself */
    EVP_PKEY *issuer_key;
    EVP_PKEY *key;
};

EVP_PKEY *authority_key(void);
X509 *authority_sign(const struct certificate_wish *wish);

/* PEM behind what `out` holds already, which ends in zero. */
void authority_add(char *out, const X509 *certificate);
void authority_add_key(char *out, const EVP_PKEY *key, const char *password);

#endif

#include "agent/tls.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/x509.h>
#include <sodium.h>

#include "agent/memory.h"

struct tls {
    EVP_PKEY *key; /* borrowed */
    X509 *certificate;
    SSL_CTX *server;
    struct tls_roster roster;
};

/* Where a connection's SSL keeps its struct tls_caller. One index for the process's life. */
static int caller_slot = -1;

static X509 *certificate_of(EVP_PKEY *key, const char *name)
{
    char common_name[65]; /* X.509 allows 64 */
    snprintf(common_name, sizeof common_name, "%s", name);
    X509 *const cert = X509_new();
    memory_expect(cert != NULL);
    X509_NAME *const subject = X509_get_subject_name(cert);
    const bool is_made =
        X509_set_version(cert, X509_VERSION_3) == 1 &&
        ASN1_INTEGER_set(X509_get_serialNumber(cert), 1) == 1 &&
        ASN1_TIME_set_string_X509(X509_getm_notBefore(cert), "19700101000000Z") == 1 &&
        ASN1_TIME_set_string_X509(X509_getm_notAfter(cert), "99991231235959Z") == 1 &&
        X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                                   (const unsigned char *)common_name, -1, -1, 0) == 1 &&
        X509_set_issuer_name(cert, subject) == 1 && X509_set_pubkey(cert, key) == 1 &&
        X509_sign(cert, key, NULL) > 0; /* no digest: Ed25519 has its own */
    if (!is_made) {
        X509_free(cert);
        return NULL;
    }
    return cert;
}

/* Takes the place of chain building. That the key is held is proved by the handshake itself. */
static int on_certificate(X509_STORE_CTX *store, void *context)
{
    struct tls *const tls = context;
    const SSL *const ssl =
        X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct tls_caller *const caller = SSL_get_ex_data(ssl, caller_slot);
    assert(caller != NULL);
    EVP_PKEY *const key = X509_get0_pubkey(X509_STORE_CTX_get0_cert(store));
    size_t size_bytes = sizeof caller->key;
    caller->has_key = key != NULL && EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519 &&
                      EVP_PKEY_get_raw_public_key(key, caller->key, &size_bytes) == 1 &&
                      size_bytes == sizeof caller->key;
    caller->is_known =
        caller->has_key && tls->roster.is_known(tls->roster.context, caller->key);
    X509_STORE_CTX_set_error(store, caller->is_known ? X509_V_OK : X509_V_ERR_CERT_UNTRUSTED);
    return caller->is_known ? 1 : 0;
}

static SSL_CTX *server_of(struct tls *tls)
{
    SSL_CTX *const server = SSL_CTX_new(TLS_server_method());
    memory_expect(server != NULL);
    const bool is_set = SSL_CTX_set_min_proto_version(server, TLS1_3_VERSION) == 1 &&
                        SSL_CTX_use_certificate(server, tls->certificate) == 1 &&
                        SSL_CTX_use_PrivateKey(server, tls->key) == 1 &&
                        SSL_CTX_set_num_tickets(server, 0) == 1;
    memory_expect(is_set);
    SSL_CTX_set_verify(server, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_CTX_set_cert_verify_callback(server, on_certificate, tls);
    /* A resumed session shows no certificate, and on_certificate would not be asked. */
    SSL_CTX_set_session_cache_mode(server, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(server, SSL_OP_NO_TICKET);
    /* Two buffers of 17 KiB a connection, given back while it is idle: a flood of connections
     * holds little. */
    SSL_CTX_set_mode(server, SSL_MODE_RELEASE_BUFFERS);
    return server;
}

struct tls *tls_create(EVP_PKEY *key, const char *name, struct tls_roster roster)
{
    if (EVP_PKEY_get_base_id(key) != EVP_PKEY_ED25519) {
        return NULL;
    }
    X509 *const certificate = certificate_of(key, name);
    if (certificate == NULL) {
        return NULL; /* no private key: it could not sign */
    }
    if (caller_slot < 0) {
        caller_slot = SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL);
        memory_expect(caller_slot >= 0);
    }
    struct tls *const tls = memory_get(sizeof *tls);
    tls->key = key;
    tls->certificate = certificate;
    tls->roster = roster;
    tls->server = server_of(tls);
    return tls;
}

void tls_destroy(struct tls *tls)
{
    if (tls == NULL) {
        return;
    }
    SSL_CTX_free(tls->server);
    X509_free(tls->certificate);
    free(tls);
}

SSL *tls_accept(struct tls *tls, struct tls_caller *caller)
{
    *caller = (struct tls_caller){.has_key = false};
    SSL *const ssl = SSL_new(tls->server);
    memory_expect(ssl != NULL && SSL_set_ex_data(ssl, caller_slot, caller) == 1);
    return ssl;
}

bool tls_prepare_client(struct tls *tls, SSL_CTX *context)
{
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
    return SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) == 1 &&
           SSL_CTX_use_certificate(context, tls->certificate) == 1 &&
           SSL_CTX_use_PrivateKey(context, tls->key) == 1;
}

bool tls_pin(const uint8_t key[static TLS_KEY_BYTES], char pin[static TLS_PIN_CHARS])
{
    bool is_made = false;
    uint8_t *info = NULL;
    EVP_PKEY *const public =
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key, TLS_KEY_BYTES);
    if (public == NULL) {
        goto out;
    }
    const int info_bytes = i2d_PUBKEY(public, &info);
    if (info_bytes <= 0) {
        goto out;
    }
    uint8_t digest[crypto_hash_sha256_BYTES];
    crypto_hash_sha256(digest, info, (unsigned long long)info_bytes);
    static const char prefix[] = "sha256//";
    memcpy(pin, prefix, sizeof prefix - 1);
    sodium_bin2base64(pin + sizeof prefix - 1, TLS_PIN_CHARS - (sizeof prefix - 1), digest,
                      sizeof digest, sodium_base64_VARIANT_ORIGINAL);
    is_made = true;
out:
    OPENSSL_free(info);
    EVP_PKEY_free(public);
    return is_made;
}

/* TLS between members: version 1.3, both sides known by their Ed25519 transport keys.
 *
 * Nothing is read from certificate files. Each side makes a certificate of its own key that is
 * the same for ever, and judges the other side's by the key alone: the handshake proves that it
 * is held. No tickets and no resumption, since a resumed session would not be judged again.
 *
 * Loop's thread only. Out of memory: as in loop.h. */
#ifndef OSTRAKON_AGENT_TLS_H
#define OSTRAKON_AGENT_TLS_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>

#define TLS_KEY_BYTES 32u
#define TLS_PIN_CHARS 64u /* "sha256//", 44 characters of base64, and the terminator fit */

/* What a handshake found out about the other side. */
struct tls_caller {
    bool has_key;  /* it showed an Ed25519 certificate: key is set */
    bool is_known; /* ... with a key that is_known said yes to */
    uint8_t key[TLS_KEY_BYTES];
};

/* Whether somebody with this key may speak with us. Asked during each handshake. */
struct tls_roster {
    bool (*is_known)(void *context, const uint8_t key[static TLS_KEY_BYTES]);
    void *context;
};

struct tls;

/* The key (Ed25519, private) is borrowed until tls_destroy; name becomes the certificate's
 * common name, for people who look at it (cut at 64 bytes, as X.509 wants it). NULL if the key
 * is not an Ed25519 private key. */
struct tls *tls_create(EVP_PKEY *key, const char *name, struct tls_roster roster);

/* Accepts NULL. */
void tls_destroy(struct tls *tls);

/* A server's side of one connection, the caller's to free. What is learnt of the other side is
 * written to *caller, which must live as long as the connection. */
SSL *tls_accept(struct tls *tls, struct tls_caller *caller);

/* Makes a client's context (curl's, one a connection) show our certificate and use our key. The
 * other side is not judged here: the caller pins it with tls_pin. */
bool tls_prepare_client(struct tls *tls, SSL_CTX *context) __attribute__((warn_unused_result));

/* The pin of a key as curl wants it: "sha256//" and the base64 of SHA-256 over the key's
 * SubjectPublicKeyInfo. False if the bytes are no key. */
bool tls_pin(const uint8_t key[static TLS_KEY_BYTES], char pin[static TLS_PIN_CHARS])
    __attribute__((warn_unused_result));

#endif

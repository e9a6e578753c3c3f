/* The peer listener against clients that do not mean well: without a key, with a wrong one,
 * with a member's. */
#include "tests/net/attacked.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <openssl/err.h>

static uint64_t took_ms;

/* A whole client hello, caught from a real client by a socket pair. */
static uint8_t hello[2048];
static size_t hello_bytes;

static void catch_hello(void)
{
    SSL_CTX *const context = SSL_CTX_new(TLS_client_method());
    SSL *const ssl = SSL_new(context);
    BIO *const out = BIO_new(BIO_s_mem());
    SSL_set_bio(ssl, BIO_new(BIO_s_mem()), out);
    SSL_connect(ssl);
    hello_bytes = (size_t)BIO_read(out, hello, sizeof hello);
    SSL_free(ssl);
    SSL_CTX_free(context);
    ERR_clear_error();
}

/* Sends these bytes, one every pace_us if that is not 0, and waits for the end. */
static void dribble(SSL *ssl, int fd, const void *bytes, size_t size_bytes, unsigned pace_us)
{
    const uint64_t before_ms = clock_monotonic_ms();
    const uint8_t *const from = bytes;
    const size_t step_bytes = pace_us == 0 ? size_bytes : 1;
    for (size_t at = 0; at < size_bytes; at += step_bytes) {
        const bool is_sent = ssl != NULL ? SSL_write(ssl, from + at, (int)step_bytes) > 0
                                         : send(fd, from + at, step_bytes, MSG_NOSIGNAL) > 0;
        if (!is_sent) {
            break;
        }
        usleep(pace_us);
    }
    in_bytes = ssl != NULL || fd >= 0 ? client_talk(ssl, fd, "", 0, in, sizeof in) : 0;
    took_ms = clock_monotonic_ms() - before_ms;
}

static void say_plain(const void *bytes, size_t size_bytes, unsigned pace_us)
{
    const int fd = client_connect(http_port(s.http));
    dribble(NULL, fd, bytes, size_bytes, pace_us);
    close(fd);
}

static void say_as_member(const void *bytes, size_t size_bytes, unsigned pace_us)
{
    SSL *const ssl = client_tls(client_connect(http_port(s.http)), s.member_key);
    cr_assert(ssl != NULL);
    dribble(ssl, SSL_get_fd(ssl), bytes, size_bytes, pace_us);
    client_free(ssl);
}

/* Slow ones: all end at the deadline, however they dribble. */

static void say_nothing(struct serving *unused)
{
    (void)unused;
    say_plain("", 0, 0);
}

static void say_half_a_hello(struct serving *unused)
{
    (void)unused;
    say_plain(hello, hello_bytes / 2, 0);
}

static void say_hello_slowly(struct serving *unused)
{
    (void)unused;
    say_plain(hello, hello_bytes, 50000);
}

static void say_no_request(struct serving *unused)
{
    (void)unused;
    say_as_member("", 0, 0);
}

static const char slow_request[] =
    POST "X-Long: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n\r\n";

static void say_header_slowly(struct serving *unused)
{
    (void)unused;
    say_as_member(slow_request, sizeof slow_request - 1, 50000);
}

static void say_body_slowly(struct serving *unused)
{
    (void)unused;
    static const char header[] = POST "Content-Length: 100\r\n\r\n";
    SSL *const ssl = client_tls(client_connect(http_port(s.http)), s.member_key);
    SSL_write(ssl, header, sizeof header - 1);
    static const uint8_t body[100];
    dribble(ssl, SSL_get_fd(ssl), body, sizeof body, 50000);
    client_free(ssl);
}

Test(hostile, ends_who_is_slow_at_the_deadline)
{
    static void (*const clients[])(struct serving *) = {
        say_nothing,    say_half_a_hello,  say_hello_slowly,
        say_no_request, say_header_slowly, say_body_slowly,
    };
    catch_hello();
    for (uint32_t i = 0; i < sizeof clients / sizeof clients[0]; i++) {
        start();
        serving_run(&s, clients[i], 50);
        cr_assert(took_ms > 800 && took_ms < 2000, "client %u: %lu ms", i,
                  (unsigned long)took_ms);
        cr_assert(s.requests == 0);
        cr_assert(s.troubles == 1);
        cr_assert(s.trouble == HTTP_TROUBLE_SLOW);
        cr_assert_serves();
    }
}

/* Rubbish before TLS. */

static void say_plain_http(struct serving *unused)
{
    (void)unused;
    say_plain("GET / HTTP/1.1\r\nHost: x\r\n\r\n", 27, 0);
}

static void say_rubbish(struct serving *unused)
{
    (void)unused;
    uint8_t rubbish[5000];
    for (size_t i = 0; i < sizeof rubbish; i++) {
        rubbish[i] = (uint8_t)(i * 131 + 7);
    }
    say_plain(rubbish, sizeof rubbish, 0);
}

static void say_old_tls(struct serving *unused)
{
    (void)unused;
    SSL_CTX *const context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
    SSL *const ssl = SSL_new(context);
    SSL_CTX_free(context);
    SSL_set_fd(ssl, client_connect(http_port(s.http)));
    in_bytes = SSL_connect(ssl) == 1 ? 1 : 0;
    client_free(ssl);
}

static void come_as(EVP_PKEY *key)
{
    SSL *const ssl = client_tls(client_connect(http_port(s.http)), key);
    /* The client's handshake may end before the server has judged its certificate. */
    in_bytes = ssl != NULL
                   ? client_talk(ssl, -1, slow_request, sizeof slow_request - 1, in, sizeof in)
                   : 0;
    client_free(ssl);
}

static void come_without_key(struct serving *unused)
{
    (void)unused;
    come_as(NULL);
}

static void come_with_strange_key(struct serving *unused)
{
    (void)unused;
    EVP_PKEY *const key = world_key();
    come_as(key);
    EVP_PKEY_free(key);
}

static void come_with_rsa(struct serving *unused)
{
    (void)unused;
    /* tls_create makes no certificate of it; the server must not need that to be so. */
    EVP_PKEY *const key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    X509 *const cert = X509_new();
    X509_gmtime_adj(X509_getm_notBefore(cert), 0);
    X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
    X509_set_pubkey(cert, key);
    X509_sign(cert, key, EVP_sha256());
    SSL_CTX *const context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_use_certificate(context, cert);
    SSL_CTX_use_PrivateKey(context, key);
    SSL *const ssl = SSL_new(context);
    SSL_set_fd(ssl, client_connect(http_port(s.http)));
    in_bytes = SSL_connect(ssl) == 1
                   ? client_talk(ssl, -1, slow_request, sizeof slow_request - 1, in, sizeof in)
                   : 0;
    client_free(ssl);
    SSL_CTX_free(context);
    X509_free(cert);
    EVP_PKEY_free(key);
}

static const struct {
    void (*client)(struct serving *s);
    const char *reason;
} strangers[] = {
    {say_plain_http, "http request"},
    {say_rubbish, "wrong version number"},
    {say_old_tls, "unsupported protocol"},
    {come_without_key, "peer did not return a certificate"},
    {come_with_strange_key, "its key is no member's"},
    {come_with_rsa, "certificate verify failed"},
};

Test(hostile, lets_nobody_in_without_a_members_key)
{
    for (uint32_t i = 0; i < sizeof strangers / sizeof strangers[0]; i++) {
        start();
        in_bytes = 0;
        serving_run(&s, strangers[i].client, 50);
        cr_assert(s.requests == 0, "stranger %u", i);
        cr_assert(s.troubles == 1);
        cr_assert(s.trouble == HTTP_TROUBLE_LEFT);
        cr_assert_str_eq(s.reason, strangers[i].reason);
        cr_assert(memchr(in, 'H', in_bytes) == NULL, "not a byte of HTTP comes back");
        cr_assert_serves();
    }
}

/* A session is not to be had: nobody comes in on an old one. */
static void ask_for_ticket(struct serving *unused)
{
    (void)unused;
    SSL *const ssl = client_tls(client_connect(http_port(s.http)), s.member_key);
    in_bytes = client_talk(ssl, -1, slow_request, sizeof slow_request - 1, in, 16);
    SSL_SESSION *const session = SSL_get1_session(ssl);
    in_bytes = session != NULL && SSL_SESSION_is_resumable(session) ? 1 : 0;
    SSL_SESSION_free(session);
    client_free(ssl);
}

Test(hostile, gives_no_ticket)
{
    start();
    serving_run(&s, ask_for_ticket, 50);
    cr_assert(in_bytes == 0);
    cr_assert_serves();
}

/* The bad client. */
#include "tests/net/world.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>

#include "agent/tls.h"

int client_connect(uint16_t port)
{
    const struct sockaddr_in at = {.sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                   .sin_port = htons(port)};
    const struct timeval patience = {.tv_sec = 8};
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool is_connected =
        fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0 &&
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) == 0 &&
        connect(fd, (const struct sockaddr *)&at, sizeof at) == 0;
    if (!is_connected && fd >= 0) {
        close(fd);
    }
    return is_connected ? fd : -1;
}

static bool nobody(void *context, const uint8_t key[static TLS_KEY_BYTES])
{
    (void)context;
    (void)key;
    return false;
}

SSL *client_tls(int fd, EVP_PKEY *key)
{
    SSL_CTX *const context = SSL_CTX_new(TLS_client_method());
    assert(context != NULL);
    struct tls *tls = NULL;
    if (key != NULL) {
        tls = tls_create(key, "client", (struct tls_roster){.is_known = nobody});
        const bool is_ready = tls_prepare_client(tls, context);
        assert(is_ready);
    }
    SSL *ssl = SSL_new(context);
    SSL_CTX_free(context);
    tls_destroy(tls);
    SSL_set_fd(ssl, fd);
    if (SSL_connect(ssl) != 1) {
        SSL_free(ssl);
        ERR_clear_error();
        return NULL;
    }
    return ssl;
}

void client_free(SSL *ssl)
{
    if (ssl != NULL) {
        const int fd = SSL_get_fd(ssl);
        SSL_free(ssl);
        close(fd);
    }
    ERR_clear_error();
}

size_t client_talk(SSL *ssl, int fd, const void *out, size_t out_bytes, char *in,
                   size_t in_bytes)
{
    if (ssl != NULL) {
        SSL_write(ssl, out, (int)out_bytes);
    } else {
        const ssize_t sent = send(fd, out, out_bytes, MSG_NOSIGNAL);
        (void)sent;
    }
    size_t total = 0;
    while (total < in_bytes - 1) {
        const ssize_t got = ssl != NULL ? SSL_read(ssl, in + total, (int)(in_bytes - 1 - total))
                                        : recv(fd, in + total, in_bytes - 1 - total, 0);
        if (got <= 0) {
            break;
        }
        total += (size_t)got;
    }
    in[total] = '\0';
    ERR_clear_error();
    return total;
}

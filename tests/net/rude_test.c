/* The peer listener against a member that does not mean well. */
#include "tests/net/attacked.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <criterion/criterion.h>

static void say_as_member(const void *bytes, size_t size_bytes)
{
    SSL *const ssl = client_tls(client_connect(http_port(s.http)), s.member_key);
    in_bytes = client_talk(ssl, -1, bytes, size_bytes, in, sizeof in);
    client_free(ssl);
}

/* Members that send what no request is. */

static const struct {
    const char *text;
    const char *status; /* NULL: cut off without one, or not to be foretold */
} requests[] = {
    {"rubbish\r\n\r\n", "400"},
    {"\x16\x03\x01\x02", NULL},
    {POST "Content-Length: -1\r\n\r\n", "400"},
    {POST "Content-Length: 99999999999999999999\r\n\r\n", NULL},
    {POST "Content-Length: 1073741824\r\n\r\n", "413"},
    {POST "Content-Length: 262145\r\n\r\n", NULL},
    {POST "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", NULL},
    {POST "Transfer-Encoding: chunked\r\n\r\n-5\r\n", NULL},
    {POST "Transfer-Encoding: chunked\r\n\r\nffffffff\r\n", NULL},
    {POST "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffffffffff\r\n", NULL},
    {POST "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n", "100"},
};

static uint32_t at_request;

static void send_request(struct serving *unused)
{
    (void)unused;
    say_as_member(requests[at_request].text, strlen(requests[at_request].text));
}

Test(rude, survives_members_that_send_no_sound_request)
{
    for (at_request = 0; at_request < sizeof requests / sizeof requests[0]; at_request++) {
        start();
        serving_run(&s, send_request, 50);
        const char *const status = requests[at_request].status;
        cr_assert(status == NULL || strncmp(in + 9, status, 3) == 0, "%s: %s",
                  requests[at_request].text, in);
        cr_assert(s.troubles == 1);
        cr_assert(s.trouble == HTTP_TROUBLE_RUBBISH || s.trouble == HTTP_TROUBLE_SLOW);
        cr_assert_serves();
    }
}

static void send_long_header(struct serving *unused)
{
    (void)unused;
    static char text[20000];
    memset(text, 'a', sizeof text);
    memcpy(text, "POST /x HTTP/1.1\r\nX: ", 21);
    say_as_member(text, sizeof text);
}

static void send_long_uri(struct serving *unused)
{
    (void)unused;
    static char text[20000];
    memset(text, 'a', sizeof text);
    memcpy(text, "POST /", 6);
    say_as_member(text, sizeof text);
}

static size_t sent_bytes;

static void send_without_end(struct serving *unused)
{
    (void)unused;
    static const char header[] = POST "Transfer-Encoding: chunked\r\n\r\n";
    static char chunk[16 * 1024 + 6 + 2];
    memcpy(chunk, "4000\r\n", 6);
    memcpy(chunk + sizeof chunk - 2, "\r\n", 2);
    SSL *const ssl = client_tls(client_connect(http_port(s.http)), s.member_key);
    SSL_write(ssl, header, sizeof header - 1);
    sent_bytes = 0;
    while (sent_bytes < 64 * 1024 * 1024 && SSL_write(ssl, chunk, sizeof chunk) > 0) {
        sent_bytes += sizeof chunk;
    }
    client_free(ssl);
}

Test(rude, takes_no_more_than_its_limits)
{
    static void (*const clients[])(struct serving *) = {send_long_header, send_long_uri,
                                                        send_without_end};
    for (uint32_t i = 0; i < sizeof clients / sizeof clients[0]; i++) {
        start();
        serving_run(&s, clients[i], 50);
        cr_assert(s.requests == 0);
        cr_assert(s.trouble == HTTP_TROUBLE_RUBBISH);
        cr_assert_serves();
    }
    cr_assert(sent_bytes < 8 * 1024 * 1024, "%zu", sent_bytes);
}

/* A chunk whose size never ends, on both kinds of listener. */
static void send_line_without_end(struct serving *unused)
{
    (void)unused;
    static const char header[] = "GET /x HTTP/1.1\r\nHost: localhost\r\n"
                                 "Transfer-Encoding: chunked\r\n\r\n";
    static char digits[16 * 1024];
    const int fd = client_connect(http_port(s.http));
    SSL *const ssl = s.tls != NULL ? client_tls(fd, s.member_key) : NULL;
    ssize_t sent = ssl != NULL ? SSL_write(ssl, header, sizeof header - 1)
                               : send(fd, header, sizeof header - 1, MSG_NOSIGNAL);
    memset(digits, '0', sizeof digits);
    sent_bytes = 0;
    while (sent > 0 && sent_bytes < 16 * 1024 * 1024) {
        sent = ssl != NULL ? SSL_write(ssl, digits, sizeof digits)
                           : send(fd, digits, sizeof digits, MSG_NOSIGNAL);
        sent_bytes += sizeof digits;
    }
    if (ssl != NULL) {
        client_free(ssl);
    } else {
        close(fd);
    }
}

Test(rude, takes_no_chunk_size_without_end)
{
    static const enum http_kind kinds[] = {HTTP_PEER, HTTP_API};
    for (uint32_t i = 0; i < 2; i++) {
        serving_init(&s, kinds[i]);
        s.options.request_ms = 8000;
        serving_start(&s);
        serving_run(&s, send_line_without_end, 50);
        cr_assert(sent_bytes < 8 * 1024 * 1024, "%zu", sent_bytes);
        cr_assert(s.requests == 0);
        cr_assert(s.troubles == 1);
        cr_assert(s.trouble == HTTP_TROUBLE_RUBBISH);
        cr_assert_str_eq(s.reason, "longer than any request may be");
        cr_assert(http_connections(s.http) == 0);
        serving_finish(&s);
    }
}

/* The largest body, in chunks of half a packet: what is between them counts little. */
#define CHUNK_BYTES 512
static void send_small_chunks(struct serving *unused)
{
    (void)unused;
    static const char head[] = POST "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
    static char text[2 * 1024 * 1024];
    size_t at = sizeof head - 1;
    memcpy(text, head, at);
    for (uint32_t i = 0; i < HTTP_BODY_MAX / CHUNK_BYTES; i++) {
        at += (size_t)snprintf(text + at, sizeof text - at, "%x\r\n%0*d\r\n", CHUNK_BYTES,
                               CHUNK_BYTES, 0);
    }
    at += (size_t)snprintf(text + at, sizeof text - at, "0\r\n\r\n");
    say_as_member(text, at);
}

Test(rude, takes_the_largest_body_in_chunks)
{
    start();
    serving_run(&s, send_small_chunks, 50);
    cr_assert(s.requests == 1);
    cr_assert(s.body_bytes == HTTP_BODY_MAX, "%zu", s.body_bytes);
    cr_assert_serves();
}

static void send_and_reset(struct serving *unused)
{
    (void)unused;
    static const char text[] = POST "Content-Length: 3\r\n\r\nabc";
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    for (uint32_t i = 0; i < 20; i++) {
        SSL *const ssl = client_tls(client_connect(http_port(s.http)), s.member_key);
        SSL_write(ssl, text, sizeof text - 1);
        setsockopt(SSL_get_fd(ssl), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        client_free(ssl);
    }
}

Test(rude, survives_who_resets_before_his_answer)
{
    start();
    serving_run(&s, send_and_reset, 100);
    cr_assert_serves();
}

static void part_politely(struct serving *unused)
{
    (void)unused;
    static const char text[] = POST "Content-Length: 3\r\n\r\nabc";
    SSL *const ssl = client_tls(client_connect(http_port(s.http)), s.member_key);
    SSL_write(ssl, text, sizeof text - 1);
    SSL_read(ssl, in, sizeof in);
    SSL_shutdown(ssl);
    client_free(ssl);
}

static void part_without_a_word(struct serving *unused)
{
    (void)unused;
    static const char text[] = POST "Content-Length: 3\r\n\r\nabc";
    SSL *const ssl = client_tls(client_connect(http_port(s.http)), s.member_key);
    SSL_write(ssl, text, sizeof text - 1);
    SSL_read(ssl, in, sizeof in);
    client_free(ssl);
}

Test(rude, tells_a_goodbye_from_a_death)
{
    start();
    serving_run(&s, part_politely, 50);
    cr_assert(s.broken == 0);
    serving_run(&s, part_without_a_word, 50);
    cr_assert(s.broken == 1);
    cr_assert_serves();
}

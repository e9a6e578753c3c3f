/* The peer listener against a member that does not mean well. Deadlines are a fifth of the
 * agent's. */
#include "tests/net/serving.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <criterion/criterion.h>

static struct serving s;
static char in[4096];
static size_t in_bytes;

static void start(void)
{
    serving_init(&s, HTTP_PEER);
    serving_start(&s);
}

#define POST "POST /x HTTP/1.1\r\nHost: x\r\n"

static void post_abc(struct serving *unused)
{
    (void)unused;
    in_bytes = serving_ask(&s, POST "Connection: close\r\nContent-Length: 3\r\n\r\nabc", in,
                           sizeof in);
}

/* The server is still there, and nothing of the attacker is left in it. */
static void cr_assert_serves(void)
{
    cr_assert(http_connections(s.http) == 0, "%u connections", http_connections(s.http));
    s.requests = 0;
    serving_run(&s, post_abc, 0);
    cr_assert(s.requests == 1);
    cr_assert(strstr(in, "\r\n\r\nabc") != NULL, "%s", in);
    serving_finish(&s);
}

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

/* One key, many connections, each after a good request. */
static void hoard(struct serving *unused)
{
    (void)unused;
    static const char text[] = POST "Content-Length: 3\r\n\r\nabc";
    SSL *held[30];
    for (uint32_t i = 0; i < 30; i++) {
        held[i] = client_tls(client_connect(http_port(s.http)), s.member_key);
        SSL_write(held[i], text, sizeof text - 1);
        SSL_read(held[i], in, sizeof in);
    }
    in_bytes = http_connections(s.http);
    for (uint32_t i = 0; i < 30; i++) {
        client_free(held[i]);
    }
}

Test(rude, bounds_the_connections_of_one_member)
{
    start();
    serving_run(&s, hoard, 100);
    cr_assert(in_bytes <= 16, "%zu", in_bytes);
    cr_assert(s.requests == 30);
    cr_assert_serves();
}

/* More answers than the kernel holds for him, none of which he reads. */
#define BIG "GET /big HTTP/1.1\r\nHost: x\r\n\r\n"
static const char unread[] = BIG BIG BIG BIG BIG BIG BIG BIG BIG BIG BIG BIG;

/* How many connections are left once the server has come to the last. */
static size_t settle(void)
{
    const uint64_t until_ms = clock_monotonic_ms() + 3000;
    while (http_connections(s.http) > 16 && clock_monotonic_ms() < until_ms) {
        usleep(10000);
    }
    return http_connections(s.http);
}

static void start_patient(void)
{
    serving_init(&s, HTTP_PEER);
    s.options.request_ms = 8000;
    s.options.idle_ms = 8000;
    serving_start(&s);
}

static void hoard_unread(struct serving *unused)
{
    (void)unused;
    SSL *held[30];
    for (uint32_t i = 0; i < 30; i++) {
        held[i] = client_tls(client_connect(http_port(s.http)), s.member_key);
        cr_assert(held[i] != NULL);
        SSL_write(held[i], unread, sizeof unread - 1);
    }
    in_bytes = settle();
    for (uint32_t i = 0; i < 30; i++) {
        client_free(held[i]);
    }
}

static void hoard_waiting(struct serving *unused)
{
    (void)unused;
    static const char text[] = "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n";
    SSL *held[30];
    for (uint32_t i = 0; i < 30; i++) {
        held[i] = client_tls(client_connect(http_port(s.http)), s.member_key);
        cr_assert(held[i] != NULL);
        SSL_write(held[i], text, sizeof text - 1);
    }
    in_bytes = settle();
    for (uint32_t i = 0; i < 30; i++) {
        client_free(held[i]);
    }
}

Test(rude, bounds_the_connections_of_one_member_that_reads_no_answer)
{
    start_patient();
    serving_run(&s, hoard_unread, 100);
    cr_assert(in_bytes <= 16, "%zu", in_bytes);
    cr_assert_serves();
}

Test(rude, bounds_the_connections_of_one_member_whose_requests_wait)
{
    start_patient();
    serving_run(&s, hoard_waiting, 100);
    cr_assert(in_bytes <= 16, "%zu", in_bytes);
    cr_assert(s.gone == 30);
    cr_assert_serves();
}

static void fill_and_ask(struct serving *unused)
{
    SSL *held[4];
    for (uint32_t i = 0; i < 4; i++) {
        held[i] = client_tls(client_connect(http_port(s.http)), s.member_key);
        cr_assert(held[i] != NULL);
        SSL_write(held[i], unread, sizeof unread - 1);
    }
    usleep(300000);
    post_abc(unused);
    for (uint32_t i = 0; i < 4; i++) {
        client_free(held[i]);
    }
}

Test(rude, gives_a_place_of_one_who_reads_no_answer_to_another)
{
    serving_init(&s, HTTP_PEER);
    s.options.request_ms = 8000;
    s.options.connections_max = 4;
    serving_start(&s);
    serving_run(&s, fill_and_ask, 100);
    cr_assert(strstr(in, "\r\n\r\nabc") != NULL, "%zu bytes", in_bytes);
    cr_assert_serves();
}

/* After the idle time of a first answer has begun. */
static void read_no_answer(struct serving *unused)
{
    (void)unused;
    static const char text[] = POST "Content-Length: 3\r\n\r\nabc";
    SSL *const ssl = client_tls(client_connect(http_port(s.http)), s.member_key);
    SSL_write(ssl, text, sizeof text - 1);
    SSL_read(ssl, in, sizeof in);
    usleep(700000);
    SSL_write(ssl, unread, sizeof unread - 1);
    const uint64_t before_ms = clock_monotonic_ms();
    while (http_connections(s.http) > 0 && clock_monotonic_ms() - before_ms < 3000) {
        usleep(10000);
    }
    in_bytes = clock_monotonic_ms() - before_ms;
    client_free(ssl);
}

Test(rude, gives_who_reads_no_answer_as_long_as_for_a_request)
{
    serving_init(&s, HTTP_PEER);
    s.options.request_ms = 500;
    s.options.idle_ms = 10000;
    serving_start(&s);
    serving_run(&s, read_no_answer, 100);
    cr_assert(in_bytes > 300 && in_bytes < 1500, "%zu ms", in_bytes);
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

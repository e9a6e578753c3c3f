/* The peer listener against a member that holds as many connections as it can get. Deadlines
 * are a fifth of the agent's. */
#include "tests/net/serving.h"

#include <string.h>
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

Test(hoard, bounds_the_connections_of_one_member)
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

Test(hoard, bounds_the_connections_of_one_member_that_reads_no_answer)
{
    start_patient();
    serving_run(&s, hoard_unread, 100);
    cr_assert(in_bytes <= 16, "%zu", in_bytes);
    cr_assert_serves();
}

Test(hoard, bounds_the_connections_of_one_member_whose_requests_wait)
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

Test(hoard, gives_a_place_of_one_who_reads_no_answer_to_another)
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

Test(hoard, gives_who_reads_no_answer_as_long_as_for_a_request)
{
    serving_init(&s, HTTP_PEER);
    s.options.request_ms = 500;
    s.options.idle_ms = 10000;
    serving_start(&s);
    serving_run(&s, read_no_answer, 100);
    cr_assert(in_bytes > 300 && in_bytes < 1500, "%zu ms", in_bytes);
    cr_assert_serves();
}

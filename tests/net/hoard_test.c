/* The peer listener against a member that holds as many connections as it can get. */
#include "tests/net/attacked.h"

#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#define HELD 30u

static SSL *held[HELD];

/* One key, so many connections, on each of which the same is said. */
static void hold(uint32_t count, const char *text)
{
    for (uint32_t i = 0; i < count; i++) {
        held[i] = client_tls(client_connect(http_port(s.http)), s.member_key);
        cr_assert(held[i] != NULL);
        SSL_write(held[i], text, (int)strlen(text));
    }
}

static void let_go(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        client_free(held[i]);
    }
}

/* How many connections are left once the server has come to the last. */
static size_t settle(void)
{
    const uint64_t until_ms = clock_monotonic_ms() + 3000;
    while (http_connections(s.http) > 16 && clock_monotonic_ms() < until_ms) {
        usleep(10000);
    }
    return http_connections(s.http);
}

static const char *said; /* on each */

static void hoard(struct serving *unused)
{
    (void)unused;
    hold(HELD, said);
    in_bytes = settle();
    let_go(HELD);
}

/* After good requests; with more answers than the kernel holds for him, none of which he reads;
 * while requests wait. */
#define BIG "GET /big HTTP/1.1\r\nHost: x\r\n\r\n"
static const char unread[] = BIG BIG BIG BIG BIG BIG BIG BIG BIG BIG BIG BIG;

static void bounds(const char *text)
{
    serving_init(&s, HTTP_PEER);
    s.options.request_ms = 8000;
    s.options.idle_ms = 8000;
    serving_start(&s);
    said = text;
    serving_run(&s, hoard, 100);
    cr_assert(in_bytes <= 16, "%zu", in_bytes);
}

Test(hoard, bounds_the_connections_of_one_member)
{
    bounds(POST "Content-Length: 3\r\n\r\nabc");
    cr_assert(s.requests == HELD);
    cr_assert_serves();
}

Test(hoard, bounds_the_connections_of_one_member_that_reads_no_answer)
{
    bounds(unread);
    cr_assert_serves();
}

Test(hoard, bounds_the_connections_of_one_member_whose_requests_wait)
{
    bounds("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
    cr_assert(s.gone == HELD);
    cr_assert_serves();
}

static void fill_and_ask(struct serving *unused)
{
    hold(4, unread);
    usleep(300000);
    post_abc(unused);
    let_go(4);
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

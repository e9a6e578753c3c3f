#include "tests/net/attacked.h"

#include <string.h>

#include <criterion/criterion.h>

struct serving s;
char in[4096];
size_t in_bytes;

void start(void)
{
    serving_init(&s, HTTP_PEER);
    serving_start(&s);
}

void post_abc(struct serving *unused)
{
    (void)unused;
    in_bytes = serving_ask(&s, POST "Connection: close\r\nContent-Length: 3\r\n\r\nabc", in,
                           sizeof in);
}

void cr_assert_serves(void)
{
    cr_assert(http_connections(s.http) == 0, "%u connections", http_connections(s.http));
    s.requests = 0;
    serving_run(&s, post_abc, 0);
    cr_assert(s.requests == 1);
    cr_assert(strstr(in, "\r\n\r\nabc") != NULL, "%s", in);
    serving_finish(&s);
}

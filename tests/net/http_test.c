#include "tests/net/serving.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <criterion/criterion.h>

static struct serving s;
static char in[2 * 1024 * 1024]; /* what the client got; read by the test when it has ended */
static size_t in_bytes;

static void ask(const char *text)
{
    in_bytes = serving_ask(&s, text, in, sizeof in);
}

static void start(enum http_kind kind)
{
    serving_init(&s, kind);
    serving_start(&s);
}

#define HOST "Host: localhost\r\n"
#define CLOSE "Connection: close\r\n"

static void get_hello(struct serving *unused)
{
    (void)unused;
    ask("GET /hello HTTP/1.1\r\n" HOST CLOSE "\r\n");
}

Test(http, answers_a_get)
{
    start(HTTP_API);
    serving_run(&s, get_hello, 0);
    cr_assert(strncmp(in, "HTTP/1.1 200 OK\r\n", 17) == 0, "%s", in);
    cr_assert(strstr(in, "Content-Length: 6\r\n") != NULL);
    cr_assert(strstr(in, "\r\n\r\nhello\n") != NULL);
    cr_assert(http_connections(s.http) == 0);
    cr_assert(s.troubles == 0);
    serving_finish(&s);
}

static void head_hello(struct serving *unused)
{
    (void)unused;
    ask("HEAD /hello HTTP/1.1\r\n" HOST CLOSE "\r\n");
}

Test(http, answers_a_head_without_the_body)
{
    start(HTTP_API);
    serving_run(&s, head_hello, 0);
    cr_assert(strncmp(in, "HTTP/1.1 200 OK\r\n", 17) == 0, "%s", in);
    cr_assert(strstr(in, "Content-Length: 6\r\n") != NULL, "%s", in);
    cr_assert(strcmp(in + in_bytes - 4, "\r\n\r\n") == 0, "%s", in);
    serving_finish(&s);
}

static void get_big(struct serving *unused)
{
    (void)unused;
    ask("GET /big HTTP/1.1\r\n" HOST CLOSE "\r\n");
}

Test(http, sends_a_large_answer_whole_before_it_closes)
{
    start(HTTP_API);
    serving_run(&s, get_big, 0);
    cr_assert(in_bytes > 1024 * 1024);
    serving_finish(&s);
}

/* The status of the answer to each of these, on the read-only listener. */
static const struct {
    const char *text;
    const char *status;
} cases[] = {
    {"POST /hello HTTP/1.1\r\n" HOST CLOSE "Content-Length: 0\r\n\r\n", "405"},
    {"DELETE /hello HTTP/1.1\r\n" HOST CLOSE "\r\n", "405"},
    {"OPTIONS /hello HTTP/1.1\r\n" HOST CLOSE "\r\n", "405"},
    {"PATCH /hello HTTP/1.1\r\n" HOST CLOSE "Content-Length: 0\r\n\r\n", "405"},
    {"BREW /hello HTTP/1.1\r\n" HOST CLOSE "\r\n", "501"},
    {"GET /hello HTTP/1.1\r\nHost: evil.example\r\n" CLOSE "\r\n", "421"},
    {"GET /hello HTTP/1.1\r\nHost: localhost.evil.example:80\r\n" CLOSE "\r\n", "421"},
    {"GET /hello HTTP/1.1\r\n" CLOSE "\r\n", "421"},
    {"GET http://evil.example/hello HTTP/1.1\r\n" HOST CLOSE "\r\n", "421"},
    {"GET /hello HTTP/1.1\r\nHost: 127.0.0.1:7180\r\n" CLOSE "\r\n", "200"},
    {"GET /hello HTTP/1.1\r\nHost: [::1]:7180\r\n" CLOSE "\r\n", "200"},
    {"GET /hello HTTP/1.1\r\nHost: STATUS.example:7180\r\n" CLOSE "\r\n", "200"},
    {"GET /hello?wait_s=1 HTTP/1.1\r\n" HOST CLOSE "\r\n", "200"},
    {"GET /hello HTTP/1.0\r\n" HOST "\r\n", "200"},
    {"rubbish\r\n\r\n", "400"},
    {"GET /hello HTTP/9.9\r\n" HOST "\r\n", "400"},
};

static char statuses[sizeof cases / sizeof cases[0]][4];

static void ask_cases(struct serving *unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ask(cases[i].text);
        if (in_bytes > 12) {
            memcpy(statuses[i], in + 9, 3);
        }
    }
}

Test(http, refuses_what_does_not_belong_on_the_read_only_listener)
{
    static const char *const hosts[] = {"status.example", NULL};
    serving_init(&s, HTTP_API);
    s.options.hosts = hosts;
    serving_start(&s);
    serving_run(&s, ask_cases, 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cr_assert_str_eq(statuses[i], cases[i].status, "%s: %s", cases[i].text, statuses[i]);
    }
    cr_assert(http_connections(s.http) == 0);
    serving_finish(&s);
}

static void ask_two(struct serving *unused)
{
    (void)unused;
    ask("GET /hello HTTP/1.1\r\n" HOST "\r\nGET /hello HTTP/1.1\r\n" HOST CLOSE "\r\n");
}

Test(http, answers_two_requests_in_one_packet)
{
    start(HTTP_API);
    serving_run(&s, ask_two, 0);
    cr_assert(s.requests == 2);
    const char *const first = strstr(in, "hello\n");
    cr_assert(first != NULL && strstr(first + 1, "hello\n") != NULL, "%s", in);
    serving_finish(&s);
}

/* Long polls */

static void wait_and_leave(struct serving *unused)
{
    (void)unused;
    static const char text[] = "GET /wait HTTP/1.1\r\n" HOST "\r\n";
    const int fd = client_connect(http_port(s.http));
    const ssize_t sent = send(fd, text, sizeof text - 1, 0);
    (void)sent;
    usleep(100000);
    close(fd);
    usleep(100000);
}

Test(http, learns_that_a_client_left_while_it_waited)
{
    start(HTTP_API);
    serving_run(&s, wait_and_leave, 0);
    cr_assert(s.gone == 1);
    cr_assert(http_connections(s.http) == 0);
    serving_finish(&s);
}

static void wait_and_be_answered(struct serving *unused)
{
    (void)unused;
    static const char text[] = "GET /wait HTTP/1.1\r\n" HOST CLOSE "\r\n";
    const int fd = client_connect(http_port(s.http));
    const ssize_t sent = send(fd, text, sizeof text - 1, 0);
    (void)sent;
    usleep(2500000); /* longer than either deadline: it is we who let it wait */
    ask("GET /answer HTTP/1.1\r\n" HOST CLOSE "\r\n");
    in_bytes = client_talk(NULL, fd, "", 0, in, sizeof in);
    close(fd);
}

Test(http, answers_who_waited_however_long)
{
    start(HTTP_API);
    serving_run(&s, wait_and_be_answered, 0);
    cr_assert(strstr(in, "at last\n") != NULL, "%s", in);
    cr_assert(s.gone == 0);
    serving_finish(&s);
}

static void wait_on(struct serving *unused)
{
    (void)unused;
    static const char text[] = "GET /wait HTTP/1.1\r\n" HOST "\r\n";
    const ssize_t sent = send(client_connect(http_port(s.http)), text, sizeof text - 1, 0);
    (void)sent;
    usleep(100000);
}

Test(http, tells_who_waits_when_the_listener_goes)
{
    start(HTTP_API);
    serving_run(&s, wait_on, 0);
    cr_assert(s.waiting != NULL);
    serving_finish(&s);
    cr_assert(s.gone == 1);
}

/* Unix socket */

static char socket_path[64];

static void ask_local(struct serving *unused)
{
    (void)unused;
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    snprintf(at.sun_path, sizeof at.sun_path, "%s", socket_path);
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (connect(fd, (struct sockaddr *)&at, sizeof at) == 0) {
        static const char text[] =
            "POST /x HTTP/1.1\r\n" HOST CLOSE "Content-Length: 3\r\n\r\nabc";
        in_bytes = client_talk(NULL, fd, text, sizeof text - 1, in, sizeof in);
    }
    close(fd);
}

Test(http, knows_who_asks_on_the_unix_socket)
{
    snprintf(socket_path, sizeof socket_path, "/tmp/net_http_%d.sock", (int)getpid());
    for (uint32_t round = 0; round < 2; round++) {
        serving_init(&s, HTTP_LOCAL);
        s.options.address = socket_path;
        serving_start(&s);
        serving_run(&s, ask_local, 0);
        cr_assert(s.uid == getuid());
        cr_assert(strstr(in, "\r\n\r\nabc") != NULL, "%s", in);
        struct stat status;
        cr_assert(stat(socket_path, &status) == 0);
        cr_assert((status.st_mode & 0777) == 0660, "%o", status.st_mode);
        serving_finish(&s);
        cr_assert(access(socket_path, F_OK) != 0);
        /* A stale one, left by an agent that was killed, for the second round. */
        struct sockaddr_un at = {.sun_family = AF_UNIX};
        snprintf(at.sun_path, sizeof at.sun_path, "%s", socket_path);
        const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
        cr_assert(bind(fd, (struct sockaddr *)&at, sizeof at) == 0);
        close(fd);
    }
    unlink(socket_path);
}

Test(http, does_not_take_a_socket_from_a_living_agent)
{
    snprintf(socket_path, sizeof socket_path, "/tmp/net_http_%d.sock", (int)getpid());
    serving_init(&s, HTTP_LOCAL);
    s.options.address = socket_path;
    serving_start(&s);
    char error[HTTP_ERROR_CHARS];
    cr_assert(http_create(&s.options, error) == NULL);
    cr_assert(strstr(error, "another agent listens on /tmp/net_http_") != NULL, "%s", error);
    serving_run(&s, ask_local, 0);
    cr_assert(in_bytes > 0);
    serving_finish(&s);
}

Test(http, says_which_port_is_taken)
{
    start(HTTP_API);
    char address[32];
    snprintf(address, sizeof address, "127.0.0.1:%u", http_port(s.http));
    struct http_options second = s.options;
    second.address = address;
    char error[HTTP_ERROR_CHARS];
    cr_assert(http_create(&second, error) == NULL);
    cr_assert(strstr(error, address) != NULL, "%s", error);
    cr_assert(strstr(error, "Address already in use") != NULL, "%s", error);
    second.address = "localhost:80";
    cr_assert(http_create(&second, error) == NULL);
    cr_assert(strstr(error, "not a numeric address") != NULL, "%s", error);
    serving_finish(&s);
}

/* Too many */

static uint32_t answered;

static void crowd(struct serving *unused)
{
    (void)unused;
    int fds[100];
    for (uint32_t i = 0; i < 100; i++) {
        fds[i] = client_connect(http_port(s.http));
    }
    for (uint32_t i = 0; i < 20; i++) {
        get_hello(NULL);
        answered += strstr(in, "hello\n") != NULL ? 1 : 0;
    }
    for (uint32_t i = 0; i < 100; i++) {
        close(fds[i]);
    }
}

Test(http, serves_on_among_connections_that_say_nothing)
{
    start(HTTP_API);
    serving_run(&s, crowd, 100);
    cr_assert(answered == 20, "%u", answered);
    cr_assert(s.trouble == HTTP_TROUBLE_CROWDED || s.troubles > 0);
    cr_assert(http_connections(s.http) == 0);
    serving_finish(&s);
}

static void busy_crowd(struct serving *unused)
{
    (void)unused;
    static const char text[] = "GET /wait HTTP/1.1\r\n" HOST "\r\n";
    int fds[4];
    for (uint32_t i = 0; i < 4; i++) {
        fds[i] = client_connect(http_port(s.http));
        const ssize_t sent = send(fds[i], text, sizeof text - 1, 0);
        (void)sent;
        usleep(20000);
    }
    get_hello(NULL);
    for (uint32_t i = 0; i < 4; i++) {
        close(fds[i]);
    }
}

Test(http, turns_away_one_more_than_all_that_wait)
{
    serving_init(&s, HTTP_API);
    s.options.connections_max = 4;
    serving_start(&s);
    serving_run(&s, busy_crowd, 100);
    cr_assert(in_bytes == 0);
    cr_assert(s.requests == 4);
    cr_assert(s.gone == 4);
    serving_finish(&s);
}

static uint32_t library_texts;

static void on_library_text(const char *text, uint32_t suppressed)
{
    (void)text;
    (void)suppressed;
    library_texts++;
}

static void exhaust(struct serving *unused)
{
    (void)unused;
    int fds[40];
    for (uint32_t i = 0; i < 40; i++) {
        fds[i] = client_connect(http_port(s.http));
    }
    const clock_t before = clock();
    usleep(500000);
    in_bytes = (size_t)(clock() - before); /* CPU of the whole process */
    for (uint32_t i = 0; i < 40; i++) {
        close(fds[i]);
    }
}

Test(http, rests_when_descriptors_run_out_and_recovers)
{
    serving_init(&s, HTTP_API);
    s.options.connections_max = 1000;
    serving_start(&s);
    /* The client's and the server's ends come from the same table. */
    const struct rlimit few = {.rlim_cur = 64, .rlim_max = 64};
    cr_assert(setrlimit(RLIMIT_NOFILE, &few) == 0);
    loop_log(on_library_text);
    serving_run(&s, exhaust, 300);
    cr_assert(in_bytes < CLOCKS_PER_SEC / 10, "%zu us of CPU in half a second", in_bytes);
    cr_assert(s.trouble == HTTP_TROUBLE_CROWDED || s.troubles > 0);
    cr_assert(library_texts <= 1, "%u", library_texts);
    serving_run(&s, get_hello, 0);
    cr_assert(strstr(in, "hello\n") != NULL);
    serving_finish(&s);
}

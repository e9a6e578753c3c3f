/* What a member's peer port answers to requests that are not messages of its cluster. */
#include "tests/net/world.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>

#define ID "0100000000000000000000000000000000000000000000000000000000000000"
#define HEAD " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
#define OURS "Ostrakon-Cluster: " ID " demo\r\n"

static const struct {
    const char *text;
    size_t size_bytes;
    const char *status;
} cases[] = {
#define CASE(text, status)                                                                     \
    {                                                                                          \
        text, sizeof text - 1, status                                                          \
    }
    CASE("POST /v1/peer/messages" HEAD OURS "Content-Length: 6\r\n\r\n\0\0\0\2ab", "204"),
    CASE("POST /v1/peer/messages" HEAD OURS "Content-Length: 0\r\n\r\n", "400"),
    CASE("POST /v1/peer/messages" HEAD OURS "Content-Length: 4\r\n\r\n\0\0\0\0", "400"),
    CASE("POST /v1/peer/messages" HEAD OURS "Content-Length: 3\r\n\r\n\0\0\0", "400"),
    CASE("POST /v1/peer/messages" HEAD OURS "Content-Length: 6\r\n\r\n\0\0\0\3ab", "400"),
    CASE("POST /v1/peer/messages" HEAD OURS "Content-Length: 8\r\n\r\n\0\0\0\2ab\0\0", "400"),
    CASE("POST /v1/peer/messages" HEAD OURS "Content-Length: 6\r\n\r\n\xff\xff\xff\xff"
         "ab",
         "400"),
    CASE("POST /v1/peer/messages" HEAD "Content-Length: 6\r\n\r\n\0\0\0\2ab", "409"),
    CASE("POST /v1/peer/messages" HEAD "Ostrakon-Cluster: 01\r\n"
         "Content-Length: 6\r\n\r\n\0\0\0\2ab",
         "409"),
    CASE("GET /v1/peer/messages" HEAD OURS "\r\n", "405"),
    CASE("POST /v1/peer/messages/" HEAD OURS "Content-Length: 6\r\n\r\n\0\0\0\2ab", "404"),
    CASE("GET /" HEAD OURS "\r\n", "404"),
#undef CASE
};

#define CASES (sizeof cases / sizeof cases[0])

struct seen {
    char status[CASES][4];
    char foreign[2048]; /* the whole answer to another cluster */
    bool is_done;
};

static struct world w;
static struct seen *seen; /* shared with the child that asks */

static void ask_all(void)
{
    for (size_t i = 0; i < CASES; i++) {
        char in[2048];
        SSL *const ssl = client_tls(client_connect(w.ports[0]), w.nodes[1].key);
        client_talk(ssl, -1, cases[i].text, cases[i].size_bytes, in, sizeof in);
        client_free(ssl);
        snprintf(seen->status[i], sizeof seen->status[i], "%.3s", in + 9);
        if (strcmp(cases[i].status, "409") == 0) {
            memcpy(seen->foreign, in, sizeof in);
        }
    }
    seen->is_done = true;
}

static bool all_was_asked(struct world *world)
{
    (void)world;
    return seen->is_done;
}

static void ask_in_child(void (*ask)(void))
{
    seen = mmap(NULL, sizeof *seen, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    world_init(&w, 2);
    world_run_node(&w, 0, 1);
    const pid_t child = fork();
    if (child == 0) {
        ask();
        _exit(0);
    }
    cr_assert(world_turn(&w, 20000, all_was_asked));
    waitpid(child, NULL, 0);
    world_turn(&w, 50, NULL);
}

Test(unwelcome, requests_are_told_why)
{
    ask_in_child(ask_all);
    for (size_t i = 0; i < CASES; i++) {
        cr_assert_str_eq(seen->status[i], cases[i].status, "%s: %s", cases[i].text,
                         seen->status[i]);
    }
    cr_assert(strstr(seen->foreign, "Ostrakon-Cluster: " ID " demo\r\n") != NULL, "%s",
              seen->foreign);
    cr_assert(strstr(seen->foreign, "Ours is " ID " demo") != NULL, "%s", seen->foreign);
    cr_assert(w.nodes[0].heard[1].messages == 1, "the first, and no part of another");
    cr_assert(w.nodes[0].heard[1].foreign == 1);
    cr_assert(w.nodes[0].troubles == 1, "one line for all of one member's rubbish: %u",
              w.nodes[0].troubles);
    cr_assert(w.nodes[0].trouble.member == 1);
    world_finish(&w);
}

static void ask_as_itself(void)
{
    client_free(client_tls(client_connect(w.ports[0]), w.nodes[0].key));
    seen->is_done = true;
}

Test(unwelcome, is_a_second_agent_with_our_own_key)
{
    ask_in_child(ask_as_itself);
    cr_assert(w.nodes[0].troubles == 1);
    cr_assert(strstr(w.nodes[0].trouble_reason, "our own transport key") != NULL, "%s",
              w.nodes[0].trouble_reason);
    world_finish(&w);
}

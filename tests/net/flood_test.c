/* Two members that hear each other every 100 ms while others do their worst at the port of one.
 */
#include "tests/net/world.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>

#define FLOOD_MS 1500u

#ifdef __SANITIZE_ADDRESS__
#define UNDER_ASAN
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define UNDER_ASAN
#endif
#endif
#ifdef UNDER_ASAN
#define GROWTH_MAX_KIB (512 * 1024) /* the sanitizer keeps what was freed, up to 256 MiB */
#else
#define GROWTH_MAX_KIB (16 * 1024)
#endif

static struct world w;
static EVP_PKEY *strange_key;

/* The attackers: each a process that goes on until it is killed. */

static void connect_and_hold(void)
{
    for (;;) {
        int fds[200];
        for (uint32_t i = 0; i < 200; i++) {
            fds[i] = client_connect(w.ports[1]);
        }
        usleep(50000);
        for (uint32_t i = 0; i < 200; i++) {
            close(fds[i]);
        }
    }
}

static void send_rubbish(void)
{
    static uint8_t rubbish[16384];
    memset(rubbish, 0x5a, sizeof rubbish);
    for (;;) {
        const int fd = client_connect(w.ports[1]);
        const ssize_t sent = write(fd, rubbish, sizeof rubbish);
        (void)sent;
        close(fd);
    }
}

static void shake_hands_as_stranger(void)
{
    for (;;) {
        client_free(client_tls(client_connect(w.ports[1]), strange_key));
    }
}

/* A member that lost its mind: a body without end, again and again. */
static void send_gibibytes(void)
{
    static const char header[] = "POST /v1/peer/messages HTTP/1.1\r\nHost: x\r\n"
                                 "Content-Length: 1073741824\r\n\r\n";
    static const uint8_t zeros[16384];
    for (;;) {
        SSL *const ssl = client_tls(client_connect(w.ports[1]), w.nodes[2].key);
        if (ssl != NULL && SSL_write(ssl, header, sizeof header - 1) > 0) {
            while (SSL_write(ssl, zeros, sizeof zeros) > 0) {
            }
        }
        client_free(ssl);
    }
}

static long rss_kib(void)
{
    char line[200] = "";
    FILE *const file = fopen("/proc/self/statm", "r"); /* size, resident, ... in pages */
    const char *const got = file != NULL ? fgets(line, sizeof line, file) : NULL;
    cr_assert(got != NULL);
    fclose(file);
    char *resident = line;
    strtol(line, &resident, 10);
    return strtol(resident, NULL, 10) * (sysconf(_SC_PAGESIZE) / 1024);
}

static bool both_hear(struct world *world)
{
    return world->nodes[0].heard[1].messages > 0 && world->nodes[1].heard[0].messages > 0;
}

static const struct {
    const char *name;
    void (*attack)(void);
} attacks[] = {
    {"connections that say nothing", connect_and_hold},
    {"rubbish", send_rubbish},
    {"strangers' handshakes", shake_hands_as_stranger},
    {"bodies without end", send_gibibytes},
};

Test(flood, delays_no_heartbeat_and_takes_no_memory, .timeout = 60)
{
    strange_key = world_key();
    for (uint32_t i = 0; i < sizeof attacks / sizeof attacks[0]; i++) {
        world_init(&w, 3); /* member 2 does not run, but its key is good */
        world_run_node(&w, 0, 1);
        world_run_node(&w, 1, 1);
        world_pulse(&w, 100);
        cr_assert(world_turn(&w, 3000, both_hear));
        world_turn(&w, 500, NULL);
        const long before_kib = rss_kib();
        w.nodes[0].heard[1].gap_max_ms = 0;
        w.nodes[1].heard[0].gap_max_ms = 0;
        const uint32_t messages = w.nodes[1].heard[0].messages;
        const pid_t child = fork();
        if (child == 0) {
            attacks[i].attack();
        }
        world_turn(&w, FLOOD_MS, NULL);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        const uint64_t gap_ms = w.nodes[1].heard[0].gap_max_ms;
        const long grown_kib = rss_kib() - before_kib;
        cr_log_info("%s: gap %lu ms, memory +%ld KiB, lines %u (%s)", attacks[i].name,
                    (unsigned long)gap_ms, grown_kib, w.nodes[1].troubles,
                    w.nodes[1].trouble_reason);
        cr_assert(gap_ms < 350, "%s: %lu ms", attacks[i].name, (unsigned long)gap_ms);
        cr_assert(w.nodes[1].heard[0].messages - messages >= FLOOD_MS / 100 - 5);
        cr_assert(w.nodes[1].troubles >= 1 && w.nodes[1].troubles <= 3, "%u lines",
                  w.nodes[1].troubles);
        cr_assert(grown_kib < GROWTH_MAX_KIB, "%ld KiB", grown_kib);
        world_finish(&w);
    }
    EVP_PKEY_free(strange_key);
}

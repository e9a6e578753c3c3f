/* What an idle cluster's network costs: as many processes as members, each with the agent's
 * heartbeats and nothing else. Prints a line a process: CPU in percent of a core, resident
 * memory.
 *
 *   idle [members] [seconds] */
#include "tests/net/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static double cpu_s(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static long memory_kib(const char *field)
{
    char line[200];
    long kib = 0;
    FILE *const file = fopen("/proc/self/smaps_rollup", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, field, strlen(field)) == 0) {
            kib = strtol(line + strlen(field), NULL, 10);
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    return kib;
}

static void run_member(struct world *w, uint32_t member, uint32_t seconds)
{
    world_run_node(w, member, 1);
    world_pulse(w, 100);
    world_turn(w, 3000, NULL); /* all connections made */
    const double before = cpu_s();
    world_turn(w, seconds * 1000u, NULL);
    const double used = cpu_s() - before;
    const long rss = memory_kib("Rss:");
    const long private = memory_kib("Private_Dirty:");
    const struct peers_counters c = peers_counters(w->nodes[member].peers);
    printf("member %u: cpu %.2f %%, rss %ld KiB, private dirty %ld KiB, out %lu, in %lu, "
           "connects %lu\n",
           member, 100.0 * used / seconds, rss, private, (unsigned long)c.requests_out,
           (unsigned long)c.requests_in, (unsigned long)c.connects_out);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    static struct world w;
    const uint32_t members = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 5;
    const uint32_t seconds = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 10;
    world_init(&w, members);
    for (uint32_t i = 1; i < members; i++) {
        /* The loop is the child's own: an epoll descriptor must not be shared. */
        if (fork() == 0) {
            world_loop(&w);
            run_member(&w, i, seconds);
            _exit(0);
        }
    }
    world_loop(&w);
    run_member(&w, 0, seconds);
    while (wait(NULL) > 0) {
    }
    return 0;
}

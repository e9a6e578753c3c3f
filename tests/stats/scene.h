#ifndef TESTS_STATS_SCENE_H
#define TESTS_STATS_SCENE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "sink.h"
#include "step_kill.h"
#include "work.h"

/* A sink, workers in processes of their own, and what the sink must hold in the end, told apart
 * from the code that adds it up. The sink is a file in a directory of its own, or, with
 * scene_use_server, a schema in a PostgreSQL server. */

#define SCENE_WINDOW_S 60
#define SCENE_WINDOW 1000 /* the first of SCENE_WINDOWS that have rows, all of them over */
#define SCENE_WINDOWS 2
#define SCENE_PATIENCE_MS 20000 /* of each worker */

/* The clock of all processes in a scene: in the window after those. */
int64_t scene_now_ms(void);

/* From now on scenes are in this server: an address that ends in "user=", which is a
 * superuser's with "postgres" behind it. Borrowed. Before the first scene. */
void scene_use_server(const char *address);

/* Makes a fresh sink with the rows of SCENE_WINDOWS windows. */
void scene_begin(void);

/* Opens the sink as that member, under the scene's clock; ends the program when that fails. */
void scene_open(struct sink *s, const char *member);

struct worker_plan {
    enum role role;
    const char *member;
    int64_t fence;
    int64_t last; /* window; the first is SCENE_WINDOW */
    enum fate fate;
    uint64_t step; /* at which it meets its fate; 0: never */
};

struct worker {
    pid_t pid;
    int report_fd;
    bool was_killed;
    bool was_stopped;
    char report[1024]; /* what it had said when it ended */
};

void worker_start(struct worker *w, const struct worker_plan *plan);

/* Until it has ended, or stands still. */
void worker_wait(struct worker *w);
/* Without waiting for it; worker_wait or worker_kill is still due. */
bool worker_has_ended(const struct worker *w);

void worker_kill(struct worker *w); /* and waits; harmless when it has ended by itself */
void worker_wake(struct worker *w);

/* Fills `text` with what a worker must report that found all windows as they are. */
void scene_results(int64_t last, char *text, size_t size_bytes);

/* Checks that exactly the windows up to `last` are published, each once, with the right
 * numbers, and that the sink's file is sound; answers what is wrong, or NULL. */
const char *scene_check(int64_t last);

/* Removes the scene's files. */
void scene_end(void);

#endif

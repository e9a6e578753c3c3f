#include "agent/solver.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "agent/task_work.h"
#include "health/references/arena.h"
#include "health/references/references.h"
#include "health/references/room.h"

#define MIB (UINT64_C(1) << 20)
#define ASKED_MAX 64u

struct piece {
    uint64_t serial;
    bool done;                         /* there is a result */
    uint8_t bytes[SOLVER_NONCE_BYTES]; /* of the number, then of the result */
};

static_assert(SOLVER_NONCE_BYTES == TASK_BYTES && SOLVER_RESULT_BYTES == TASK_BYTES,
              "a piece has room for both");

struct pieces {
    uint32_t count;
    struct piece list[ASKED_MAX];
};

struct solver {
    struct solver_options options;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t turn;
    struct loop_wake *wake;
    bool ending;
    struct pieces asked;
    struct pieces solved;
    struct arenas arenas;              /* the thread's */
    struct reference_context *machine; /* likewise, for what there is room for */
};

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* One, and more where node.yaml lets the sweep have so much that a quarter of it is more; as
 * far as this machine and its control group have room, and nothing while others need memory. */
uint32_t solver_may_hold(struct reference_context *machine, uint64_t window_most)
{
    const struct room room = room_now(machine);
    const uint64_t wanted = window_most / 4 / (TASK_MIB * MIB);
    const uint64_t bearable = room.window / (TASK_MIB * MIB);
    return !room.known || room.pressed
               ? 0
               : (uint32_t)least(least(wanted > 0 ? wanted : 1, bearable), ARENAS_MAX);
}

static void *work(void *context)
{
    struct solver *s = context;
    pthread_mutex_lock(&s->lock);
    while (!s->ending) {
        if (s->asked.count == 0 || s->solved.count == ASKED_MAX) {
            pthread_cond_wait(&s->turn, &s->lock);
            continue;
        }
        struct piece p = s->asked.list[0];
        s->asked.count--;
        memmove(s->asked.list, s->asked.list + 1, s->asked.count * sizeof p);
        pthread_mutex_unlock(&s->lock);
        uint8_t result[SOLVER_RESULT_BYTES];
        p.done = task_work_in(&s->arenas, solver_may_hold(s->machine, s->options.window_most),
                              &s->machine->seams, p.bytes, result);
        memcpy(p.bytes, result, p.done ? sizeof result : 0);
        pthread_mutex_lock(&s->lock);
        s->solved.list[s->solved.count++] = p;
        loop_wake_signal(s->wake);
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

static void on_wake(void *context)
{
    struct solver *s = context;
    pthread_mutex_lock(&s->lock);
    const struct pieces solved = s->solved;
    s->solved.count = 0;
    pthread_cond_signal(&s->turn);
    pthread_mutex_unlock(&s->lock);
    for (uint32_t i = 0; i < solved.count; i++) {
        const struct piece *p = &solved.list[i];
        s->options.on_solved(s->options.context, p->serial, p->done ? p->bytes : NULL);
    }
}

/* Signals are the loop's. */
static int start(struct solver *s)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const int error = pthread_create(&s->thread, NULL, work, s);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

static void finish(struct solver *s)
{
    loop_wake_destroy(s->wake);
    pthread_cond_destroy(&s->turn);
    pthread_mutex_destroy(&s->lock);
    if (s->machine != NULL) {
        arenas_release(&s->arenas, &s->machine->seams);
    }
    free(s->machine);
    free(s);
}

struct solver *solver_create(const struct solver_options *options)
{
    struct solver *s = calloc(1, sizeof *s);
    if (s == NULL) {
        return NULL;
    }
    s->options = *options;
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->turn, NULL);
    s->wake = loop_wake_create(options->loop, on_wake, s);
    s->machine = calloc(1, sizeof *s->machine);
    if (s->machine != NULL) {
        s->machine->seams = seams_of_machine(); /* its room is the machine's, not R10's */
    }
    const int error = s->wake == NULL || s->machine == NULL ? ENOMEM : start(s);
    if (error != 0) {
        finish(s);
        errno = error;
        return NULL;
    }
    return s;
}

void solver_destroy(struct solver *s)
{
    if (s == NULL) {
        return;
    }
    pthread_mutex_lock(&s->lock);
    s->ending = true;
    pthread_cond_signal(&s->turn);
    pthread_mutex_unlock(&s->lock);
    pthread_join(s->thread, NULL);
    finish(s);
}

void solver_ask(struct solver *s, uint64_t serial,
                const uint8_t nonce[static SOLVER_NONCE_BYTES])
{
    pthread_mutex_lock(&s->lock);
    if (s->asked.count < ASKED_MAX) {
        struct piece *p = &s->asked.list[s->asked.count++];
        *p = (struct piece){.serial = serial};
        memcpy(p->bytes, nonce, sizeof p->bytes);
        pthread_cond_signal(&s->turn);
    }
    pthread_mutex_unlock(&s->lock);
}

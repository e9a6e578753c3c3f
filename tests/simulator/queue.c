#include "queue.h"

#include <assert.h>
#include <stdlib.h>

static bool is_before(const struct event *a, const struct event *b)
{
    return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->order < b->order;
}

static void swap(struct event *a, struct event *b)
{
    const struct event kept = *a;
    *a = *b;
    *b = kept;
}

void queue_push(struct queue *q, const struct event *e)
{
    if (q->count == q->room) {
        q->room = q->room == 0 ? 1024 : 2 * q->room;
        q->heap = realloc(q->heap, q->room * sizeof *q->heap);
        assert(q->heap != NULL);
    }
    uint32_t at = q->count++;
    q->heap[at] = *e;
    q->heap[at].order = q->order++;
    while (at > 0 && is_before(&q->heap[at], &q->heap[(at - 1) / 2])) {
        swap(&q->heap[at], &q->heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
}

uint64_t queue_next_ms(const struct queue *q)
{
    return q->count == 0 ? UINT64_MAX : q->heap[0].at_ms;
}

bool queue_pop(struct queue *q, struct event *e)
{
    if (q->count == 0) {
        return false;
    }
    *e = q->heap[0];
    q->heap[0] = q->heap[--q->count];
    uint32_t at = 0;
    for (;;) {
        uint32_t first = at;
        for (uint32_t child = 2 * at + 1; child <= 2 * at + 2; child++) {
            if (child < q->count && is_before(&q->heap[child], &q->heap[first])) {
                first = child;
            }
        }
        if (first == at) {
            return true;
        }
        swap(&q->heap[at], &q->heap[first]);
        at = first;
    }
}

void queue_finish(struct queue *q)
{
    for (uint32_t i = 0; i < q->count; i++) {
        free(q->heap[i].bytes);
    }
    free(q->heap);
    *q = (struct queue){0};
}

#ifndef OSTRAKON_TESTS_SIMULATOR_QUEUE_H
#define OSTRAKON_TESTS_SIMULATOR_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

/* What is going to happen, by time; what falls on the same millisecond comes in the order in
 * which it was pushed. */

enum event_kind {
    EVENT_MESSAGE,
    EVENT_STORED,     /* the storage thread has finished the oldest write */
    EVENT_SIGNED,     /* bytes: the signature; member: what it is for; serial: its request's */
    EVENT_SOLVED,     /* bytes: the result of a task; serial: its request's */
    EVENT_CLOSED,     /* a connection that `member` kept has closed */
    EVENT_REFUSED,    /* `member`'s machine refuses connections */
    EVENT_REPORT,     /* a line of the worker's: bytes are a struct report */
    EVENT_WORK_ENDED, /* serial: the worker; member: 1 if clean */
    EVENT_NAMED,      /* serial: the hook of a name; member: which, and what it does */
    EVENT_WORK,       /* serial: the worker; its next step */
    EVENT_EXAMINED,   /* the machine is looked at; member: 1 by the burst test */
    EVENT_RESTART,
    EVENT_ROWS,     /* a row arrives at the sink */
    EVENT_BLACKOUT, /* the power goes everywhere */
    EVENT_TROUBLE,  /* a tenth of a second has passed: the storm looks what to do */
};

struct event {
    uint64_t at_ms;
    uint64_t order;
    enum event_kind kind;
    uint32_t station;
    uint64_t run; /* of the station; an event for an earlier run is dropped */
    uint32_t member;
    uint64_t serial;
    uint8_t *bytes; /* the event's own */
    uint32_t size_bytes;
};

struct queue {
    struct event *heap;
    uint32_t count;
    uint32_t room;
    uint64_t order;
};

/* Takes the event's bytes. */
void queue_push(struct queue *q, const struct event *e);
/* TIME_NEVER if there is none. */
uint64_t queue_next_ms(const struct queue *q);
/* False: empty. The caller frees the bytes. */
bool queue_pop(struct queue *q, struct event *e);
void queue_finish(struct queue *q);

#endif

/* The event loop: timers, descriptors, signals and the wake-up from worker threads.
 *
 * One thread runs the loop and calls everything here, except where a function says otherwise.
 * Callbacks may create, set and destroy anything of the loop, their own object included, but
 * may not destroy the loop. Built on libevent, which only loop.c, http*.c see.
 *
 * Memory that cannot be had ends the process with one sentence: an agent without memory is
 * better restarted than half alive. */
#ifndef OSTRAKON_AGENT_LOOP_H
#define OSTRAKON_AGENT_LOOP_H

#include <stdint.h>

#define LOOP_NEVER UINT64_MAX /* a time that does not come: the timer is off */

/* Clocks. Any thread. */

/* CLOCK_BOOTTIME in whole ms, rounded down. Never goes back, and goes on while the machine is
 * suspended, so that one that wakes finds its leases over. The time of every timer; those that
 * became due meanwhile may come as late as if nothing had passed. */
uint64_t clock_monotonic_ms(void);

/* How much of a processor the calling thread has had so far, in us. */
uint64_t clock_thread_us(void);

/* CLOCK_REALTIME in ms since 1970. May jump either way. */
uint64_t clock_unix_ms(void);

/* The loop. Also ignores SIGPIPE for the whole process, since OpenSSL writes with plain write.
 */
struct loop *loop_create(void);

/* Everything made on the loop must have been destroyed. Accepts NULL. Nothing that the loop's
 * library took is left behind, so that LeakSanitizer is content: one loop at a time a process.
 */
void loop_destroy(struct loop *loop);

/* Runs callbacks until loop_stop. */
void loop_run(struct loop *loop);

/* loop_run returns when the callback that called this has ended. Before loop_run: no effect. */
void loop_stop(struct loop *loop);

/* What the library itself has to say, e.g. that it cannot accept, goes to on_text (NULL:
 * nowhere, as from the start), each text at most once a minute, with how often it was left out.
 * For the whole process. */
void loop_log(void (*on_text)(const char *text, uint32_t suppressed));

/* Has what was freed late freed now: call after http_destroy and peers_destroy, outside
 * callbacks. loop_destroy does it too. */
void loop_settle(struct loop *loop);

/* Timers. Made switched off. */
struct loop_timer *loop_timer_create(struct loop *loop, void (*on_time)(void *context),
                                     void *context);

/* Calls on_time once when clock_monotonic_ms() is at_ms or later, never earlier; at once (from
 * the loop) if that time is past. Replaces what was set before. LOOP_NEVER switches it off. */
void loop_timer_set(struct loop_timer *timer, uint64_t at_ms);

/* Accepts NULL. on_time is not called again. */
void loop_timer_destroy(struct loop_timer *timer);

/* Descriptors. */
enum {
    LOOP_READ = 1,   /* readable, or at its end, or in error */
    LOOP_WRITE = 2,  /* writable, or in error */
    LOOP_CLOSED = 4, /* the other side has closed it, whether or not bytes wait to be read */
};

/* Made watching nothing. The descriptor stays the caller's; it must be open while it is
 * watched. Two watches may share a descriptor. Level-triggered: called again until it is no
 * longer so. */
struct loop_watch *loop_watch_create(struct loop *loop, int fd,
                                     void (*on_ready)(void *context, unsigned events),
                                     void *context);

/* Watches for these events, LOOP_* joined by |; 0: none. Free of cost if it is as it was. */
void loop_watch_set(struct loop_watch *watch, unsigned events);

/* Accepts NULL. Before the descriptor is closed. */
void loop_watch_destroy(struct loop_watch *watch);

/* Wake-up from other threads: an eventfd. */
struct loop_wake *loop_wake_create(struct loop *loop, void (*on_wake)(void *context),
                                   void *context);

/* Any thread, and signal handlers. on_wake is called on the loop's thread soon after; several
 * signals may become one call. */
void loop_wake_signal(struct loop_wake *wake);

/* Accepts NULL. No thread may signal it any more. */
void loop_wake_destroy(struct loop_wake *wake);

/* Signals of the process. on_signal is called from the loop, not in the signal's handler. */
struct loop_signal *loop_signal_create(struct loop *loop, int number,
                                       void (*on_signal)(void *context), void *context);

/* Accepts NULL. The signal's former disposition comes back. */
void loop_signal_destroy(struct loop_signal *s);

/* For http*.c alone. */
struct event_base;
struct event_base *loop_base(struct loop *loop);

#endif

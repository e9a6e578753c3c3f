#ifndef OSTRAKON_AGENT_KEEPER_STREAM_H
#define OSTRAKON_AGENT_KEEPER_STREAM_H

/* What a hook writes, on its way through the keeper to the agent, line by line. One packet is
 * held while the agent takes none; then nothing is read from the hook either, which waits in
 * its write. Nothing here waits. For keeper*.c only. */

#include "hooks.h"

#include <stddef.h>

/* The keeper's side of the agent's socket. */
struct outbox {
    int file;
    bool agent_gone;     /* nothing can be said any more; what is put is dropped */
    size_t packet_bytes; /* what the agent has not taken yet; 0: nothing */
    char packet[HOOK_LOG_LINE_MAX + 8];
};

/* Tries again to send what is held. */
void outbox_send(struct outbox *o);
/* Asserts that nothing is held and that it fits. */
void outbox_put(struct outbox *o, const char *word, const char *line, size_t size_bytes);

/* One of the hook's two outputs. */
struct stream {
    const char *word;    /* before each of its lines */
    uint32_t line_max;   /* bytes; the rest of a line is cut off */
    uint32_t left_bytes; /* what it may still say; the rest is dropped */
    int file;            /* to be polled; -1: it has ended */
    char raw[4096];
    size_t raw_bytes;
    size_t raw_at;
    char line[HOOK_LOG_LINE_MAX];
    uint32_t line_bytes;
};

/* Makes the pipe; the answer is the hook's end of it. Negative: errno. */
int stream_open(struct stream *s, const char *word, uint32_t line_max, uint32_t left_bytes)
    __attribute__((warn_unused_result));

/* Passes on what has been read, and reads more. True if there is no more for now; false if the
 * agent takes no more, or others should have their turn. */
bool stream_pass(struct stream *s, struct outbox *to);

#endif

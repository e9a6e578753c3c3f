#include "keeper_stream.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define READS_A_TURN 64

void outbox_send(struct outbox *o)
{
    if (o->packet_bytes > 0 &&
        send(o->file, o->packet, o->packet_bytes, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
        if (errno == EAGAIN || errno == EINTR || errno == ENOBUFS) {
            return;
        }
        o->agent_gone = true;
    }
    o->packet_bytes = 0;
}

void outbox_put(struct outbox *o, const char *word, const char *line, size_t size_bytes)
{
    assert(o->packet_bytes == 0);
    if (o->agent_gone) {
        return;
    }
    const int head = snprintf(o->packet, sizeof o->packet, "%s ", word);
    assert(head > 0 && (size_t)head + size_bytes <= sizeof o->packet);
    memcpy(o->packet + head, line, size_bytes);
    o->packet_bytes = (size_t)head + size_bytes;
    outbox_send(o);
}

int stream_open(struct stream *s, const char *word, uint32_t line_max, uint32_t left_bytes)
{
    int ends[2];
    assert(line_max <= sizeof s->line);
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return -1;
    }
    if (fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0) {
        close(ends[0]);
        close(ends[1]);
        return -1;
    }
    *s = (struct stream){
        .word = word, .line_max = line_max, .left_bytes = left_bytes, .file = ends[0]};
    return ends[1];
}

static void line_end(struct stream *s, struct outbox *to)
{
    static const char cut[] = "keeper: the hook has written too much; what follows is dropped";
    const uint32_t cost = s->line_bytes + 1; /* with its newline, or empty ones were free */
    if (s->left_bytes >= cost) {
        s->left_bytes -= cost;
        outbox_put(to, s->word, s->line, s->line_bytes);
    } else if (s->left_bytes > 0) {
        s->left_bytes = 0;
        outbox_put(to, "log", cut, sizeof cut - 1);
    }
    s->line_bytes = 0;
}

/* Until what was read is used up, or a packet is held. */
static void lines_pass(struct stream *s, struct outbox *to)
{
    while (s->raw_at < s->raw_bytes && to->packet_bytes == 0) {
        const char byte = s->raw[s->raw_at++];
        if (byte == '\n') {
            line_end(s, to);
        } else if (s->line_bytes < s->line_max) {
            s->line[s->line_bytes++] = byte;
        }
    }
}

bool stream_pass(struct stream *s, struct outbox *to)
{
    for (int i = 0; i < READS_A_TURN && s->file >= 0; i++) {
        lines_pass(s, to);
        if (to->packet_bytes > 0) {
            return false;
        }
        const ssize_t size = read(s->file, s->raw, sizeof s->raw);
        if (size < 0 && (errno == EAGAIN || errno == EINTR)) {
            return true;
        }
        s->raw_at = 0;
        s->raw_bytes = size > 0 ? (size_t)size : 0;
        if (size <= 0) {
            close(s->file);
            s->file = -1;
            if (s->line_bytes > 0) {
                line_end(s, to);
            }
        }
    }
    return s->file < 0 && to->packet_bytes == 0;
}

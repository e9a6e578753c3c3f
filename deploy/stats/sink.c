#include "sink.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "driver.h"
#include "instant.h"

#define FOUNDING_BUSY_MS 5000

static void choose(struct sink *s, const char *address, int64_t busy_ms)
{
    const bool is_server = strncmp(address, SINK_POSTGRES, strlen(SINK_POSTGRES)) == 0;

    *s = (struct sink){
        .driver = is_server ? &postgres_driver : &sqlite_driver,
        .busy_ms = busy_ms,
        .now_ms = instant_now_ms,
    };
    (void)snprintf(s->path, sizeof s->path, "%s", is_server ? SINK_POSTGRES "..." : address);
}

bool sink_found(struct sink *s, const char *address, const struct sink_founding *founding)
{
    assert(founding->window_s >= 1 && founding->window_s <= 86400);
    assert(founding->endorsers == 1 || founding->endorsers == 2);
    assert(founding->top_fence >= 0 && founding->top_fence <= SINK_NUMBER_MAX);

    choose(s, address, FOUNDING_BUSY_MS);
    if (!s->driver->found(s, address, founding)) {
        sink_finish(s);
        return false;
    }
    return true;
}

bool sink_open(struct sink *s, const char *address, int64_t busy_ms)
{
    choose(s, address, busy_ms);
    if (!s->driver->open(s, address)) {
        sink_finish(s);
        return false;
    }
    return true;
}

/* The words of the last error stay. */
void sink_finish(struct sink *s)
{
    if (s != NULL && s->driver != NULL) {
        sql_finish(s, s->insert);
        s->insert = NULL;
        s->driver->finish(s);
    }
}

bool sink_is_busy(const struct sink *s)
{
    return s->driver->is_busy(s);
}

bool sink_version(struct sink *s, int64_t *out)
{
    return s->driver->version(s, out);
}

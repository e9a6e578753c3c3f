#include "config_rebuilt.h"

#include <inttypes.h>

#include "config_value.h"

#define TERM_MAX 2000000000u
#define FENCE_MAX (((uint64_t)1 << 62) - 1)

static void take(const struct judge *j, const char *path, const char *text, uint64_t least,
                 uint64_t most, uint64_t *out)
{
    if (!value_count(text, out) || *out < least || *out > most) {
        judge_refuse(j, path, text);
    }
}

void judge_rebuilt(const struct judge *j, const struct raw_rebuilt *raw, struct founding *out)
{
    struct founding_rebuilt *r = &out->rebuilt;
    uint64_t term = 0;
    if (raw == NULL) {
        return;
    }
    if (!value_key(raw->from, r->from.bytes) || hash_is_none(&r->from)) {
        judge_refuse(j, "rebuilt.from", raw->from);
    }
    take(j, "rebuilt.height", raw->height, 0, INT64_MAX, &r->height);
    take(j, "rebuilt.next_window", raw->next_window, 1, INT64_MAX, &r->next_window);
    take(j, "rebuilt.fence", raw->fence, 0, FENCE_MAX, &r->fence);
    take(j, "rebuilt.term", raw->term, 1, TERM_MAX, &term);
    r->term = (uint32_t)term;
    const uint64_t founded_in = out->founded_ms / 1000 / out->timing.window_s;
    if (r->next_window > founded_in && out->founded_ms != 0) {
        config_fault(j->report, shape_place(j->shape, "rebuilt.next_window"), "next_window",
                     "%" PRIu64 " begins after the time of `founded`, in window %" PRIu64
                     ": the windows between would be settled by nobody",
                     r->next_window, founded_in);
    }
}

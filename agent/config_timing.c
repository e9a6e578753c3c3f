#include "config_timing.h"

#include "config_value.h"

static void fill(const char *text, const char *path, uint32_t least, uint32_t most,
                 uint32_t *out, const struct shape *shape, struct config_report *report)
{
    char quoted[CONFIG_QUOTE_BYTES];
    if (text != NULL && !value_number(text, least, most, out)) {
        config_fault(report, shape_place(shape, path), path + sizeof "timing." - 1,
                     "%s is not a whole number from %u to %u", config_quote(text, quoted),
                     least, most);
    }
}

void timing_fill(const struct raw_timing *raw, const struct shape *shape, struct timing *out,
                 struct config_report *report)
{
    if (raw == NULL) {
        return;
    }
#define X(key, least, most)                                                                    \
    fill(raw->key, "timing." #key, least, most, &out->key, shape, report);
    TIMING_KEYS(X)
#undef X
}

void timing_judge(const struct timing *t, const struct shape *shape,
                  struct config_report *report)
{
    if (t->record_ticks < 2) {
        config_fault(report, shape_place(shape, "timing.record_ticks"), "record_ticks",
                     "%u is shorter than two ticks: a record must outlast the tick it is "
                     "judged in",
                     t->record_ticks);
    }
    if (t->delta_ms > t->tick_ms) {
        config_fault(report, shape_place(shape, "timing.delta_ms"), "delta_ms",
                     "%u ms is longer than the tick of %u ms: no block could be decided in "
                     "its tick",
                     t->delta_ms, t->tick_ms);
    } else if (t->tick_ms < 10 * t->delta_ms) {
        config_warning(report, shape_place(shape, "timing.tick_ms"), "tick_ms",
                       "%u ms is less than ten times delta_ms, %u ms: on a slow network "
                       "members will miss ticks",
                       t->tick_ms, t->delta_ms);
    }
    if (t->patience_ms < 2 * t->tick_ms) {
        config_warning(report, shape_place(shape, "timing.patience_ms"), "patience_ms",
                       "%u ms is less than two ticks of %u ms: one lost attestation looks "
                       "like a silent member",
                       t->patience_ms, t->tick_ms);
    }
    if (t->window_timeout_s <= t->grace_s) {
        config_warning(report, shape_place(shape, "timing.window_timeout_s"),
                       "window_timeout_s",
                       "%u s is not longer than the grace of %u s: a worker may lose its "
                       "grant before it is done",
                       t->window_timeout_s, t->grace_s);
    }
    const uint64_t takeover_ms = (uint64_t)t->suspicion * t->heartbeat_ms + 7ull * t->delta_ms;
    if (takeover_ms > 1500) {
        config_warning(report, shape_place(shape, "timing.heartbeat_ms"), "heartbeat_ms",
                       "suspicion * heartbeat_ms + 7 * delta_ms is %llu ms: a failed leader "
                       "is not replaced within 1.5 s",
                       (unsigned long long)takeover_ms);
    }
}

#include "agent/flapping.h"

static void tell(struct flapping *f, uint32_t *suppressed)
{
    *suppressed = f->suppressed;
    f->suppressed = 0;
    f->told++;
}

bool flapping_change(struct flapping *f, uint64_t now_ms, uint32_t *suppressed)
{
    if (now_ms - f->since_ms >= FLAPPING_MS) {
        f->since_ms = now_ms;
        f->told = 0;
    }
    if (f->told == FLAPPING_TOLD_MAX) {
        f->suppressed++;
        return false;
    }
    tell(f, suppressed);
    return true;
}

bool flapping_settle(struct flapping *f, uint64_t now_ms, uint32_t *suppressed)
{
    if (f->suppressed == 0 || now_ms - f->since_ms < FLAPPING_MS) {
        return false;
    }
    f->since_ms = now_ms;
    f->told = 0;
    f->suppressed--; /* the last change is the one that is told now */
    tell(f, suppressed);
    return true;
}

#include "agent/ratelimit.h"

uint64_t ratelimit_key(uint32_t kind, const void *offender, size_t size_bytes)
{
    const uint8_t *const bytes = offender;
    uint64_t hash = 0xcbf29ce484222325u;
    for (uint32_t i = 0; i < 4; i++) {
        hash = (hash ^ ((kind >> (8 * i)) & 0xffu)) * 0x100000001b3u;
    }
    for (size_t i = 0; i < size_bytes; i++) {
        hash = (hash ^ bytes[i]) * 0x100000001b3u;
    }
    return hash;
}

/* The entry of this key, else one that may be taken for it, else NULL. */
static struct ratelimit_entry *entry_of(struct ratelimit *r, uint64_t key, uint64_t now_ms)
{
    struct ratelimit_entry *oldest = &r->entries[0];
    for (uint32_t i = 0; i < RATELIMIT_ENTRIES; i++) {
        struct ratelimit_entry *const e = &r->entries[i];
        if (e->used && e->key == key) {
            return e;
        }
        const bool is_older = oldest->used && (!e->used || e->passed_ms < oldest->passed_ms);
        if (is_older) {
            oldest = e;
        }
    }
    if (oldest->used && now_ms - oldest->passed_ms < RATELIMIT_GAP_MS) {
        return NULL;
    }
    /* Its uncounted reports would be lost with it. */
    r->crowded += oldest->used ? oldest->suppressed : 0;
    *oldest = (struct ratelimit_entry){.key = key};
    return oldest;
}

bool ratelimit_pass(struct ratelimit *r, uint64_t key, uint64_t now_ms, uint32_t *suppressed)
{
    struct ratelimit_entry *const e = entry_of(r, key, now_ms);
    if (e == NULL) {
        r->crowded++;
        return false;
    }
    if (e->used && now_ms - e->passed_ms < RATELIMIT_GAP_MS) {
        e->suppressed++;
        return false;
    }
    *suppressed = e->suppressed + r->crowded;
    r->crowded = 0;
    *e = (struct ratelimit_entry){.key = key, .passed_ms = now_ms, .used = true};
    return true;
}

bool ratelimit_take(struct ratelimit_share *s, uint32_t per_second, uint64_t now_ms)
{
    if (s->used == 0 || now_ms - s->second_ms >= 1000u) {
        *s = (struct ratelimit_share){.second_ms = now_ms};
    }
    if (s->used >= per_second) {
        return false;
    }
    s->used++;
    return true;
}

bool ratelimit_has_turn(const struct ratelimit_turn *t, uint64_t now_ms)
{
    return t->until_us <= (now_ms + RATELIMIT_BURST_MS) * 1000u;
}

void ratelimit_spend(struct ratelimit_turn *t, uint64_t cost_us, uint64_t now_ms)
{
    const uint64_t from_us = t->until_us > now_ms * 1000u ? t->until_us : now_ms * 1000u;
    t->until_us = from_us + RATELIMIT_TURNS * cost_us;
}

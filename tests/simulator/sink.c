#include "sink.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "../../consensus/sabotage.h"

#define FENCE_LEAP 1000u /* a flipped bit in a fence must not bar everybody */

void sink_init(struct sink *s, uint32_t window_s, uint64_t unix_ms)
{
    s->window_s = window_s;
    s->base = unix_ms / 1000 / window_s;
    s->open = s->base;
    s->windows = calloc(SINK_WINDOWS, sizeof *s->windows);
    assert(s->windows != NULL);
}

void sink_finish(struct sink *s)
{
    free(s->windows);
    s->windows = NULL;
}

struct sink_window *sink_window(const struct sink *s, uint64_t window)
{
    const bool known = window >= s->base && window - s->base < SINK_WINDOWS;
    return known ? &s->windows[window - s->base] : NULL;
}

uint64_t sink_insert(struct sink *s, uint64_t unix_ms, uint64_t value)
{
    const uint64_t now = unix_ms / 1000 / s->window_s;
    const uint64_t window = now > s->open ? now : s->open;
    struct sink_window *k = sink_window(s, window);
    assert(k != NULL);
    k->raw.count++;
    k->raw.sum += value;
    return window;
}

void sink_close(struct sink *s, uint64_t window)
{
    if (window + 1 > s->open && sink_window(s, window + 64) != NULL) {
        s->open = window + 1;
    }
}

struct tally_of_rows sink_read(const struct sink *s, uint64_t window)
{
    const struct sink_window *k = sink_window(s, window);
    static const struct tally_of_rows none;
    return k == NULL ? none : k->raw;
}

struct window_digest sink_digest(uint64_t window, const struct tally_of_rows *rows)
{
    const uint64_t values[] = {window, rows->count, rows->sum};
    struct window_digest digest;
    crypto_generichash(digest.bytes, sizeof digest.bytes, (const uint8_t *)values,
                       sizeof values, NULL, 0);
    return digest;
}

bool sink_same(const struct window_digest *a, const struct window_digest *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

static bool has_endorsed(const struct sink_window *k, uint32_t member,
                         const struct window_digest *digest)
{
    for (uint32_t i = 0; i < k->endorsed_count; i++) {
        if (k->endorsed[i].member == member && sink_same(&k->endorsed[i].digest, digest)) {
            return true;
        }
    }
    return false;
}

static bool endorse(struct sink_window *k, uint32_t member, const struct window_digest *digest)
{
    if (has_endorsed(k, member, digest)) {
        return true;
    }
    if (k->endorsed_count == SINK_ENDORSED_MAX) {
        return false;
    }
    k->endorsed[k->endorsed_count++] = (struct endorsement){member, *digest};
    return true;
}

static bool publish(struct sink_window *k, uint64_t window, const struct staged_rows *rows)
{
    const struct window_digest digest = sink_digest(window, &rows->rows);
    if (!has_endorsed(k, rows->author, &digest)) {
        return false;
    }
    for (uint32_t i = 0; i < k->endorsed_count; i++) {
        const struct endorsement *e = &k->endorsed[i];
        if (e->member != rows->author && sink_same(&e->digest, &digest)) {
            assert(!k->published);
            k->published = true;
            k->stands = *rows;
            k->digest = digest;
            k->other = e->member;
            return true;
        }
    }
    return false;
}

static struct staged_rows *staged_of(struct sink_window *k, uint64_t fence)
{
    for (uint32_t i = 0; i < k->staged_count; i++) {
        if (k->staged[i].fence == fence) {
            return &k->staged[i];
        }
    }
    return NULL;
}

enum sink_answer sink_stage(struct sink *s, const struct sink_claim *c,
                            const struct tally_of_rows *rows, bool *published)
{
    struct sink_window *k = sink_window(s, c->window);
    *published = false;
    if (k == NULL) {
        return SINK_FULL;
    }
    if (c->fence < s->fence_top && SABOTAGE != SABOTAGE_FENCE_UNCHECKED) {
        return SINK_OLD_FENCE;
    }
    if (c->fence > s->fence_top + FENCE_LEAP) {
        return SINK_FENCE_TOO_HIGH;
    }
    s->fence_top = c->fence;
    if (k->published) {
        return SINK_DONE;
    }
    struct staged_rows *staged = staged_of(k, c->fence);
    if (staged == NULL) { /* PRIMARY KEY (window, fence): the first rows under a fence stand */
        if (k->staged_count == SINK_STAGED_MAX) {
            return SINK_FULL;
        }
        staged = &k->staged[k->staged_count++];
        *staged = (struct staged_rows){c->fence, c->member, *rows};
    }
    if (!endorse(k, c->member, &c->digest)) {
        return SINK_FULL;
    }
    *published = publish(k, c->window, staged);
    return SINK_DONE;
}

enum sink_answer sink_endorse(struct sink *s, const struct sink_claim *c, bool *published)
{
    struct sink_window *k = sink_window(s, c->window);
    *published = false;
    if (k == NULL) {
        return SINK_FULL;
    }
    if (k->published) {
        return SINK_DONE;
    }
    if (c->fence != s->fence_top && SABOTAGE != SABOTAGE_FENCE_UNCHECKED) {
        return SINK_OLD_FENCE;
    }
    if (!endorse(k, c->member, &c->digest)) {
        return SINK_FULL;
    }
    const struct staged_rows *staged = staged_of(k, c->fence);
    *published = staged != NULL && publish(k, c->window, staged);
    return SINK_DONE;
}

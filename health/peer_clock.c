#include "peer_clock.h"

#include <assert.h>
#include <string.h>

#define OFFSET_MAX_MS                                                                          \
    (INT64_C(1) << 60) /* beyond it nothing is lost, and nothing overflows                     \
                        */

void peer_clock_init(struct peer_clock *c)
{
    memset(c, 0, sizeof *c);
}

void peer_clock_sent(struct peer_clock *c, uint32_t sequence, uint64_t now_ms)
{
    c->sent[sequence % PEER_CLOCK_SENT].sequence = sequence;
    c->sent[sequence % PEER_CLOCK_SENT].sent_ms = now_ms + 1;
}

static int64_t clamped(int64_t offset_ms)
{
    if (offset_ms > OFFSET_MAX_MS) {
        return OFFSET_MAX_MS;
    }
    return offset_ms < -OFFSET_MAX_MS ? -OFFSET_MAX_MS : offset_ms;
}

bool peer_clock_heard(struct peer_clock *c, const struct peer_clock_word *word, uint64_t now_ms,
                      uint64_t unix_ms)
{
    assert(word->peer < PEERS_MAX);
    const uint32_t place = word->echo % PEER_CLOCK_SENT;
    if (c->sent[place].sent_ms == 0 || c->sent[place].sequence != word->echo) {
        return false;
    }
    const uint64_t since_ms = now_ms + 1 - c->sent[place].sent_ms;
    if (since_ms < word->held_ms || since_ms - word->held_ms > PEER_CLOCK_WAY_MAX_MS) {
        return false;
    }
    const int64_t way_ms = (int64_t)(since_ms - word->held_ms);
    /* The difference of two clocks, either of which may say anything: a wrap is harmless. */
    const int64_t difference_ms = clamped((int64_t)(word->unix_ms - unix_ms));
    c->peer[word->peer] = (struct peer_offset){.at_ms = now_ms + 1,
                                               .offset_ms = difference_ms + way_ms / 2,
                                               .error_ms = way_ms / 2 + 1};
    return true;
}

static uint32_t put(int64_t sorted[static PEERS_MAX], uint32_t count, int64_t offset_ms)
{
    uint32_t at = count;
    for (; at > 0 && sorted[at - 1] > offset_ms; at--) {
        sorted[at] = sorted[at - 1];
    }
    sorted[at] = offset_ms;
    return count + 1;
}

static int64_t distance(int64_t a, int64_t b)
{
    return a > b ? a - b : b - a;
}

static bool is_fresh(const struct peer_offset *p, uint64_t now_ms)
{
    return p->at_ms != 0 && now_ms + 1 - p->at_ms < PEER_CLOCK_FRESH_MS;
}

enum reference_result peer_clock_judge(const struct peer_clock *c, uint32_t peers,
                                       uint64_t now_ms, int64_t *off_ms)
{
    int64_t sorted[PEERS_MAX];
    uint32_t known = 0;
    int64_t error_ms = 0;
    for (uint32_t i = 0; i < PEERS_MAX; i++) {
        const struct peer_offset *p = &c->peer[i];
        if ((peers & peer_bit(i)) != 0 && is_fresh(p, now_ms)) {
            known = put(sorted, known, p->offset_ms);
            error_ms = p->error_ms > error_ms ? p->error_ms : error_ms;
        }
    }
    const uint32_t members = peers_count(peers) + 1;
    *off_ms = 0;
    if (members < 3 || 2 * known + 2 <= members) {
        return RESULT_UNKNOWN;
    }
    const int64_t median_ms = sorted[(known - 1) / 2];
    uint32_t agree = distance(0, median_ms) <= PEER_CLOCK_AGREE_MS + error_ms;
    for (uint32_t i = 0; i < known; i++) {
        agree += distance(sorted[i], median_ms) <= PEER_CLOCK_AGREE_MS + error_ms;
    }
    if (2 * agree <= members) {
        return RESULT_UNKNOWN;
    }
    *off_ms = -median_ms;
    const int64_t off = distance(0, median_ms) - error_ms;
    if (off > PEER_CLOCK_SILENT_MS) {
        return RESULT_SILENT;
    }
    return off > PEER_CLOCK_DEGRADED_MS ? RESULT_DEGRADED : RESULT_OK;
}

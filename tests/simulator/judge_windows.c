/* The judge's own book of windows: rows that came, results that blocks hold, what is settled
 * and what the sink has published. */
#include "judge.h"
#include "world.h"

void judge_row(struct judge *j, uint64_t window, uint64_t value)
{
    struct window_page *k = judge_window(j, window);
    j->rows.count++;
    j->rows.sum += value;
    if (k != NULL) {
        k->truth.count++;
        k->truth.sum += value;
    }
}

static void claim(struct judge *j, uint64_t window, uint32_t member, const uint8_t *digest)
{
    struct window_page *k = judge_window(j, window);
    if (k == NULL || k->settled || k->claim_count == CLAIMS_MAX) {
        return;
    }
    struct window_claim *c = &k->claims[k->claim_count++];
    c->member = member;
    for (uint32_t i = 0; i < DIGEST_BYTES; i++) {
        c->digest.bytes[i] = digest[i];
    }
}

void judge_results(struct world *w, const struct wire_block *b)
{
    for (uint32_t i = 0; i < b->result_count; i++) {
        const struct wire_result *r = &b->result[i];
        for (uint32_t k = 0; k < r->count; k++) {
            claim(&w->judge, r->first + k, r->author, r->digests + 16u * k);
        }
    }
}

static bool is_true(const struct judge *j, uint64_t window, const struct window_digest *digest)
{
    const struct window_page *k = &j->windows[window - j->base_window];
    const struct window_digest truth = sink_digest(window, &k->truth);
    return sink_same(&truth, digest);
}

/* Two different members that say the same, one alone where nothing is audited; what a sound
 * one says must stand in the sink, and be the truth. */
static void check_settled(struct world *w, uint64_t window)
{
    struct judge *j = &w->judge;
    struct window_page *k = judge_window(j, window);
    const unsigned long long number = window;
    bool by_two = false;
    w->counters.check[CHECK_SETTLED]++;
    if (k == NULL || k->settled) {
        world_fail(w, CHECK_SETTLED, "window %llu settled twice", number);
        return;
    }
    for (uint32_t a = 0; a < k->claim_count; a++) {
        for (uint32_t b = 0; b < a; b++) {
            by_two |= k->claims[a].member != k->claims[b].member &&
                      sink_same(&k->claims[a].digest, &k->claims[b].digest);
        }
    }
    if (!by_two && (j->audited || k->claim_count == 0)) {
        world_fail(w, CHECK_SETTLED, "window %llu settled by fewer than two", number);
    }
    k->settled = true;
    w->counters.windows++;
    const struct sink_window *in_sink = sink_window(&w->sink, window);
    for (uint32_t i = 0; i < k->claim_count && j->audited; i++) {
        if (plan_is_liar(&w->plan, k->claims[i].member)) {
            continue;
        }
        w->counters.check[CHECK_PUBLISHED]++;
        if (in_sink == NULL || !in_sink->published ||
            !sink_same(&in_sink->digest, &k->claims[i].digest) ||
            !is_true(j, window, &k->claims[i].digest)) {
            world_fail(w, CHECK_PUBLISHED, "window %llu: %s reports what does not stand",
                       number, world_name(w, k->claims[i].member));
        }
    }
}

void judge_settled(struct world *w, uint64_t next_window)
{
    for (; w->judge.next_window < next_window && !w->failed; w->judge.next_window++) {
        check_settled(w, w->judge.next_window);
    }
}

void judge_written(struct world *w, uint64_t fence)
{
    struct judge *j = &w->judge;
    w->counters.check[CHECK_WRITTEN]++;
    if (fence < j->fence_written) {
        world_fail(w, CHECK_WRITTEN, "fence %llu writes after fence %llu",
                   (unsigned long long)fence, (unsigned long long)j->fence_written);
    }
    j->fence_written = fence;
}

void judge_published(struct world *w, uint64_t window)
{
    const struct sink_window *k = sink_window(&w->sink, window);
    w->counters.check[CHECK_PUBLISHED]++;
    const bool sound =
        !plan_is_liar(&w->plan, k->stands.author) || !plan_is_liar(&w->plan, k->other);
    if (sound && !is_true(&w->judge, window, &k->digest)) {
        world_fail(w, CHECK_PUBLISHED, "window %llu published with other rows than came",
                   (unsigned long long)window);
    }
}

void judge_totals(struct world *w)
{
    const struct judge *j = &w->judge;
    struct tally_of_rows counted = {0};
    w->counters.check[CHECK_TOTALS]++;
    for (uint64_t window = j->base_window; window < j->base_window + SINK_WINDOWS; window++) {
        const struct sink_window *k = sink_window(&w->sink, window);
        const bool settled = window < j->next_window;
        counted.count += settled ? k->stands.rows.count : k->raw.count;
        counted.sum += settled ? k->stands.rows.sum : k->raw.sum;
    }
    if (counted.count != j->rows.count || counted.sum != j->rows.sum) {
        world_fail(w, CHECK_TOTALS, "%llu rows of %llu counted",
                   (unsigned long long)counted.count, (unsigned long long)j->rows.count);
    }
}

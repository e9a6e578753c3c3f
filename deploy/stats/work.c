#include "work.h"

#include <inttypes.h>

#include "instant.h"

/* How one window ended, or went on. */
enum step {
    STEP_ON,     /* to the next one */
    STEP_OVER,   /* no use going on: a newer grant, or no time left; it has been said */
    STEP_FAILED, /* the sink failed; it has been said */
};

struct work {
    struct sink *sink;
    const struct assignment *assignment;
    FILE *report;
};

static enum step fail(struct work *w, const char *reason)
{
    fprintf(w->report, "fail %s\n", reason);
    fflush(w->report);
    fprintf(stderr, "ostrakon-stats: %s\n", reason);
    return STEP_FAILED;
}

static enum step over(const struct claim *c, const char *why)
{
    fprintf(stderr, "ostrakon-stats: window %" PRId64 ", fence %" PRId64 ": %s\n", c->window,
            c->fence, why);
    return STEP_OVER;
}

/* Whether the newer fence was granted is for the chain to say. */
static enum step overtaken(struct work *w, const struct claim *c)
{
    struct progress progress = {0};

    if (!sink_progress(w->sink, c->window, c->fence, &progress)) {
        return fail(w, w->sink->error);
    }
    fprintf(w->report, "overtaken %" PRId64 "\n", progress.top_fence);
    fflush(w->report);
    return over(c, "refused: a newer grant has written to the sink; this one is over");
}

static enum step refused(struct work *w, const struct claim *c, enum sink_answer answer)
{
    if (answer == SINK_OLD_FENCE) {
        return overtaken(w, c);
    }
    char reason[160];

    (void)snprintf(reason, sizeof reason, "window %" PRId64 ", fence %" PRId64 ": %s",
                   c->window, c->fence, sink_answer_text(answer));
    return fail(w, reason);
}

static enum step report(struct work *w, const struct claim *c, bool is_equal)
{
    char digest[DIGEST_TEXT_BYTES];

    digest_format(&c->digest, digest);
    fprintf(w->report, "%s %" PRId64 " %s\n", is_equal ? "result" : "dispute", c->window,
            digest);
    fflush(w->report);
    return STEP_ON;
}

/* Looks whenever somebody has committed, until `is_enough` or there is no use in waiting. The
 * version is asked before the progress: what is committed between the two is seen twice, not
 * missed. */
static enum step wait_until(struct work *w, const struct claim *c,
                            bool (*is_enough)(const struct progress *), struct progress *out)
{
    int64_t version = 0;
    int64_t seen = -1;

    for (;;) {
        if (!sink_version(w->sink, &version)) {
            return fail(w, w->sink->error);
        }
        if (version != seen) {
            seen = version;
            if (!sink_progress(w->sink, c->window, c->fence, out)) {
                return fail(w, w->sink->error);
            }
            if (is_enough(out)) {
                return STEP_ON;
            }
            if (out->top_fence > c->fence) {
                return refused(w, c, SINK_OLD_FENCE);
            }
        }
        if (instant_monotonic_ms() >= w->assignment->deadline_ms) {
            return over(c, out->is_staged
                               ? "gave up: nobody else has endorsed these rows in time"
                               : "gave up: the leader has not staged its rows in time");
        }
        instant_sleep_ms(w->assignment->poll_ms);
    }
}

static bool is_published(const struct progress *p)
{
    return p->published.is_there;
}

static bool is_staged_or_published(const struct progress *p)
{
    return p->published.is_there || p->is_staged;
}

static enum step lead(struct work *w, const struct claim *c, const struct rollup *rows)
{
    enum sink_answer answer = SINK_ACCEPTED;
    struct progress progress = {0};

    if (!sink_stage(w->sink, c, rows, &answer, &progress.published)) {
        return fail(w, w->sink->error);
    }
    if (answer != SINK_ACCEPTED) {
        return refused(w, c, answer);
    }
    if (!progress.published.is_there) {
        const enum step step = wait_until(w, c, is_published, &progress);
        if (step != STEP_ON) {
            return step;
        }
    }
    return report(w, c, digest_equal(&progress.published.digest, &c->digest));
}

static enum step audit(struct work *w, const struct claim *c)
{
    enum sink_answer answer = SINK_ACCEPTED;
    struct progress progress = {0};

    const enum step step = wait_until(w, c, is_staged_or_published, &progress);
    if (step != STEP_ON) {
        return step;
    }
    if (!sink_endorse(w->sink, c, &answer, &progress.published)) {
        return fail(w, w->sink->error);
    }
    if (answer != SINK_ACCEPTED) {
        return refused(w, c, answer);
    }
    return report(w, c,
                  progress.published.is_there &&
                      digest_equal(&progress.published.digest, &c->digest));
}

/* close and read: from here on both workers have the same rows before them. */
static enum step compute(struct work *w, struct claim *c, struct rollup *rows)
{
    enum sink_answer answer = SINK_ACCEPTED;

    if (!sink_close(w->sink, c->window, &answer)) {
        return fail(w, w->sink->error);
    }
    if (answer != SINK_ACCEPTED) {
        return refused(w, c, answer);
    }
    if (!sink_read(w->sink, c->window, rows)) {
        return fail(w, w->sink->error);
    }
    c->digest = rollup_digest(rows, c->window);
    return STEP_ON;
}

static enum step do_window(struct work *w, struct claim *c)
{
    struct rollup rows;

    rollup_init(&rows);
    enum step step = compute(w, c, &rows);
    if (step == STEP_ON) {
        step = w->assignment->role == ROLE_LEADER ? lead(w, c, &rows) : audit(w, c);
    }
    rollup_finish(&rows);
    return step;
}

void work_run(struct sink *s, const struct assignment *a, FILE *report_to)
{
    struct work w = {.sink = s, .assignment = a, .report = report_to};
    struct claim claim = {.window = a->first, .fence = a->fence, .member = a->member};

    if (a->window_s != s->window_s) {
        char reason[160];
        (void)snprintf(reason, sizeof reason,
                       "the sink was made for windows of %" PRId64
                       " s, the cluster has %" PRId64
                       " s: make a sink with init --window-s %" PRId64,
                       s->window_s, a->window_s, a->window_s);
        (void)fail(&w, reason);
        return;
    }
    enum step step = STEP_ON;
    for (; step == STEP_ON && claim.window <= a->last; claim.window++) {
        step = do_window(&w, &claim);
    }
}

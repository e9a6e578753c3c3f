#include "../../health/local_health.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#define HEARTBEAT_MS 100u
#define NEVER UINT64_MAX

static struct local_health health_at(uint64_t now_ms)
{
    struct local_health h;
    local_health_init(&h, HEARTBEAT_MS, now_ms);
    return h;
}

Test(local_health, raises_its_score_by_its_lateness)
{
    static const struct {
        uint64_t late_ms;
        uint32_t score;
    } cases[] = {{0, 0},   {1, 0},   {200, 0}, {201, 1},  {399, 1},  {400, 2},
                 {799, 3}, {800, 4}, {999, 4}, {1600, 8}, {1800, 8}, {86400000, 8}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct local_health h = health_at(1000);
        const uint64_t grace_ms = local_health_step(&h, 1100 + cases[i].late_ms, 1100);
        cr_assert(eq(u64, grace_ms, cases[i].late_ms));
        cr_assert(eq(u32, h.score, cases[i].score), "late by %lu ms", cases[i].late_ms);
        cr_assert(eq(int, local_health_may_accuse(&h), cases[i].score < 4));
    }
}

Test(local_health, finds_no_lateness_in_steps_that_nobody_asked_for)
{
    struct local_health h = health_at(0);
    cr_assert(zero(u64, local_health_step(&h, 500000, NEVER)));
    cr_assert(zero(u64, local_health_step(&h, 500001, 500100)));
    cr_assert(zero(u64, local_health_step(&h, 500100, 500100)));
    cr_assert(zero(u32, h.score));
}

/* Else the grace would lead a detector into the future, and an assert of its. */
Test(local_health, counts_no_lateness_from_before_its_last_step)
{
    struct local_health h = health_at(1000);
    cr_assert(zero(u64, local_health_step(&h, 1000, 0)));
    cr_assert(eq(u64, local_health_step(&h, 1050, 700), 50));
    cr_assert(eq(u64, local_health_step(&h, 1300, 1040), 250));
    cr_assert(eq(u32, h.score, 1));
}

Test(local_health, recovers_by_one_for_each_clean_second)
{
    struct local_health h = health_at(0);
    cr_assert(eq(u64, local_health_step(&h, 60000, 100), 59900));
    for (uint64_t passed_ms = 0; passed_ms <= 10000; passed_ms += 100) {
        cr_assert(zero(u64, local_health_step(&h, 60000 + passed_ms, 60000 + passed_ms)));
        const uint64_t seconds = passed_ms / 1000;
        cr_assert(eq(u64, h.score, seconds < 8 ? 8 - seconds : 0), "after %lu ms", passed_ms);
    }
}

Test(local_health, starts_its_second_again_when_late_again)
{
    struct local_health h = health_at(0);
    cr_assert(eq(u64, local_health_step(&h, 1000, 600), 400));
    cr_assert(eq(u64, local_health_step(&h, 1990, 1780), 210));
    cr_assert(eq(u32, h.score, 3));
    cr_assert(zero(u64, local_health_step(&h, 2989, 2989)));
    cr_assert(eq(u32, h.score, 3));
    cr_assert(zero(u64, local_health_step(&h, 2990, 2990)));
    cr_assert(eq(u32, h.score, 2));
}

Test(local_health, stretches_patience_but_not_a_refusal)
{
    for (uint32_t score = 0; score <= LOCAL_HEALTH_SCORE_MAX; score++) {
        struct local_health h = health_at(0);
        struct detector d;
        h.score = score;
        detector_init(&d, HEARTBEAT_MS, 4, 1000);
        const uint64_t deadline_ms = 1000 + 400 * (1 + score);
        cr_assert(eq(u64, local_health_deadline_ms(&h, &d), deadline_ms));
        cr_assert(not(local_health_suspects(&h, &d, deadline_ms - 1)));
        cr_assert(local_health_suspects(&h, &d, deadline_ms));
        detector_refused(&d);
        cr_assert(local_health_suspects(&h, &d, 1000));
    }
}

/* A node that steps every heartbeat and hears one peer every heartbeat, in simulated time. */
struct life {
    struct local_health health;
    struct detector peer;
    uint64_t now_ms;
    uint64_t due_ms;
    uint64_t accused_ms; /* when it first accused the peer; 0: never */
};

static void begin(struct life *l)
{
    *l = (struct life){.now_ms = 1000, .due_ms = 1000, .health = health_at(1000)};
    detector_init(&l->peer, HEARTBEAT_MS, 4, 1000);
}

/* One step at the present time. What it hears comes after the timer, the worse order. */
static void step(struct life *l, bool hears)
{
    const uint64_t grace_ms = local_health_step(&l->health, l->now_ms, l->due_ms);
    detector_excuse(&l->peer, grace_ms, l->now_ms);
    if (local_health_suspects(&l->health, &l->peer, l->now_ms) &&
        local_health_may_accuse(&l->health) && l->accused_ms == 0) {
        l->accused_ms = l->now_ms;
    }
    if (hears) {
        detector_heard(&l->peer, l->now_ms);
    }
    l->due_ms = l->now_ms + 10;
}

/* Steps every 10 ms for a while; hears the peer from `heard_after_ms` on, every heartbeat. */
static void live(struct life *l, uint64_t for_ms, uint64_t heard_after_ms)
{
    for (uint64_t passed_ms = 0; passed_ms < for_ms; passed_ms += 10) {
        step(l, passed_ms >= heard_after_ms && (passed_ms - heard_after_ms) % 100 == 0);
        l->now_ms += 10;
    }
}

/* Stopped for any time, and each peer back as late as its connections may take: a short stop
 * costs none; after a long one they were given up, and are made anew. */
Test(local_health, accuses_nobody_after_being_stopped_itself)
{
    for (uint64_t stopped_ms = 0; stopped_ms <= 20000; stopped_ms += 1 + stopped_ms / 60) {
        for (uint64_t phase_ms = 0; phase_ms < 100; phase_ms += 10) {
            struct life l;
            begin(&l);
            live(&l, 2000 + phase_ms, 0);
            l.now_ms += stopped_ms;
            live(&l, 6000, stopped_ms < 1600 ? 200 : 4500);
            cr_assert(zero(u64, l.accused_ms), "stopped %lu ms", stopped_ms);
        }
    }
}

Test(local_health, accuses_nobody_while_stopped_again_and_again)
{
    for (uint64_t stopped_ms = 10; stopped_ms < 5000; stopped_ms = stopped_ms * 5 / 4 + 1) {
        for (uint64_t awake_ms = 10; awake_ms <= 1000; awake_ms *= 10) {
            struct life l;
            begin(&l);
            live(&l, 1000, 0);
            for (uint32_t i = 0; i < 50; i++) {
                l.now_ms += stopped_ms;
                live(&l, awake_ms, 0);
            }
            cr_assert(zero(u64, l.accused_ms), "%lu of %lu ms", stopped_ms, awake_ms);
        }
    }
}

Test(local_health, still_finds_a_peer_that_died_meanwhile)
{
    static const struct {
        uint64_t stopped_ms, found_within_ms;
    } cases[] = {{0, 400}, {150, 400}, {300, 800}, {1000, 2000}, {60000, 6000}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct life l;
        begin(&l);
        live(&l, 2000, 0);
        l.now_ms += cases[i].stopped_ms;
        const uint64_t woken_ms = l.now_ms;
        live(&l, 10000, NEVER);
        cr_assert(gt(u64, l.accused_ms, 0));
        cr_assert(le(u64, l.accused_ms - woken_ms, cases[i].found_within_ms));
    }
}

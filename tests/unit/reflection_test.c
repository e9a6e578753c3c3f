#include "health/reflection.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#define MEMBERS 5u
#define PEERS 0x1eu /* of member 0, which is me */
#define PERIOD_MS 100u

/* A world of heartbeats, seen from member 0. `lost[a][b]`: of each ten of a's heartbeats b
 * loses so many; the others' counts follow from it. */
struct scene {
    struct reflection r;
    uint32_t lost[MEMBERS][MEMBERS];
    uint32_t sequence;
    uint64_t now_ms;
    struct reflection_verdict v;
};

static void scene_begin(struct scene *s)
{
    memset(s, 0, sizeof *s);
    reflection_init(&s->r, 0);
    s->now_ms = 1000;
}

static void pass(struct scene *s, uint32_t periods)
{
    for (uint32_t k = 0; k < periods; k++) {
        reflection_period(&s->r);
        s->now_ms += PERIOD_MS;
        s->sequence++;
        for (uint32_t i = 1; i < MEMBERS; i++) {
            uint8_t counts[PEERS_MAX] = {0};
            for (uint32_t j = 0; j < MEMBERS; j++) {
                counts[j] = (uint8_t)(REFLECTION_PERIODS * (10 - s->lost[j][i]) / 10);
            }
            if (s->sequence % 10 >= s->lost[i][0]) {
                (void)reflection_heard(&s->r, i, s->sequence, counts);
            }
        }
        s->v = reflection_judge(&s->r, PEERS, s->now_ms);
    }
}

static void lose(struct scene *s, uint32_t from, uint32_t to, uint32_t tenths)
{
    for (uint32_t i = 0; i < MEMBERS; i++) {
        for (uint32_t j = 0; j < MEMBERS; j++) {
            const bool hit = (from == MEMBERS || from == i) && (to == MEMBERS || to == j);
            s->lost[i][j] = hit && i != j ? tenths : s->lost[i][j];
        }
    }
}

/* Of all that comes to me, or goes from me. */
static void lose_way(struct scene *s, uint32_t way, uint32_t tenths)
{
    const bool in = way == REFLECTION_IN;
    lose(s, in ? MEMBERS : 0, in ? 0 : MEMBERS, tenths);
}

Test(reflection, knows_nothing_before_it_has_heard_for_long_enough)
{
    struct scene s;
    scene_begin(&s);
    pass(&s, REFLECTION_PERIODS - 2);
    cr_assert(eq(int, s.v.result, RESULT_UNKNOWN));
    pass(&s, 2);
    cr_assert(eq(int, s.v.result, RESULT_OK));
    cr_assert(eq(u32, reflection_hears(&s.r), 0x1f));
    cr_assert(eq(u32, reflection_hears_of(&s.r, 2), 0x1b));
}

Test(reflection, takes_one_lost_link_for_the_links_fault)
{
    struct scene s;
    scene_begin(&s);
    pass(&s, 30);
    lose(&s, 1, 0, 10);
    lose(&s, 0, 1, 10);
    pass(&s, 100);
    cr_assert(eq(int, s.v.result, RESULT_OK));
    cr_assert(zero(u32, s.v.ways));
    cr_assert(eq(u32, s.v.lost_in, 0x2));
}

Test(reflection, names_the_way_that_is_cut_within_three_seconds)
{
    for (uint32_t way = REFLECTION_IN; way <= REFLECTION_OUT; way++) {
        struct scene s;
        scene_begin(&s);
        pass(&s, 30);
        lose_way(&s, way, 10);
        pass(&s, 25);
        cr_assert(ne(int, s.v.result, RESULT_OK), "way %u", way);
        cr_assert(eq(u32, s.v.ways, way));
    }
}

Test(reflection, names_the_way_of_which_a_third_is_lost_within_four_seconds)
{
    for (uint32_t way = REFLECTION_IN; way <= REFLECTION_OUT; way++) {
        struct scene s;
        scene_begin(&s);
        pass(&s, 30);
        lose_way(&s, way, 3);
        pass(&s, 40);
        cr_assert(eq(int, s.v.result, RESULT_DEGRADED), "way %u", way);
        cr_assert(eq(u32, s.v.ways, way));
        pass(&s, 200);
        cr_assert(eq(int, s.v.result, RESULT_DEGRADED), "less than half is not silence");
    }
}

Test(reflection, blames_no_link_for_what_it_did_not_send_while_it_slept)
{
    struct scene s;
    scene_begin(&s);
    pass(&s, 60);
    reflection_slept(&s.r, 6);
    lose(&s, 0, MEMBERS, 3); /* they have heard 14 of 20 */
    pass(&s, 20);
    cr_assert(eq(int, s.v.result, RESULT_OK));
    pass(&s, 40);
    cr_assert(eq(int, s.v.result, RESULT_DEGRADED), "that lasts longer than its sleep");
    reflection_slept(&s.r, UINT64_MAX);
    pass(&s, 1);
    cr_assert(eq(int, s.v.result, RESULT_OK));
}

/* Half a second in which nothing goes through is seen for two, and is nobody's fault. */
Test(reflection, bears_half_a_second_of_nothing)
{
    for (uint32_t way = REFLECTION_IN; way <= REFLECTION_OUT; way++) {
        struct scene s;
        scene_begin(&s);
        pass(&s, 40);
        lose_way(&s, way, 10);
        pass(&s, 5);
        lose(&s, MEMBERS, MEMBERS, 0);
        for (uint32_t i = 0; i < 40; i++) {
            pass(&s, 1);
            cr_assert(eq(int, s.v.result, RESULT_OK), "way %u, after %u periods", way, i);
        }
    }
}

Test(reflection, bears_a_fifth)
{
    struct scene s;
    scene_begin(&s);
    lose(&s, MEMBERS, 0, 2);
    lose(&s, 0, MEMBERS, 2);
    pass(&s, 200);
    cr_assert(eq(int, s.v.result, RESULT_OK));
}

Test(reflection, is_silent_after_five_seconds_of_more_than_half)
{
    for (uint32_t way = REFLECTION_IN; way <= REFLECTION_OUT; way++) {
        struct scene s;
        scene_begin(&s);
        pass(&s, 30);
        lose_way(&s, way, 7);
        pass(&s, 50);
        cr_assert(eq(int, s.v.result, RESULT_DEGRADED), "way %u", way);
        pass(&s, 20);
        cr_assert(eq(int, s.v.result, RESULT_SILENT), "way %u", way);
        cr_assert(eq(u32, s.v.ways, way));
        lose(&s, MEMBERS, MEMBERS, 0);
        pass(&s, 20);
        cr_assert(eq(int, s.v.result, RESULT_OK));
    }
}

Test(reflection, is_silent_within_five_seconds_of_being_deaf)
{
    struct scene s;
    scene_begin(&s);
    pass(&s, 30);
    lose(&s, MEMBERS, 0, 10);
    pass(&s, 21);
    cr_assert(eq(int, s.v.result, RESULT_SILENT));
    cr_assert(eq(u32, s.v.ways, REFLECTION_IN));
    lose(&s, MEMBERS, 0, 0);
    pass(&s, 1);
    cr_assert(ne(int, s.v.result, RESULT_SILENT), "it hears again");
}

Test(reflection, is_silent_when_nobody_hears_it_any_more)
{
    struct scene s;
    scene_begin(&s);
    pass(&s, 30);
    lose(&s, 0, MEMBERS, 10);
    pass(&s, 20);
    cr_assert(eq(u32, s.v.ways, REFLECTION_OUT));
    pass(&s, 35);
    cr_assert(eq(int, s.v.result, RESULT_SILENT));
}

/* Two of four are gone: that is half of them, and may be their fault. */
Test(reflection, blames_itself_for_more_than_half_only)
{
    struct scene s;
    scene_begin(&s);
    pass(&s, 30);
    lose(&s, 1, MEMBERS, 10);
    lose(&s, 2, MEMBERS, 10);
    pass(&s, 200);
    cr_assert(eq(int, s.v.result, RESULT_OK));
}

/* A network that loses everybody's alike is nobody's fault. */
Test(reflection, says_nothing_where_nobody_hears_anybody_well)
{
    struct scene s;
    scene_begin(&s);
    lose(&s, MEMBERS, MEMBERS, 4);
    pass(&s, 200);
    cr_assert(eq(int, s.v.result, RESULT_OK));
    cr_assert(zero(u32, s.v.ways));
}

Test(reflection, counts_no_heartbeat_twice)
{
    const uint8_t counts[PEERS_MAX] = {0};
    struct reflection r;
    reflection_init(&r, 0);
    cr_assert(reflection_heard(&r, 1, UINT32_MAX, counts));
    cr_assert(not(reflection_heard(&r, 1, UINT32_MAX, counts)));
    cr_assert(reflection_heard(&r, 1, 1, counts), "numbers wrap");
    cr_assert(reflection_heard(&r, 1, 0, counts), "held up on the way");
    cr_assert(not(reflection_heard(&r, 1, 0, counts)));
    cr_assert(not(reflection_heard(&r, 1, (uint32_t)-31, counts)), "too old to tell");
    cr_assert(eq(u32, reflection_count(&r, 1), 3));
    reflection_restarted(&r, 1);
    cr_assert(reflection_heard(&r, 1, (uint32_t)-31, counts));
}

Test(reflection, counts_two_in_one_period_for_the_one_before)
{
    const uint8_t counts[PEERS_MAX] = {0};
    struct reflection r;
    reflection_init(&r, 0);
    for (uint32_t k = 0; k < 100; k += 2) {
        reflection_period(&r);
        reflection_period(&r);
        (void)reflection_heard(&r, 1, k, counts);
        (void)reflection_heard(&r, 1, k + 1, counts);
    }
    cr_assert(eq(u32, reflection_count(&r, 1), REFLECTION_PERIODS));
}

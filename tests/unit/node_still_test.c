/* Whether a member may have missed what the others decided. Member 0 of five. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "node_scene.h"

static bool may_have_missed(struct scene *s)
{
    return node_may_have_missed(scene_deciding(s), s->b.now_ms);
}

/* It is heard of all, and knows that nobody is ahead. */
static struct scene knowing(void)
{
    struct scene s = scene_of();
    scene_pass(&s, 5);
    cr_assert_not(may_have_missed(&s));
    return s;
}

Test(node_still, may_have_missed_something_until_it_hears_others_at_its_height)
{
    struct scene s = scene_of();
    for (uint32_t i = 1; i < MEMBERS; i++) {
        s.cut[i] = true;
    }
    scene_pass(&s, 30);
    cr_assert(may_have_missed(&s), "since its start");
    s.cut[3] = false;
    scene_pass(&s, 3);
    cr_assert_not(may_have_missed(&s), "two of five here are no quorum elsewhere");
    s.cut[3] = true;
    scene_pass(&s, 600);
    cr_assert_not(may_have_missed(&s), "who is merely alone has seen what there was");
    bench_finish(&s.b);
}

Test(node_still, may_have_missed_something_while_its_steps_stood_still)
{
    struct scene s = knowing();
    s.b.now_ms += 2000;
    cr_assert_not(may_have_missed(&s));
    s.b.now_ms += 1;
    cr_assert(may_have_missed(&s), "before the first step after it");
    bench_step(&s.b, (struct input){.kind = INPUT_TIMER});
    bench_settle(&s.b);
    cr_assert(may_have_missed(&s));
    scene_pass(&s, 3);
    cr_assert_not(may_have_missed(&s));
    bench_finish(&s.b);
}

Test(node_still, takes_no_heartbeat_for_one_of_now_that_waited_in_a_socket)
{
    struct scene s = knowing();
    struct message waiting[MEMBERS];
    s.sequence++;
    for (uint32_t i = 1; i < MEMBERS; i++) {
        waiting[i] = scene_heartbeat(&s, i);
    }
    s.b.now_ms += 5000;
    for (uint32_t k = 0; k < 4; k++) { /* they may be read late, too */
        bench_step(&s.b, (struct input){.kind = INPUT_TIMER});
        bench_settle(&s.b);
        s.b.now_ms += PERIOD_MS;
    }
    for (uint32_t i = 1; i < MEMBERS; i++) {
        scene_give(&s, i, &waiting[i]);
    }
    cr_assert(may_have_missed(&s));
    scene_pass(&s, 2);
    cr_assert_not(may_have_missed(&s));
    bench_finish(&s.b);
}

Test(node_still, knows_nothing_while_the_others_are_ahead)
{
    struct scene s = scene_of();
    s.ahead = 1;
    scene_pass(&s, 10);
    cr_assert(may_have_missed(&s));
    s.ahead = 0;
    scene_pass(&s, 3);
    cr_assert_not(may_have_missed(&s));
    bench_finish(&s.b);
}

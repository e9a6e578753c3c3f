/* Two agents of one member: what a node makes of it, as one of the two and as their peer. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "node_scene.h"

static enum reference_result result_of(struct scene *s, uint32_t id)
{
    return diagnosis_result(&scene_deciding(s)->diagnosis, id);
}

static uint32_t note_of(struct scene *s, uint32_t id)
{
    return scene_deciding(s)->diagnosis.reference[id - 1].bad.evidence.note - SELF_NOTE_FIRST;
}

/* It has just begun to listen. */
static struct scene scene_listening(void)
{
    struct scene s = scene_of();
    scene_deciding(&s)->links.listening = 21;
    node_seal_first(s.b.node);
    return s;
}

static struct message last_heartbeat(struct scene *s)
{
    struct message m = {.kind = MESSAGE_HEARTBEAT};
    s->b.now_ms += PERIOD_MS;
    bench_step(&s->b, (struct input){.kind = INPUT_TIMER});
    const struct effect *e = bench_find(&s->b, EFFECT_HEARTBEAT);
    cr_assert(e != NULL);
    cr_assert(message_decode(&m, s->b.out->outbox + e->body.offset, e->body.size_bytes));
    return m;
}

Test(node_clones, believes_that_it_is_cloned_when_as_many_as_testify_say_so)
{
    struct scene s = scene_of();
    s.cloned[1] = 1;
    scene_pass(&s, 30);
    cr_assert(not(scene_deciding(&s)->silent)); /* one may lie */
    s.cloned[2] = 1;
    scene_pass(&s, 2);
    cr_assert(result_of(&s, 9) == RESULT_SILENT);
    s.cloned[1] = s.cloned[2] = 0;
    scene_pass(&s, 200);
    cr_assert(scene_deciding(&s)->silent); /* until a person has started it anew */
    bench_finish(&s.b);
}

Test(node_clones, tells_of_a_peer_that_is_heard_in_two_incarnations)
{
    struct scene s = scene_of();
    scene_pass(&s, 30);
    for (uint32_t i = 0; i < 4; i++) {
        s.incarnation[4] = i % 2 == 0 ? 999 : 104;
        scene_pass(&s, 2);
    }
    s.b.now_ms += PERIOD_MS;
    bench_step(&s.b, (struct input){.kind = INPUT_TIMER});
    const struct effect *e = bench_find(&s.b, EFFECT_HEARTBEAT);
    struct message m;
    cr_assert(e != NULL);
    cr_assert(message_decode(&m, s.b.out->outbox + e->body.offset, e->body.size_bytes));
    cr_assert(eq(u32, m.heartbeat.cloned, 1u << 4));
    bench_finish(&s.b);
}

Test(node_clones, tells_nobody_to_be_cloned_that_was_started_anew)
{
    struct scene s = scene_of();
    scene_pass(&s, 30);
    const struct message late = scene_heartbeat(&s, 4);
    s.incarnation[4] = 999;
    s.sequence = 0;
    scene_pass(&s, 5);
    scene_give(&s, 4, &late); /* it was under way all the time */
    scene_pass(&s, 5);
    cr_assert(
        zero(u32, incarnation_cloned(&scene_deciding(&s)->links.incarnations, s.b.now_ms)));
    cr_assert(eq(u64, scene_deciding(&s)->peer[4].incarnation, 999));
    bench_finish(&s.b);
}

Test(node_clones, listens_for_two_seconds_before_it_signs_anything)
{
    struct scene s = scene_listening();
    scene_pass(&s, 19);
    cr_assert(scene_deciding(&s)->silent);
    cr_assert(last_heartbeat(&s).heartbeat.starting);
    scene_pass(&s, 2);
    cr_assert(not(scene_deciding(&s)->silent));
    cr_assert(not(last_heartbeat(&s).heartbeat.starting));
    bench_finish(&s.b);
}

/* Nobody can tell it anything meanwhile. */
Test(node_clones, does_not_count_the_time_in_which_it_hears_nobody)
{
    struct scene s = scene_listening();
    memset(s.cut, true, sizeof s.cut);
    scene_pass(&s, 50);
    cr_assert(eq(u32, scene_deciding(&s)->links.listening, 21));
    s.cut[2] = false;
    scene_pass(&s, 30);
    cr_assert(zero(u32, scene_deciding(&s)->links.listening));
    bench_finish(&s.b);
}

Test(node_clones, stays_silent_where_it_runs_elsewhere)
{
    struct scene s = scene_listening();
    scene_pass(&s, 3);
    s.elsewhere[1] = (uint32_t)scene_deciding(&s)->options.incarnation;
    s.elsewhere[2] = 4711; /* another one */
    scene_pass(&s, 3);
    cr_assert(result_of(&s, 9) == RESULT_OK || result_of(&s, 9) == RESULT_UNKNOWN,
              "one may lie");
    s.elsewhere[2] = s.elsewhere[1];
    scene_pass(&s, 2);
    cr_assert(result_of(&s, 9) == RESULT_SILENT);
    cr_assert(eq(u32, note_of(&s, 9), SELF_ELSEWHERE));
    s.elsewhere[1] = s.elsewhere[2] = 0;
    scene_pass(&s, 200);
    cr_assert(scene_deciding(&s)->silent, "until a person has started it anew");
    cr_assert(scene_deciding(&s)->quiet);
    bench_finish(&s.b);
}

Test(node_clones, that_runs_is_not_kept_from_it_by_whoever_starts)
{
    struct scene s = scene_of();
    scene_pass(&s, 30);
    s.elsewhere[1] = s.elsewhere[2] = s.elsewhere[3] =
        (uint32_t)scene_deciding(&s)->options.incarnation;
    scene_pass(&s, 30);
    cr_assert(not(scene_deciding(&s)->silent));
    bench_finish(&s.b);
}

Test(node_clones, hears_who_starts_without_taking_its_word)
{
    struct scene s = scene_of();
    scene_pass(&s, 30);
    s.incarnation[4] = 999;
    s.starting[4] = true;
    s.sequence = 0;
    scene_pass(&s, 15);
    cr_assert(eq(u64, scene_deciding(&s)->peer[4].incarnation, 104));
    cr_assert(eq(u32, scene_deciding(&s)->heard >> 4 & 1, 1));
    s.incarnation[4] = 104; /* which still runs */
    s.starting[4] = false;
    s.sequence = 100;
    scene_pass(&s, 1);
    cr_assert(eq(u32, last_heartbeat(&s).heartbeat.echo[4].elsewhere, 999));
    bench_finish(&s.b);
}

/* A liar starts under an incarnation that it has heard of another, and shows one of its own
 * again: what the others say of that is said of the liar. */
Test(node_clones, is_not_silenced_by_whoever_starts_under_its_incarnation)
{
    struct scene s = scene_of();
    scene_pass(&s, 30);
    s.incarnation[4] = s.incarnation[2];
    s.starting[4] = true;
    scene_pass(&s, 15);
    s.incarnation[4] = 104;
    s.starting[4] = false;
    s.sequence = 100;
    scene_pass(&s, 1);
    const struct message m = last_heartbeat(&s);
    cr_assert(eq(u32, m.heartbeat.echo[4].elsewhere, (uint32_t)s.incarnation[2]));
    cr_assert(zero(u32, m.heartbeat.echo[2].elsewhere));
    bench_finish(&s.b);
}

/* One is dead, two start anew and listen: the fourth is heard, and so nobody here is deaf. */
Test(node_clones, is_not_deaf_to_whoever_starts)
{
    struct scene s = scene_of();
    scene_pass(&s, 60);
    s.cut[1] = true;
    s.incarnation[2] = 999;
    s.incarnation[3] = 998;
    s.starting[2] = s.starting[3] = true;
    for (uint32_t i = 0; i < 60; i++) {
        scene_pass(&s, 1);
        cr_assert(result_of(&s, 27) == RESULT_OK, "after %u periods", i);
    }
    bench_finish(&s.b);
}

/* Two of four are dead, which may be their fault, and what the other two said as they started
 * comes once more: they are heard all the same, and so nobody here is deaf. */
Test(node_clones, that_has_started_long_since_is_not_starting)
{
    struct scene s = scene_of();
    scene_pass(&s, 60);
    s.cut[1] = s.cut[2] = true;
    for (uint32_t i = 0; i < 60; i++) {
        scene_pass(&s, 1);
        for (uint32_t member = 3; member < MEMBERS; member++) {
            struct message old = scene_heartbeat(&s, member);
            old.heartbeat.starting = true;
            old.heartbeat.incarnation = 555;
            scene_give(&s, member, &old);
        }
        cr_assert(result_of(&s, 27) == RESULT_OK, "after %u periods", i);
    }
    bench_finish(&s.b);
}

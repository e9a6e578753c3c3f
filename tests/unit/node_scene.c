#include "node_scene.h"

#include <string.h>

struct scene scene_of(void)
{
    struct scene s = {.b = bench_of(MEMBERS, true)};
    for (uint32_t i = 1; i < MEMBERS; i++) {
        s.hears_me[i] = 20;
        s.incarnation[i] = 100 + i;
    }
    return s;
}

struct deciding *scene_deciding(struct scene *s)
{
    return &s->b.node->deciding;
}

void scene_give(struct scene *s, uint32_t member, const struct message *m)
{
    uint8_t bytes[MESSAGE_BYTES_MAX];
    const size_t size_bytes = message_encode(m, bytes);
    bench_step(&s->b, (struct input){.kind = INPUT_MESSAGE,
                                     .member = member,
                                     .bytes = bytes,
                                     .size_bytes = size_bytes});
    bench_settle(&s->b);
}

struct message scene_heartbeat(struct scene *s, uint32_t member)
{
    struct message m = {.kind = MESSAGE_HEARTBEAT};
    struct heartbeat *h = &m.heartbeat;
    h->height = 1 + s->ahead;
    h->incarnation = s->incarnation[member];
    h->unix_ms = FOUNDED_MS + 100000 + (s->b.now_ms - 1000000) + (uint64_t)s->off_ms[member];
    h->sequence = s->sequence;
    h->blames = s->blames[member];
    h->cloned = s->cloned[member];
    h->starting = s->starting[member];
    h->own = s->own[member];
    h->serve = s->serve[member];
    h->count = MEMBERS;
    for (uint32_t i = 0; i < MEMBERS; i++) {
        h->echo[i].heard = i == 0 ? s->hears_me[member] : s->cut[i] ? 0 : 20;
    }
    h->echo[0].elsewhere = s->elsewhere[member];
    h->echo[0].run = (uint32_t)scene_deciding(s)->options.incarnation;
    h->echo[0].sequence = scene_deciding(s)->links.sequence;
    return m;
}

void scene_pass(struct scene *s, uint32_t periods)
{
    for (uint32_t k = 0; k < periods; k++) {
        s->b.now_ms += PERIOD_MS;
        bench_step(&s->b, (struct input){.kind = INPUT_TIMER});
        bench_settle(&s->b);
        s->sequence++;
        for (uint32_t i = 1; i < MEMBERS; i++) {
            const struct message m = scene_heartbeat(s, i);
            if (!s->cut[i]) {
                scene_give(s, i, &m);
            }
        }
    }
}

void scene_answer(struct scene *s, uint32_t count)
{
    for (uint32_t i = 1; i <= count; i++) {
        struct message m = {.kind = MESSAGE_HELLO};
        m.hello.answer = scene_deciding(s)->simplex.options.nonce;
        m.hello.height = 1;
        scene_give(s, i, &m);
    }
}

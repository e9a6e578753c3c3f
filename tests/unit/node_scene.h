#ifndef OSTRAKON_TESTS_NODE_SCENE_H
#define OSTRAKON_TESTS_NODE_SCENE_H

#include "agent/node_parts.h"
#include "node_bench.h"

#define MEMBERS 5u
#define PERIOD_MS 100u

/* Four peers, in a world without delay. What each sends is told by the fields. */
struct scene {
    struct bench b;
    uint32_t sequence;
    bool cut[MEMBERS];         /* nothing comes from it */
    uint8_t hears_me[MEMBERS]; /* of its last twenty periods */
    int64_t off_ms[MEMBERS];   /* its wall clock, from mine */
    uint32_t blames[MEMBERS];
    uint32_t cloned[MEMBERS];
    uint64_t own[MEMBERS]; /* what it finds wrong with itself */
    uint64_t serve[MEMBERS];
    uint64_t incarnation[MEMBERS];
    uint64_t ahead; /* so many heights above mine they say that they are */
    bool starting[MEMBERS];
    uint32_t elsewhere[MEMBERS];
};

struct scene scene_of(void);
struct deciding *scene_deciding(struct scene *s);
/* Steps with that message of the member's, and settles. */
void scene_give(struct scene *s, uint32_t member, const struct message *m);
struct message scene_heartbeat(struct scene *s, uint32_t member);
/* So many heartbeat periods. */
void scene_pass(struct scene *s, uint32_t periods);
/* So many peers tell it where they are, in answer to its question. */
void scene_answer(struct scene *s, uint32_t count);

#endif

#include "tests/net/world.h"

#include <string.h>

#include <criterion/criterion.h>

static struct world w;

static bool all_hear_all(struct world *world)
{
    for (uint32_t i = 0; i < world->count; i++) {
        for (uint32_t k = 0; k < world->count; k++) {
            const struct heard *const h = &world->nodes[i].heard[k];
            if (i != k && (h->messages == 0 || h->answered == 0)) {
                return false;
            }
        }
    }
    return true;
}

Test(peers, carries_messages_both_ways)
{
    world_start(&w, 3);
    for (uint32_t i = 0; i < 3; i++) {
        for (uint32_t k = 0; k < 3; k++) {
            if (i != k) {
                peers_send(w.nodes[i].peers, k, (const uint8_t *)"hello", 5, PEERS_MESSAGE);
            }
        }
    }
    cr_assert(world_turn(&w, 2000, all_hear_all));
    for (uint32_t i = 0; i < 3; i++) {
        cr_assert(w.nodes[i].last_bytes == 5);
        cr_assert(memcmp(w.nodes[i].last, "hello", 5) == 0);
        cr_assert(w.nodes[i].troubles == 0, "%s", w.nodes[i].trouble_reason);
    }
    world_finish(&w);
}

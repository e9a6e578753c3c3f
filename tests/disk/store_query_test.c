#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <sodium.h>

#include "agent/store.h"
#include "sample.h"
#include "scratch.h"

Test(store_query, answers_in_order)
{
    struct store_opening opening;
    cr_assert(sodium_init() >= 0);
    struct store *const s = store_open(scratch_path("ostrakon.db"), SAMPLE_CLUSTER, &opening);
    for (uint64_t i = 0; i < 10; i++) {
        sample_block_write(s, i); /* two events each, of atlas and of nobody */
    }
    const struct store_event local = {.height = 4,
                                      .ordinal = STORE_ORDINAL_LOCAL,
                                      .level = 6,
                                      .time_ms = 4500,
                                      .name = "disk_slow",
                                      .code = "OST-3",
                                      .fields = "{}",
                                      .message = "slow"};
    cr_assert(eq(int, store_events_write(s, &local, 1), STORE_ANSWER_DONE));
    static const struct {
        struct store_query query;
        uint32_t count;
        uint64_t first_height;
        uint64_t last_height;
    } cases[] = {
        {{.limit = 1000}, 21, 0, 4},
        {{.limit = 5}, 5, 0, 2},
        {{.limit = 1000, .after_id = 18}, 3, 9, 4},
        {{.limit = 1000, .member = "atlas"}, 10, 0, 9},
        {{.limit = 1000, .member = "nobody"}, 0, 0, 0},
        {{.limit = 1000, .code = "OST-3"}, 1, 4, 4},
        {{.limit = 3, .newest = true}, 3, 9, 4},
        {{.limit = 1000, .since_ms = 8000}, 4, 8, 9},
        {{.limit = 1000, .placed = true, .after_height = 8, .after_ordinal = 0}, 3, 8, 9},
        {{.limit = 1000, .placed = true, .after_height = 8, .after_ordinal = -1}, 4, 8, 9},
        {{.limit = 2, .placed = true, .after_ordinal = -1}, 2, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct store_events events;
        cr_assert(eq(int, store_events_read(s, &cases[i].query, &events), STORE_ANSWER_DONE));
        cr_assert(eq(uint, events.count, cases[i].count), "case %zu", i);
        if (events.count > 0) {
            cr_assert(eq(u64, events.list[0].height, cases[i].first_height), "case %zu", i);
            cr_assert(eq(u64, events.list[events.count - 1].height, cases[i].last_height),
                      "case %zu", i);
        }
        store_events_finish(&events);
    }
    store_destroy(s);
}

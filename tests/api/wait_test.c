/* Requests that wait for a change. */
#include "tests/api/asking.h"

#define WAIT "/v1/status?after=48213&wait_s=60"
#define TOO_LONG "/v1/members/a-name-of-more-than-31-characters-ab?after=48213&wait_s=60"
#define SOON_MS 300u

static struct exchange many[API_PLACES + 8];

static void end_all(void)
{
    for (size_t i = 0; i < sizeof many / sizeof many[0]; i++) {
        exchange_finish(&w, &many[i]);
    }
    end();
}

TestSuite(wait, .init = begin, .fini = end_all);

static void decide(void)
{
    w.d->cluster.height++;
    api_changed(w.agent.api);
}

Test(wait, ends_when_the_height_passes)
{
    world_ask(&w, &x, &(struct wish){.path = WAIT});
    cr_assert(not(world_await(&w, &x, SOON_MS)));
    w.d->storage_slow = true; /* another content, the same height */
    api_changed(w.agent.api);
    cr_assert(not(world_await(&w, &x, SOON_MS)));
    decide();
    cr_assert(world_await(&w, &x, SOON_MS));
    cr_assert(eq(i64, x.status, 200));
    cr_assert(eq(dbl, exchange_number(&x, "height"), SCENE_HEIGHT + 1));
    cr_assert(eq(u32, w.agent.api->waiting, 0));
}

Test(wait, ends_with_the_same_height_when_its_time_is_over)
{
    const uint64_t begin_ms = clock_monotonic_ms();
    get("/v1/members?after=48213&wait_s=1");
    const uint64_t took_ms = clock_monotonic_ms() - begin_ms;
    cr_assert(ge(u64, took_ms, 999));
    cr_assert(le(u64, took_ms, 1063 + 400)); /* a sixteenth of jitter, and a slow machine */
    cr_assert(eq(i64, x.status, 200));
    cr_assert(eq(dbl, exchange_number(&x, "height"), SCENE_HEIGHT));
}

Test(wait, is_none_for_another_height_or_no_such_member)
{
    static const char *const paths[] = {"/v1/status?after=48212&wait_s=60",
                                        "/v1/status?after=48214&wait_s=60",
                                        "/v1/status?after=48213&wait_s=0",
                                        "/v1/status?after=48213",
                                        "/v1/status?wait_s=60",
                                        "/v1/members/nobody?after=48213&wait_s=60",
                                        TOO_LONG};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        exchange_finish(&w, &x);
        world_ask(&w, &x, &(struct wish){.path = paths[i]});
        cr_assert(world_await(&w, &x, SOON_MS), "%s", paths[i]);
        cr_assert(eq(i64, x.status, i < 5 ? 200 : 404), "%s", paths[i]);
    }
}

Test(wait, remembers_what_was_asked_for)
{
    world_ask(&w, &x, &(struct wish){.path = "/v1/members/selene?after=48213&wait_s=60"});
    world_ask(&w, &many[0],
              &(struct wish){.path = "/v1/members?after=48213&wait_s=60&limit=2"});
    world_ask(&w, &many[1], &(struct wish){.path = WAIT, .method = "HEAD"});
    world_run(&w, SOON_MS);
    decide();
    cr_assert(world_await(&w, &x, SOON_MS));
    cr_assert(strcmp(exchange_text(&x, "member.name"), "selene") == 0);
    cr_assert(world_await(&w, &many[0], SOON_MS));
    cr_assert(eq(i32, cJSON_GetArraySize(exchange_at(&many[0], "items")), 2));
    cr_assert(world_await(&w, &many[1], SOON_MS));
    cr_assert(eq(sz, many[1].body_bytes, 0));
}

Test(wait, gives_the_place_of_a_client_that_left_to_others)
{
    world_ask(&w, &x, &(struct wish){.path = WAIT});
    world_ask(&w, &many[0], &(struct wish){.path = "/v1/log?after=0&wait_s=60", .local = true});
    world_run(&w, SOON_MS);
    cr_assert(eq(u32, w.agent.api->waiting, 2));
    exchange_finish(&w, &x);
    exchange_finish(&w, &many[0]);
    world_run(&w, SOON_MS);
    cr_assert(eq(u32, w.agent.api->waiting, 0));
    decide();
}

static uint32_t count_refused(uint32_t count)
{
    uint32_t refused = 0;
    for (uint32_t i = 0; i < count; i++) {
        refused += many[i].status == 503 ? 1 : 0;
    }
    return refused;
}

Test(wait, is_bounded_and_leaves_room_for_the_socket_and_for_reading)
{
    char field[128];
    const uint32_t remote = API_WAITERS_REMOTE_MAX + 2;
    const uint32_t all = remote + API_WAITERS_MAX - API_WAITERS_REMOTE_MAX + 3;
    for (uint32_t i = 0; i < remote; i++) {
        world_ask(&w, &many[i], &(struct wish){.path = WAIT});
    }
    world_run(&w, SOON_MS);
    cr_assert(eq(u32, count_refused(remote), 2));
    for (uint32_t i = remote; i < all; i++) {
        world_ask(&w, &many[i], &(struct wish){.path = WAIT, .local = true});
    }
    world_run(&w, SOON_MS);
    cr_assert(eq(u32, count_refused(all), 5));
    cr_assert(eq(u32, w.agent.api->waiting, API_WAITERS_MAX));
    for (uint32_t i = 0; i < all; i++) {
        if (many[i].status == 503) {
            cr_assert(exchange_field(&many[i], "Retry-After", field));
            cr_assert(eq(dbl, exchange_number(&many[i], "retry_after_ms"), 1000));
        }
    }
    get("/v1/log");
    cr_assert(eq(i64, x.status, 200));
    get("/v1/status");
    cr_assert(eq(i64, x.status, 200));
    decide();
    world_run(&w, SOON_MS);
    cr_assert(eq(u32, w.agent.api->waiting, 0));
    for (uint32_t i = 0; i < all; i++) {
        cr_assert(many[i].done);
    }
}

Test(wait, is_over_when_the_agent_ends)
{
    world_ask(&w, &x, &(struct wish){.path = WAIT});
    world_ask(&w, &many[0], &(struct wish){.path = "/v1/log?after=0&wait_s=60"});
    world_ask(&w, &many[1], &(struct wish){.path = "/v1/blocks/1"});
    world_run(&w, SOON_MS); /* and world_finish, with nothing lost and nobody answered twice */
}

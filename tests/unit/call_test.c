#include "../../consensus/call.h"

#include <criterion/criterion.h>
#include <string.h>

#include "tests/scripts/cluster/world.h"

static struct world world_with_ttl(uint32_t ttl_s)
{
    struct world_options o = world_options(3, 2);
    struct world w;
    o.timing.ttl_s = ttl_s;
    world_found(&w, &o);
    return w;
}

Test(call, comes_with_the_first_block_and_then_at_each_third_of_the_ttl)
{
    struct world w = world_with_ttl(60);
    cr_assert(w.cluster.call.height == 0);
    world_tick(&w, 0);
    cr_assert(w.cluster.call.height == 1);
    cr_assert(w.cluster.call.time_ms == w.cluster.time_ms);
    uint64_t called_ms = w.cluster.time_ms;
    for (uint32_t i = 0; i < 20; i++) {
        const uint64_t before = w.cluster.call.height;
        world_tick(&w, 0);
        const bool due = w.cluster.time_ms - called_ms >= 20000;
        cr_assert((w.cluster.call.height != before) == due, "at %lu",
                  (unsigned long)world_now_ms(&w));
        if (due) {
            cr_assert(w.cluster.call.height == w.cluster.height);
            called_ms = w.cluster.time_ms;
        }
    }
}

Test(call, comes_at_once_after_a_standstill_longer_than_the_ttl)
{
    struct world w = world_with_ttl(60);
    world_tick(&w, 0);
    world_block(&w, world_now_ms(&w) + 600000);
    cr_assert(w.cluster.call.height == w.cluster.height);
}

/* Whatever a bundle says of a member: at the next block all are called for. */
Test(call, comes_for_all_when_what_a_bundle_says_has_changed)
{
    for (uint32_t change = 0; change < 7; change++) {
        struct world w = world_with_ttl(3600);
        for (uint32_t i = 0; i < 3; i++) {
            world_tick(&w, 0);
        }
        cr_assert(w.cluster.call.height == 1);
        struct member *m = &w.cluster.member[1];
        switch (change) {
        case 0:
            m->standing = STANDING_LOCKED_OUT;
            break;
        case 1:
            m->term++;
            break;
        case 2:
            m->transport_key[0] ^= 1;
            break;
        case 3:
            m->vote_key[0] ^= 1;
            break;
        case 4:
            m->name[0] ^= 1;
            break;
        case 5:
            m->role = ROLE_WITNESS;
            break;
        default:
            w.cluster.malfunctioning_max = 0; /* another quorum */
        }
        cr_assert_not(call_is_sound(&w.cluster));
        call_review(&w.cluster, w.cluster.height);
        cr_assert(w.cluster.call.height == w.cluster.height, "change %u", change);
        cr_assert(call_is_sound(&w.cluster));
    }
}

/* What a bundle does not say calls for nothing: an address, an accusation, a record. */
Test(call, does_not_come_for_anything_else)
{
    struct world w = world_with_ttl(3600);
    world_tick(&w, 0);
    w.cluster.member[1].address[0] ^= 1;
    world_tick(&w, 1 << 2);
    cr_assert(w.cluster.call.height == 1);
}

Test(call, is_part_of_the_state_and_of_its_bytes)
{
    static uint8_t bytes[CLUSTER_BYTES_MAX];
    static struct cluster read;
    struct world w = world_with_ttl(3600);
    world_tick(&w, 0);
    const size_t size_bytes = cluster_encode(&w.cluster, bytes);
    cr_assert(cluster_decode(&read, bytes, size_bytes));
    cr_assert(memcmp(&read.call, &w.cluster.call, sizeof read.call) == 0);
    cr_assert(read.timing.ttl_s == 3600);
    for (uint32_t fault = 0; fault < 4; fault++) {
        struct world bad = w;
        switch (fault) {
        case 0:
            bad.cluster.call.height = bad.cluster.height + 1;
            break;
        case 1:
            bad.cluster.call.time_ms = bad.cluster.time_ms + 1;
            break;
        case 2:
            bad.cluster.call.roster.bytes[0] ^= 1;
            break;
        default:
            bad.cluster.call = (struct call){.height = 0};
        }
        const size_t bad_bytes = cluster_encode(&bad.cluster, bytes);
        cr_assert_not(cluster_decode(&read, bytes, bad_bytes), "fault %u", fault);
    }
}

/* A bundle names the operators too: nothing of it may change without a call. */
Test(call, comes_when_an_operator_has_another_key)
{
    struct world w = world_with_ttl(3600);
    w.cluster.operator_count = 1;
    world_tick(&w, 0);
    world_tick(&w, 0);
    cr_assert(w.cluster.call.height == 1);
    w.cluster.operators[0].key[5] ^= 1;
    world_tick(&w, 0);
    cr_assert(w.cluster.call.height == w.cluster.height);
}

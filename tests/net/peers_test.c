#include "tests/net/world.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

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

static bool all_hear_zero_and_one(struct world *world)
{
    const struct heard *const h = &world->nodes[0].heard[1];
    return h->messages > 0 && h->answered > 0;
}

static bool zero_was_answered(struct world *world)
{
    return world->nodes[0].heard[1].answered > 0;
}

static bool zero_was_refused(struct world *world)
{
    return world->nodes[0].heard[1].refused > 0;
}

static bool one_hears(struct world *world)
{
    return world->nodes[1].heard[0].messages > 0;
}

Test(peers, joins_what_waits_into_one_body_and_bounds_it)
{
    world_start(&w, 2);
    static uint8_t big[PEERS_MESSAGE_MAX];
    struct peers *const p = w.nodes[0].peers;
    for (uint32_t i = 0; i < 100; i++) {
        peers_send(p, 1, big, 1000, PEERS_MESSAGE);
    }
    cr_assert(world_turn(&w, 2000, one_hears));
    cr_assert(w.nodes[1].heard[0].messages == 100);
    cr_assert(peers_counters(p).requests_out == 1);

    w.nodes[1].heard[0].messages = 0;
    for (uint32_t i = 0; i < 10; i++) {
        peers_send(p, 1, big, sizeof big, PEERS_MESSAGE);
    }
    cr_assert(peers_counters(p).messages_dropped == 8, "only two fit into the queue");
    world_turn(&w, 500, NULL);
    cr_assert(w.nodes[1].heard[0].messages == 2);
    cr_assert(w.nodes[1].last_bytes == sizeof big);
    world_finish(&w);
}

static void say_many(uint32_t from, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        peers_send(w.nodes[from].peers, 1, (const uint8_t *)"hello", 5, PEERS_MESSAGE);
    }
}

static bool one_hears_two(struct world *world)
{
    return world->nodes[1].heard[2].messages >= 5000;
}

Test(peers, takes_no_more_of_who_lost_its_standing_than_it_takes_to_come_back)
{
    world_start(&w, 3);
    say_many(0, 1); /* the connection is there when its standing is lost */
    cr_assert(world_turn(&w, 2000, one_hears));
    peers_restrict(w.nodes[1].peers, 1u << 0);
    w.nodes[1].heard[0].messages = 0;
    say_many(0, 5000);
    say_many(2, 5000);
    cr_assert(world_turn(&w, 5000, one_hears_two), "others are not affected");
    world_turn(&w, 300, NULL);
    const uint32_t taken = w.nodes[1].heard[0].messages;
    cr_assert(taken >= PEERS_DOOR_PER_SECOND && taken <= 3 * PEERS_DOOR_PER_SECOND, "%u",
              taken);
    cr_assert(w.nodes[1].troubles == 1, "said once a minute: %u", w.nodes[1].troubles);
    cr_assert(w.nodes[1].trouble.kind == PEERS_TROUBLE_GREEDY);
    cr_assert(w.nodes[1].trouble.member == 0);

    peers_restrict(w.nodes[1].peers, 0);
    world_turn(&w, 300, NULL); /* what was refused makes it wait before it tries again */
    w.nodes[1].heard[0].messages = 0;
    say_many(0, 1000);
    world_turn(&w, 1500, NULL);
    cr_assert(w.nodes[1].heard[0].messages == 1000, "back, it has all its rights again");
    world_finish(&w);
}

static bool one_hears_two_once(struct world *world)
{
    return world->nodes[1].heard[2].messages == 1;
}

static bool one_hears_all(struct world *world)
{
    return world->nodes[1].heard[0].messages == 400 && world->nodes[1].heard[2].messages == 1;
}

Test(peers, lets_the_others_in_between_what_one_has_to_say_and_loses_none_of_it)
{
    world_start(&w, 3);
    w.nodes[1].work_us = 1000;
    say_many(0, 400);
    cr_assert(world_turn(&w, 2000, one_hears));
    say_many(2, 1);
    cr_assert(world_turn(&w, 2000, one_hears_two_once));
    cr_assert(w.nodes[1].heard[0].messages < 300, "%u", w.nodes[1].heard[0].messages);
    cr_assert(world_turn(&w, 5000, one_hears_all), "%u", w.nodes[1].heard[0].messages);
    cr_assert(peers_counters(w.nodes[0].peers).messages_dropped == 0);
    world_finish(&w);
}

Test(peers, replaces_a_heartbeat_that_waits)
{
    world_start(&w, 2);
    for (uint32_t i = 0; i < 50; i++) {
        const uint8_t beat[1] = {(uint8_t)i};
        peers_send(w.nodes[0].peers, 1, beat, sizeof beat, PEERS_HEARTBEAT);
    }
    cr_assert(world_turn(&w, 2000, one_hears));
    cr_assert(w.nodes[1].heard[0].messages == 1);
    cr_assert(w.nodes[1].last[0] == 49);
    world_finish(&w);
}

Test(peers, sends_nothing_to_who_does_not_hold_the_members_key)
{
    world_init(&w, 2);
    w.nodes[0].roster[1].key[0] ^= 1; /* as if the machine at its address were another */
    EVP_PKEY *const other = world_key();
    size_t size_bytes = PEERS_KEY_BYTES;
    EVP_PKEY_get_raw_public_key(other, w.nodes[0].roster[1].key, &size_bytes);
    world_run_node(&w, 0, 1);
    world_run_node(&w, 1, 1);
    world_pulse(&w, 50);
    world_turn(&w, 600, NULL);
    cr_assert(w.nodes[1].heard[0].messages == 0);
    cr_assert(w.nodes[0].heard[1].answered == 0);
    cr_assert(w.nodes[0].heard[1].messages == 0, "and it is a stranger to us");
    cr_assert(w.nodes[0].troubles == 2, "one line each, not one an attempt: %u",
              w.nodes[0].troubles);
    EVP_PKEY_free(other);
    world_finish(&w);
}

Test(peers, tell_each_other_that_their_clusters_differ)
{
    world_init(&w, 2);
    world_run_node(&w, 0, 1);
    world_run_node(&w, 1, 2);
    world_pulse(&w, 50);
    world_turn(&w, 600, NULL);
    cr_assert(w.nodes[0].heard[1].foreign == 1, "limited to one a minute: %u",
              w.nodes[0].heard[1].foreign);
    cr_assert(w.nodes[1].heard[0].foreign == 1);
    cr_assert_str_eq(w.nodes[0].foreign_name, "other");
    cr_assert_str_eq(w.nodes[1].foreign_name, "demo");
    cr_assert(w.nodes[0].heard[1].messages + w.nodes[1].heard[0].messages == 0);
    world_finish(&w);
}

Test(peers, are_refused_where_nobody_listens_and_found_when_they_come)
{
    world_init(&w, 2);
    world_run_node(&w, 0, 1);
    world_pulse(&w, 100);
    cr_assert(world_turn(&w, 1000, zero_was_refused));
    world_turn(&w, 1500, NULL);
    const uint32_t refused = w.nodes[0].heard[1].refused;
    cr_assert(refused >= 5 && refused <= 30, "%u refusals in 1.5 s", refused);
    world_run_node(&w, 1, 1);
    const uint64_t since_us = world_now_us();
    cr_assert(world_turn(&w, 1000, zero_was_answered));
    const uint64_t took_us = world_now_us() - since_us;
    cr_assert(took_us < 260000, "found after %lu us", (unsigned long)took_us);
    world_finish(&w);
}

/* Runs member 1 in a child that only SIGKILL ends. */
static pid_t run_in_child(void)
{
    const pid_t child = fork();
    if (child == 0) {
        w.nodes[0].peers = NULL;
        world_loop(&w);
        world_run_node(&w, 1, 1);
        world_pulse(&w, 100);
        world_turn(&w, 60000, NULL);
        _exit(0);
    }
    return child;
}

Test(peers, learn_within_milliseconds_that_one_was_killed)
{
    uint64_t worst_us = 0;
    for (uint32_t i = 0; i < 10; i++) {
        world_init(&w, 2);
        const pid_t child = run_in_child();
        world_run_node(&w, 0, 1);
        w.nodes[0].probes = true;
        world_pulse(&w, 100);
        cr_assert(world_turn(&w, 3000, all_hear_zero_and_one));
        world_turn(&w, 200 + 7 * i, NULL);
        cr_assert(w.nodes[0].heard[1].closed == 0);
        w.nodes[0].heard[1].refused = 0;
        world_pulse(&w, 0); /* the probe alone tells */
        const uint64_t before_us = world_now_us();
        kill(child, SIGKILL);
        cr_assert(world_turn(&w, 1000, zero_was_refused));
        const uint64_t took_us = w.nodes[0].heard[1].refused_us - before_us;
        worst_us = took_us > worst_us ? took_us : worst_us;
        waitpid(child, NULL, 0);
        world_finish(&w);
    }
    cr_log_info("killed to refused: at most %lu us", (unsigned long)worst_us);
    cr_assert(worst_us < 100000, "%lu us", (unsigned long)worst_us);
}

Test(peers, who_stops_in_order_is_noticed_at_once_too)
{
    world_start(&w, 2);
    w.nodes[0].probes = true;
    world_pulse(&w, 50);
    cr_assert(world_turn(&w, 3000, all_hear_all));
    world_pulse(&w, 0);
    world_turn(&w, 50, NULL);
    world_stop_node(&w, 1);
    cr_assert(world_turn(&w, 1000, zero_was_refused));
    world_finish(&w);
}

Test(peers, probe_each_other_without_end_only_if_asked_without_end)
{
    world_start(&w, 2);
    w.nodes[0].probes = true;
    w.nodes[1].probes = true;
    world_pulse(&w, 50);
    cr_assert(world_turn(&w, 3000, all_hear_all));
    peers_probe(w.nodes[0].peers, 1, (const uint8_t *)"probe", 5);
    world_turn(&w, 500, NULL);
    cr_assert(w.nodes[0].heard[1].closed + w.nodes[1].heard[0].closed == 0,
              "a probe's connection ends with a goodbye");
    cr_assert(peers_counters(w.nodes[0].peers).connects_out == 2);
    world_finish(&w);
}

Test(peers, do_not_wait_for_one_that_is_stopped)
{
    world_init(&w, 2);
    const pid_t child = run_in_child();
    world_run_node(&w, 0, 1);
    world_pulse(&w, 20);
    cr_assert(world_turn(&w, 3000, all_hear_zero_and_one));
    kill(child, SIGSTOP);
    static const uint8_t message[1000];
    for (uint32_t i = 0; i < 2000; i++) {
        peers_send(w.nodes[0].peers, 1, message, sizeof message, PEERS_MESSAGE);
    }
    world_turn(&w, 3000, NULL);
    const uint32_t before = w.nodes[0].heard[1].answered;
    kill(child, SIGCONT);
    world_turn(&w, 1500, NULL);
    cr_assert(w.nodes[0].heard[1].answered > before + 10);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    world_finish(&w);
}

static bool zero_and_two_hear(struct world *world)
{
    return world->nodes[0].heard[2].messages > 0 && world->nodes[2].heard[0].messages > 0;
}

static bool one_was_taken_for_a_stranger(struct world *world)
{
    const struct node *const n = &world->nodes[0];
    return n->troubles > 0 && n->trouble.kind == PEERS_TROUBLE_STRANGER;
}

Test(peers, know_a_member_from_when_it_is_put_at_its_place)
{
    world_init(&w, 3);
    const struct peers_member two = w.nodes[0].roster[2];
    w.nodes[0].roster[2].name = NULL;
    for (uint32_t i = 0; i < 3; i++) {
        world_run_node(&w, i, 1);
    }
    world_pulse(&w, 20);
    world_turn(&w, 300, NULL);
    cr_assert(w.nodes[0].heard[2].messages == 0 && w.nodes[2].heard[0].messages == 0);
    cr_assert(w.nodes[0].trouble.kind == PEERS_TROUBLE_STRANGER);

    peers_put(w.nodes[0].peers, 2, &two);

    cr_assert(world_turn(&w, 3000, zero_and_two_hear));
    const uint32_t connects = peers_counters(w.nodes[0].peers).connects_out;
    peers_put(w.nodes[0].peers, 2, &two); /* nothing differs */
    world_turn(&w, 200, NULL);
    cr_assert(peers_counters(w.nodes[0].peers).connects_out == connects);
    world_finish(&w);
}

Test(peers, takes_who_has_the_key_of_before_for_a_stranger)
{
    world_init(&w, 3);
    for (uint32_t i = 0; i < 2; i++) {
        world_run_node(&w, i, 1);
    }
    world_pulse(&w, 20);
    cr_assert(world_turn(&w, 3000, all_hear_zero_and_one));
    struct peers_member replaced = w.nodes[0].roster[1]; /* on another machine, not there yet */
    memcpy(replaced.key, w.nodes[0].roster[2].key, sizeof replaced.key);
    replaced.address = w.addresses[2];

    peers_put(w.nodes[0].peers, 1, &replaced);

    cr_assert(world_turn(&w, 3000, one_was_taken_for_a_stranger));
    const uint32_t before = w.nodes[0].heard[1].messages;
    w.nodes[1].heard[0].messages = 0;
    world_turn(&w, 300, NULL);
    cr_assert(w.nodes[0].heard[1].messages == before, "its word counts for nothing");
    cr_assert(w.nodes[1].heard[0].messages == 0, "nor is anything sent there");
    cr_assert(w.nodes[0].heard[1].refused > 0, "but to where it is now");
    world_finish(&w);
}

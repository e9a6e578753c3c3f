/* What people do, when all else is well: a machine is unfit for good and resigns, an operator
 * brings it back with a new key, members are drained, renamed and removed, votes are paused or
 * only watched, operators replace one another (standing.md, sections 3 and 6). */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "world.h"

static uint64_t ticks_ms(const struct world *w, uint32_t ticks)
{
    return (uint64_t)w->plan.timing.tick_ms * ticks;
}

static bool is_decided(const struct world *w, uint64_t seq)
{
    return calm_newest_state(w, 0)->operator_seq[0] >= seq;
}

/* Signed by that operator, handed in at whoever is fit. */
static void hand_in(struct world *w, uint32_t operator, const struct operator_command * o)
{
    const struct cluster *c = calm_newest_state(w, 0);
    struct command command = {
        .kind = COMMAND_OPERATOR, .author = MEMBERS_MAX + operator, .by_operator = * o };
    struct operator_command *signs = &command.by_operator;
    signs->seq = c->operator_seq[operator] + 1;
    signs->not_after_ms = c->time_ms + 600000;
    if (operation_names_member(signs->operation)) {
        signs->term = c->member[signs->member].term;
    }
    command_sign(&command, &w->id, &w->operator_key[operator]);
    uint8_t bytes[COMMAND_BYTES_MAX];
    struct input in = {
        .kind = INPUT_COMMAND, .bytes = bytes, .size_bytes = command_encode(&command, bytes)};
    uint32_t at = (uint32_t)dice_between(&w->dice, 0, w->station_count - 1);
    while (!station_is_fit(&w->station[at]) ||
           w->station[at].node->deciding.cluster.height < c->height) {
        at = (at + 1) % w->station_count; /* who is behind does not know the number before */
    }
    station_input(w, &w->station[at], &in);
}

bool repair_operate(struct world *w, const struct operator_command *o)
{
    const uint64_t seq = calm_newest_state(w, 0)->operator_seq[0] + 1;
    hand_in(w, 0, o);
    w->counters.check[CHECK_OPERATED]++;
    if (!calm_wait(w, is_decided, seq, calm_progress_ms(w))) {
        world_fail(w, CHECK_OPERATED, "nobody decides what an operator has signed: %s",
                   operation_text(o->operation));
        return false;
    }
    return true;
}

/* Somebody sound, with enough others to do without it; MEMBER_NONE: nobody can be spared. */
static uint32_t choose(struct world *w)
{
    const struct plan *p = &w->plan;
    const uint32_t member = (uint32_t)dice_between(&w->dice, 0, p->members - 1);
    const uint32_t others = (uint32_t)__builtin_popcount(p->liars) + 1;
    const bool room = p->members > p->members_min && others <= p->members - p->needed;
    return room && !plan_is_liar(p, member) ? member : MEMBER_NONE;
}

static bool has_standing(const struct world *w, uint32_t member, enum standing standing)
{
    return calm_newest_state(w, 1u << member)->member[member].standing == standing;
}

static bool is_neutered(const struct world *w, uint64_t member)
{
    return has_standing(w, (uint32_t)member, STANDING_NEUTERED);
}

static bool is_good(const struct world *w, uint64_t member)
{
    return has_standing(w, (uint32_t)member, STANDING_GOOD);
}

static bool is_suspended(const struct world *w, uint64_t member)
{
    return has_standing(w, (uint32_t)member, STANDING_SUSPENDED);
}

/* Itself has learnt that the chain has its new key. */
static bool knows_its_key(const struct world *w, uint64_t member)
{
    for (uint32_t i = 0; i < w->station_count; i++) {
        const struct station *s = &w->station[i];
        if (s->member == member) {
            return memcmp(s->node->deciding.cluster.member[member].vote_key,
                          w->admitted_key[member].public_key, PUBLIC_KEY_BYTES) == 0;
        }
    }
    return false;
}

/* L3: what it signed in advance is handed in by what is left of it. */
static bool resign(struct world *w, uint32_t member)
{
    const struct timing *t = &w->plan.timing;
    const uint64_t within_ms = w->plan.liars != 0
                                   ? calm_progress_ms(w)
                                   : 3u * (uint64_t)t->suspicion * t->heartbeat_ms / 2 +
                                         15u * (uint64_t)t->delta_ms + 500;
    machine_break(w, calm_station(w, member));
    w->counters.check[CHECK_RESIGNED]++;
    if (!calm_wait(w, is_neutered, member, within_ms)) {
        world_fail(w, CHECK_RESIGNED, "%s is unfit, and not neutered after %llu ms",
                   world_name(w, member), (unsigned long long)within_ms);
        return false;
    }
    return true;
}

/* Repaired, with a new key: it follows until the chain has that, appeals, and is heard. */
static void admit(struct world *w, uint32_t member)
{
    struct operator_command o = {.operation = OPERATION_ADMIT, .member = member};
    const uint8_t seed[IDENTITY_SEED_BYTES] = {(uint8_t)(member + 201)};
    struct station *s = calm_station(w, member);
    key_pair_from_seed(&w->admitted_key[member], seed);
    memcpy(o.vote_key, w->admitted_key[member].public_key, sizeof o.vote_key);
    const struct member *known = &calm_newest_state(w, 0)->member[member];
    o.role = known->role;
    memcpy(o.name, known->name, sizeof o.name);
    memcpy(o.address, known->address, sizeof o.address);
    memcpy(o.transport_key, known->transport_key, sizeof o.transport_key);
    if (!repair_operate(w, &o)) {
        return;
    }
    w->counters.check[CHECK_ADMITTED]++;
    if (!calm_wait(w, knows_its_key, member, calm_progress_ms(w))) {
        world_fail(w, CHECK_ADMITTED, "%s does not learn that it is admitted",
                   world_name(w, member));
        return;
    }
    w->key[member] = w->admitted_key[member];
    s->follows = false;
    station_crash(w, s, false);
    station_start(w, s);
    const uint64_t within_ms = calm_progress_ms(w) + ticks_ms(w, 24) + 15000;
    if (!calm_wait(w, is_good, member, within_ms)) {
        world_fail(w, CHECK_ADMITTED, "%s is admitted, and not reinstated after %llu ms",
                   world_name(w, member), (unsigned long long)within_ms);
    }
}

static bool is_led_by_another(const struct world *w, uint64_t member)
{
    const struct grant *g = &calm_newest_state(w, 0)->grant;
    return g->fence != 0 && g->leader != member;
}

/* Planned work: the grant is handed over, and nobody loses anything. */
static void drain(struct world *w)
{
    const struct grant *g = &calm_newest_state(w, 0)->grant;
    const uint32_t leader = g->leader;
    struct operator_command o = {.operation = OPERATION_DRAIN, .member = leader};
    if (g->fence == 0 || !repair_operate(w, &o)) {
        return;
    }
    const bool others = w->plan.members - w->plan.witnesses > 2;
    w->counters.check[CHECK_OPERATED]++;
    if (others && !calm_wait(w, is_led_by_another, leader, calm_progress_ms(w))) {
        world_fail(w, CHECK_OPERATED, "%s is drained, and leads on", world_name(w, leader));
        return;
    }
    o.operation = OPERATION_UNDRAIN;
    (void)repair_operate(w, &o);
}

static void cut(struct world *w, uint32_t member, bool is_cut)
{
    const uint32_t index = station_index(w, calm_station(w, member));
    for (uint32_t i = 0; i < w->station_count; i++) {
        w->link[index][i].cut = is_cut && i != index;
        w->link[i][index].cut = is_cut && i != index;
    }
}

/* Paused, or only watched: a member is silent for as long as would cost it its standing, and
 * keeps it; afterwards it does not. */
static void hold_votes(struct world *w, uint32_t member)
{
    const bool pause = dice_chance(&w->dice, 5000);
    const struct timing *t = &w->plan.timing;
    struct operator_command o = {.operation = pause ? OPERATION_PAUSE : OPERATION_SETTINGS};
    o.duration_s = pause ? 3600 : 0;
    o.setting = SETTING_OBSERVE;
    o.value = pause ? 0 : 1;
    if (!repair_operate(w, &o)) {
        return;
    }
    cut(w, member, true);
    world_run(w, w->now_ms + t->patience_ms + ticks_ms(w, 3) + 8000);
    w->counters.check[CHECK_HELD_VOTES]++;
    if (!is_good(w, member)) {
        world_fail(w, CHECK_HELD_VOTES, "%s is removed all the same", world_name(w, member));
        return;
    }
    o.duration_s = 0;
    o.value = 0;
    if (!repair_operate(w, &o)) {
        return;
    }
    const uint64_t within_ms =
        t->patience_ms + ticks_ms(w, 135) + 8000; /* said once in a while */
    if (!calm_wait(w, is_suspended, member, within_ms)) {
        world_fail(w, CHECK_HELD_VOTES, "%s is silent, and not suspended any more",
                   world_name(w, member));
        return;
    }
    cut(w, member, false);
    if (!calm_wait(w, is_good, member, calm_progress_ms(w) + ticks_ms(w, 40) + 9000)) {
        world_fail(w, CHECK_REINSTATED, "%s is back, and not reinstated",
                   world_name(w, member));
    }
}

static void rename_one(struct world *w)
{
    struct operator_command o = {.operation = OPERATION_RENAME};
    o.member = (uint32_t)dice_between(&w->dice, 0, w->plan.members - 1);
    snprintf(w->renamed[o.member], sizeof w->renamed[o.member], "renamed%u", o.member);
    memcpy(o.name, w->renamed[o.member], sizeof o.name);
    (void)repair_operate(w, &o);
}

static bool are_operators(const struct world *w, uint64_t count)
{
    return calm_newest_state(w, 0)->operator_count == count;
}

/* Of three, two agree that they are the operators. One alone changes nothing. */
static void replace_operators(struct world *w)
{
    const struct cluster *c = calm_newest_state(w, 0);
    struct operator_command o = {.operation = OPERATION_SET_OPERATORS, .key_count = 2};
    memcpy(o.keys, c->operators, sizeof o.keys[0] * o.key_count);
    if (!repair_operate(w, &o)) {
        return;
    }
    w->counters.check[CHECK_OPERATED]++;
    if (!are_operators(w, OPERATORS_DRAWN)) {
        world_fail(w, CHECK_OPERATED, "one operator alone has replaced the others");
        return;
    }
    hand_in(w, 1, &o);
    if (!calm_wait(w, are_operators, 2, calm_progress_ms(w))) {
        world_fail(w, CHECK_OPERATED, "two operators of three have not replaced the third");
    }
}

/* For good: nobody waits for it any more, and it has no part in anything. */
static void remove_one(struct world *w, uint32_t member)
{
    struct operator_command o = {.operation = OPERATION_REMOVE, .member = member};
    if (calm_newest_state(w, 0)->member_count > 3 && repair_operate(w, &o)) {
        station_crash(w, calm_station(w, member), true);
    }
}

static bool is_locked_out(const struct world *w, uint64_t member)
{
    return has_standing(w, (uint32_t)member, STANDING_LOCKED_OUT);
}

/* L4: a liar attests another state, which its next attestation proves to everybody. */
static void betray(struct world *w)
{
    const uint32_t liar = (uint32_t)__builtin_ctz(w->plan.liars);
    const uint64_t within_ms = calm_progress_ms(w) + ticks_ms(w, 4);
    if (!is_good(w, liar)) {
        return;
    }
    w->plan.habits[liar] = HABIT_OTHER_STATE;
    w->counters.check[CHECK_PROVED]++;
    if (!calm_wait(w, is_locked_out, liar, within_ms)) {
        world_fail(w, CHECK_PROVED, "%s attests another state, and is not locked out",
                   world_name(w, liar));
    }
}

void repair_run(struct world *w)
{
    const uint32_t member = choose(w);
    drain(w);
    if (!w->failed) {
        rename_one(w);
    }
    if (!w->failed) {
        replace_operators(w);
    }
    if (w->failed || member == MEMBER_NONE) {
        return;
    }
    if (dice_chance(&w->dice, 5000)) {
        hold_votes(w, member);
    } else if (resign(w, member)) {
        admit(w, member);
    }
    if (!w->failed && dice_chance(&w->dice, 5000)) {
        remove_one(w, member);
    } else if (!w->failed && w->plan.liars != 0) {
        betray(w);
    }
}

#include "world.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *world_name(const struct world *w, uint32_t member)
{
    return member < w->founding.member_count ? w->founding.members[member].name : "nobody";
}

void world_say(const struct world *w, const char *format, ...)
{
    if (!w->verbose) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    printf("%8llu #%-6llu ", (unsigned long long)w->now_ms, (unsigned long long)w->steps_done);
    vprintf(format, arguments);
    putchar('\n');
    va_end(arguments);
}

void world_fail(struct world *w, enum check check, const char *format, ...)
{
    if (w->failed) {
        return;
    }
    w->failed = true;
    char what[240];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    const char *text = check_text(check);
    snprintf(w->failure, sizeof w->failure, "%.*s: %s, at %llu ms, step %llu",
             (int)strcspn(text, ":"), text, what, (unsigned long long)w->now_ms,
             (unsigned long long)w->steps_done);
    world_say(w, "FAILED %s", w->failure);
}

void world_mix(struct world *w, uint64_t value)
{
    struct dice d = {.state = w->trace ^ value};
    w->trace = dice_roll(&d);
}

void world_strike(struct world *w, enum fault fault)
{
    w->counters.fault[fault]++;
}

static void found(struct world *w)
{
    static const char *const names[] = {"atlas",   "helios",    "selene",    "argus",  "themis",
                                        "kronos",  "rhea",      "gaia",      "phoebe", "crius",
                                        "iapetus", "menoetius", "mnemosyne", "tethys", "theia"};
    static_assert(sizeof names / sizeof names[0] == MEMBERS_DRAWN_MAX, "each has a name");
    struct founding *f = &w->founding;
    const struct plan *p = &w->plan;
    memcpy(f->name, "simulated", sizeof "simulated");
    f->founded_ms = WORLD_UNIX_MS;
    f->timing = p->timing;
    f->malfunctioning_max = p->malfunctioning_max;
    f->audit_required = p->audited;
    f->members_min = p->members_min;
    f->member_count = p->members;
    for (uint32_t i = 0; i < p->members; i++) {
        struct founding_member *m = &f->members[i];
        uint8_t seed[IDENTITY_SEED_BYTES] = {(uint8_t)(i + 1)};
        struct key_pair transport;
        key_pair_from_seed(&w->key[i], seed);
        seed[0] = (uint8_t)(i + 101);
        key_pair_from_seed(&transport, seed);
        memcpy(m->name, names[i], strlen(names[i]) + 1);
        m->role = i + p->witnesses >= p->members ? ROLE_WITNESS : ROLE_NODE;
        snprintf(m->address, sizeof m->address, "192.0.2.%u:7100", i + 1);
        memcpy(m->vote_key, w->key[i].public_key, sizeof m->vote_key);
        memcpy(m->transport_key, transport.public_key, sizeof m->transport_key);
        if (m->role == ROLE_NODE) {
            struct founding_name *name = &f->names[f->name_count++];
            snprintf(name->name, sizeof name->name, "%s.example.org", m->name);
            name->owner = i;
            name->exclusive = true;
        }
    }
    f->operator_count = OPERATORS_DRAWN;
    for (uint32_t i = 0; i < OPERATORS_DRAWN; i++) {
        const uint8_t seed[IDENTITY_SEED_BYTES] = {(uint8_t)(i + 231)};
        key_pair_from_seed(&w->operator_key[i], seed);
        snprintf(f->operators[i].name, sizeof f->operators[i].name, "operator%u", i);
        memcpy(f->operators[i].key, w->operator_key[i].public_key, sizeof f->operators[i].key);
    }
    w->id = founding_id(f);
}

void world_init(struct world *w, const struct plan *plan, bool verbose)
{
    w->plan = *plan;
    w->verbose = verbose;
    w->traffic = true;
    w->dice = dice_of(plan->seed);
    w->trace = plan->seed;
    w->counters.seeds = 1;
    found(w);
    sink_init(&w->sink, plan->timing.window_s, WORLD_UNIX_MS);
    judge_init(&w->judge, plan, w->id.bytes, w->founding.members);
    for (uint32_t i = 0; i < plan->members; i++) {
        station_init(w, w->station_count, i, 0);
        if ((plan->habits[i] & HABIT_TWINS) != 0 && w->station_count + 1 < STATIONS_MAX) {
            station_init(w, w->station_count, i, 1);
        }
    }
    const struct event row = {.at_ms = 1, .kind = EVENT_ROWS};
    queue_push(&w->queue, &row);
}

void world_finish(struct world *w)
{
    for (uint32_t i = 0; i < w->station_count; i++) {
        disk_finish(&w->station[i].disk);
        free(w->station[i].node);
        free(w->station[i].twin);
    }
    for (uint32_t i = 0; i < PAST_MESSAGES; i++) {
        blob_drop(w->past[i].bytes);
    }
    for (uint32_t i = 0; i < PAST_COMMANDS; i++) {
        blob_drop(w->past_command[i]);
    }
    queue_finish(&w->queue);
    sink_finish(&w->sink);
    judge_finish(&w->judge);
}

static void row_arrives(struct world *w)
{
    if (!w->traffic) {
        return;
    }
    const uint64_t value = dice_between(&w->dice, 1, 1000);
    const uint64_t window = sink_insert(&w->sink, WORLD_UNIX_MS + w->now_ms, value);
    judge_row(&w->judge, window, value);
    const uint64_t gap_ms = 1 + dice_around(&w->dice, 1000 / w->plan.rows_per_s);
    const struct event next = {.at_ms = w->now_ms + gap_ms, .kind = EVENT_ROWS};
    queue_push(&w->queue, &next);
}

static void stored(struct world *w, struct station *s)
{
    struct input in = {.kind = INPUT_STORED};
    if (!disk_complete(&s->disk, &in.serial)) {
        in.kind = INPUT_VOTES_DEAD;
    }
    station_input(w, s, &in);
}

static void reported(struct world *w, struct station *s, const struct event *e)
{
    struct input in = {.kind = INPUT_REPORT};
    assert(e->size_bytes == sizeof in.report);
    memcpy(&in.report, e->bytes, sizeof in.report);
    station_input(w, s, &in);
}

static void station_event(struct world *w, struct station *s, const struct event *e)
{
    struct input in = {.member = e->member};
    switch (e->kind) {
    case EVENT_MESSAGE:
        in.kind = INPUT_MESSAGE;
        in.bytes = e->bytes;
        in.size_bytes = e->size_bytes;
        station_input(w, s, &in);
        break;
    case EVENT_STORED:
        stored(w, s);
        break;
    case EVENT_SIGNED:
        in.kind = INPUT_SIGNED;
        in.signing = (enum signing_kind)e->member;
        in.serial = e->serial;
        in.signature = e->bytes;
        station_input(w, s, &in);
        break;
    case EVENT_SOLVED:
        in.kind = INPUT_SOLVED;
        in.serial = e->serial;
        in.bytes = e->bytes;
        in.size_bytes = e->size_bytes;
        station_input(w, s, &in);
        break;
    case EVENT_CLOSED:
    case EVENT_REFUSED:
        in.kind = e->kind == EVENT_CLOSED ? INPUT_CLOSED : INPUT_REFUSED;
        station_input(w, s, &in);
        break;
    case EVENT_REPORT:
        reported(w, s, e);
        break;
    case EVENT_WORK_ENDED:
        in.kind = INPUT_WORK_ENDED;
        in.clean = e->member == 1;
        station_input(w, s, &in);
        break;
    case EVENT_NAMED:
        names_ended(w, s, e);
        break;
    case EVENT_WORK:
        work_step(w, s, e->serial);
        break;
    case EVENT_EXAMINED:
        machine_examined(w, s, e->member == 1);
        break;
    case EVENT_RESTART:
    case EVENT_ROWS:
    case EVENT_BLACKOUT:
    case EVENT_TROUBLE:
        assert(false);
    }
}

/* What a stopped agent's sockets and pipes hold comes when it goes on. A worker is not stopped
 * with its agent, but sleeps with its machine. */
static bool waits(struct world *w, struct station *s, const struct event *e)
{
    if (!station_is_paused(w, s) || (e->kind == EVENT_WORK && !s->sleeps)) {
        return false;
    }
    struct event later = *e;
    later.at_ms = s->paused_until_ms;
    queue_push(&w->queue, &later);
    return true;
}

static void happen(struct world *w, struct event *e)
{
    if (e->kind == EVENT_ROWS) {
        row_arrives(w);
        return;
    }
    if (e->kind == EVENT_TROUBLE || e->kind == EVENT_BLACKOUT) {
        (e->kind == EVENT_TROUBLE ? storm_tick : storm_blackout)(w);
        return;
    }
    struct station *s = &w->station[e->station];
    if (e->kind == EVENT_RESTART) {
        if (!s->up && e->run == s->run) {
            station_start(w, s);
        }
        return;
    }
    if (!s->up || (e->run != 0 && e->run != s->run)) {
        return;
    }
    if (waits(w, s, e)) {
        e->bytes = NULL; /* it lies in the queue again */
        return;
    }
    station_event(w, s, e);
}

/* The station whose timer comes first, and when; NULL: none is set. */
static struct station *next_timer(struct world *w, uint64_t *at_ms)
{
    struct station *first = NULL;
    *at_ms = TIME_NEVER;
    for (uint32_t i = 0; i < w->station_count; i++) {
        struct station *s = &w->station[i];
        if (!s->up) {
            continue;
        }
        uint64_t due_ms = clock_true_ms(w, s, s->timer_mono_ms);
        if (station_is_paused(w, s) && due_ms < s->paused_until_ms) {
            due_ms = s->paused_until_ms;
        }
        if (due_ms < *at_ms) {
            *at_ms = due_ms;
            first = s;
        }
    }
    return first;
}

/* F07: it is lost, and only what else comes wakes the agent; or it fires twice. */
static bool timer_is_sound(struct world *w, struct station *s)
{
    struct input in = {.kind = INPUT_TIMER};
    if (dice_chance(&w->dice, w->timers)) {
        world_strike(w, FAULT_TIMER_LOST);
        s->timer_mono_ms = TIME_NEVER;
        return false;
    }
    if (dice_chance(&w->dice, w->timers)) {
        world_strike(w, FAULT_TIMER_DOUBLED);
        station_input(w, s, &in);
    }
    return s->up;
}

/* A few steps in one millisecond are its business; a thousand mean that it never sleeps. */
static void on_timer(struct world *w, struct station *s)
{
    struct input in = {.kind = INPUT_TIMER};
    s->spins = s->spun_ms == w->now_ms ? s->spins + 1 : 0;
    s->spun_ms = w->now_ms;
    if (s->spins > 1000) {
        world_fail(w, CHECK_WELL_BEHAVED, "%s asks to be woken at once, for ever",
                   world_name(w, s->member));
        return;
    }
    if ((w->timerless >> s->member & 1) != 0 && !timer_is_sound(w, s)) {
        return;
    }
    station_input(w, s, &in);
}

/* However many have fallen out, and whatever a liar says: members that pass on what they hear,
 * and answer what they are asked, come to an end. */
static void watch_floods(struct world *w)
{
    const uint64_t tenth = w->now_ms / 100;
    w->busy_steps = w->busy_tenth == tenth ? w->busy_steps + 1 : 0;
    w->busy_tenth = tenth;
    if (w->busy_steps > 25000) {
        world_fail(w, CHECK_WELL_BEHAVED, "members flood one another");
    }
}

void world_run(struct world *w, uint64_t until_ms)
{
    while (!w->failed && (w->steps_max == 0 || w->steps_done < w->steps_max)) {
        uint64_t timer_ms = TIME_NEVER;
        struct station *s = next_timer(w, &timer_ms);
        const uint64_t event_ms = queue_next_ms(&w->queue);
        const uint64_t next_ms = event_ms <= timer_ms ? event_ms : timer_ms;
        if (next_ms > until_ms) {
            w->now_ms = until_ms > w->now_ms ? until_ms : w->now_ms;
            return;
        }
        w->now_ms = next_ms > w->now_ms ? next_ms : w->now_ms;
        watch_floods(w);
        if (event_ms <= timer_ms) {
            struct event e;
            const bool there = queue_pop(&w->queue, &e);
            assert(there);
            happen(w, &e);
            free(e.bytes);
        } else {
            on_timer(w, s);
        }
    }
}

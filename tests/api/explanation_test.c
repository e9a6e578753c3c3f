/* What happened to a member and what brings it back: as it is made, and by real HTTP. */
#include "agent/explanation.h"
#include "agent/words.h"
#include "tests/api/asking.h"

#define EVENTS_MAX 60u
#define LOUD_AT_MS (SCENE_UNIX_MS - 30000u)

static struct cluster *c;
static struct store_event events[EVENTS_MAX];
static uint32_t event_count;
static struct explanation e;
static bool heard;

static void begin_explaining(void)
{
    begin();
    c = &w.d->cluster;
    c->member[HELIOS].since_ms = SCENE_UNIX_MS;
    event_count = 0;
    heard = true;
}

static void happens(uint64_t time_ms, uint32_t level, const char *code, uint64_t height)
{
    events[event_count++] = (struct store_event){
        .time_ms = time_ms, .level = level, .code = code, .height = height, .message = "m"};
}

static void stands(enum standing standing, enum standing_cause cause)
{
    c->member[HELIOS].standing = standing;
    c->member[HELIOS].cause = cause;
    explanation_of(c, HELIOS, heard, events, event_count, &e);
}

static bool has_steps(const enum explanation_step_kind *kinds, uint32_t count)
{
    bool same = e.step_count == count;
    for (uint32_t i = 0; same && i < count; i++) {
        same = e.steps[i].kind == kinds[i];
    }
    return same;
}

#define expect_steps(...)                                                                      \
    do {                                                                                       \
        const enum explanation_step_kind kinds_[] = {__VA_ARGS__};                             \
        const bool same_ = has_steps(kinds_, sizeof kinds_ / sizeof kinds_[0]);                \
        cr_expect(same_);                                                                      \
    } while (0)

TestSuite(explanation, .init = begin_explaining, .fini = end);

Test(explanation, tells_what_led_to_a_standing_and_leaves_out_what_is_older_or_quiet)
{
    happens(SCENE_UNIX_MS - 120001, WORDS_ERROR, "OST-2302", 1);
    happens(SCENE_UNIX_MS - 120000, WORDS_NOTICE, "OST-2302", 2);
    happens(LOUD_AT_MS, WORDS_INFO, "OST-2302", 3);
    happens(LOUD_AT_MS, WORDS_DEBUG, "OST-2302", 4);
    happens(SCENE_UNIX_MS, WORDS_ERROR, "OST-2101", 5);
    stands(STANDING_SUSPENDED, STANDING_CAUSE_UNREACHABLE);
    cr_assert(eq(u32, e.event_count, 2));
    cr_expect(eq(u32, e.events[0], 1));
    cr_expect(eq(u32, e.events[1], 4));
    cr_expect(eq(u32, e.left_out, 0));
    cr_expect(eq(u64, e.height, 5));
    stands(STANDING_GOOD, STANDING_CAUSE_REINSTATED);
    cr_expect(eq(u32, e.event_count, 3), "a sound member's past is told however old");
}

Test(explanation, takes_an_earlier_change_of_standing_for_what_it_is)
{
    happens(LOUD_AT_MS, WORDS_ERROR, "OST-2101", 5);
    stands(STANDING_SUSPENDED, STANDING_CAUSE_UNREACHABLE);
    cr_expect(eq(u64, e.height, 0));
    cr_expect(eq(u32, e.event_count, 1));
}

Test(explanation, tells_the_newest_and_how_many_there_were_before)
{
    for (uint32_t i = 0; i < EVENTS_MAX; i++) {
        happens(SCENE_UNIX_MS + i, WORDS_WARNING, "OST-2302", i + 1);
    }
    stands(STANDING_GOOD, STANDING_CAUSE_FOUNDED);
    cr_assert(eq(u32, e.event_count, EXPLANATION_EVENTS_MAX));
    cr_expect(eq(u32, e.left_out, EVENTS_MAX - EXPLANATION_EVENTS_MAX));
    for (uint32_t i = 0; i < e.event_count; i++) {
        cr_expect(eq(u32, e.events[i], e.left_out + i));
    }
}

Test(explanation, knows_for_every_standing_what_brings_a_member_back)
{
    stands(STANDING_SUSPENDED, STANDING_CAUSE_UNREACHABLE);
    expect_steps(EXPLANATION_APPEAL, EXPLANATION_RECORD);
    stands(STANDING_SUSPENDED, STANDING_CAUSE_ADMITTED);
    expect_steps(EXPLANATION_APPEAL, EXPLANATION_RECORD);
    stands(STANDING_LOCKED_OUT, STANDING_CAUSE_WRONG);
    expect_steps(EXPLANATION_EXAMINE, EXPLANATION_APPEAL, EXPLANATION_RECORD);
    stands(STANDING_LOCKED_OUT, STANDING_CAUSE_PROOF);
    expect_steps(EXPLANATION_EXAMINE, EXPLANATION_CLEAR, EXPLANATION_ADMIT, EXPLANATION_APPEAL,
                 EXPLANATION_RECORD);
    cr_expect(strstr(e.steps[1].text, "--new-key") != NULL, "%s", e.steps[1].text);
    stands(STANDING_NEUTERED, STANDING_CAUSE_RESIGNED);
    expect_steps(EXPLANATION_EXAMINE, EXPLANATION_CLEAR, EXPLANATION_ADMIT, EXPLANATION_APPEAL,
                 EXPLANATION_RECORD);
    cr_expect(strstr(e.steps[1].text, "--new-key") == NULL, "%s", e.steps[1].text);
    cr_expect(strstr(e.steps[0].text, "on helios: ") != NULL, "%s", e.steps[0].text);
    stands(STANDING_LEFT, STANDING_CAUSE_REMOVED);
    cr_expect(eq(u32, e.step_count, 0));
    stands(STANDING_GOOD, STANDING_CAUSE_FOUNDED);
    cr_expect(eq(u32, e.step_count, 0));
    c->record[HELIOS].run = 30;
    stands(STANDING_GOOD, STANDING_CAUSE_FOUNDED);
    expect_steps(EXPLANATION_RECORD);
    cr_expect(strcmp(e.steps[0].text,
                     "6 perfect ticks in a row, 30 s at least: then it has a ballot") == 0,
              "%s", e.steps[0].text);
}

static bool says(const char *step)
{
    bool found = false;
    for (uint32_t i = 0; i < e.step_count; i++) {
        found = found || strstr(e.steps[i].text, step) != NULL;
    }
    return found;
}

Test(explanation, names_what_a_member_in_good_standing_waits_for)
{
    c->member[HELIOS].drained = true;
    stands(STANDING_GOOD, STANDING_CAUSE_FOUNDED);
    expect_steps(EXPLANATION_UNDRAIN);
    cr_expect(says("ostrakon operator undrain helios"));
    c->member[HELIOS].drained = false;
    c->member[HELIOS].held = true;
    stands(STANDING_GOOD, STANDING_CAUSE_FOUNDED);
    expect_steps(EXPLANATION_EXAMINE, EXPLANATION_CLEAR, EXPLANATION_ADMIT);
    cr_expect(says("ostrakon clear --new-key"));
    c->member[HELIOS].held = false;
    heard = false;
    stands(STANDING_GOOD, STANDING_CAUSE_FOUNDED);
    expect_steps(EXPLANATION_START);
}

Test(explanation, says_what_an_appeal_waits_for)
{
    struct confidence *s = &c->confidence[HELIOS];
    stands(STANDING_SUSPENDED, STANDING_CAUSE_UNREACHABLE);
    cr_expect(says("its appeal, by itself: the electors"));
    stands(STANDING_SUSPENDED, STANDING_CAUSE_ADMITTED);
    cr_expect(says("its appeal, by itself, once its agent runs with this key: the electors"));
    s->appeal_after_ms = c->time_ms + 60000;
    stands(STANDING_SUSPENDED, STANDING_CAUSE_UNREACHABLE);
    cr_expect(says("its appeal, by itself, heard from "), "%s", e.steps[0].text);
    s->appeal_after_ms = 0;
    for (uint32_t i = 0; i < SCENE_MEMBERS; i++) {
        c->record[i].run = 3;
    }
    stands(STANDING_SUSPENDED, STANDING_CAUSE_UNREACHABLE);
    cr_expect(says("its appeal, by itself, once 2 others have a perfect record"), "%s",
              e.steps[0].text);
    cr_expect(strcmp(e.facts[0], "Nobody can vote on its return now: 0 members have a perfect "
                                 "record, 2 must.") == 0,
              "%s", e.facts[0]);
    for (uint32_t i = 0; i < REMOVALS_KEPT; i++) {
        s->removed_ms[i] = c->time_ms - i;
    }
    stands(STANDING_SUSPENDED, STANDING_CAUSE_UNREACHABLE);
    expect_steps(EXPLANATION_CLEAR, EXPLANATION_ADMIT, EXPLANATION_APPEAL, EXPLANATION_RECORD);
}

static bool has_fact(const char *text)
{
    bool found = false;
    for (uint32_t i = 0; i < e.fact_count; i++) {
        found = found || strcmp(e.facts[i], text) == 0;
    }
    return found;
}

Test(explanation, tells_who_accuses_whom)
{
    stands(STANDING_GOOD, STANDING_CAUSE_FOUNDED);
    cr_expect(eq(u32, e.fact_count, 0));
    c->latest[SELENE].silent = 1u << HELIOS;
    stands(STANDING_GOOD, STANDING_CAUSE_FOUNDED);
    cr_expect(has_fact("selene says of it that it cannot be reached: too few for it to lose "
                       "anything."));
    c->latest[ARGUS].silent = 1u << HELIOS;
    c->latest[THEMIS].wrong = 1u << HELIOS;
    c->latest[HELIOS].silent = 1u << ATLAS;
    c->latest[HELIOS].wrong = 1u << ATLAS | 1u << SELENE | 1u << THEMIS;
    stands(STANDING_GOOD, STANDING_CAUSE_FOUNDED);
    cr_expect(eq(u32, e.fact_count, 4));
    cr_expect(has_fact("selene and argus say of it that it cannot be reached."));
    cr_expect(has_fact("themis says of it that what it signs is wrong: too few for it to lose "
                       "anything."));
    cr_expect(has_fact("It says of atlas that it cannot be reached."));
    cr_expect(has_fact("It says of atlas, selene and themis that what they sign is wrong."));
    stands(STANDING_LEFT, STANDING_CAUSE_REMOVED);
    cr_expect(eq(u32, e.fact_count, 0));
}

Test(explanation, tells_what_is_voted_on_and_what_holds_it_up)
{
    struct motion *m = &c->confidence[HELIOS].motion;
    *m = (struct motion){.id = 48213,
                         .kind = MOTION_SUSPEND,
                         .opened_ms = SCENE_UNIX_MS,
                         .electors = 1u << ATLAS | 1u << SELENE | 1u << ARGUS,
                         .yes = 1u << ATLAS};
    stands(STANDING_GOOD, STANDING_CAUSE_FOUNDED);
    cr_expect(
        has_fact("A motion to suspend it is open since 14:03:11 UTC: 1 yes and 0 no so far, "
                 "2 of 3 must say yes (atlas, selene and argus)."),
        "%s", e.facts[0]);
    m->passed = true;
    c->testimony_ms[MOTION_SUSPEND] = SCENE_UNIX_MS;
    stands(STANDING_GOOD, STANDING_CAUSE_FOUNDED);
    cr_expect(
        has_fact("The motion to suspend it, of 14:03:11 UTC, has passed, and waits until "
                 "14:04:11 UTC: at most one removal of a kind in a minute. Then it acts, if "
                 "as many still accuse it."),
        "%s", e.facts[0]);
    *m = (struct motion){0};
    c->pause_until_ms = c->time_ms + 1;
    stands(STANDING_GOOD, STANDING_CAUSE_FOUNDED);
    cr_expect(eq(u32, e.fact_count, 1));
    cr_expect(strstr(e.facts[0], "An operator has paused removals by votes until ") != NULL);
}

Test(explanation, is_a_document_for_programs_with_lines_for_people)
{
    journal_sayf(&w.agent.journal, WORDS_WARNING, "OST-2302", "tick", "helios", "not perfect");
    journal_sayf(&w.agent.journal, WORDS_WARNING, "OST-2302", "tick", "atlas", "of another");
    world_say(&w, "OST-2302", "helios", "too quiet");
    c->member[HELIOS].standing = STANDING_LOCKED_OUT;
    c->member[HELIOS].cause = STANDING_CAUSE_PROOF;
    get("/v1/members/helios/explanation");
    cr_assert(eq(i64, x.status, 200));
    expect_text("seen_by", "atlas");
    expect_text("member.name", "helios");
    expect_text("member.standing", "locked_out");
    expect_text("member.cause", "proof");
    expect_text("cause_text", "proof, which needed nobody's word: anyone can check it again");
    cr_assert(cJSON_IsNull(exchange_at(&x, "decided_height")));
    cr_assert(eq(int, cJSON_GetArraySize(exchange_at(&x, "events")), 1));
    expect_text("events.0.message", "not perfect");
    expect_text("events.0.level", "warning");
    cr_assert(eq(dbl, exchange_number(&x, "left_out"), 0));
    cr_assert(eq(int, cJSON_GetArraySize(exchange_at(&x, "now")), 0));
    cr_assert(eq(int, cJSON_GetArraySize(exchange_at(&x, "steps")), 5));
    expect_text("steps.1.step", "clear");
    expect_text("steps.4.step", "record");
    expect_text("steps.4.text",
                "36 perfect ticks in a row, 3 min at least: then it has a ballot again");
}

/* Nothing came of it, and yet it is what people ask for afterwards. */
Test(explanation, tells_what_a_member_said_against_others)
{
    c->latest[SELENE].wrong = 1u << ATLAS; /* before this agent ran */
    accusations_watch(&w.agent);
    c->latest[HELIOS].wrong = 1u << ATLAS | 1u << THEMIS;
    c->latest[HELIOS].silent = 1u << ARGUS;
    accusations_watch(&w.agent);
    accusations_watch(&w.agent);
    get("/v1/members/helios/explanation");
    cr_assert(eq(int, cJSON_GetArraySize(exchange_at(&x, "events")), 1), "%s", x.body);
    expect_text("events.0.code", "OST-2008");
    expect_text("events.0.message", "helios says that what atlas and themis sign is wrong");
    get("/v1/log?code=OST-2008");
    cr_assert(eq(int, cJSON_GetArraySize(exchange_at(&x, "items")), 2), "%s", x.body);
    expect_text("items.0.message", "helios says that argus cannot be reached");
    c->latest[HELIOS].wrong = 0;
    accusations_watch(&w.agent);
    c->latest[HELIOS].wrong =
        1u << ATLAS | 1u << SELENE; /* of atlas once more in the same minute */
    accusations_watch(&w.agent);
    get("/v1/log?code=OST-2008");
    cr_assert(eq(int, cJSON_GetArraySize(exchange_at(&x, "items")), 3), "%s", x.body);
    expect_text("items.2.message", "helios says that what selene signs is wrong");
}

/* What the status has of a member belongs to what is so of it now. */
Test(explanation, has_what_the_status_says_of_the_member)
{
    scene_silence(&w.agent, HELIOS, 4000);
    c->latest[SELENE].silent = 1u << HELIOS;
    get("/v1/members/helios/explanation");
    cr_assert(eq(int, cJSON_GetArraySize(exchange_at(&x, "now")), 2), "%s", x.body);
    expect_text("now.0.code", "OST-2001");
    cr_expect(strstr(exchange_text(&x, "now.0.text"), "helios has not been heard since ") !=
              NULL);
    cr_expect(strstr(exchange_text(&x, "now.0.action"), "On helios: ") != NULL);
    cr_expect(cJSON_IsNull(exchange_at(&x, "now.1.code")));
    cr_expect(cJSON_IsNull(exchange_at(&x, "now.1.action")));
    expect_text("steps.0.step", "start");
    scene_silence(&w.agent, SELENE, 4000);
    get("/v1/members/atlas/explanation");
    expect_text("now.0.code", "OST-1001");
}

Test(explanation, says_nothing_of_a_cause_where_all_is_well)
{
    world_wish(&w, &x, &(struct wish){.path = "/v1/members/atlas/explanation", .local = true});
    cr_assert(eq(i64, x.status, 200));
    cr_assert(cJSON_IsNull(exchange_at(&x, "cause_text")));
    cr_assert(eq(int, cJSON_GetArraySize(exchange_at(&x, "events")), 0));
    cr_assert(eq(int, cJSON_GetArraySize(exchange_at(&x, "steps")), 0));
}

Test(explanation, is_refused_for_who_is_no_member)
{
    static const char *const paths[] = {
        "/v1/members/hestia/explanation",  "/v1/members/explanation",
        "/v1/members//explanation",        "/v1/members/helios/record/explanation",
        "/v1/members/helios/explanations", "/v1/members/helio/explanation"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        get(paths[i]);
        cr_expect(eq(i64, x.status, 404), "%s", paths[i]);
    }
    expect_text("detail", "There is no member \"helio\": did you mean helios?");
    get("/v1/members/nobody");
    expect_text("detail", "There is no member \"nobody\"; /v1/members lists them.");
    get("/v1/members/helios/recor");
    expect_text("detail", "There is no such page of helios.");
    get("/v1/members/helios/explanation?limit=3");
    cr_expect(eq(i64, x.status, 400));
    world_wish(&w, &x,
               &(struct wish){.path = "/v1/members/helios/explanation", .method = "DELETE"});
    cr_expect(eq(i64, x.status, 405));
}

/* Whoever leaves before the disk has answered leaves nothing behind. */
Test(explanation, lets_go_of_clients_that_leave)
{
    for (uint32_t i = 0; i < 2 * API_PLACES; i++) {
        world_ask(&w, &x, &(struct wish){.path = "/v1/members/helios/explanation"});
        world_run(&w, i % 4);
        exchange_finish(&w, &x);
    }
    world_run(&w, 50);
    cr_assert(eq(u32, w.agent.api->waiting, 0));
    get("/v1/members/helios/explanation");
    cr_assert(eq(i64, x.status, 200));
}

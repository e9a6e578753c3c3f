/* What operators sign, by real HTTP: who may hand it in, what is refused and why, and how it is
 * told what became of it. */
#include <stdio.h>

#include "tests/api/asking.h"

static struct key_pair anna;
static uint8_t bytes[COMMAND_BYTES_MAX];
static size_t size_bytes;

static void begin_with_anna(void)
{
    const uint8_t seed[IDENTITY_SEED_BYTES] = {77};
    begin();
    struct cluster *c = &w.d->cluster;
    key_pair_from_seed(&anna, seed);
    c->operator_count = 1;
    c->operator_seq[0] = 4;
    snprintf(c->operators[0].name, sizeof c->operators[0].name, "anna");
    memcpy(c->operators[0].key, anna.public_key, sizeof anna.public_key);
    w.agent.neuter.begun = true; /* the node of this world is not to be stepped */
}

static struct command order(uint64_t seq, enum operation operation, uint32_t member)
{
    return (struct command){.kind = COMMAND_OPERATOR,
                            .author = MEMBERS_MAX,
                            .by_operator = {.seq = seq,
                                            .not_after_ms = w.d->cluster.time_ms + 60000,
                                            .operation = operation,
                                            .member = member,
                                            .term = 1}};
}

static void post(struct command *c, bool local)
{
    command_sign(c, &w.d->cluster.id, &anna);
    size_bytes = command_encode(c, bytes);
    world_wish(&w, &x,
               &(struct wish){.path = "/v1/operator",
                              .method = "POST",
                              .local = local,
                              .body = bytes,
                              .body_bytes = size_bytes});
}

static void expect_refused(struct command *c, const char *why)
{
    post(c, true);
    cr_assert(eq(i64, x.status, 400), "%s: %s", why, x.body);
    cr_expect(strstr(exchange_text(&x, "detail"), why) != NULL, "%s: %s", why, x.body);
}

TestSuite(api_operator, .init = begin_with_anna, .fini = end);

Test(api_operator, lists_the_keys_and_up_to_where_they_have_spoken)
{
    char hex[IDENTITY_HEX_SIZE_BYTES];
    identity_hex(anna.public_key, hex);
    get("/v1/operators");
    cr_assert(eq(i64, x.status, 200));
    expect_text("items.0.name", "anna");
    expect_text("items.0.key", hex);
    cr_assert(eq(dbl, exchange_number(&x, "items.0.seq"), 4));
    cr_assert(eq(dbl, exchange_number(&x, "items.0.index"), 0));
    cr_assert(cJSON_IsNull(exchange_at(&x, "paused_until")));
    get("/v1/members/argus");
    cr_assert(eq(dbl, exchange_number(&x, "member.index"), ARGUS));
}

Test(api_operator, takes_a_command_and_follows_it)
{
    char path[64];
    struct command c = order(5, OPERATION_DRAIN, HELIOS);
    post(&c, true);
    cr_assert(eq(i64, x.status, 202), "%s", x.body);
    expect_text("state", "waits");
    expect_text("operation", "drain");
    expect_text("member", "helios");
    snprintf(path, sizeof path, "/v1/operator/%.32s", exchange_text(&x, "id"));
    w.d->cluster.operator_seq[0] = 5; /* by another command of that number */
    get(path);
    expect_text("state", "void");
    expect_text("cause", "said_before");
    cr_assert(strstr(exchange_text(&x, "text"), "Number 5 of operator anna is used") != NULL);
    w.agent.operators.list[0].height = 48214;
    get(path);
    expect_text("state", "decided");
    cr_assert(eq(dbl, exchange_number(&x, "decided_height"), 48214));
    post(&c, true); /* the same once more tells what it was */
    cr_assert(eq(i64, x.status, 202));
    expect_text("state", "decided");
}

Test(api_operator, says_why_a_command_cannot_be_right)
{
    struct command c = order(4, OPERATION_DRAIN, HELIOS);
    expect_refused(&c, "Number 4 of operator anna is used: the last decided one is 4.");
    c = order(5, OPERATION_UNDRAIN, HELIOS);
    expect_refused(&c, "helios is not drained.");
    c = order(5, OPERATION_DRAIN, 9);
    expect_refused(&c, "no such member");
    c = order(5, OPERATION_DRAIN, HELIOS);
    c.by_operator.term = 2;
    expect_refused(&c, "It is for term 2 of helios, whose term is 1.");
    c = order(5, OPERATION_PAUSE, 0);
    c.by_operator.not_after_ms = w.d->cluster.time_ms - 1;
    expect_refused(&c, "It was good until ");
    c = order(5, OPERATION_ADMIT, HELIOS); /* without a vote key */
    c.by_operator.vote_key[0] = 1;
    snprintf(c.by_operator.name, sizeof c.by_operator.name, "helios");
    snprintf(c.by_operator.address, sizeof c.by_operator.address, "127.0.0.1:7102");
    expect_refused(&c, "A key in it is unsound");
    memcpy(c.by_operator.address, w.d->cluster.member[SELENE].address, ADDRESS_SIZE_BYTES);
    expect_refused(&c, "It has no effect: another member is called so, or has that address.");
    w.d->cluster.member[ARGUS].standing = STANDING_LEFT;
    memcpy(c.by_operator.name, w.d->cluster.member[ARGUS].name, NAME_SIZE_BYTES);
    c.by_operator.member = SCENE_MEMBERS; /* a new one */
    c.by_operator.term = 0;
    expect_refused(&c, "A member called argus was removed for good, and names are not given");
    w.d->cluster.member[ARGUS].standing = STANDING_GOOD;
    c = order(5, OPERATION_PAUSE, 0);
    c.author = MEMBERS_MAX + 1;
    expect_refused(&c, "This cluster has no operator 2: it has 1.");
    c = order(5, OPERATION_SETTINGS, 0);
    c.by_operator.setting = SETTING_TTL_S;
    c.by_operator.value = w.d->cluster.timing.ttl_s;
    expect_refused(&c, "It is ttl_s=3600 already.");
    c.by_operator.setting = SETTING_PROTOCOL;
    c.by_operator.value = PROTOCOL_NEWEST + 1;
    expect_refused(&c, "can run version 2.");
    c = order(5, OPERATION_RENAME, HELIOS);
    memcpy(c.by_operator.name, "selene", sizeof "selene");
    expect_refused(&c, "A member is called selene already.");
    c = order(5, OPERATION_SET_OPERATORS, 0);
    c.by_operator.key_count = 1;
    c.by_operator.keys[0] = w.d->cluster.operators[0];
    expect_refused(&c, "These are the operators already.");
    memcpy(c.by_operator.keys[0].key, w.d->cluster.member[ARGUS].vote_key, PUBLIC_KEY_BYTES);
    expect_refused(&c, "A key in it is unsound");
    anna.secret_key[0] ^= 1;
    c = order(5, OPERATION_PAUSE, 0);
    expect_refused(&c, "It is not signed by operator anna");
}

Test(api_operator, takes_no_second_command_of_a_number_while_the_first_one_may_be_decided)
{
    struct command first = order(5, OPERATION_DRAIN, HELIOS);
    struct command second = order(5, OPERATION_DRAIN, SELENE);
    post(&first, true);
    cr_assert(eq(i64, x.status, 202));
    expect_refused(&second, "Number 5 of operator anna waits, to drain helios, and is void if");
    post(&first, true);
    cr_assert(eq(i64, x.status, 202), "the same once more is no second one");
    w.d->cluster.time_ms = first.by_operator.not_after_ms + 1;
    second.by_operator.not_after_ms += 60000;
    post(&second, true);
    cr_assert(eq(i64, x.status, 202), "the first one is void by now: %s", x.body);
}

/* What one operator alone says of who the operators are is decided, and not in force. */
Test(api_operator, says_what_a_decided_command_still_needs)
{
    char path[64];
    struct cluster *c = &w.d->cluster;
    c->operator_count = 3;
    struct command o = order(5, OPERATION_SET_OPERATORS, 0);
    o.by_operator.key_count = 1;
    o.by_operator.keys[0] = c->operators[0];
    post(&o, true);
    cr_assert(eq(i64, x.status, 202), "%s", x.body);
    snprintf(path, sizeof path, "/v1/operator/%.32s", exchange_text(&x, "id"));
    w.agent.operators.list[0].height = 48214;
    get(path);
    expect_text("state", "decided");
    cr_assert(strstr(exchange_text(&x, "text"), "Not in force: 0 of 3 operators want these, "
                                                "and 2 must") != NULL,
              "%s", x.body);
    c->operator_count = 1;
    get(path);
    cr_assert(cJSON_IsNull(exchange_at(&x, "text")));
    memset(c->operators, 0, sizeof c->operators);
    c->operator_count = 0; /* nobody's key any more */
    w.agent.operators.list[0].height = 0;
    get(path);
    expect_text("state", "void");
    expect_text("text", "Its key is no operator's any more.");
}

Test(api_operator, warns_of_a_setting_that_misses_a_limit)
{
    static const struct {
        enum setting setting;
        uint32_t value;
        const char *text;
    } cases[] = {
        {SETTING_PATIENCE_MS, 9999, "Less than two ticks of 5000 ms"},
        {SETTING_PATIENCE_MS, 10001, NULL},
        {SETTING_MIN_MEMBERS, 5, "no vote can remove anybody now"},
        {SETTING_MIN_MEMBERS, 3, NULL},
        {SETTING_MALFUNCTIONING_MAX, 2, "5 in good standing bear 1 that lie"},
        {SETTING_MALFUNCTIONING_MAX, 1, NULL},
        {SETTING_TTL_S, 119, "Less than six name leases of 20 s"},
        {SETTING_TTL_S, 120, NULL},
        {SETTING_WINDOW_TIMEOUT_S, 5, "window_timeout_s is not longer than grace_s"},
        {SETTING_GRACE_S, 120, "window_timeout_s is not longer than grace_s"},
        {SETTING_GRACE_S, 119, NULL},
        {SETTING_AUDIT, 0, "it publishes what two have endorsed"},
        {SETTING_OBSERVE, 1, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct command o = order(5 + i, OPERATION_SETTINGS, 0);
        o.by_operator.setting = cases[i].setting;
        o.by_operator.value = cases[i].value;
        w.d->cluster.malfunctioning_max = 0;
        post(&o, true);
        cr_assert(eq(i64, x.status, 202), "%zu: %s", i, x.body);
        const char *text = cJSON_GetStringValue(exchange_at(&x, "text"));
        const bool said = cases[i].text == NULL
                              ? text == NULL
                              : text != NULL && strstr(text, cases[i].text) != NULL;
        cr_expect(said, "%zu: %s", i, x.body);
    }
}

Test(api_operator, takes_nothing_else_and_from_nobody_else)
{
    struct command c = {.kind = COMMAND_RESIGN, .term = 1};
    expect_refused(&c, "The body is no operator's command.");
    c = order(5, OPERATION_DRAIN, HELIOS);
    post(&c, false);
    cr_assert(eq(i64, x.status, 405));
    world_wish(&w, &x, &(struct wish){.path = "/v1/operator", .local = true});
    cr_assert(eq(i64, x.status, 405));
    world_wish(&w, &x, &(struct wish){.path = "/v1/operator", .method = "POST", .local = true});
    cr_assert(eq(i64, x.status, 400));
    world_wish(&w, &x, &(struct wish){.path = "/v1/status", .method = "POST", .local = true});
    cr_assert(eq(i64, x.status, 405));
    get("/v1/operator/00112233445566778899aabbccddeeff");
    cr_assert(eq(i64, x.status, 404));
    get("/v1/operator/zz");
    cr_assert(eq(i64, x.status, 404));
    cr_assert(eq(u32, w.agent.operators.count, 0));
}

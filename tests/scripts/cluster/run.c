#include "driver.h"

#include <stdlib.h>
#include <string.h>

/* The value of `name=value` among the words; NULL if it is not there. */
static const char *value_of(const struct words *words, const char *name)
{
    const size_t size = strlen(name);
    for (uint32_t i = 1; i < words->count; i++) {
        if (strncmp(words->word[i], name, size) == 0 && words->word[i][size] == '=') {
            return words->word[i] + size + 1;
        }
    }
    return NULL;
}

uint64_t number_of(const struct words *words, const char *name, uint64_t otherwise)
{
    const char *value = value_of(words, name);
    return value != NULL ? strtoull(value, NULL, 10) : otherwise;
}

/* "0,2,3" as bits of members, in no order; "all" is everybody. */
static uint32_t members_of(const struct world *w, const char *list)
{
    if (list == NULL || strcmp(list, "none") == 0) {
        return 0;
    }
    if (strcmp(list, "all") == 0) {
        return (1u << w->cluster.member_count) - 1;
    }
    uint32_t members = 0;
    for (const char *at = list; *at != '\0';) {
        char *end;
        members |= 1u << strtoul(at, &end, 10) % MEMBERS_MAX;
        at = *end == ',' ? end + 1 : end + strlen(end);
    }
    return members;
}

static struct window_digest digest_of(const struct words *words)
{
    const char *value = value_of(words, "digest");
    return world_digest((uint8_t)(value != NULL ? strtoul(value, NULL, 16) : 0xaa));
}

static uint64_t window_in(const struct world *w, const struct words *words)
{
    return window_of(w, number_of(words, "window", w->cluster.windows.next - window_of(w, 0)));
}

static void run_found(struct world *w, const struct words *words, FILE *out)
{
    const uint32_t nodes = (uint32_t)number_of(words, "nodes", 3);
    const uint32_t witnesses = (uint32_t)number_of(words, "witnesses", 2);
    struct world_options o = world_options(nodes, witnesses);
    const char *audit = value_of(words, "audit");
    o.audit_required = audit == NULL || strcmp(audit, "off") != 0;
    o.malfunctioning_max = (uint32_t)number_of(words, "R", MEMBERS_MAX);
    o.timing.tick_ms = (uint32_t)number_of(words, "tick_ms", o.timing.tick_ms);
    o.timing.window_s = (uint32_t)number_of(words, "window_s", o.timing.window_s);
    o.timing.record_ticks = (uint32_t)number_of(words, "record_ticks", o.timing.record_ticks);
    o.timing.name_lease_s = (uint32_t)number_of(words, "name_lease_s", o.timing.name_lease_s);
    o.names = (uint32_t)number_of(words, "names", 0);
    o.shared_names = (uint32_t)number_of(words, "shared", 0);
    o.observes = value_of(words, "mode") != NULL;
    o.members_min = (uint32_t)number_of(words, "min_members", 0);
    world_found(w, &o);
    (void)out;
}

static void run_standing(struct world *w, const struct words *words, FILE *out)
{
    static const char *const standings[] = {"good", "suspended", "locked_out", "neutered",
                                            "left"};
    const uint32_t members = members_of(w, words->word[1]);
    for (uint32_t i = 0; i < w->cluster.member_count; i++) {
        for (uint32_t standing = 0; (members >> i & 1) != 0 && standing < 5; standing++) {
            if (strcmp(words->word[2], standings[standing]) == 0) {
                w->cluster.member[i].standing = (enum standing)standing;
                w->cluster.member[i].term++;
            }
        }
    }
    (void)out;
}

static void set_ranking(struct attest *a, const char *list)
{
    a->ranked = 0;
    for (const char *at = list; *at != '\0' && a->ranked < MEMBERS_MAX;) {
        char *end;
        a->ranking[a->ranked++] = (uint8_t)strtoul(at, &end, 10);
        at = *end == ',' ? end + 1 : end + strlen(end);
    }
}

static void say_attest(struct world *w, const struct words *words, uint32_t member)
{
    w->incarnation[member] = number_of(words, "incarnation", w->incarnation[member]);
    struct command command = world_attest(w, member);
    struct attest *a = &command.attest;
    a->seq = number_of(words, "seq", a->seq);
    a->tick = number_of(words, "tick", a->tick);
    a->silent = members_of(w, value_of(words, "silent"));
    a->wrong = members_of(w, value_of(words, "wrong"));
    a->own = number_of(words, "own", 0);
    a->serve = number_of(words, "serve", 0);
    command.term = (uint32_t)number_of(words, "term", command.term);
    if (value_of(words, "height") != NULL) {
        a->height = number_of(words, "height", 0);
        a->digest = w->cluster.digests[a->height % HEIGHTS_KEPT];
    }
    if (value_of(words, "versions") != NULL) { /* the lowest and the highest, "1,2" */
        char *end;
        a->version_low = (uint32_t)strtoul(value_of(words, "versions"), &end, 10);
        a->version_high = (uint32_t)strtoul(end + 1, NULL, 10);
    }
    if (value_of(words, "state") != NULL) {
        a->digest.bytes[0] ^= 1;
    }
    if (value_of(words, "rank") != NULL) {
        set_ranking(a, value_of(words, "rank"));
    }
    world_say(w, &command);
}

static void run_attest(struct world *w, const struct words *words, FILE *out)
{
    const uint32_t members = members_of(w, words->word[1]);
    for (uint32_t i = 0; i < w->cluster.member_count; i++) {
        if ((members >> i & 1) != 0) {
            say_attest(w, words, i);
        }
    }
    (void)out;
}

static struct command command_of(const struct world *w, const struct words *words,
                                 enum command_kind kind)
{
    const uint32_t member = (uint32_t)strtoul(words->word[1], NULL, 10);
    struct command command = world_command(w, member % w->cluster.member_count, kind);
    command.term = (uint32_t)number_of(words, "term", command.term);
    return command;
}

static void run_result(struct world *w, const struct words *words, FILE *out)
{
    struct command command = command_of(w, words, COMMAND_RESULT);
    command.result.first_window = window_in(w, words);
    command.result.count = (uint32_t)number_of(words, "count", 1);
    for (uint32_t i = 0; i < command.result.count && i < RESULT_WINDOWS_MAX; i++) {
        command.result.digests[i] = digest_of(words);
    }
    world_say(w, &command);
    (void)out;
}

static void run_dispute(struct world *w, const struct words *words, FILE *out)
{
    struct command command = command_of(w, words, COMMAND_DISPUTE);
    command.dispute.fence = number_of(words, "fence", w->cluster.grant.fence);
    command.dispute.window = window_in(w, words);
    command.dispute.own = digest_of(words);
    world_say(w, &command);
    (void)out;
}

static void run_fail(struct world *w, const struct words *words, FILE *out)
{
    struct command command = command_of(w, words, COMMAND_FAIL);
    command.fail.fence = number_of(words, "fence", w->cluster.grant.fence);
    command.fail.sink_fence = number_of(words, "sink", 0);
    const char *reason = value_of(words, "reason");
    strncpy(command.fail.reason, reason != NULL ? reason : "exit", REASON_SIZE_BYTES - 1);
    world_say(w, &command);
    (void)out;
}

static void run_resign(struct world *w, const struct words *words, FILE *out)
{
    struct command command = command_of(w, words, COMMAND_RESIGN);
    const char *class = value_of(words, "class");
    for (uint32_t i = 0; class != NULL && i < RESIGN_CLASS_COUNT; i++) {
        if (strcmp(class, resign_class_text((enum resign_class)i)) == 0) {
            command.resign.class = (enum resign_class)i;
        }
    }
    world_say(w, &command);
    (void)out;
}

/* ballot LIST yes=LIST no=LIST [motion=]: on the motions open now on these */
static void say_ballot(struct world *w, const struct words *words, uint32_t member)
{
    struct command command = world_command(w, member, COMMAND_BALLOT);
    struct ballot *b = &command.ballot;
    command.term = (uint32_t)number_of(words, "term", command.term);
    b->yes = members_of(w, value_of(words, "yes"));
    b->subjects = b->yes | members_of(w, value_of(words, "no"));
    for (uint32_t i = 0; i < w->cluster.member_count; i++) {
        if ((b->subjects >> i & 1) != 0) {
            const uint64_t open = w->cluster.confidence[i].motion.id;
            b->motion[i] = number_of(words, "motion", open != 0 ? open : 1);
        }
    }
    world_say(w, &command);
}

static void run_ballot(struct world *w, const struct words *words, FILE *out)
{
    const uint32_t members = members_of(w, words->word[1]);
    for (uint32_t i = 0; i < w->cluster.member_count; i++) {
        if ((members >> i & 1) != 0) {
            say_ballot(w, words, i);
        }
    }
    (void)out;
}

static void run_appeal(struct world *w, const struct words *words, FILE *out)
{
    struct command command = command_of(w, words, COMMAND_APPEAL);
    world_say(w, &command);
    (void)out;
}

/* The place that a person's key has among the operators now; its own if it has none. */
static uint32_t place_of(const struct world *w, uint32_t person)
{
    for (uint32_t i = 0; i < w->cluster.operator_count; i++) {
        if (memcmp(w->cluster.operators[i].key, w->keys[MEMBERS_MAX + person].public_key,
                   PUBLIC_KEY_BYTES) == 0) {
            return i;
        }
    }
    return person;
}

/* keys=2,0: operators named after their keys */
static void take_keys(const struct world *w, const char *list, struct operator_command *o)
{
    for (const char *at = list; at != NULL && *at != '\0' && o->key_count < OPERATORS_MAX;) {
        const uint32_t key = (uint32_t)(*at - '0') % OPERATORS_MAX;
        struct operator_key *k = &o->keys[o->key_count++];
        snprintf(k->name, sizeof k->name, "operator%u", key);
        memcpy(k->key, w->keys[MEMBERS_MAX + key].public_key, sizeof k->key);
        at = strchr(at, ',');
        at = at == NULL ? NULL : at + 1;
    }
}

static void take_setting(const struct words *words, struct operator_command *o)
{
    for (uint32_t i = 0; i < SETTING_COUNT; i++) {
        const char *text = setting_text((enum setting)i);
        if (value_of(words, text) != NULL) {
            o->setting = (enum setting)i;
            o->value = (uint32_t)number_of(words, text, 0);
        }
    }
}

/* What an admit says of the machine; where the words say nothing, what is known of it. */
static void take_machine(const struct words *words, const struct member *known,
                         struct operator_command *o)
{
    const char *name = value_of(words, "name");
    const char *address = value_of(words, "address");
    const char *role = value_of(words, "role");
    if (o->operation != OPERATION_ADMIT) {
        return;
    }
    memset(o->name, 0, sizeof o->name);
    memset(o->address, 0, sizeof o->address);
    snprintf(o->name, sizeof o->name, "%s", name != NULL ? name : known->name);
    snprintf(o->address, sizeof o->address, "%s", address != NULL ? address : known->address);
    o->role = role == NULL ? known->role : strcmp(role, "node") == 0 ? ROLE_NODE : ROLE_WITNESS;
    memcpy(o->transport_key, known->transport_key, sizeof o->transport_key);
    const uint64_t transport = number_of(words, "transport", 0);
    if (transport != 0) {
        struct key_pair pair;
        const uint8_t seed[IDENTITY_SEED_BYTES] = {0x41, (uint8_t)transport};
        key_pair_from_seed(&pair, seed);
        memcpy(o->transport_key, pair.public_key, sizeof o->transport_key);
    }
}

/* operator PERSON OPERATION [member=] [term=] [seq=] [not_after=] [for=] [key=] [name=] [keys=]
 * [SETTING=] [address=] [role=] [transport=] */
static void run_operator(struct world *w, const struct words *words, FILE *out)
{
    const struct cluster *c = &w->cluster;
    uint8_t bytes[COMMAND_BYTES_MAX];
    const uint32_t person = (uint32_t)strtoul(words->word[1], NULL, 10) % OPERATORS_MAX;
    const uint32_t place = place_of(w, person);
    const uint32_t member = (uint32_t)number_of(words, "member", 0) % MEMBERS_MAX;
    struct key_pair pair;
    const uint8_t seed[IDENTITY_SEED_BYTES] = {0x40, (uint8_t)number_of(words, "key", 1)};
    struct command command = {.kind = COMMAND_OPERATOR, .author = MEMBERS_MAX + place};
    struct operator_command *o = &command.by_operator;
    o->seq = number_of(words, "seq", c->operator_seq[place] + 1);
    o->not_after_ms = WORLD_FOUNDED_MS + number_of(words, "not_after", 100000000);
    o->duration_s = (uint32_t)number_of(words, "for", 0);
    o->member = member;
    o->term = (uint32_t)number_of(words, "term", c->member[member].term);
    for (uint32_t i = 0; i < OPERATION_COUNT; i++) {
        if (strcmp(words->word[2], operation_text((enum operation)i)) == 0) {
            o->operation = (enum operation)i;
        }
    }
    snprintf(o->name, sizeof o->name, "%s",
             value_of(words, "name") == NULL ? "" : value_of(words, "name"));
    take_keys(w, value_of(words, "keys"), o);
    take_setting(words, o);
    key_pair_from_seed(&pair, seed);
    memcpy(o->vote_key, pair.public_key, sizeof o->vote_key);
    take_machine(words, &c->member[member], o);
    if (o->operation == OPERATION_ADMIT) {
        w->keys[member] = pair;
    }
    command_sign(&command, &c->id, &w->keys[MEMBERS_MAX + person]);
    world_say_bytes(w, bytes, command_encode(&command, bytes));
    (void)out;
}

static void run_rubbish(struct world *w, const struct words *words, FILE *out)
{
    world_say_bytes(w, (const uint8_t *)words->word[1], strlen(words->word[1]));
    (void)out;
}

static void run_block(struct world *w, const struct words *words, FILE *out)
{
    const uint64_t in_ms = number_of(words, "in", 10);
    world_block(w, number_of(words, "at", world_now_ms(w) + in_ms));
    show_notes(w, out);
}

static void run_tick(struct world *w, const struct words *words, FILE *out)
{
    const uint64_t times = number_of(words, "times", 1);
    const uint32_t by = members_of(w, value_of(words, "by"));
    for (uint64_t i = 0; i < times; i++) {
        for (uint32_t k = 0; k < w->cluster.member_count; k++) {
            if ((by >> k & 1) != 0) {
                say_attest(w, words, k);
            }
        }
        world_tick(w, by | members_of(w, value_of(words, "except")));
        const char *only = value_of(words, "only");
        if (only != NULL && strcmp(only, "names") == 0) {
            show_notes_of_names(w, out);
        } else if (only != NULL) {
            show_notes_of_votes(w, out);
        } else {
            show_notes(w, out);
        }
    }
}

static void run_state(struct world *w, const struct words *words, FILE *out)
{
    for (uint32_t i = 1; i < words->count; i++) {
        show_state(w, words->word[i], out);
    }
}

void run_command(struct world *w, const struct words *words, FILE *out)
{
    static const struct {
        const char *name;
        uint32_t words; /* at least so many */
        void (*run)(struct world *w, const struct words *words, FILE *out);
    } commands[] = {
        {"found", 1, run_found},     {"standing", 3, run_standing},
        {"attest", 2, run_attest},   {"result", 2, run_result},
        {"dispute", 2, run_dispute}, {"fail", 2, run_fail},
        {"block", 1, run_block},     {"tick", 1, run_tick},
        {"state", 2, run_state},     {"rubbish", 2, run_rubbish},
        {"resign", 2, run_resign},   {"operator", 3, run_operator},
        {"ballot", 2, run_ballot},   {"appeal", 2, run_appeal},
        {"prove", 4, run_prove},     {"release", 2, run_release},
    };
    for (uint32_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(words->word[0], commands[i].name) != 0) {
            continue;
        }
        if (words->count < commands[i].words ||
            (w->cluster.member_count == 0 && commands[i].run != run_found)) {
            break;
        }
        commands[i].run(w, words, out);
        return;
    }
    fprintf(out, "not understood: %s\n", words->word[0]);
}

/* What operators sign: handed in here as the command's own bytes, and followed until it is
 * decided or void. Who may hand it in is told by the signature; the socket only keeps strangers
 * from having signatures checked. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "agent/api_parts.h"
#include "agent/memory.h"
#include "agent/status_parts.h"

#define DETAIL_BYTES 320u

static const struct cluster *cluster_of(const struct agent *a)
{
    return &a->node->deciding.cluster;
}

static void say_number(const struct cluster *c, const struct command *command,
                       char detail[static DETAIL_BYTES])
{
    const uint32_t key = command->author - MEMBERS_MAX;
    snprintf(detail, DETAIL_BYTES,
             "Number %" PRIu64 " of operator %s is used: the last decided one is %" PRIu64
             ". Another command of this key was decided first: say it again.",
             command->by_operator.seq, c->operators[key].name, c->operator_seq[key]);
}

static void say_time(const struct cluster *c, const struct command *command,
                     char detail[static DETAIL_BYTES])
{
    char until[WORDS_ISO_BYTES];
    char now[WORDS_ISO_BYTES];
    words_iso(command->by_operator.not_after_ms, until);
    words_iso(c->time_ms, now);
    snprintf(detail, DETAIL_BYTES, "It was good until %s, and the cluster's time is %s.", until,
             now);
}

static void say_already(const struct cluster *c, const struct operator_command *o,
                        char detail[static DETAIL_BYTES])
{
    if (o->operation == OPERATION_SETTINGS) {
        char setting[WORDS_SETTING_BYTES];
        words_setting(o->setting, o->value, setting);
        snprintf(detail, DETAIL_BYTES, "It is %s already.", setting);
    } else if (o->operation == OPERATION_SET_OPERATORS) {
        snprintf(detail, DETAIL_BYTES, "These are the operators already.");
    } else if (o->operation == OPERATION_RENAME) {
        snprintf(detail, DETAIL_BYTES, "A member is called %s already.", o->name);
    } else {
        snprintf(detail, DETAIL_BYTES, "%s is %s.", words_member(c, o->member),
                 c->member[o->member].drained ? "drained already" : "not drained");
    }
}

static void say_unable(const struct cluster *c, const struct operator_command *o,
                       char detail[static DETAIL_BYTES])
{
    char names[STATUS_NAMES_BYTES];
    status_names(c, cluster_unable(c, o->value), " and ", names);
    snprintf(detail, DETAIL_BYTES,
             "It is not known that the release of %.200s can run version %" PRIu32 ".", names,
             o->value);
}

/* One that left keeps its name, which is in the log for good, but is listed nowhere. */
static void say_taken(const struct cluster *c, const struct operator_command *o,
                      char detail[static DETAIL_BYTES])
{
    for (uint32_t i = 0; i < c->member_count; i++) {
        if (c->member[i].standing == STANDING_LEFT && i != o->member &&
            memcmp(c->member[i].name, o->name, sizeof o->name) == 0) {
            snprintf(detail, DETAIL_BYTES,
                     "A member called %.31s was removed for good, and names are not given "
                     "again: call this one otherwise.",
                     o->name);
            return;
        }
    }
    snprintf(detail, DETAIL_BYTES, "It has no effect: %s.", words_cause(CAUSE_TAKEN));
}

/* Why it can have no effect, in a sentence. */
static void say_cause(const struct cluster *c, const struct command *command, enum cause cause,
                      char detail[static DETAIL_BYTES])
{
    const struct operator_command *o = &command->by_operator;
    const char *member = words_member(c, o->member);
    if (cluster_author_key(c, command->author) == NULL) {
        snprintf(detail, DETAIL_BYTES, "Its key is no operator's any more.");
        return;
    }
    switch ((int)cause) {
    case CAUSE_SAID_BEFORE:
        if (o->seq <= c->operator_seq[command->author - MEMBERS_MAX]) {
            say_number(c, command, detail);
        } else {
            say_already(c, o, detail);
        }
        return;
    case CAUSE_TOO_OLD:
        say_time(c, command, detail);
        return;
    case CAUSE_OLD_TERM:
        snprintf(detail, DETAIL_BYTES,
                 "It is for term %" PRIu32 " of %s, whose term is %" PRIu32 ".", o->term,
                 member, c->member[o->member].term);
        return;
    case CAUSE_LAST_VOTER:
        snprintf(detail, DETAIL_BYTES, "Too few voters would be left without %s.", member);
        return;
    case CAUSE_NO_MEMBER:
        snprintf(detail, DETAIL_BYTES, "There is no such member, or it has left for good.");
        return;
    case CAUSE_UNABLE:
        say_unable(c, o, detail);
        return;
    case CAUSE_TAKEN:
        say_taken(c, o, detail);
        return;
    case CAUSE_BAD_KEY:
        snprintf(detail, DETAIL_BYTES,
                 "A key in it is unsound, or a member's already: a member comes back with a "
                 "vote key that nobody ever had.");
        return;
    default:
        snprintf(detail, DETAIL_BYTES, "It has no effect: %s.", words_cause(cause));
        return;
    }
}

/* False: `detail` says why it cannot be right. */
static bool is_sound(const struct cluster *c, const struct http_request *request,
                     struct command *command, char detail[static DETAIL_BYTES])
{
    if (request->body_bytes > COMMAND_BYTES_MAX ||
        !command_decode(command, request->body, request->body_bytes) ||
        command->kind != COMMAND_OPERATOR) {
        snprintf(detail, DETAIL_BYTES, "The body is no operator's command.");
        return false;
    }
    const uint8_t *key = cluster_author_key(c, command->author);
    if (key == NULL) {
        snprintf(detail, DETAIL_BYTES,
                 "This cluster has no operator %" PRIu32 ": it has %" PRIu32 ".",
                 command->author - MEMBERS_MAX + 1, c->operator_count);
        return false;
    }
    if (!command_verify(command, &c->id, key)) {
        snprintf(detail, DETAIL_BYTES,
                 "It is not signed by operator %s, or for another cluster than this.",
                 c->operators[command->author - MEMBERS_MAX].name);
        return false;
    }
    const enum cause cause = cluster_would_skip(c, command);
    if (cause == CAUSE_NONE || cause == CAUSE_TOO_NEW) {
        return true; /* the latter waits for the ones before it */
    }
    say_cause(c, command, cause, detail);
    return false;
}

/* Else it would take the other's place, which would be decided by nobody, and said by nobody.
 */
static bool is_alone(const struct agent *a, const struct command *command,
                     char detail[static DETAIL_BYTES])
{
    const struct cluster *c = cluster_of(a);
    const struct operators_entry *rival = operators_rival(&a->operators, command, c);
    if (rival == NULL) {
        return true;
    }
    const struct operator_command *o = &rival->command.by_operator;
    char until[WORDS_ISO_BYTES];
    words_iso(o->not_after_ms, until);
    snprintf(detail, DETAIL_BYTES,
             "Number %" PRIu64 " of operator %.31s waits, to %s%s%.31s, and is void if not "
             "decided by %s: say this again then, or each with --wait.",
             o->seq, c->operators[rival->command.author - MEMBERS_MAX].name,
             operation_text(o->operation), operation_names_member(o->operation) ? " " : "",
             operation_names_member(o->operation) ? words_member(c, o->member) : "", until);
    return false;
}

static void add_command(cJSON *object, const struct cluster *c, const struct command *command)
{
    const struct operator_command *o = &command->by_operator;
    const bool of_member = operation_names_member(o->operation);
    const uint32_t key = command->author - MEMBERS_MAX;
    cJSON_AddStringToObject(object, "operator", c->operators[key].name);
    cJSON_AddStringToObject(object, "operation", operation_text(o->operation));
    api_add_name(object, "member", c, of_member ? o->member : MEMBER_NONE);
    cJSON_AddNumberToObject(object, "seq", (double)o->seq);
    api_add_time(object, "not_after", o->not_after_ms);
}

/* What it needs beside its own decision: `set_operators` is one operator's word. */
static bool say_wish(const struct cluster *c, const struct command *command,
                     char detail[static DETAIL_BYTES])
{
    const struct operator_command *o = &command->by_operator;
    char until[WORDS_ISO_BYTES];
    if (o->operation != OPERATION_SET_OPERATORS ||
        (o->key_count == c->operator_count &&
         memcmp(o->keys, c->operators, sizeof o->keys) == 0)) {
        return false;
    }
    const uint32_t wishes = cluster_author_key(c, command->author) == NULL
                                ? 0
                                : cluster_wishes(c, command->author - MEMBERS_MAX);
    words_iso(o->not_after_ms, until);
    snprintf(detail, DETAIL_BYTES,
             "Not in force: %" PRIu32 " of %" PRIu32 " operators want these, and %" PRIu32
             " must, each with its own key, by %s.",
             wishes, c->operator_count, c->operator_count / 2 + 1, until);
    return true;
}

/* That a setting, once it is decided, misses a limit: standing.md, section 10. */
static bool say_limit(const struct cluster *c, const struct operator_command *o,
                      char detail[static DETAIL_BYTES])
{
    const struct timing *t = &c->timing;
    const uint32_t voters = cluster_quorum(c).voters;
    if (o->operation != OPERATION_SETTINGS) {
        return false;
    }
    if (o->setting == SETTING_PATIENCE_MS && o->value < 2 * t->tick_ms) {
        snprintf(detail, DETAIL_BYTES,
                 "Less than two ticks of %" PRIu32
                 " ms: one lost attestation looks like a silent member.",
                 t->tick_ms);
    } else if (o->setting == SETTING_MIN_MEMBERS && o->value >= voters) {
        snprintf(detail, DETAIL_BYTES,
                 "Of %" PRIu32 " in good standing no vote can remove anybody now.", voters);
    } else if (o->setting == SETTING_MALFUNCTIONING_MAX && o->value > (voters - 1) / 3) {
        snprintf(detail, DETAIL_BYTES,
                 "%" PRIu32 " in good standing bear %" PRIu32 " that lie, whatever is allowed.",
                 voters, (voters - 1) / 3);
    } else if (o->setting == SETTING_AUDIT) {
        snprintf(detail, DETAIL_BYTES,
                 "Tell the sink, too: it publishes what %s endorsed until its own setting says "
                 "otherwise.",
                 o->value == 0 ? "two have" : "one has");
    } else if (o->setting == SETTING_TTL_S && o->value < 6 * t->name_lease_s) {
        snprintf(detail, DETAIL_BYTES,
                 "Less than six name leases of %" PRIu32
                 " s: a short standstill is the end of all tokens.",
                 t->name_lease_s);
    } else if ((o->setting == SETTING_WINDOW_TIMEOUT_S && o->value <= t->grace_s) ||
               (o->setting == SETTING_GRACE_S && o->value >= t->window_timeout_s)) {
        snprintf(detail, DETAIL_BYTES,
                 "window_timeout_s is not longer than grace_s: a worker may lose its grant "
                 "before it is done.");
    } else {
        return false;
    }
    return true;
}

static void add_fate(cJSON *object, const struct operators_entry *e, const struct cluster *c)
{
    static const char *const fates[] = {[OPERATORS_WAITS] = "waits",
                                        [OPERATORS_DECIDED] = "decided",
                                        [OPERATORS_VOID] = "void"};
    enum cause cause = CAUSE_NONE;
    char detail[DETAIL_BYTES];
    const enum operators_fate fate = operators_fate_of(e, c, &cause);
    cJSON_AddStringToObject(object, "state", fates[fate]);
    if (e->height != 0) {
        cJSON_AddNumberToObject(object, "decided_height", (double)e->height);
    } else {
        cJSON_AddNullToObject(object, "decided_height");
    }
    if (fate == OPERATORS_VOID) {
        say_cause(c, &e->command, cause, detail);
        cJSON_AddStringToObject(object, "cause", cause_text(cause));
        cJSON_AddStringToObject(object, "text", detail);
    } else {
        const bool more = (fate == OPERATORS_DECIDED && say_wish(c, &e->command, detail)) ||
                          say_limit(c, &e->command.by_operator, detail);
        cJSON_AddNullToObject(object, "cause");
        if (more) {
            cJSON_AddStringToObject(object, "text", detail);
        } else {
            cJSON_AddNullToObject(object, "text");
        }
    }
}

static cJSON *describe(const struct agent *a, const struct operators_entry *e)
{
    cJSON *object = api_begin(a);
    api_add_hex(object, "id", e->id, sizeof e->id);
    add_command(object, cluster_of(a), &e->command);
    add_fate(object, e, cluster_of(a));
    return object;
}

static void accept(struct agent *a, struct http_request *request,
                   const uint8_t id[static OPERATORS_ID_BYTES])
{
    cJSON *object = describe(a, operators_find(&a->operators, id));
    char *text = cJSON_PrintUnformatted(object);
    memory_expect(text != NULL);
    cJSON_Delete(object);
    const struct http_answer answer = {.status = 202,
                                       .content_type = "application/json",
                                       .body = text,
                                       .body_bytes = strlen(text),
                                       .fields = {{"Cache-Control", "no-store"}}};
    http_reply(request, &answer);
    cJSON_free(text);
}

void api_operator(struct api *api, struct http_request *request, const char *name)
{
    (void)name;
    struct agent *a = api->agent;
    struct command command;
    uint8_t id[OPERATORS_ID_BYTES];
    char detail[DETAIL_BYTES];
    operators_id(request->body, request->body_bytes, id);
    const bool known = operators_find(&a->operators, id) != NULL;
    if (!known && !(is_sound(cluster_of(a), request, &command, detail) &&
                    is_alone(a, &command, detail))) {
        api_problem_send(request, &(struct api_problem){
                                      .status = 400, .title = "Refused", .detail = detail});
        return;
    }
    if (!known) {
        operators_keep(&a->operators, &command, id);
    }
    struct input in = {
        .kind = INPUT_COMMAND, .bytes = request->body, .size_bytes = request->body_bytes};
    agent_step(a, &in);
    accept(a, request, id); /* and the body is gone */
}

/* The keys, and up to which number each has spoken. */
cJSON *document_operators(const struct agent *a, const struct api_view *view)
{
    (void)view;
    const struct cluster *c = cluster_of(a);
    cJSON *object = api_begin(a);
    api_add_hex(object, "cluster_id", c->id.bytes, sizeof c->id.bytes);
    api_add_time(object, "decided_at", c->time_ms);
    if (c->time_ms < c->pause_until_ms) {
        api_add_time(object, "paused_until", c->pause_until_ms);
    } else {
        cJSON_AddNullToObject(object, "paused_until");
    }
    cJSON *items = cJSON_AddArrayToObject(object, "items");
    for (uint32_t i = 0; i < c->operator_count; i++) {
        cJSON *item = cJSON_CreateObject();
        cJSON_AddStringToObject(item, "name", c->operators[i].name);
        cJSON_AddNumberToObject(item, "index", i);
        api_add_hex(item, "key", c->operators[i].key, PUBLIC_KEY_BYTES);
        cJSON_AddNumberToObject(item, "seq", (double)c->operator_seq[i]);
        cJSON_AddNumberToObject(item, "wishes", cluster_wishes(c, i));
        cJSON_AddItemToArray(items, item);
    }
    return object;
}

cJSON *document_operator(const struct agent *a, const struct api_view *view)
{
    uint8_t id[OPERATORS_ID_BYTES];
    size_t size_bytes = 0;
    if (sodium_hex2bin(id, sizeof id, view->name, strlen(view->name), NULL, &size_bytes,
                       NULL) != 0 ||
        size_bytes != sizeof id) {
        return NULL;
    }
    const struct operators_entry *e = operators_find(&a->operators, id);
    return e == NULL ? NULL : describe(a, e);
}

/* What comes from the database: pages of the log, and blocks. The answer is given when the
 * storage thread has read it. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "agent/api_parts.h"
#include "consensus/certificate.h"

#define PAGE_DEFAULT 50u

static void on_events(void *context, const struct storage_answer *answer);

static bool is_time(const char *text, uint64_t *unix_ms)
{
    struct tm utc = {.tm_year = 0};
    int used = 0;
    unsigned ms = 0;
    /* Their widths keep the numbers small. NOLINTNEXTLINE(cert-err34-c) */
    const int parsed = sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d%n", &utc.tm_year, &utc.tm_mon,
                              &utc.tm_mday, &utc.tm_hour, &utc.tm_min, &utc.tm_sec, &used);
    if (parsed != 6) {
        return false;
    }
    const char *rest = text + used;
    int fraction = 0;
    /* NOLINTNEXTLINE(cert-err34-c) */
    if (*rest == '.' && sscanf(rest, ".%3u%n", &ms, &fraction) == 1 && fraction == 4) {
        rest += fraction;
    }
    utc.tm_year -= 1900;
    utc.tm_mon -= 1;
    const time_t seconds = timegm(&utc);
    *unix_ms = seconds >= 0 ? (uint64_t)seconds * 1000 + ms : 0;
    return strcmp(rest, "Z") == 0 && seconds >= 0;
}

/* The query's parts; false: a problem was answered. */
static bool read_query(struct http_request *request, struct store_query *query, bool *waits,
                       uint64_t *wait_s)
{
    bool has_after;
    bool has_limit;
    bool has_wait;
    uint64_t limit;
    if (!api_number(request, "after", INT64_MAX, &has_after, &query->after_id) ||
        !api_number(request, "limit", STORE_EVENTS_MAX, &has_limit, &limit) ||
        !api_number(request, "wait_s", API_WAIT_MAX_S, &has_wait, wait_s)) {
        return false;
    }
    const char *since = http_query(request, "since");
    if (since != NULL && !is_time(since, &query->since_ms)) {
        http_problem(request, 400, "Bad query",
                     "since must be a time such as 2026-11-21T14:03:11Z.", NULL);
        return false;
    }
    query->member = http_query(request, "member");
    query->code = http_query(request, "code");
    query->limit = has_limit && limit > 0 ? (uint32_t)limit : PAGE_DEFAULT;
    query->newest = !has_after;
    *waits = has_after && *wait_s > 0;
    return true;
}

static void ask(struct api_waiter *waiter)
{
    struct store_query query = {.limit = 1};
    bool waits;
    uint64_t wait_s;
    if (!read_query(waiter->request, &query, &waits, &wait_s)) {
        api_waiter_free(waiter);
        return;
    }
    waiter->reading = true;
    if (!storage_events_read(waiter->api->agent->storage, &query, on_events, waiter)) {
        struct http_request *request = waiter->request;
        api_waiter_free(waiter);
        http_problem(request, 503, "Busy", "The disk has more to do than it can.", NULL);
    }
}

void api_log(struct api *api, struct http_request *request)
{
    struct store_query query = {.limit = 1};
    bool waits;
    uint64_t wait_s;
    if (!read_query(request, &query, &waits, &wait_s)) {
        return;
    }
    struct api_waiter *waiter = api_waiter_take(api, request);
    if (waiter != NULL) {
        waiter->after = query.after_id;
        waiter->until_ms = waits ? clock_monotonic_ms() + wait_s * 1000 : 0;
        ask(waiter);
    }
}

/* Something was written, or the wait is over: look again. */
void api_log_again(struct api_waiter *waiter)
{
    ask(waiter);
}

static void add_event(cJSON *list, const struct store_event *event)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddNumberToObject(object, "id", (double)event->id);
    if (event->height != 0) {
        cJSON_AddNumberToObject(object, "height", (double)event->height);
    } else {
        cJSON_AddNullToObject(object, "height");
    }
    api_add_time(object, "time", event->time_ms);
    cJSON_AddStringToObject(object, "level", words_level_text(event->level));
    cJSON_AddStringToObject(object, "code", event->code);
    cJSON_AddStringToObject(object, "event", event->name);
    if (event->member != NULL) {
        cJSON_AddStringToObject(object, "member", event->member);
    } else {
        cJSON_AddNullToObject(object, "member");
    }
    cJSON_AddStringToObject(object, "message", event->message);
    cJSON_AddItemToArray(list, object);
}

static void send_page(struct api *api, struct http_request *request, uint64_t after,
                      const struct store_events *events)
{
    cJSON *object = api_begin(api->agent);
    cJSON *items = cJSON_AddArrayToObject(object, "items");
    uint64_t next = after;
    for (uint32_t i = 0; i < events->count; i++) {
        add_event(items, &events->list[i]);
        next = events->list[i].id;
    }
    cJSON_AddNumberToObject(object, "next", (double)next);
    api_send(api, request, object);
}

static void on_events(void *context, const struct storage_answer *answer)
{
    struct api_waiter *waiter = context;
    struct api *api = waiter->api;
    struct http_request *request = waiter->request;
    waiter->reading = false;
    if (waiter->gone) {
        api_waiter_free(waiter);
        return;
    }
    const bool done = answer->answer == STORE_ANSWER_DONE;
    if (done && answer->events->count == 0 && clock_monotonic_ms() < waiter->until_ms) {
        api_wait(api); /* until something is written, or its time is over */
        return;
    }
    const uint64_t after = waiter->after;
    api_waiter_free(waiter);
    if (done) {
        send_page(api, request, after, answer->events);
    } else {
        http_problem(request, 503, "The log cannot be read",
                     "The database refuses; the agent's own log says why.", NULL);
    }
}

static void add_command(cJSON *list, const struct cluster *c, const struct block *b,
                        uint32_t index)
{
    static const char *const kinds[] = {[COMMAND_ATTEST] = "attest",
                                        [COMMAND_RESULT] = "result",
                                        [COMMAND_DISPUTE] = "dispute",
                                        [COMMAND_FAIL] = "fail"};
    struct command command;
    const struct block_span span = b->commands[index];
    cJSON *object = cJSON_CreateObject();
    if (command_decode(&command, b->bytes + span.offset, span.size_bytes)) {
        cJSON_AddStringToObject(object, "kind", kinds[command.kind]);
        cJSON_AddStringToObject(object, "author", words_member(c, command.author));
        cJSON_AddNumberToObject(object, "term", command.term);
    } else {
        cJSON_AddStringToObject(object, "kind", "malformed");
    }
    cJSON_AddItemToArray(list, object);
}

static void add_header(cJSON *object, const struct cluster *c, const struct block *b)
{
    const struct block_header *h = &b->header;
    cJSON *block = cJSON_AddObjectToObject(object, "block");
    cJSON_AddNumberToObject(block, "height", (double)h->height);
    api_add_hex(block, "hash", b->hash.bytes, HASH_BYTES);
    api_add_hex(block, "parent", h->parent.bytes, HASH_BYTES);
    api_add_time(block, "time", h->time_ms);
    cJSON_AddStringToObject(block, "proposer", words_member(c, h->proposer));
    api_add_hex(block, "state", h->state.bytes, HASH_BYTES);
    cJSON_AddNumberToObject(block, "version", h->version);
    api_add_hex(block, "root", h->root.bytes, HASH_BYTES);
    cJSON *commands = cJSON_AddArrayToObject(block, "commands");
    for (uint32_t i = 0; i < b->command_count; i++) {
        add_command(commands, c, b, i);
    }
}

static void add_certificate(cJSON *object, const struct cluster *c,
                            const struct certificate *certificate)
{
    cJSON *added = cJSON_AddObjectToObject(object, "certificate");
    cJSON_AddStringToObject(added, "kind", "finalization");
    cJSON_AddNumberToObject(added, "view", certificate->view);
    cJSON *signers = cJSON_AddArrayToObject(added, "signers");
    for (uint32_t i = 0; i < certificate->count; i++) {
        cJSON *signer = cJSON_CreateObject();
        cJSON_AddStringToObject(signer, "member", words_member(c, certificate->signer[i]));
        api_add_hex(signer, "signature", certificate->signature[i], SIGNATURE_BYTES);
        cJSON_AddItemToArray(signers, signer);
    }
}

static void send_block(struct api *api, struct http_request *request,
                       const struct store_block *row)
{
    const struct cluster *c = &api->agent->node->deciding.cluster;
    struct message *m = malloc(sizeof *m);
    struct block block;
    if (m == NULL || !message_decode(m, row->decided, row->decided_bytes) ||
        m->kind != MESSAGE_DECIDED ||
        !block_decode(&block, m->decided.block.bytes, m->decided.block.size_bytes)) {
        http_problem(request, 500, "Damaged", "What is stored is not a block.", NULL);
    } else {
        cJSON *object = api_begin(api->agent);
        add_header(object, c, &block);
        add_certificate(object, c, &m->decided.finalization);
        api_send(api, request, object);
    }
    free(m);
}

static void on_block(void *context, const struct storage_answer *answer)
{
    struct api_waiter *waiter = context;
    struct api *api = waiter->api;
    struct http_request *request = waiter->request;
    const bool gone = waiter->gone;
    api_waiter_free(waiter);
    if (gone) {
        return;
    }
    if (answer->answer == STORE_ANSWER_DONE) {
        send_block(api, request, answer->block);
    } else if (answer->answer == STORE_ANSWER_ABSENT) {
        http_problem(request, 404, "No such block", "/v1/status tells the height reached.",
                     NULL);
    } else {
        http_problem(request, 503, "The block cannot be read",
                     "The database refuses, or the block is damaged.", NULL);
    }
}

void api_block(struct api *api, struct http_request *request, const char *height)
{
    char *end = NULL;
    errno = 0;
    const unsigned long long parsed = strtoull(height, &end, 10);
    if (height[0] < '0' || height[0] > '9' || *end != '\0' || errno != 0 ||
        parsed > INT64_MAX) {
        http_problem(request, 400, "Bad height", "A height is a whole number, from 1.", NULL);
        return;
    }
    struct api_waiter *waiter = api_waiter_take(api, request);
    if (waiter == NULL) {
        return;
    }
    waiter->reading = true;
    if (!storage_block_read(api->agent->storage, parsed, on_block, waiter)) {
        api_waiter_free(waiter);
        http_problem(request, 503, "Busy", "The disk has more to do than it can.", NULL);
    }
}

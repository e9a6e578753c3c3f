/* One decided block, with the certificate that makes it one: of the database, and so answered
 * when the storage thread has read it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/api_parts.h"
#include "agent/memory.h"
#include "consensus/certificate.h"

static void add_command(cJSON *list, const struct cluster *c, const struct block *b,
                        uint32_t index)
{
    static const char *const kinds[] = {
        [COMMAND_ATTEST] = "attest",   [COMMAND_RESULT] = "result",
        [COMMAND_DISPUTE] = "dispute", [COMMAND_FAIL] = "fail",
        [COMMAND_RESIGN] = "resign",   [COMMAND_OPERATOR] = "operator",
        [COMMAND_BALLOT] = "ballot",   [COMMAND_APPEAL] = "appeal",
        [COMMAND_PROVE] = "prove",     [COMMAND_RELEASE] = "release"};
    struct command command;
    const struct block_span span = b->commands[index];
    cJSON *object = cJSON_CreateObject();
    if (command_decode(&command, b->bytes + span.offset, span.size_bytes)) {
        cJSON_AddStringToObject(object, "kind", kinds[command.kind]);
        const bool operator=
            command.author >= MEMBERS_MAX && command.author - MEMBERS_MAX<c->operator_count;
        cJSON_AddStringToObject(object,
                                "author",
                                operator? c->operators[command.author - MEMBERS_MAX].name
                                        : words_member(c, command.author));
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

static bool decode(const struct store_block *row, struct message *m, struct block *block)
{
    return message_decode(m, row->decided, row->decided_bytes) && m->kind == MESSAGE_DECIDED &&
           block_decode(block, m->decided.block.bytes, m->decided.block.size_bytes);
}

/* A block never changes: its height is its tag. */
static void write_tag(uint64_t height, char tag[static API_TAG_BYTES])
{
    snprintf(tag, API_TAG_BYTES, "\"%" PRIu64 "\"", height);
}

static void send_block(struct api *api, struct http_request *request,
                       const struct store_block *row)
{
    const struct cluster *c = &api->agent->node->deciding.cluster;
    struct message *m = memory_get(sizeof *m);
    struct block block;
    char tag[API_TAG_BYTES];
    if (decode(row, m, &block)) {
        cJSON *object = api_begin(api->agent);
        add_header(object, c, &block);
        add_certificate(object, c, &m->decided.finalization);
        write_tag(row->height, tag);
        api_send(request, tag, object);
    } else {
        const struct api_problem problem = {
            .status = 500, .title = "Damaged", .detail = "What is stored is not a block."};
        api_problem_send(request, &problem);
    }
    free(m);
}

static void answer_absent(struct api *api, struct http_request *request, uint64_t height)
{
    const bool is_past = height > 0 && height <= api->agent->node->deciding.cluster.height;
    const struct api_problem problem = {
        .status = 404,
        .title = "No such block",
        .detail = is_past ? "This member no longer has it: ask another one."
                          : "/v1/status tells the height reached; blocks count from 1.",
    };
    api_problem_send(request, &problem);
}

static void answer_refused(struct http_request *request, bool busy)
{
    const struct api_problem problem = {
        .status = 503,
        .title = "The block cannot be read",
        .detail = busy ? "The disk has more to do than it can."
                       : "The database refuses, or the block is damaged.",
        .code = busy ? NULL : "OST-5402",
        .retry_after_s = 1,
    };
    api_problem_send(request, &problem);
}

static void on_block(void *context, const struct storage_answer *answer)
{
    struct api_waiter *waiter = context;
    struct api *api = waiter->api;
    struct http_request *request = waiter->request;
    const uint64_t height = waiter->after;
    const bool gone = waiter->gone;
    api_waiter_free(waiter);
    if (gone) {
        return;
    }
    if (answer->answer == STORE_ANSWER_DONE) {
        send_block(api, request, answer->block);
    } else if (answer->answer == STORE_ANSWER_ABSENT) {
        answer_absent(api, request, height);
    } else {
        answer_refused(request, false);
    }
}

void api_block(struct api *api, struct http_request *request, const char *height)
{
    uint64_t number = 0;
    char tag[API_TAG_BYTES];
    if (!api_is_number(height, &number) || number > INT64_MAX) {
        const struct api_problem problem = {.status = 400,
                                            .title = "Bad height",
                                            .detail = "A height is a whole number, from 1."};
        api_problem_send(request, &problem);
        return;
    }
    write_tag(number, tag);
    const bool is_past = number > 0 && number <= api->agent->node->deciding.cluster.height;
    if (is_past && api_is_unchanged(request, tag)) {
        return;
    }
    struct api_waiter *waiter = api_waiter_take(api, request, false);
    if (waiter == NULL) {
        return;
    }
    waiter->after = number;
    waiter->reading = true;
    if (!storage_block_read(api->agent->storage, number, on_block, waiter)) {
        api_waiter_free(waiter);
        answer_refused(request, true);
    }
}

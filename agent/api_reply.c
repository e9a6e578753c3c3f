/* Answers: documents with their tags, problems, and the fields that many documents share. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "agent/api_parts.h"
#include "agent/memory.h"
#include "agent/text.h"

#define SHOWN_BYTES 256u

/* Prints and frees it; the caller frees what it gets with cJSON_free. */
static char *print(cJSON *document)
{
    char *text = cJSON_PrintUnformatted(document);
    memory_expect(text != NULL);
    cJSON_Delete(document);
    return text;
}

void api_send(struct http_request *request, const char *tag, cJSON *document)
{
    char *text = print(document);
    const struct http_answer answer = {
        .status = 200,
        .content_type = "application/json",
        .body = text,
        .body_bytes = strlen(text),
        .fields = {{"Cache-Control", "no-cache"}, {tag != NULL ? "ETag" : NULL, tag}},
    };
    http_reply(request, &answer);
    cJSON_free(text);
}

/* Whatever a client wrote comes back with its bytes escaped. */
static void add_shown(cJSON *object, const char *name, const char *text)
{
    char shown[SHOWN_BYTES];
    text_escape(text, strlen(text), shown, sizeof shown);
    cJSON_AddStringToObject(object, name, shown);
}

void api_problem_send(struct http_request *request, const struct api_problem *problem)
{
    char seconds[16];
    uint32_t fields = 0;
    struct http_answer answer = {.status = problem->status,
                                 .content_type = "application/problem+json"};
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "type", "about:blank");
    cJSON_AddStringToObject(object, "title", problem->title);
    cJSON_AddNumberToObject(object, "status", problem->status);
    add_shown(object, "detail", problem->detail);
    if (problem->code != NULL) {
        cJSON_AddStringToObject(object, "code", problem->code);
    }
    add_shown(object, "instance", request->path);
    if (problem->allow != NULL) {
        answer.fields[fields++] = (struct http_field){"Allow", problem->allow};
    }
    if (problem->retry_after_s > 0) {
        cJSON_AddNumberToObject(object, "retry_after_ms", problem->retry_after_s * 1000.0);
        snprintf(seconds, sizeof seconds, "%u", problem->retry_after_s);
        answer.fields[fields++] = (struct http_field){"Retry-After", seconds};
    }
    for (uint32_t i = 0; i < API_PROBLEM_FIELDS && problem->fields[i].name != NULL; i++) {
        answer.fields[fields++] = problem->fields[i];
    }
    char *text = print(object);
    answer.body = text;
    answer.body_bytes = strlen(text);
    http_reply(request, &answer);
    cJSON_free(text);
}

void api_tag(const struct api *api, uint64_t revision, char tag[static API_TAG_BYTES])
{
    const struct deciding *d = &api->agent->node->deciding;
    snprintf(tag, API_TAG_BYTES, "\"%" PRIu64 ".%" PRIu64 ".%08x\"", d->cluster.height,
             revision, (unsigned)(d->options.incarnation >> 32));
}

/* Whether the tag stands in the list of If-None-Match (RFC 9110, sections 13.1.2 and 8.8.3.2:
 * weak comparison, so W/ counts for nothing; * is any). */
static bool holds_tag(const char *list, const char *tag)
{
    const size_t tag_bytes = strlen(tag);
    const char *at = list;
    while (*at != '\0') {
        at += strspn(at, " \t,");
        if (*at == '*') {
            return true;
        }
        at += strncmp(at, "W/", 2) == 0 ? 2 : 0;
        if (*at != '"') {
            return false; /* no list of tags: as if it were not there */
        }
        const char *end = strchr(at + 1, '"');
        if (end == NULL) {
            return false;
        }
        if ((size_t)(end + 1 - at) == tag_bytes && memcmp(at, tag, tag_bytes) == 0) {
            return true;
        }
        at = end + 1 + strspn(end + 1, " \t,");
    }
    return false;
}

bool api_is_unchanged(struct http_request *request, const char *tag)
{
    const char *known = http_header(request, "If-None-Match");
    if (known == NULL || !holds_tag(known, tag)) {
        return false;
    }
    const struct http_answer answer = {
        .status = 304, .fields = {{"Cache-Control", "no-cache"}, {"ETag", tag}}};
    http_reply(request, &answer);
    return true;
}

bool api_is_number(const char *text, uint64_t *value)
{
    const size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 19 || text[digits] != '\0') { /* 19 digits fit */
        return false;
    }
    *value = strtoull(text, NULL, 10);
    return true;
}

bool api_number(struct http_request *request, const char *name, uint64_t least, uint64_t most,
                uint64_t *value)
{
    char detail[160];
    uint64_t given = 0;
    const char *text = http_query(request, name);
    if (text == NULL) {
        return true;
    }
    if (api_is_number(text, &given) && given >= least && given <= most) {
        *value = given;
        return true;
    }
    snprintf(detail, sizeof detail,
             "%s must be a whole number from %" PRIu64 " to %" PRIu64 ", not \"%.40s\".", name,
             least, most, text);
    api_problem_send(
        request, &(struct api_problem){.status = 400, .title = "Bad query", .detail = detail});
    return false;
}

cJSON *api_begin(const struct agent *a)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "cluster", a->config.founding.name);
    cJSON_AddStringToObject(object, "seen_by", agent_name(a));
    api_add_time(object, "seen_at", clock_unix_ms());
    cJSON_AddNumberToObject(object, "height", (double)a->node->deciding.cluster.height);
    return object;
}

void api_add_time(cJSON *object, const char *name, uint64_t unix_ms)
{
    char text[WORDS_ISO_BYTES];
    words_iso(unix_ms, text);
    cJSON_AddStringToObject(object, name, text);
}

void api_add_big(cJSON *object, const char *name, uint64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, value);
    cJSON_AddStringToObject(object, name, text);
}

void api_add_hex(cJSON *object, const char *name, const uint8_t *bytes, size_t size_bytes)
{
    char text[2 * SIGNATURE_BYTES + 1];
    if (2 * size_bytes < sizeof text) {
        sodium_bin2hex(text, sizeof text, bytes, size_bytes);
        cJSON_AddStringToObject(object, name, text);
    }
}

void api_add_name(cJSON *object, const char *name, const struct cluster *c, uint32_t member)
{
    if (member < c->member_count) {
        cJSON_AddStringToObject(object, name, c->member[member].name);
    } else {
        cJSON_AddNullToObject(object, name);
    }
}

void api_add_names(cJSON *object, const char *name, const struct cluster *c, uint32_t members)
{
    cJSON *list = cJSON_AddArrayToObject(object, name);
    for (uint32_t i = 0; i < c->member_count; i++) {
        if ((members >> i & 1) != 0) {
            cJSON_AddItemToArray(list, cJSON_CreateString(c->member[i].name));
        }
    }
}

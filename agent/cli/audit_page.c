/* What an audit found, for people and for programs. */
#include "audit_parts.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "agent/words.h"
#include "document.h"

#define PROBLEM_BYTES 512u
#define SHOWN_MAX 20u

void audit_find(struct audit *a, uint64_t height, const char *format, ...)
{
    char text[PROBLEM_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    a->problems++;
    if (a->problems > SHOWN_MAX) {
        return;
    }
    cJSON *one = cJSON_CreateObject();
    cJSON_AddNumberToObject(one, "height", (double)height);
    cJSON_AddStringToObject(one, "text", text);
    cJSON_AddItemToArray(a->list, one);
}

static void print_block(const struct audit *a, const struct block *b)
{
    char time[WORDS_ISO_BYTES];
    words_iso(b->header.time_ms, time);
    printf("block %" PRIu64 ", %s, proposed by %s, %u commands\n", b->header.height, time,
           words_member(&a->cluster, b->header.proposer), b->command_count);
    printf("  decided by");
    for (uint32_t i = 0; i < a->message.decided.finalization.count; i++) {
        printf(" %s", words_member(&a->cluster, a->message.decided.finalization.signer[i]));
    }
    printf(", in view %u\n", a->message.decided.finalization.view);
    for (uint32_t i = 0; i < a->notes.count; i++) {
        struct words words;
        words_of(&a->notes.list[i], &a->cluster, &words);
        printf("  %s  %s\n", words.code, words.message);
    }
}

static cJSON *block_object(const struct audit *a, const struct block *b)
{
    char time[WORDS_ISO_BYTES];
    cJSON *object = cJSON_CreateObject();
    const struct certificate *by = &a->message.decided.finalization;
    words_iso(b->header.time_ms, time);
    cJSON_AddNumberToObject(object, "height", (double)b->header.height);
    cJSON_AddStringToObject(object, "time", time);
    cJSON_AddStringToObject(object, "proposer", words_member(&a->cluster, b->header.proposer));
    cJSON_AddNumberToObject(object, "commands", b->command_count);
    cJSON_AddNumberToObject(object, "view", by->view);
    cJSON *signers = cJSON_AddArrayToObject(object, "signers");
    for (uint32_t i = 0; i < by->count; i++) {
        cJSON_AddItemToArray(signers,
                             cJSON_CreateString(words_member(&a->cluster, by->signer[i])));
    }
    cJSON *events = cJSON_AddArrayToObject(object, "events");
    for (uint32_t i = 0; i < a->notes.count; i++) {
        struct words words;
        words_of(&a->notes.list[i], &a->cluster, &words);
        cJSON *event = cJSON_CreateObject();
        cJSON_AddStringToObject(event, "code", words.code);
        cJSON_AddStringToObject(event, "message", words.message);
        cJSON_AddItemToArray(events, event);
    }
    return object;
}

void audit_show_block(struct audit *a, const struct block *b)
{
    if (a->json) {
        a->block = block_object(a, b);
    } else {
        print_block(a, b);
    }
}

void audit_print_words(const struct audit *a)
{
    if (a->to == 0) {
        printf("  blocks: none\n");
    } else {
        printf("  blocks: %" PRIu64 " to %" PRIu64
               ", each signed by a quorum, each state as the next "
               "one names it\n",
               a->from, a->to);
        printf("commands: %" PRIu64 ", each signed by its author\n", a->commands);
    }
    if (a->proofs > 0) {
        printf("  proofs: %" PRIu64 " by a wrong answer, the work done again here\n",
               a->proofs);
    }
    printf(" windows: %" PRIu64 " settled", a->settled);
    if (a->sink != NULL) {
        printf(", %" PRIu64 " of them published in the sink with the same digest",
               a->published);
    }
    printf("\n");
    if (a->published_before + a->published_after > 0) {
        printf("    note: the sink has also %" PRIu64 " windows of before the first that is "
               "settled here, and %" PRIu64 " of after the last\n",
               a->published_before, a->published_after);
    }
    const uint32_t doubtful = doubtful_count(&a->cluster, false);
    if (doubtful > 0) {
        printf("doubtful: %u windows, settled by two that were both locked out since; %u of "
               "them proved wrong\n",
               doubtful, doubtful_count(&a->cluster, true));
    }
    if (a->trusted != 0) {
        printf("    note: the blocks up to %" PRIu64 " are not in this database; its snapshot "
               "was taken on trust\n",
               a->trusted);
    }
    const cJSON *one = NULL;
    cJSON_ArrayForEach(one, a->list)
    {
        printf("   WRONG: height %.0f: %s\n",
               cJSON_GetObjectItemCaseSensitive(one, "height")->valuedouble,
               cJSON_GetObjectItemCaseSensitive(one, "text")->valuestring);
    }
    printf("  result: %s\n", a->problems == 0 ? "all of it holds" : "it does not hold");
}

void audit_print_json(const struct audit *a)
{
    cJSON *document = cJSON_CreateObject();
    cJSON_AddStringToObject(document, "cluster", a->cluster.name);
    cJSON_AddNumberToObject(document, "from", (double)a->from);
    cJSON_AddNumberToObject(document, "to", (double)a->to);
    cJSON_AddNumberToObject(document, "trusted", (double)a->trusted);
    cJSON_AddNumberToObject(document, "commands", (double)a->commands);
    cJSON_AddNumberToObject(document, "signatures", (double)a->signatures);
    cJSON_AddNumberToObject(document, "proofs", (double)a->proofs);
    cJSON_AddNumberToObject(document, "settled", (double)a->settled);
    cJSON_AddNumberToObject(document, "published", (double)a->published);
    cJSON_AddNumberToObject(document, "published_before", (double)a->published_before);
    cJSON_AddNumberToObject(document, "published_after", (double)a->published_after);
    cJSON_AddNumberToObject(document, "doubtful", doubtful_count(&a->cluster, false));
    cJSON_AddNumberToObject(document, "corrected", doubtful_count(&a->cluster, true));
    cJSON_AddNumberToObject(document, "problem_count", a->problems);
    cJSON_AddItemReferenceToObject(document, "problems", a->list);
    if (a->block != NULL) {
        cJSON_AddItemReferenceToObject(document, "block", a->block);
    }
    document_print(document);
}

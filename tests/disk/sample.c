#include "sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const uint8_t SAMPLE_CLUSTER[STORE_ID_BYTES] = {0x0c};

void sample_block_fill(struct sample_block *sample, uint64_t height)
{
    memset(sample->bytes, (int)(height % 251), sizeof sample->bytes);
    sample->block = (struct store_block){
        .height = height,
        .time_ms = height * 1000,
        .decided = sample->bytes,
        .decided_bytes = (uint32_t)(1000 + height % 7 * 300),
    };
    memset(sample->block.hash, (int)(height % 241 + 1), sizeof sample->block.hash);
    for (int32_t i = 0; i < SAMPLE_EVENTS; i++) {
        sample->events[i] = (struct store_event){
            .height = height,
            .ordinal = i,
            .level = 5,
            .time_ms = height * 1000,
            .name = "window_settled",
            .code = i == 0 ? "OST-1" : "OST-2",
            .member = i == 0 ? "atlas" : NULL,
            .fields = "{\"window\":\"7\"}",
            .message = "window 7 is settled",
        };
    }
}

bool sample_block_is(const struct store_block *block, uint64_t height)
{
    struct sample_block expected;
    sample_block_fill(&expected, height);
    return block->height == height && block->time_ms == expected.block.time_ms &&
           memcmp(block->hash, expected.block.hash, sizeof block->hash) == 0 &&
           block->decided_bytes == expected.block.decided_bytes &&
           memcmp(block->decided, expected.bytes, block->decided_bytes) == 0;
}

enum store_answer sample_block_try(struct store *s, uint64_t height)
{
    struct sample_block sample;
    sample_block_fill(&sample, height);
    return store_block_write(s, &sample.block, sample.events, SAMPLE_EVENTS);
}

static void need(struct store *s, bool fact, const char *what, uint64_t height)
{
    const char *sentence;
    if (!fact) {
        store_failure(s, &sentence);
        fprintf(stderr, "block %llu: %s: %s\n", (unsigned long long)height, what, sentence);
        abort();
    }
}

void sample_block_write(struct store *s, uint64_t height)
{
    need(s, sample_block_try(s, height) == STORE_ANSWER_DONE, "not written", height);
}

void sample_block_check(struct store *s, uint64_t height)
{
    struct store_block block;
    struct store_events events;
    const struct store_query query = {
        .limit = 10, .placed = true, .after_height = height, .after_ordinal = -1};
    need(s, store_block_read(s, height, &block) == STORE_ANSWER_DONE, "not read", height);
    need(s, sample_block_is(&block, height), "is another", height);
    store_block_finish(&block);
    need(s, store_events_read(s, &query, &events) == STORE_ANSWER_DONE, "no events", height);
    need(s, events.count >= SAMPLE_EVENTS, "lacks events", height);
    for (uint32_t i = 0; i < SAMPLE_EVENTS; i++) {
        need(s, events.list[i].height == height && events.list[i].ordinal == (int32_t)i,
             "has other events", height);
    }
    store_events_finish(&events);
}

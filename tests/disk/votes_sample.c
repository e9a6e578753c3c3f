#include "votes_sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scratch.h"

const char *votes_sample_path(void)
{
    return scratch_path("votes");
}

struct votes_sample votes_sample_of(uint8_t number)
{
    struct votes_sample s;
    memset(s.record, number, sizeof s.record);
    memset(s.block, 0x80 + number, sizeof s.block);
    memset(s.hash, 0x40 + number, sizeof s.hash);
    return s;
}

bool votes_sample_put(struct votes *v, uint8_t number, uint8_t kept)
{
    struct votes_sample s = votes_sample_of(number);
    uint8_t keep[VOTES_HELD_MAX][VOTES_HASH_BYTES];
    for (uint8_t i = 0; i <= kept; i++) {
        memset(keep[i], 0x40 + number - i, sizeof keep[i]);
    }
    const struct votes_write w = {
        .record = s.record,
        .record_bytes = sizeof s.record,
        .block = s.block,
        .block_bytes = sizeof s.block,
        .block_hash = s.hash,
        .keep = keep[0],
        .keep_count = kept + 1u,
    };
    return votes_write(v, &w);
}

bool votes_sample_holds(const struct votes *v, uint8_t number, uint8_t kept)
{
    static uint8_t block[VOTES_BLOCK_MAX];
    struct votes_sample s = votes_sample_of(number);
    bool all = v->record_bytes == sizeof s.record &&
               memcmp(v->record, s.record, sizeof s.record) == 0 && v->held_count == kept + 1u;
    for (uint8_t i = 0; all && i <= kept; i++) {
        s = votes_sample_of(number - i);
        all = memcmp(v->held[i].hash, s.hash, sizeof s.hash) == 0 &&
              v->held[i].size_bytes == sizeof s.block && votes_block(v, i, block) &&
              memcmp(block, s.block, sizeof s.block) == 0;
    }
    return all;
}

void votes_sample_make(uint8_t records, uint8_t kept)
{
    static struct votes store;
    bool made = votes_create(votes_sample_path()) == VOTES_OK &&
                votes_open(&store, votes_sample_path()) == VOTES_OK;
    for (uint8_t i = 1; made && i <= records; i++) {
        made = votes_sample_put(&store, i, i > kept ? kept : i - 1);
    }
    if (!made) {
        perror("a store could not be made");
        abort();
    }
    votes_finish(&store);
}

/* All that this member has on its disk is read again, from the disk and not from memory, while
 * there is nothing else to do: what rots is found before it is needed (references.md, R08). */
#include "storage_internal.h"

#include <stdio.h>
#include <string.h>

#define PART_BYTES (64u * 1024u)

/* The next part is due when this one has taken its share of a second. */
static void pace(struct scrub *c, uint64_t size_bytes)
{
    c->next_ms = storage_now_ms() + size_bytes * 1000 / STORAGE_SCRUB_BYTES_S + 1;
}

static void end(struct storage *s)
{
    struct scrub *c = &s->scrub;
    c->active = false;
    c->next_ms = c->begun_ms + c->period_ms;
    notice_put(s, c->failed ? STORAGE_UNREADABLE : STORAGE_SCRUBBED, 0,
               c->failed ? "some of what is stored cannot be read" : "");
}

static void votes_part(struct storage *s)
{
    struct scrub *c = &s->scrub;
    struct votes *v = s->votes;
    char why[STORAGE_WHY_MAX];
    const bool there = v->file >= 0 && !v->dead;
    switch (there ? votes_scrub(v, c->step++) : VOTES_SCRUB_DONE) {
    case VOTES_SCRUB_SOUND:
        break;
    case VOTES_SCRUB_FAILED:
        c->failed = true;
        break;
    case VOTES_SCRUB_WRONG:
        v->dead = true; /* what it says cannot be told from what it said */
        snprintf(why, sizeof why, "%.200s: what was right when it was written has changed",
                 s->votes_path);
        notice_put(s, STORAGE_VOTES_WRONG, 0, why);
        break;
    case VOTES_SCRUB_DONE:
        c->of_votes = false;
        store_forget_cache(s->store);
        break;
    }
    pace(c, PART_BYTES);
}

/* Blocks are small: as many as make one part. */
static void database_part(struct storage *s)
{
    struct scrub *c = &s->scrub;
    uint64_t done_bytes = 0;
    while (done_bytes < PART_BYTES) {
        uint32_t size_bytes = 0;
        switch (store_block_scrub(s->store, &c->height, &size_bytes)) {
        case STORE_ANSWER_DONE:
            done_bytes += size_bytes;
            break;
        case STORE_ANSWER_DAMAGED:
            (void)!store_renew(s); /* else the next write does it, or says why it cannot */
            end(s);
            return;
        case STORE_ANSWER_REFUSED:
        case STORE_ANSWER_CONFLICT:
            c->failed = true;
            end(s);
            return;
        case STORE_ANSWER_ABSENT:
            end(s);
            return;
        }
    }
    pace(c, done_bytes);
}

void storage_scrub(struct storage *s)
{
    struct scrub *c = &s->scrub;
    if (!c->active) {
        *c = (struct scrub){.period_ms = c->period_ms,
                            .begun_ms = storage_now_ms(),
                            .active = true,
                            .of_votes = true};
    }
    if (c->of_votes) {
        votes_part(s);
    } else {
        database_part(s);
    }
}

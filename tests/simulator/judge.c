/* What is decided, and what states come of it. */
#include "judge.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

void judge_init(struct judge *j, const struct plan *p, const uint8_t id[static 32],
                const struct founding_member *members)
{
    const uint32_t third = p->malfunctioning;
    j->members = p->members;
    j->malfunctioning_max = p->malfunctioning_max;
    j->testimony = third + 1 > 2 ? third + 1 : 2;
    j->audited = p->audited;
    j->beyond = p->beyond;
    memcpy(j->id, id, sizeof j->id);
    for (uint32_t i = 0; i < p->members; i++) {
        memcpy(j->key[i].first, members[i].vote_key, sizeof j->key[i].first);
    }
    memcpy(j->pages[0].hash, id, sizeof j->pages[0].hash);
    j->pages[0].decided = true;
    j->pages[0].voters = (1u << p->members) - 1;
    j->pages[0].needed = p->needed;
    j->base_window = WORLD_UNIX_MS / 1000 / p->timing.window_s;
    j->next_window = j->base_window;
    j->tokens = judge_tokens_begin();
    j->windows = calloc(SINK_WINDOWS, sizeof *j->windows);
    assert(j->windows != NULL);
}

void judge_finish(struct judge *j)
{
    for (uint64_t h = 0; h < JUDGE_HEIGHTS; h++) {
        free(j->pages[h].casts);
        free(j->pages[h].certified);
    }
    free(j->windows);
    free(j->tokens);
}

const uint8_t *judge_key(const struct judge *j, uint32_t member, uint64_t height)
{
    const bool is_second =
        j->key[member].second_from != 0 && height >= j->key[member].second_from;
    return is_second ? j->key[member].second : j->key[member].first;
}

/* A member has another key only if an operator gave it that, from the next height on. */
static void check_keys(struct world *w, const struct cluster *c)
{
    struct judge *j = &w->judge;
    for (uint32_t i = 0; i < c->member_count; i++) {
        const uint8_t *given = w->admitted_key[i].public_key;
        if (memcmp(c->member[i].vote_key, judge_key(j, i, c->height + 1), 32) == 0) {
            continue;
        }
        if (memcmp(c->member[i].vote_key, given, 32) != 0) {
            world_fail(w, CHECK_QUORUM, "%s has a key that nobody gave it", world_name(w, i));
        }
        memcpy(j->key[i].second, given, sizeof j->key[i].second);
        j->key[i].second_from = c->height + 1;
    }
}

struct page *judge_page(struct judge *j, uint64_t height)
{
    return height < JUDGE_HEIGHTS ? &j->pages[height] : NULL;
}

struct window_page *judge_window(struct judge *j, uint64_t window)
{
    const bool known = window >= j->base_window && window - j->base_window < SINK_WINDOWS;
    return known ? &j->windows[window - j->base_window] : NULL;
}

uint32_t judge_needed(const struct judge *j, uint32_t voters)
{
    const uint32_t count = (uint32_t)__builtin_popcount(voters);
    const uint32_t third = count == 0 ? 0 : (count - 1) / 3;
    const uint32_t lying = j->malfunctioning_max < third ? j->malfunctioning_max : third;
    return (count + lying) / 2 + 1;
}

const struct page *judge_electing(const struct judge *j, uint64_t height)
{
    const bool known = height >= 1 && height - 1 < JUDGE_HEIGHTS;
    return known && j->pages[height - 1].needed > 0 ? &j->pages[height - 1] : NULL;
}

/* Signers ascend, are members, are q, and every signature is theirs over this very block. */
static bool is_quorum(const struct judge *j, const struct wire_certificate *c,
                      const struct wire_block *b)
{
    const struct page *before = judge_electing(j, b->height);
    if (before == NULL || c->kind != 3 || c->count < before->needed ||
        memcmp(c->block, b->hash, 32) != 0) {
        return false;
    }
    for (uint32_t i = 0; i < c->count; i++) {
        struct wire_vote v = {.kind = WIRE_FINALIZE,
                              .signer = c->vote[i].signer,
                              .height = b->height,
                              .view = c->view,
                              .claim = WIRE_NONE};
        memcpy(v.parent, b->parent, sizeof v.parent);
        memcpy(v.block, b->hash, sizeof v.block);
        memcpy(v.signature, c->vote[i].signature, sizeof v.signature);
        if (v.signer >= j->members || (before->voters >> v.signer & 1) == 0 ||
            (i > 0 && v.signer <= c->vote[i - 1].signer) ||
            !wire_verify(&v, j->id, judge_key(j, v.signer, b->height))) {
            return false;
        }
    }
    return true;
}

static void enter_block(struct world *w, const struct wire_block *b)
{
    struct judge *j = &w->judge;
    struct page *page = judge_page(j, b->height);
    page->decided = true;
    page->time_ms = b->time_ms;
    memcpy(page->hash, b->hash, sizeof page->hash);
    j->height = b->height;
    w->counters.blocks++;
    judge_results(w, b);
}

void judge_decided(struct world *w, const struct station *s, uint64_t height,
                   const uint8_t *bytes, size_t size_bytes)
{
    struct judge *j = &w->judge;
    struct wire_certificate c;
    struct wire_block b;
    if (j->beyond) {
        return;
    }
    const char *name = world_name(w, s->member);
    w->counters.check[CHECK_ONE_BLOCK]++;
    w->counters.check[CHECK_QUORUM]++;
    const unsigned long long h = height;
    if (!wire_decided(bytes, size_bytes, &c, &b) || b.height != height) {
        world_fail(w, CHECK_QUORUM, "%s stores nonsense at height %llu", name, h);
        return;
    }
    if (!is_quorum(j, &c, &b)) {
        world_fail(w, CHECK_QUORUM, "%s takes block %llu for decided without a quorum", name,
                   h);
        return;
    }
    struct page *page = judge_page(j, height);
    if (page == NULL || height > j->height + 1) {
        world_fail(w, CHECK_ONE_BLOCK, "%s decides height %llu before the one below", name, h);
    } else if (height == j->height + 1) {
        if (memcmp(b.parent, j->pages[height - 1].hash, 32) != 0) {
            world_fail(w, CHECK_ONE_BLOCK, "block %llu has another parent", h);
            return;
        }
        enter_block(w, &b);
        rule_decided(&w->counters.rules, bytes, size_bytes);
        liar_remember(w, bytes, size_bytes);
    } else if (memcmp(page->hash, b.hash, 32) != 0) {
        world_fail(w, CHECK_ONE_BLOCK, "two blocks at height %llu", h);
    }
}

static void enter_state(struct world *w, struct page *page, const struct cluster *c)
{
    struct judge *j = &w->judge;
    page->has_state = true;
    memcpy(page->digest, c->digests[c->height % HEIGHTS_KEPT].bytes, sizeof page->digest);
    page->voters = 0;
    for (uint32_t i = 0; i < c->member_count; i++) {
        page->voters |= c->member[i].standing == STANDING_GOOD ? 1u << i : 0;
    }
    page->needed = judge_needed(j, page->voters);
    check_keys(w, c);
    judge_count(w, c->height + 1);
    judge_motions(w, c);
    rule_state(&w->counters.rules, c);
    page->fence = c->last_fence;
    page->leader = c->grant.fence == 0 ? MEMBER_NONE : c->grant.leader;
    page->next_window = c->windows.next;
    for (uint64_t h = c->height; h > 0; h--) {
        const struct page *before = &j->pages[h - 1];
        if (!before->has_state) {
            continue;
        }
        const bool moved = page->fence == before->fence && before->leader != MEMBER_NONE &&
                           page->leader != MEMBER_NONE && page->leader != before->leader;
        w->counters.check[CHECK_FENCE]++;
        if (page->fence < before->fence || moved) {
            world_fail(w, CHECK_FENCE, "fence %llu after %llu at height %llu",
                       (unsigned long long)page->fence, (unsigned long long)before->fence,
                       (unsigned long long)c->height);
        }
        if (page->next_window < before->next_window) {
            world_fail(w, CHECK_SETTLED, "settled windows went back at height %llu",
                       (unsigned long long)c->height);
        }
        break;
    }
    if (page->next_window > j->next_window) {
        judge_settled(w, page->next_window);
    }
}

static void check_run(struct world *w, const struct station *s, const struct cluster *c)
{
    struct judge *j = &w->judge;
    const uint32_t index = station_index(w, s);
    w->counters.check[CHECK_FENCE]++;
    if (c->last_fence < j->seen[index].fence || c->windows.next < j->seen[index].next_window) {
        world_fail(w, CHECK_FENCE, "%s: fence or settled windows went back",
                   world_name(w, s->member));
    }
    j->seen[index].fence = c->last_fence;
    j->seen[index].next_window = c->windows.next;
}

void judge_state(struct world *w, const struct station *s)
{
    struct judge *j = &w->judge;
    const struct cluster *c = &s->node->deciding.cluster;
    check_run(w, s, c);
    if (j->beyond || c->height == 0 || c->height == s->height) {
        return;
    }
    struct page *page = judge_page(j, c->height);
    w->counters.check[CHECK_SAME_STATE]++;
    if (page == NULL || !page->decided || memcmp(page->hash, c->block.bytes, 32) != 0) {
        world_fail(w, CHECK_SAME_STATE, "%s applied a block %llu that nobody decided",
                   world_name(w, s->member), (unsigned long long)c->height);
    } else if (!page->has_state) {
        enter_state(w, page, c);
    } else if (memcmp(page->digest, c->digests[c->height % HEIGHTS_KEPT].bytes, 32) != 0) {
        world_fail(w, CHECK_SAME_STATE, "%s has another state at height %llu",
                   world_name(w, s->member), (unsigned long long)c->height);
    }
}

void judge_restart(struct judge *j, uint32_t station)
{
    j->seen[station].fence = 0;
    j->seen[station].next_window = 0;
}

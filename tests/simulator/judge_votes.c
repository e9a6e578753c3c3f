/* What members sign: nobody sound contradicts itself (the offences of protocol.md, section 6),
 * and no two blocks of a height are certified that the argument of section 5 says cannot be. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "judge.h"
#include "world.h"

static bool same_block(const uint8_t *a, const uint8_t *b)
{
    return memcmp(a, b, 32) == 0;
}

/* a > b, where none lies below 0. */
static bool above(uint32_t a, uint32_t b)
{
    return a != WIRE_NONE && (b == WIRE_NONE || a > b);
}

static const char *contradiction(const struct cast *a, const struct cast *b)
{
    if (!same_block(a->parent, b->parent)) {
        return "votes in two histories";
    }
    if (a->kind == b->kind && a->view == b->view) {
        if (!same_block(a->block, b->block)) {
            return "two votes of one kind in one view";
        }
        return a->claim != b->claim ? "two claims in one view" : NULL;
    }
    const struct cast *f = a->kind == WIRE_FINALIZE ? a : b;
    const struct cast *n = a->kind == WIRE_NULLIFY ? a : b;
    if (f->kind == WIRE_FINALIZE && n->kind == WIRE_NULLIFY && n->view >= f->view &&
        above(f->view, n->claim)) {
        return "finalized a view that it gave up without claiming it";
    }
    return NULL;
}

static void check_contradictions(struct world *w, const struct page *page, uint64_t height,
                                 const struct cast *c)
{
    w->counters.check[CHECK_CONTRADICTION]++;
    const char *why = NULL;
    if (c->kind == WIRE_NULLIFY && c->claim != WIRE_NONE && c->claim >= c->view) {
        why = "claims what cannot have been";
    }
    for (uint32_t i = 0; i < page->cast_count && why == NULL; i++) {
        if (page->casts[i].signer == c->signer) {
            why = contradiction(&page->casts[i], c);
        }
    }
    if (why != NULL) {
        world_fail(w, CHECK_CONTRADICTION, "%s at height %llu, view %u: %s",
                   world_name(w, c->signer), (unsigned long long)height, c->view, why);
    }
}

/* A notarization of a view at or after a finalized one is for the same block; one block a view
 * is notarized, and one a height finalized. */
static bool excludes(const struct certified *a, const struct certified *b)
{
    if (same_block(a->block, b->block)) {
        return false;
    }
    return a->view == b->view || (a->final && b->final) || (a->final && b->view > a->view) ||
           (b->final && a->view > b->view);
}

static void certify(struct world *w, struct page *page, uint64_t height,
                    const struct certified *c)
{
    for (uint32_t i = 0; i < page->certified_count; i++) {
        const struct certified *other = &page->certified[i];
        w->counters.check[CHECK_ONE_CERTIFIED]++;
        if (other->final == c->final && other->view == c->view &&
            same_block(other->block, c->block)) {
            return;
        }
        if (excludes(other, c)) {
            world_fail(w, CHECK_ONE_CERTIFIED,
                       "two blocks certified at height %llu, in views %u and %u",
                       (unsigned long long)height, other->view, c->view);
            return;
        }
    }
    if (page->certified_count == page->certified_room) {
        page->certified_room = 2 * page->certified_room + 8;
        page->certified =
            realloc(page->certified, page->certified_room * sizeof *page->certified);
        assert(page->certified != NULL);
    }
    page->certified[page->certified_count++] = *c;
}

static void count(struct world *w, struct page *page, uint64_t height, const struct cast *c)
{
    const struct page *before = judge_electing(&w->judge, height);
    if ((c->kind != WIRE_NOTARIZE && c->kind != WIRE_FINALIZE) || before == NULL) {
        return;
    }
    uint32_t signers = 0;
    for (uint32_t i = 0; i < page->cast_count; i++) {
        const struct cast *other = &page->casts[i];
        if (other->kind == c->kind && other->view == c->view &&
            same_block(other->block, c->block) && same_block(other->parent, c->parent)) {
            signers |= 1u << other->signer;
        }
    }
    if ((uint32_t)__builtin_popcount(signers & before->voters) >= before->needed) {
        struct certified certified = {.final = c->kind == WIRE_FINALIZE, .view = c->view};
        memcpy(certified.block, c->block, sizeof certified.block);
        certify(w, page, height, &certified);
    }
}

void judge_count(struct world *w, uint64_t height)
{
    struct page *page = judge_page(&w->judge, height);
    for (uint32_t i = 0; page != NULL && i < page->cast_count; i++) {
        count(w, page, height, &page->casts[i]);
    }
}

static bool is_known(const struct page *page, const struct cast *c)
{
    for (uint32_t i = 0; i < page->cast_count; i++) {
        if (memcmp(&page->casts[i], c, sizeof *c) == 0) {
            return true;
        }
    }
    return false;
}

/* `by`: the sound member that says it for the first time; what it said before its disk was set
 * back it may repeat. NULL: a liar. */
static void note_vote(struct world *w, const struct wire_vote *v, const struct station *by)
{
    struct judge *j = &w->judge;
    struct page *page = judge_page(j, v->height);
    struct cast c = {.kind = v->kind, .signer = v->signer, .view = v->view, .claim = v->claim};
    memcpy(c.parent, v->parent, sizeof c.parent);
    memcpy(c.block, v->block, sizeof c.block);
    if (page == NULL || is_known(page, &c) ||
        !wire_verify(v, j->id, judge_key(j, v->signer, v->height))) {
        return;
    }
    const bool rolls_back = w->plan.rolls_back && (w->plan.forgetful >> v->signer & 1) != 0;
    if (by != NULL) {
        judge_durable(w, by, v);
    }
    if (by != NULL && !rolls_back) {
        check_contradictions(w, page, v->height, &c);
    }
    if (page->cast_count == page->cast_room) {
        page->cast_room = 2 * page->cast_room + 32;
        page->casts = realloc(page->casts, page->cast_room * sizeof *page->casts);
        assert(page->casts != NULL);
    }
    page->casts[page->cast_count++] = c;
    if (!j->beyond) {
        count(w, page, v->height, &c);
    }
}

void judge_sent(struct world *w, const struct station *s, const uint8_t *bytes,
                size_t size_bytes)
{
    struct wire_vote v;
    if (wire_votes(bytes, size_bytes, &v) == 1 && v.signer == s->member) {
        note_vote(w, &v, s);
    }
    judge_certificates(w, s, bytes, size_bytes);
}

void judge_lied(struct world *w, const struct station *s, const uint8_t *bytes,
                size_t size_bytes)
{
    struct wire_vote v;
    if (wire_votes(bytes, size_bytes, &v) == 1 && v.signer == s->member) {
        note_vote(w, &v, NULL);
    }
}

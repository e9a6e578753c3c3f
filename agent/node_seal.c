/* What guards the deciding state between two steps (references.md, R01 to R03): words around
 * it, which are for bugs, its complement shadow, and the digests of its pages. */
#include "node_parts.h"

#include <assert.h>
#include <string.h>

#include "../health/shadow.h"

static_assert(sizeof(struct deciding) % sizeof(uint64_t) == 0, "the shadow is made of words");
static_assert(sizeof(struct deciding) <= DIGESTS_PAGES_MAX * DIGESTS_PAGE_BYTES,
              "each page has a digest");

/* Another word each start, and none that code writes by chance. */
static uint64_t guard_word(const struct node *n)
{
    return n->deciding.options.nonce ^ 0xa5c396e17b2d4f08u;
}

bool node_has_shadow(const struct node *n)
{
    return shadow_holds(&n->deciding, n->shadow, sizeof n->deciding);
}

static bool has_guards(const struct node *n)
{
    const uint64_t word = guard_word(n);
    return n->guard_before == word && n->guard_between == word && n->guard_after == word;
}

bool node_is_intact(const struct node *n, enum self_note *why)
{
    *why = !node_has_shadow(n) ? SELF_SHADOW : !has_guards(n) ? SELF_GUARDS : SELF_DIGESTS;
    return *why == SELF_DIGESTS && digests_hold(&n->digests, &n->deciding, sizeof n->deciding);
}

bool node_seal(struct node *n)
{
    if (!digests_renew(&n->digests, &n->deciding, n->shadow, sizeof n->deciding)) {
        return false;
    }
    shadow_renew(&n->deciding, n->shadow, sizeof n->deciding);
    return true;
}

void node_seal_first(struct node *n)
{
    const struct node_options *o = &n->deciding.options;
    uint8_t key[DIGESTS_KEY_BYTES] = {0};
    memcpy(key, &o->incarnation, sizeof o->incarnation);
    memcpy(key + sizeof o->incarnation, &o->nonce, sizeof o->nonce);
    n->guard_before = n->guard_between = n->guard_after = guard_word(n);
    digests_begin(&n->digests, key, &n->deciding, sizeof n->deciding);
    shadow_renew(&n->deciding, n->shadow, sizeof n->deciding);
}

static void copy_bulk(struct simplex_bulk *to, const struct simplex_bulk *from)
{
    const struct held_block *blocks[] = {&from->candidate, &from->deciding};
    struct held_block *copies[] = {&to->candidate, &to->deciding};
    for (uint32_t i = 0; i < HELD_MAX; i++) { /* what is not used is not touched */
        const struct held_block *b = &from->held[i];
        to->held[i].size_bytes = b->size_bytes;
        to->held[i].hash = b->hash;
        memcpy(to->held[i].bytes, b->bytes, b->size_bytes);
    }
    for (uint32_t i = 0; i < 2; i++) {
        copies[i]->size_bytes = blocks[i]->size_bytes;
        copies[i]->hash = blocks[i]->hash;
        memcpy(copies[i]->bytes, blocks[i]->bytes, blocks[i]->size_bytes);
    }
    to->next_bytes = from->next_bytes;
    memcpy(to->next, from->next, from->next_bytes);
}

bool node_copy(struct node *to, const struct node *from)
{
    shadow_renew(from->shadow, &to->deciding,
                 sizeof to->deciding); /* the shadow of the shadow */
    to->pool = from->pool;
    to->book = from->book;
    copy_bulk(&to->bulk, &from->bulk);
    node_seal_first(to);
    return node_has_shadow(from) &&
           memcmp(&to->digests, &from->digests, sizeof to->digests) == 0;
}

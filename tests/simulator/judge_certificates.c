/* Every certificate that a sound member shows has its quorum: signers in order, each a member,
 * each signature true, whatever liars have mixed into what it took in. */
#include <string.h>

#include "judge.h"
#include "world.h"

static bool is_sound(const struct judge *j, const struct wire_certificate *c, uint64_t height,
                     const uint8_t *parent)
{
    static const uint32_t kinds[] = {0, WIRE_NOTARIZE, WIRE_NULLIFY, WIRE_FINALIZE};
    const struct page *before = judge_electing(j, height);
    if (c->kind > 3 || c->count < before->needed) {
        return false;
    }
    for (uint32_t i = 0; i < c->count; i++) {
        struct wire_vote v = {.kind = kinds[c->kind],
                              .signer = c->vote[i].signer,
                              .height = height,
                              .view = c->view,
                              .claim = c->vote[i].claim};
        memcpy(v.parent, parent, sizeof v.parent);
        memcpy(v.block, c->block, sizeof v.block);
        memcpy(v.signature, c->vote[i].signature, sizeof v.signature);
        if (v.signer >= j->members || (before->voters >> v.signer & 1) == 0 ||
            (i > 0 && v.signer <= c->vote[i - 1].signer) ||
            !wire_verify(&v, j->id, judge_key(j, v.signer, height))) {
            return false;
        }
    }
    return true;
}

void judge_certificates(struct world *w, const struct station *s, const uint8_t *bytes,
                        size_t size_bytes)
{
    static struct wire_certificates shown;
    struct judge *j = &w->judge;
    if (j->beyond || !wire_certificates(bytes, size_bytes, &shown) || shown.height == 0) {
        return;
    }
    const struct page *before = judge_page(j, shown.height - 1);
    if (before == NULL || !before->decided || judge_electing(j, shown.height) == NULL) {
        return; /* its author has decided what the judge has yet to see stored */
    }
    for (uint32_t i = 0; i < shown.count; i++) {
        const struct wire_certificate *c = &shown.list[i];
        if (c->kind == 0) {
            continue;
        }
        w->counters.check[CHECK_CERTIFICATE]++;
        if (!is_sound(j, c, shown.height, before->hash)) {
            world_fail(w, CHECK_CERTIFICATE, "%s shows a false one of height %llu, view %u",
                       world_name(w, s->member), (unsigned long long)shown.height, c->view);
        }
    }
}

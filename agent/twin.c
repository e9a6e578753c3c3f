#include "twin.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "../consensus/message.h"

struct twin {
    struct node node;
    struct effects effects;
    struct input in;
    struct finding finding;
    uint8_t signature[SIGNATURE_BYTES];
    uint8_t bytes[MESSAGE_BYTES_MAX];
};

struct twin *twin_create(const struct node *original, const struct effects *asked)
{
    struct twin *t = calloc(1, sizeof *t);
    if (t == NULL) {
        return NULL;
    }
    (void)sodium_mlock(&t->node, sizeof t->node.deciding); /* fails without the right to */
    if (!node_copy(&t->node, original)) {
        twin_destroy(t);
        return NULL;
    }
    t->effects = *asked;
    return t;
}

void twin_destroy(struct twin *t)
{
    if (t != NULL) {
        sodium_munlock(&t->node, sizeof t->node.deciding);
    }
    free(t);
}

void twin_listen(struct twin *t, const struct input *in)
{
    t->in = *in;
    const bool has_bytes = in->kind == INPUT_MESSAGE || in->kind == INPUT_COMMAND ||
                           (in->kind == INPUT_SOLVED && in->bytes != NULL);
    if (has_bytes && in->size_bytes <= sizeof t->bytes) {
        memcpy(t->bytes, in->bytes, in->size_bytes);
        t->in.bytes = t->bytes;
    }
    if (in->kind == INPUT_SIGNED && in->signature != NULL) {
        memcpy(t->signature, in->signature, sizeof t->signature);
        t->in.signature = t->signature;
    }
    if (in->kind == INPUT_FINDING) {
        t->finding = *in->finding;
        t->in.finding = &t->finding;
    }
}

bool twin_agrees(struct twin *t, const struct effects *out)
{
    node_step(&t->node, &t->in, &t->effects);
    return effects_same(&t->effects, out);
}

struct finding twin_judgement(const struct twin *t, const struct effects *out)
{
    const struct finding *mine = effects_fatal(out);
    const struct finding *its = effects_fatal(&t->effects);
    return mine != NULL ? *mine : its != NULL ? *its : self_finding(SELF_TWICE);
}

const struct node *twin_node(const struct twin *t)
{
    return &t->node;
}

const struct effects *twin_effects(const struct twin *t)
{
    return &t->effects;
}

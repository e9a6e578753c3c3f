#include "script.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define ASKED_MAX 64u
#define HEIGHT_MIN 8u /* that five sound nodes reach in a script */

struct asked {
    enum signing_kind kind;
    uint64_t serial;
    uint8_t signature[SIGNATURE_BYTES];
};

struct member_node {
    struct node *node;
    struct effects *out;
    uint64_t timer_ms;
    uint64_t stored;
    uint32_t asked_count;
    struct asked asked[ASKED_MAX];
};

struct letter {
    uint64_t at_ms;
    uint32_t from;
    uint32_t to;
    size_t size_bytes;
    uint8_t *bytes;
    struct letter *next;
};

struct company {
    struct script *script;
    uint64_t now_ms;
    struct member_node member[SCRIPT_MEMBERS];
    struct letter *first; /* in the order of their times, which is that of their sending */
    struct letter **last;
};

struct input script_input(enum input_kind kind, uint64_t now_ms)
{
    return (struct input){.kind = kind,
                          .now_ms = now_ms,
                          .unix_ms = SCRIPT_UNIX_MS + (now_ms - SCRIPT_BEGIN_MS),
                          .random = SCRIPT_RANDOM};
}

bool script_finding(uint32_t index, struct finding *f)
{
    static const uint32_t ids[] = {6, 10, 15, 16, 19, 23}; /* the machine's minimum set */
    if (index >= sizeof ids / sizeof ids[0]) {
        return false;
    }
    finding_begin(f, ids[index]);
    f->result = RESULT_OK;
    return true;
}

static void found(struct script *s)
{
    struct founding *f = &s->founding;
    *f = (struct founding){.name = "flips",
                           .founded_ms = SCRIPT_UNIX_MS - 1000,
                           .timing = timing_default(),
                           .malfunctioning_max = MEMBERS_MAX,
                           .audit_required = true,
                           .member_count = SCRIPT_MEMBERS};
    f->timing.tick_ms = SCRIPT_TICK_MS;
    f->timing.delta_ms = 50;
    f->timing.gather_ms = 15;
    f->timing.patience_ms = 2000;
    for (uint32_t i = 0; i < SCRIPT_MEMBERS; i++) {
        struct founding_member *m = &f->members[i];
        uint8_t seed[IDENTITY_SEED_BYTES];
        memset(seed, (int)i + 1, sizeof seed);
        key_pair_from_seed(&s->key[i], seed);
        snprintf(m->name, sizeof m->name, "m%u", i);
        snprintf(m->address, sizeof m->address, "127.0.0.1:%u", 7000 + i);
        m->role = i < 3 ? ROLE_NODE : ROLE_WITNESS;
        memcpy(m->transport_key, s->key[i].public_key, sizeof m->transport_key);
        memcpy(m->vote_key, s->key[i].public_key, sizeof m->vote_key);
    }
    s->cluster_id = founding_id(f);
}

struct node_options script_options(const struct script *s, uint32_t member)
{
    return (struct node_options){.founding = s->founding,
                                 .self = member,
                                 .incarnation = 7 + member,
                                 .nonce = 0x5bd1e9955bd1e995u + member};
}

static void send_to(struct company *c, uint32_t from, uint32_t to, const uint8_t *bytes,
                    size_t size_bytes)
{
    struct letter *l = calloc(1, sizeof *l);
    assert(l != NULL);
    *l = (struct letter){
        .at_ms = c->now_ms + 1, .from = from, .to = to, .size_bytes = size_bytes};
    l->bytes = malloc(size_bytes);
    assert(l->bytes != NULL);
    memcpy(l->bytes, bytes, size_bytes);
    *c->last = l;
    c->last = &l->next;
}

static void sign(struct company *c, uint32_t member, const struct effect *e)
{
    struct member_node *m = &c->member[member];
    assert(m->asked_count < ASKED_MAX);
    struct asked *asked = &m->asked[m->asked_count++];
    const struct statement statement = {.domain = e->signing.domain,
                                        .cluster_id = c->script->cluster_id.bytes,
                                        .body = m->out->outbox + e->body.offset,
                                        .body_size_bytes = e->body.size_bytes};
    asked->kind = e->signing.kind;
    asked->serial = e->serial;
    signer_sign(&c->script->key[member], &statement, asked->signature);
}

static void perform(struct company *c, uint32_t member)
{
    struct member_node *m = &c->member[member];
    m->timer_ms = m->out->timer_ms;
    for (uint32_t i = 0; i < m->out->count; i++) {
        const struct effect *e = &m->out->list[i];
        const uint8_t *bytes = m->out->outbox + e->body.offset;
        assert(e->kind != EFFECT_NEUTER);
        if (e->kind == EFFECT_SIGN) {
            sign(c, member, e);
        } else if (e->kind == EFFECT_PERSIST || e->kind == EFFECT_STORE_BLOCK) {
            m->stored = e->serial;
        } else if (e->kind == EFFECT_SEND || e->kind == EFFECT_PROBE) {
            send_to(c, member, e->member, bytes, e->body.size_bytes);
        } else if (e->kind == EFFECT_BROADCAST || e->kind == EFFECT_HEARTBEAT) {
            for (uint32_t k = 0; k < SCRIPT_MEMBERS; k++) {
                if (k != member) {
                    send_to(c, member, k, bytes, e->body.size_bytes);
                }
            }
        }
    }
}

static void step(struct company *c, uint32_t member, struct input in)
{
    node_step(c->member[member].node, &in, c->member[member].out);
    perform(c, member);
}

/* As the daemon does it: one input, then all signatures, the last asked for first; and here all
 * that was written is durable at once. */
static void take_in(struct company *c, uint32_t member, struct input in)
{
    struct member_node *m = &c->member[member];
    step(c, member, in);
    while (m->asked_count > 0 || m->stored > 0) {
        if (m->asked_count > 0) {
            const struct asked asked = m->asked[--m->asked_count];
            struct input told = script_input(INPUT_SIGNED, c->now_ms);
            told.signing = asked.kind;
            told.serial = asked.serial;
            told.signature = asked.signature;
            step(c, member, told);
        } else {
            struct input told = script_input(INPUT_STORED, c->now_ms);
            told.serial = m->stored;
            m->stored = 0;
            step(c, member, told);
        }
    }
}

static void write_down(struct script *s, const struct letter *l)
{
    if (s->count == s->room) {
        s->room = s->room == 0 ? 1024 : 2 * s->room;
        s->heard = realloc(s->heard, s->room * sizeof *s->heard);
        assert(s->heard != NULL);
    }
    uint8_t *bytes = malloc(l->size_bytes);
    assert(bytes != NULL);
    memcpy(bytes, l->bytes, l->size_bytes);
    s->heard[s->count++] = (struct heard){
        .at_ms = l->at_ms, .member = l->from, .size_bytes = l->size_bytes, .bytes = bytes};
}

static void deliver(struct company *c)
{
    while (c->first != NULL && c->first->at_ms <= c->now_ms) {
        struct letter *l = c->first;
        struct input in = script_input(INPUT_MESSAGE, c->now_ms);
        in.member = l->from;
        in.bytes = l->bytes;
        in.size_bytes = l->size_bytes;
        if (l->to == SCRIPT_VICTIM) {
            write_down(c->script, l);
        }
        take_in(c, l->to, in);
        c->first = l->next;
        if (c->first == NULL) {
            c->last = &c->first;
        }
        free(l->bytes);
        free(l);
    }
}

static void examine(struct company *c, uint32_t member)
{
    struct finding f;
    for (uint32_t i = 0; script_finding(i, &f); i++) {
        struct input in = script_input(INPUT_FINDING, c->now_ms);
        in.finding = &f;
        take_in(c, member, in);
    }
}

static void start(struct company *c, uint32_t member)
{
    struct member_node *m = &c->member[member];
    const struct node_options options = script_options(c->script, member);
    const struct input now = script_input(INPUT_TIMER, c->now_ms);
    m->node = calloc(1, sizeof *m->node);
    m->out = calloc(1, sizeof *m->out);
    assert(m->node != NULL && m->out != NULL);
    node_init(m->node, &options);
    node_resume(m->node, &now, NULL, 0, CAUSE_NONE, m->out);
    perform(c, member);
    take_in(c, member, now);
}

/* The world is no part of a victim: what it tells lies where nothing can be written, and so
 * where no bit is flipped. One whose hour was changed would never come, and what its victim
 * then says rightly nobody sound has said. */
static void seal(struct script *s)
{
    const size_t list_bytes = s->count * sizeof *s->heard;
    s->sealed_bytes = list_bytes;
    for (uint32_t i = 0; i < s->count; i++) {
        s->sealed_bytes += s->heard[i].size_bytes;
    }
    void *memory =
        mmap(NULL, s->sealed_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert(memory != MAP_FAILED);
    uint8_t *next = (uint8_t *)memory + list_bytes;
    for (uint32_t i = 0; i < s->count; i++) {
        struct heard *h = &s->heard[i];
        memcpy(next, h->bytes, h->size_bytes);
        free(h->bytes);
        h->bytes = next;
        next += h->size_bytes;
    }
    memcpy(memory, s->heard, list_bytes);
    free(s->heard);
    s->heard = memory;
    const int failed = mprotect(memory, s->sealed_bytes, PROT_READ);
    assert(failed == 0);
}

void script_record(struct script *s)
{
    struct company c = {.script = s, .now_ms = SCRIPT_BEGIN_MS};
    memset(s, 0, sizeof *s);
    c.last = &c.first;
    found(s);
    for (uint32_t i = 0; i < SCRIPT_MEMBERS; i++) {
        start(&c, i);
    }
    for (; c.now_ms < SCRIPT_BEGIN_MS + SCRIPT_MS; c.now_ms++) {
        deliver(&c);
        for (uint32_t i = 0; i < SCRIPT_MEMBERS; i++) {
            if ((c.now_ms - SCRIPT_BEGIN_MS) % SCRIPT_TICK_MS == 0) {
                examine(&c, i);
            }
            if (c.member[i].timer_ms <= c.now_ms) {
                take_in(&c, i, script_input(INPUT_TIMER, c.now_ms));
            }
        }
    }
    assert(c.member[SCRIPT_VICTIM].node->deciding.cluster.height >= HEIGHT_MIN);
    for (struct letter *l = c.first; l != NULL; l = c.first) {
        c.first = l->next;
        free(l->bytes);
        free(l);
    }
    for (uint32_t i = 0; i < SCRIPT_MEMBERS; i++) {
        free(c.member[i].node);
        free(c.member[i].out);
    }
    seal(s);
}

void script_finish(struct script *s)
{
    munmap(s->heard, s->sealed_bytes);
}

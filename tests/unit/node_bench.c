#include "node_bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/node_parts.h"

struct key_pair bench_key(uint32_t member)
{
    uint8_t seed[IDENTITY_SEED_BYTES];
    struct key_pair pair;
    memset(seed, (int)member + 1, sizeof seed);
    key_pair_from_seed(&pair, seed);
    return pair;
}

static struct key_pair key_of_operator(void)
{
    const uint8_t seed[IDENTITY_SEED_BYTES] = {0x40};
    struct key_pair pair;
    key_pair_from_seed(&pair, seed);
    return pair;
}

static struct founding founding_of(uint32_t members, bool audit_required)
{
    struct founding f = {.name = "test",
                         .founded_ms = FOUNDED_MS,
                         .timing = timing_default(),
                         .malfunctioning_max = MEMBERS_MAX,
                         .audit_required = audit_required,
                         .member_count = members,
                         .operator_count = 1,
                         .operators = {{.name = "anna"}}};
    const struct key_pair anna = key_of_operator();
    memcpy(f.operators[0].key, anna.public_key, sizeof f.operators[0].key);
    for (uint32_t i = 0; i < members; i++) {
        struct founding_member *m = &f.members[i];
        const struct key_pair pair = bench_key(i);
        snprintf(m->name, sizeof m->name, "m%u", i);
        snprintf(m->address, sizeof m->address, "127.0.0.1:%u", 7000 + i);
        m->role = i < 3 ? ROLE_NODE : ROLE_WITNESS;
        memcpy(m->transport_key, pair.public_key, sizeof m->transport_key);
        memcpy(m->vote_key, pair.public_key, sizeof m->vote_key);
    }
    return f;
}

static struct bench bench_founded(const struct founding *f)
{
    struct bench b = {
        .node = calloc(1, sizeof *b.node), .out = calloc(1, sizeof *b.out), .now_ms = 1000000};
    const struct node_options options = {
        .founding = *f, .self = 0, .incarnation = 7, .nonce = 9};
    const struct input now = {.now_ms = b.now_ms, .unix_ms = FOUNDED_MS + 100000};
    for (uint32_t i = 0; i < BLOCKS_KEPT; i++) {
        b.blocks[i] = malloc(MESSAGE_BYTES_MAX);
    }
    node_init(b.node, &options);
    node_resume(b.node, &now, NULL, 0, CAUSE_NONE, b.out);
    b.node->deciding.links.listening = 0; /* it has, and runs nowhere else */
    node_seal_first(b.node);
    return b;
}

struct bench bench_unexamined(uint32_t members, bool audit_required)
{
    const struct founding f = founding_of(members, audit_required);
    return bench_founded(&f);
}

struct bench bench_named(uint32_t members, bool exclusive)
{
    struct founding f = founding_of(members, false);
    f.name_count = 1;
    f.names[0] =
        (struct founding_name){.name = "www.example.org", .owner = 0, .exclusive = exclusive};
    struct bench b = bench_founded(&f);
    bench_examine(&b, RESULT_OK);
    return b;
}

struct bench bench_of(uint32_t members, bool audit_required)
{
    struct bench b = bench_unexamined(members, audit_required);
    bench_examine(&b, RESULT_OK);
    return b;
}

void bench_examine(struct bench *b, enum reference_result result)
{
    static const uint32_t ids[] = {6, 10, 15, 16, 19, 23}; /* the machine's minimum set */
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        bench_find_out(b, ids[i], result);
    }
}

void bench_find_out(struct bench *b, uint32_t id, enum reference_result result)
{
    struct finding f;
    finding_begin(&f, id);
    f.result = result;
    bench_step(b, (struct input){.kind = INPUT_FINDING, .finding = &f});
    bench_perform(b);
}

void bench_finish(struct bench *b)
{
    for (uint32_t i = 0; i < BLOCKS_KEPT; i++) {
        free(b->blocks[i]);
    }
    free(b->node);
    free(b->out);
}

void bench_step(struct bench *b, struct input in)
{
    in.now_ms = b->now_ms;
    in.unix_ms = FOUNDED_MS + 100000 + (b->now_ms - 1000000);
    in.random = SEED;
    node_step(b->node, &in, b->out);
}

const struct effect *bench_find(const struct bench *b, enum effect_kind kind)
{
    for (uint32_t i = 0; i < b->out->count; i++) {
        if (b->out->list[i].kind == kind) {
            return &b->out->list[i];
        }
    }
    return NULL;
}

const struct note *bench_find_note(const struct bench *b, enum note_kind kind)
{
    for (uint32_t i = 0; i < b->out->count; i++) {
        const struct effect *e = &b->out->list[i];
        if (e->kind == EFFECT_NOTE && e->note.kind == kind) {
            return &e->note;
        }
    }
    return NULL;
}

void bench_hear(struct bench *b, uint32_t member)
{
    static uint8_t bytes[MESSAGE_BYTES_MAX];
    struct message m = {.kind = MESSAGE_HEARTBEAT};
    m.heartbeat.height = 1;
    m.heartbeat.incarnation = 100 + member;
    m.heartbeat.unix_ms = FOUNDED_MS + 100000 + (b->now_ms - 1000000);
    m.heartbeat.sequence = (uint32_t)((b->now_ms - 1000000) / 100);
    m.heartbeat.count = b->node->deciding.cluster.member_count;
    m.heartbeat.own = b->own[member];
    m.heartbeat.serve = b->serve[member];
    for (uint32_t i = 0; i < m.heartbeat.count; i++) {
        m.heartbeat.echo[i].heard = 20; /* it misses nothing of anybody */
    }
    m.heartbeat.echo[0].run = (uint32_t)b->node->deciding.options.incarnation;
    m.heartbeat.echo[0].sequence = b->node->deciding.links.sequence;
    const size_t size_bytes = message_encode(&m, bytes);
    bench_step(b, (struct input){.kind = INPUT_MESSAGE,
                                 .member = member,
                                 .bytes = bytes,
                                 .size_bytes = size_bytes});
}

static void sign(struct bench *b, const struct effect *e)
{
    const struct key_pair key = bench_key(0);
    const struct statement statement = {
        .domain = e->signing.domain,
        .cluster_id = b->node->deciding.cluster.id.bytes,
        .body = b->out->outbox + e->body.offset,
        .body_size_bytes = e->body.size_bytes,
    };
    struct asked *asked = &b->asked[b->asked_count++];
    asked->kind = e->signing.kind;
    asked->serial = e->serial;
    signer_sign(&key, &statement, asked->signature);
}

static void keep_sent(struct bench *b, const struct effect *e)
{
    struct message m;
    const uint8_t *bytes = b->out->outbox + e->body.offset;
    const bool kept = bytes[0] == MESSAGE_CHALLENGE || bytes[0] == MESSAGE_ANSWER;
    if (!kept || !message_decode(&m, bytes, e->body.size_bytes)) {
        return;
    }
    struct sent *s = &b->sent[b->sent_count++ % SENT_MAX];
    *s = (struct sent){.kind = m.kind, .to = e->member};
    if (m.kind == MESSAGE_CHALLENGE) {
        s->subject = m.challenge.subject;
        s->nonce = m.challenge.nonce;
    } else {
        s->subject = m.answer.author;
        s->nonce = m.answer.nonce;
        s->answer = m.answer;
    }
}

void bench_perform(struct bench *b)
{
    for (uint32_t i = 0; i < b->out->count; i++) {
        const struct effect *e = &b->out->list[i];
        if (e->kind == EFFECT_PERSIST || e->kind == EFFECT_STORE_BLOCK) {
            b->serial = e->serial;
        }
        if (e->kind == EFFECT_STORE_BLOCK && b->block_count < BLOCKS_KEPT) {
            b->block_bytes[b->block_count] = e->body.size_bytes;
            memcpy(b->blocks[b->block_count++], b->out->outbox + e->body.offset,
                   e->body.size_bytes);
        }
        if (e->kind == EFFECT_RESIGNATION) {
            b->resignation_bytes[e->resigned] = e->body.size_bytes;
            memcpy(b->resignation[e->resigned], b->out->outbox + e->body.offset,
                   e->body.size_bytes);
        }
        if (e->kind == EFFECT_SEND) {
            keep_sent(b, e);
        }
        if (e->kind == EFFECT_SIGN) {
            sign(b, e);
        }
        b->ended += e->kind == EFFECT_WORK_STOP ? 1 : 0;
        if (e->kind == EFFECT_NAME) {
            b->naming = e->naming;
            b->naming_serial = e->serial;
            b->namings++;
        }
        if (e->kind == EFFECT_WORK) {
            b->work = e->work;
            b->works++;
        }
    }
}

void bench_settle(struct bench *b)
{
    bench_perform(b);
    for (uint32_t rounds = 0; rounds < 40 && (b->asked_count > 0 || b->serial > 0); rounds++) {
        if (b->asked_count > 0) {
            const struct asked asked = b->asked[--b->asked_count];
            bench_step(b, (struct input){.kind = INPUT_SIGNED,
                                         .signing = asked.kind,
                                         .serial = asked.serial,
                                         .signature = b->refuses ? NULL : asked.signature});
        } else {
            const uint64_t serial = b->serial;
            b->serial = 0;
            bench_step(b, (struct input){.kind = INPUT_STORED, .serial = serial});
        }
        bench_perform(b);
    }
}

void bench_run_alone(struct bench *b, uint64_t until_ms)
{
    while (b->now_ms < until_ms) {
        bench_step(b, (struct input){.kind = INPUT_TIMER});
        bench_settle(b);
        b->now_ms += 10;
    }
}

size_t bench_order(const struct bench *b, const struct operator_command *order,
                   uint8_t bytes[static COMMAND_BYTES_MAX])
{
    const struct key_pair anna = key_of_operator();
    struct command c = {.kind = COMMAND_OPERATOR, .author = MEMBERS_MAX, .by_operator = *order};
    command_sign(&c, &b->node->deciding.cluster.id, &anna);
    return command_encode(&c, bytes);
}

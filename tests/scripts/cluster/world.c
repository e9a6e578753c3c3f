#include "world.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

struct world_options world_options(uint32_t nodes, uint32_t witnesses)
{
    return (struct world_options){
        .nodes = nodes,
        .witnesses = witnesses,
        .timing = timing_default(),
        .malfunctioning_max = MEMBERS_MAX,
        .audit_required = true,
    };
}

static void found_member(struct founding *f, uint32_t member, const struct world_options *o,
                         const struct key_pair *key)
{
    struct founding_member *m = &f->members[member];
    m->role = member < o->nodes ? ROLE_NODE : ROLE_WITNESS;
    snprintf(m->name, sizeof m->name, "%s%u", m->role == ROLE_NODE ? "node" : "witness",
             member);
    snprintf(m->address, sizeof m->address, "127.0.0.1:%u", 7100 + member);
    memcpy(m->vote_key, key->public_key, sizeof m->vote_key);
    memcpy(m->transport_key, key->public_key, sizeof m->transport_key);
}

void world_found(struct world *w, const struct world_options *o)
{
    memset(w, 0, sizeof *w);
    struct founding f = {
        .name = "test",
        .founded_ms = WORLD_FOUNDED_MS,
        .timing = o->timing,
        .malfunctioning_max = o->malfunctioning_max,
        .audit_required = o->audit_required,
        .observes = o->observes,
        .members_min = o->members_min,
        .member_count = o->nodes + o->witnesses,
    };
    for (uint32_t i = 0; i < MEMBERS_MAX; i++) { /* also of those who come later */
        w->incarnation[i] = 1;
    }
    for (uint32_t i = 0; i < f.member_count; i++) {
        const uint8_t seed[IDENTITY_SEED_BYTES] = {(uint8_t)(i + 1)};
        key_pair_from_seed(&w->keys[i], seed);
        found_member(&f, i, o, &w->keys[i]);
    }
    f.name_count = o->names;
    for (uint32_t k = 0; k < f.name_count; k++) {
        snprintf(f.names[k].name, sizeof f.names[k].name, "name%u", k);
        f.names[k].owner = k % f.member_count;
        f.names[k].exclusive = k + o->shared_names < o->names;
    }
    f.operator_count = 2;
    for (uint32_t i = 0; i < OPERATORS_MAX;
         i++) { /* the others are persons without a key in it */
        const uint8_t seed[IDENTITY_SEED_BYTES] = {0x80, (uint8_t)(i + 1)};
        struct key_pair *key = &w->keys[MEMBERS_MAX + i];
        key_pair_from_seed(key, seed);
        if (i < f.operator_count) {
            snprintf(f.operators[i].name, sizeof f.operators[i].name, "operator%u", i);
            memcpy(f.operators[i].key, key->public_key, sizeof f.operators[i].key);
        }
    }
    cluster_found(&w->cluster, &f);
}

struct command world_command(const struct world *w, uint32_t member, enum command_kind kind)
{
    assert(member < w->cluster.member_count);
    return (struct command){
        .kind = kind,
        .author = member,
        .term = w->cluster.member[member].term,
    };
}

struct command world_attest(struct world *w, uint32_t member)
{
    const struct cluster *c = &w->cluster;
    struct command command = world_command(w, member, COMMAND_ATTEST);
    command.attest = (struct attest){
        .incarnation = w->incarnation[member],
        .seq = ++w->seq[member],
        .tick = c->tick,
        .height = c->height,
        .digest = cluster_state_hash(c),
        .score = 100,
        .version_low = PROTOCOL_OLDEST,
        .version_high = PROTOCOL_NEWEST,
        .ranked = c->member_count,
    };
    for (uint32_t i = 0; i < c->member_count; i++) {
        command.attest.ranking[i] = (uint8_t)i;
    }
    return command;
}

struct window_digest world_digest(uint8_t byte)
{
    struct window_digest digest;
    memset(digest.bytes, byte, sizeof digest.bytes);
    return digest;
}

void world_say_bytes(struct world *w, const uint8_t *bytes, size_t size_bytes)
{
    assert(w->command_count < BLOCK_COMMANDS_MAX);
    assert(size_bytes <= BLOCK_BYTES_MAX - w->size_bytes);
    memcpy(w->bytes + w->size_bytes, bytes, size_bytes);
    w->commands[w->command_count++] =
        (struct block_span){.offset = w->size_bytes, .size_bytes = (uint32_t)size_bytes};
    w->size_bytes += (uint32_t)size_bytes;
}

void world_say(struct world *w, struct command *command)
{
    uint8_t bytes[COMMAND_BYTES_MAX];
    command_sign(command, &w->cluster.id, &w->keys[command->author]);
    world_say_bytes(w, bytes, command_encode(command, bytes));
}

struct block world_make_block(const struct world *w, uint64_t at_ms)
{
    const struct cluster *c = &w->cluster;
    struct block block = {
        .header =
            {
                .height = c->height + 1,
                .parent = c->block,
                .time_ms = WORLD_FOUNDED_MS + at_ms,
                .state = cluster_state_hash(c),
                .version = c->version,
            },
        .bytes = w->bytes,
        .size_bytes = w->size_bytes,
        .command_count = w->command_count,
    };
    block.hash = hash_of("test/block", &block.header, sizeof block.header);
    memcpy(block.commands, w->commands, sizeof block.commands);
    return block;
}

void world_block(struct world *w, uint64_t at_ms)
{
    const struct block block = world_make_block(w, at_ms);
    memset(&w->notes, 0, sizeof w->notes);
    cluster_apply(&w->cluster, &block, &w->notes);
    w->command_count = 0;
    w->size_bytes = 0;
}

uint64_t world_now_ms(const struct world *w)
{
    return w->cluster.time_ms - WORLD_FOUNDED_MS;
}

void world_tick(struct world *w, uint32_t except)
{
    for (uint32_t i = 0; i < w->cluster.member_count; i++) {
        if (cluster_is_voter(&w->cluster, i) && (except >> i & 1) == 0) {
            struct command attest = world_attest(w, i);
            world_say(w, &attest);
        }
    }
    const uint64_t tick_ms = w->cluster.timing.tick_ms;
    world_block(w, (world_now_ms(w) / tick_ms + 1) * tick_ms);
}

#include "tests/api/scene.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/node_parts.h"

#define RUNS_FOR_MS 3600000u
#define TICK 1000u

static const char *const names[SCENE_MEMBERS] = {"atlas", "helios", "selene", "argus",
                                                 "themis"};

static struct key_pair key_of(uint32_t member)
{
    uint8_t seed[IDENTITY_SEED_BYTES];
    struct key_pair pair;
    memset(seed, (int)member + 1, sizeof seed);
    key_pair_from_seed(&pair, seed);
    return pair;
}

struct founding scene_founding(uint32_t members)
{
    struct founding f = {.name = "prod-eu",
                         .founded_ms = SCENE_UNIX_MS - 86400000u,
                         .timing = timing_default(),
                         .malfunctioning_max = MEMBERS_MAX,
                         .audit_required = true,
                         .member_count = members};
    for (uint32_t i = 0; i < members; i++) {
        struct founding_member *m = &f.members[i];
        const struct key_pair pair = key_of(i);
        snprintf(m->name, sizeof m->name, "%s", names[i]);
        snprintf(m->address, sizeof m->address, "127.0.0.1:%u", 23900 + i);
        m->role = i < ARGUS ? ROLE_NODE : ROLE_WITNESS;
        memcpy(m->transport_key, pair.public_key, sizeof m->transport_key);
        memcpy(m->vote_key, pair.public_key, sizeof m->vote_key);
    }
    return f;
}

static void fill_member(struct deciding *d, uint32_t member, uint64_t now_ms)
{
    struct cluster *c = &d->cluster;
    struct peer_view *p = &d->peer[member];
    detector_init(&p->detector, c->timing.heartbeat_ms, c->timing.suspicion, now_ms);
    p->ever_heard = member != d->options.self;
    d->heard |= 1u << member;
    d->simplex.peers[member].height = d->simplex.height;
    c->latest[member] = (struct attested){.incarnation = 1,
                                          .seq = 1,
                                          .tick = c->tick,
                                          .height = c->height,
                                          .decided_ms = c->time_ms,
                                          .score = 100};
    c->record[member].run = c->timing.record_ticks;
    c->no_electorate_ms = 0;
    c->record[member].next = c->tick;
}

/* Examined by all references, and well. */
static void examine(struct deciding *d, uint64_t now_ms)
{
    const struct diagnosis_setting setting = {.now_ms = now_ms, .machine = true};
    for (uint32_t id = 1; id <= REFERENCES_MAX; id++) {
        struct finding f;
        finding_begin(&f, id);
        finding_set(&f, RESULT_OK, 0);
        diagnosis_take(&d->diagnosis, &f, &setting);
    }
    d->examined = true;
}

static void fill_cluster(struct cluster *c, uint32_t members, uint64_t unix_ms)
{
    const uint64_t window_ms = (uint64_t)c->timing.window_s * 1000;
    const uint64_t grace_ms = (uint64_t)c->timing.grace_s * 1000;
    c->height = SCENE_HEIGHT;
    c->time_ms = unix_ms - 1000;
    c->tick = TICK;
    c->tick_start_ms = c->time_ms;
    c->last_fence = SCENE_FENCE;
    c->windows.next = (unix_ms - grace_ms) / window_ms;
    c->grant = (struct grant){.fence = SCENE_FENCE,
                              .leader = members > 1 ? HELIOS : ATLAS,
                              .auditor = members > 1 ? members - 1 : MEMBER_NONE,
                              .tier = 1,
                              .given_ms = unix_ms - 60000};
}

void scene_init(struct agent *a, uint32_t members, uint64_t now_ms, uint64_t unix_ms)
{
    const struct node_options options = {.founding = scene_founding(members),
                                         .self = ATLAS,
                                         .incarnation = 0xabcdef0100000000u,
                                         .nonce = 9};
    *a = (struct agent){.lock = -1};
    a->config.founding = options.founding;
    snprintf(a->config.name, sizeof a->config.name, "atlas");
    a->node = calloc(1, sizeof *a->node);
    node_init(a->node, &options);
    struct deciding *d = &a->node->deciding;
    fill_cluster(&d->cluster, members, unix_ms);
    d->now_ms = now_ms;
    d->unix_ms = unix_ms;
    d->started_ms = now_ms - RUNS_FOR_MS;
    d->quorum_since_ms = d->started_ms;
    d->decided_ms = now_ms - 1000;
    d->quorum_heard = true;
    examine(d, now_ms);
    d->simplex.height = SCENE_HEIGHT + 1;
    for (uint32_t i = 0; i < members; i++) {
        fill_member(d, i, now_ms);
    }
}

void scene_finish(struct agent *a)
{
    free(a->node);
    a->node = NULL;
}

void scene_silence(struct agent *a, uint32_t member, uint64_t for_ms)
{
    struct deciding *d = &a->node->deciding;
    d->heard &= ~(1u << member);
    d->suspected |= 1u << member;
    d->peer[member].detector.heard_ms = d->now_ms - for_ms;
    uint32_t heard = 0;
    for (uint32_t i = 0; i < d->cluster.member_count; i++) {
        heard += cluster_is_voter(&d->cluster, i) ? d->heard >> i & 1 : 0;
    }
    d->quorum_heard = heard >= cluster_quorum(&d->cluster).needed;
    d->cluster.latest[member].decided_ms = d->unix_ms - for_ms - 1000;
}

void scene_accuse(struct agent *a, uint32_t accuser, uint32_t member)
{
    a->node->deciding.cluster.latest[accuser].silent |= 1u << member;
}

static size_t assemble(const struct agent *a, uint32_t number, uint32_t signers,
                       char out[static JWS_TEXT_MAX])
{
    const struct cluster *c = &a->node->deciding.cluster;
    uint8_t signatures[MEMBERS_MAX][SIGNATURE_BYTES];
    for (uint32_t i = 0; i < c->member_count; i++) {
        uint8_t input[JWS_INPUT_MAX];
        const struct key_pair pair = key_of(i);
        const struct statement statement = {.domain = SIGNER_JWS,
                                            .cluster_id = c->id.bytes,
                                            .body = input,
                                            .body_size_bytes =
                                                node_tokens_input(c, number, i, input)};
        signer_sign(&pair, &statement, signatures[i]);
    }
    return node_tokens_assemble(c, number, signers, signatures[0], out);
}

size_t scene_token(const struct agent *a, uint32_t member, uint32_t signers,
                   char out[static JWS_TEXT_MAX])
{
    return assemble(a, node_tokens_of(&a->node->deciding.cluster, member), signers, out);
}

void scene_issue(struct agent *a)
{
    struct deciding *d = &a->node->deciding;
    struct credentials *own = &a->credentials;
    const uint32_t all = (1u << d->cluster.member_count) - 1;
    struct jws jws;
    call_review(&d->cluster, d->cluster.height);
    d->token.height = d->cluster.call.height;
    for (uint32_t i = 0; i < 2; i++) {
        d->token.part[i].signers = d->token.part[i].told = all;
    }
    own->token =
        (struct credential){.height = d->token.height, .signers = d->cluster.member_count};
    own->trust = own->token;
    own->token.size_bytes = scene_token(a, ATLAS, all, own->token.text);
    own->trust.size_bytes =
        assemble(a, node_tokens_count(&d->cluster) - 1, all, own->trust.text);
    const bool read = jws_read(&jws, JWS_TOKEN, own->token.text, own->token.size_bytes) &&
                      token_read(&own->claims, jws.payload, jws.payload_bytes);
    assert(read);
    (void)read;
}

void scene_remove(struct agent *a, uint32_t member)
{
    struct cluster *c = &a->node->deciding.cluster;
    c->height++;
    c->time_ms++;
    c->member[member].standing = STANDING_SUSPENDED;
    c->member[member].since_ms = c->time_ms;
    c->member[member].good_until_ms = c->time_ms;
    c->member[member].term++;
}

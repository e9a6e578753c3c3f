#include "agent/credentials.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/node_parts.h"

static void keep(const struct agent *a, const struct effect *e, enum jws_type type,
                 struct credential *out)
{
    out->height = e->height;
    out->size_bytes = e->body.size_bytes;
    out->signers = (uint32_t)__builtin_popcount(a->node->deciding.token.part[type].told);
    assert(out->size_bytes <= sizeof out->text);
    memcpy(out->text, a->effects->outbox + e->body.offset, out->size_bytes);
}

static void say_token(struct agent *a)
{
    const struct credential *t = &a->credentials.token;
    journal_sayf(&a->journal, WORDS_INFO, "OST-8001", "token_issued", agent_name(a),
                 "%s has its token of height %" PRIu64 ", good for %" PRIu32 " s, signed by "
                 "%" PRIu32 " members",
                 agent_name(a), t->height, a->node->deciding.cluster.timing.ttl_s, t->signers);
}

/* A database that was set back may lead here; whoever has seen more must not be told less. */
static void take_trust(struct agent *a, const struct effect *e)
{
    struct credentials *own = &a->credentials;
    if (e->height < own->held_height) {
        journal_sayf(&a->journal, WORDS_WARNING, "OST-8006", "trust_older", agent_name(a),
                     "a trust bundle of height %" PRIu64 " is older than the one of height "
                     "%" PRIu64 " that this member has seen, and refused",
                     e->height, own->held_height);
        return;
    }
    keep(a, e, JWS_TRUST, &own->trust);
    own->held_height = e->height;
    credentials_put_trust(a);
}

void credentials_take(struct agent *a, const struct effect *e)
{
    struct credentials *own = &a->credentials;
    struct jws jws;
    if (e->kind == EFFECT_TRUST) {
        take_trust(a, e);
        return;
    }
    const bool is_new = own->token.height != e->height;
    keep(a, e, JWS_TOKEN, &own->token);
    const bool read = jws_read(&jws, JWS_TOKEN, own->token.text, own->token.size_bytes) &&
                      token_read(&own->claims, jws.payload, jws.payload_bytes);
    assert(read); /* our own encoding */
    (void)read;
    if (is_new) { /* not of signatures that were added */
        say_token(a);
    }
    credentials_put_token(a);
}

void credentials_watch(struct agent *a)
{
    struct credentials *own = &a->credentials;
    const struct member *m = &a->node->deciding.cluster.member[a->config.member];
    const uint32_t term = own->token.height != 0 ? own->claims.term : own->disk_term;
    const bool has = own->token.height != 0 || own->on_disk;
    credentials_retry(a);
    if (!has || (m->standing == STANDING_GOOD && m->term == term)) {
        return;
    }
    journal_sayf(&a->journal, WORDS_NOTICE, "OST-8002", "token_laid_down", agent_name(a),
                 "%s lays its token down: it is of a standing that is over", agent_name(a));
    memset(&own->token, 0, sizeof own->token);
    memset(&own->claims, 0, sizeof own->claims);
    credentials_put_token(a);
    own->on_disk = false;
}

const char *credentials_unable(const struct agent *a)
{
    const struct deciding *d = &a->node->deciding;
    if (neuter_is(&a->neuter) || a->neuter.begun || d->damaged || d->options.neutered) {
        return "This agent is neutered: it vouches for nobody.";
    }
    if (!cluster_is_voter(&d->cluster, d->options.self)) {
        return "This agent's member is not in good standing: it vouches for nobody.";
    }
    if (d->silent) {
        return "This agent signs nothing now, as it may be unfit, and vouches for nobody.";
    }
    if (d->simplex.stopped) {
        return "This agent knows a history that contradicts the others'.";
    }
    if (d->simplex.needs != CHECKPOINT_NEED_NONE) {
        return "This agent waits for a checkpoint, and may have missed a removal.";
    }
    if (d->cluster.height == 0) {
        return "Nothing has been decided yet.";
    }
    if (d->simplex.catching_up || d->cluster.height < a->credentials.held_height) {
        return "This agent is behind the others, and may have missed a removal.";
    }
    if (node_may_have_missed(d, clock_monotonic_ms())) {
        return "This agent was started or stood still, and may have missed a removal.";
    }
    return NULL;
}

void credentials_trust(const struct agent *a, struct trust *out)
{
    const struct cluster *c = &a->node->deciding.cluster;
    node_tokens_trust(c, out);
    out->height = c->height;
    out->time_ms = c->time_ms;
}

/* Two clocks, of which either may say anything: a wrap is harmless. */
uint64_t credentials_now_ms(const struct agent *a)
{
    return clock_unix_ms() + (uint64_t)node_peers_median_offset_ms(&a->node->deciding);
}

uint64_t credentials_fooled_until_ms(const struct agent *a, uint32_t member)
{
    const struct cluster *c = &a->node->deciding.cluster;
    const struct member *m = &c->member[member];
    if (m->standing == STANDING_GOOD || m->good_until_ms == 0) {
        return 0; /* nothing is taken from it, or it never had a token */
    }
    return m->good_until_ms + (uint64_t)c->timing.ttl_s * 1000;
}

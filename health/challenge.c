#include "challenge.h"

#include <assert.h>
#include <string.h>

static uint64_t drawn_ms(const struct challenges *c, uint64_t random)
{
    return c->mean_ms / 2 + random % (c->mean_ms + 1);
}

void challenges_init(struct challenges *c, uint64_t mean_ms, uint64_t now_ms, uint64_t random)
{
    memset(c, 0, sizeof *c);
    c->mean_ms = mean_ms;
    for (uint32_t i = 0; i < PEERS_MAX; i++) {
        random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        c->member[i].work_due_ms = now_ms + drawn_ms(c, random >> 16);
    }
}

void challenge_suspect(struct challenges *c, uint32_t member, bool missed, uint64_t now_ms)
{
    assert(member < PEERS_MAX);
    struct challenged *m = &c->member[member];
    if (!missed) {
        m->suspicious_ms = 0;
        m->probe.asked_ms = 0;
        m->answered_ms = 0;
        m->probe_again_ms = 0;
    } else if (m->suspicious_ms == 0) {
        m->suspicious_ms = now_ms + 1;
    }
}

bool challenge_wants_probe(const struct challenges *c, uint32_t member, uint64_t now_ms)
{
    assert(member < PEERS_MAX);
    const struct challenged *m = &c->member[member];
    return m->suspicious_ms != 0 && now_ms >= m->probe_again_ms;
}

void challenge_probe(struct challenges *c, uint32_t member,
                     const uint8_t nonce[static CHALLENGE_NONCE_BYTES], uint64_t again_ms,
                     uint64_t now_ms)
{
    assert(member < PEERS_MAX);
    struct challenged *m = &c->member[member];
    /* The number stays while nobody answers, so that a late answer counts as one. */
    if (m->probe.asked_ms == 0) {
        memcpy(m->probe.nonce, nonce, sizeof m->probe.nonce);
        m->probe.asked_ms = now_ms + 1;
    }
    m->probe_again_ms = again_ms;
}

void challenge_probe_answered(struct challenges *c, uint32_t member, uint64_t now_ms)
{
    assert(member < PEERS_MAX);
    struct challenged *m = &c->member[member];
    if (m->probe.asked_ms == 0) {
        return;
    }
    m->answered_ms = now_ms + 1;
    m->probe.asked_ms = 0; /* asked again, under a new number, for as long as it is missed */
}

bool challenge_is_silent(const struct challenges *c, uint32_t member, uint64_t patience_ms,
                         uint64_t now_ms)
{
    assert(member < PEERS_MAX);
    const struct challenged *m = &c->member[member];
    return m->suspicious_ms != 0 && m->probe.asked_ms != 0 &&
           now_ms + 1 - m->probe.asked_ms >= patience_ms;
}

bool challenge_is_link_trouble(const struct challenges *c, uint32_t member)
{
    assert(member < PEERS_MAX);
    return c->member[member].suspicious_ms != 0 && c->member[member].answered_ms != 0;
}

bool challenge_wants_work(const struct challenges *c, uint32_t member, uint64_t now_ms)
{
    assert(member < PEERS_MAX);
    const struct challenged *m = &c->member[member];
    return m->work.asked_ms == 0 && now_ms >= m->work_due_ms;
}

void challenge_work(struct challenges *c, uint32_t member,
                    const uint8_t nonce[static CHALLENGE_NONCE_BYTES], uint64_t random,
                    uint64_t now_ms)
{
    assert(member < PEERS_MAX);
    struct challenged *m = &c->member[member];
    memcpy(m->work.nonce, nonce, sizeof m->work.nonce);
    m->work.asked_ms = now_ms + 1;
    m->work_due_ms = now_ms + drawn_ms(c, random);
}

void challenge_hasten_work(struct challenges *c, uint32_t member, uint64_t now_ms)
{
    assert(member < PEERS_MAX);
    c->member[member].work_due_ms = now_ms;
}

void challenge_work_answered(struct challenges *c, uint32_t member, bool right)
{
    assert(member < PEERS_MAX);
    struct challenged *m = &c->member[member];
    m->work.asked_ms = 0;
    m->unanswered = 0;
    m->wrong = m->wrong || !right;
}

void challenge_watch(struct challenges *c, uint32_t member, bool attests, uint64_t now_ms)
{
    assert(member < PEERS_MAX);
    struct challenged *m = &c->member[member];
    if (m->work.asked_ms == 0 || now_ms + 1 - m->work.asked_ms < CHALLENGE_PATIENCE_MS) {
        return;
    }
    m->work.asked_ms = 0;
    if (!attests) {
        m->unanswered = 0; /* it is silent, which is another matter */
    } else if (m->unanswered < CHALLENGE_UNANSWERED) {
        m->unanswered++;
    }
}

void challenge_forget(struct challenges *c, uint32_t member)
{
    challenge_excuse(c, member);
    c->member[member].wrong = false;
}

void challenge_excuse(struct challenges *c, uint32_t member)
{
    assert(member < PEERS_MAX);
    c->member[member].work.asked_ms = 0;
    c->member[member].unanswered = 0;
}

bool challenge_is_wrong(const struct challenges *c, uint32_t member)
{
    assert(member < PEERS_MAX);
    const struct challenged *m = &c->member[member];
    return m->wrong || m->unanswered >= CHALLENGE_UNANSWERED;
}

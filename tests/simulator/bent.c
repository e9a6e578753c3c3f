/* A machine that verifies or hashes wrongly, now and then or always (faults.md, F26 and F29).
 * What the core calls is wrapped by the linker, and bent while its node steps. */
#include "../../consensus/hash.h"
#include "../../tokens/signer.h"
#include "world.h"

#define IN_TIME_MS 12000u /* its canary is heard every ten seconds */

/* Of the node that is in a step; NULL: a sound machine. */
static struct world *bent_world;

/* The names are the linker's: -Wl,--wrap. NOLINTBEGIN(bugprone-reserved-identifier) */
bool __real_signature_verify(const uint8_t public_key[static IDENTITY_KEY_BYTES],
                             const struct statement *statement,
                             const uint8_t signature[static SIGNATURE_BYTES]);
bool __wrap_signature_verify(const uint8_t public_key[static IDENTITY_KEY_BYTES],
                             const struct statement *statement,
                             const uint8_t signature[static SIGNATURE_BYTES]);
struct hash __real_hash_of(const char *domain, const void *bytes, size_t size_bytes);
struct hash __wrap_hash_of(const char *domain, const void *bytes, size_t size_bytes);

static bool bends(uint32_t rate, enum fault fault)
{
    if (bent_world == NULL || !dice_chance(&bent_world->dice, rate)) {
        return false;
    }
    world_strike(bent_world, fault);
    return true;
}

bool __wrap_signature_verify(const uint8_t public_key[static IDENTITY_KEY_BYTES],
                             const struct statement *statement,
                             const uint8_t signature[static SIGNATURE_BYTES])
{
    const bool right = __real_signature_verify(public_key, statement, signature);
    if (right) {
        buffers_verified();
    }
    if (bent_world == NULL) {
        return right;
    }
    const struct plan *p = &bent_world->plan;
    return right ? !bends(p->bent_refuses, FAULT_BENT_REFUSES)
                 : bends(p->bent_accepts, FAULT_BENT_ACCEPTS);
}

struct hash __wrap_hash_of(const char *domain, const void *bytes, size_t size_bytes)
{
    struct hash hash = __real_hash_of(domain, bytes, size_bytes);
    if (bent_world != NULL && bends(bent_world->plan.bent_hashes, FAULT_BENT_HASHES)) {
        hash.bytes[dice_between(&bent_world->dice, 0, HASH_BYTES - 1)] ^= 4;
    }
    return hash;
}
/* NOLINTEND(bugprone-reserved-identifier) */

bool bent_is(const struct world *w, const struct station *s)
{
    return (w->plan.bent >> s->member & 1) != 0 && w->now_ms >= w->plan.bent_from_ms;
}

bool bent_has_twin(const struct world *w, const struct station *s)
{
    return (w->plan.bent >> s->member & 1) != 0 && w->plan.bent_hashes > 0;
}

void bent_begin(struct world *w, struct station *s)
{
    if (!bent_is(w, s)) {
        return;
    }
    bent_world = w;
    if (bent_has_twin(w, s) &&
        s->flipped_ms == 0) { /* what it computes is damage of that kind */
        s->flipped_ms = w->now_ms;
        s->computed = true;
    }
}

void bent_end(void)
{
    bent_world = NULL;
}

static bool has_found_out(const struct station *s)
{
    const struct deciding *d = &s->node->deciding;
    return !s->up || s->machine.neutered || d->damaged || d->silent || d->links.doubt.doubting;
}

void bent_judge(struct world *w, struct station *s)
{
    if (!bent_is(w, s) || w->failed || w->calm) { /* there somebody is cut off */
        return;
    }
    const uint32_t accused = s->node->deciding.own.silent;
    w->counters.check[CHECK_BENT_HARMLESS]++;
    for (uint32_t i = 0; i < w->station_count; i++) {
        if ((accused >> w->station[i].member & 1) != 0) {
            world_fail(w, CHECK_BENT_HARMLESS, "%s accuses %s", world_name(w, s->member),
                       world_name(w, w->station[i].member));
            return;
        }
    }
    const struct plan *p = &w->plan;
    const bool tells = p->bent_refuses > 0 || p->bent_accepts == 10000; /* at each canary */
    if (tells && w->now_ms >= p->bent_from_ms + IN_TIME_MS) {
        w->counters.check[CHECK_BENT_KNOWN]++;
        if (!has_found_out(s)) {
            world_fail(w, CHECK_BENT_KNOWN, "%s has noticed nothing in %u ms",
                       world_name(w, s->member), IN_TIME_MS);
        }
    }
}

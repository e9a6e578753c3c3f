#include "fleet.h"

#include <assert.h>
#include <string.h>

/* A certificate that some member has, and who else has it. */
struct holding {
    const struct fleet_certificate *certificate;
    uint32_t members;
    uint32_t count;
    uint64_t since_tick; /* from which on `company` have had it */
};

struct fleet {
    const struct fleet_member *members;
    uint32_t count;
    uint32_t company;
};

bool fleet_is_fit(const struct fleet_certificate *c)
{
    static const uint8_t none[FLEET_FINGERPRINT_BYTES];
    return memcmp(c->fingerprint, none, sizeof none) != 0;
}

static uint32_t bit(uint32_t member)
{
    return UINT32_C(1) << member;
}

/* Its place with this member; FLEET_CERTIFICATES_MAX: it does not watch this purpose. Of two
 * with one purpose the first counts. */
static uint32_t place_of(const struct fleet_member *m, const char *purpose)
{
    for (uint32_t i = 0; i < m->count; i++) {
        if (memcmp(m->certificate[i].purpose, purpose, FLEET_PURPOSE_BYTES) == 0) {
            return i;
        }
    }
    return FLEET_CERTIFICATES_MAX;
}

static const struct fleet_certificate *certificate_of(const struct fleet *f, uint32_t member,
                                                      const char *purpose)
{
    const struct fleet_member *m = &f->members[member];
    const uint32_t place = place_of(m, purpose);
    return place == FLEET_CERTIFICATES_MAX ? NULL : &m->certificate[place];
}

static bool is_same(const struct fleet_certificate *a, const struct fleet_certificate *b)
{
    return memcmp(a->fingerprint, b->fingerprint, FLEET_FINGERPRINT_BYTES) == 0;
}

/* A certificate has one expiry, but a liar may attest another beside its fingerprint: then the
 * order is by what was said, and equal ones by their bytes, on every member alike. */
static bool is_later(const struct fleet_certificate *a, const struct fleet_certificate *b)
{
    if (a->not_after_s != b->not_after_s) {
        return a->not_after_s > b->not_after_s;
    }
    return memcmp(a->fingerprint, b->fingerprint, FLEET_FINGERPRINT_BYTES) > 0;
}

/* From which tick on at least `company` of the holders have had it: the company-th smallest. */
static uint64_t since_tick_of(const struct fleet *f, const struct holding *h)
{
    for (uint32_t i = 0; i < f->count; i++) {
        if ((h->members & bit(i)) == 0) {
            continue;
        }
        const struct fleet_member *m = &f->members[i];
        const uint64_t tick = m->since_tick[place_of(m, h->certificate->purpose)];
        uint32_t not_later = 0;
        uint32_t earlier = 0;
        for (uint32_t k = 0; k < f->count; k++) {
            const struct fleet_member *other = &f->members[k];
            if ((h->members & bit(k)) != 0) {
                const uint64_t at = other->since_tick[place_of(other, h->certificate->purpose)];
                not_later += at <= tick;
                earlier += at < tick;
            }
        }
        if (not_later >= f->company && earlier < f->company) {
            return tick;
        }
    }
    return UINT64_MAX; /* they are fewer */
}

/* What counts for a holding is the expiry that its holders agree upon: of an expiry that one
 * alone attests beside everybody's fingerprint there is no company. */
static struct holding holding_of(const struct fleet *f, const struct fleet_certificate *c)
{
    struct holding h = {.certificate = c};
    for (uint32_t i = 0; i < f->count; i++) {
        const struct fleet_certificate *own = certificate_of(f, i, c->purpose);
        if (own != NULL && is_same(own, c) && own->not_after_s == c->not_after_s) {
            h.members |= bit(i);
            h.count++;
        }
    }
    h.since_tick = since_tick_of(f, &h);
    return h;
}

static void judge_overdue(const struct fleet *f, const struct holding *newest, uint64_t tick,
                          struct fleet_renewal *out)
{
    const bool long_ago =
        tick > newest->since_tick && tick - newest->since_tick > FLEET_PATIENCE_TICKS;
    for (uint32_t i = 0; long_ago && i < f->count; i++) {
        const struct fleet_certificate *own =
            certificate_of(f, i, newest->certificate->purpose);
        if (own == NULL || is_same(own, newest->certificate)) {
            continue;
        }
        if (!fleet_is_fit(own) || is_later(newest->certificate, own)) {
            out->overdue |= bit(i);
        }
    }
}

static void judge(const struct fleet *f, const char *purpose, uint64_t tick,
                  struct fleet_renewal *out)
{
    const struct fleet_certificate *latest = NULL;
    struct holding newest = {.certificate = NULL};
    memset(out, 0, sizeof *out);
    memcpy(out->purpose, purpose, sizeof out->purpose);
    for (uint32_t i = 0; i < f->count; i++) {
        const struct fleet_certificate *c = certificate_of(f, i, purpose);
        if (c == NULL) {
            continue;
        }
        out->watched |= bit(i);
        if (!fleet_is_fit(c)) {
            out->unfit |= bit(i);
            continue;
        }
        const struct holding h = holding_of(f, c);
        if (latest == NULL || is_later(c, latest)) {
            latest = c;
        }
        if (h.count >= f->company &&
            (newest.certificate == NULL || is_later(c, newest.certificate))) {
            newest = h;
        }
    }
    for (uint32_t i = 0; latest != NULL && i < f->count; i++) {
        const struct fleet_certificate *c = certificate_of(f, i, purpose);
        out->latest |= c != NULL && is_same(c, latest) ? bit(i) : 0;
        out->not_after_s = latest->not_after_s;
    }
    out->behind = out->watched & ~out->latest;
    if (newest.certificate != NULL) {
        judge_overdue(f, &newest, tick, out);
    }
}

static bool is_judged(const struct fleet_renewal *list, uint32_t count, const char *purpose)
{
    for (uint32_t i = 0; i < count; i++) {
        if (memcmp(list[i].purpose, purpose, FLEET_PURPOSE_BYTES) == 0) {
            return true;
        }
    }
    return false;
}

uint32_t fleet_renewals(const struct fleet_member *members, uint32_t count, uint32_t company,
                        uint64_t tick, struct fleet_renewal out[static FLEET_PURPOSES_MAX])
{
    const struct fleet f = {members, count, company};
    uint32_t judged = 0;
    assert(count <= FLEET_MEMBERS_MAX);
    assert(company >= 1);
    for (uint32_t i = 0; i < count; i++) {
        assert(members[i].count <= FLEET_CERTIFICATES_MAX);
        for (uint32_t k = 0; k < members[i].count; k++) {
            const char *purpose = members[i].certificate[k].purpose;
            if (judged < FLEET_PURPOSES_MAX && !is_judged(out, judged, purpose)) {
                judge(&f, purpose, tick, &out[judged++]);
            }
        }
    }
    return judged;
}

struct fleet_skew fleet_skew(const uint32_t *values, uint32_t count)
{
    struct fleet_skew skew = {0, 0};
    uint32_t most = 0;
    uint32_t usual = 0;
    assert(count <= FLEET_MEMBERS_MAX);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t same = 0;
        for (uint32_t k = 0; k < count; k++) {
            same += values[k] == values[i];
        }
        if (values[i] != 0 && same > most) {
            most = same;
            usual = values[i];
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        skew.told |= values[i] != 0 ? bit(i) : 0;
        skew.differ |= values[i] != 0 && values[i] != usual ? bit(i) : 0;
    }
    return skew;
}

void fleet_hear(struct fleet_member *m, const struct fleet_certificate *list, uint32_t count,
                uint64_t tick)
{
    const struct fleet_member before = *m;
    assert(count <= FLEET_CERTIFICATES_MAX);
    memset(m, 0, sizeof *m);
    m->count = count;
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t place = place_of(&before, list[i].purpose);
        const bool same = place < before.count &&
                          is_same(&before.certificate[place], &list[i]) &&
                          before.certificate[place].not_after_s == list[i].not_after_s;
        m->certificate[i] = list[i];
        m->since_tick[i] = same ? before.since_tick[place] : tick;
    }
}

/* What all members have to have in common beside the chain: the certificates of the service
 * (references.md, R32) and their configuration (R33). Each attests its own; who differs is
 * judged by each for itself from what the chain holds, and bars itself from leading. */
#include "node_parts.h"

#include <assert.h>
#include <string.h>

#include "../health/self.h"

#define RENEWAL 32u
#define VERSIONS 33u

static_assert(sizeof(struct service_certificate) == sizeof(struct fleet_certificate),
              "a certificate is attested as it is judged");
static_assert((int)MEMBERS_MAX <= (int)FLEET_MEMBERS_MAX, "of all members");

void node_fleet_on_own(struct node *n, const struct own_fleet *own)
{
    struct fleet_view *f = &n->deciding.fleet;
    assert(own->certificate_count <= FLEET_CERTIFICATES_MAX);
    f->news |= memcmp(&f->own, own, sizeof *own) != 0;
    f->own = *own;
}

void node_fleet_attest(struct deciding *d, struct attest *out)
{
    const struct own_fleet *own = &d->fleet.own;
    out->certificate_count = (uint32_t)own->certificate_count;
    for (uint32_t i = 0; i < own->certificate_count; i++) {
        struct service_certificate *c = &out->certificates[i];
        memcpy(c->purpose, own->certificates[i].purpose, sizeof c->purpose);
        memcpy(c->fingerprint, own->certificates[i].fingerprint, sizeof c->fingerprint);
        c->not_after_s = own->certificates[i].not_after_s;
    }
    memcpy(out->configuration, own->configuration, sizeof out->configuration);
    d->fleet.news = false;
}

static bool counts(const struct cluster *c, uint32_t member)
{
    return c->member[member].standing == STANDING_GOOD && c->latest[member].seq != 0;
}

void node_fleet_of(const struct cluster *c, struct fleet_member out[static MEMBERS_MAX])
{
    for (uint32_t i = 0; i < c->member_count; i++) {
        struct fleet_certificate list[FLEET_CERTIFICATES_MAX];
        const struct attested *a = &c->latest[i];
        const uint32_t count = counts(c, i) ? a->certificate_count : 0;
        memset(list, 0, sizeof list);
        for (uint32_t k = 0; k < count; k++) {
            memcpy(list[k].purpose, a->certificates[k].purpose, sizeof list[k].purpose);
            memcpy(list[k].fingerprint, a->certificates[k].fingerprint,
                   sizeof list[k].fingerprint);
            list[k].not_after_s = a->certificates[k].not_after_s;
        }
        fleet_hear(&out[i], list, count, c->tick);
    }
}

struct fleet_skew node_fleet_skew(const struct cluster *c, enum fleet_half half)
{
    uint32_t values[MEMBERS_MAX] = {0};
    for (uint32_t i = 0; i < c->member_count; i++) {
        if (counts(c, i)) {
            memcpy(&values[i], c->latest[i].configuration + (uint32_t)half, sizeof values[i]);
        }
    }
    return fleet_skew(values, c->member_count);
}

/* Bars from leading only: one bogus certificate must not empty the electorate. */
static void take(struct node *n, uint32_t id, bool stands, enum self_note note,
                 struct effects *out)
{
    struct finding f;
    finding_begin(&f, id);
    finding_set(&f, RESULT_OK, SELF_NOTES);
    if (stands) {
        f = self_finding(note);
        f.flags = FINDING_SERVE;
    }
    node_diagnosis_take(n, &f, false, out);
}

/* Once a block: nothing else changes what there is to judge. */
void node_fleet_watch(struct node *n, struct effects *out)
{
    struct deciding *d = &n->deciding;
    struct fleet_view *f = &d->fleet;
    const struct cluster *c = &d->cluster;
    struct fleet_renewal list[FLEET_PURPOSES_MAX];
    uint32_t overdue = 0;
    if (f->height == c->height) {
        return;
    }
    f->height = c->height;
    node_fleet_of(c, f->member);
    const uint32_t count =
        fleet_renewals(f->member, c->member_count, cluster_testimony(c), c->tick, list);
    for (uint32_t i = 0; i < count; i++) {
        overdue |= list[i].overdue;
    }
    const struct fleet_skew skew = node_fleet_skew(c, FLEET_CONFIGURATION);
    take(n, RENEWAL, (overdue >> d->options.self & 1) != 0, SELF_RENEWAL, out);
    take(n, VERSIONS, (skew.differ >> d->options.self & 1) != 0, SELF_CONFIGURATION, out);
}

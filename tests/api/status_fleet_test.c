/* What the status says of certificates and configurations that differ. */
#include <stdio.h>

#include "tests/api/sentences.h"

#define DAY_S UINT64_C(86400)
#define NOW_S (SCENE_UNIX_MS / 1000)

TestSuite(status_fleet, .init = begin_five, .fini = end);

static void attests(uint32_t member, const char *purpose, int letter, uint64_t not_after_s)
{
    struct attested *l = &d->cluster.latest[member];
    struct service_certificate *c = &l->certificates[l->certificate_count++];
    memset(c, 0, sizeof *c);
    snprintf(c->purpose, sizeof c->purpose, "%s", purpose);
    memset(c->fingerprint, letter, sizeof c->fingerprint);
    c->not_after_s = not_after_s;
}

Test(status_fleet, names_who_lacks_a_renewal)
{
    attests(ATLAS, "https", 'n', NOW_S + 90 * DAY_S);
    attests(HELIOS, "https", 'o', NOW_S + 30 * DAY_S);
    attests(SELENE, "https", 'o', NOW_S + 30 * DAY_S);
    expect(STATUS_DEGRADED, "warning", "OST-7210",
           "The renewal of certificate https is incomplete: helios and selene have not the one "
           "of atlas.",
           "Put the new certificate https on helios and selene, too");
    d->cluster.latest[HELIOS].certificates[0] = d->cluster.latest[ATLAS].certificates[0];
    expect(
        STATUS_DEGRADED, "warning", "OST-7210",
        "The renewal of certificate https is incomplete: selene has not the one of atlas and "
        "helios.",
        "Put the new certificate https on selene, too");
    d->cluster.latest[SELENE].certificates[0] = d->cluster.latest[ATLAS].certificates[0];
    expect(STATUS_OK, "ok", "", "", "");
}

Test(status_fleet, tells_of_certificates_that_end_and_of_those_that_are_not_fit)
{
    attests(HELIOS, "https", 'o', NOW_S + 14 * DAY_S + 60);
    expect(STATUS_OK, "ok", "", "", "");
    d->cluster.latest[HELIOS].certificates[0].not_after_s = NOW_S + 10 * DAY_S + 60;
    expect(STATUS_DEGRADED, "warning", "OST-7211",
           "The certificate https of helios expires in 10 days.",
           "Renew the certificate https on helios");
    d->cluster.latest[HELIOS].certificates[0].not_after_s = NOW_S + 2 * DAY_S + 60;
    expect(STATUS_DEGRADED, "critical", "OST-7211",
           "The certificate https of helios expires in 2 days.",
           "Renew the certificate https on helios");
    d->cluster.latest[HELIOS].certificates[0].not_after_s = NOW_S - 3 * 3600;
    expect(STATUS_DEGRADED, "critical", "OST-7211",
           "The certificate https of helios has expired, 3 h ago.",
           "Renew the certificate https on helios");
    memset(&d->cluster.latest[HELIOS].certificates[0].fingerprint, 0, FINGERPRINT_BYTES);
    expect(STATUS_DEGRADED, "warning", "OST-7212",
           "The certificate https of helios is not fit to be used.",
           "On helios: ostrakon doctor R31");
}

Test(status_fleet, names_who_runs_what_most_do_not)
{
    for (uint32_t i = 0; i < SCENE_MEMBERS; i++) {
        memset(d->cluster.latest[i].configuration, 7, CONFIGURATION_BYTES);
    }
    expect(STATUS_OK, "ok", "", "", "");
    d->cluster.latest[SELENE].configuration[FLEET_BUILD] ^= 2;
    expect(STATUS_DEGRADED, "warning", "OST-7214", "selene runs another build than most.",
           "Compare selene with the others: ostrakon version, node.yaml");
    d->cluster.latest[SELENE].configuration[FLEET_BUILD] ^= 2;
    d->cluster.latest[ARGUS].configuration[FLEET_CONFIGURATION] ^= 2;
    expect(STATUS_DEGRADED, "warning", "OST-7213",
           "argus runs with another configuration than most.",
           "Compare argus with the others: ostrakon version, node.yaml");
}

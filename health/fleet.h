#ifndef OSTRAKON_HEALTH_FLEET_H
#define OSTRAKON_HEALTH_FLEET_H

#include <stdbool.h>
#include <stdint.h>

/* What the members of a cluster have to have in common beside the chain, as each attests it:
 * the certificates of the service (R32), and its build and configuration (R33). */

#define FLEET_MEMBERS_MAX 32u /* masks have a bit for each */
#define FLEET_CERTIFICATES_MAX 4u
#define FLEET_PURPOSE_BYTES 16u /* a name with its zero; the rest is zeros */
#define FLEET_FINGERPRINT_BYTES 16u
#define FLEET_PATIENCE_TICKS 12u /* that a renewal may take to reach everybody */
#define FLEET_PURPOSES_MAX 16u   /* that all members together are judged by */

/* A certificate that a member watches. One that it should have and cannot read, or that is not
 * fit to be used, has a fingerprint of zeros. */
struct fleet_certificate {
    char purpose[FLEET_PURPOSE_BYTES];
    uint8_t fingerprint[FLEET_FINGERPRINT_BYTES]; /* of SHA-256 over its DER, the beginning */
    uint64_t not_after_s;                         /* Unix time */
};

/* What one member watches, and from which tick on it has attested each. */
struct fleet_member {
    uint32_t count;
    struct fleet_certificate certificate[FLEET_CERTIFICATES_MAX];
    uint64_t since_tick[FLEET_CERTIFICATES_MAX];
};

/* How it stands with one purpose. Masks have a bit for each member. */
struct fleet_renewal {
    char purpose[FLEET_PURPOSE_BYTES];
    uint32_t watched;     /* by these */
    uint32_t unfit;       /* of them have none that is fit */
    uint32_t latest;      /* have the one that is valid for longest, of all there are */
    uint32_t behind;      /* have another, or none: these are named, from the first tick on */
    uint64_t not_after_s; /* of the latest */
    uint32_t overdue;     /* have not the newest that `company` members have, and have had
                           * FLEET_PATIENCE_TICKS to get it: these are barred */
};

/* Judges all purposes, in the order in which members name them; those beyond the bound are left
 * out. The same on every member, as all it is made from is in the chain. `company` is `a`: one
 * member's word for a newer certificate bars nobody. Who has a later one than company has is
 * ahead, not overdue. `count` is at most FLEET_MEMBERS_MAX; a member that is not to be counted
 * has no certificates. Returns how many there are. */
uint32_t fleet_renewals(const struct fleet_member *members, uint32_t count, uint32_t company,
                        uint64_t tick, struct fleet_renewal out[static FLEET_PURPOSES_MAX]);

/* What a member and most others have of one value that should be the same everywhere (R33). */
struct fleet_skew {
    uint32_t told;   /* bits: members that have told it */
    uint32_t differ; /* those of them that have not what most have */
};

/* `values[i]` is member i's; 0: not told. Of two values that as many have, that of the member
 * with the lowest index counts. `count` is at most FLEET_MEMBERS_MAX. */
struct fleet_skew fleet_skew(const uint32_t *values, uint32_t count);

/* Keeps in `m` what a member attests now, and from which tick on it has been so: a certificate
 * that it attested before keeps its tick. */
void fleet_hear(struct fleet_member *m, const struct fleet_certificate *list, uint32_t count,
                uint64_t tick);

bool fleet_is_fit(const struct fleet_certificate *c);

#endif

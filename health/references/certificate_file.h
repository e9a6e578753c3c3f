#ifndef OSTRAKON_HEALTH_REFERENCES_CERTIFICATE_FILE_H
#define OSTRAKON_HEALTH_REFERENCES_CERTIFICATE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "health/fleet.h"

/* What a file of certificates says, as OpenSSL reads it, for R31. */

#define CERTIFICATE_CHAIN_MAX 8u

#define CERTIFICATE_VERDICTS(X)                                                                \
    X(FIT, "fits")                                                                             \
    X(NONE, "holds no certificate")                                                            \
    X(DAMAGED, "holds what is no certificate")                                                 \
    X(TOO_LONG, "holds too long a chain")                                                      \
    X(BROKEN_CHAIN, "has a chain of which one did not sign the one before it")                 \
    X(NO_KEY, "has a key file without a key that can be read")                                 \
    X(OTHER_KEY, "is not for the key beside it")                                               \
    X(OTHER_NAME, "is not for the name that it should be for")

enum certificate_verdict {
#define X(name, text) CERTIFICATE_##name,
    CERTIFICATE_VERDICTS(X)
#undef X
};

/* Times are Unix seconds. */
struct certificate_content {
    uint8_t fingerprint[FLEET_FINGERPRINT_BYTES]; /* of the first, the service's own */
    int64_t not_before_s;
    int64_t not_after_s;
    int64_t chain_not_before_s; /* the narrowest of all in the file */
    int64_t chain_not_after_s;
};

/* `key` NULL: it is not compared. `name` NULL: whom it is for does not matter; else a host's
 * name or an address. The file begins with the service's own certificate; each behind it has
 * signed the one before. `out` is set as far as the verdict allows: all of it but for NONE,
 * DAMAGED and TOO_LONG. */
enum certificate_verdict certificate_parse(const void *bytes, size_t size_bytes,
                                           const void *key, size_t key_bytes, const char *name,
                                           struct certificate_content *out)
    __attribute__((warn_unused_result));

#endif

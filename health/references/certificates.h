#ifndef OSTRAKON_HEALTH_REFERENCES_CERTIFICATES_H
#define OSTRAKON_HEALTH_REFERENCES_CERTIFICATES_H

#include <sys/stat.h>

#include "certificate_file.h"
#include "health/reference.h"

/* R31: the certificates of the service beside which this node runs, as they lie on the disk.
 * The agent's own links use keys that never expire. What is wrong here bars from leading and
 * never touches a ballot. What each file holds is attested, so that all see who lacks a renewal
 * (health/fleet.h). */

#define CERTIFICATES_NOTES(X)                                                                  \
    X(VALID, "all {count} certificates are valid for {got} days or more", "")                  \
    X(SOON, "{subject}: expires in {got} days", "Renew this certificate.")                     \
    X(NEAR, "{subject}: expires in {got} hours", "Renew this certificate now.")                \
    X(EXPIRED, "{subject}: expired {got} hours ago", "Renew this certificate now.")            \
    X(EARLY, "{subject}: not valid before {got} hours from now",                               \
      "See whether this machine's clock is right; else put the certificate in force later.")   \
    X(EMPTY, "{subject}: the file holds no certificate", "Put the certificate there, as PEM.") \
    X(DAMAGED, "{subject}: the file holds what is no certificate",                             \
      "Put the certificate there, as PEM.")                                                    \
    X(LONG, "{subject}: the chain in the file is too long", "")                                \
    X(BROKEN, "{subject}: in the chain one did not sign the one before it",                    \
      "Put the service's own certificate first, and each one's issuer behind it.")             \
    X(NO_KEY, "{subject}: the key file holds no key that can be read",                         \
      "Put the key there, as PEM without a password.")                                         \
    X(OTHER_KEY, "{subject}: the certificate is not for the key beside it",                    \
      "Put the certificate and the key there that belong together.")                           \
    X(OTHER_NAME, "{subject}: the certificate is not for the name that is expected",           \
      "See which name is expected in node.yaml, and which ones the certificate is for.")       \
    X(GONE, "{subject}: there is no such file", "Put it there, or correct node.yaml.")         \
    X(REFUSED, "{subject}: the file may not be read by the agent", "Let the agent read it.")   \
    X(STRANGE, "{subject}: what is there is no file, or too large for a certificate",          \
      "Put the certificate there, as PEM.")                                                    \
    X(KEY_GONE, "{subject}: the key file is not there", "Put it there, or correct node.yaml.") \
    X(KEY_REFUSED, "{subject}: the key file may not be read by the agent",                     \
      "Let the agent read it, or take the key out of node.yaml.")                              \
    X(KEY_STRANGE, "{subject}: what is there for the key is no file, or too large",            \
      "Put the key there, as PEM without a password.")                                         \
    X(UNREADABLE, "{subject}: cannot be read now: {error}", "")                                \
    X(NO_MEMORY, "no memory to read the files into", "")                                       \
    X(NONE, "no certificates are named in node.yaml", "")

enum certificates_note {
#define X(name, text, action) CERTIFICATES_##name,
    CERTIFICATES_NOTES(X)
#undef X
};

#define CERTIFICATE_BYTES_MAX (256 * 1024)
#define CERTIFICATES_REREAD_MS 60000u /* also where no time of the file has changed */
#define CERTIFICATES_SOON_S (INT64_C(14) * 86400)
#define CERTIFICATES_NEAR_S (INT64_C(3) * 86400)

struct seams;

/* One that the configuration names. Strings are its owner's. */
struct certificate_file {
    const char *purpose;  /* at most FLEET_PURPOSE_BYTES - 1 */
    const char *path;     /* of a PEM file: the service's own, and its chain behind it */
    const char *key_path; /* NULL: the key is not compared */
    const char *name;     /* NULL: whom it is for is not compared */
};

/* What was read of one, good until it changes. */
struct certificate_view {
    bool known;
    bool key_known;
    struct stat stat;
    struct stat key_stat;
    uint64_t read_ms;
    enum reference_result result; /* of the reading: OK or what is wrong with it */
    uint32_t note;
    uint64_t error;
    struct certificate_content content;
};

struct certificates_state {
    struct certificate_view views[FLEET_CERTIFICATES_MAX];
};

/* One look at one file, as the reference has it, into an empty finding. */
void certificate_examine(const struct seams *seams, const struct certificate_file *file,
                         struct certificate_view *view, struct finding *out);

/* What to attest: all that are configured, those that are not fit without a fingerprint. Of a
 * file that could not be read for a moment what it held before. Returns their count. */
struct reference_context;
uint32_t certificates_attest(const struct reference_context *context,
                             struct fleet_certificate out[static FLEET_CERTIFICATES_MAX]);

extern const struct reference reference_certificates;

#endif

#ifndef OSTRAKON_AGENT_CREDENTIALS_H
#define OSTRAKON_AGENT_CREDENTIALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/courier.h"
#include "agent/worker.h"
#include "tokens/trust.h"

/* What the node has assembled for this member: its own token, and the newest trust bundle
 * (standing.md, section 9). Loop's thread. */

struct agent;
struct effect;

struct credential {
    uint64_t height; /* of the block that called for it; 0: there is none */
    uint32_t signers;
    size_t size_bytes;
    char text[JWS_TEXT_MAX];
};

struct credentials {
    struct credential token;
    struct token_claims claims; /* of the token */
    struct credential trust;

    /* Their files. */
    struct courier *courier; /* NULL: none are written */
    bool on_disk;            /* there is, or will be, a token of this member in its file */
    uint32_t disk_term;      /* its term */
    uint64_t held_height;    /* of the newest bundle ever seen; 0: none */
    int file_error[COURIER_PLACES]; /* errno of the last try; 0: it is there */
    uint64_t again_ms;              /* what failed is not tried again before */
    struct worker_run reload;
    bool reload_again; /* once more when it has ended */
};

/* Looks at the files of an earlier run, and starts the thread that writes them. A neutered
 * member's token file is removed here. False: no thread (errno). */
bool credentials_open(struct agent *a) __attribute__((warn_unused_result));
/* Kills the reload hook, and does what is still to be written. */
void credentials_finish(struct agent *a);

/* EFFECT_TOKEN and EFFECT_TRUST. */
void credentials_take(struct agent *a, const struct effect *e);

/* After each step: a token whose member is no longer good, or of another term, is laid down at
 * once, whoever would still take it. */
void credentials_watch(struct agent *a);

/* credentials_files.c, for credentials.c: puts the token into its file, or takes it away; puts
 * the bundle there. */
void credentials_put_token(struct agent *a);
void credentials_put_trust(struct agent *a);
/* Tries again what failed. */
void credentials_retry(struct agent *a);

/* Why this agent may not judge tokens now, as a sentence; NULL: it may. One that was removed or
 * may be corrupt must not vouch for anybody, itself least of all. */
const char *credentials_unable(const struct agent *a);

/* Nor when what it knows is older than tokens live. */
#define CREDENTIALS_STALE "Nothing has been decided for longer than tokens live."

/* Whom to believe by the newest block that this agent has. A standing counts from its block on,
 * before any bundle of it is co-signed. */
void credentials_trust(const struct agent *a, struct trust *out);

/* By the median of the clocks that are heard. */
uint64_t credentials_now_ms(const struct agent *a);

/* Until when a verifier that has been cut off since before its removal may take the member's
 * token, as Unix time; 0: it is good. */
uint64_t credentials_fooled_until_ms(const struct agent *a, uint32_t member);

#endif

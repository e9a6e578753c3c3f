/* What this member has and all should have in common, told to its node. */
#include "agent/agent.h"

#include <stdio.h>
#include <string.h>

#include <sodium.h>

#define HALF (CONFIGURATION_BYTES / 2)

static void text_add(crypto_generichash_state *hash, const char *text)
{
    crypto_generichash_update(hash, (const uint8_t *)text, strlen(text) + 1);
}

static void half_of(crypto_generichash_state *hash, uint8_t out[static HALF])
{
    uint8_t digest[crypto_generichash_BYTES_MIN];
    crypto_generichash_final(hash, digest, sizeof digest);
    memcpy(out, digest, HALF);
    out[0] |= 1; /* zeros say that nothing is told */
}

/* What a node.yaml has that should be the same on all members that have it: not where files
 * are, but what is watched. The cluster's own settings are in the chain. */
static void configuration_of(const struct node_config *c, uint8_t out[static HALF])
{
    crypto_generichash_state hash;
    if (c->certificate_count == 0) {
        return; /* a witness serves nobody */
    }
    crypto_generichash_init(&hash, NULL, 0, crypto_generichash_BYTES_MIN);
    for (uint32_t i = 0; i < c->certificate_count; i++) {
        text_add(&hash, c->certificates[i].purpose);
        text_add(&hash, c->certificates[i].host);
    }
    half_of(&hash, out);
}

static void build_of(uint8_t out[static HALF])
{
    uint8_t bytes[16384];
    crypto_generichash_state hash;
    crypto_generichash_init(&hash, NULL, 0, crypto_generichash_BYTES_MIN);
    FILE *program = fopen("/proc/self/exe", "re");
    size_t done = program == NULL ? 0 : sizeof bytes;
    while (done == sizeof bytes) {
        done = fread(bytes, 1, sizeof bytes, program);
        crypto_generichash_update(&hash, bytes, done);
    }
    if (program != NULL) {
        fclose(program);
    }
    half_of(&hash, out);
}

void agent_tell_fleet(struct agent *a)
{
    struct input in = {.kind = INPUT_FLEET};
    struct own_fleet *own = &in.fleet;
    if (a->build[0] == 0) {
        build_of(a->build);
    }
    configuration_of(&a->config, own->configuration + FLEET_CONFIGURATION);
    memcpy(own->configuration + FLEET_BUILD, a->build, HALF);
    own->certificate_count =
        a->examiner == NULL ? 0 : examiner_certificates(a->examiner, own->certificates);
    agent_step(a, &in);
}

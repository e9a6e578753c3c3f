#ifndef OSTRAKON_HEALTH_PEERS_H
#define OSTRAKON_HEALTH_PEERS_H

#include <stdint.h>

/* Members as the references that judge them know them: a small number each, in masks a bit. */

#define PEERS_MAX 16u

static inline uint32_t peer_bit(uint32_t peer)
{
    return (uint32_t)1 << peer;
}

/* How many bits are set. */
static inline uint32_t peers_count(uint32_t peers)
{
    uint32_t count = 0;
    for (; peers != 0; peers &= peers - 1) {
        count++;
    }
    return count;
}

#endif

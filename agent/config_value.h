#ifndef OSTRAKON_AGENT_CONFIG_VALUE_H
#define OSTRAKON_AGENT_CONFIG_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "consensus/founding.h"

/* Values of a configuration file, each with one spelling only: what looks like two things to
 * two readers (010, 1e3, +5, 0x10) is refused. All answer false for what is no such value, and
 * then leave `out` alone. Any thread. */

/* Decimal digits without sign or leading zero, least .. most. */
bool value_number(const char *text, uint32_t least, uint32_t most, uint32_t *out)
    __attribute__((warn_unused_result));

/* The same, of whatever number: at most 19 digits. */
bool value_count(const char *text, uint64_t *out) __attribute__((warn_unused_result));

/* 1 to 31 of a-z, 0-9 and -; the rest of `out` is zeros. */
bool value_name(const char *text, char out[static NAME_SIZE_BYTES])
    __attribute__((warn_unused_result));

/* 64 hexadecimal digits, either case. */
bool value_key(const char *text, uint8_t out[static PUBLIC_KEY_BYTES])
    __attribute__((warn_unused_result));

/* A point of the curve that can be somebody's key: canonical, and of the prime order. Under a
 * key of small order OpenSSL takes forged signatures for any message. */
bool key_is_sound(const uint8_t key[static PUBLIC_KEY_BYTES])
    __attribute__((warn_unused_result));

/* 2026-11-22T06:30:00.000Z, or without the milliseconds, from 2000 on; Unix milliseconds. */
bool value_time(const char *text, uint64_t *out_ms) __attribute__((warn_unused_result));

/* An address that a peer can be told to connect to: not the unspecified one, not multicast. The
 * text is canonical already. */
bool address_is_reachable(const char *text) __attribute__((warn_unused_result));

/* Whether who listens at the one leaves no room at the other: the same, or the same port and
 * the unspecified address of its family, as which [::] counts for both. Canonical both. */
bool addresses_meet(const char *one, const char *other) __attribute__((warn_unused_result));

#endif

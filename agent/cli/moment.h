#ifndef OSTRAKON_AGENT_CLI_MOMENT_H
#define OSTRAKON_AGENT_CLI_MOMENT_H

#include <stdbool.h>
#include <stdint.h>

#define MOMENT_BYTES 40u

enum moment_form { MOMENT_MINUTE, MOMENT_SECOND, MOMENT_MILLISECOND };

/* A time of the day in UTC, "14:03:11"; with its date before it if it is not of the day of
 * `now_ms`. Returns `out`. Times are Unix milliseconds. */
const char *moment_text(uint64_t moment_ms, uint64_t now_ms, enum moment_form form,
                        char out[static MOMENT_BYTES]);

/* How long that is in words: "43 s", "4 min", "5 h", "3 d". Returns `out`. */
const char *duration_text(uint64_t duration_ms, char out[static MOMENT_BYTES]);

/* "90s", "10m", "2h" or "7d", in milliseconds. */
bool duration_parse(const char *text, uint64_t *out_ms) __attribute__((warn_unused_result));

uint64_t moment_now_ms(void);

/* The way of the API: 2026-11-22T06:30:00.000Z. Returns `out`. */
const char *moment_iso(uint64_t moment_ms, char out[static MOMENT_BYTES]);

#endif

#ifndef STATS_INSTANT_H
#define STATS_INSTANT_H

#include <stdbool.h>
#include <stdint.h>

/* Moments as text and as milliseconds since 1970, UTC; and the two clocks of the machine. */

/* "2026-11-22T06:30:00.000Z" and its NUL. */
#define INSTANT_TEXT_BYTES 25

/* The last millisecond of the year 9999. */
#define INSTANT_MS_MAX INT64_C(253402300799999)

/* Wall clock, which may jump either way. */
int64_t instant_now_ms(void);

/* Never jumps; only differences mean something. */
int64_t instant_monotonic_ms(void);

/* Sleeps; a signal ends it early. */
void instant_sleep_ms(int64_t span_ms);

/* Reads "YYYY-MM-DDThh:mm:ssZ", with one to nine digits of a second's fraction or none; what is
 * finer than a millisecond is cut off. Answers false, and leaves *unix_ms, for any other text
 * and for days that do not exist. Leap seconds (":60") are refused: Unix time has none.
 */
bool instant_parse(const char *text, int64_t *unix_ms) __attribute__((warn_unused_result));

/* `unix_ms` in 0 .. INSTANT_MS_MAX (asserted). */
void instant_format(int64_t unix_ms, char text[static INSTANT_TEXT_BYTES]);

#endif

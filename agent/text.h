#ifndef OSTRAKON_AGENT_TEXT_H
#define OSTRAKON_AGENT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Texts from outside, made fit for a terminal or a log line: files, peers and the API's readers
 * may put anything into a name, and an escape sequence in a terminal can hide or forge lines.
 */

/* Copies up to `size_bytes` bytes of UTF-8 (less if a zero comes first) to `out`, which is
 * always terminated. Control characters, those that turn the direction of writing, backslashes
 * and what is no UTF-8 become \xNN; what does not fit is cut, between characters, and ends in
 * "...". `out_bytes` is at least 8. Returns the length of `out`. Linear. Any thread. */
size_t text_escape(const char *text, size_t size_bytes, char *out, size_t out_bytes);

/* Whether all bytes are UTF-8, without control characters other than tab and the ends of lines.
 */
bool text_is_clean(const char *text, size_t size_bytes);

/* The word that `given` was most likely meant to be, or NULL if none is near: at most a third
 * of its characters wrong. An exchange of neighbours counts as one fault (Damerau's distance,
 * the variant without edits between exchanged letters). Case is ignored. Cubic, for short
 * words. */
const char *text_nearest(const char *given, const char *const *words, uint32_t count);

#endif

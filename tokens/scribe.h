#ifndef OSTRAKON_TOKENS_SCRIBE_H
#define OSTRAKON_TOKENS_SCRIBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Writes JSON of a fixed layout: what members sign apart and must agree on to the last byte
 * does not hang on how a library prints. The caller writes the structure as text; here are the
 * values. Pure; any thread. */

struct scribe {
    char *out;
    size_t room_bytes;
    size_t size_bytes;
    bool spoilt; /* something did not fit, or cannot be said */
};

struct scribe scribe_of(char *out, size_t room_bytes);

/* As it is: punctuation and the names of fields. */
void scribe_text(struct scribe *s, const char *text);
/* In decimal digits. */
void scribe_number(struct scribe *s, uint64_t value);
/* In quotes. Spoilt by whatever JSON would have to escape, and by an empty word. */
void scribe_word(struct scribe *s, const char *word);
/* The same for bytes: base64url without padding (RFC 4648, section 5), or lower-case
 * hexadecimal digits. At most 64 bytes for the latter. */
void scribe_base64(struct scribe *s, const uint8_t *bytes, size_t size_bytes);
void scribe_hex(struct scribe *s, const uint8_t *bytes, size_t size_bytes);

/* The number of characters written, none of them zero; 0 if spoilt. */
size_t scribe_done(const struct scribe *s);

#endif

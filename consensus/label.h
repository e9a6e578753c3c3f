#ifndef OSTRAKON_CONSENSUS_LABEL_H
#define OSTRAKON_CONSENSUS_LABEL_H

#include <stdbool.h>
#include <stddef.h>

/* Texts of a fixed size inside signed bytes: printable ASCII, its terminating zero, zeros to
 * the end, so that one text has one encoding and can go into a terminal as it is. */

/* May be empty. */
bool label_is_printable(const char *label, size_t size_bytes);
/* The same, not empty. */
bool label_is_text(const char *label, size_t size_bytes);
/* Not empty, and only of a-z, 0-9 and '-': what members and operators are called. */
bool label_is_name(const char *label, size_t size_bytes);
/* Not empty, and only of what numeric addresses with their ports are written in. */
bool label_is_address(const char *label, size_t size_bytes);

#endif

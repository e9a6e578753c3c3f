#ifndef OSTRAKON_TESTS_SIMULATOR_BLOB_H
#define OSTRAKON_TESTS_SIMULATOR_BLOB_H

#include <stddef.h>
#include <stdint.h>

/* Bytes that several hold and nobody changes. */
struct blob {
    uint32_t holders;
    uint32_t size_bytes;
    uint8_t bytes[];
};

struct blob *blob_of(const void *bytes, size_t size_bytes);
struct blob *blob_hold(struct blob *b); /* NULL stays NULL */
void blob_drop(struct blob *b);         /* NULL does nothing */

#endif

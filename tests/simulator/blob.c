#include "blob.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct blob *blob_of(const void *bytes, size_t size_bytes)
{
    struct blob *b = malloc(sizeof *b + size_bytes);
    assert(b != NULL);
    b->holders = 1;
    b->size_bytes = (uint32_t)size_bytes;
    if (size_bytes > 0) {
        memcpy(b->bytes, bytes, size_bytes);
    }
    return b;
}

struct blob *blob_hold(struct blob *b)
{
    if (b != NULL) {
        b->holders++;
    }
    return b;
}

void blob_drop(struct blob *b)
{
    if (b == NULL) {
        return;
    }
    assert(b->holders > 0);
    b->holders--;
    if (b->holders == 0) {
        free(b);
    }
}

#ifndef OSTRAKON_HEALTH_REFERENCES_DIRECT_H
#define OSTRAKON_HEALTH_REFERENCES_DIRECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "seams.h"

/* Files as they are on the disk. A plain read shows the page cache, which the running program
 * shares: text compared with its own file's cached bytes is compared with itself. */

#define DIRECT_PIECE_BYTES ((size_t)1 << 20)
#define DIRECT_DIGEST_BYTES 32u

struct direct_file {
    int file;    /* negative: -errno of the open */
    bool direct; /* past the cache; false where the file system cannot, or was not asked */
};

/* Past the cache if `direct` asks for it and the file system can. */
struct direct_file direct_open(const struct seams *seams, const char *path, bool direct);
void direct_close(struct direct_file *f);

/* Up to DIRECT_PIECE_BYTES from `at`, which is a multiple of 4096, into `piece` (aligned to its
 * size, from seams->map). The count, less at the end of the file, or -errno. */
ssize_t direct_read(const struct seams *seams, const struct direct_file *f, uint64_t at,
                    uint8_t *piece);

/* BLAKE2b-256 of all of it. False: it could not be read. */
bool direct_digest(const struct seams *seams, const struct direct_file *f, uint8_t *piece,
                   uint8_t out[static DIRECT_DIGEST_BYTES]) __attribute__((warn_unused_result));

#endif

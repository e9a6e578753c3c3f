#include "direct.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <sodium.h>

struct direct_file direct_open(const struct seams *seams, const char *path, bool direct)
{
    const int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    struct direct_file f = {-EINVAL, direct};
    if (direct) {
        f.file = seams->open(seams->self, path, flags | O_DIRECT, 0);
    }
    if (f.file == -EINVAL || f.file == -EOPNOTSUPP) {
        f.direct = false;
        f.file = seams->open(seams->self, path, flags, 0);
    }
    return f;
}

void direct_close(struct direct_file *f)
{
    if (f->file >= 0) {
        close(f->file);
        f->file = -EBADF;
    }
}

/* Short reads are gone on from while they end at whole blocks; others are the file's end. */
ssize_t direct_read(const struct seams *seams, const struct direct_file *f, uint64_t at,
                    uint8_t *piece)
{
    size_t done = 0;
    while (done < DIRECT_PIECE_BYTES) {
        const ssize_t more = seams->pread(seams->self, f->file, piece + done,
                                          DIRECT_PIECE_BYTES - done, (off_t)(at + done));
        if (more < 0 && more != -EINTR) {
            return more;
        }
        if (more > 0) {
            done += (size_t)more;
        }
        if (more == 0 || (more > 0 && more % 4096 != 0)) {
            break; /* the end */
        }
    }
    return (ssize_t)done;
}

bool direct_digest(const struct seams *seams, const struct direct_file *f, uint8_t *piece,
                   uint8_t out[static DIRECT_DIGEST_BYTES])
{
    crypto_generichash_state hash;
    crypto_generichash_init(&hash, NULL, 0, DIRECT_DIGEST_BYTES);
    for (uint64_t at = 0;; at += DIRECT_PIECE_BYTES) {
        const ssize_t done = direct_read(seams, f, at, piece);
        if (done < 0) {
            return false;
        }
        crypto_generichash_update(&hash, piece, (size_t)done);
        if ((size_t)done < DIRECT_PIECE_BYTES) {
            break;
        }
    }
    crypto_generichash_final(&hash, out, DIRECT_DIGEST_BYTES);
    return true;
}

#ifndef OSTRAKON_HEALTH_REFERENCES_SEAMS_H
#define OSTRAKON_HEALTH_REFERENCES_SEAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <sys/types.h>

enum seam_clock {
    SEAM_MONOTONIC,
    SEAM_RAW,  /* monotonic, as the hardware counts: nobody slews it */
    SEAM_BOOT, /* monotonic, and goes on while the machine is suspended */
    SEAM_REAL, /* Unix time */
    SEAM_CLOCKS,
};

struct dl_phdr_info;

/* Where an answer may be bent. */
enum bend {
    BEND_CRYPTOGRAPHY, /* struct answers */
    BEND_KERNEL,       /* a 64-bit digest; index: core * KERNEL_COUNT + kernel */
    BEND_MEMORY,       /* what was written and not yet read again; index: the pattern */
    BEND_CODE,         /* a digest of a part of the code, CODE_DIGEST_BYTES */
    BEND_FILL,         /* an answer of FILL_ANSWER_BYTES; index: enum fill_size */
};

#define CORES_MAX 8192u

struct core_set {
    unsigned long words[CORES_MAX / (8 * sizeof(unsigned long))];
};

/* The machine as the references see it: what they cannot compute themselves comes through here,
 * so that a test can present another machine, and a fault campaign a broken one. Calls answer
 * as the system's do, but a negative errno instead of -1. */
struct seams {
    void *self;       /* handed to each of them */
    const char *root; /* before every path below /proc and /sys; "" for the real ones */
    /* NULL on a sound machine. A fault campaign changes here what was computed, before it is
     * judged: the only way to make a good processor give a wrong answer. */
    void (*bend)(void *self, enum bend where, uint32_t index, void *bytes, size_t size_bytes);
    int (*cores)(void *self, struct core_set *allowed); /* of this thread; 0 or -errno */
    int (*pin)(void *self, const struct core_set *allowed);
    /* Anonymous memory, zeroed, aligned to its size (a power of two, of pages); of huge pages
     * or of small ones, as far as the kernel cares. NULL: there is none. */
    void *(*map)(void *self, size_t size_bytes, bool huge);
    void (*unmap)(void *self, void *bytes, size_t size_bytes);
    int (*lock)(void *self, void *bytes, size_t size_bytes); /* mlock */
    /* dl_iterate_phdr */
    int (*objects)(void *self, int (*each)(struct dl_phdr_info *, size_t, void *), void *data);
    ssize_t (*random)(void *self, void *bytes, size_t size_bytes, unsigned flags);
    uint64_t (*clock_ns)(void *self, enum seam_clock clock);
    uint64_t (*ticks)(void *self); /* the core's own counter; 0: there is none */
    void (*pause)(void *self, uint32_t ms);
    int (*discipline)(void *self, struct timex *time); /* adjtimex */
    int (*open)(void *self, const char *path, int flags, mode_t mode);
    ssize_t (*read)(void *self, int file, void *bytes, size_t size_bytes);
    ssize_t (*pread)(void *self, int file, void *bytes, size_t size_bytes, off_t at);
    ssize_t (*pwrite)(void *self, int file, const void *bytes, size_t size_bytes, off_t at);
    int (*sync)(void *self, int file);                       /* fdatasync */
    int (*allocate)(void *self, int file, off_t size_bytes); /* posix_fallocate */
    int (*stat)(void *self, const char *path, struct stat *out);
    int (*statvfs)(void *self, const char *path, struct statvfs *out);
};

/* This machine, with nothing before its paths. */
struct seams seams_of_machine(void);

static inline void seams_bend(const struct seams *seams, enum bend where, uint32_t index,
                              void *bytes, size_t size_bytes)
{
    if (seams->bend != NULL) {
        seams->bend(seams->self, where, index, bytes, size_bytes);
    }
}

#endif

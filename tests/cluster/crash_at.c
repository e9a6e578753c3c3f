/* Preloaded: an agent dies by SIGKILL before its n-th step that others can see,
 * OSTRAKON_CRASH_AT=n (faults.md, F02): a write, a sync, a change of a name, a sending. With
 * OSTRAKON_CRASH_TORN half of that step is done, if it is a write or a sending. What the agent
 * starts is left alone. */
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_ulong left; /* steps until it dies, this one counted; 0: it lives */
static bool tears;
static pid_t dies;

__attribute__((constructor)) static void begin(void)
{
    const char *at = getenv("OSTRAKON_CRASH_AT");
    atomic_store(&left, at != NULL ? strtoul(at, NULL, 10) : 0);
    tears = getenv("OSTRAKON_CRASH_TORN") != NULL;
    dies = getpid();
    (void)unsetenv("LD_PRELOAD");
}

/* Whether it is the last; a process that was forked has no last one. */
static bool is_last(void)
{
    return atomic_load(&left) > 0 && getpid() == dies && atomic_fetch_sub(&left, 1) == 1;
}

/* After half a step, of which nobody is told how far it came. */
static void die(ssize_t half)
{
    (void)half;
    (void)kill(dies, SIGKILL);
    (void)pause();
}

static void *find_next(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    if (found == NULL) {
        abort();
    }
    return found;
}

/* The call that this one stands before. */
#define NEXT(name)                                                                             \
    static __typeof__(name) *next;                                                             \
    if (next == NULL) {                                                                        \
        void *const found = find_next(#name);                                                  \
        memcpy(&next, &found, sizeof next);                                                    \
    }

#define WHOLE(type, name, parameters, ...)                                                     \
    type name parameters                                                                       \
    {                                                                                          \
        NEXT(name)                                                                             \
        if (is_last()) {                                                                       \
            die(0);                                                                            \
        }                                                                                      \
        return next(__VA_ARGS__);                                                              \
    }

/* `half`: the arguments with half of the bytes. */
#define TORN(type, name, parameters, half, ...)                                                \
    type name parameters                                                                       \
    {                                                                                          \
        NEXT(name)                                                                             \
        if (is_last()) {                                                                       \
            die(tears ? next half : 0);                                                        \
        }                                                                                      \
        return next(__VA_ARGS__);                                                              \
    }

/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name): glibc's begin with __ */
TORN(ssize_t, write, (int fd, const void *from, size_t n), (fd, from, n / 2), fd, from, n)
TORN(ssize_t, pwrite64, (int fd, const void *from, size_t n, off64_t at), (fd, from, n / 2, at),
     fd, from, n, at)
TORN(ssize_t, send, (int fd, const void *from, size_t n, int flags), (fd, from, n / 2, flags),
     fd, from, n, flags)
WHOLE(int, fsync, (int fd), fd)
WHOLE(int, fdatasync, (int fd), fd)
WHOLE(int, ftruncate64, (int fd, off64_t size_bytes), fd, size_bytes)
WHOLE(int, posix_fallocate64, (int fd, off64_t at, off64_t size_bytes), fd, at, size_bytes)
WHOLE(int, rename, (const char *from, const char *to), from, to)
WHOLE(int, renameat, (int at, const char *from, int into, const char *to), at, from, into, to)
WHOLE(int, renameat2, (int at, const char *from, int into, const char *to, unsigned flags), at,
      from, into, to, flags)
WHOLE(int, unlink, (const char *path), path)
WHOLE(int, unlinkat, (int at, const char *path, int flags), at, path, flags)
/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */

/* Preloaded: the n-th allocation of a process fails, and with OSTRAKON_TEST_FAIL_ON every later
 * one (faults.md, F2C). How many there were is told at its end. */
#include <errno.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define ALLOCATIONS(X)                                                                         \
    X(void *, __libc_malloc, (size_t))                                                         \
    X(void *, __libc_calloc, (size_t, size_t))                                                 \
    X(void *, __libc_realloc, (void *, size_t))                                                \
    X(void *, __libc_memalign, (size_t, size_t))
/* NOLINTBEGIN(bugprone-reserved-identifier): glibc's own names for what is replaced here */
#define X(type, name, arguments) extern type name arguments;
ALLOCATIONS(X)
#undef X
/* NOLINTEND(bugprone-reserved-identifier) */

static atomic_ulong count;
static unsigned long fails_at; /* 0: none */
static bool fails_on;

__attribute__((constructor)) static void begin(void)
{
    const char *at = getenv("OSTRAKON_TEST_FAIL_AT");
    fails_at = at != NULL ? strtoul(at, NULL, 10) : 0;
    fails_on = getenv("OSTRAKON_TEST_FAIL_ON") != NULL;
    atomic_store(&count, 0);
}

__attribute__((destructor)) static void tell(void)
{
    if (getenv("OSTRAKON_TEST_COUNT") != NULL) {
        fprintf(stderr, "allocations: %lu\n", atomic_load(&count));
    }
}

static bool fails(void)
{
    const unsigned long now = atomic_fetch_add(&count, 1) + 1;
    const bool does = fails_at != 0 && (now == fails_at || (fails_on && now > fails_at));
    if (does) {
        errno = ENOMEM;
    }
    return does;
}

/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name): glibc's begin with __ */
void *malloc(size_t size_bytes)
{
    return fails() ? NULL : __libc_malloc(size_bytes);
}

void *calloc(size_t number, size_t size_bytes)
{
    return fails() ? NULL : __libc_calloc(number, size_bytes);
}

void *realloc(void *memory, size_t size_bytes)
{
    return fails() ? NULL : __libc_realloc(memory, size_bytes);
}

void *memalign(size_t alignment, size_t size_bytes)
{
    return fails() ? NULL : __libc_memalign(alignment, size_bytes);
}

void *aligned_alloc(size_t alignment, size_t size_bytes)
{
    return memalign(alignment, size_bytes);
}

int posix_memalign(void **memory, size_t alignment, size_t size_bytes)
{
    *memory = memalign(alignment, size_bytes);
    return *memory == NULL ? ENOMEM : 0;
}
/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */

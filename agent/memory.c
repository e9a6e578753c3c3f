#include "agent/memory.h"

#include <stdio.h>
#include <stdlib.h>

void memory_is_out(void)
{
    fputs("ostrakond: out of memory\n", stderr);
    abort();
}

void *memory_get(size_t size_bytes)
{
    void *const memory = calloc(1, size_bytes);
    memory_expect(memory != NULL);
    return memory;
}

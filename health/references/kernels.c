#include "kernels.h"

#include <assert.h>

static const struct {
    const char *name;
    uint64_t (*function)(uint64_t seed, struct kernel_scratch *scratch);
} kernels[KERNEL_COUNT] = {
#define X(name, function, condition) {#function, kernel_##function},
    KERNELS(X)
#undef X
};

const char *kernel_name(enum kernel kernel)
{
    assert((uint32_t)kernel < KERNEL_COUNT);
    return kernels[kernel].name;
}

bool kernel_runs_on(enum kernel kernel, const struct processor *p)
{
    const bool runs[KERNEL_COUNT] = {
#define X(name, function, condition) (condition),
        KERNELS(X)
#undef X
    };
    (void)p; /* where no kernel needs it */
    assert((uint32_t)kernel < KERNEL_COUNT);
    return runs[kernel];
}

uint64_t kernel_run(enum kernel kernel, uint64_t seed, struct kernel_scratch *scratch)
{
    assert((uint32_t)kernel < KERNEL_COUNT);
    return kernels[kernel].function(seed, scratch);
}

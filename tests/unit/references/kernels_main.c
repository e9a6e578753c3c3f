#include <stdio.h>

#include "health/references/kernels.h"

/* All kernels that this processor can run, against the compiled-in answers: built once for each
 * level of optimisation. One TAP line a kernel. */
int main(void)
{
    static struct kernel_scratch scratch;
    const struct processor p = processor_now();
    int failed = 0;
    printf("1..%u\n", KERNEL_COUNT);
    for (uint32_t i = 0; i < KERNEL_COUNT; i++) {
        const enum kernel kernel = (enum kernel)i;
        if (!kernel_runs_on(kernel, &p)) {
            printf("ok %u - %s # SKIP not on this processor\n", i + 1, kernel_name(kernel));
            continue;
        }
        const uint64_t got = kernel_run(kernel, KERNEL_SEED, &scratch);
        const uint64_t other = kernel_run(kernel, KERNEL_SEED + 1, &scratch);
        const bool right = got == kernel_goldens[i] && other != got;
        failed += !right;
        printf("%sok %u - %s: %016llx\n", right ? "" : "not ", i + 1, kernel_name(kernel),
               (unsigned long long)got);
    }
    return failed == 0 ? 0 : 1;
}

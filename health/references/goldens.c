#include "kernels.h"

/* From tests/unit/references/goldens.py, which computes them from the definitions. */
const uint64_t kernel_goldens[KERNEL_COUNT] = {
    [KERNEL_INTEGER] = UINT64_C(0x3c765b9b114565f8),
    [KERNEL_COMPARE] = UINT64_C(0xb1f75776e39c0d9a),
    [KERNEL_FLOAT] = UINT64_C(0x8323166e7c9f1b08),
    [KERNEL_COPY] = UINT64_C(0xb7e502a493ccbf99),
    [KERNEL_ATOMIC] = UINT64_C(0xea4c48606b99bb76),
#if defined(__x86_64__)
    [KERNEL_ROOT] = UINT64_C(0xf377d6e37bb242cd),
    [KERNEL_POPCNT] = UINT64_C(0x42c352353f46885a),
    [KERNEL_CRC32] = UINT64_C(0x2a719d89fa95bbdb),
    [KERNEL_AES] = UINT64_C(0x5db57ffb8ed3eb0e),
    [KERNEL_CLMUL] = UINT64_C(0xad071df7721aecda),
    [KERNEL_FMA] = UINT64_C(0x11d19cfc9c967b4e),
    [KERNEL_AVX2] = UINT64_C(0x01193a629f6ce84e),
    [KERNEL_SHA] = UINT64_C(0x3e8ada8c4f9f7c1b),
#endif
};

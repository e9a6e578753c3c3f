#ifndef OSTRAKON_HEALTH_REFERENCES_PROCESSOR_H
#define OSTRAKON_HEALTH_REFERENCES_PROCESSOR_H

#include <stdbool.h>

/* Which instructions the processor says it has, and the kernel lets us use. Asked anew each
 * time: a virtual machine may move to another model. All false where this is no x86-64. */
struct processor {
    bool popcnt;
    bool crc32; /* SSE 4.2 */
    bool aes;
    bool clmul;
    bool fma;
    bool avx2;
    bool sha;
    bool flush; /* clflushopt */
};

struct processor processor_now(void);

#endif

#include "seams.h"

#include <errno.h>
#include <sys/random.h>

static ssize_t machine_random(void *self, void *bytes, size_t size_bytes, unsigned flags)
{
    (void)self;
    const ssize_t done = getrandom(bytes, size_bytes, flags);
    return done < 0 ? -errno : done;
}

struct seams seams_of_machine(void)
{
    return (struct seams){
        .root = "",
        .random = machine_random,
    };
}

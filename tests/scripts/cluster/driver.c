#include "driver.h"

#include <assert.h>
#include <stdlib.h>

static void run(void *world, const struct words *words, FILE *out)
{
    run_command(world, words, out);
}

int main(int argc, char **argv)
{
    struct world *world = calloc(1, sizeof *world);
    assert(world != NULL);
    const struct script_actor actor = {.run = run, .world = world};
    const int status = script_main(argc, argv, &actor);
    free(world);
    return status;
}

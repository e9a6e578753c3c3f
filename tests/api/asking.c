#include "tests/api/asking.h"

struct world w;
struct exchange x;

void begin(void)
{
    world_init(&w, SCENE_MEMBERS);
}

void end(void)
{
    exchange_finish(&w, &x);
    world_finish(&w);
}

void get(const char *path)
{
    world_get(&w, &x, path);
}

#include "health/references/arena.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <string.h>

#include <sodium.h>

#include "machine.h"

#define MIB ((size_t)1 << 20)

static const uint8_t salt[ARENA_SALT_BYTES] = "a test's salt 1";
static const uint8_t password[] = "a test's password";

/* What the seams were asked for. */
static uint32_t maps;
static uint32_t huge_maps;
static uint32_t locks;
static uint32_t unmaps;
static bool no_memory;

static void *map(void *self, size_t size_bytes, bool huge)
{
    (void)self;
    maps++;
    huge_maps += huge ? 1 : 0;
    return no_memory ? NULL : seams_of_machine().map(NULL, size_bytes, huge);
}

static void unmap(void *self, void *bytes, size_t size_bytes)
{
    (void)self;
    unmaps++;
    seams_of_machine().unmap(NULL, bytes, size_bytes);
}

static int lock(void *self, void *bytes, size_t size_bytes)
{
    (void)self;
    (void)bytes;
    (void)size_bytes;
    locks++;
    return -ENOMEM; /* in vain, which stops nobody */
}

static struct seams counting(void)
{
    struct seams seams = seams_of_machine();
    seams.map = map;
    seams.unmap = unmap;
    seams.lock = lock;
    return seams;
}

static struct arena_work work_of(uint32_t mib, uint32_t passes)
{
    return (struct arena_work){.password = password,
                               .password_bytes = sizeof password,
                               .salt = salt,
                               .mib = mib,
                               .passes = passes};
}

Test(arena, answers_as_libsodium_does)
{
    static const uint32_t sizes[][2] = {{1, 1}, {2, 3}, {4, 2}, {16, 1}};
    const struct seams seams = seams_of_machine();
    struct arenas a = {.held = 0};
    for (uint32_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        uint8_t ours[ARENA_ANSWER_BYTES];
        uint8_t theirs[ARENA_ANSWER_BYTES];
        const struct arena_work work = work_of(sizes[i][0], sizes[i][1]);
        cr_assert(arenas_work(&a, &seams, &work, i, ours));
        cr_assert(eq(int,
                     crypto_pwhash(theirs, sizeof theirs, (const char *)password,
                                   sizeof password, salt, sizes[i][1], sizes[i][0] * MIB,
                                   crypto_pwhash_ALG_ARGON2ID13),
                     0));
        cr_assert(eq(int, memcmp(ours, theirs, sizeof ours), 0), "%u MiB", sizes[i][0]);
    }
    arenas_release(&a, &seams);
}

Test(arena, holds_the_newest_and_gives_the_oldest_back)
{
    const struct seams seams = counting();
    struct arenas a = {.held = 0};
    const struct arena_work work = work_of(1, 1);
    void *before = NULL;
    for (uint32_t i = 1; i <= 3 * ARENAS_MAX; i++) {
        uint8_t out[ARENA_ANSWER_BYTES];
        cr_assert(arenas_work(&a, &seams, &work, ARENAS_MAX, out));
        cr_assert(eq(u32, maps - unmaps, i < ARENAS_MAX ? i : ARENAS_MAX));
        cr_assert(a.list[a.held - 1] != before, "each takes other memory");
        before = a.list[a.held - 1];
    }
    cr_assert(eq(u32, locks, 3 * ARENAS_MAX));
    cr_assert(eq(u32, huge_maps, ARENAS_MAX), "every other time that all was replaced");
    uint8_t out[ARENA_ANSWER_BYTES];
    cr_assert(arenas_work(&a, &seams, &work, 2, out));
    cr_assert(eq(u32, maps - unmaps, 2), "less may be held now");
    huge_maps = 0;
    for (uint32_t i = 0; i < 4; i++) {
        cr_assert(arenas_work(&a, &seams, &work, 0, out));
        cr_assert(eq(u32, maps, unmaps), "and now nothing");
    }
    cr_assert(eq(u32, huge_maps, 2));
}

Test(arena, without_memory_gives_back_what_it_holds)
{
    const struct seams seams = counting();
    struct arenas a = {.held = 0};
    const struct arena_work work = work_of(1, 1);
    uint8_t out[ARENA_ANSWER_BYTES];
    cr_assert(arenas_work(&a, &seams, &work, ARENAS_MAX, out));
    no_memory = true;
    cr_assert_not(arenas_work(&a, &seams, &work, ARENAS_MAX, out));
    cr_assert(eq(u32, a.held, 0));
    cr_assert(eq(u32, unmaps, 1));
}

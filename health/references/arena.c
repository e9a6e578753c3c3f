#include "arena.h"

#include <assert.h>
#include <string.h>

#include <argon2.h>

#include "seams.h"

#define MIB ((size_t)1 << 20)
#define KIB_PER_MIB 1024u

/* What the library is to work in. It hands its callbacks nothing of ours. */
static _Thread_local uint8_t *given;

static int give(uint8_t **memory, size_t size_bytes)
{
    (void)size_bytes;
    *memory = given;
    return ARGON2_OK;
}

static void take_back(uint8_t *memory, size_t size_bytes)
{
    (void)memory;
    (void)size_bytes;
}

static bool compute(const struct arena_work *work, void *memory,
                    uint8_t out[static ARENA_ANSWER_BYTES])
{
    uint8_t password[ARENA_ANSWER_BYTES];
    uint8_t salt[ARENA_SALT_BYTES];
    assert(work->password_bytes <= sizeof password);
    memcpy(password, work->password, work->password_bytes);
    memcpy(salt, work->salt, sizeof salt);
    argon2_context context = {
        .out = out,
        .outlen = ARENA_ANSWER_BYTES,
        .pwd = password,
        .pwdlen = (uint32_t)work->password_bytes,
        .salt = salt,
        .saltlen = sizeof salt,
        .t_cost = work->passes,
        .m_cost = work->mib * KIB_PER_MIB,
        .lanes = 1,
        .threads = 1,
        .version = ARGON2_VERSION_13,
        .allocate_cbk = give,
        .free_cbk = take_back,
        .flags = ARGON2_DEFAULT_FLAGS,
    };
    given = memory;
    const int status = argon2id_ctx(&context);
    given = NULL;
    return status == ARGON2_OK;
}

static void release_oldest(struct arenas *a, const struct seams *seams)
{
    seams->unmap(seams->self, a->list[0], a->size_bytes[0]);
    a->held--;
    memmove(&a->list[0], &a->list[1], a->held * sizeof a->list[0]);
    memmove(&a->size_bytes[0], &a->size_bytes[1], a->held * sizeof a->size_bytes[0]);
}

void arenas_release(struct arenas *a, const struct seams *seams)
{
    while (a->held > 0) {
        release_oldest(a, seams);
    }
}

bool arenas_work(struct arenas *a, const struct seams *seams, const struct arena_work *work,
                 uint32_t hold, uint8_t out[static ARENA_ANSWER_BYTES])
{
    const size_t size_bytes = work->mib * MIB;
    const bool huge = a->works / (hold > 0 ? hold : 1) % 2 == 1;
    assert(hold <= ARENAS_MAX);
    a->works++;
    void *memory = seams->map(seams->self, size_bytes, huge);
    if (memory == NULL) {
        arenas_release(a, seams);
        return false;
    }
    if (hold > 0) {
        (void)seams->lock(seams->self, memory, size_bytes); /* in vain: swapped at worst */
    }
    const bool done = compute(work, memory, out);
    while (a->held > 0 && a->held >= hold) {
        release_oldest(a, seams);
    }
    if (hold == 0) {
        seams->unmap(seams->self, memory, size_bytes);
        return done;
    }
    a->list[a->held] = memory;
    a->size_bytes[a->held++] = size_bytes;
    return done;
}

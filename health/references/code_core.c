#include "code_core.h"

#include <link.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "code_disk.h"
#include "references.h"

struct walk {
    const struct seams *seams;
    struct code_core *out;
};

/* The program has no name. */
static bool is_of_the_core(const struct dl_phdr_info *object)
{
    const char *name = object->dlpi_name;
    const char *slash = name == NULL ? NULL : strrchr(name, '/');
    const char *file = slash == NULL ? name : slash + 1;
    return !code_is_the_kernels(object) &&
           (file == NULL || file[0] == '\0' || strncmp(file, "libsodium.", 10) == 0 ||
            strncmp(file, "libargon2.", 10) == 0 || strncmp(file, "libc.", 5) == 0 ||
            strncmp(file, "ld-musl-", 8) == 0);
}

/* Poly1305 under a key that is no secret: against corruption it is as good as a hash, and takes
 * a seventh of the time. */
static void sum_of(const struct code_part *part, uint8_t out[static CODE_DIGEST_BYTES])
{
    static const uint8_t key[crypto_onetimeauth_KEYBYTES] = "ostrakon: the gate's own code";
    crypto_onetimeauth_state state;
    static_assert(crypto_onetimeauth_BYTES <= CODE_DIGEST_BYTES, "a sum fits");
    memset(out, 0, CODE_DIGEST_BYTES);
    crypto_onetimeauth_init(&state, key);
    for (uint64_t at = 0; at < part->size_bytes; at += CODE_CHUNK_BYTES) {
        uint8_t chunk[CODE_CHUNK_BYTES];
        code_copy(chunk, part->from + at);
        crypto_onetimeauth_update(&state, chunk, sizeof chunk);
    }
    crypto_onetimeauth_final(&state, out);
}

static int visit(struct dl_phdr_info *object, size_t size_bytes, void *data)
{
    struct walk *w = data;
    const bool of_the_core = is_of_the_core(object);
    (void)size_bytes;
    for (uint32_t i = 0; of_the_core && i < object->dlpi_phnum; i++) {
        struct code_part part = code_part_of(object, i);
        if (part.size_bytes == 0) {
            continue;
        }
        if (w->out->count == CODE_CORE_PARTS_MAX) {
            w->out->cut++;
            continue;
        }
        sum_of(&part, part.digest);
        seams_bend(w->seams, BEND_CODE, w->out->count, part.digest, sizeof part.digest);
        w->out->parts[w->out->count++] = part;
    }
    return 0;
}

void code_core_measure(const struct seams *seams, struct code_core *out)
{
    struct walk w = {.seams = seams, .out = out};
    memset(out, 0, sizeof *out);
    seams->objects(seams->self, visit, &w);
}

static bool is_same(const struct code_part *one, const struct code_part *other)
{
    return one->from == other->from && one->size_bytes == other->size_bytes &&
           memcmp(one->digest, other->digest, sizeof one->digest) == 0;
}

static const struct code_part *find_changed(const struct code_core *before,
                                            const struct code_core *now)
{
    const uint32_t count = before->count < now->count ? before->count : now->count;
    for (uint32_t i = 0; i < count && i < CODE_CORE_PARTS_MAX; i++) {
        if (!is_same(&before->parts[i], &now->parts[i])) {
            return &now->parts[i];
        }
    }
    return before->count == now->count && before->cut == now->cut ? NULL : &now->parts[0];
}

void code_core_judge(const struct seams *seams, const struct code_core *before,
                     const struct code_core *now, struct finding *out)
{
    const struct code_part *changed = find_changed(before, now);
    finding_begin(out, 6);
    if (changed == NULL) {
        finding_set(out, RESULT_OK, CODE_RIGHT);
        out->evidence.count = now->count;
        return;
    }
    struct reference_context *context = calloc(1, sizeof *context);
    if (context == NULL) {
        finding_set(out, RESULT_FATAL, CODE_CHANGED);
        out->evidence.address = changed->from;
        out->evidence.count = changed->size_bytes / 1024;
        return;
    }
    context->seams = *seams;
    code_judge_changed(context, changed, out);
    free(context);
}

#include "regions.h"

#include <assert.h>
#include <inttypes.h>
#include <link.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

const char *region_text(enum region region)
{
    static const char *const texts[] = {
#define X(name, text, at_rest) text,
        REGIONS(X)
#undef X
    };
    return texts[region];
}

bool region_rests(enum region region)
{
    static const bool rests[] = {
#define X(name, text, at_rest) at_rest,
        REGIONS(X)
#undef X
    };
    return rests[region];
}

static void add(struct ranges *r, const void *from, uint64_t size_bytes)
{
    assert(r->count < RANGES_MAX);
    r->list[r->count++] = (struct range){(uint64_t)(uintptr_t)from, size_bytes};
    r->size_bytes += size_bytes;
}

/* The digests of pages that there are; what comes after them in a node is checked by hash or
 * signature at every use. */
static void add_state(struct ranges *r, const struct node *n)
{
    const size_t pages = (sizeof n->deciding + DIGESTS_PAGE_BYTES - 1) / DIGESTS_PAGE_BYTES;
    add(r, &n->guard_before,
        offsetof(struct node, digests) + DIGESTS_KEY_BYTES + pages * DIGESTS_BYTES);
}

static void add_keys(struct ranges *r, const struct gate *g)
{
    add(r, g->key->sealed, sizeof g->key->sealed);
    add(r, g->key->public_key, sizeof g->key->public_key);
    add(r, g->other->public_key, sizeof g->other->public_key);
}

struct walk {
    enum region region;
    struct ranges *out;
};

static bool belongs(const struct walk *w, const ElfW(Phdr) * part)
{
    if (w->region == REGION_CODE) {
        return part->p_type == PT_LOAD && (part->p_flags & PF_X) != 0;
    }
    return part->p_type == PT_GNU_RELRO ||
           (part->p_type == PT_LOAD && (part->p_flags & (PF_X | PF_W)) == 0);
}

/* The first object is the program. */
static int visit(struct dl_phdr_info *object, size_t size_bytes, void *data)
{
    const struct walk *w = data;
    (void)size_bytes;
    for (uint32_t i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &object->dlpi_phdr[i];
        if (belongs(w, part)) {
            const uintptr_t from = object->dlpi_addr + part->p_vaddr;
            add(w->out, (const void *)from, part->p_memsz); /* NOLINT: it is an address */
        }
    }
    return 1;
}

/* Shared memory is the judge's, what the kernel maps is not written to. */
static void add_mappings(struct ranges *r, pid_t pid)
{
    char path[32];
    char line[512];
    snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
    FILE *maps = fopen(path, "re");
    assert(maps != NULL);
    while (fgets(line, sizeof line, maps) != NULL) {
        uint64_t from = 0;
        uint64_t to = 0;
        char rights[5] = "";
        const bool read = sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s", &from, &to, rights) == 3;
        const bool counts = read && rights[3] == 'p' && rights[0] == 'r' &&
                            (rights[1] == 'w' || rights[2] == 'x') &&
                            strstr(line, "[v") == NULL;
        if (counts) {
            add(r, (const void *)(uintptr_t)from, to - from); /* NOLINT: an address */
        }
    }
    fclose(maps);
}

void ranges_of(enum region region, const struct victim *v, const struct legacy *l, pid_t pid,
               struct ranges *out)
{
    struct walk w = {.region = region, .out = out};
    *out = (struct ranges){.count = 0};
    switch (region) {
    case REGION_STATE:
    case REGION_MOVING:
        add_state(out, v->agent->node);
        add_state(out, twin_node(v->agent->twin));
        break;
    case REGION_WORDS:
        add(out, (const void *)(uintptr_t)l->words_at, l->words_bytes); /* NOLINT: an address */
        break;
    case REGION_KEYS:
        add_keys(out, &v->agent->gate);
        break;
    case REGION_CODE:
    case REGION_CONSTANTS:
        dl_iterate_phdr(visit, &w);
        break;
    case REGION_ALL:
    case REGION_COUNT:
        add_mappings(out, pid);
        break;
    }
    assert(out->size_bytes > 0);
}

uint64_t ranges_at(const struct ranges *r, uint64_t place)
{
    uint32_t i = 0;
    while (place >= r->list[i].size_bytes) {
        place -= r->list[i++].size_bytes;
        assert(i < r->count);
    }
    return r->list[i].from + place;
}

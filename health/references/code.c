#include "code.h"

#include <elf.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include <sodium.h>

#include "code_disk.h"
#include "references.h"

static uint64_t page_bytes(void)
{
    return (uint64_t)sysconf(_SC_PAGESIZE);
}

static uint64_t page_down(uint64_t address)
{
    return address & ~(page_bytes() - 1);
}

static void digest_of(const struct code_part *part, uint8_t out[static CODE_DIGEST_BYTES])
{
    crypto_generichash_state hash;
    crypto_generichash_init(&hash, NULL, 0, CODE_DIGEST_BYTES);
    for (uint64_t at = 0; at < part->size_bytes; at += CODE_CHUNK_BYTES) {
        uint8_t chunk[CODE_CHUNK_BYTES];
        code_copy(chunk, part->from + at);
        crypto_generichash_update(&hash, chunk, sizeof chunk);
    }
    crypto_generichash_final(&hash, out, CODE_DIGEST_BYTES);
}

/* The last part of the path; the program itself has none. */
static void name_in(const struct code_part *part, struct finding *out)
{
    const char *slash = strrchr(part->origin.path, '/');
    finding_subject(out, slash == NULL ? part->origin.path : slash + 1);
}

struct walk {
    struct reference_context *context;
    struct finding *out;
    bool good;   /* nothing was found wrong yet */
    bool closed; /* a library was closed since the last run */
    uint64_t closings;
};

/* True: somebody holds this process by ptrace. */
static bool is_traced(struct reference_context *context)
{
    uint64_t tracer = 0;
    return source_read(&context->seams, "/proc/self/status", &context->source) == SOURCE_READ &&
           source_field(&context->source, "TracerPid:", "", &tracer) == FIELD_FOUND &&
           tracer != 0;
}

/* True: probes of the kernel's are set in somebody's text, perhaps in ours. */
static bool has_probes(struct reference_context *context)
{
    return source_read(&context->seams, "/sys/kernel/tracing/uprobe_events",
                       &context->source) == SOURCE_READ &&
           context->source.size_bytes > 0;
}

void code_judge_changed(struct reference_context *context, const struct code_part *part,
                        struct finding *out)
{
    struct code_disk disk;
    const bool compared = code_disk_compare(context, part, &disk) && disk.read;
    out->evidence.address = compared && disk.differ > 0 ? disk.address : part->from;
    out->evidence.expected = disk.expected;
    out->evidence.got = disk.got;
    name_in(part, out);
    if (compared && disk.differ > 0 && disk.differ == disk.traps &&
        (is_traced(context) || has_probes(context))) {
        out->evidence.count = disk.traps;
        finding_set(out, RESULT_SILENT, CODE_TRACED);
    } else {
        out->evidence.count = part->size_bytes / 1024;
        finding_set(out, RESULT_FATAL, CODE_CHANGED);
    }
}

static void judge_changed(struct walk *w, const struct code_part *part)
{
    code_judge_changed(w->context, part, w->out);
    w->good = false;
}

/* At first sight: what comes from a file is as there. */
static void judge_new(struct walk *w, struct code_part *part)
{
    struct code_disk disk;
    if (!code_disk_compare(w->context, part, &disk)) {
        finding_set(w->out, RESULT_UNKNOWN, CODE_NO_MEMORY);
        w->good = false;
        return;
    }
    if (disk.read && disk.differ > 0) {
        judge_changed(w, part);
        if (w->out->result == RESULT_FATAL) {
            w->out->evidence.note = CODE_CACHED;
        }
        return;
    }
    part->proven = disk.compared;
}

static struct code_part *find(struct code_state *state, const struct code_part *part)
{
    for (uint32_t i = 0; i < state->count; i++) {
        struct code_part *known = &state->parts[i];
        if (known->from == part->from && known->size_bytes == part->size_bytes &&
            strcmp(known->origin.path, part->origin.path) == 0) {
            return known;
        }
    }
    return NULL;
}

/* Reading all has brought all of it into this process: what is as on the disk, and nobody can
 * write to, comes back from the cached file when it is used. */
static void give_back(const struct code_part *part)
{
    if (part->proven) {
        (void)madvise((void *)(uintptr_t)part->from, part->size_bytes, MADV_DONTNEED);
    }
}

static void visit(struct walk *w, struct code_part *part)
{
    struct code_state *state = &w->context->code;
    struct code_part *known = find(state, part);
    digest_of(part, part->digest);
    seams_bend(&w->context->seams, BEND_CODE, 0, part->digest, CODE_DIGEST_BYTES);
    if (known != NULL) {
        known->seen = true;
        if (memcmp(known->digest, part->digest, CODE_DIGEST_BYTES) == 0) {
            give_back(known);
            return;
        }
        if (w->closed && !part->origin.is_file) {
            /* What the loader filled in for a library that was closed, for another now. */
            memcpy(known->digest, part->digest, CODE_DIGEST_BYTES);
            return;
        }
        judge_changed(w, known);
    } else if (state->count == CODE_PARTS_MAX) {
        state->cut = true;
    } else {
        part->seen = true;
        judge_new(w, part);
        if (w->good) {
            state->parts[state->count++] = *part;
        }
    }
}

struct code_part code_part_of(const struct dl_phdr_info *object, uint32_t index)
{
    const ElfW(Phdr) *header = &object->dlpi_phdr[index];
    struct code_part part = {0};
    const uint64_t from = object->dlpi_addr + header->p_vaddr;
    const uint64_t to = from + header->p_memsz;
    const bool constant = header->p_type == PT_LOAD && (header->p_flags & PF_W) == 0 &&
                          (header->p_flags & PF_R) != 0;
    if (!constant && header->p_type != PT_GNU_RELRO) {
        return part;
    }
    part.from = page_down(from);
    /* The loader protects whole pages only: the last one of RELRO if it ends there. */
    part.size_bytes = (constant ? page_down(to + page_bytes() - 1) : page_down(to)) - part.from;
    part.origin.is_file = constant;
    part.origin.offset = page_down(header->p_offset);
    const bool itself = object->dlpi_name == NULL || object->dlpi_name[0] == '\0';
    const int size_bytes = snprintf(part.origin.path, CODE_NAME_BYTES, "%s",
                                    itself ? "/proc/self/exe" : object->dlpi_name);
    part.origin.is_file = part.origin.is_file && size_bytes < (int)CODE_NAME_BYTES;
    return part;
}

bool code_is_the_kernels(const struct dl_phdr_info *object)
{
    const uint64_t vdso = getauxval(AT_SYSINFO_EHDR);
    for (uint32_t i = 0; vdso != 0 && i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &object->dlpi_phdr[i];
        if (header->p_type == PT_LOAD && object->dlpi_addr + header->p_vaddr == vdso) {
            return true;
        }
    }
    return false;
}

/* Under the loader's lock, so nothing is unmapped while it is read. */
static int visit_object(struct dl_phdr_info *object, size_t size_bytes, void *data)
{
    struct walk *w = data;
    (void)size_bytes;
    w->closings = object->dlpi_subs;
    w->closed = object->dlpi_subs != w->context->code.closings;
    for (uint32_t i = 0; w->good && i < object->dlpi_phnum && !code_is_the_kernels(object);
         i++) {
        struct code_part part = code_part_of(object, i);
        if (part.size_bytes > 0) {
            visit(w, &part);
        }
    }
    return w->good ? 0 : 1;
}

/* Those of libraries that were closed are forgotten. */
static void forget_unseen(struct code_state *state)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < state->count; i++) {
        if (state->parts[i].seen) {
            state->parts[kept++] = state->parts[i];
        }
    }
    state->count = kept;
}

static void tell(const struct code_state *state, struct finding *out)
{
    uint64_t size_bytes = 0;
    uint64_t unproven = 0;
    for (uint32_t i = 0; i < state->count; i++) {
        size_bytes += state->parts[i].size_bytes;
        unproven += state->parts[i].origin.is_file && !state->parts[i].proven;
    }
    out->evidence.count = state->count;
    out->evidence.expected = size_bytes / 1024;
    out->evidence.got = unproven;
    finding_set(out, RESULT_OK, unproven == 0 ? CODE_RIGHT : CODE_UNPROVEN);
    if (state->cut) {
        finding_set(out, RESULT_DEGRADED, CODE_TOO_MANY);
    }
}

static void run(struct reference_context *context, struct finding *out)
{
    struct code_state *state = &context->code;
    struct walk w = {.context = context, .out = out, .good = true};
    state->cut = false;
    for (uint32_t i = 0; i < state->count; i++) {
        state->parts[i].seen = false;
    }
    context->seams.objects(context->seams.self, visit_object, &w);
    if (w.good) {
        state->closings = w.closings;
        forget_unseen(state);
        tell(state, out);
    }
}

/* A block that is known and then has one bit turned, at many places. */
static bool negative(struct reference_context *context)
{
    struct code_state *state = &context->code;
    const uint32_t count = state->count;
    uint8_t *block = context->cores.scratch.from;
    struct code_part part = {.from = (uint64_t)(uintptr_t)block,
                             .size_bytes = KERNEL_BLOCK_BYTES};
    bool noticed = true;
    if (count == CODE_PARTS_MAX) {
        return true; /* no room to try it, nor to watch anything more */
    }
    digest_of(&part, part.digest);
    state->parts[state->count++] = part;
    for (uint32_t byte = 0; byte < KERNEL_BLOCK_BYTES; byte += 4099) {
        struct finding seen;
        struct walk w = {.context = context, .out = &seen, .good = true};
        finding_begin(&seen, 6);
        block[byte] ^= 0x04;
        visit(&w, &part);
        block[byte] ^= 0x04;
        noticed = noticed && seen.result == RESULT_FATAL;
    }
    state->count = count;
    return noticed;
}

static const struct reference_note notes[] = {
#define X(name, text, action) {text, action},
    CODE_NOTES(X)
#undef X
};

const struct reference reference_code = {
    .id = 6,
    .period_ms = 30000,
    .note_count = sizeof notes / sizeof notes[0],
    .notes = notes,
    .run = run,
    .negative = negative,
};

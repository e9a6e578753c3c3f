#include "code_disk.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "direct.h"
#include "references.h"

static bool hex_scan(const char **at, uint64_t *out)
{
    const char *from = *at;
    uint64_t number = 0;
    for (;; (*at)++) {
        const char c = **at;
        const bool digit = c >= '0' && c <= '9';
        if ((!digit && (c < 'a' || c > 'f')) || *at - from == 16) {
            break;
        }
        number = number << 4 | (uint64_t)(digit ? c - '0' : c - 'a' + 10);
    }
    *out = number;
    return *at > from;
}

static bool skip(const char **at, char expected)
{
    const bool right = **at == expected;
    *at += right;
    return right;
}

struct mapping {
    uint64_t from;
    uint64_t to;
    uint64_t device;
    uint64_t inode;
};

/* "7f0000-7f1000 r-xp 00001000 fe:00 1234 /usr/lib/x.so" */
static bool mapping_scan(const char *at, struct mapping *out)
{
    uint64_t major_number;
    uint64_t minor_number;
    uint64_t offset;
    if (!hex_scan(&at, &out->from) || !skip(&at, '-') || !hex_scan(&at, &out->to) ||
        !skip(&at, ' ')) {
        return false;
    }
    at += strspn(at, "rwxsp-");
    if (!skip(&at, ' ') || !hex_scan(&at, &offset) || !skip(&at, ' ') ||
        !hex_scan(&at, &major_number) || !skip(&at, ':') || !hex_scan(&at, &minor_number) ||
        !skip(&at, ' ') || !number_scan(&at, &out->inode)) {
        return false;
    }
    out->device = makedev((unsigned)major_number, (unsigned)minor_number);
    return *at == ' ' || *at == '\n' || *at == '\0';
}

/* The mapping that holds `address`; lines that are not as they should be hold nothing. */
static bool mapping_of(const struct source *s, uint64_t address, struct mapping *out)
{
    for (const char *line = s->text; *line != '\0';) {
        const char *end = strchrnul(line, '\n');
        if (mapping_scan(line, out) && out->from <= address && address < out->to) {
            return true;
        }
        line = *end == '\0' ? end : end + 1;
    }
    return false;
}

/* A file that was replaced since the start says nothing about what runs. */
static bool is_the_mapped_one(struct reference_context *context, const struct code_part *part)
{
    struct stat s;
    struct mapping mapping;
    return context->seams.stat(context->seams.self, part->origin.path, &s) == 0 &&
           source_read(&context->seams, "/proc/self/maps", &context->source) == SOURCE_READ &&
           mapping_of(&context->source, part->from, &mapping) && mapping.inode == s.st_ino &&
           mapping.device == s.st_dev;
}

__attribute__((no_sanitize("address"))) void code_copy(uint8_t to[static CODE_CHUNK_BYTES],
                                                       uint64_t from)
{
    const volatile uint64_t *words = (const volatile uint64_t *)(uintptr_t)from;
    for (uint32_t i = 0; i < CODE_CHUNK_BYTES / sizeof(uint64_t); i++) {
        const uint64_t word = words[i];
        memcpy(to + i * sizeof word, &word, sizeof word);
    }
}

static void compare_chunk(uint64_t from, const uint8_t *disk, struct code_disk *out)
{
    uint8_t memory[CODE_CHUNK_BYTES];
    code_copy(memory, from);
    for (size_t i = 0; i < sizeof memory; i++) {
        if (memory[i] == disk[i]) {
            continue;
        }
        if (out->differ++ == 0) {
            out->address = from + i;
            out->expected = disk[i];
            out->got = memory[i];
        }
        out->traps += memory[i] == 0xcc;
    }
}

/* Behind the file's end a page is zero. */
static bool compare(const struct seams *seams, const struct code_part *part,
                    const struct direct_file *f, uint8_t *piece, struct code_disk *out)
{
    for (uint64_t at = 0; at < part->size_bytes; at += DIRECT_PIECE_BYTES) {
        const uint64_t left = part->size_bytes - at;
        const size_t wanted = left < DIRECT_PIECE_BYTES ? (size_t)left : DIRECT_PIECE_BYTES;
        const ssize_t done = direct_read(seams, f, part->origin.offset + at, piece);
        if (done < 0) {
            return false;
        }
        if ((size_t)done < wanted) {
            memset(piece + done, 0, wanted - (size_t)done);
        }
        for (size_t i = 0; i < wanted; i += CODE_CHUNK_BYTES) {
            compare_chunk(part->from + at + i, piece + i, out);
        }
    }
    return true;
}

bool code_disk_compare(struct reference_context *context, const struct code_part *part,
                       struct code_disk *out)
{
    const struct seams *seams = &context->seams;
    memset(out, 0, sizeof *out);
    if (!part->origin.is_file || !is_the_mapped_one(context, part)) {
        return true;
    }
    uint8_t *piece = seams->map(seams->self, DIRECT_PIECE_BYTES, false);
    if (piece == NULL) {
        return false;
    }
    struct direct_file f = direct_open(seams, part->origin.path, true);
    out->read = f.file >= 0 && compare(seams, part, &f, piece, out);
    out->compared = out->read && f.direct;
    direct_close(&f);
    seams->unmap(seams->self, piece, DIRECT_PIECE_BYTES);
    return true;
}

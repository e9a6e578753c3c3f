#ifndef OSTRAKON_HEALTH_REFERENCES_CODE_H
#define OSTRAKON_HEALTH_REFERENCES_CODE_H

#include "health/reference.h"

/* R06: what the processor executes, and the constants it reads: every part of this process that
 * nobody may write to, of the program and of every library, to the end of its last page; and
 * what the loader filled in at the start and then made read-only (RELRO).
 *
 * What is expected: the digest taken when the part was first seen, and for what comes from a
 * file unchanged also the file as it is on the disk, read past the page cache, which the
 * running text shares with the cached file. */

#define CODE_NOTES(X)                                                                          \
    X(RIGHT, "{count} parts, {expected} KiB, as on the disk and unchanged", "")                \
    X(UNPROVEN,                                                                                \
      "{count} parts, {expected} KiB, unchanged; {got} could not be compared with "            \
      "the disk",                                                                              \
      "")                                                                                      \
    X(CHANGED, "{subject} has changed in memory at {address}, {count} KiB",                    \
      "Restart on another machine; this one's memory changed the program as it ran.")          \
    X(CACHED, "{subject} is in memory at {address} otherwise than on the disk",                \
      "Take this machine out: its memory or its disk altered the program.")                    \
    X(TRACED, "{subject} has {count} break-points in it: somebody debugs this process",        \
      "It signs nothing as long as it is debugged.")                                           \
    X(TOO_MANY, "more than {count} parts: not all are watched", "")                            \
    X(NO_MEMORY, "no memory to read the files into", "")

enum code_note {
#define X(name, text, action) CODE_##name,
    CODE_NOTES(X)
#undef X
};

#define CODE_PARTS_MAX 512u
#define CODE_DIGEST_BYTES 32u
#define CODE_NAME_BYTES 256u

/* Where a part comes from, for those that are as in a file. */
struct code_origin {
    bool is_file;
    uint64_t offset; /* of the part's first byte */
    char path[CODE_NAME_BYTES];
};

struct code_part {
    uint64_t from;
    uint64_t size_bytes;
    bool seen;   /* in this run */
    bool proven; /* once equal to the disk */
    struct code_origin origin;
    uint8_t digest[CODE_DIGEST_BYTES];
};

struct code_state {
    uint32_t count;
    bool cut;          /* there were more */
    uint64_t closings; /* of libraries, as the loader counts them */
    struct code_part parts[CODE_PARTS_MAX];
};

struct dl_phdr_info;

/* What of an object's segment `index` nobody may write to, to the end of its last page, without
 * a digest; size 0: nothing. */
struct code_part code_part_of(const struct dl_phdr_info *object, uint32_t index);

/* The kernel's page of system calls, which is in no file, and the kernel's to change. */
bool code_is_the_kernels(const struct dl_phdr_info *object);

/* Of a part that is not what it was: SILENT and CODE_TRACED if all the difference is
 * break-points (bytes of 0xCC) of somebody who holds this process, else FATAL. */
void code_judge_changed(struct reference_context *context, const struct code_part *part,
                        struct finding *out);

extern const struct reference reference_code;

#endif

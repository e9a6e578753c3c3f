#include "reference.h"

#include <errno.h>
#include <string.h>

#define DISTANCE(a, b) ((uint32_t)__builtin_popcount((uint32_t)(a) ^ (uint32_t)(b)))
#define FAR(a, b) static_assert(DISTANCE(a, b) >= RESULT_DISTANCE, "words are far apart")

FAR(RESULT_OK, RESULT_DEGRADED);
FAR(RESULT_OK, RESULT_SILENT);
FAR(RESULT_OK, RESULT_FATAL);
FAR(RESULT_OK, RESULT_UNKNOWN);
FAR(RESULT_OK, RESULT_ABSENT);
FAR(RESULT_DEGRADED, RESULT_SILENT);
FAR(RESULT_DEGRADED, RESULT_FATAL);
FAR(RESULT_DEGRADED, RESULT_UNKNOWN);
FAR(RESULT_DEGRADED, RESULT_ABSENT);
FAR(RESULT_SILENT, RESULT_FATAL);
FAR(RESULT_SILENT, RESULT_UNKNOWN);
FAR(RESULT_SILENT, RESULT_ABSENT);
FAR(RESULT_FATAL, RESULT_UNKNOWN);
FAR(RESULT_FATAL, RESULT_ABSENT);
FAR(RESULT_UNKNOWN, RESULT_ABSENT);

const char *result_text(enum reference_result result)
{
    switch (result) {
#define X(name, word, text)                                                                    \
    case RESULT_##name:                                                                        \
        return text;
        REFERENCE_RESULTS(X)
#undef X
    }
    return "damaged";
}

bool result_is_known(enum reference_result result)
{
    switch (result) {
#define X(name, word, text) case RESULT_##name:
        REFERENCE_RESULTS(X)
#undef X
        return true;
    }
    return false;
}

static const struct reference_facts facts[REFERENCES_MAX] = {
    {"R01", "state digests", "its state differs from its digests", REFERENCE_OWN, true},
    {"R02", "state shadow", "its state differs from its shadow", REFERENCE_OWN, true},
    {"R03", "guard words", "something wrote past its bounds", REFERENCE_OWN, false},
    {"R04", "chain digest", "its state differs from the chain's", REFERENCE_OWN, false},
    {"R05", "keys", "its keys do not fit each other", REFERENCE_OWN, true},
    {"R06", "code", "its code or constants have changed", REFERENCE_OWN, true},
    {"R07", "files", "files it lives on have changed", REFERENCE_OWN, false},
    {"R08", "vote record", "its vote record is damaged or old", REFERENCE_OWN, true},
    {"R09", "incarnation", "two agents run under its identity", REFERENCE_OWN, false},
    {"R10", "memory", "memory reads back other than written", REFERENCE_OWN, true},
    {"R11", "memory fill", "filling memory gave a wrong answer", REFERENCE_OWN, false},
    {"R12", "edac", "the memory controller counts errors", REFERENCE_OWN, false},
    {"R13", "lost memory", "the kernel took broken memory away", REFERENCE_OWN, false},
    {"R14", "kernel log", "the kernel logs faults of its machine", REFERENCE_OWN, false},
    {"R15", "cores", "a core computes wrongly", REFERENCE_OWN, true},
    {"R16", "cryptography", "hashes or signatures come out wrong", REFERENCE_OWN, true},
    {"R17", "decisions", "it decided differently twice", REFERENCE_OWN, false},
    {"R18", "verifier", "it takes valid signatures for invalid ones", REFERENCE_OWN, true},
    {"R19", "clocks", "its clocks contradict each other", REFERENCE_OWN, true},
    {"R20", "time service", "its clock is not synchronised", REFERENCE_ENVIRONMENT, false},
    {"R21", "peers' time", "its clock differs from its peers'", REFERENCE_ENVIRONMENT, false},
    {"R22", "stalls", "event loop stood still for more than a second", REFERENCE_OWN, false},
    {"R23", "disk", "its disk gives back other than was written", REFERENCE_OWN, true},
    {"R24", "disk speed", "a write took more than two seconds", REFERENCE_OWN, false},
    {"R25", "file system", "its file system is full, read-only or gone", REFERENCE_OWN, false},
    {"R26", "disk health", "its disk reports that it is failing", REFERENCE_OWN, false},
    {"R27", "links", "it loses messages", REFERENCE_ENVIRONMENT, true},
    {"R28", "interfaces", "its interfaces count errors", REFERENCE_ENVIRONMENT, false},
    {"R29", "judgement", "it contradicts its peers, and found no cause", REFERENCE_OWN, true},
    {"R30", "lateness", "it is too late to judge others", REFERENCE_OWN, false},
    {"R31", "certificates", "a certificate is expired or wrong", REFERENCE_ENVIRONMENT, false},
    {"R32", "renewal", "a certificate is not renewed here", REFERENCE_ENVIRONMENT, false},
    {"R33", "versions", "its configuration or version differs", REFERENCE_OWN, false},
    {"R34", "resources", "it runs short of memory or descriptors", REFERENCE_OWN, false},
    {"R35", "randomness", "its random numbers repeat", REFERENCE_OWN, false},
    {"R36", "guard", "its guard is gone", REFERENCE_OWN, false},
};

uint64_t reference_environment(void)
{
    uint64_t bits = 0;
    for (uint32_t id = 1; id <= REFERENCES_MAX; id++) {
        bits |= facts[id - 1].class == REFERENCE_ENVIRONMENT ? REFERENCE_BIT(id) : 0;
    }
    return bits;
}

const struct reference_facts *reference_facts(uint32_t id)
{
    return id >= 1 && id <= REFERENCES_MAX ? &facts[id - 1] : NULL;
}

void finding_begin(struct finding *f, uint32_t id)
{
    assert(id >= 1 && id <= REFERENCES_MAX);
    memset(f, 0, sizeof *f);
    f->id = id;
    f->result = RESULT_UNKNOWN;
    f->evidence.core = EVIDENCE_NO_CORE;
}

void finding_set(struct finding *f, enum reference_result result, uint32_t note)
{
    assert(result_is_known(result));
    f->result = result;
    f->evidence.note = note;
}

static uint32_t gravity(enum reference_result result)
{
    switch (result) {
    case RESULT_OK:
    case RESULT_ABSENT:
        return 0;
    case RESULT_UNKNOWN:
        return 1;
    case RESULT_DEGRADED:
        return 2;
    case RESULT_SILENT:
        return 3;
    case RESULT_FATAL:
        return 4;
    }
    return 5; /* damaged */
}

bool result_is_worse(enum reference_result result, enum reference_result than)
{
    return gravity(result) > gravity(than);
}

bool finding_worsen(struct finding *f, enum reference_result result, uint32_t note)
{
    const bool worse = result_is_worse(result, f->result);
    if (worse) {
        finding_set(f, result, note);
    }
    return worse;
}

void finding_subject(struct finding *f, const char *subject)
{
    char *out = f->evidence.subject;
    const size_t size_bytes = strlen(subject);
    const size_t most = EVIDENCE_SUBJECT_BYTES - 1;
    const char *from = size_bytes <= most ? subject : subject + size_bytes - most;
    memset(out, 0, EVIDENCE_SUBJECT_BYTES);
    for (size_t i = 0; from[i] != '\0'; i++) {
        out[i] = from[i] >= ' ' && from[i] <= '~' ? from[i] : '?';
    }
}

/* Text that ends at a bound, as far as it fits. */
struct line {
    char *out;
    size_t size_bytes; /* of `out`, at least 1 */
    size_t used_bytes;
};

static void add_character(struct line *l, char character)
{
    if (l->used_bytes + 1 < l->size_bytes) {
        l->out[l->used_bytes++] = character;
    }
}

static void add_number(struct line *l, uint64_t number, unsigned base)
{
    char digits[20]; /* of 2^64 - 1 */
    uint32_t count = 0;
    do {
        digits[count++] = "0123456789abcdef"[number % base];
        number /= base;
    } while (number != 0);
    while (count > 0) {
        add_character(l, digits[--count]);
    }
}

static void add_words(struct line *l, const char *words)
{
    while (*words != '\0') {
        add_character(l, *words++);
    }
}

/* What a system call failed with, in words where it is one that people meet. */
static void add_error(struct line *l, uint64_t error)
{
    static const struct {
        int error;
        const char *words;
    } errors[] = {
        {EPERM, "not permitted"},
        {ENOENT, "there is no such file or directory"},
        {EIO, "the device reports an error"},
        {EBADF, "its descriptor is closed"},
        {EAGAIN, "not available now"},
        {ENOMEM, "no memory"},
        {EACCES, "permission denied"},
        {EBUSY, "it is busy"},
        {ENODEV, "there is no such device"},
        {ENOTDIR, "its directory is a file"},
        {EISDIR, "it is a directory"},
        {EINVAL, "not possible here"},
        {EMFILE, "too many open files"},
        {ENFILE, "too many open files on this machine"},
        {EFBIG, "the file would be too large"},
        {ENOSPC, "no space left on the device"},
        {EROFS, "the file system is read-only"},
        {ELOOP, "too many links"},
        {ENOSYS, "this kernel cannot do it"},
        {ESTALE, "the file is gone from its server"},
        {EDQUOT, "the quota is used up"},
    };
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        if (error == (uint64_t)errors[i].error) {
            add_words(l, errors[i].words);
            return;
        }
    }
    add_words(l, "error ");
    add_number(l, error, 10);
}

static void add_subject(struct line *l, const struct evidence *e)
{
    for (uint32_t i = 0; i < EVIDENCE_SUBJECT_BYTES && e->subject[i] != '\0'; i++) {
        const char c = e->subject[i];
        add_character(l, c >= ' ' && c <= '~' ? c : '?');
    }
}

/* Length of the place that `at` begins with, after writing what stands for it; 0 if it is none.
 */
static size_t add_place(struct line *l, const struct evidence *e, const char *at)
{
    const struct {
        const char *place;
        uint64_t number;
        unsigned base;
    } numbers[] = {
        {"{address}", e->address, 16},    {"{expected}", e->expected, 10},
        {"{expected#}", e->expected, 16}, {"{got}", e->got, 10},
        {"{got#}", e->got, 16},           {"{count}", e->count, 10},
        {"{core}", e->core, 10},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        const size_t size_bytes = strlen(numbers[i].place);
        if (strncmp(at, numbers[i].place, size_bytes) == 0) {
            add_number(l, numbers[i].number, numbers[i].base);
            return size_bytes;
        }
    }
    if (strncmp(at, "{subject}", 9) == 0) {
        add_subject(l, e);
        return 9;
    }
    if (strncmp(at, "{error}", 7) == 0) {
        add_error(l, e->got);
        return 7;
    }
    return 0;
}

const char *finding_text(const struct finding *f, const char *template, char *out,
                         size_t out_bytes)
{
    assert(out_bytes >= 1);
    struct line l = {out, out_bytes, 0};
    for (const char *at = template; *at != '\0';) {
        const size_t place = *at == '{' ? add_place(&l, &f->evidence, at) : 0;
        if (place == 0) {
            add_character(&l, *at);
        }
        at += place == 0 ? 1 : place;
    }
    out[l.used_bytes] = '\0';
    return out;
}

const struct reference_note *reference_note(const struct reference *r, const struct finding *f)
{
    static const struct reference_note none = {
        "a note that is not known: the finding is damaged", ""};
    static const struct reference_note fooled = {
        "took something deliberately wrong for right",
        "Take this machine out of the cluster: it judges wrongly."};
    if (f->evidence.note == NOTE_FOOLED) {
        return &fooled;
    }
    return f->evidence.note < r->note_count ? &r->notes[f->evidence.note] : &none;
}

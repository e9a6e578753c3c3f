#include "randomness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include <sodium.h>

#include "references.h"

#define STORED_NAME "randomness"

/* False: `out` says why not. Never blocks: without entropy the answer is UNKNOWN. */
static bool draw(const struct seams *seams, uint8_t bytes[static DRAW_BYTES],
                 struct finding *out)
{
    const ssize_t done = seams->random(seams->self, bytes, DRAW_BYTES, GRND_NONBLOCK);
    if (done == (ssize_t)DRAW_BYTES) {
        return true;
    }
    out->evidence.got = (uint64_t)(done < 0 ? -done : done);
    finding_set(out, RESULT_UNKNOWN,
                done == -EAGAIN ? RANDOMNESS_BLOCKED
                : done < 0      ? RANDOMNESS_REFUSED
                                : RANDOMNESS_SHORT);
    return false;
}

static bool is_stuck(const uint8_t bytes[static DRAW_BYTES])
{
    return memcmp(bytes, bytes + 1, DRAW_BYTES - 1) == 0;
}

/* Draws are kept as digests: what was drawn here is nobody's nonce, but the habit is cheap. */
static void digest_of(const uint8_t bytes[static DRAW_BYTES], uint8_t digest[static DRAW_BYTES])
{
    crypto_generichash(digest, DRAW_BYTES, bytes, DRAW_BYTES, NULL, 0);
}

/* True: both draws are fit; `out` is not touched. */
static bool judge(const uint8_t first[static DRAW_BYTES],
                  const uint8_t second[static DRAW_BYTES], const struct randomness_state *state,
                  struct finding *out)
{
    uint8_t digest[DRAW_BYTES];
    if (is_stuck(first) || is_stuck(second)) {
        out->evidence.got = is_stuck(first) ? first[0] : second[0];
        finding_set(out, RESULT_FATAL, RANDOMNESS_STUCK);
        return false;
    }
    digest_of(first, digest);
    const bool again = state->drawn && memcmp(digest, state->last, DRAW_BYTES) == 0;
    if (again || memcmp(first, second, DRAW_BYTES) == 0) {
        finding_set(out, RESULT_FATAL, RANDOMNESS_REPEATED);
        return false;
    }
    return true;
}

/* True if there is a digest of the last start. */
static bool load(const char *path, uint8_t digest[static DRAW_BYTES])
{
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return false;
    }
    const ssize_t done = read(file, digest, DRAW_BYTES);
    close(file);
    return done == (ssize_t)DRAW_BYTES;
}

/* Beside and renamed, so that a crash leaves the old one or the new. Not synced: what is lost
 * with the power is one comparison. Failure leaves no digest, which the next start says. */
static void store(const char *path, const uint8_t digest[static DRAW_BYTES])
{
    char beside[4096];
    const int size_bytes = snprintf(beside, sizeof beside, "%s.new", path);
    if (size_bytes < 0 || (size_t)size_bytes >= sizeof beside) {
        return;
    }
    const int file = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0) {
        return;
    }
    const ssize_t done = write(file, digest, DRAW_BYTES);
    if (close(file) != 0 || done != (ssize_t)DRAW_BYTES || rename(beside, path) != 0) {
        unlink(beside);
    }
}

/* At the first run: against the last start's first draw. */
static void compare_starts(const struct reference_context *context,
                           const uint8_t first[static DRAW_BYTES], struct finding *out)
{
    char path[4096];
    uint8_t digest[DRAW_BYTES];
    uint8_t before[DRAW_BYTES];
    if (context->data_directory == NULL) {
        return;
    }
    const int size_bytes =
        snprintf(path, sizeof path, "%s/" STORED_NAME, context->data_directory);
    if (size_bytes < 0 || (size_t)size_bytes >= sizeof path) {
        return;
    }
    digest_of(first, digest);
    if (load(path, before)) {
        const bool again = memcmp(before, digest, DRAW_BYTES) == 0;
        finding_set(out, again ? RESULT_FATAL : RESULT_OK,
                    again ? RANDOMNESS_RESTORED : RANDOMNESS_FRESH);
    }
    if (!context->observer) {
        store(path, digest);
    }
}

static void run(struct reference_context *context, struct finding *out)
{
    struct randomness_state *state = &context->randomness;
    uint8_t first[DRAW_BYTES];
    uint8_t second[DRAW_BYTES];
    if (!draw(&context->seams, first, out) || !draw(&context->seams, second, out) ||
        !judge(first, second, state, out)) {
        return;
    }
    finding_set(out, RESULT_OK, state->drawn ? RANDOMNESS_FRESH : RANDOMNESS_UNSTORED);
    if (!state->drawn) {
        compare_starts(context, first, out);
    }
    state->drawn = true;
    digest_of(second, state->last);
}

/* One draw twice, and one that is all of a byte. */
static bool negative(struct reference_context *context)
{
    (void)context;
    const struct randomness_state state = {0};
    struct finding equal;
    struct finding stuck;
    uint8_t one[DRAW_BYTES] = {1};
    uint8_t flat[DRAW_BYTES];
    memset(flat, 7, sizeof flat);
    finding_begin(&equal, 35);
    finding_begin(&stuck, 35);
    return !judge(one, one, &state, &equal) && equal.result == RESULT_FATAL &&
           !judge(one, flat, &state, &stuck) && stuck.result == RESULT_FATAL;
}

static const struct reference_note notes[] = {
#define X(name, text, action) {text, action},
    RANDOMNESS_NOTES(X)
#undef X
};

bool randomness_differs(uint64_t drawn, uint64_t last, struct finding *out)
{
    if (drawn != last) {
        return true;
    }
    finding_begin(out, reference_randomness.id);
    finding_set(out, RESULT_FATAL, RANDOMNESS_SAME);
    out->evidence.got = drawn;
    return false;
}

const struct reference reference_randomness = {
    .id = 35,
    .period_ms = 10000,
    .note_count = sizeof notes / sizeof notes[0],
    .notes = notes,
    .run = run,
    .negative = negative,
};

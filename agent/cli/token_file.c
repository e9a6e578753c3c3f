/* Tokens and trust bundles as they lie in files. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "agent/replace.h"
#include "agent/text.h"
#include "client.h"
#include "token.h"

#define TRUST_PATH "/v1/trust"
#define SHOWN_BYTES 256u
#define TURN_TRIES 50u /* with TRY_MS between: what is done with it takes milliseconds */
#define TRY_MS 100

static int complain_of_file(const char *name)
{
    const int reason = errno;
    char shown[SHOWN_BYTES];
    text_escape(name, strlen(name), shown, sizeof shown);
    return complain(exit_code_of(reason), "", "%s cannot be read: %s", shown,
                    reason == EFBIG ? "it is larger than any token" : strerror(reason));
}

/* What is larger than any token or bundle is read as an empty one: it is none. */
static int read_file(const char *name, char out[static JWS_TEXT_MAX], size_t *size_bytes)
{
    char text[2 * JWS_TEXT_MAX];
    size_t text_bytes;
    *size_bytes = 0;
    if (!replace_read(name, text, sizeof text, &text_bytes)) {
        return errno == EFBIG ? 0 : complain_of_file(name);
    }
    *size_bytes = jws_unwrap(text, text_bytes, out);
    return 0;
}

int token_file_read(struct token_file *file, const char *name)
{
    file->name = name;
    return read_file(name, file->text, &file->text_bytes);
}

static int read_bundle(const struct bundle_source *source, char out[static JWS_TEXT_MAX],
                       size_t *size_bytes)
{
    if (source->bundle != NULL) {
        return read_file(source->bundle, out, size_bytes);
    }
    char socket[1024];
    struct answer answer = {0};
    int code = client_socket(source->invocation, socket, sizeof socket);
    code = code != 0 ? code : client_get(socket, TRUST_PATH, 0, &answer);
    if (code == 0) {
        *size_bytes = jws_unwrap(answer.text, answer.size_bytes, out);
    }
    answer_finish(&answer);
    return code;
}

/* What was believed before. It is our own file: what is no bundle there was put by somebody
 * else, and to go on without it would be to believe anybody. */
static int read_kept(const char *name, struct trust *kept, bool *has_kept)
{
    char text[JWS_TEXT_MAX];
    size_t text_bytes;
    struct trust_account account;
    const struct trust_pin pin = {.held = NULL};
    *has_kept = false;
    if (!replace_read(name, text, sizeof text, &text_bytes)) {
        return errno == ENOENT ? 0 : complain_of_file(name);
    }
    const enum trust_verdict verdict = trust_judge(kept, &pin, text, text_bytes, &account);
    if (verdict != TRUST_IS_ACCEPTED) {
        return complain(EXIT_UNKNOWN,
                        "It holds the newest bundle ever believed: put it back from where it "
                        "was, or pin anew with a bundle that you trust",
                        "%s: %s", name, trust_verdict_text(verdict));
    }
    *has_kept = true;
    return 0;
}

static int complain_of_bundle(const char *name, enum trust_verdict verdict,
                              const struct trust_account *account)
{
    char shown[SHOWN_BYTES];
    text_escape(name, strlen(name), shown, sizeof shown);
    if (verdict == TRUST_IS_UNSIGNED) {
        return complain(EXIT_UNKNOWN, "",
                        "%s is not believed: %u of %u needed signatures are good", shown,
                        account->good, account->need);
    }
    return complain(EXIT_UNKNOWN, "", "%s is not believed: %s", shown,
                    trust_verdict_text(verdict));
}

/* Two at once must not read the same and both put theirs in its place: the older one may come
 * last. Their turn is that of a file beside it; -1 where none can be made, as then the kept one
 * cannot be replaced either. */
static int await_turn(const char *kept, int *turn)
{
    char path[REPLACE_PATH_BYTES];
    const struct timespec pause = {.tv_nsec = TRY_MS * 1000000L};
    *turn = -1;
    const int size = snprintf(path, sizeof path, "%s.lock", kept);
    if (size < 0 || (size_t)size >= sizeof path) {
        errno = ENAMETOOLONG;
        return complain_of_file(kept);
    }
    *turn = open(path, O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    for (uint32_t i = 0; *turn >= 0 && flock(*turn, LOCK_EX | LOCK_NB) != 0; i++) {
        if (i == TURN_TRIES) {
            return complain(EXIT_UNKNOWN, "", "%s is held by another process", path);
        }
        nanosleep(&pause, NULL);
    }
    return 0;
}

/* Believed, and kept if it is newer than what is. */
static int take_bundle(const struct bundle_source *source, const char *text, size_t text_bytes,
                       struct trust *trust)
{
    struct trust kept;
    bool has_kept = false;
    struct trust_account account;
    const char *name = source->bundle != NULL ? source->bundle : "the local agent's bundle";
    const int code = source->kept != NULL ? read_kept(source->kept, &kept, &has_kept) : 0;
    if (code != 0) {
        return code;
    }
    const struct trust_pin pin = {
        .held = has_kept ? &kept : NULL,
        .operator_count = source->operator_count,
        .operators = source->operators,
    };
    const enum trust_verdict verdict = trust_judge(trust, &pin, text, text_bytes, &account);
    if (verdict != TRUST_IS_ACCEPTED) {
        return complain_of_bundle(name, verdict, &account);
    }
    const bool newer = source->kept != NULL && (!has_kept || trust->height > kept.height);
    if (newer && !replace_file(source->kept, text, text_bytes, 0644)) {
        const int reason = errno;
        return complain(exit_code_of(reason), "", "%s cannot be written: %s", source->kept,
                        strerror(reason));
    }
    return 0;
}

int token_bundle(const struct bundle_source *source, struct trust *trust)
{
    char text[JWS_TEXT_MAX];
    size_t text_bytes = 0;
    int turn = -1;
    int code = read_bundle(source, text, &text_bytes);
    if (code == 0 && source->kept != NULL) {
        code = await_turn(source->kept, &turn);
    }
    if (code == 0) {
        code = take_bundle(source, text, text_bytes, trust);
    }
    if (turn >= 0) {
        close(turn);
    }
    return code;
}

/* Tokens and trust bundles as they lie in files. */
#include <errno.h>
#include <string.h>

#include "agent/replace.h"
#include "agent/text.h"
#include "client.h"
#include "token.h"

#define TRUST_PATH "/v1/trust"
#define SHOWN_BYTES 256u

static int complain_of_file(const char *name)
{
    const int reason = errno;
    char shown[SHOWN_BYTES];
    text_escape(name, strlen(name), shown, sizeof shown);
    return complain(exit_code_of(reason), "", "%s cannot be read: %s", shown,
                    reason == EFBIG ? "it is larger than any token" : strerror(reason));
}

static int read_file(const char *name, char out[static JWS_TEXT_MAX], size_t *size_bytes)
{
    char text[2 * JWS_TEXT_MAX];
    size_t text_bytes;
    if (!replace_read(name, text, sizeof text, &text_bytes)) {
        return complain_of_file(name);
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

int token_bundle(const struct bundle_source *source, struct trust *trust)
{
    char text[JWS_TEXT_MAX];
    size_t text_bytes = 0;
    struct trust kept;
    bool has_kept = false;
    struct trust_account account;
    const char *name = source->bundle != NULL ? source->bundle : "the local agent's bundle";
    int code = read_bundle(source, text, &text_bytes);
    if (code == 0 && source->kept != NULL) {
        code = read_kept(source->kept, &kept, &has_kept);
    }
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

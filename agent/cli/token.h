#ifndef OSTRAKON_AGENT_CLI_TOKEN_H
#define OSTRAKON_AGENT_CLI_TOKEN_H

#include "command.h"
#include "page.h"
#include "tokens/possession.h"
#include "tokens/trust.h"

/* The parts of `ostrakon token`. */

/* A token as it lies in a file, or on standard input for "-". */
struct token_file {
    const char *name;
    char text[JWS_TEXT_MAX];
    size_t text_bytes;
};

/* What is said of one. */
struct token_finding {
    const struct token_file *file;
    uint64_t now_ms;
    const char *bundle_name; /* where it is from, in words */
    const struct trust *trust;
    enum token_verdict verdict;
    struct token_claims claims;
    struct trust_account account;
    bool proof_asked;
    enum possession_verdict proof;
};

/* 0, or an exit code after a complaint. */
int token_file_read(struct token_file *file, const char *name);

/* What is to be judged by: the bundle in a file, or the local agent's; and what was believed
 * before, which the bundle must not fall behind. */
struct bundle_source {
    const struct invocation *invocation;
    const char *bundle; /* NULL: the agent's */
    const char *kept;   /* NULL: nothing is kept */
    uint32_t operator_count;
    uint8_t operators[TRUST_OPERATORS_MAX][IDENTITY_KEY_BYTES];
};

/* A bundle that is to be believed, kept if it is newer. 0, or an exit code after a complaint.
 */
int token_bundle(const struct bundle_source *source, struct trust *trust);

/* Texts and JSON. */
enum exit_code token_exit_code(const struct token_finding *f);
void token_print(const struct page *p, const struct token_finding *f);
void token_print_json(const struct token_finding *f);
/* What a token says of itself, believed by nobody. False: it is none. */
bool token_print_claims(const struct page *p, const struct token_file *file, uint64_t now_ms);
bool token_print_claims_json(const struct token_file *file);

/* `ostrakon token prove`. */
int token_prove_run(struct invocation *invocation, int argc, char **argv);

/* `ostrakon token vouch`. */
int token_vouch_run(struct invocation *invocation, int argc, char **argv);

#endif

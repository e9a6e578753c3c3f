/* A real agent's credentials on its disk: written whole, laid down with their standing, told to
 * whoever reloads them, and never older than what was seen. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/node_parts.h"
#include "agent/replace.h"
#include "tests/api/alone.h"
#include "tests/disk/scratch.h"

#define FAR_HEIGHT 1000000u

static struct alone t;

static void prepare(void)
{
    char script[512];
    const char *const words[] = {"/bin/sh", "-c", script};
    struct hook_command *hook = &t.config.reload;
    alone_init(&t, "exit 0", NULL);
    snprintf(t.config.token_path, CONFIG_PATH_BYTES, "%s", scratch_path("token.jws"));
    snprintf(t.config.trust_path, CONFIG_PATH_BYTES, "%s", scratch_path("trust.json"));
    snprintf(script, sizeof script, "echo $OSTRAKON_EVENT $OSTRAKON_MEMBER >> %s",
             scratch_path("reloaded"));
    for (uint32_t i = 0; i < 3; i++) {
        const size_t size = strlen(words[i]) + 1;
        memcpy(hook->text + hook->size_bytes, words[i], size);
        hook->size_bytes += (uint32_t)size;
        hook->count++;
    }
}

TestSuite(credentials, .init = prepare);

static void run(bool (*is_so)(struct alone *t))
{
    alone_open(&t);
    const bool was_so = alone_run(&t, is_so);
    alone_close(&t);
    cr_assert(was_so);
}

static uint32_t count_events(const char *code)
{
    struct store_events events = alone_events(&t, code, false);
    const uint32_t count = events.count;
    store_events_finish(&events);
    return count;
}

static bool was_reloaded(struct alone *self)
{
    (void)self;
    return access(scratch_path("reloaded"), F_OK) == 0 &&
           access(scratch_path("trust.json"), F_OK) == 0;
}

static enum trust_verdict read_trust(struct trust *out)
{
    const struct trust_pin pin = {.held = NULL};
    struct trust_account account;
    char text[JWS_TEXT_MAX];
    size_t size_bytes = 0;
    cr_assert(replace_read(scratch_path("trust.json"), text, sizeof text, &size_bytes));
    return trust_judge(out, &pin, text, size_bytes, &account);
}

Test(credentials, are_written_whole_for_this_member_alone_and_reloaded)
{
    struct trust trust;
    struct trust_account account;
    struct token_claims claims;
    struct stat s;
    char text[JWS_TEXT_MAX];
    size_t size_bytes = 0;
    run(was_reloaded);
    cr_assert(eq(int, stat(scratch_path("token.jws"), &s), 0));
    cr_assert(eq(u32, s.st_mode & 07777, 0600));
    cr_assert(eq(int, (int)read_trust(&trust), (int)TRUST_IS_ACCEPTED));
    cr_assert(replace_read(scratch_path("token.jws"), text, sizeof text, &size_bytes));
    cr_assert(eq(int,
                 (int)trust_judge_token(&trust, text, size_bytes, clock_unix_ms(), true,
                                        &claims, &account),
                 (int)TOKEN_IS_VALID));
    cr_assert(strcmp(claims.subject, "atlas") == 0);
    size_t said_bytes = 0;
    uint8_t *said = file_load(scratch_path("reloaded"), &said_bytes);
    cr_assert(memmem(said, said_bytes, "token_replaced atlas\n", 21) != NULL);
    free(said);
    cr_assert(eq(u32, count_events("OST-8001"), 1));
}

/* A token of this member as no call has it: nobody checks a signature of what is taken away. */
static void leave_token(uint32_t term)
{
    struct token_issue issue = {.height = 1,
                                .time_ms = clock_unix_ms(),
                                .ttl_s = 3600,
                                .subject = "atlas",
                                .term = term};
    const struct hash id = founding_id(&t.config.founding);
    struct jws_share share = {.signer = "atlas"};
    char payload[TOKEN_PAYLOAD_MAX];
    char text[JWS_TEXT_MAX];
    memcpy(issue.cluster_id, id.bytes, sizeof issue.cluster_id);
    const struct token_claims claims = token_claims_of(&issue);
    const size_t payload_bytes = token_payload(&claims, payload);
    const size_t size_bytes =
        jws_assemble(JWS_TOKEN, 1, payload, payload_bytes, &share, 1, text);
    cr_assert(gt(sz, size_bytes, 0));
    cr_assert(replace_file(scratch_path("token.jws"), text, size_bytes, 0600));
}

static bool has_token(struct alone *self)
{
    return self->agent->credentials.token.height != 0;
}

Test(credentials, of_an_earlier_standing_are_laid_down_at_the_start)
{
    leave_token(7);
    run(has_token);
    cr_assert(eq(u32, count_events("OST-8002"), 1));
}

Test(credentials, of_the_same_standing_are_left_until_there_are_newer_ones)
{
    leave_token(1);
    run(has_token);
    cr_assert(eq(u32, count_events("OST-8002"), 0));
}

Test(credentials, of_a_neutered_member_are_taken_away_as_it_starts)
{
    char error[LATCH_ERROR_BYTES];
    struct latch_files files;
    uint8_t bytes[LATCH_BYTES];
    struct latch l = {.member = 0};
    const struct latch_directories at = {{t.config.data_dir, t.config.latch_dir}};
    const struct hash id = founding_id(&t.config.founding);
    memcpy(l.cluster_id, id.bytes, sizeof l.cluster_id);
    finding_begin(&l.finding, 1);
    latch_encode(&l, bytes);
    cr_assert(latch_prepare(&files, &at, error));
    cr_assert(latch_write(&files, bytes));
    latch_files_finish(&files);
    leave_token(1);
    alone_open(&t);
    alone_close(&t);
    cr_assert(eq(int, access(scratch_path("token.jws"), F_OK), -1));
}

Test(credentials, replace_a_pipe_that_lies_in_their_place_and_do_not_wait_for_its_writer)
{
    struct stat s;
    cr_assert(eq(int, mkfifo(scratch_path("token.jws"), 0600), 0));
    cr_assert(eq(int, mkfifo(scratch_path("trust.json"), 0600), 0));
    run(was_reloaded);
    cr_assert(eq(int, lstat(scratch_path("token.jws"), &s), 0));
    cr_assert(eq(u32, s.st_mode & S_IFMT, S_IFREG));
    cr_assert(eq(int, lstat(scratch_path("trust.json"), &s), 0));
    cr_assert(eq(u32, s.st_mode & S_IFMT, S_IFREG));
}

/* Signed by the one member that there is, of a height that its chain is far below. */
static void leave_trust(void)
{
    struct cluster c;
    struct trust trust;
    struct keyfile key;
    struct key_pair pair;
    char error[KEYFILE_ERROR_BYTES];
    char payload[JWS_PAYLOAD_MAX];
    char text[JWS_TEXT_MAX];
    uint8_t input[JWS_INPUT_MAX];
    struct jws_share share = {.signer = "atlas"};
    cluster_found(&c, &t.config.founding);
    node_tokens_trust(&c, &trust);
    trust.height = FAR_HEIGHT;
    trust.time_ms = clock_unix_ms();
    const size_t payload_bytes = trust_payload(&trust, payload);
    const struct statement statement = {
        .domain = SIGNER_JWS,
        .cluster_id = c.id.bytes,
        .body = input,
        .body_size_bytes = jws_input(JWS_TRUST, "atlas", 1, payload, payload_bytes, input)};
    cr_assert(keyfile_read(t.config.vote_key_path, &key, error), "%s", error);
    key_pair_from_seed(&pair, key.seed);
    signer_sign(&pair, &statement, share.signature);
    keyfile_finish(&key);
    const size_t size_bytes =
        jws_assemble(JWS_TRUST, 1, payload, payload_bytes, &share, 1, text);
    cr_assert(replace_file(scratch_path("trust.json"), text, size_bytes, 0644));
}

static bool vouches_for_nobody(struct alone *self)
{
    return has_token(self) && credentials_unable(self->agent) != NULL;
}

Test(credentials, are_never_older_than_what_was_seen)
{
    struct trust trust;
    leave_trust();
    run(vouches_for_nobody);
    cr_assert(eq(u32, count_events("OST-8006"), 1));
    cr_assert(eq(int, (int)read_trust(&trust), (int)TRUST_IS_ACCEPTED));
    cr_assert(eq(u64, trust.height, FAR_HEIGHT));
}

static bool is_written_once_there_is_room(struct alone *self)
{
    const struct credentials *own = &self->agent->credentials;
    if (own->file_error[COURIER_TOKEN] == ENOENT) {
        mkdir(scratch_path("later"), 0700);
    }
    return access(scratch_path("later/token.jws"), F_OK) == 0 &&
           own->file_error[COURIER_TOKEN] == 0;
}

Test(credentials, that_cannot_be_written_are_tried_again)
{
    snprintf(t.config.token_path, CONFIG_PATH_BYTES, "%s", scratch_path("later/token.jws"));
    run(is_written_once_there_is_room);
    cr_assert(eq(u32, count_events("OST-8007"), 1));
}

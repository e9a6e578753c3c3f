/* The files of this member's credentials: its token, for its own programs, and the newest trust
 * bundle, which is also the memory of how far this member has seen. */
#include "agent/credentials.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/agent.h"
#include "agent/replace.h"

#define AGAIN_MS 5000u
#define TOKEN_MODE 0600
#define TRUST_MODE 0644
#define FACTS 5u

static void on_reload_ready(void *context, unsigned events);

/* One at a time; what comes meanwhile is told by one more. */
static void reload(struct agent *a)
{
    struct credentials *own = &a->credentials;
    const char *event = own->token.height != 0 ? "token_replaced" : "token_removed";
    const struct hook_fact facts[FACTS] = {
        {.name = "event", .text = event},
        {.name = "cluster", .text = a->config.founding.name},
        {.name = "member", .text = a->config.name},
        {.name = "file", .text = a->config.token_path},
        {.name = "expires", .number = own->claims.expires_s},
    };
    if (a->config.reload.count == 0) {
        return;
    }
    own->reload_again = own->reload.hook.running;
    if (!own->reload_again) {
        (void)worker_run_start(a, &own->reload, event, &a->config.reload,
                               (struct hook_options){.facts = facts,
                                                     .fact_count = FACTS,
                                                     .lease_ms = HOOK_SHORT_MS},
                               on_reload_ready);
    }
}

static void on_reload_ready(void *context, unsigned events)
{
    (void)events;
    struct agent *a = context;
    if (worker_run_read(a, &a->credentials.reload) && a->credentials.reload_again) {
        reload(a);
    }
}

static void on_done(void *context, const struct courier_receipt *r)
{
    struct agent *a = context;
    struct credentials *own = &a->credentials;
    const bool is_token = r->place == COURIER_TOKEN;
    const char *path = is_token ? a->config.token_path : a->config.trust_path;
    const bool news = own->file_error[r->place] != r->error;
    own->file_error[r->place] = r->error;
    if (r->error == 0) {
        if (is_token) {
            reload(a);
        }
        return;
    }
    own->again_ms = clock_monotonic_ms() + AGAIN_MS;
    if (news) {
        journal_sayf(&a->journal, WORDS_ERROR, "OST-8007", "credential_not_written",
                     agent_name(a), "%s cannot be %s: %s", path,
                     r->removed ? "removed" : "written", strerror(r->error));
    }
}

void credentials_put_token(struct agent *a)
{
    struct credentials *own = &a->credentials;
    if (own->courier == NULL || a->config.token_path[0] == '\0') {
        return;
    }
    if (own->token.height != 0) {
        own->on_disk = true;
        own->disk_term = own->claims.term;
        courier_write(own->courier, COURIER_TOKEN, a->config.token_path, TOKEN_MODE,
                      own->token.text, own->token.size_bytes);
    } else {
        courier_remove(own->courier, COURIER_TOKEN, a->config.token_path);
    }
}

void credentials_put_trust(struct agent *a)
{
    const struct credentials *own = &a->credentials;
    if (own->courier != NULL && a->config.trust_path[0] != '\0' && own->trust.height != 0) {
        courier_write(own->courier, COURIER_TRUST, a->config.trust_path, TRUST_MODE,
                      own->trust.text, own->trust.size_bytes);
    }
}

void credentials_retry(struct agent *a)
{
    struct credentials *own = &a->credentials;
    const bool token = own->file_error[COURIER_TOKEN] != 0;
    const bool trust = own->file_error[COURIER_TRUST] != 0;
    if (!(token || trust) || clock_monotonic_ms() < own->again_ms) {
        return;
    }
    own->again_ms = clock_monotonic_ms() + AGAIN_MS;
    if (token) {
        credentials_put_token(a);
    }
    if (trust) {
        credentials_put_trust(a);
    }
}

/* Whoever may write into the directory could have put a pipe there, and hold the start up. */
static bool is_file(const char *path)
{
    struct stat s;
    return path[0] != '\0' && lstat(path, &s) == 0 && S_ISREG(s.st_mode);
}

/* Of an earlier run, when this member may have been of another standing. */
static void look_at_token(struct agent *a)
{
    struct token_claims claims;
    struct jws jws;
    char text[JWS_TEXT_MAX];
    size_t size_bytes = 0;
    const char *path = a->config.token_path;
    if (!is_file(path) || !replace_read(path, text, sizeof text, &size_bytes) ||
        !jws_read(&jws, JWS_TOKEN, text, size_bytes) ||
        !token_read(&claims, jws.payload, jws.payload_bytes) ||
        (strcmp(claims.subject, agent_name(a)) != 0 &&
         strcmp(claims.subject, a->config.name) != 0)) {
        return; /* nothing of ours, by the name of today or of the founding */
    }
    if (neuter_is(&a->neuter)) {
        (void)!unlink(path);
        return;
    }
    a->credentials.on_disk = true;
    a->credentials.disk_term = claims.term;
}

static void look_at_trust(struct agent *a)
{
    const struct trust_pin pin = {.held = NULL};
    const struct hash *id = &a->node->deciding.cluster.id;
    struct trust trust;
    struct trust_account account;
    char text[JWS_TEXT_MAX];
    size_t size_bytes = 0;
    const char *path = a->config.trust_path;
    if (!is_file(path) || !replace_read(path, text, sizeof text, &size_bytes)) {
        return;
    }
    const enum trust_verdict verdict = trust_judge(&trust, &pin, text, size_bytes, &account);
    if (verdict == TRUST_IS_ACCEPTED &&
        memcmp(trust.cluster_id, id->bytes, sizeof trust.cluster_id) == 0) {
        a->credentials.held_height = trust.height;
        return;
    }
    journal_sayf(
        &a->journal, WORDS_WARNING, "OST-8008", "trust_not_read", agent_name(a),
        "%s is not taken for the newest bundle seen: %s; it will be replaced", path,
        trust_verdict_text(verdict == TRUST_IS_ACCEPTED ? TRUST_IS_OTHER_CLUSTER : verdict));
}

bool credentials_open(struct agent *a)
{
    look_at_token(a);
    look_at_trust(a);
    a->credentials.courier = courier_create(a->loop, on_done, a);
    return a->credentials.courier != NULL;
}

void credentials_finish(struct agent *a)
{
    worker_run_finish(&a->credentials.reload);
    courier_destroy(a->credentials.courier);
    a->credentials.courier = NULL;
}

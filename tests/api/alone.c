#include "tests/api/alone.h"

#include <assert.h>
#include <curl/curl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/disk/scratch.h"

#define PATIENCE_MS 10000u
#define POLL_MS 5u

/* hooks.c looks beside the running program. */
static void provide_keeper(void)
{
    char program[COMPANION_PATH_MAX] = "";
    char beside[COMPANION_PATH_MAX + 32];
    const ssize_t size = readlink("/proc/self/exe", program, sizeof program - 1);
    assert(size > 0);
    (void)size;
    *strrchr(program, '/') = '\0';
    snprintf(beside, sizeof beside, "%s/ostrakon-keeper", program);
    (void)!symlink(KEEPER, beside); /* there already, as a rule */
}

static void set_hook(struct hook_command *hook, const char *script)
{
    const char *const words[] = {"/bin/sh", "-c", script};
    *hook = (struct hook_command){.count = 0};
    for (uint32_t i = 0; script != NULL && i < 3; i++) {
        const size_t size = strlen(words[i]) + 1;
        memcpy(hook->text + hook->size_bytes, words[i], size);
        hook->size_bytes += (uint32_t)size;
        hook->count++;
    }
}

static void found(struct founding *f)
{
    *f = (struct founding){.name = "alone",
                           .founded_ms = clock_unix_ms() - 3000,
                           .timing = timing_default(),
                           .malfunctioning_max = MEMBERS_MAX,
                           .member_count = 1};
    f->timing.heartbeat_ms = 25;
    f->timing.delta_ms = 25;
    f->timing.tick_ms = 250;
    f->timing.window_s = 1;
    f->timing.grace_s = 0;
    f->timing.window_timeout_s = 20;
    snprintf(f->members[0].name, sizeof f->members[0].name, "atlas");
    snprintf(f->members[0].address, sizeof f->members[0].address, "127.0.0.1:23950");
}

void alone_init(struct alone *t, const char *grant, const char *revoke)
{
    struct node_config *c = &t->config;
    char error[KEYFILE_ERROR_BYTES];
    memset(t, 0, sizeof *t);
    provide_keeper();
    curl_global_init(CURL_GLOBAL_DEFAULT);
    const int ready = sodium_init();
    assert(ready >= 0);
    (void)ready;
    found(&c->founding);
    snprintf(c->name, sizeof c->name, "atlas");
    snprintf(c->data_dir, sizeof c->data_dir, "%s", scratch());
    snprintf(c->latch_dir, sizeof c->latch_dir, "%s/latch.d", scratch());
    snprintf(c->listen, sizeof c->listen, "127.0.0.1:0");
    snprintf(c->api, sizeof c->api, "127.0.0.1:0");
    snprintf(c->socket, sizeof c->socket, "%s", scratch_path("agent.sock"));
    snprintf(c->transport_key_path, CONFIG_PATH_BYTES, "%s", scratch_path("transport.pem"));
    snprintf(c->vote_key_path, CONFIG_PATH_BYTES, "%s", scratch_path("vote.pem"));
    const bool made =
        keyfile_create(c->transport_key_path, c->founding.members[0].transport_key, error) &&
        keyfile_create(c->vote_key_path, c->founding.members[0].vote_key, error);
    const enum votes_verdict verdict = votes_create(scratch_path("votes"));
    assert(made && verdict == VOTES_OK);
    (void)made;
    (void)verdict;
    set_hook(&c->grant, grant);
    set_hook(&c->revoke, revoke);
}

static void on_poll(void *context)
{
    struct alone *t = context;
    t->was_so = t->is_so(t);
    if (t->was_so || clock_monotonic_ms() >= t->deadline_ms) {
        loop_stop(t->agent->loop);
    }
    loop_timer_set(t->poll, clock_monotonic_ms() + POLL_MS);
}

void alone_open(struct alone *t)
{
    char error[AGENT_ERROR_BYTES] = "";
    t->agent = calloc(1, sizeof *t->agent);
    assert(t->agent != NULL);
    t->agent->lock = -1;
    t->agent->config = t->config;
    const bool opened = agent_open(t->agent, error);
    if (!opened) {
        fprintf(stderr, "%s\n", error);
        abort();
    }
    t->poll = loop_timer_create(t->agent->loop, on_poll, t);
}

bool alone_run(struct alone *t, bool (*is_so)(struct alone *t))
{
    t->is_so = is_so;
    t->was_so = false;
    t->deadline_ms = clock_monotonic_ms() + PATIENCE_MS;
    loop_timer_set(t->poll, clock_monotonic_ms());
    agent_run(t->agent);
    return t->was_so;
}

void alone_close(struct alone *t)
{
    loop_timer_destroy(t->poll);
    agent_finish(t->agent);
    free(t->agent);
    t->agent = NULL;
}

struct store_events alone_events(const struct alone *t, const char *code, bool placed)
{
    struct store_opening opening;
    struct store_events events;
    const struct hash id = founding_id(&t->config.founding);
    const struct store_query query = {
        .code = code, .limit = STORE_EVENTS_MAX, .placed = placed};
    struct store *store = store_open(scratch_path("ostrakon.db"), id.bytes, &opening);
    assert(store != NULL);
    const enum store_answer answer = store_events_read(store, &query, &events);
    assert(answer == STORE_ANSWER_DONE);
    (void)answer;
    store_destroy(store);
    return events;
}

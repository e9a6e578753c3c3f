#include "tests/api/world.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tests/api/scene.h"
#include "tests/disk/scratch.h"

#define POLL_MS 1u
#define PATIENCE_MS 8000u

static void on_storage(void *context, unsigned events)
{
    (void)events;
    struct world *w = context;
    storage_reap(w->agent.storage);
}

static void on_notice(void *context, const struct storage_notice *notice)
{
    (void)context;
    (void)notice;
}

/* Lets the clients go on, and stops the loop when what it runs for has come. */
static void on_poll(void *context)
{
    struct world *w = context;
    int running = 0;
    int left = 0;
    curl_multi_perform(w->multi, &running);
    for (CURLMsg *m = curl_multi_info_read(w->multi, &left); m != NULL;
         m = curl_multi_info_read(w->multi, &left)) {
        struct exchange *x = NULL;
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &x);
        curl_easy_getinfo(m->easy_handle, CURLINFO_RESPONSE_CODE, &x->status);
        x->done = true;
        x->json = x->body == NULL ? NULL : cJSON_Parse(x->body);
    }
    const bool over = clock_monotonic_ms() >= w->deadline_ms;
    if (over || (w->awaited != NULL && w->awaited->done)) {
        loop_stop(w->agent.loop);
    }
    loop_timer_set(w->poll, clock_monotonic_ms() + POLL_MS);
}

static struct storage *open_storage(struct world *w)
{
    static const uint8_t id[STORE_ID_BYTES] = {1};
    struct store_opening opening;
    struct store *store = store_open(scratch_path("world.db"), id, &opening);
    assert(store != NULL);
    const struct storage_options options = {.votes_path = scratch_path("votes"),
                                            .store = store,
                                            .on_notice = on_notice,
                                            .context = w};
    return storage_create(&options);
}

void world_init(struct world *w, uint32_t members)
{
    char error[API_ERROR_BYTES];
    struct agent *a = &w->agent;
    memset(w, 0, sizeof *w);
    scene_init(a, members, clock_monotonic_ms(), clock_unix_ms());
    w->d = &a->node->deciding;
    a->loop = loop_create();
    a->storage = open_storage(w);
    a->journal.storage = a->storage;
    a->journal.level = LOG_LEVEL_ERROR;
    a->storage_watch = loop_watch_create(a->loop, storage_fd(a->storage), on_storage, w);
    loop_watch_set(a->storage_watch, LOOP_READ);
    snprintf(a->config.api, sizeof a->config.api, "127.0.0.1:0");
    snprintf(a->config.socket, sizeof a->config.socket, "%s", scratch_path("agent.sock"));
    a->api = api_create(a, error);
    assert(a->api != NULL);
    snprintf(w->url, sizeof w->url, "http://127.0.0.1:%u", http_port(a->api->api));
    curl_global_init(CURL_GLOBAL_DEFAULT);
    w->multi = curl_multi_init();
    w->poll = loop_timer_create(a->loop, on_poll, w);
    loop_timer_set(w->poll, clock_monotonic_ms());
}

void world_finish(struct world *w)
{
    struct agent *a = &w->agent;
    curl_multi_cleanup(w->multi);
    curl_global_cleanup();
    loop_timer_destroy(w->poll);
    api_destroy(a->api);
    loop_watch_destroy(a->storage_watch);
    storage_destroy(a->storage);
    loop_destroy(a->loop);
    scene_finish(a);
}

void world_run(struct world *w, uint32_t for_ms)
{
    w->awaited = NULL;
    w->deadline_ms = clock_monotonic_ms() + for_ms;
    loop_run(w->agent.loop);
}

static void append(char **text, size_t *size, const void *bytes, size_t more)
{
    *text = realloc(*text, *size + more + 1);
    assert(*text != NULL);
    memcpy(*text + *size, bytes, more);
    *size += more;
    (*text)[*size] = '\0';
}

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
    struct exchange *x = context;
    append(&x->body, &x->body_bytes, bytes, size * count);
    return size * count;
}

static size_t on_head(char *bytes, size_t size, size_t count, void *context)
{
    struct exchange *x = context;
    append(&x->head, &x->head_bytes, bytes, size * count);
    return size * count;
}

static void add_field(struct exchange *x, const char *name, const char *value)
{
    char field[HTTP_HEADER_MAX];
    if (value != NULL) {
        snprintf(field, sizeof field, "%s%s", name, value);
        x->fields = curl_slist_append(x->fields, field);
    }
}

void world_ask(struct world *w, struct exchange *x, const struct wish *wish)
{
    char url[1024];
    memset(x, 0, sizeof *x);
    x->easy = curl_easy_init();
    snprintf(url, sizeof url, "%s%s", w->url, wish->path);
    curl_easy_setopt(x->easy, CURLOPT_URL, url);
    curl_easy_setopt(x->easy, CURLOPT_PRIVATE, x);
    curl_easy_setopt(x->easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(x->easy, CURLOPT_WRITEDATA, x);
    curl_easy_setopt(x->easy, CURLOPT_HEADERFUNCTION, on_head);
    curl_easy_setopt(x->easy, CURLOPT_HEADERDATA, x);
    curl_easy_setopt(x->easy, CURLOPT_PATH_AS_IS, 1L);
    if (wish->local) {
        curl_easy_setopt(x->easy, CURLOPT_UNIX_SOCKET_PATH, w->agent.config.socket);
    }
    if (wish->body != NULL) {
        curl_easy_setopt(x->easy, CURLOPT_POSTFIELDSIZE, (long)wish->body_bytes);
        curl_easy_setopt(x->easy, CURLOPT_COPYPOSTFIELDS, wish->body);
    }
    if (wish->method != NULL && strcmp(wish->method, "HEAD") == 0) {
        curl_easy_setopt(x->easy, CURLOPT_NOBODY, 1L);
    } else if (wish->method != NULL) {
        curl_easy_setopt(x->easy, CURLOPT_CUSTOMREQUEST, wish->method);
    }
    add_field(x, "If-None-Match: ", wish->known);
    add_field(x, "Authorization: Bearer ", wish->bearer);
    add_field(x, "X-Ostrakon-Proof: ", wish->proof);
    add_field(x, "Host: ", wish->host);
    add_field(x, "X-Ostrakon-Audience: ", wish->audience);
    add_field(x, "", wish->another);
    curl_easy_setopt(x->easy, CURLOPT_HTTPHEADER, x->fields);
    curl_multi_add_handle(w->multi, x->easy);
}

bool world_await(struct world *w, const struct exchange *x, uint32_t for_ms)
{
    w->awaited = x;
    w->deadline_ms = clock_monotonic_ms() + for_ms;
    loop_run(w->agent.loop);
    w->awaited = NULL;
    return x->done;
}

void world_wish(struct world *w, struct exchange *x, const struct wish *wish)
{
    exchange_finish(w, x);
    world_ask(w, x, wish);
    const bool came = world_await(w, x, PATIENCE_MS);
    assert(came);
    (void)came;
}

void world_get(struct world *w, struct exchange *x, const char *path)
{
    world_wish(w, x, &(struct wish){.path = path});
}

void exchange_finish(struct world *w, struct exchange *x)
{
    if (x->easy != NULL) {
        curl_multi_remove_handle(w->multi, x->easy);
        curl_easy_cleanup(x->easy);
    }
    curl_slist_free_all(x->fields);
    cJSON_Delete(x->json);
    free(x->body);
    free(x->head);
    memset(x, 0, sizeof *x);
}

bool exchange_field(const struct exchange *x, const char *name, char value[static 128])
{
    const size_t size = strlen(name);
    for (const char *line = x->head; line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n' ? 1 : 0;
        if (strncasecmp(line, name, size) == 0 && line[size] == ':') {
            snprintf(value, 128, "%.*s", (int)strcspn(line + size + 2, "\r\n"),
                     line + size + 2);
            return true;
        }
    }
    value[0] = '\0';
    return false;
}

const cJSON *exchange_at(const struct exchange *x, const char *path)
{
    char parts[128];
    const cJSON *at = x->json;
    snprintf(parts, sizeof parts, "%s", path);
    char *rest = parts;
    for (const char *part = strsep(&rest, "."); part != NULL && at != NULL;
         part = strsep(&rest, ".")) {
        const bool index = part[0] >= '0' && part[0] <= '9';
        at = index ? cJSON_GetArrayItem(at, atoi(part))
                   : cJSON_GetObjectItemCaseSensitive(at, part);
    }
    return at;
}

const char *exchange_text(const struct exchange *x, const char *path)
{
    const char *text = cJSON_GetStringValue(exchange_at(x, path));
    return text == NULL ? "(none)" : text;
}

double exchange_number(const struct exchange *x, const char *path)
{
    const cJSON *item = exchange_at(x, path);
    return cJSON_IsNumber(item) ? item->valuedouble : -1;
}

void world_say(struct world *w, const char *code, const char *member, const char *message)
{
    journal_sayf(&w->agent.journal, WORDS_INFO, code, "test", member, "%s", message);
}

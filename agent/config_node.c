#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "config_file.h"
#include "config_members.h"
#include "config_node_file.h"
#include "config_value.h"
#include "keyfile.h"
#include "text.h"

/* node.yaml: what concerns this node alone. */

#define API_DEFAULT "127.0.0.1:7180"
#define SOCKET_DEFAULT "/run/ostrakon/agent.sock"
#define SWEEP_DEFAULT 2000u /* MiB an hour */
#define SWEEP_MAX 100000u
#define WINDOW_DEFAULT 8u /* MiB */

/* A path in the file is relative to the file. False if it is empty or does not fit. */
static bool path_join(const char *file, const char *path, char *out, size_t out_bytes)
{
    const char *slash = strrchr(file, '/');
    const int directory_size = path[0] == '/' || slash == NULL ? 0 : (int)(slash - file + 1);
    const int size = snprintf(out, out_bytes, "%.*s%s", directory_size, file, path);
    return path[0] != '\0' && size >= 0 && (size_t)size < out_bytes;
}

static void judge_path(const struct judge *j, const char *key, const char *text, char *out,
                       size_t out_bytes)
{
    if (!path_join(j->shape->file, text, out, out_bytes)) {
        judge_refuse(j, key, text);
    }
}

/* A program with a slash in its name is a path of the file's; one without is looked up in
 * PATH.
 */
static void judge_hook(const struct judge *j, const char *path, char *const *words,
                       uint32_t count, struct hook_command *out)
{
    const char *key = strchr(path, '.') + 1;
    const struct config_place place = shape_place(j->shape, path);
    if (words == NULL || count == 0) {
        return; /* not given, or []: no such hook */
    }
    if (count > HOOK_WORDS_MAX || words[0][0] == '\0') {
        config_fault(j->report, place, key,
                     "expected a program and its arguments, 1 to %u words", HOOK_WORDS_MAX);
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        const bool is_path = i == 0 && strchr(words[0], '/') != NULL;
        const size_t room = sizeof out->text - out->size_bytes;
        char *at = out->text + out->size_bytes;
        const bool fits = is_path ? path_join(j->shape->file, words[0], at, room)
                                  : (size_t)snprintf(at, room, "%s", words[i]) < room;
        if (!fits) {
            config_fault(j->report, place, key, "longer than %u bytes", HOOK_TEXT_BYTES);
            return;
        }
        out->size_bytes += (uint32_t)strlen(at) + 1;
        out->count++;
    }
}

void hook_argv(const struct hook_command *h, const char *argv[static HOOK_WORDS_MAX + 1])
{
    assert(h->count <= HOOK_WORDS_MAX);
    const char *word = h->text;
    for (uint32_t i = 0; i < h->count; i++) {
        argv[i] = word;
        word += strlen(word) + 1;
    }
    argv[h->count] = NULL;
}

static void judge_log_level(const struct judge *j, const char *text, enum log_level *out)
{
    static const char *const names[] = {"error", "warning", "notice", "info", "debug"};
    *out = LOG_LEVEL_INFO;
    if (text == NULL) {
        return;
    }
    for (uint32_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(text, names[i]) == 0) {
            *out = (enum log_level)i;
            return;
        }
    }
    judge_refuse(j, "log_level", text);
}

static void judge_number(const struct judge *j, const char *key, const char *text,
                         uint32_t least, uint32_t most, uint32_t *out)
{
    char path[SHAPE_PATH_BYTES];
    snprintf(path, sizeof path, "memory.%s", key);
    if (text != NULL && !value_number(text, least, most, out)) {
        judge_refuse(j, path, text);
    }
}

static void judge_examination(const struct judge *j, const struct raw_node *raw,
                              struct node_config *out)
{
    const struct raw_memory none = {NULL, NULL};
    const struct raw_memory *memory = raw->memory == NULL ? &none : raw->memory;
    const char *time = raw->time_sync == NULL ? "optional" : raw->time_sync;
    out->sweep_mib_per_hour = SWEEP_DEFAULT;
    out->window_mib = WINDOW_DEFAULT;
    judge_number(j, "sweep_mib_per_hour", memory->sweep_mib_per_hour, 0, SWEEP_MAX,
                 &out->sweep_mib_per_hour);
    judge_number(j, "window_mib", memory->window_mib, 2, 256, &out->window_mib);
    out->time_required = strcmp(time, "required") == 0;
    if (!out->time_required && strcmp(time, "optional") != 0) {
        judge_refuse(j, "time_sync", time);
    }
}

static void judge_address(const struct judge *j, const char *key, const char *text,
                          char out[static ADDRESS_SIZE_BYTES])
{
    if (!address_canonical(text, out)) {
        judge_refuse(j, key, text);
    }
}

static void judge_data_dir(const struct judge *j, const char *text, struct node_config *out)
{
    /* the longest name of a file in it must still fit */
    const size_t room = sizeof out->data_dir - sizeof "/" KEYFILE_TRANSPORT;
    judge_path(j, "data_dir", text, out->data_dir, room);
    snprintf(out->transport_key_path, sizeof out->transport_key_path, "%.*s/%s", (int)room,
             out->data_dir, KEYFILE_TRANSPORT);
    snprintf(out->vote_key_path, sizeof out->vote_key_path, "%.*s/%s", (int)room, out->data_dir,
             KEYFILE_VOTE);
}

/* Without the slashes at its end. */
static size_t path_size(const char *path)
{
    size_t size = strlen(path);
    while (size > 1 && path[size - 1] == '/') {
        size--;
    }
    return size;
}

/* Never the data directory itself: two copies in one place are one. */
static void judge_latch_dir(const struct judge *j, const char *text, struct node_config *out)
{
    if (text == NULL) {
        snprintf(out->latch_dir, sizeof out->latch_dir, "%.1000s/latch.d", out->data_dir);
        return;
    }
    judge_path(j, "latch_dir", text, out->latch_dir, sizeof out->latch_dir);
    const size_t size = path_size(out->latch_dir);
    if (size == path_size(out->data_dir) && strncmp(out->latch_dir, out->data_dir, size) == 0) {
        judge_refuse(j, "latch_dir", text);
    }
}

static void judge_tokens(const struct judge *j, const struct raw_node *raw,
                         struct node_config *out)
{
    const struct raw_token *token = raw->token;
    snprintf(out->trust_path, sizeof out->trust_path, "%.1000s/trust.json", out->data_dir);
    if (raw->trust != NULL &&
        !path_join(j->shape->file, raw->trust->file, out->trust_path, sizeof out->trust_path)) {
        judge_refuse(j, "trust.file", raw->trust->file);
    }
    if (token != NULL &&
        !path_join(j->shape->file, token->file, out->token_path, sizeof out->token_path)) {
        judge_refuse(j, "token.file", token->file);
    }
    if (token != NULL) {
        judge_hook(j, "token.reload", token->reload, token->reload_count, &out->reload);
    }
}

static void judge_twin(const struct judge *j, const struct node_config *c, uint32_t index,
                       const char *key)
{
    for (uint32_t i = 0; i < index; i++) {
        if (strcmp(c->certificates[i].purpose, c->certificates[index].purpose) == 0) {
            config_fault(j->report, shape_place(j->shape, key), "purpose",
                         "%s is the purpose of another one, too",
                         c->certificates[index].purpose);
        }
    }
}

static void judge_certificate(const struct judge *j, uint32_t index,
                              const struct raw_certificate *raw, struct node_config *c)
{
    struct certificate_config *out = &c->certificates[index];
    char key[SHAPE_PATH_BYTES];
    snprintf(key, sizeof key, "certificates[%u].purpose", index);
    char purpose[NAME_SIZE_BYTES];
    if (value_name(raw->purpose, purpose) && strlen(purpose) < sizeof out->purpose) {
        snprintf(out->purpose, sizeof out->purpose, "%.*s", (int)sizeof out->purpose - 1,
                 purpose);
        judge_twin(j, c, index, key);
    } else {
        judge_refuse(j, key, raw->purpose);
    }
    snprintf(key, sizeof key, "certificates[%u].file", index);
    if (!path_join(j->shape->file, raw->file, out->file, sizeof out->file)) {
        judge_refuse(j, key, raw->file);
    }
    snprintf(key, sizeof key, "certificates[%u].key", index);
    if (raw->key != NULL && !path_join(j->shape->file, raw->key, out->key, sizeof out->key)) {
        judge_refuse(j, key, raw->key);
    }
    snprintf(key, sizeof key, "certificates[%u].host", index);
    if (raw->host != NULL && (raw->host[0] == '\0' || strlen(raw->host) >= sizeof out->host)) {
        judge_refuse(j, key, raw->host);
    } else if (raw->host != NULL) {
        snprintf(out->host, sizeof out->host, "%s", raw->host);
    }
}

static void judge_certificates(const struct judge *j, const struct raw_node *raw,
                               struct node_config *out)
{
    const uint32_t count = raw->certificates == NULL ? 0 : raw->certificates_count;
    if (count > FLEET_CERTIFICATES_MAX) {
        config_fault(j->report, shape_place(j->shape, "certificates"), "certificates",
                     "%u are given, at most %u are possible", count, FLEET_CERTIFICATES_MAX);
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        judge_certificate(j, i, &raw->certificates[i], out);
    }
    out->certificate_count = count;
}

static void judge_checkpoint(const struct judge *j, const struct raw_checkpoint *raw,
                             struct checkpoint *out, struct hash *cluster)
{
    if (raw == NULL) {
        return;
    }
    if (!value_key(raw->cluster_id, cluster->bytes)) {
        judge_refuse(j, "checkpoint.cluster_id", raw->cluster_id);
    }
    if (!value_count(raw->height, &out->height) || out->height == 0 ||
        out->height > CHECKPOINT_HEIGHT_MAX) {
        judge_refuse(j, "checkpoint.height", raw->height);
    }
    if (!value_key(raw->hash, out->hash.bytes) || hash_is_none(&out->hash)) {
        judge_refuse(j, "checkpoint.hash", raw->hash);
    }
}

/* Heights begin anew where a cluster was rebuilt: what was said of the one before says nothing
 * of this one, and would stop it at the same height. */
static void judge_whose_checkpoint(const struct judge *j, const struct hash *cluster,
                                   struct node_config *out)
{
    const struct hash id = founding_id(&out->founding);
    if (out->checkpoint.height == 0 || hash_equal(cluster, &id)) {
        return;
    }
    const struct config_place place = shape_place(j->shape, "checkpoint.cluster_id");
    if (hash_is_none(&out->founding.rebuilt.from)) {
        config_fault(j->report, place, "cluster_id",
                     "the checkpoint is of another cluster than that of %s", out->cluster_path);
    } else {
        config_warning(j->report, place, "cluster_id",
                       "the checkpoint is of another cluster, as of one before it was rebuilt: "
                       "it says nothing of this one");
        out->checkpoint = (struct checkpoint){.height = 0};
    }
}

static void judge_node(const struct judge *j, const struct raw_node *raw,
                       struct node_config *out, struct hash *whose)
{
    if (!value_name(raw->name, out->name)) {
        judge_refuse(j, "name", raw->name);
    }
    judge_path(j, "cluster", raw->cluster, out->cluster_path, sizeof out->cluster_path);
    judge_data_dir(j, raw->data_dir, out);
    judge_latch_dir(j, raw->latch_dir, out);
    judge_path(j, "socket", raw->socket == NULL ? SOCKET_DEFAULT : raw->socket, out->socket,
               sizeof out->socket);
    judge_address(j, "api", raw->api == NULL ? API_DEFAULT : raw->api, out->api);
    if (raw->listen != NULL) {
        judge_address(j, "listen", raw->listen, out->listen);
    }
    out->joins = raw->joins != NULL && strcmp(raw->joins, "true") == 0;
    if (raw->joins != NULL && !out->joins && strcmp(raw->joins, "false") != 0) {
        judge_refuse(j, "joins", raw->joins);
    }
    judge_checkpoint(j, raw->checkpoint, &out->checkpoint, whose);
    judge_log_level(j, raw->log_level, &out->log_level);
    judge_examination(j, raw, out);
    if (raw->watchdog != NULL) {
        judge_path(j, "watchdog", raw->watchdog, out->watchdog, sizeof out->watchdog);
    }
    if (raw->hooks != NULL) {
#define X(hook)                                                                                \
    judge_hook(j, "hooks." #hook, raw->hooks->hook, raw->hooks->hook##_count, &out->hook);
        NODE_HOOKS(X)
#undef X
    }
    judge_certificates(j, raw, out);
    judge_tokens(j, raw, out);
}

/* Our place among the members, and what follows from it. */
static void judge_membership(const struct judge *j, struct node_config *out)
{
    const struct founding *f = &out->founding;
    const char *names[MEMBERS_MAX];
    out->member = MEMBER_NONE;
    for (uint32_t i = 0; i < f->member_count; i++) {
        names[i] = f->members[i].name;
        if (strcmp(out->name, names[i]) == 0) {
            out->member = i;
        }
    }
    if (out->member == MEMBER_NONE && out->joins) {
        out->member = MEMBERS_MAX - 1;
        if (out->listen[0] == '\0') {
            config_fault(j->report, shape_place(j->shape, "listen"), "listen",
                         "missing; who joins says where the others are to reach it, like "
                         "0.0.0.0:7100");
        }
    } else if (out->member == MEMBER_NONE) {
        const char *nearest = text_nearest(out->name, names, f->member_count);
        config_fault(j->report, shape_place(j->shape, "name"), "name",
                     "%s is no member of the cluster %s in %s%s%s%s", out->name, f->name,
                     out->cluster_path, nearest == NULL ? "" : "; did you mean ",
                     nearest == NULL ? "" : nearest, nearest == NULL ? "" : "?");
        return;
    } else if (out->listen[0] == '\0') {
        memcpy(out->listen, f->members[out->member].address, sizeof out->listen);
    }
    if (addresses_meet(out->listen, out->api)) {
        config_fault(j->report, shape_place(j->shape, "api"), "api",
                     "%s is where peers are listened to; expected another port", out->api);
    }
}

static void node_config_parse(const char *path, const void *bytes, size_t size_bytes,
                              struct node_config *out, struct config_report *report)
{
    struct shape *shape = calloc(1, sizeof *shape);
    if (shape == NULL) {
        config_fault(report, (struct config_place){path, 0, 0}, "", "out of memory");
        return;
    }
    shape->file = path;
    struct raw_node *raw = file_load(&node_file, bytes, size_bytes, shape, report);
    if (raw != NULL) {
        const struct judge j = {shape, node_keys, report};
        const uint32_t before = report->fault_count;
        struct hash whose = {0}; /* the checkpoint */
        judge_node(&j, raw, out, &whose);
        if (out->cluster_path[0] != '\0' &&
            cluster_config_read(out->cluster_path, &out->founding, report) &&
            report->fault_count == before) {
            judge_membership(&j, out);
            judge_whose_checkpoint(&j, &whose, out);
        }
    }
    file_unload(&node_file, raw);
    free(shape);
}

bool node_config_read(const char *path, struct node_config *out, struct config_report *report)
{
    const uint32_t before = report->fault_count;
    char *bytes = NULL;
    size_t size_bytes = 0;
    memset(out, 0, sizeof *out);
    if (file_read(path, &bytes, &size_bytes, report)) {
        node_config_parse(path, bytes, size_bytes, out, report);
    }
    free(bytes);
    if (report->fault_count != before) {
        memset(out, 0, sizeof *out);
        return false;
    }
    if (strlen(path) < sizeof out->own_path) {
        snprintf(out->own_path, sizeof out->own_path, "%s", path);
    }
    return true;
}

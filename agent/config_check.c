#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "health/references/references.h"

static void check_key(const char *path, const char *what,
                      const uint8_t expected[static PUBLIC_KEY_BYTES],
                      const struct node_config *c, struct keyfile *out,
                      struct config_report *report)
{
    const struct config_place place = {path, 0, 0};
    char error[KEYFILE_ERROR_BYTES];
    if (!keyfile_read(path, out, error)) {
        config_reason(report, errno);
        /* the sentence begins with the path, as a place does */
        config_fault(report, place, "", "%s", error + strlen(path) + 1);
        return;
    }
    if (!c->joins && memcmp(out->public_key, expected, PUBLIC_KEY_BYTES) != 0) {
        char ours[2 * 8 + 1];
        char theirs[2 * 8 + 1];
        sodium_bin2hex(ours, sizeof ours, out->public_key, 8);
        sodium_bin2hex(theirs, sizeof theirs, expected, 8);
        config_fault(report, place, "", "this key is %s..., but %s gives %s the %s %s...", ours,
                     c->cluster_path, c->name, what, theirs);
    }
}

bool node_keys_read(const struct node_config *c, struct keyfile *transport,
                    struct keyfile *vote, struct config_report *report)
{
    const uint32_t before = report->fault_count;
    const struct founding_member *m = &c->founding.members[c->member];
    *transport = (struct keyfile){0};
    *vote = (struct keyfile){0};
    check_key(c->transport_key_path, "transport key", m->transport_key, c, transport, report);
    check_key(c->vote_key_path, "vote key", m->vote_key, c, vote, report);
    if (report->fault_count != before) {
        keyfile_finish(transport);
        keyfile_finish(vote);
        return false;
    }
    return true;
}

static void check_directory(const char *path, const char *key, struct config_report *report)
{
    const struct config_place place = {path, 0, 0};
    struct stat s;
    if (stat(path, &s) != 0) {
        config_reason(report, errno);
        config_fault(report, place, key, "%s", strerror(errno));
    } else if (!S_ISDIR(s.st_mode)) {
        config_fault(report, place, key, "not a directory");
    } else if (access(path, W_OK | X_OK) != 0) {
        config_reason(report, errno);
        config_fault(report, place, key, "not writable: %s", strerror(errno));
    }
}

/* False: errno says why not. */
static bool is_program(const char *path)
{
    struct stat s;
    if (stat(path, &s) == 0 && S_ISDIR(s.st_mode)) {
        errno = EISDIR;
        return false;
    }
    return access(path, X_OK) == 0;
}

/* Where execvp looks, which the keeper of a hook calls. */
static bool is_in_path(const char *program)
{
    char file[CONFIG_PATH_BYTES + HOOK_TEXT_BYTES];
    const char *at = getenv("PATH");
    for (at = at == NULL ? "/bin:/usr/bin" : at;; at++) {
        const size_t size = strcspn(at, ":");
        const int used = snprintf(file, sizeof file, "%.*s%s%s", (int)size, at,
                                  size == 0 ? "" : "/", program);
        if (used > 0 && (size_t)used < sizeof file && is_program(file)) {
            return true;
        }
        at += size;
        if (*at == '\0') {
            return false;
        }
    }
}

static void check_hook(const struct node_config *c, const struct hook_command *h,
                       const char *key, struct config_report *report)
{
    const bool looked_up = strchr(h->text, '/') == NULL;
    char shown[CONFIG_QUOTE_BYTES];
    if (h->count == 0) {
        return;
    }
    if (looked_up && !is_in_path(h->text)) {
        config_fault(report, (struct config_place){c->own_path, 0, 0}, key,
                     "%s is in no directory of PATH; give the program's whole path",
                     config_quote(h->text, shown));
    } else if (!looked_up && !is_program(h->text)) {
        config_fault(report, (struct config_place){h->text, 0, 0}, key, "cannot be run: %s",
                     strerror(errno));
    }
}

/* Where no hook is named there is nothing to be done, and it counts as done. */
static void check_lets_go(const struct node_config *c, struct config_report *report)
{
    const struct config_place place = {c->own_path, 0, 0};
    if (c->takeover.count == 0 && c->founding.name_count > 0) {
        config_warning(report, place, "hooks",
                       "the cluster has names, and there is no %s: a name that this member "
                       "comes to hold would be served by nothing (deploy/hooks/README.md)",
                       c->release.count == 0 ? "takeover and no release" : "takeover");
    }
    if (c->takeover.count > 0 && c->release.count == 0) {
        config_warning(report, place, "hooks",
                       "takeover without release: this member would go on to serve under a "
                       "name that another one holds");
    }
    if (c->takeover.count > 0 && c->neuter.count == 0) {
        config_warning(report, place, "hooks",
                       "takeover without neuter: this member would go on to serve when it is "
                       "found unfit");
    }
}

void node_config_references(const struct node_config *c, struct reference_context *context)
{
    context->data_directory = c->data_dir;
    context->time_service.required = c->time_required;
    context->certificate_count = c->certificate_count;
    for (uint32_t i = 0; i < c->certificate_count; i++) {
        const struct certificate_config *one = &c->certificates[i];
        context->certificates[i] = (struct certificate_file){
            .purpose = one->purpose,
            .path = one->file,
            .key_path = one->key[0] == '\0' ? NULL : one->key,
            .name = one->host[0] == '\0' ? NULL : one->host,
        };
    }
}

/* A certificate that expires soon is no reason to refuse a file. */
static void check_certificates(const struct node_config *c, struct config_report *report)
{
    struct reference_context *context = calloc(1, sizeof *context);
    char text[256];
    if (context == NULL) {
        config_fault(report, (struct config_place){c->data_dir, 0, 0}, "", "out of memory");
        return;
    }
    context->seams = seams_of_machine();
    node_config_references(c, context);
    for (uint32_t i = 0; i < context->certificate_count; i++) {
        const struct config_place place = {c->certificates[i].file, 0, 0};
        struct finding f;
        finding_begin(&f, reference_certificates.id);
        certificate_examine(&context->seams, &context->certificates[i],
                            &context->certificate.views[i], &f);
        finding_text(&f, reference_note(&reference_certificates, &f)->text, text, sizeof text);
        const bool soon =
            f.evidence.note == CERTIFICATES_SOON || f.evidence.note == CERTIFICATES_NEAR;
        if (soon) {
            config_warning(report, place, "certificates", "%s", text);
        } else if (f.result != RESULT_OK) {
            config_fault(report, place, "certificates", "%s", text);
        }
    }
    free(context);
}

/* The directory in which `path` is, or is to be made. */
static void parent_of(const char *path, char out[static CONFIG_PATH_BYTES])
{
    snprintf(out, CONFIG_PATH_BYTES, "%s", path);
    size_t size = strlen(out);
    while (size > 1 && out[size - 1] == '/') {
        out[--size] = '\0';
    }
    char *slash = strrchr(out, '/');
    if (slash == NULL) {
        memcpy(out, ".", sizeof ".");
    } else {
        slash[slash == out ? 1 : 0] = '\0';
    }
}

static bool is_writable_directory(const char *path)
{
    char inside[CONFIG_PATH_BYTES + 2];
    snprintf(inside, sizeof inside, "%s/.", path);
    return access(inside, W_OK | X_OK) == 0;
}

/* Whether the directory in which a file is replaced can be written, unless it is the data
 * directory, of which that is said already. */
static void check_written(const struct node_config *c, const char *path, const char *key,
                          struct config_report *report)
{
    char directory[CONFIG_PATH_BYTES];
    parent_of(path, directory);
    if (path[0] != '\0' && strcmp(directory, c->data_dir) != 0 &&
        !is_writable_directory(directory)) {
        config_reason(report, errno);
        config_fault(report, (struct config_place){path, 0, 0}, key, "cannot be written: %s",
                     strerror(errno));
    }
}

/* The agent makes it, but not the directories above. */
static void check_latch_dir(const struct node_config *c, struct config_report *report)
{
    struct stat s;
    if (stat(c->latch_dir, &s) == 0) {
        check_directory(c->latch_dir, "latch_dir", report);
    } else {
        check_written(c, c->latch_dir, "latch_dir", report);
    }
}

/* What is below /run is gone at each start of the machine: who starts the agent makes it. */
static void check_socket(const struct node_config *c, struct config_report *report)
{
    char directory[CONFIG_PATH_BYTES];
    struct stat s;
    parent_of(c->socket, directory);
    if (strncmp(directory, "/run/", strlen("/run/")) == 0 && stat(directory, &s) != 0 &&
        errno == ENOENT) {
        config_warning(report, (struct config_place){directory, 0, 0}, "socket",
                       "there is no such directory; make it before the agent starts, as it "
                       "does not start without it");
    } else {
        check_written(c, c->socket, "socket", report);
    }
}

/* What `ostrakon init` made, or an agent before: as root it may be everybody's but the agent's,
 * who is the one that the data directory belongs to. */
static void check_stored(const struct node_config *c, const char *name,
                         struct config_report *report)
{
    char path[CONFIG_PATH_BYTES + 16];
    struct stat file;
    struct stat directory;
    snprintf(path, sizeof path, "%s/%s", c->data_dir, name);
    const struct config_place place = {path, 0, 0};
    if (stat(path, &file) != 0 || stat(c->data_dir, &directory) != 0) {
        return; /* not made yet, or said of the directory */
    }
    if (access(path, R_OK | W_OK) != 0) {
        config_reason(report, errno);
        config_fault(report, place, "", "cannot be opened: %s", strerror(errno));
    } else if (geteuid() == 0 && file.st_uid != directory.st_uid) {
        config_warning(report, place, "",
                       "belongs to uid %u, and the data directory to uid %u, whose agent may "
                       "not open it; run: chown --reference=%s %s",
                       (unsigned)file.st_uid, (unsigned)directory.st_uid, c->data_dir, path);
    }
}

/* Never opened for a look: that would arm it. */
static void check_watchdog(const struct node_config *c, struct config_report *report)
{
    if (c->watchdog[0] != '\0' && access(c->watchdog, W_OK) != 0) {
        config_reason(report, errno);
        config_fault(report, (struct config_place){c->watchdog, 0, 0}, "watchdog",
                     "cannot be written: %s", strerror(errno));
    }
}

void node_config_check(const struct node_config *c, struct config_report *report)
{
    check_directory(c->data_dir, "data_dir", report);
    check_latch_dir(c, report);
#define X(hook) check_hook(c, &c->hook, "hooks." #hook, report);
    NODE_HOOKS(X)
#undef X
    check_lets_go(c, report);
    check_hook(c, &c->reload, "token.reload", report);
    check_written(c, c->token_path, "token.file", report);
    check_written(c, c->trust_path, "trust.file", report);
    check_watchdog(c, report);
    check_certificates(c, report);
}

int config_check(const char *path, FILE *out, FILE *err)
{
    static const char *const roles[] = {[ROLE_NODE] = "node", [ROLE_WITNESS] = "witness"};
    struct config_report report = {0};
    struct node_config c;
    struct keyfile transport = {0};
    struct keyfile vote = {0};
    if (node_config_read(path, &c, &report)) {
        node_config_check(&c, &report);
        check_socket(&c, &report);
        check_stored(&c, "votes", &report);
        check_stored(&c, "ostrakon.db", &report);
        if (node_keys_read(&c, &transport, &vote, &report) && report.fault_count == 0) {
            char id[2 * HASH_BYTES + 1];
            const struct hash hash = founding_id(&c.founding);
            sodium_bin2hex(id, sizeof id, hash.bytes, sizeof hash.bytes);
            fprintf(out, "%s: ok: ", path);
            if (c.joins) {
                fprintf(out, "%s joins %s, of %u members\n", c.name, c.founding.name,
                        c.founding.member_count);
            } else {
                fprintf(out, "%s (%s), one of %u members of %s\n", c.name,
                        roles[c.founding.members[c.member].role], c.founding.member_count,
                        c.founding.name);
            }
            fprintf(out, "cluster id %s\n", id);
        }
    }
    keyfile_finish(&transport);
    keyfile_finish(&vote);
    fputs(report.text, err);
    return report.fault_count == 0 ? 0 : CONFIG_EXIT;
}

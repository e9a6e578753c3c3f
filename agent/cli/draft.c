#include "draft.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "agent/config.h"
#include "agent/config_value.h"
#include "agent/keyfile.h"
#include "client.h"
#include "command.h"
#include "consensus/quorum.h"
#include "draft_tell.h"
#include "fields.h"
#include "moment.h"

/* Cuts the text up to the next comma off its front. False if there is none, nothing before it,
 * or too much. */
static bool take(const char **text, char out[static DRAFT_VALUE_BYTES])
{
    const char *end = strchr(*text, ',');
    if (end == NULL || end == *text || (size_t)(end - *text) >= DRAFT_VALUE_BYTES) {
        return false;
    }
    snprintf(out, DRAFT_VALUE_BYTES, "%.*s", (int)(end - *text), *text);
    *text = end + 1;
    return true;
}

static const char *keys_from_directory(struct draft_member *m, const char *path)
{
    static char error[KEYFILE_ERROR_BYTES];
    static const char *const names[] = {KEYFILE_TRANSPORT, KEYFILE_VOTE};
    char *const out[] = {m->transport_key, m->vote_key};
    for (uint32_t i = 0; i < 2; i++) {
        struct keyfile key;
        char file[CONFIG_PATH_BYTES];
        snprintf(file, sizeof file, "%s/%s", path, names[i]);
        if (!keyfile_read(file, &key, error)) {
            return error;
        }
        sodium_bin2hex(out[i], DRAFT_VALUE_BYTES, key.public_key, sizeof key.public_key);
        keyfile_finish(&key);
    }
    return NULL;
}

static const char *keys_from_document(struct draft_member *m, const char *path)
{
    char text[4096];
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        static char error[512];
        const int reason = errno;
        snprintf(error, sizeof error,
                 "%.300s: %s; expected TRANSPORT,VOTE, or a directory or file of keygen's",
                 path, strerror(reason));
        errno = reason;
        return error;
    }
    const size_t size_bytes = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[size_bytes] = '\0';
    cJSON *document = document_parse(text, size_bytes);
    const bool found =
        field_shown(document, "transport_key", m->transport_key, sizeof m->transport_key) &&
        field_shown(document, "vote_key", m->vote_key, sizeof m->vote_key);
    cJSON_Delete(document);
    errno = 0;
    return found ? NULL : "the file is not what keygen --json prints";
}

static const char *take_keys(struct draft_member *m, const char *text)
{
    struct stat s;
    const char *rest = text;
    if (take(&rest, m->transport_key) && strlen(rest) < DRAFT_VALUE_BYTES &&
        strlen(m->transport_key) == (size_t)2 * PUBLIC_KEY_BYTES) {
        snprintf(m->vote_key, sizeof m->vote_key, "%s", rest);
        return NULL;
    }
    if (stat(text, &s) == 0 && S_ISDIR(s.st_mode)) {
        return keys_from_directory(m, text);
    }
    return keys_from_document(m, text);
}

const char *draft_member(struct draft *d, const char *text)
{
    if (d->member_count == DRAFT_MEMBERS_MAX) {
        return "too many members";
    }
    struct draft_member *m = &d->members[d->member_count++];
    if (!take(&text, m->name) || !take(&text, m->role) || !take(&text, m->address)) {
        return "expected NAME,ROLE,ADDRESS,KEYS, like atlas,node,192.0.2.1:7100,keys/atlas";
    }
    const char *problem = take_keys(m, text);
    d->reason = problem == NULL ? 0 : errno;
    return problem;
}

const char *draft_timing(struct draft *d, const char *text)
{
    const char *equals = strchr(text, '=');
    if (equals == NULL || equals == text || d->timing_count == DRAFT_TIMING_MAX ||
        strspn(text, "abcdefghijklmnopqrstuvwxyz_") != (size_t)(equals - text)) {
        return "expected KEY=VALUE, like tick_ms=1000";
    }
    d->timing[d->timing_count++] = text;
    return NULL;
}

const char *draft_operator(struct draft *d, const char *text)
{
    const char *comma = strchr(text, ',');
    if (comma == NULL || comma == text || d->operator_count == DRAFT_OPERATORS_MAX) {
        return "expected NAME,KEY, the key as ostrakon operator keygen prints it";
    }
    d->operators[d->operator_count++] = text;
    return NULL;
}

const char *draft_name(struct draft *d, const char *text)
{
    const char *comma = strchr(text, ',');
    const char *second = comma == NULL ? NULL : strchr(comma + 1, ',');
    if (comma == NULL || comma == text || d->name_count == DRAFT_NAMES_MAX ||
        strlen(text) >= DRAFT_VALUE_BYTES ||
        (second != NULL && strcmp(second, ",shared") != 0)) {
        return "expected NAME,OWNER or NAME,OWNER,shared, like www.example.org,atlas";
    }
    d->names[d->name_count++] = text;
    return NULL;
}

/* A scalar in single quotes; what ends it is doubled (YAML 1.2, section 7.3.2). */
static void print_quoted(const char *text, FILE *out)
{
    fputc('\'', out);
    for (size_t i = 0; text[i] != '\0'; i++) {
        fputs(text[i] == '\'' ? "'" : "", out);
        fputc(text[i], out);
    }
    fputs("'\n", out);
}

/* Plain where it can be, since people read it. */
static void print_value(const char *text, FILE *out)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789-.:TZ";
    if (text[0] != '\0' && text[0] != '-' && text[0] != ':' &&
        strspn(text, plain) == strlen(text) && text[strlen(text) - 1] != ':') {
        fprintf(out, "%s\n", text);
    } else {
        print_quoted(text, out);
    }
}

static void print_members(const struct draft *d, FILE *out)
{
    fputs("members:\n", out);
    for (uint32_t i = 0; i < d->member_count; i++) {
        const struct draft_member *m = &d->members[i];
        fputs("  - name: ", out);
        print_value(m->name, out);
        fputs("    role: ", out);
        print_value(m->role, out);
        fputs("    address: ", out);
        print_value(m->address, out);
        fputs("    transport_key: ", out);
        print_value(m->transport_key, out);
        fputs("    vote_key: ", out);
        print_value(m->vote_key, out);
    }
}

static void print_operators(const struct draft *d, FILE *out)
{
    if (d->operator_count > 0) {
        fputs("operators:\n", out);
    }
    for (uint32_t i = 0; i < d->operator_count; i++) {
        char name[DRAFT_VALUE_BYTES];
        const char *comma = strchr(d->operators[i], ',');
        snprintf(name, sizeof name, "%.*s", (int)(comma - d->operators[i]), d->operators[i]);
        fputs("  - name: ", out);
        print_value(name, out);
        fputs("    key: ", out);
        print_value(comma + 1, out);
    }
}

static void print_names(const struct draft *d, FILE *out)
{
    if (d->name_count > 0) {
        fputs("names:\n", out);
    }
    for (uint32_t k = 0; k < d->name_count; k++) {
        char words[DRAFT_VALUE_BYTES];
        snprintf(words, sizeof words, "%s", d->names[k]);
        char *owner = strchr(words, ',') + 1;
        owner[-1] = '\0';
        char *shared = strchr(owner, ',');
        if (shared != NULL) {
            *shared = '\0';
        }
        fputs("  - service: ", out);
        print_value(words, out);
        fputs("    owner: ", out);
        print_value(owner, out);
        fputs(shared != NULL ? "    exclusive: no\n" : "", out);
    }
}

static void print_rebuilt(const struct founding_rebuilt *r, FILE *out)
{
    char from[2 * HASH_BYTES + 1];
    sodium_bin2hex(from, sizeof from, r->from.bytes, sizeof r->from.bytes);
    fprintf(out,
            "rebuilt:\n"
            "  from: %s\n"
            "  height: %" PRIu64 "\n"
            "  next_window: %" PRIu64 "\n"
            "  fence: %" PRIu64 "\n"
            "  term: %" PRIu32 "\n",
            from, r->height, r->next_window, r->fence, r->term);
}

static void print_key(const char *key, const char *value, FILE *out)
{
    if (value != NULL) {
        fprintf(out, "%s: ", key);
        print_value(value, out);
    }
}

void draft_print(const struct draft *d, FILE *out)
{
    char now[MOMENT_BYTES];
    fputs(
        "# The founding document of this cluster: the same on every member, and never changed\n"
        "# afterwards. The hash of what it says is the cluster's id.\n",
        out);
    fputs("cluster: ", out);
    print_value(d->name, out);
    fputs("founded: ", out);
    print_value(d->founded == NULL ? moment_iso(moment_now_ms(), now) : d->founded, out);
    if (d->timing_count > 0) {
        fputs("timing:\n", out);
    }
    for (uint32_t i = 0; i < d->timing_count; i++) {
        const char *equals = strchr(d->timing[i], '=');
        fprintf(out, "  %.*s: ", (int)(equals - d->timing[i]), d->timing[i]);
        print_value(equals + 1, out);
    }
    print_key("malfunctioning_max", d->malfunctioning_max, out);
    print_key("audit", d->audit, out);
    print_key("mode", d->mode, out);
    print_key("min_members", d->min_members, out);
    print_members(d, out);
    print_operators(d, out);
    print_names(d, out);
    if (!hash_is_none(&d->rebuilt.from)) {
        print_rebuilt(&d->rebuilt, out);
    }
}

/* The founding document is the same everywhere for ever: an old one is never written over. */
static int write_new(const char *path, const char *text, size_t size_bytes)
{
    if (strcmp(path, "-") == 0) {
        fwrite(text, 1, size_bytes, stdout);
        return 0;
    }
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0 && errno == EEXIST) {
        return complain(EXIT_CONFIGURATION, "Move it away, or name another with --output",
                        "%s is there already, and is not overwritten", path);
    }
    FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
    bool written = out != NULL && fwrite(text, 1, size_bytes, out) == size_bytes &&
                   fflush(out) == 0 && fsync(fd) == 0;
    const int reason = errno;
    if (out != NULL) {
        written = fclose(out) == 0 && written;
    } else if (fd >= 0) {
        close(fd);
    }
    if (!written) {
        if (fd >= 0) {
            unlink(path);
        }
        return complain(exit_code_of(reason), "", "%s cannot be written: %s", path,
                        strerror(reason));
    }
    return 0;
}

/* The text is the caller's, to be freed. NULL: out of memory. */
static char *text_of(const struct draft *d, size_t *size_bytes)
{
    char *text = NULL;
    FILE *memory = open_memstream(&text, size_bytes);
    if (memory != NULL) {
        draft_print(d, memory);
        fclose(memory);
    }
    return text;
}

static int judge(const char *text, size_t size_bytes, struct founding *out)
{
    struct config_report report = {0};
    if (text == NULL) {
        return complain(EXIT_UNKNOWN, "", "out of memory");
    }
    const bool sound = cluster_config_parse(DRAFT_FILE, text, size_bytes, out, &report);
    draft_tell(text, report.text, stderr);
    return sound ? 0 : EXIT_CONFIGURATION;
}

int draft_judge(const struct draft *d, struct founding *out)
{
    size_t size_bytes = 0;
    char *text = text_of(d, &size_bytes);
    const int code = judge(text, size_bytes, out);
    free(text);
    return code;
}

int draft_write(const struct draft *d, const char *path, struct founding *out)
{
    size_t size_bytes = 0;
    char *text = text_of(d, &size_bytes);
    int code = judge(text, size_bytes, out);
    code = code != 0 ? code : write_new(path, text, size_bytes);
    free(text);
    return code;
}

void draft_budget_print(const struct founding *f)
{
    const struct quorum q = quorum_of(f->member_count, f->malfunctioning_max);
    const uint32_t spare = q.voters - q.needed;
    printf("budget: %u may fail at once, %u of them lying; %u of %u voters are needed\n", spare,
           q.malfunctioning < spare ? q.malfunctioning : spare, q.needed, q.voters);
}

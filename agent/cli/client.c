#include "client.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <curl/curl.h>

#include "agent/config.h"
#include "agent/text.h"
#include "fields.h"

#define USUAL_WAIT_S 5L
#define DEPTH_MAX 16
#define LAST_WORDS "What it last said is on its standard error"
#define NO_MEMBER "No such member"

int client_socket(const struct invocation *invocation, char *path, size_t path_bytes)
{
    const char *given = invocation->socket == NULL ? SOCKET_DEFAULT : invocation->socket;
    struct node_config config = {0};
    if (invocation->socket == NULL && invocation->config != NULL) {
        struct config_report report = {0};
        if (!node_config_read(invocation->config, &config, &report)) {
            fputs(report.text, stderr);
            return exit_code_of_report(&report);
        }
        given = config.socket;
    }
    if (strlen(given) >= sizeof((struct sockaddr_un *)NULL)->sun_path) {
        return complain(EXIT_USAGE, "", "the socket's path is longer than %zu bytes: %s",
                        sizeof((struct sockaddr_un *)NULL)->sun_path - 1, given);
    }
    snprintf(path, path_bytes, "%s", given);
    return 0;
}

static size_t on_bytes(char *bytes, size_t size, size_t count, void *context)
{
    struct answer *a = context;
    const size_t more = size * count;
    if (more > ANSWER_BYTES_MAX - a->size_bytes) {
        return 0;
    }
    char *text = realloc(a->text, a->size_bytes + more + 1);
    if (text == NULL) {
        return 0;
    }
    memcpy(text + a->size_bytes, bytes, more);
    a->text = text;
    a->size_bytes += more;
    a->text[a->size_bytes] = '\0';
    return more;
}

/* Whose socket it is, where that can be seen. */
static int complain_of_permission(const char *socket)
{
    struct stat s;
    char next[256] = "Ask as root, or as the user of the agent";
    const bool seen = stat(socket, &s) == 0;
    const struct passwd *user = seen ? getpwuid(s.st_uid) : NULL;
    const struct group *group = seen ? getgrgid(s.st_gid) : NULL;
    if (user != NULL && group != NULL) {
        snprintf(next, sizeof next, "Ask as root, as user %.80s, or as one of the group %.80s",
                 user->pw_name, group->gr_name);
    }
    return complain(EXIT_NOT_PERMITTED, next, "not permitted to ask the agent: %s", socket);
}

static int complain_of_connection(const char *socket, long reason)
{
    if (reason == ENOENT) {
        return complain(EXIT_UNKNOWN, "Start it with: ostrakond --config FILE",
                        "the agent on this node does not run: %s is not there", socket);
    }
    if (reason == ECONNREFUSED) {
        return complain(EXIT_UNKNOWN,
                        "Why it ended is on its standard error; start it with: ostrakond "
                        "--config FILE",
                        "the agent on this node has died: nobody listens at %s", socket);
    }
    if (reason == EACCES || reason == EPERM) {
        return complain_of_permission(socket);
    }
    return complain(EXIT_UNKNOWN, "", "the agent on this node cannot be asked: %s: %s", socket,
                    strerror((int)reason));
}

static int complain_of_transfer(const char *socket, CURL *easy, CURLcode code, long waited_s)
{
    long reason = 0;
    switch ((int)code) {
    case CURLE_COULDNT_CONNECT:
        curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &reason);
        return complain_of_connection(socket, reason);
    case CURLE_OPERATION_TIMEDOUT:
        return complain(EXIT_UNKNOWN, LAST_WORDS,
                        "the agent on this node does not answer: nothing from %s within %ld s",
                        socket, waited_s);
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
        return complain(EXIT_UNKNOWN, LAST_WORDS,
                        "the agent on this node has ended while it was asked: %s", socket);
    default:
        return complain(EXIT_UNKNOWN, LAST_WORDS,
                        "the agent on this node cannot be asked: %s: %s", socket,
                        curl_easy_strerror(code));
    }
}

/* A refusal in problem+json (RFC 9457) carries a sentence for us. Who is no member was a wrong
 * word of ours. */
static int complain_of_status(long status, bool posted, const char *path, const cJSON *document)
{
    char detail[512];
    char code[32];
    const char *title = field_text(document, "title");
    const bool of_member = strncmp(path, "/v1/members/", strlen("/v1/members/")) == 0;
    const bool nobody =
        (status == 404 && of_member) || (title != NULL && strcmp(title, NO_MEMBER) == 0);
    const enum exit_code exit_code = status == 401 || status == 403 ? EXIT_NOT_PERMITTED
                                     : status == 400 && posted      ? EXIT_DEGRADED
                                     : nobody                       ? EXIT_USAGE
                                                                    : EXIT_UNKNOWN;
    if (field_shown(document, "detail", detail, sizeof detail)) {
        const bool has_code = field_shown(document, "code", code, sizeof code);
        return complain(exit_code, "", "%s%s%s%s", detail, has_code ? " (" : "",
                        has_code ? code : "", has_code ? ")" : "");
    }
    return complain(exit_code, "", "the agent on this node refused: HTTP status %ld", status);
}

static CURL *easy_of(const char *socket, const char *path, long timeout_s, struct answer *out)
{
    char url[1024];
    CURL *easy = curl_easy_init();
    if (easy == NULL) {
        return NULL;
    }
    snprintf(url, sizeof url, "http://ostrakon%s", path);
    curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, socket);
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http");
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT, timeout_s);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_bytes);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, out);
    return easy;
}

static int perform(CURL *easy, const char *socket, const char *path, long wait_s, bool posts,
                   struct answer *out)
{
    int code = 0;
    long status = 0;
    const CURLcode result = curl_easy_perform(easy);
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    if (result != CURLE_OK) {
        code = complain_of_transfer(socket, easy, result, USUAL_WAIT_S + wait_s);
    } else {
        out->document = document_parse(out->text, out->size_bytes);
        while (out->size_bytes > 0 && out->text[out->size_bytes - 1] == '\n') {
            out->text[--out->size_bytes] = '\0';
        }
        if (status != 200 && !(posts && status == 202)) {
            code = complain_of_status(status, posts, path, out->document);
        } else if (!cJSON_IsObject(out->document)) {
            code =
                complain(EXIT_UNKNOWN, "", "what answers at %s is no Ostrakon agent", socket);
        }
    }
    return code;
}

int client_get(const char *socket, const char *path, long wait_s, struct answer *out)
{
    *out = (struct answer){0};
    CURL *easy = easy_of(socket, path, USUAL_WAIT_S + wait_s, out);
    if (easy == NULL) {
        return complain(EXIT_UNKNOWN, "", "out of memory");
    }
    const int code = perform(easy, socket, path, wait_s, false, out);
    curl_easy_cleanup(easy);
    return code;
}

bool client_look(const char *socket, const char *path, long wait_s, struct answer *out)
{
    long status = 0;
    *out = (struct answer){0};
    CURL *easy = easy_of(socket, path, USUAL_WAIT_S + wait_s, out);
    if (easy == NULL) {
        return false;
    }
    if (curl_easy_perform(easy) == CURLE_OK) {
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
        out->document = document_parse(out->text, out->size_bytes);
    }
    curl_easy_cleanup(easy);
    return status == 200 && cJSON_IsObject(out->document);
}

int client_post(const char *socket, const char *path, const void *bytes, size_t size_bytes,
                struct answer *out)
{
    *out = (struct answer){0};
    CURL *easy = easy_of(socket, path, USUAL_WAIT_S, out);
    struct curl_slist *fields =
        curl_slist_append(NULL, "Content-Type: application/octet-stream");
    if (easy == NULL || fields == NULL) {
        curl_easy_cleanup(easy);
        curl_slist_free_all(fields);
        return complain(EXIT_UNKNOWN, "", "out of memory");
    }
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, fields);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, bytes);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)size_bytes);
    const int code = perform(easy, socket, path, 0, true, out);
    curl_easy_cleanup(easy);
    curl_slist_free_all(fields);
    return code;
}

void answer_finish(struct answer *a)
{
    cJSON_Delete(a->document);
    free(a->text);
    *a = (struct answer){0};
}

static bool too_deep(const cJSON *item, uint32_t depth)
{
    for (; item != NULL; item = item->next) {
        if (depth > DEPTH_MAX || too_deep(item->child, depth + 1)) {
            return true;
        }
    }
    return false;
}

cJSON *document_parse(const char *text, size_t size_bytes)
{
    if (text == NULL || !text_is_clean(text, size_bytes)) {
        return NULL;
    }
    cJSON *document = cJSON_ParseWithLengthOpts(text, size_bytes + 1, NULL, 1);
    if (too_deep(document, 0)) {
        cJSON_Delete(document);
        return NULL;
    }
    return document;
}

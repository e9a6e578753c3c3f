#include "agent/http_internal.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "agent/memory.h"

#define BACKLOG 128
#define RESUME_MS 100u /* after an accept that failed */

/* To evhttp every method is fine: it would answer 501 where we say 405. */
#define EVERY_METHOD                                                                           \
    (EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_HEAD | EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE | \
     EVHTTP_REQ_OPTIONS | EVHTTP_REQ_TRACE | EVHTTP_REQ_CONNECT | EVHTTP_REQ_PATCH)

/* Reads "ip:port" or "[ip6]:port"; answers the address's size, 0 if it is neither. */
static socklen_t address_read(const char *text, struct sockaddr_storage *out)
{
    char ip[INET6_ADDRSTRLEN + 2];
    const char *const colon = strrchr(text, ':');
    const size_t ip_chars = colon != NULL ? (size_t)(colon - text) : sizeof ip;
    if (ip_chars >= sizeof ip || colon[1] < '0' || colon[1] > '9') {
        return 0;
    }
    memcpy(ip, text, ip_chars);
    ip[ip_chars] = '\0';
    char *end = NULL;
    const unsigned long port = strtoul(colon + 1, &end, 10);
    if (*end != '\0' || port > UINT16_MAX) {
        return 0;
    }
    *out = (struct sockaddr_storage){.ss_family = AF_UNSPEC};
    struct sockaddr_in *const v4 = (struct sockaddr_in *)out;
    struct sockaddr_in6 *const v6 = (struct sockaddr_in6 *)out;
    if (inet_pton(AF_INET, ip, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons((uint16_t)port);
        return sizeof *v4;
    }
    if (ip_chars < 2 || ip[0] != '[' || ip[ip_chars - 1] != ']') {
        return 0;
    }
    ip[ip_chars - 1] = '\0';
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons((uint16_t)port);
    return inet_pton(AF_INET6, ip + 1, &v6->sin6_addr) == 1 ? (socklen_t)sizeof *v6 : 0;
}

static int listen_tcp(const char *address, uint16_t *port, char error[static HTTP_ERROR_CHARS])
{
    struct sockaddr_storage at;
    const socklen_t size_bytes = address_read(address, &at);
    if (size_bytes == 0) {
        snprintf(error, HTTP_ERROR_CHARS, "\"%s\" is not a numeric address and port", address);
        return -1;
    }
    const int on = 1;
    const int fd = socket(at.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    /* Accepted sockets inherit TCP_NODELAY. evhttp writes header and body apart, and without it
     * each answer waits 40 ms for an acknowledgement. */
    const bool is_listening =
        fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0 &&
        bind(fd, (struct sockaddr *)&at, size_bytes) == 0 && listen(fd, BACKLOG) == 0;
    if (!is_listening) {
        snprintf(error, HTTP_ERROR_CHARS, "cannot listen on %s: %s", address, strerror(errno));
        if (fd >= 0) {
            close(fd);
        }
        return -1;
    }
    socklen_t bound_bytes = sizeof at;
    getsockname(fd, (struct sockaddr *)&at, &bound_bytes);
    *port = ntohs(at.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&at)->sin6_port
                                           : ((struct sockaddr_in *)&at)->sin_port);
    return fd;
}

/* Removes a socket that nobody listens on any more; false if somebody does. */
static bool clear_stale(const struct sockaddr_un *at)
{
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return true; /* bind will say what is wrong */
    }
    const bool is_alive = connect(fd, (const struct sockaddr *)at, sizeof *at) == 0 ||
                          errno == EAGAIN; /* its backlog is full */
    const bool is_refused = !is_alive && errno == ECONNREFUSED;
    /* A plain file refuses too, and is somebody's. */
    struct stat status;
    const bool is_stale =
        is_refused && lstat(at->sun_path, &status) == 0 && S_ISSOCK(status.st_mode);
    close(fd);
    if (is_stale) {
        unlink(at->sun_path);
    }
    return !is_alive;
}

static int listen_unix(const char *path, char error[static HTTP_ERROR_CHARS])
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof at.sun_path) {
        snprintf(error, HTTP_ERROR_CHARS, "the socket's path is longer than %zu bytes: %s",
                 sizeof at.sun_path - 1, path);
        return -1;
    }
    memcpy(at.sun_path, path, strlen(path));
    if (!clear_stale(&at)) {
        snprintf(error, HTTP_ERROR_CHARS, "another agent listens on %s", path);
        return -1;
    }
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const mode_t before = umask(0117); /* mode 0660 from its first moment */
    const bool is_bound = fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0;
    const int bind_errno = errno;
    umask(before);
    if (!is_bound || listen(fd, BACKLOG) != 0) {
        snprintf(error, HTTP_ERROR_CHARS, "cannot listen on %s: %s", path,
                 strerror(is_bound ? errno : bind_errno));
        if (fd >= 0) {
            close(fd);
        }
        return -1;
    }
    return fd;
}

/* All there are: evhttp keeps its listener's context for itself. */
LIST_HEAD(server_list, http);
static struct server_list servers = LIST_HEAD_INITIALIZER(servers);

static struct http *server_of(const struct evconnlistener *listener)
{
    struct http *http;
    LIST_FOREACH(http, &servers, link) {
        if (http->listener == listener) {
            return http;
        }
    }
    return NULL;
}

/* libevent would try again at once, four hundred thousand times a second. */
static void on_accept_error(struct evconnlistener *listener, void *context)
{
    (void)context; /* evhttp's */
    const int cause = errno;
    struct http *const http = server_of(listener);
    assert(http != NULL);
    evconnlistener_disable(listener);
    event_add(http->resume, &(struct timeval){.tv_usec = RESUME_MS * 1000});
    if (http->options.on_trouble != NULL) {
        const struct http_trouble trouble = {.kind = HTTP_TROUBLE_CROWDED,
                                             .address = http->options.address,
                                             .reason = strerror(cause)};
        http->options.on_trouble(http->options.context, &trouble);
    }
}

static void on_resume(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    struct http *const http = context;
    evconnlistener_enable(http->listener);
}

static void serve(struct http *http, int fd)
{
    struct event_base *const base = loop_base(http->options.loop);
    http->evhttp = evhttp_new(base);
    memory_expect(http->evhttp != NULL);
    evhttp_set_bevcb(http->evhttp, connection_on_accept, http);
    evhttp_set_gencb(http->evhttp, request_on_request, http);
    evhttp_set_max_headers_size(http->evhttp, HTTP_HEADER_MAX);
    /* Above ours, so that who is only a little too large is told so in our words. */
    evhttp_set_max_body_size(http->evhttp, HTTP_BODY_MAX + 4096);
    evhttp_set_allowed_methods(http->evhttp, EVERY_METHOD);
    /* Starts anew with each byte: ours is the one that counts, this must not come before it. */
    evhttp_set_timeout(http->evhttp, (int)(2 * http->options.idle_ms / 1000u + 1));
    evhttp_set_default_content_type(http->evhttp, NULL);
    struct evhttp_bound_socket *const bound =
        evhttp_accept_socket_with_handle(http->evhttp, fd);
    memory_expect(bound != NULL);
    http->listener = evhttp_bound_socket_get_listener(bound);
    LIST_INSERT_HEAD(&servers, http, link);
    evconnlistener_set_error_cb(http->listener, on_accept_error);
}

struct http *http_create(const struct http_options *options,
                         char error[static HTTP_ERROR_CHARS])
{
    assert((options->tls != NULL) == (options->kind == HTTP_PEER));
    uint16_t port = 0;
    const int fd = options->kind == HTTP_LOCAL ? listen_unix(options->address, error)
                                               : listen_tcp(options->address, &port, error);
    if (fd < 0) {
        return NULL;
    }
    struct http *const http = memory_get(sizeof *http);
    http->options = *options;
    http->options.request_ms = options->request_ms != 0 ? options->request_ms : HTTP_REQUEST_MS;
    http->options.idle_ms = options->idle_ms != 0 ? options->idle_ms : HTTP_IDLE_MS;
    http->port = port;
    TAILQ_INIT(&http->connections);
    if (options->kind == HTTP_LOCAL) {
        http->path = strdup(options->address);
        memory_expect(http->path != NULL);
    }
    http->resume = event_new(loop_base(options->loop), -1, 0, on_resume, http);
    memory_expect(http->resume != NULL);
    serve(http, fd);
    return http;
}

void http_destroy(struct http *http)
{
    if (http == NULL) {
        return;
    }
    struct connection *c;
    TAILQ_FOREACH(c, &http->connections, link) {
        c->is_ours_to_end = true;
        c->has_carried = true; /* nobody's fault now */
        c->part_bytes = 0;
    }
    if (http->path != NULL) {
        unlink(http->path);
    }
    LIST_REMOVE(http, link);
    evhttp_free(http->evhttp);
    while ((c = TAILQ_FIRST(&http->connections)) != NULL) {
        connection_forget(c);
    }
    event_free(http->resume);
    free(http->path);
    free(http);
}

uint16_t http_port(const struct http *http)
{
    return http->port;
}

uint32_t http_connections(const struct http *http)
{
    return http->count;
}

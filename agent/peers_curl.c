/* curl on our loop.
 *
 * curl asks for a socket's readiness anew with each request and loses interest when it has the
 * answer. We keep watching: an idle connection that becomes readable is one that the other side
 * has closed. If there is nothing to read, not even a goodbye, its process has died, and nobody
 * had to send anything to learn it. Besides, an exchange then costs no change of what the
 * kernel watches. */
#include "agent/peers_internal.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/memory.h"

#define CONNECT_TIMEOUT_MS 1000L
#define TIMEOUT_MS 2000L
#define ANSWER_MAX 8192u /* bytes of an answer, header and body; ours have a tenth */

static void multi_finish(struct peers *p)
{
    int left = 0;
    const CURLMsg *message;
    while ((message = curl_multi_info_read(p->multi, &left)) != NULL) {
        if (message->msg != CURLMSG_DONE) {
            continue;
        }
        struct exchange *e = NULL;
        const CURLcode result = message->data.result; /* gone with the next line but one */
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &e);
        curl_multi_remove_handle(p->multi, e->easy);
        exchange_end(e, result);
    }
}

static void act(struct peers *p, curl_socket_t fd, int mask)
{
    int running = 0;
    const CURLMcode code = curl_multi_socket_action(p->multi, fd, mask, &running);
    assert(code == CURLM_OK);
    multi_finish(p);
}

void peers_curl_turn(struct peers *p)
{
    act(p, CURL_SOCKET_TIMEOUT, 0);
}

static void on_curl_time(void *context)
{
    peers_curl_turn(context);
}

static int on_curl_timer(CURLM *multi, long timeout_ms, void *context)
{
    (void)multi;
    struct peers *const p = context;
    loop_timer_set(p->curl_timer,
                   timeout_ms < 0 ? LOOP_NEVER : clock_monotonic_ms() + (uint64_t)timeout_ms);
    return 0;
}

/* Sockets */

static struct socket *socket_of(const struct peers *p, int fd)
{
    struct socket *s;
    LIST_FOREACH(s, &p->sockets, link) {
        if (s->fd == fd) {
            return s;
        }
    }
    return NULL;
}

static void on_idle_readable(struct socket *s)
{
    uint8_t byte;
    const ssize_t got = recv(s->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    const bool is_nothing = got < 0 && (errno == EAGAIN || errno == EINTR);
    if (is_nothing) {
        return;
    }
    loop_watch_set(s->watch, 0); /* curl will find it when it wants it again */
    if (got <= 0) {
        struct peers *const p = s->peer->p;
        p->callbacks.on_closed(p->callbacks.context, s->peer->member);
    }
}

static void on_socket(void *context, unsigned events)
{
    struct socket *const s = context;
    if (!s->is_wanted) {
        on_idle_readable(s);
        return;
    }
    const int mask = ((events & LOOP_READ) ? CURL_CSELECT_IN : 0) |
                     ((events & LOOP_WRITE) ? CURL_CSELECT_OUT : 0);
    act(s->peer->p, s->fd, mask); /* s may be gone after this */
}

static struct socket *socket_make(struct peer *peer, int fd)
{
    struct socket *const s = memory_get(sizeof *s);
    s->peer = peer;
    s->fd = fd;
    s->watch = loop_watch_create(peer->p->loop, fd, on_socket, s);
    LIST_INSERT_HEAD(&peer->p->sockets, s, link);
    return s;
}

static void socket_drop(struct socket *s)
{
    loop_watch_destroy(s->watch);
    LIST_REMOVE(s, link);
    free(s);
}

static curl_socket_t on_open(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    (void)purpose;
    struct peer *const peer = context;
    const int fd = socket(address->family, address->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
                          address->protocol);
    if (fd < 0) {
        return CURL_SOCKET_BAD;
    }
    struct socket *const stale = socket_of(peer->p, fd);
    if (stale != NULL) {
        socket_drop(stale);
    }
    socket_make(peer, fd);
    peer->p->counters.connects_out++;
    return fd;
}

static int on_close(void *context, curl_socket_t fd)
{
    const struct peer *const peer = context;
    struct socket *const s = socket_of(peer->p, fd);
    if (s != NULL) {
        socket_drop(s);
    }
    return close(fd);
}

/* curl closes a socket that has never been connected by itself, and says nothing. */
static bool is_connected(int fd)
{
    struct sockaddr_storage to;
    socklen_t size_bytes = sizeof to;
    return getpeername(fd, (struct sockaddr *)&to, &size_bytes) == 0;
}

static int on_curl_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *slot)
{
    (void)slot;
    struct socket *s = socket_of(context, fd);
    if (what == CURL_POLL_REMOVE && !is_connected(fd)) {
        /* Else we would watch whatever gets its number next, and so would keep the loop from
         * watching that for its owner. */
        if (s != NULL) {
            socket_drop(s);
        }
        return 0;
    }
    if (s == NULL) {
        struct exchange *e = NULL;
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, &e);
        s = socket_make(e->peer, fd);
    }
    s->is_wanted = what != CURL_POLL_REMOVE;
    const unsigned wanted = ((what & CURL_POLL_OUT) ? (unsigned)LOOP_WRITE : 0u) |
                            ((what & CURL_POLL_IN) ? (unsigned)LOOP_READ : 0u);
    loop_watch_set(s->watch, s->is_wanted ? wanted : (unsigned)LOOP_READ);
    return 0;
}

/* Handles */

static CURLcode on_context(CURL *easy, void *context, void *tls)
{
    (void)easy;
    return tls_prepare_client(tls, context) ? CURLE_OK : CURLE_SSL_CERTPROBLEM;
}

/* Counts an answer and throws it away: what we need of it is in curl's list of headers. */
static size_t on_answer(char *bytes, size_t size, size_t count, void *context)
{
    (void)bytes;
    struct exchange *const e = context;
    e->answer_bytes += size * count;
    return e->answer_bytes <= ANSWER_MAX ? size * count : 0;
}

static bool prepare_transfer(CURL *easy, struct exchange *e)
{
    const struct peers *const p = e->peer->p;
    char url[HTTP_ADDRESS_CHARS + sizeof "https://" PEERS_PATH];
    snprintf(url, sizeof url, "https://%s" PEERS_PATH, e->peer->address);
    /* A connection made for a probe is closed with a goodbye: the heartbeats have theirs. */
    const long is_probe = e->kind == EXCHANGE_PROBE;
    return curl_easy_setopt(easy, CURLOPT_URL, url) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_POST, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HTTPHEADER, p->headers) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, TIMEOUT_MS) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 1024L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, 16384L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, is_probe) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, is_probe) == CURLE_OK;
}

static bool prepare_tls(CURL *easy, const struct exchange *e)
{
    char pin[TLS_PIN_CHARS];
    /* Nothing else verifies the other side: no handle without its pin. */
    return tls_pin(e->peer->key, pin) &&
           curl_easy_setopt(easy, CURLOPT_PINNEDPUBLICKEY, pin) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CAINFO, NULL) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CAPATH, NULL) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_3) ==
               CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SSL_ENABLE_ALPN, 0L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_context) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, e->peer->p->tls) == CURLE_OK;
}

static bool prepare_callbacks(CURL *easy, struct exchange *e)
{
    return curl_easy_setopt(easy, CURLOPT_PRIVATE, e) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, e->error) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_answer) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEDATA, e) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_answer) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERDATA, e) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, e->peer) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, e->peer) == CURLE_OK;
}

static bool exchange_create(struct peer *peer, enum exchange_kind kind)
{
    struct exchange *const e = &peer->exchanges[kind];
    e->peer = peer;
    e->kind = kind;
    e->easy = curl_easy_init();
    memory_expect(e->easy != NULL);
    return prepare_transfer(e->easy, e) && prepare_tls(e->easy, e) &&
           prepare_callbacks(e->easy, e);
}

bool peer_connect(struct peer *peer)
{
    struct socket *s;
    bool is_ready = true;
    /* Those that curl keeps for who was there: nobody is to be heard of through them. */
    LIST_FOREACH(s, &peer->p->sockets, link) {
        if (s->peer == peer) {
            shutdown(s->fd, SHUT_RDWR);
        }
    }
    for (uint32_t kind = 0; kind < EXCHANGE_KINDS; kind++) {
        struct exchange *const e = &peer->exchanges[kind];
        if (e->easy != NULL) {
            exchange_drop(e);
            curl_easy_cleanup(e->easy);
        }
        is_ready = exchange_create(peer, (enum exchange_kind)kind) && is_ready;
    }
    peer->wait_ms = 0;
    peer->not_before_ms = 0;
    if (!is_ready) {
        peer_clear(peer);
    }
    return is_ready;
}

static void headers_create(struct peers *p)
{
    char cluster[sizeof p->cluster + sizeof PEERS_CLUSTER_HEADER + 2];
    snprintf(cluster, sizeof cluster, PEERS_CLUSTER_HEADER ": %s", p->cluster);
    /* curl's own header fields that say nothing here, and 100-continue, are left out. */
    const char *const lines[] = {cluster, "Accept:", "Content-Type:", "Expect:"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct curl_slist *const longer = curl_slist_append(p->headers, lines[i]);
        memory_expect(longer != NULL);
        p->headers = longer;
    }
}

bool peers_curl_create(struct peers *p)
{
    p->is_curl_ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    if (!p->is_curl_ready) {
        return false;
    }
    LIST_INIT(&p->sockets);
    p->curl_timer = loop_timer_create(p->loop, on_curl_time, p);
    p->multi = curl_multi_init();
    memory_expect(p->multi != NULL);
    headers_create(p);
    bool is_ready =
        curl_multi_setopt(p->multi, CURLMOPT_SOCKETFUNCTION, on_curl_socket) == CURLM_OK &&
        curl_multi_setopt(p->multi, CURLMOPT_SOCKETDATA, p) == CURLM_OK &&
        curl_multi_setopt(p->multi, CURLMOPT_TIMERFUNCTION, on_curl_timer) == CURLM_OK &&
        curl_multi_setopt(p->multi, CURLMOPT_TIMERDATA, p) == CURLM_OK &&
        /* Without it curl keeps four for each request under way, and closes warm ones. */
        curl_multi_setopt(p->multi, CURLMOPT_MAXCONNECTS, (long)(4 * PEERS_ROOM)) == CURLM_OK;
    for (uint32_t i = 0; i < p->count; i++) {
        const bool is_other = i != p->self && p->peers[i].is_there;
        for (uint32_t kind = 0; is_other && kind < EXCHANGE_KINDS; kind++) {
            is_ready = is_ready && exchange_create(&p->peers[i], (enum exchange_kind)kind);
        }
    }
    return is_ready;
}

void peers_curl_destroy(struct peers *p)
{
    /* Without goodbye: shut first, so that curl's words of parting find no way out. */
    struct socket *s;
    LIST_FOREACH(s, &p->sockets, link) {
        shutdown(s->fd, SHUT_RDWR);
    }
    for (uint32_t i = 0; i < p->count; i++) {
        for (uint32_t kind = 0; kind < EXCHANGE_KINDS; kind++) {
            struct exchange *const e = &p->peers[i].exchanges[kind];
            if (e->is_busy) {
                curl_multi_remove_handle(p->multi, e->easy);
            }
            curl_easy_cleanup(e->easy);
            free(e->body);
        }
    }
    curl_multi_cleanup(p->multi);
    while ((s = LIST_FIRST(&p->sockets)) != NULL) {
        /* curl has closed it without a word. NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
        socket_drop(s);
    }
    curl_slist_free_all(p->headers);
    loop_timer_destroy(p->curl_timer);
    if (p->is_curl_ready) {
        curl_global_cleanup();
    }
}

/* What the others send us. */
#include "agent/peers_internal.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "agent/memory.h"

/* A peer's handles, one more of each while old ones die, and as much again for strangers, who
 * are the first to go. */
#define CONNECTIONS_PER_MEMBER (4u * EXCHANGE_KINDS)
#define CONNECTIONS_MIN 64u

#define REQUEST_US 200u /* what reading and answering a request takes beside its messages */

/* The size of the message at `at`; 0 if the frame is not sound. */
static size_t frame_at(const uint8_t *body, size_t body_bytes, size_t at)
{
    if (body_bytes - at < PEERS_FRAME_BYTES) {
        return 0;
    }
    const size_t size_bytes = (size_t)body[at] << 24 | (size_t)body[at + 1] << 16 |
                              (size_t)body[at + 2] << 8 | (size_t)body[at + 3];
    const bool is_sound =
        size_bytes <= PEERS_MESSAGE_MAX && size_bytes <= body_bytes - at - PEERS_FRAME_BYTES;
    return is_sound ? size_bytes : 0;
}

/* A body is taken whole or not at all. */
static bool is_framed(const uint8_t *body, size_t body_bytes)
{
    for (size_t at = 0; at < body_bytes;) {
        const size_t size_bytes = frame_at(body, body_bytes, at);
        if (size_bytes == 0) {
            return false;
        }
        at += PEERS_FRAME_BYTES + size_bytes;
    }
    return body_bytes > 0;
}

static bool may_say_more(struct peers *p, uint32_t member)
{
    return (p->restricted >> member & 1) == 0 ||
           ratelimit_take(&p->peers[member].share, PEERS_DOOR_PER_SECOND, clock_monotonic_ms());
}

enum delivery { DELIVERED, DELIVERED_IN_PART, DELIVERY_REFUSED };

/* Each message is a step of both minds. Who has had its turn at them waits, however much it has
 * to say: it must not keep us from all the others. `at`: where in the body. */
static enum delivery deliver(struct peers *p, uint32_t member,
                             const struct http_request *request, size_t *at)
{
    struct ratelimit_turn *const turn = &p->peers[member].turn;
    while (*at < request->body_bytes) {
        const size_t size_bytes = frame_at(request->body, request->body_bytes, *at);
        if (!ratelimit_has_turn(turn, clock_monotonic_ms())) {
            return DELIVERED_IN_PART;
        }
        if (!may_say_more(p, member)) {
            return DELIVERY_REFUSED;
        }
        const uint64_t begun_us = clock_thread_us();
        p->counters.messages_in++;
        p->callbacks.on_message(p->callbacks.context, member,
                                request->body + *at + PEERS_FRAME_BYTES, size_bytes);
        ratelimit_spend(turn, clock_thread_us() - begun_us, clock_monotonic_ms());
        *at += PEERS_FRAME_BYTES + size_bytes;
    }
    return DELIVERED;
}

static bool is_our_cluster(const struct peers *p, const char *cluster)
{
    /* The name may be spelt otherwise; the id is what counts. */
    return cluster != NULL && strncmp(cluster, p->cluster, 2 * PEERS_CLUSTER_BYTES) == 0;
}

static void refuse_foreign(struct peers *p, uint32_t member, struct http_request *request)
{
    peers_tell_foreign(p, member, http_header(request, PEERS_CLUSTER_HEADER));
    const struct http_field fields[] = {{PEERS_CLUSTER_HEADER, p->cluster}, {NULL, NULL}};
    char detail[sizeof p->cluster + 160];
    snprintf(detail, sizeof detail,
             "Your cluster file is not ours. Ours is %s (id, then name). Compare the files of "
             "both members.",
             p->cluster);
    http_problem(request, 409, "Another cluster", detail, fields);
}

static void refuse_rubbish(struct peers *p, uint32_t member, struct http_request *request,
                           int status, const char *reason)
{
    static const struct http_field allow[] = {{"Allow", "POST"}, {NULL, NULL}};
    peers_tell(p, PEERS_TROUBLE_RUBBISH, member, request->address, reason);
    http_problem(request, status, reason, NULL, status == 405 ? allow : NULL);
}

static void refuse_greedy(struct peers *p, uint32_t member, struct http_request *request)
{
    static const struct http_field later[] = {{"Retry-After", "1"}, {NULL, NULL}};
    peers_tell(p, PEERS_TROUBLE_GREEDY, member, request->address,
               "it has lost its standing, and sends more than it takes to come back");
    http_problem(request, 429, "Too many messages",
                 "Your member has lost its standing: it may read what was decided, and appeal.",
                 later);
}

static void on_gone(struct http_request *request)
{
    struct waiting *const w = request->user;
    STAILQ_REMOVE(&w->p->waiting, w, waiting, link);
    free(w);
}

static void wait_turn(struct peers *p, struct http_request *request, size_t at)
{
    struct waiting *const w = memory_get(sizeof *w);
    *w = (struct waiting){.p = p, .request = request, .at = at};
    request->user = w;
    request->on_gone = on_gone;
    STAILQ_INSERT_TAIL(&p->waiting, w, link);
    loop_timer_set(p->turn_timer, clock_monotonic_ms() + 1);
}

/* Takes in what is left of a sound request, or as much as its sender has a turn for. */
static void take_in(struct peers *p, uint32_t member, struct http_request *request, size_t at)
{
    static const struct http_answer taken = {.status = 204};
    switch (deliver(p, member, request, &at)) {
    case DELIVERED:
        http_reply(request, &taken);
        break;
    case DELIVERED_IN_PART:
        wait_turn(p, request, at);
        break;
    case DELIVERY_REFUSED:
        refuse_greedy(p, member, request);
        break;
    }
}

/* The whole of a request, whose sender has a turn. */
static void judge(struct peers *p, uint32_t member, struct http_request *request)
{
    ratelimit_spend(&p->peers[member].turn, REQUEST_US, clock_monotonic_ms());
    if (strcmp(request->path, PEERS_PATH) != 0) {
        refuse_rubbish(p, member, request, 404, "nothing is served at this path");
        return;
    }
    if (request->method != HTTP_POST) {
        refuse_rubbish(p, member, request, 405, "messages come by POST");
        return;
    }
    if (!is_our_cluster(p, http_header(request, PEERS_CLUSTER_HEADER))) {
        refuse_foreign(p, member, request);
        return;
    }
    if (!is_framed(request->body, request->body_bytes)) {
        refuse_rubbish(p, member, request, 400, "the body is not a row of messages");
        return;
    }
    p->counters.requests_in++;
    p->counters.bytes_in += request->body_bytes;
    peer_is_there(&p->peers[member]);
    take_in(p, member, request, 0);
}

static void go_on(struct peers *p, struct http_request *request, size_t at)
{
    const uint32_t member = peers_member_of(p, request->key);
    if (member == PEERS_NOBODY) {
        /* A connection outlives the standing of who made it. */
        const struct http_answer no = {.status = 403, .close = true};
        http_reply(request, &no);
    } else if (!ratelimit_has_turn(&p->peers[member].turn, clock_monotonic_ms())) {
        wait_turn(p, request, at);
    } else if (at == 0) {
        judge(p, member, request);
    } else {
        take_in(p, member, request, at);
    }
}

static void on_request(void *context, struct http_request *request)
{
    go_on(context, request, 0);
}

/* Each once; those that have to wait again come after all the others, and are looked at in the
 * next millisecond. */
void peers_go_on(void *context)
{
    struct peers *const p = context;
    struct waiting *w;
    uint32_t count = 0;
    STAILQ_FOREACH(w, &p->waiting, link)
    {
        count++;
    }
    for (; count > 0 && (w = STAILQ_FIRST(&p->waiting)) != NULL; count--) {
        struct http_request *const request = w->request;
        const size_t at = w->at;
        request->on_gone = NULL;
        STAILQ_REMOVE_HEAD(&p->waiting, link);
        free(w);
        go_on(p, request, at);
    }
}

static void on_broken(void *context, const uint8_t key[static TLS_KEY_BYTES])
{
    struct peers *const p = context;
    const uint32_t member = peers_member_of(p, key);
    if (member != PEERS_NOBODY) {
        p->callbacks.on_closed(p->callbacks.context, member);
    }
}

static void on_trouble(void *context, const struct http_trouble *trouble)
{
    static const enum peers_trouble_kind kinds[] = {
        [HTTP_TROUBLE_SLOW] = PEERS_TROUBLE_SLOW,
        [HTTP_TROUBLE_CROWDED] = PEERS_TROUBLE_CROWDED,
        [HTTP_TROUBLE_RUBBISH] = PEERS_TROUBLE_RUBBISH,
        [HTTP_TROUBLE_LEFT] = PEERS_TROUBLE_STRANGER,
    };
    struct peers *const p = context;
    const struct tls_caller *const caller = trouble->caller;
    const bool is_known = caller != NULL && caller->is_known;
    const bool is_stranger = caller != NULL && caller->has_key && !is_known;
    if (is_known && trouble->kind == HTTP_TROUBLE_LEFT) {
        return; /* a member that died or thought better of it; nothing to look into */
    }
    const uint32_t member = is_known ? peers_member_of(p, caller->key) : PEERS_NOBODY;
    char reason[160];
    if (!is_stranger) {
        snprintf(reason, sizeof reason, "%s", trouble->reason);
    } else if (memcmp(caller->key, p->peers[p->self].key, TLS_KEY_BYTES) == 0) {
        snprintf(reason, sizeof reason, "it shows our own transport key: another agent has it");
    } else {
        char hex[17]; /* as many digits of a key as a log shows */
        sodium_bin2hex(hex, sizeof hex, caller->key, 8);
        snprintf(reason, sizeof reason, "its transport key %s is no member's", hex);
    }
    peers_tell(p, kinds[trouble->kind], member, trouble->address, reason);
}

bool peers_server_create(struct peers *p, const char *listen,
                         char error[static PEERS_ERROR_CHARS])
{
    static_assert(PEERS_ERROR_CHARS >= HTTP_ERROR_CHARS, "http_create writes into it");
    const uint32_t wanted = p->count * CONNECTIONS_PER_MEMBER;
    const struct http_options options = {
        .loop = p->loop,
        .kind = HTTP_PEER,
        .address = listen,
        .tls = p->tls,
        .connections_max = wanted > CONNECTIONS_MIN ? wanted : CONNECTIONS_MIN,
        .context = p,
        .on_request = on_request,
        .on_broken = on_broken,
        .on_trouble = on_trouble,
    };
    p->server = http_create(&options, error);
    return p->server != NULL;
}

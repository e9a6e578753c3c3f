/* One request to a peer, from the queue to what became of it, and the spacing of attempts. */
#include "agent/peers_internal.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "agent/memory.h"

#define WAIT_FIRST_MS 50u
#define WAIT_REFUSED_MAX_MS 150u /* a refusal costs little, and its end is soon seen */
#define WAIT_MAX_MS 2000u
#define BODY_KEEP_BYTES 16384u /* a body's memory beyond this is given back */
#define PROBE_ATTEMPTS 5u
#define PROBE_AGAIN_MS 1u

/* Spacing */

/* The next attempt comes later than the last one did, with jitter, so that members that lost
 * each other at one instant do not come back at one instant. */
static void peer_is_away(struct peer *peer, bool is_refused)
{
    const uint64_t now_ms = clock_monotonic_ms();
    if (now_ms < peer->not_before_ms) {
        return; /* another request of the same attempt */
    }
    const uint32_t most_ms = is_refused ? WAIT_REFUSED_MAX_MS : WAIT_MAX_MS;
    const uint32_t next_ms = peer->wait_ms == 0 ? WAIT_FIRST_MS : 2 * peer->wait_ms;
    peer->wait_ms = next_ms < most_ms ? next_ms : most_ms;
    const uint32_t spread_ms = peer->wait_ms / 4;
    peer->not_before_ms =
        now_ms + peer->wait_ms - spread_ms + randombytes_uniform(spread_ms + 1);
}

void peer_is_there(struct peer *peer)
{
    if (peer->wait_ms == 0) {
        return;
    }
    peer->wait_ms = 0;
    peer->not_before_ms = 0;
    if (peer->heartbeat != NULL || peer->queue_bytes > 0) {
        peers_flush_soon(peer->p);
    }
}

/* Requests */

static void body_add(struct exchange *e, const struct message *m)
{
    const size_t needed_bytes = e->body_bytes + PEERS_FRAME_BYTES + m->size_bytes;
    if (needed_bytes > e->capacity_bytes) {
        e->capacity_bytes =
            needed_bytes > 2 * e->capacity_bytes ? needed_bytes : 2 * e->capacity_bytes;
        uint8_t *const longer = realloc(e->body, e->capacity_bytes);
        memory_expect(longer != NULL);
        e->body = longer;
    }
    uint8_t *const at = e->body + e->body_bytes;
    at[0] = (uint8_t)(m->size_bytes >> 24);
    at[1] = (uint8_t)(m->size_bytes >> 16);
    at[2] = (uint8_t)(m->size_bytes >> 8);
    at[3] = (uint8_t)m->size_bytes;
    memcpy(at + PEERS_FRAME_BYTES, m->bytes, m->size_bytes);
    e->body_bytes = needed_bytes;
    e->messages++;
}

static void exchange_start(struct exchange *e)
{
    struct peers *const p = e->peer->p;
    assert(!e->is_busy);
    assert(e->messages > 0);
    e->is_busy = true;
    e->answer_bytes = 0;
    e->error[0] = '\0';
    curl_easy_setopt(e->easy, CURLOPT_POSTFIELDS, e->body); /* not copied */
    curl_easy_setopt(e->easy, CURLOPT_POSTFIELDSIZE, (long)e->body_bytes);
    const CURLMcode code = curl_multi_add_handle(p->multi, e->easy);
    assert(code == CURLM_OK);
    p->counters.requests_out++;
    p->counters.bytes_out += e->body_bytes;
}

static void exchange_clear(struct exchange *e)
{
    if (e->capacity_bytes > BODY_KEEP_BYTES) {
        free(e->body);
        e->body = NULL;
        e->capacity_bytes = 0;
    }
    e->is_busy = false;
    e->body_bytes = 0;
    e->messages = 0;
}

void exchange_drop(struct exchange *e)
{
    if (e->is_busy) {
        curl_multi_remove_handle(e->peer->p->multi, e->easy);
        e->peer->p->counters.messages_dropped += e->messages;
        exchange_clear(e);
    }
}

static void start_heartbeat(struct peer *peer)
{
    struct exchange *const e = &peer->exchanges[EXCHANGE_HEARTBEAT];
    if (e->is_busy || peer->heartbeat == NULL) {
        return;
    }
    body_add(e, peer->heartbeat);
    free(peer->heartbeat);
    peer->heartbeat = NULL;
    exchange_start(e);
}

static void start_messages(struct peer *peer, struct exchange *e, uint64_t now_ms)
{
    if (e->is_busy) {
        return;
    }
    const struct message *first;
    while ((first = STAILQ_FIRST(&peer->queue)) != NULL) {
        const size_t with_bytes = e->body_bytes + PEERS_FRAME_BYTES + first->size_bytes;
        if (with_bytes > HTTP_BODY_MAX) {
            break;
        }
        struct message *const m = peer_take(peer);
        if (now_ms - m->queued_ms <= PEERS_PATIENCE_MS) {
            body_add(e, m);
        } else {
            peer->p->counters.messages_dropped++;
        }
        free(m);
    }
    if (e->messages > 0) {
        exchange_start(e);
    }
}

static void start_probe(struct peer *peer, uint64_t now_ms)
{
    struct exchange *const e = &peer->exchanges[EXCHANGE_PROBE];
    if (peer->probe == NULL || e->is_busy || now_ms < peer->probe_at_ms) {
        return;
    }
    peer->probe_attempts++;
    body_add(e, peer->probe);
    exchange_start(e);
}

/* Starts what may start; answers when there is next something to start, LOOP_NEVER if only an
 * answer or a new message can bring that about. */
static uint64_t peer_flush(struct peer *peer, uint64_t now_ms)
{
    uint64_t next_ms = LOOP_NEVER;
    if (peer->is_new) {
        peer->is_new = false;
        peer->is_there = peer_connect(peer);
    }
    if (!peer->is_there) {
        return LOOP_NEVER;
    }
    start_probe(peer, now_ms);
    if (peer->probe != NULL && !peer->exchanges[EXCHANGE_PROBE].is_busy) {
        next_ms = peer->probe_at_ms;
    }
    const bool is_waiting = peer->heartbeat != NULL || peer->queue_bytes > 0;
    if (is_waiting && now_ms < peer->not_before_ms) {
        return next_ms < peer->not_before_ms ? next_ms : peer->not_before_ms;
    }
    start_heartbeat(peer);
    start_messages(peer, &peer->exchanges[EXCHANGE_MESSAGES], now_ms);
    start_messages(peer, &peer->exchanges[EXCHANGE_MORE_MESSAGES], now_ms);
    return next_ms;
}

void peers_flush(void *context)
{
    struct peers *const p = context;
    const uint64_t now_ms = clock_monotonic_ms();
    const uint64_t before = p->counters.requests_out;
    uint64_t next_ms = LOOP_NEVER;
    for (uint32_t i = 0; i < p->count; i++) {
        if (i != p->self) {
            const uint64_t peer_ms = peer_flush(&p->peers[i], now_ms);
            next_ms = peer_ms < next_ms ? peer_ms : next_ms;
        }
    }
    loop_timer_set(p->flush_timer, next_ms);
    if (p->counters.requests_out != before) {
        peers_curl_turn(p);
    }
}

/* Ends */

static void probe_done(struct peer *peer)
{
    free(peer->probe);
    peer->probe = NULL;
}

static void judge_answer(struct exchange *e)
{
    struct peer *const peer = e->peer;
    struct peers *const p = peer->p;
    long status = 0;
    curl_easy_getinfo(e->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status == 204) {
        peer_is_there(peer);
        p->callbacks.on_answered(p->callbacks.context, peer->member);
        return;
    }
    peer_is_away(peer, false);
    if (status == 409) {
        struct curl_header *cluster = NULL;
        const bool has_cluster = curl_easy_header(e->easy, PEERS_CLUSTER_HEADER, 0,
                                                  CURLH_HEADER, -1, &cluster) == CURLHE_OK;
        peers_tell_foreign(p, peer->member, has_cluster ? cluster->value : NULL);
        return;
    }
    char reason[64];
    snprintf(reason, sizeof reason, "it answered with status %ld", status);
    peers_tell(p, PEERS_TROUBLE_REFUSED_US, peer->member, peer->address, reason);
}

static bool is_refused(const struct exchange *e, CURLcode result)
{
    long cause = 0;
    curl_easy_getinfo(e->easy, CURLINFO_OS_ERRNO, &cause);
    return result == CURLE_COULDNT_CONNECT && cause == ECONNREFUSED;
}

/* Whether a probe is to be sent again. A process that dies closes its listening socket and its
 * connections one by one, so that we may come to the listener an instant before it goes. */
static bool probe_goes_on(struct peer *peer, CURLcode result)
{
    const bool is_cut_off = result != CURLE_OK && result != CURLE_OPERATION_TIMEDOUT &&
                            result != CURLE_SSL_PINNEDPUBKEYNOTMATCH;
    if (!is_cut_off || peer->probe_attempts >= PROBE_ATTEMPTS) {
        return false;
    }
    peer->probe_at_ms = clock_monotonic_ms() + PROBE_AGAIN_MS;
    peers_flush_soon(peer->p);
    return true;
}

static void judge_failure(struct exchange *e, CURLcode result)
{
    struct peer *const peer = e->peer;
    struct peers *const p = peer->p;
    if (is_refused(e, result)) {
        peer_is_away(peer, true);
        p->callbacks.on_refused(p->callbacks.context, peer->member);
        return;
    }
    peer_is_away(peer, false);
    if (result == CURLE_SSL_PINNEDPUBKEYNOTMATCH) {
        peers_tell(p, PEERS_TROUBLE_WRONG_KEY, peer->member, peer->address,
                   "who listens there does not hold its transport key");
    } else if (strstr(e->error, "alert") != NULL) {
        /* The other end of the handshake says no; the words are OpenSSL's own. */
        peers_tell(p, PEERS_TROUBLE_REFUSED_US, peer->member, peer->address, e->error);
    }
}

void exchange_end(struct exchange *e, CURLcode result)
{
    struct peer *const peer = e->peer;
    if (result != CURLE_OK) {
        peer->p->counters.messages_dropped += e->messages;
    }
    exchange_clear(e);
    if (e->kind == EXCHANGE_PROBE && (is_refused(e, result) || !probe_goes_on(peer, result))) {
        probe_done(peer);
    }
    if (result == CURLE_OK) {
        judge_answer(e);
    } else {
        judge_failure(e, result);
    }
    if (peer->heartbeat != NULL || peer->queue_bytes > 0) {
        peers_flush_soon(peer->p);
    }
}

/* Answers in a word, for load balancers, supervisors and the like, which read only the code. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/api_parts.h"
#include "agent/loop.h"
#include "agent/node_parts.h"

static void answer(struct http_request *request, bool yes, const char *text)
{
    const struct http_answer answer = {
        .status = yes ? 200 : 503,
        .content_type = "text/plain; charset=utf-8",
        .body = text,
        .body_bytes = strlen(text),
        .fields = {{"Cache-Control", "no-store"}, {yes ? NULL : "Retry-After", "1"}},
    };
    http_reply(request, &answer);
}

static bool is_good(const struct deciding *d)
{
    return cluster_is_voter(&d->cluster, d->options.self);
}

/* What it has is what the others have: it is neither behind, nor stood still so long just now
 * that they may have decided without it. That holds before its first step afterwards, too. */
static bool is_abreast(const struct deciding *d)
{
    return !d->simplex.catching_up && !node_may_have_missed(d, clock_monotonic_ms());
}

/* This member votes and hears a quorum: what it says of the cluster is of now. */
static bool is_current(const struct deciding *d)
{
    return is_good(d) && d->quorum_heard && status_votes(d) && is_abreast(d);
}

void api_check_good(struct api *api, struct http_request *request, const char *name)
{
    (void)name;
    const bool good = is_current(&api->agent->node->deciding);
    answer(request, good, good ? "good\n" : "no\n");
}

void api_check_leads(struct api *api, struct http_request *request, const char *name)
{
    (void)name;
    const struct deciding *d = &api->agent->node->deciding;
    const bool leads = is_current(d) && d->cluster.grant.fence != 0 &&
                       d->cluster.grant.leader == d->options.self;
    answer(request, leads, leads ? "leads\n" : "no\n");
}

/* By what this member does, not by what the chain says of it: its own lease counts. */
void api_check_holds(struct api *api, struct http_request *request, const char *name)
{
    const struct deciding *d = &api->agent->node->deciding;
    /* What it wakes from is looked at in its first step, and told afterwards. */
    const bool wakes = d->missed == 0 && node_may_have_missed(d, clock_monotonic_ms());
    bool holds = false;
    for (uint32_t k = 0; k < d->cluster.name_count && !wakes; k++) {
        holds |= strcmp(d->cluster.names[k].name, name) == 0 && node_names_serves(d, k);
    }
    answer(request, holds, holds ? "holds\n" : "no\n");
}

void api_livez(struct api *api, struct http_request *request, const char *name)
{
    (void)api;
    (void)name;
    answer(request, true, "ok\n");
}

/* One line for each thing that readiness asks for. */
static void list(const struct agent *a, bool ready, char *text, size_t size)
{
    const struct deciding *d = &a->node->deciding;
    struct status s;
    status_of(a, clock_monotonic_ms(), clock_unix_ms(), &s);
    const bool good = is_good(d);
    const bool votes = status_votes(d);
    const bool caught_up = is_abreast(d);
    snprintf(text, size,
             "[%c]standing %s\n"
             "[%c]store %s\n"
             "[%c]votes %s\n"
             "[%c]chain %s\n"
             "[%c]quorum %u of %u\n"
             "%s\n",
             good ? '+' : '-', good ? "good" : "not good", a->store_refuses ? '-' : '+',
             a->store_refuses ? "refuses" : "ok", votes ? '+' : '-',
             votes ? "ok" : "does not vote", caught_up ? '+' : '-',
             caught_up ? "caught up" : "behind", d->quorum_heard ? '+' : '-', s.heard, s.needed,
             ready ? "ready" : "not ready");
}

void api_readyz(struct api *api, struct http_request *request, const char *name)
{
    (void)name;
    const struct agent *a = api->agent;
    const bool ready = is_current(&a->node->deciding) && !a->store_refuses;
    char text[512];
    if (http_query(request, "verbose") == NULL) {
        answer(request, ready, ready ? "ready\n" : "not ready\n");
    } else {
        list(a, ready, text, sizeof text);
        answer(request, ready, text);
    }
}

/* Answers in a word, for load balancers, supervisors and the like, which read only the code. */
#include <stdio.h>
#include <string.h>

#include "agent/api_parts.h"
#include "agent/status.h"

static void answer(struct http_request *request, bool yes, const char *text)
{
    const struct http_answer answer = {
        .status = yes ? 200 : 503,
        .content_type = "text/plain; charset=utf-8",
        .body = text,
        .body_bytes = strlen(text),
        .fields = {{"Cache-Control", "no-store"}},
    };
    http_reply(request, &answer);
}

/* This member votes and hears a quorum: what it says of the cluster is of now. */
static bool is_current(const struct deciding *d)
{
    return cluster_is_voter(&d->cluster, d->options.self) && d->quorum_heard && !d->muted &&
           !d->simplex.stopped && !d->simplex.amnesiac && !d->simplex.resuming &&
           !d->simplex.catching_up;
}

void api_check_good(struct api *api, struct http_request *request)
{
    const bool good = is_current(&api->agent->node->deciding);
    answer(request, good, good ? "good\n" : "no\n");
}

void api_check_leads(struct api *api, struct http_request *request)
{
    const struct deciding *d = &api->agent->node->deciding;
    const bool leads = is_current(d) && d->cluster.grant.fence != 0 &&
                       d->cluster.grant.leader == d->options.self;
    answer(request, leads, leads ? "leads\n" : "no\n");
}

void api_livez(struct api *api, struct http_request *request)
{
    (void)api;
    answer(request, true, "ok\n");
}

void api_readyz(struct api *api, struct http_request *request)
{
    const struct deciding *d = &api->agent->node->deciding;
    const bool ready = is_current(d);
    char text[512];
    struct status s;
    if (http_query(request, "verbose") == NULL) {
        answer(request, ready, ready ? "ready\n" : "not ready\n");
        return;
    }
    status_of(api->agent, clock_monotonic_ms(), clock_unix_ms(), &s);
    const bool votes =
        !d->muted && !d->simplex.stopped && !d->simplex.amnesiac && !d->simplex.resuming;
    snprintf(text, sizeof text,
             "[%c]standing %s\n[%c]store %s\n[%c]votes %s\n[%c]caught up\n[%c]quorum %u of %u\n"
             "%s\n",
             cluster_is_voter(&d->cluster, d->options.self) ? '+' : '-',
             cluster_is_voter(&d->cluster, d->options.self) ? "good" : "not good",
             api->agent->store_refuses ? '-' : '+',
             api->agent->store_refuses ? "refuses" : "ok", votes ? '+' : '-',
             votes ? "ok" : "does not vote", d->simplex.catching_up ? '-' : '+',
             d->quorum_heard ? '+' : '-', s.heard, s.needed, ready ? "ready" : "not ready");
    answer(request, ready, text);
}

/* Whether this member has its token, until when, and if not, since when and why. */
#include <string.h>

#include "agent/status_parts.h"

#define LATE_MS 10000u /* co-signatures come in milliseconds; a lost one is asked for again */
#define RENEWALS 3u    /* in a time to live */

static uint64_t ttl_ms(const struct moment *m)
{
    return (uint64_t)m->cluster->timing.ttl_s * 1000;
}

/* Called for, and not assembled. */
static bool is_missing(const struct moment *m)
{
    return m->agent->credentials.token.height != m->cluster->call.height;
}

static void say_who_has_not_signed(const struct moment *m, struct status_reason *r)
{
    const struct token_view *t = &m->deciding->token;
    const bool of_this_call = t->height == m->cluster->call.height;
    const uint32_t signers = of_this_call ? t->part[JWS_TOKEN].signers : 0;
    uint32_t voters = 0;
    char names[STATUS_NAMES_BYTES];
    char when[STATUS_SHORT_BYTES];
    for (uint32_t i = 0; i < m->cluster->member_count; i++) {
        voters |= cluster_is_voter(m->cluster, i) ? (uint32_t)1 << i : 0;
    }
    status_names(m->cluster, voters & ~signers, " and ", names);
    status_when(m, m->cluster->call.time_ms, when);
    status_say(r->text,
               "The token of %s called for at %s is not there: %u of %u needed members have "
               "signed it, %s not.",
               m->self, when, (unsigned)__builtin_popcount(signers), m->status->needed, names);
    status_say(r->action, "On %s: ostrakon status", names);
}

/* Nothing is decided, so nothing is called for: what there is lives out its time. */
static void say_not_renewed(const struct moment *m, bool over)
{
    char when[STATUS_SHORT_BYTES];
    char end[STATUS_SHORT_BYTES];
    struct status_reason *r =
        status_add(m, over ? "OST-8004" : "OST-8003", over, m->deciding->options.self);
    status_when(m, m->cluster->time_ms, when);
    status_clock(m->cluster->call.time_ms + ttl_ms(m), end);
    if (over) {
        status_say(
            r->text,
            "All tokens have ended at %.8s UTC and services refuse every member: nothing "
            "has been decided since %s.",
            end, when);
    } else {
        status_say(
            r->text,
            "Tokens are not renewed: nothing has been decided since %s. Those that there "
            "are end at %.8s UTC.",
            when, end);
    }
}

static void say_file_trouble(const struct moment *m, int error, const char *what,
                             const char *path)
{
    if (error != 0) {
        struct status_reason *r = status_add(m, "OST-8007", false, m->deciding->options.self);
        status_say(r->text, "The %s of %s cannot be written to %.160s: %.80s.", what, m->self,
                   path, strerror(error));
        status_say(r->action, "Make room there, or look at its rights: it is tried again");
    }
}

void status_look_at_tokens(const struct moment *m)
{
    const struct agent *a = m->agent;
    say_file_trouble(m, a->credentials.file_error[COURIER_TOKEN], "token",
                     a->config.token_path);
    say_file_trouble(m, a->credentials.file_error[COURIER_TRUST], "trust bundle",
                     a->config.trust_path);
    const struct cluster *c = m->cluster;
    const struct call *call = &c->call;
    if (call->height == 0 || !cluster_is_voter(c, m->deciding->options.self)) {
        return;
    }
    const bool overdue = m->unix_ms > call->time_ms + ttl_ms(m) / RENEWALS + LATE_MS;
    const bool over = m->unix_ms >= call->time_ms + ttl_ms(m);
    if (overdue && m->status->phase != STATUS_CATCHING_UP) {
        say_not_renewed(m, over);
    } else if (is_missing(m) && m->unix_ms > call->time_ms + LATE_MS &&
               m->status->phase == STATUS_RUNNING) {
        say_who_has_not_signed(m, status_add(m, "OST-8005", false, m->deciding->options.self));
    }
}

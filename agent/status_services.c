/* Who serves under the names of the service. */
#include "agent/status_parts.h"

static void say_vacant(const struct moment *m, const struct service_name *s)
{
    struct status_reason *r = status_add(m, "OST-3302", true, s->owner);
    const char *owner = m->cluster->member[s->owner].name;
    if (m->unix_ms < s->free_at_ms) {
        char at[STATUS_SHORT_BYTES];
        status_clock(s->free_at_ms, at);
        status_say(r->text, "Nobody serves under %s; a witness may from %s UTC on.", s->name,
                   at);
    } else {
        status_say(r->text, "Nobody serves under %s: %s cannot, and no witness is free.",
                   s->name, owner);
    }
    status_say(r->action, "Bring %s back: ostrakon explain %s", owner, owner);
}

static void say_replaced(const struct moment *m, const struct service_name *s)
{
    struct status_reason *r = status_add(m, "OST-3301", false, s->holder);
    const char *owner = m->cluster->member[s->owner].name;
    char since[STATUS_SHORT_BYTES];
    status_when(m, s->since_ms, since);
    status_say(r->text, "%s serves under %s in place of %s since %s.",
               words_member(m->cluster, s->holder), s->name, owner, since);
    if (cluster_is_voter(m->cluster, s->owner)) {
        status_say(r->action, "Nothing: it goes back once %s has a perfect record", owner);
    } else {
        status_say(r->action, "Bring %s back: ostrakon explain %s", owner, owner);
    }
}

/* Its lease ends all the same, and then somebody else serves beside it. */
static void say_kept(const struct moment *m, const struct service_name *s)
{
    struct status_reason *r = status_add(m, "OST-6002", true, m->deciding->options.self);
    status_say(r->text,
               "The release hook of %s has failed: %s may still serve under that name.",
               s->name, m->self);
    status_say(r->action,
               "On %s: see that it does not, and mend the hook: ostrakon log --code "
               "OST-6002",
               m->self);
}

void status_look_at_services(const struct moment *m)
{
    for (uint32_t k = 0; k < m->cluster->name_count; k++) {
        const struct service_name *s = &m->cluster->names[k];
        if (m->deciding->names.view[k].again_ms != 0) {
            say_kept(m, s);
        }
        if (s->phase == NAME_VACANT) {
            say_vacant(m, s);
        } else if (s->holder != s->owner) {
            say_replaced(m, s);
        }
    }
}

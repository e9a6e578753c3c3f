/* That this member only follows, and why. */
#include "agent/status_parts.h"

void status_look_at_neuter(const struct moment *m)
{
    if (neuter_is(&m->agent->neuter)) {
        struct status_reason *r = status_add(m, "OST-1302", true, m->deciding->options.self);
        neuter_text(m->agent, r->text, sizeof r->text, r->action, sizeof r->action);
    }
}

/* What scripts say and see of names. */
#include "driver.h"

#include <stdlib.h>
#include <string.h>

void run_release(struct world *w, const struct words *words, FILE *out)
{
    const struct cluster *c = &w->cluster;
    const uint32_t member = (uint32_t)strtoul(words->word[1], NULL, 10) % c->member_count;
    const uint32_t name = (uint32_t)number_of(words, "name", member) % SERVICE_NAMES_MAX;
    struct command command = world_command(w, member, COMMAND_RELEASE);
    command.term = (uint32_t)number_of(words, "term", command.term);
    command.release.incarnation =
        number_of(words, "incarnation", c->latest[member].incarnation);
    command.release.height = number_of(words, "height", c->height);
    command.release.names = 1u << name;
    command.release.fence[name] =
        number_of(words, "fence", name < c->name_count ? c->names[name].fence : 1);
    world_say(w, &command);
    (void)out;
}

void show_names(const struct world *w, FILE *out)
{
    const struct cluster *c = &w->cluster;
    for (uint32_t k = 0; k < c->name_count; k++) {
        const struct service_name *s = &c->names[k];
        fprintf(out, "%s %s", s->name, name_phase_text(s->phase));
        if (s->holder != MEMBER_NONE) {
            fprintf(out, " holder=%u", s->holder);
        }
        fprintf(out, " fence=%llu", (unsigned long long)s->fence);
        if (s->free_at_ms != 0) {
            fprintf(out, " free_at=%lld", (long long)(s->free_at_ms - WORLD_FOUNDED_MS));
        }
        fprintf(out, "%s\n", s->laid_down != 0 ? " laid_down" : "");
    }
}

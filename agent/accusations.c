#include "agent/accusations.h"

#include <stdio.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/loop.h"

/* "atlas, argus and themis" */
static void write_names(const struct cluster *c, uint32_t members, char *text, size_t size)
{
    uint32_t left = (uint32_t)__builtin_popcount(members);
    text[0] = '\0';
    for (uint32_t i = 0; i < c->member_count; i++) {
        const size_t used = strlen(text);
        if ((members >> i & 1) != 0) {
            const char *joint = used == 0 ? "" : left == 1 ? " and " : ", ";
            snprintf(text + used, size - used, "%s%s", joint, c->member[i].name);
            left--;
        }
    }
}

/* Those of them of whom it has not said so within a minute. */
static uint32_t pass(struct accusations *s, uint32_t author, uint32_t subjects, bool wrong)
{
    uint32_t passed = 0;
    for (uint32_t i = 0; i < MEMBERS_MAX; i++) {
        uint32_t suppressed = 0;
        const uint32_t pair[] = {author, i};
        if ((subjects >> i & 1) != 0 &&
            ratelimit_pass(&s->limits, ratelimit_key(wrong ? 1 : 0, pair, sizeof pair),
                           clock_monotonic_ms(), &suppressed)) {
            passed |= (uint32_t)1 << i;
        }
    }
    return passed;
}

static void tell(struct agent *a, uint32_t author, uint32_t all, bool wrong)
{
    const struct cluster *c = &a->node->deciding.cluster;
    const uint32_t subjects = pass(&a->accusations, author, all, wrong);
    const bool one = __builtin_popcount(subjects) == 1;
    char names[160];
    if (subjects == 0) {
        return;
    }
    struct words w = {.level = wrong ? WORDS_NOTICE : WORDS_INFO,
                      .code = "OST-2008",
                      .event = "accuses",
                      .member = c->member[author].name};
    write_names(c, subjects, names, sizeof names);
    snprintf(w.message, sizeof w.message, "%.31s says that %s%.150s %s", c->member[author].name,
             wrong ? "what " : "", names,
             !wrong ? "cannot be reached"
             : one  ? "signs is wrong"
                    : "sign is wrong");
    journal_say(&a->journal, &w, 0);
}

void accusations_watch(struct agent *a)
{
    struct accusations *s = &a->accusations;
    const struct cluster *c = &a->node->deciding.cluster;
    for (uint32_t i = 0; i < c->member_count; i++) {
        const bool counts = cluster_is_voter(c, i);
        const uint32_t silent = counts ? c->latest[i].silent : 0;
        const uint32_t wrong = counts ? c->latest[i].wrong : 0;
        if (s->begun) {
            tell(a, i, silent & ~s->silent[i], false);
            tell(a, i, wrong & ~s->wrong[i], true);
        }
        s->silent[i] = silent;
        s->wrong[i] = wrong;
    }
    s->begun = true;
}

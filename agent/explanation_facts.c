/* What is so of a member just now: who says what of whom, what is voted on, what holds a
 * removal or a return up. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/explanation.h"
#include "agent/words.h"

#define NAMES_BYTES 160u
#define CLOCK_BYTES 16u

/* The fact's text, to be written: EXPLANATION_FACT_BYTES. */
static char *add(struct explanation *e)
{
    const uint32_t last = EXPLANATION_FACTS_MAX - 1;
    return e->facts[e->fact_count < last ? e->fact_count++ : last];
}

/* "atlas, argus and themis" */
static void write_names(const struct cluster *c, uint32_t members,
                        char text[static NAMES_BYTES])
{
    uint32_t left = (uint32_t)__builtin_popcount(members);
    text[0] = '\0';
    for (uint32_t i = 0; i < c->member_count; i++) {
        const size_t used = strlen(text);
        if ((members >> i & 1) != 0) {
            snprintf(text + used, NAMES_BYTES - used, "%s%s",
                     used == 0   ? ""
                     : left == 1 ? " and "
                                 : ", ",
                     c->member[i].name);
            left--;
        }
    }
}

static const char *write_clock(uint64_t unix_ms, char text[static CLOCK_BYTES])
{
    char iso[WORDS_ISO_BYTES];
    words_iso(unix_ms, iso);
    snprintf(text, CLOCK_BYTES, "%.8s", strchr(iso, 'T') + 1);
    return text;
}

/* Bits of the voters that say so of it now. */
static uint32_t accusers(const struct cluster *c, uint32_t member, bool wrong)
{
    uint32_t found = 0;
    for (uint32_t i = 0; i < c->member_count; i++) {
        const uint32_t said = wrong ? c->latest[i].wrong : c->latest[i].silent;
        if (i != member && cluster_is_voter(c, i) && (said >> member & 1) != 0) {
            found |= (uint32_t)1 << i;
        }
    }
    return found;
}

static void find_accusers(const struct cluster *c, uint32_t member, bool wrong,
                          struct explanation *e)
{
    char names[NAMES_BYTES];
    const uint32_t found = accusers(c, member, wrong);
    const uint32_t needed = cluster_testimony(c);
    const uint32_t count = (uint32_t)__builtin_popcount(found);
    if (found == 0 || !cluster_is_voter(c, member)) {
        return;
    }
    write_names(c, found, names);
    snprintf(add(e), EXPLANATION_FACT_BYTES, "%s %s of it that %s%s.", names,
             count == 1 ? "says" : "say",
             wrong ? "what it signs is wrong" : "it cannot be reached",
             count < needed ? ": too few for it to lose anything" : "");
}

static void find_accused(const struct cluster *c, uint32_t member, bool wrong,
                         struct explanation *e)
{
    char names[NAMES_BYTES];
    const uint32_t said = wrong ? c->latest[member].wrong : c->latest[member].silent;
    const bool one = __builtin_popcount(said) == 1;
    if (said == 0 || !cluster_is_voter(c, member)) {
        return;
    }
    write_names(c, said, names);
    snprintf(add(e), EXPLANATION_FACT_BYTES, "It says of %s that %s.", names,
             wrong ? (one ? "what it signs is wrong" : "what they sign is wrong")
                   : (one ? "it cannot be reached" : "they cannot be reached"));
}

static void find_motion(const struct cluster *c, uint32_t member, struct explanation *e)
{
    static const char *const kinds[] = {[MOTION_SUSPEND] = "suspend it",
                                        [MOTION_LOCK_OUT] = "lock it out",
                                        [MOTION_REINSTATE] = "reinstate it"};
    const struct motion *m = &c->confidence[member].motion;
    char clock[CLOCK_BYTES];
    char until[CLOCK_BYTES];
    char names[NAMES_BYTES];
    if (m->id == 0) {
        return;
    }
    write_clock(m->opened_ms, clock);
    if (m->passed) {
        snprintf(add(e), EXPLANATION_FACT_BYTES,
                 "The motion to %s, of %s UTC, has passed, and waits until %s UTC: at most one "
                 "removal of a kind in a minute. Then it acts, if as many still accuse it.",
                 kinds[m->kind], clock, write_clock(cluster_brake_ms(c, m->kind), until));
        return;
    }
    write_names(c, m->electors, names);
    snprintf(add(e), EXPLANATION_FACT_BYTES,
             "A motion to %s is open since %s UTC: %d yes and %d no so far, %" PRIu32
             " of %d must say yes (%s).",
             kinds[m->kind], clock, __builtin_popcount(m->yes), __builtin_popcount(m->no),
             cluster_yes_needed(c, member), __builtin_popcount(m->electors), names);
}

/* What no vote can do now, to it or for it. */
static void find_bars(const struct cluster *c, uint32_t member, struct explanation *e)
{
    const struct member *m = &c->member[member];
    char clock[CLOCK_BYTES];
    if (c->time_ms < c->pause_until_ms) {
        snprintf(add(e), EXPLANATION_FACT_BYTES,
                 "An operator has paused removals by votes until %s UTC.",
                 write_clock(c->pause_until_ms, clock));
    }
    if (cluster_may_appeal(c, member) &&
        (uint32_t)__builtin_popcount(cluster_electors(c, member)) < cluster_testimony(c)) {
        snprintf(add(e), EXPLANATION_FACT_BYTES,
                 "Nobody can vote on its return now: %d members have a perfect record, %" PRIu32
                 " must.",
                 __builtin_popcount(cluster_electors(c, member)), cluster_testimony(c));
    }
    if (m->drained) {
        snprintf(add(e), EXPLANATION_FACT_BYTES, "%s",
                 "An operator has drained it: it leads nothing and holds no name; its standing "
                 "stays as it is.");
    }
}

void explanation_find_facts(const struct cluster *c, uint32_t member, struct explanation *out)
{
    if (c->member[member].standing == STANDING_LEFT) {
        return;
    }
    find_accusers(c, member, false, out);
    find_accusers(c, member, true, out);
    find_accused(c, member, false, out);
    find_accused(c, member, true, out);
    find_motion(c, member, out);
    find_bars(c, member, out);
}

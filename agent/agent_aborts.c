/* That this agent has died of damage of its own, and what it leads to: the next start examines
 * the whole machine before it votes, and the third within an hour is its last with a key. */
#include "agent/aborts.h"
#include "agent/agent.h"

#include <inttypes.h>
#include <stdio.h>

#include "health/self.h"

static void on_poisoned(void *context)
{
    neuter_poisoned(context);
}

bool agent_open_aborts(struct agent *a, char error[static AGENT_ERROR_BYTES])
{
    char path[CONFIG_PATH_BYTES + 16];
    char reason[ABORTS_ERROR_BYTES];
    snprintf(path, sizeof path, "%s/" ABORTS_FILE, a->config.data_dir);
    if (!aborts_open(path, clock_unix_ms(), &a->aborts, reason)) {
        snprintf(error, AGENT_ERROR_BYTES, "%s", reason);
        return false;
    }
    aborts_watch(on_poisoned, a);
    return true;
}

/* So many there were; of none nothing is told. */
static void tell(struct agent *a, enum self_note note, uint32_t count, const char *what,
                 const char *within)
{
    if (count == 0) {
        return;
    }
    struct finding f = self_finding(note);
    f.flags |= FINDING_BURST;
    f.evidence.count = count;
    journal_sayf(&a->journal, WORDS_WARNING, "OST-1308", "aborted_before", agent_name(a),
                 "%s has %s %" PRIu32 " times within %s; all is examined before it votes",
                 agent_name(a), what, count, within);
    struct input in = {.kind = INPUT_FINDING, .finding = &f};
    agent_step(a, &in);
}

void agent_tell_aborts(struct agent *a)
{
    if (neuter_is(&a->neuter)) {
        aborts_forget(); /* whoever clears it begins anew */
        return;
    }
    tell(a, a->aborts.deaths < ABORTS_LATCH ? SELF_ABORTED : SELF_ABORTS, a->aborts.deaths,
         "died of damage of its own", "an hour");
    tell(a, SELF_DIFFERED, a->aborts.differences, "come to two decisions on one input",
         "a day");
}

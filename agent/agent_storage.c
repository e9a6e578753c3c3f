/* The thread that writes, and what it has to tell: to the journal, and to the node. */
#include "agent/agent.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "health/self.h"

#define DAMAGE_LASTS_S 10u /* so that the tick in which it was found is not perfect */

void agent_votes_path(const struct agent *a, char path[static CONFIG_PATH_BYTES + 8])
{
    snprintf(path, CONFIG_PATH_BYTES + 8, "%s/votes", a->config.data_dir);
}

static void take_finding(struct agent *a, enum self_note note)
{
    struct finding f = self_finding(note);
    struct input in = {.kind = INPUT_FINDING, .finding = &f};
    f.hold_s = f.result == RESULT_DEGRADED ? DAMAGE_LASTS_S : 0;
    agent_step(a, &in);
}

static void on_votes(struct agent *a, const struct storage_notice *notice)
{
    const char *name = agent_name(a);
    if (notice->news == STORAGE_VOTES_RENEWED) {
        journal_sayf(&a->journal, WORDS_ERROR, "OST-7201", "votes_renewed", name,
                     "a new vote store with all the old one held took its place: %s; again "
                     "within an hour, and this member is unfit",
                     notice->why);
        take_finding(a, SELF_VOTES_RENEWED);
    } else if (notice->news == STORAGE_VOTES_WRONG) {
        journal_sayf(&a->journal, WORDS_ERROR, "OST-7202", "votes_wrong", name,
                     "%s; this member votes no more", notice->why);
        take_finding(a, SELF_VOTES_WRONG);
    } else {
        struct input in = {.kind = INPUT_VOTES_DEAD};
        journal_sayf(&a->journal, WORDS_ERROR, "OST-1103", "votes_dead", name,
                     "the vote store cannot be written; this member votes no more until it is "
                     "started anew: %s",
                     notice->why);
        agent_step(a, &in);
    }
}

static void on_database(struct agent *a, const struct storage_notice *notice)
{
    const char *name = agent_name(a);
    if (notice->news == STORAGE_FAILED) {
        a->store_refuses = true;
        snprintf(a->store_refusal, sizeof a->store_refusal, "%s", notice->why);
        journal_sayf(&a->journal, WORDS_ERROR, "OST-5402", "database_refuses", name,
                     "the database cannot be written, and is tried again each second: %s",
                     notice->why);
    } else if (notice->news == STORAGE_RECOVERED) {
        a->store_refuses = false;
        journal_sayf(&a->journal, WORDS_NOTICE, "OST-5403", "database_recovered", name,
                     "the database can be written again; nothing was lost");
    } else {
        journal_sayf(&a->journal, WORDS_ERROR, "OST-5401", "database_set_aside", name,
                     "the database was damaged and is set aside: %s; the new one begins at "
                     "height %" PRIu64 ", the other members have the blocks before",
                     notice->why, a->node->deciding.cluster.height);
        agent_keep_snapshot(a);
        take_finding(a, SELF_LOG_DAMAGED);
    }
}

static void on_notice(void *context, const struct storage_notice *notice)
{
    struct agent *a = context;
    switch (notice->news) {
    case STORAGE_STORED: {
        struct input in = {.kind = INPUT_STORED, .serial = notice->serial};
        agent_step(a, &in);
        break;
    }
    case STORAGE_FAILED:
    case STORAGE_RECOVERED:
    case STORAGE_SET_ASIDE:
        on_database(a, notice);
        break;
    case STORAGE_CONFLICT:
        journal_sayf(&a->journal, WORDS_ERROR, "OST-1201", "fork_seen", agent_name(a),
                     "a decided block contradicts a stored one: %s; this agent stops",
                     notice->why);
        a->exit_code = AGENT_EXIT_DAMAGED;
        loop_stop(a->loop);
        break;
    case STORAGE_VOTES_DEAD:
    case STORAGE_VOTES_RENEWED:
    case STORAGE_VOTES_WRONG:
        on_votes(a, notice);
        break;
    case STORAGE_UNREADABLE:
        journal_sayf(&a->journal, WORDS_ERROR, "OST-7203", "disk_unreadable", agent_name(a),
                     "%s", notice->why);
        take_finding(a, SELF_LOG_UNREADABLE);
        break;
    case STORAGE_SCRUBBED:
        break;
    }
}

bool agent_open_storage(struct agent *a, struct store *store,
                        char error[static AGENT_ERROR_BYTES])
{
    char path[CONFIG_PATH_BYTES + 8];
    agent_votes_path(a, path);
    const struct storage_options options = {
        .votes = a->has_votes ? &a->votes : NULL,
        .votes_path = path,
        .store = store,
        .on_notice = on_notice,
        .context = a,
    };
    a->storage = storage_create(&options);
    if (a->storage == NULL) {
        store_destroy(store);
        snprintf(error, AGENT_ERROR_BYTES, "the storage thread does not start: %s",
                 strerror(errno));
    }
    a->journal.storage = a->storage;
    return a->storage != NULL;
}

/* A cluster that was rebuilt from what its survivors had (ostrakon cluster rebuild): what this
 * member has of the old one is set aside once, and nothing is lost. */
#include "agent/agent.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "agent/durable.h"

#define SHORT_ID_BYTES 8u
#define PAST_NAME_BYTES (CONFIG_PATH_BYTES + 64u)

/* `file`.of-<the old cluster's id, as far as people compare it> */
static void name_past(const struct agent *a, const char *file, char out[static PAST_NAME_BYTES])
{
    char id[2 * SHORT_ID_BYTES + 1];
    sodium_bin2hex(id, sizeof id, a->config.founding.rebuilt.from.bytes, SHORT_ID_BYTES);
    snprintf(out, PAST_NAME_BYTES, "%s.of-%s", file, id);
}

static bool is_there(const char *path)
{
    struct stat s;
    return lstat(path, &s) == 0;
}

/* Whether the vote record of before has its name by now. Without it, who puts an old database
 * back would have this member forget what it has voted in the new cluster. */
static bool mark(const char *votes, const char *past)
{
    if (rename(votes, past) == 0) {
        return true;
    }
    const int made =
        errno != ENOENT ? -1 : open(past, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (made >= 0) {
        close(made);
    }
    return made >= 0;
}

static bool leave_votes(const struct agent *a)
{
    char votes[CONFIG_PATH_BYTES + 8];
    char past[PAST_NAME_BYTES];
    agent_votes_path(a, votes);
    name_past(a, votes, past);
    if (!is_there(past) && !mark(votes, past)) {
        return false;
    }
    if (!durable_name(votes)) {
        return false;
    }
    return is_there(votes) || votes_create(votes) == VOTES_OK;
}

/* SQLite plays the log into whatever database is beside it: that goes first. */
static bool leave_database(const struct agent *a, const char *database)
{
    static const char *const parts[] = {"-wal", "-shm", ""};
    char to[PAST_NAME_BYTES];
    char from[CONFIG_PATH_BYTES + 64];
    for (uint32_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        name_past(a, database, to);
        strncat(to, parts[i], sizeof to - strlen(to) - 1);
        snprintf(from, sizeof from, "%s%s", database, parts[i]);
        if (rename(from, to) != 0 && errno != ENOENT) {
            return false;
        }
    }
    return durable_name(database);
}

static bool leave_trust(const struct agent *a)
{
    char to[PAST_NAME_BYTES];
    name_past(a, a->config.trust_path, to);
    return a->config.trust_path[0] == '\0' || rename(a->config.trust_path, to) == 0 ||
           errno == ENOENT;
}

/* The database last: as long as it is there, all of this is done once more. */
bool agent_leave_past(struct agent *a, char error[static AGENT_ERROR_BYTES])
{
    const struct founding_rebuilt *r = &a->config.founding.rebuilt;
    char database[CONFIG_PATH_BYTES + 16];
    char why[STORE_TEXT_MAX];
    char past[PAST_NAME_BYTES];
    snprintf(database, sizeof database, "%s/ostrakon.db", a->config.data_dir);
    name_past(a, database, past);
    if (hash_is_none(&r->from) || is_there(past) || !is_there(database)) {
        return true;
    }
    struct store *store = store_open_reading(database, r->from.bytes, why);
    if (store == NULL) {
        return true; /* damaged, or of another cluster: looked at when it is opened */
    }
    store_destroy(store);
    if (!leave_votes(a) || !leave_trust(a) || !leave_database(a, database)) {
        snprintf(error, AGENT_ERROR_BYTES,
                 "what %s has of the cluster before it was rebuilt cannot be set aside: %s",
                 a->config.data_dir, strerror(errno));
        return false;
    }
    journal_sayf(&a->journal, WORDS_NOTICE, "OST-5404", "past_set_aside", agent_name(a),
                 "the cluster was rebuilt from height %llu of the one before: what %s has of "
                 "that is set aside as %s",
                 (unsigned long long)r->height, agent_name(a), past);
    return true;
}

/* From a configuration to a running agent, and back: what is opened, in which order, and the
 * one sentence for each thing that may be in the way. */
#include "agent/aborts.h"
#include "agent/agent.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

/* How long an agent that was killed may take to let go of its files: whoever starts the next
 * one at once is not to be refused for it. */
#define DYING_MS 2000u
#define DYING_LOOK_US 10000u

static bool lock_soon(int lock)
{
    const uint64_t until_ms = clock_monotonic_ms() + DYING_MS;
    while (flock(lock, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK || clock_monotonic_ms() >= until_ms) {
            return false;
        }
        usleep(DYING_LOOK_US);
    }
    return true;
}

static bool lock_directory(struct agent *a, char error[static AGENT_ERROR_BYTES])
{
    char path[CONFIG_PATH_BYTES + 8];
    snprintf(path, sizeof path, "%s/lock", a->config.data_dir);
    a->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (a->lock < 0) {
        snprintf(error, AGENT_ERROR_BYTES, "%s cannot be written: %s", path, strerror(errno));
        return false;
    }
    if (!lock_soon(a->lock)) {
        snprintf(error, AGENT_ERROR_BYTES, "%s: another agent runs on this data directory",
                 a->config.data_dir);
        return false;
    }
    return true;
}

/* A key that the cluster's file does not name would be refused by everybody. */
static bool check_key(const struct keyfile *key,
                      const uint8_t expected[static PUBLIC_KEY_BYTES], const char *path,
                      const struct agent *a, char error[static AGENT_ERROR_BYTES])
{
    if (a->config.joins || memcmp(key->public_key, expected, PUBLIC_KEY_BYTES) == 0) {
        return true;
    }
    snprintf(error, AGENT_ERROR_BYTES, "%s is not the key that %s names for %s", path,
             a->config.cluster_path, agent_name(a));
    return false;
}

static bool open_node(struct agent *a, char error[static AGENT_ERROR_BYTES])
{
    const struct founding_member *self = &a->config.founding.members[a->config.member];
    char reason[KEYFILE_ERROR_BYTES];
    if (!keyfile_read(a->config.transport_key_path, &a->transport, reason)) {
        snprintf(error, AGENT_ERROR_BYTES, "%.500s", reason);
        return false;
    }
    const bool good =
        check_key(&a->transport, self->transport_key, a->config.transport_key_path, a, error);
    if (good) {
        struct node_options options = {.founding = a->config.founding,
                                       .self = a->config.member,
                                       .joins = a->config.joins,
                                       .checkpoint = a->config.checkpoint};
        do {
            randombytes_buf(&options.incarnation, sizeof options.incarnation);
            randombytes_buf(&options.nonce, sizeof options.nonce);
        } while (options.incarnation == 0 || options.nonce == 0);
        node_init(a->node, &options);
        sodium_memzero(&options, sizeof options);
    }
    return good;
}

/* The newest snapshot that this cluster can have written, and then block after block. */
static bool replay(struct agent *a, struct store *store, const char **why)
{
    struct cluster *c = &a->node->deciding.cluster;
    uint64_t height = 0;
    uint64_t snapshot = 0;
    uint8_t *state = NULL;
    uint32_t size_bytes = 0;
    if (store_height(store, &height) == STORE_ANSWER_ABSENT) {
        return true;
    }
    if (store_snapshot_read(store, height, &snapshot, &state, &size_bytes) ==
            STORE_ANSWER_DONE &&
        !node_restore(a->node, state, size_bytes)) {
        *why = "a snapshot is not one of this cluster's state";
    }
    free(state);
    records_begin(&a->records, c);
    while (*why == NULL && c->height < height && protocol_is_known(c->version)) {
        struct store_block block = {.decided = NULL};
        struct notes notes = {.count = 0};
        if (store_block_read(store, c->height + 1, &block) != STORE_ANSWER_DONE) {
            *why = "a block is missing or damaged";
        } else if (!node_replay(a->node, block.decided, block.decided_bytes, &notes)) {
            *why = "a block does not follow from the one before it";
        } else {
            journal_replay(&a->journal, store, &notes, c);
            records_notes(&a->records, &notes, c);
        }
        store_block_finish(&block);
    }
    return *why == NULL;
}

static void say_set_aside(struct agent *a, const struct store_opening *opening)
{
    journal_sayf(&a->journal, WORDS_ERROR, "OST-5401", "database_set_aside", agent_name(a),
                 "the database was set aside as %s: %s; its blocks are fetched from the others",
                 opening->set_aside, opening->why);
}

/* Blocks of a version that this release does not know are left as they are. */
static bool check_protocol(const struct cluster *c, const char *path,
                           char error[static AGENT_ERROR_BYTES])
{
    if (protocol_is_known(c->version)) {
        return true;
    }
    snprintf(error, AGENT_ERROR_BYTES,
             "%s: behind height %" PRIu64 " the cluster goes by version %" PRIu32
             " of the protocol, and this release knows none above %u: install the one that "
             "the others run",
             path, c->height, c->version, PROTOCOL_NEWEST);
    return false;
}

static struct store *open_store(struct agent *a, char error[static AGENT_ERROR_BYTES])
{
    char path[CONFIG_PATH_BYTES + 16];
    struct store_opening opening;
    const char *why = NULL;
    snprintf(path, sizeof path, "%s/ostrakon.db", a->config.data_dir);
    const struct hash id = a->node->deciding.cluster.id;
    struct store *store = store_open(path, id.bytes, &opening);
    if (store != NULL && opening.verdict == STORE_SET_ASIDE) {
        say_set_aside(a, &opening);
    }
    if (store != NULL && !replay(a, store, &why)) {
        cluster_found(&a->node->deciding.cluster, &a->config.founding);
        if (store_set_aside(store, why, &opening)) {
            say_set_aside(a, &opening);
        } else {
            store_destroy(store);
            store = NULL;
        }
    }
    if (store == NULL) {
        snprintf(error, AGENT_ERROR_BYTES, "%s: %s", path, opening.why);
    } else if (!check_protocol(&a->node->deciding.cluster, path, error)) {
        store_destroy(store);
        store = NULL;
    }
    return store;
}

/* Hands the blocks of the record to the node. */
static bool hold_blocks(struct agent *a)
{
    uint8_t *bytes = malloc(VOTES_BLOCK_MAX);
    bool good = bytes != NULL;
    for (uint32_t i = 0; good && i < a->votes.held_count; i++) {
        struct hash hash;
        memcpy(hash.bytes, a->votes.held[i].hash, sizeof hash.bytes);
        good = votes_block(&a->votes, i, bytes) &&
               node_hold(a->node, &hash, bytes, a->votes.held[i].size_bytes);
    }
    free(bytes);
    return good;
}

static enum votes_verdict open_votes_soon(struct agent *a)
{
    char path[CONFIG_PATH_BYTES + 8];
    agent_votes_path(a, path);
    const uint64_t until_ms = clock_monotonic_ms() + DYING_MS;
    enum votes_verdict verdict = votes_open(&a->votes, path);
    while (verdict == VOTES_LOCKED && clock_monotonic_ms() < until_ms) {
        usleep(DYING_LOOK_US);
        verdict = votes_open(&a->votes, path);
    }
    return verdict;
}

/* A vote store that cannot be trusted does not keep the agent from starting: it follows, and
 * does not vote until the others have provably passed whatever it may have voted on. */
static enum cause open_votes(struct agent *a)
{
    switch (open_votes_soon(a)) {
    case VOTES_OK:
        break;
    case VOTES_MISSING:
        return CAUSE_VOTES_MISSING;
    case VOTES_FOREIGN:
        return CAUSE_VOTES_FOREIGN;
    case VOTES_DAMAGED:
    case VOTES_LOCKED:
    case VOTES_PRESENT:
    case VOTES_UNUSABLE:
        return CAUSE_VOTES_DAMAGED;
    }
    if (!hold_blocks(a)) {
        votes_finish(&a->votes);
        return CAUSE_VOTES_DAMAGED;
    }
    a->has_votes = true;
    return CAUSE_NONE;
}

static void on_storage_ready(void *context, unsigned events)
{
    (void)events;
    struct agent *a = context;
    storage_reap(a->storage);
}

static void on_time(void *context)
{
    struct agent *a = context;
    struct input in = {.kind = INPUT_TIMER};
    agent_step(a, &in);
}

static void on_end_signal(void *context)
{
    struct agent *a = context;
    loop_stop(a->loop);
}

static bool open_loop(struct agent *a, char error[static AGENT_ERROR_BYTES])
{
    a->loop = loop_create();
    journal_hear_loop(&a->journal);
    a->timer = loop_timer_create(a->loop, on_time, a);
    a->storage_watch = loop_watch_create(a->loop, storage_fd(a->storage), on_storage_ready, a);
    loop_watch_set(a->storage_watch, LOOP_READ);
    a->signals[0] = loop_signal_create(a->loop, SIGTERM, on_end_signal, a);
    a->signals[1] = loop_signal_create(a->loop, SIGINT, on_end_signal, a);
    a->peers = agent_open_peers(a, error);
    if (a->peers == NULL) {
        return false;
    }
    a->api = api_create(a, error);
    return a->api != NULL;
}

static bool open_examiner(struct agent *a, char error[static AGENT_ERROR_BYTES])
{
    const struct examiner_options options = {
        .loop = a->loop,
        .config = &a->config,
        .keyless = neuter_is(&a->neuter),
        .on_finding = agent_on_finding,
        .on_slowness = agent_on_slowness,
        .context = a,
    };
    a->examiner = examiner_create(&options);
    if (a->examiner == NULL) {
        snprintf(error, AGENT_ERROR_BYTES,
                 "the thread that examines this machine does not "
                 "start: %s",
                 strerror(errno));
    }
    return a->examiner != NULL;
}

static void on_solved(void *context, uint64_t serial, const uint8_t *result)
{
    struct input in = {.kind = INPUT_SOLVED,
                       .serial = serial,
                       .bytes = result,
                       .size_bytes = result == NULL ? 0 : SOLVER_RESULT_BYTES};
    agent_step(context, &in);
}

static bool open_solver(struct agent *a, char error[static AGENT_ERROR_BYTES])
{
    const struct solver_options options = {
        .loop = a->loop,
        .window_most = (uint64_t)a->config.window_mib << 20,
        .on_solved = on_solved,
        .context = a,
    };
    a->solver = solver_create(&options);
    if (a->solver == NULL) {
        snprintf(error, AGENT_ERROR_BYTES, "the thread that solves tasks does not start: %s",
                 strerror(errno));
    }
    return a->solver != NULL;
}

static bool open_credentials(struct agent *a, char error[static AGENT_ERROR_BYTES])
{
    const bool open = credentials_open(a);
    if (!open) {
        snprintf(error, AGENT_ERROR_BYTES,
                 "the thread that writes tokens to their files does not start: %s",
                 strerror(errno));
    }
    return open;
}

bool agent_open(struct agent *a, char error[static AGENT_ERROR_BYTES])
{
    signal(SIGHUP, SIG_IGN); /* a terminal closes; nothing is read anew that it could ask for */
    a->journal.level = a->config.log_level;
    a->node = calloc(1, sizeof *a->node);
    a->effects = calloc(1, sizeof *a->effects);
    if (a->node == NULL || a->effects == NULL) {
        snprintf(error, AGENT_ERROR_BYTES, "out of memory");
        return false;
    }
    (void)sodium_mlock(a->node, sizeof a->node->deciding); /* fails without the right to */
    if (!lock_directory(a, error) || !agent_leave_past(a, error) || !open_node(a, error)) {
        return false;
    }
    struct store *store = open_store(a, error);
    if (store == NULL) {
        return false;
    }
    agent_find_self(a);
    agent_open_outset(a);
    if (!agent_check_checkpoint(a, store, error) || !neuter_open(a, error)) {
        store_destroy(store);
        return false;
    }
    a->votes_cause = open_votes(a);
    return agent_open_aborts(a, error) && agent_open_storage(a, store, error) &&
           agent_open_key(a, error) && open_loop(a, error) && open_credentials(a, error) &&
           open_examiner(a, error) && open_solver(a, error);
}

void agent_finish(struct agent *a)
{
    if (a->loop != NULL) {
        journal_hear_loop(NULL);
        examiner_destroy(a->examiner);
        solver_destroy(a->solver);
        worker_finish(a);
        credentials_finish(a);
        events_finish(a);
        name_hooks_finish(a);
        agent_guard_finish(a);
        api_destroy(a->api);
        peers_destroy(a->peers);
        loop_signal_destroy(a->signals[0]);
        loop_signal_destroy(a->signals[1]);
        loop_watch_destroy(a->storage_watch);
        loop_timer_destroy(a->timer);
        neuter_finish(a);
    }
    storage_destroy(a->storage);
    if (a->has_votes) {
        votes_finish(&a->votes);
    }
    loop_destroy(a->loop);
    keyfile_finish(&a->transport);
    gate_finish(&a->gate);
    aborts_finish();
    if (a->node != NULL) {
        sodium_memzero(a->node, sizeof *a->node);
        (void)munlock(a->node, sizeof a->node->deciding);
    }
    free(a->node);
    twin_destroy(a->twin);
    free(a->effects);
    if (a->lock >= 0) {
        close(a->lock);
    }
}

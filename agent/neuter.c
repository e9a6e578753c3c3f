#include "agent/neuter.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "agent/aborts.h"
#include "agent/agent.h"
#include "agent/findings.h"
#include "agent/words.h"
#include "health/self.h"

#define POLL_MS 20u
#define LOOK_MS 1000u /* at the disk, for whether a person has cleared it */

static struct latch_directories directories_of(const struct agent *a)
{
    return (struct latch_directories){{a->config.data_dir, a->config.latch_dir}};
}

bool neuter_open(struct agent *a, char error[static LATCH_ERROR_BYTES])
{
    struct neuter *n = &a->neuter;
    const struct latch_directories at = directories_of(a);
    const struct hash id = founding_id(&a->config.founding);
    if (!latch_prepare(&n->files, &at, error)) {
        return false;
    }
    latch_read(&at, id.bytes, a->config.member, &n->found);
    n->cause = n->found.state == LATCH_CLEAR ? NEUTER_NOT : NEUTER_LATCH;
    if (n->cause == NEUTER_LATCH) {
        const struct latch *l = &n->found.latch; /* zeros if it is not known */
        const bool fits = l->resignation_bytes <= RESIGNATION_BYTES_MAX;
        node_follow(a->node, l->resignation, fits ? l->resignation_bytes : 0);
    }
    return true;
}

/* By what it was found: from outside, or the member's own (standing.md, 6.3). */
static enum resign_class class_of(const struct finding *finding)
{
    switch (finding->id) {
    case 12:
        return RESIGN_EDAC;
    case 13:
        return RESIGN_POISON;
    case 14:
        return RESIGN_KERNEL_LOG;
    case 26:
        return RESIGN_DISK;
    default:
        return RESIGN_OWN;
    }
}

static void send_resignation(struct agent *a, const struct agent_resignation *r)
{
    struct message *m = &a->node->scratch;
    uint8_t bytes[MESSAGE_BYTES_MAX];
    const struct cluster *c = &a->node->deciding.cluster;
    if (r->size_bytes == 0 || r->size_bytes > sizeof r->bytes) {
        return;
    }
    m->kind = MESSAGE_COMMAND;
    m->command.command = (struct bytes_view){r->bytes, r->size_bytes};
    const size_t size_bytes = message_encode(m, bytes);
    for (uint32_t i = 0; i < c->member_count && i < MEMBERS_MAX; i++) {
        if (i != a->config.member) {
            peers_send(a->peers, i, bytes, (uint32_t)size_bytes, PEERS_MESSAGE);
        }
    }
}

static bool write_latch(struct agent *a, const struct finding *finding, uint8_t class)
{
    struct latch l = {.member = a->config.member,
                      .time_ms = clock_unix_ms(),
                      .finding = *finding,
                      .cause_class = class};
    uint8_t bytes[LATCH_BYTES];
    const struct hash id = founding_id(&a->config.founding);
    memcpy(l.cluster_id, id.bytes, sizeof l.cluster_id);
    const struct agent_resignation *r =
        class < RESIGN_CLASS_COUNT ? &a->resignations[class] : NULL;
    if (r != NULL && r->size_bytes <= sizeof r->bytes) {
        l.resignation_bytes = (uint16_t)r->size_bytes;
        memcpy(l.resignation, r->bytes, r->size_bytes);
    }
    latch_encode(&l, bytes);
    return latch_write(&a->neuter.files, bytes);
}

/* Its descriptors close on exec, its locks with them: what comes after finds a member whose
 * process was killed. */
static void start_anew(struct agent *a)
{
    if (a->neuter.arguments != NULL) {
        guard_finish(&a->guard); /* or it would find that this process turns no more */
        execve("/proc/self/exe", a->neuter.arguments, environ);
        _exit(AGENT_EXIT_DAMAGED);
    }
    loop_stop(a->loop);
}

static void on_time(void *context)
{
    struct agent *a = context;
    const uint64_t now_ms = clock_monotonic_ms();
    const struct worker *w = &a->worker;
    const bool works = w->grant.hook.running || w->revoke.hook.running;
    if (now_ms >= a->neuter.begun_ms + (works ? NEUTER_HOOKS_MS : NEUTER_SENDS_MS)) {
        start_anew(a);
        return;
    }
    loop_timer_set(a->neuter.timer, now_ms + POLL_MS);
}

static void begin(struct agent *a)
{
    a->neuter.begun = true;
    a->neuter.begun_ms = clock_monotonic_ms();
    a->exit_code = AGENT_EXIT_DAMAGED;
    if (a->neuter.timer != NULL) {
        loop_timer_destroy(a->neuter.timer);
    }
    a->neuter.timer = loop_timer_create(a->loop, on_time, a);
    loop_timer_set(a->neuter.timer, a->neuter.begun_ms + POLL_MS);
}

void neuter_member(struct agent *a, const struct finding *finding)
{
    char text[FINDING_TEXT_BYTES];
    char action[FINDING_TEXT_BYTES];
    char reason[KEYFILE_ERROR_BYTES];
    if (a->neuter.begun) {
        return;
    }
    const bool wiped = gate_wipe(&a->gate);
    finding_say(finding, text, action);
    if (neuter_is(&a->neuter)) {
        journal_sayf(&a->journal, WORDS_ERROR, "OST-1301", "damaged", a->config.name,
                     "%s; this member only followed, and ends", text);
        a->exit_code = AGENT_EXIT_DAMAGED;
        loop_stop(a->loop);
        return;
    }
    const bool latched = write_latch(a, finding, (uint8_t)class_of(finding));
    (void)keyfile_remove(a->config.vote_key_path, reason);
    if (a->config.token_path[0] != '\0') {
        (void)!unlink(a->config.token_path);
    }
    journal_sayf(&a->journal, WORDS_ERROR, "OST-1301", "damaged", a->config.name,
                 "%s; this member wipes its vote key and only follows from now on%s%s", text,
                 wiped ? "" : "; the key did not let itself be wiped",
                 latched ? "" : "; the latch could not be written");
    send_resignation(a, &a->resignations[class_of(finding)]);
    worker_stop(a);
    begin(a);
}

void neuter_by_twin(struct agent *a, const struct finding *finding)
{
    const struct finding differ = self_finding(SELF_TWICE);
    if (a->neuter.begun) {
        return;
    }
    if (neuter_is(&a->neuter) || finding->id != differ.id || a->aborts.differences > 0 ||
        !aborts_mark_difference()) {
        neuter_member(a, finding);
        return;
    }
    const bool wiped = gate_wipe(&a->gate);
    journal_sayf(&a->journal, WORDS_ERROR, "OST-1309", "differed", a->config.name,
                 "two minds of %s made different things of one input: nothing is done of it, "
                 "and it starts anew; a second time within 24 h it is unfit%s",
                 a->config.name, wiped ? "" : "; the key did not let itself be wiped");
    worker_stop(a);
    begin(a);
}

/* Nothing here but memory and system calls: the other pages are as they were. */
_Noreturn void neuter_poisoned(struct agent *a)
{
    const struct finding finding = self_finding(SELF_POISONED);
    sigset_t none;
    char reason[KEYFILE_ERROR_BYTES];
    (void)gate_wipe(&a->gate);
    if (!neuter_is(&a->neuter)) {
        (void)write_latch(a, &finding, (uint8_t)class_of(&finding));
        (void)keyfile_remove(a->config.vote_key_path, reason);
    }
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    if (a->neuter.arguments != NULL) {
        guard_finish(&a->guard); /* system calls alone, too */
        execve("/proc/self/exe", a->neuter.arguments, environ);
    }
    _exit(AGENT_EXIT_DAMAGED);
}

static void say_key_taken(struct agent *a)
{
    journal_sayf(&a->journal, WORDS_NOTICE, "OST-1303", "key_taken", agent_name(a),
                 "the cluster has taken the new vote key of this member; it starts anew");
}

/* A newer key has taken this one's place. If it is in vote.pem, this member goes on with that;
 * else it is with somebody else, and this one must never sign again. */
static void on_replaced(struct agent *a, const struct member *self)
{
    const bool wiped = gate_wipe(&a->gate);
    struct keyfile key;
    char reason[KEYFILE_ERROR_BYTES];
    const bool read = keyfile_read(a->config.vote_key_path, &key, reason);
    const bool renewed = memcmp(key.public_key, self->vote_key, PUBLIC_KEY_BYTES) == 0;
    const bool own = memcmp(key.public_key, a->neuter.vote_key, PUBLIC_KEY_BYTES) == 0;
    keyfile_finish(&key);
    worker_stop(a);
    if (read && renewed) {
        say_key_taken(a);
        begin(a);
        return;
    }
    const struct finding finding = {.result = RESULT_FATAL};
    const bool latched = write_latch(a, &finding, LATCH_REPLACED);
    if (read && own) {
        (void)keyfile_remove(a->config.vote_key_path, reason);
    }
    journal_sayf(&a->journal, WORDS_ERROR, "OST-1307", "replaced", agent_name(a),
                 "the cluster has another vote key for this member: it wipes its own, and only "
                 "follows from now on%s%s",
                 wiped ? "" : "; the key did not let itself be wiped",
                 latched ? "" : "; the latch could not be written");
    begin(a);
}

static void on_removed(struct agent *a, const struct member *self)
{
    const bool wiped = gate_wipe(&a->gate);
    journal_sayf(&a->journal, WORDS_ERROR, "OST-1305", "key_dropped", agent_name(a),
                 "the cluster has this member %s: it wipes its vote key from memory, and only "
                 "follows from now on%s",
                 standing_text(self->standing),
                 wiped ? "" : "; the key did not let itself be wiped");
    worker_stop(a);
    begin(a);
}

void neuter_look_at_chain(struct agent *a)
{
    struct neuter *n = &a->neuter;
    const struct member *self = &a->node->deciding.cluster.member[a->config.member];
    const bool same = memcmp(self->vote_key, n->vote_key, sizeof n->vote_key) == 0;
    if (n->begun) {
        return;
    }
    if (n->cause == NEUTER_KEY_OTHER && (same || agent_has_joined(a))) {
        say_key_taken(a);
        begin(a);
    } else if (n->cause == NEUTER_NOT && gate_has_key(&a->gate) && !same) {
        on_replaced(a, self);
    } else if (n->cause == NEUTER_NOT && gate_has_key(&a->gate) && !member_may_sign(self)) {
        on_removed(a, self);
    }
}

/* A person has cleared it: no latch any more, and a key that can be read. */
static bool is_cleared(const struct agent *a)
{
    struct latch_reading now;
    struct keyfile key;
    char reason[KEYFILE_ERROR_BYTES];
    const struct latch_directories at = directories_of(a);
    const struct hash id = founding_id(&a->config.founding);
    latch_read(&at, id.bytes, a->config.member, &now);
    if (now.state != LATCH_CLEAR || !keyfile_read(a->config.vote_key_path, &key, reason)) {
        return false;
    }
    keyfile_finish(&key);
    return true;
}

static void on_look(void *context)
{
    struct agent *a = context;
    if (!is_cleared(a)) {
        loop_timer_set(a->neuter.timer, clock_monotonic_ms() + LOOK_MS);
        return;
    }
    journal_sayf(&a->journal, WORDS_NOTICE, "OST-1306", "cleared", agent_name(a),
                 "this member was cleared and has a vote key; it starts anew");
    begin(a);
}

void neuter_watch(struct agent *a)
{
    struct neuter *n = &a->neuter;
    char text[LATCH_ERROR_BYTES + 256];
    char action[LATCH_ERROR_BYTES];
    if (n->cause == NEUTER_NOT) {
        return;
    }
    neuter_text(a, text, sizeof text, action, sizeof action);
    journal_sayf(&a->journal, WORDS_ERROR, "OST-1302", "neutered", agent_name(a), "%s %s", text,
                 action);
    if (n->cause == NEUTER_LATCH || n->cause == NEUTER_KEY_MISSING) {
        n->timer = loop_timer_create(a->loop, on_look, a);
        loop_timer_set(n->timer, clock_monotonic_ms() + LOOK_MS);
    }
}

void neuter_finish(struct agent *a)
{
    if (a->neuter.timer != NULL) {
        loop_timer_destroy(a->neuter.timer);
        a->neuter.timer = NULL;
    }
    latch_files_finish(&a->neuter.files);
}

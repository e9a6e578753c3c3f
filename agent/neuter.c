#include "agent/neuter.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "agent/agent.h"
#include "agent/findings.h"
#include "agent/words.h"
#include "health/self.h"

#define POLL_MS 20u

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

/* On a journalling disk this is more than nothing and less than sure; who wants to be sure
 * encrypts the disk. */
static void remove_key(const struct agent *a)
{
    static const uint8_t zeros[1024];
    const int file = open(a->config.vote_key_path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (file >= 0) {
        struct stat s;
        if (fstat(file, &s) == 0 && s.st_size <= (off_t)sizeof zeros) {
            (void)!pwrite(file, zeros, (size_t)s.st_size, 0);
            (void)!fdatasync(file);
        }
        close(file);
    }
    (void)!unlink(a->config.vote_key_path);
    if (a->neuter.files.directory[0] >= 0) {
        (void)!fsync(a->neuter.files.directory[0]);
    }
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

static bool write_latch(struct agent *a, const struct finding *finding)
{
    struct latch l = {.member = a->config.member,
                      .time_ms = clock_unix_ms(),
                      .finding = *finding,
                      .cause_class = (uint8_t)class_of(finding)};
    uint8_t bytes[LATCH_BYTES];
    const struct hash id = founding_id(&a->config.founding);
    const struct agent_resignation *r = &a->resignations[class_of(finding)];
    memcpy(l.cluster_id, id.bytes, sizeof l.cluster_id);
    if (r->size_bytes <= sizeof r->bytes) {
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
    a->neuter.timer = loop_timer_create(a->loop, on_time, a);
    loop_timer_set(a->neuter.timer, a->neuter.begun_ms + POLL_MS);
}

void neuter_member(struct agent *a, const struct finding *finding)
{
    char text[FINDING_TEXT_BYTES];
    char action[FINDING_TEXT_BYTES];
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
    const bool latched = write_latch(a, finding);
    remove_key(a);
    journal_sayf(&a->journal, WORDS_ERROR, "OST-1301", "damaged", a->config.name,
                 "%s; this member wipes its vote key and only follows from now on%s%s", text,
                 wiped ? "" : "; the key did not let itself be wiped",
                 latched ? "" : "; the latch could not be written");
    send_resignation(a, &a->resignations[class_of(finding)]);
    worker_stop(a);
    begin(a);
}

/* Nothing here but memory and system calls: the other pages are as they were. */
_Noreturn void neuter_poisoned(struct agent *a)
{
    const struct finding finding = self_finding(SELF_POISONED);
    sigset_t none;
    (void)gate_wipe(&a->gate);
    if (!neuter_is(&a->neuter)) {
        (void)write_latch(a, &finding);
        remove_key(a);
    }
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    if (a->neuter.arguments != NULL) {
        execve("/proc/self/exe", a->neuter.arguments, environ);
    }
    _exit(AGENT_EXIT_DAMAGED);
}

void neuter_look_at_key(struct agent *a)
{
    const struct cluster *c = &a->node->deciding.cluster;
    const uint8_t *key = c->member[a->config.member].vote_key;
    if (a->neuter.cause == NEUTER_KEY_OTHER && !a->neuter.begun &&
        memcmp(key, a->neuter.vote_key, sizeof a->neuter.vote_key) == 0) {
        journal_sayf(&a->journal, WORDS_NOTICE, "OST-1303", "key_taken", a->config.name,
                     "the cluster has taken the new vote key of this member; it starts anew");
        begin(a);
    }
}

void neuter_text(const struct agent *a, char *text, size_t text_bytes, char *action,
                 size_t action_bytes)
{
    const struct neuter *n = &a->neuter;
    char seen[FINDING_TEXT_BYTES] = "";
    char advice[FINDING_TEXT_BYTES];
    char since[WORDS_ISO_BYTES];
    snprintf(
        action, action_bytes,
        "Test %s with ostrakon doctor --thorough; a person has to decide what becomes of it",
        a->config.name);
    switch (n->cause) {
    case NEUTER_NOT:
        snprintf(text, text_bytes, "%s is about to end.", a->config.name);
        return;
    case NEUTER_KEY_MISSING:
        snprintf(text, text_bytes, "%s only follows: it has no vote key: %s.", a->config.name,
                 n->why);
        return;
    case NEUTER_KEY_OTHER:
        snprintf(text, text_bytes, "%s only follows: %s.", a->config.name, n->why);
        snprintf(action, action_bytes, "Put back the vote.pem that the cluster knows %s by",
                 a->config.name);
        return;
    case NEUTER_LATCH:
        break;
    }
    if (!n->found.known) {
        snprintf(text, text_bytes, "%s only follows: its latch is set, and %s.", a->config.name,
                 n->found.fault);
        return;
    }
    finding_say(&n->found.latch.finding, seen, advice);
    words_iso(n->found.latch.time_ms, since);
    snprintf(text, text_bytes, "%s is neutered since %s and only follows: R%02" PRIu32 ", %s.",
             a->config.name, since, n->found.latch.finding.id, seen);
}

void neuter_say(struct agent *a)
{
    char text[LATCH_ERROR_BYTES + 256];
    char action[LATCH_ERROR_BYTES];
    if (a->neuter.cause != NEUTER_NOT) {
        neuter_text(a, text, sizeof text, action, sizeof action);
        journal_sayf(&a->journal, WORDS_ERROR, "OST-1302", "neutered", a->config.name, "%s %s",
                     text, action);
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

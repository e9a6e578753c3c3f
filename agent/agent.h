#ifndef OSTRAKON_AGENT_AGENT_H
#define OSTRAKON_AGENT_AGENT_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/aborts.h"
#include "agent/accusations.h"
#include "agent/api.h"
#include "agent/config.h"
#include "agent/credentials.h"
#include "agent/events.h"
#include "agent/examiner.h"
#include "agent/findings.h"
#include "agent/gate.h"
#include "agent/guard.h"
#include "agent/http.h"
#include "agent/journal.h"
#include "agent/keyfile.h"
#include "agent/loop.h"
#include "agent/name_hooks.h"
#include "agent/neuter.h"
#include "agent/node.h"
#include "agent/operators.h"
#include "agent/peers.h"
#include "agent/records.h"
#include "agent/solver.h"
#include "agent/storage.h"
#include "agent/twin.h"
#include "agent/votes.h"
#include "agent/worker.h"

/* The running daemon: the pure node, and everything of the machine that it is tied to. One
 * thread (storage has one of its own). */

#define AGENT_ERROR_BYTES 3072u /* two paths fit */
#define AGENT_EXIT_DAMAGED 70   /* sysexits.h: EX_SOFTWARE */

/* For whom a stored block is being read: the same for each member, for good, so that a read
 * which the end of the agent overtakes leaves nothing behind. */
struct agent_help {
    struct agent *agent;
    uint32_t member;
};

/* What became of one EFFECT_SIGN; the node hears of it in a step of its own. */
struct agent_signature {
    enum signing_kind kind;
    uint64_t serial;
    bool made;
    uint8_t signature[SIGNATURE_BYTES];
};

/* Signed in advance, to be said once this member is unfit; as small as they are, in clear. */
struct agent_resignation {
    uint32_t size_bytes; /* 0: none yet */
    uint8_t bytes[RESIGNATION_BYTES_MAX];
};

struct agent {
    struct node_config config;
    struct keyfile transport;
    struct gate gate; /* the vote key */
    bool refused;     /* by the gate, in this step; why: */
    struct finding refusal;
    struct agent_resignation resignations[RESIGN_CLASS_COUNT];
    struct neuter neuter;
    uint32_t signature_count; /* waiting to be told to the node */
    struct agent_signature signatures[EFFECTS_MAX];
    struct loop *loop;
    struct loop_timer *timer;
    struct loop_watch *storage_watch;
    struct loop_signal *signals[2];
    struct peers *peers;
    struct storage *storage;
    struct votes votes;
    bool has_votes; /* false: amnesia; the first record that is written makes a new store */
    enum cause votes_cause; /* why the vote store found at the start is not to be trusted */
    struct node *node;
    struct twin *twin; /* from the start of agent_run on */
    struct effects *effects;
    struct journal journal;
    struct examiner *examiner;
    struct solver *solver;
    struct findings findings;
    struct records records;
    struct operators operators;
    struct accusations accusations;
    struct credentials credentials;
    struct guard guard;
    struct loop_timer *guard_timer;
    uint64_t guard_again_ms;                /* a guard is not started before */
    struct aborts_found aborts;             /* at the start */
    int guard_error;                        /* why the last could not be started; 0: it could */
    bool guard_told;                        /* the node knows that there is one */
    uint8_t build[CONFIGURATION_BYTES / 2]; /* zeros before it was read */
    uint64_t signs;                         /* signatures made in this run */
    struct worker worker;
    struct events events;
    struct name_hooks name_hooks;
    struct agent_help help[MEMBERS_MAX];
    struct api *api;
    uint64_t drawn;     /* the random number of the last step */
    uint32_t foreign;   /* bits of members that were founded with another cluster.yaml */
    bool store_refuses; /* the database cannot be written now; why: */
    char store_refusal[AGENT_ERROR_BYTES];
    bool keeps_outset;      /* on the disk: it has not caught up yet */
    uint64_t outset_height; /* of the last one written since the start; 0: none */
    int lock;               /* of the data directory; -1: none */
    int exit_code;
};

/* Opens everything that `a->config` names, in memory of the caller's. On false `error` is one
 * sentence, and agent_finish is still due. Blocks on the disk: database and vote store are
 * checked whole. */
bool agent_open(struct agent *a, char error[static AGENT_ERROR_BYTES])
    __attribute__((warn_unused_result));

/* Has the replicated state as it is now stored, so that a start need not replay what led to it.
 */
void agent_keep_snapshot(struct agent *a);

/* agent_rebuilt.c: where the cluster was rebuilt, sets aside what this member has of the one
 * before, and makes an empty vote record. False: `error` is a sentence. */
bool agent_leave_past(struct agent *a, char error[static AGENT_ERROR_BYTES])
    __attribute__((warn_unused_result));

/* agent_checkpoint.c: before storage opens. False: a stored block is another one than the
 * checkpoint; `error` is what to do. */
bool agent_check_checkpoint(const struct agent *a, struct store *store,
                            char error[static AGENT_ERROR_BYTES])
    __attribute__((warn_unused_result));
/* Before node_resume, and after each step: what this run set out from is kept until it has
 * caught up, for one that was started again in between knows nothing more. */
void agent_open_outset(struct agent *a);
void agent_follow_outset(struct agent *a);

/* agent_storage.c: the thread that writes, and what it tells. */
void agent_votes_path(const struct agent *a, char path[static CONFIG_PATH_BYTES + 8]);
bool agent_open_storage(struct agent *a, struct store *store,
                        char error[static AGENT_ERROR_BYTES])
    __attribute__((warn_unused_result));

/* Marks from now on when this agent dies of damage of its own. False: `error` is a sentence. */
bool agent_open_aborts(struct agent *a, char error[static AGENT_ERROR_BYTES])
    __attribute__((warn_unused_result));

/* Tells the node how often it was marked before: once, when it runs. */
void agent_tell_aborts(struct agent *a);

/* agent_key.c: reads the vote key and seals it. Without one, with another than the chain's, or
 * where the chain says that it must not sign, a member that has voted before only follows; one
 * that has not is refused. */
bool agent_open_key(struct agent *a, char error[static AGENT_ERROR_BYTES])
    __attribute__((warn_unused_result));

/* agent_sign.c: seals the vote key with the configuration and the state as they are now. False:
 * `why` says what is not sound. The caller wipes the seed. */
bool agent_seal(struct agent *a, const uint8_t seed[static IDENTITY_SEED_BYTES],
                struct finding *why) __attribute__((warn_unused_result));
/* Does EFFECT_SIGN; the gate stays open until gate_end. */
void agent_sign(struct agent *a, const struct effect *e);
/* Tells the node what became of its signatures, and why one was refused. */
void agent_tell_signatures(struct agent *a);

/* agent_fleet.c: tells the node what this member has that should be the same on others: when it
 * starts, and after each look at the certificates. */
void agent_tell_fleet(struct agent *a);

/* agent_guard.c: from agent_run on. */
void agent_guard_open(struct agent *a);
void agent_guard_finish(struct agent *a);

/* agent_peers.c: the other members, and what is said of them in the journal. A machine that
 * joins is the member whose transport key the chain has as its own, once it is there; then it
 * is to start anew (agent_has_joined). Peers follow the replicated state: after every block. */
void agent_find_self(struct agent *a);
bool agent_has_joined(const struct agent *a);
/* This member's name: the chain's, which an operator may have changed, once it is there. Hooks
 * are told the names of the founding, which databases and firewalls have been set up with. */
const char *agent_name(const struct agent *a);
const char *agent_founded_name(const struct agent *a, uint32_t member);
void agent_follow_roster(struct agent *a);
struct peers *agent_open_peers(struct agent *a, char error[static AGENT_ERROR_BYTES]);
/* Whom the chain has in no good standing now is taken little of. */
void agent_restrict_peers(struct agent *a);

/* Runs until SIGTERM, SIGINT, or damage; SIGHUP is ignored. Returns the exit status. */
int agent_run(struct agent *a);

/* Accepts a zeroed struct, with lock -1. */
void agent_finish(struct agent *a);

/* Lets the node take one input in, and does what it asks for. `in` needs neither times nor
 * chance: they are filled in here. */
void agent_step(struct agent *a, struct input *in);
/* That one input alone, without what it leads to: for agent_sign.c. */
void agent_step_once(struct agent *a, struct input *in);

#endif

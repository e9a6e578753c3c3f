#ifndef OSTRAKON_TESTS_SIMULATOR_PLAN_H
#define OSTRAKON_TESTS_SIMULATOR_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "../../consensus/founding.h"
#include "dice.h"
#include "fault.h"

/* What a seed stands for: sizes, timing, rates and liars. */

#define MEMBERS_DRAWN_MAX 15u
#define STATIONS_MAX (MEMBERS_DRAWN_MAX + 5u) /* each liar may be two */

/* What a liar does, bits; which of them do anything is drawn for each message. */
enum habit {
    HABIT_SILENT = 1 << 0,
    HABIT_EQUIVOCATE = 1 << 1,
    HABIT_TWO_FACED = 1 << 2,
    HABIT_REPLAY = 1 << 3,
    HABIT_FORGE = 1 << 4,
    HABIT_TWINS = 1 << 5,
    HABIT_DELAY = 1 << 6,
    HABIT_WRONG_WORK = 1 << 7,
    HABIT_FAIL_STORM = 1 << 8,
    HABIT_ACCUSE = 1 << 9,
    HABIT_RANK_SELF = 1 << 10,
    HABIT_STORM = 1 << 11,
    HABIT_CENSOR = 1 << 12,
    HABIT_EARLY = 1 << 13,
    HABIT_BALLOT = 1 << 14,
    HABIT_MINT = 1 << 15,
    HABIT_OTHER_STATE = 1 << 16,
    HABIT_STALE = 1 << 17,
    HABIT_RESIGN = 1 << 18,
    HABIT_BENT = 1 << 19,
    HABIT_FRAME = 1 << 20,
    HABIT_OTHER_HISTORY = 1 << 21,
    HABIT_WRONG_BLOCK = 1 << 22,
};
#define HABIT_COUNT 16u /* of which any liar has some; the others are rarer */

struct plan {
    uint64_t seed;
    uint32_t members;
    uint32_t witnesses; /* the last ones */
    struct timing timing;
    uint32_t malfunctioning_max;
    bool audited;
    uint32_t malfunctioning; /* r, by this file's own arithmetic */
    uint32_t needed;         /* q, likewise */
    uint32_t members_min;    /* of votes: below that the liars would be too many */
    bool answers;            /* at the end whoever solves tasks wrongly is out */
    bool trial;              /* at the end members are removed, and come back */
    bool limits;             /* at the end what is told in seconds is timed */
    enum fault combination;  /* in the world of these: what happens at the end */
    bool combined;
    bool lies_always; /* whatever a liar does it does to all and each time */
    uint32_t culprit; /* in that world: a node that owns a name, and loses it */
    bool beyond;      /* more liars than r: only what holds then is asked for */
    uint32_t liars;   /* bits of members */
    uint32_t habits[MEMBERS_MAX];
    uint32_t leaky;     /* bits of members whose memory flips bits; no more than may crash */
    uint32_t bent;      /* bits of members that verify or hash wrongly; at most one */
    uint32_t forgetful; /* bits of members whose vote store may be lost or set back */
    uint32_t doomed;    /* bits of members that may be neutered: at most one */
    bool rolls_back;    /* unnoticed; the member then counts among the r */

    uint64_t bent_from_ms;
    uint32_t bent_refuses; /* per 10,000 right signatures */
    uint32_t bent_accepts; /* per 10,000 wrong ones */
    uint32_t bent_hashes;  /* per 10,000 */

    uint32_t storm_ms; /* how long anything goes */
    uint32_t delay_min_ms;
    uint32_t delay_mean_ms;
    uint32_t disk_ms; /* mean of a write */
    uint32_t rows_per_s;
    uint32_t snapshot_heights;

    /* per 10,000 messages */
    uint32_t loss;
    uint32_t duplicate;
    uint32_t reorder;
    uint32_t replay;
    /* per 10,000 tenths of a second, of each link, of the world, of each member */
    uint32_t clog;
    uint32_t partition;
    uint32_t flap; /* of links, likewise */
    uint32_t flip; /* of each leaky member */
    uint32_t blackout;
    uint32_t aimed; /* per 10,000 steps at which votes are split: the power goes just then */
    uint32_t crash;
    uint32_t restart;
    uint32_t pause;
    uint32_t clock_step;
    uint32_t unfit; /* per 10,000 looks at a machine: something is found */
    /* per 10,000 */
    uint32_t tear;
    uint32_t power_cut;
    uint32_t slow_disk;
    uint32_t votes_fail;  /* of a record's writes */
    uint32_t forget;      /* of a restart of the forgetful */
    uint32_t lose_blocks; /* of a restart */
    uint32_t worker_crash;
    uint32_t worker_late;
    uint32_t sink_away;
    uint32_t fence_flip; /* of what a worker writes: a bit of its fence is another */
    uint32_t early_wake; /* a woken worker's next write comes before its keeper's knife */
    int32_t drift_ppm;   /* at most, either way */
    int64_t offset_ms;   /* likewise */
};

/* The worlds that there are: drawn from all faults, or made for the cases in which one rule
 * alone stands between the cluster and a fork or a standstill.
 * splits: slow links, equivocators, restarts: many views a height, votes cut short.
 * blackouts: the power goes everywhere at once, again and again, in the middle of views.
 * flips: memory that does not keep what was written; for the true shadow and digests only.
 * trials: little fails, and when all are well some fall silent for long: the electors must
 * remove them, and let them back.
 * bent: a machine that takes right signatures for wrong ones, wrong ones for right ones, or
 * hashes wrongly; now and then, or always.
 * limits: the timing that clusters have by default, for what is told in seconds.
 * answers: tasks come often; one member solves them wrongly, or proves what is not so.
 * combinations: two or three faults at once, by name, when all else is well.
 * damaged: likewise, of which one is damage to memory; for the true shadow and digests only.
 * traitors: one liar more than the cluster bears; nothing is safe, and the judge must say so.
 */
#define WORLDS(X)                                                                              \
    X(DRAWN, "drawn", plan_of_anything)                                                        \
    X(SPLITS, "splits", plan_of_splits)                                                        \
    X(BLACKOUTS, "blackouts", plan_of_blackouts)                                               \
    X(TRIALS, "trials", plan_of_trials)                                                        \
    X(FLIPS, "flips", plan_of_flips)                                                           \
    X(BENT, "bent", plan_of_bent)                                                              \
    X(LIMITS, "limits", plan_of_limits)                                                        \
    X(ANSWERS, "answers", plan_of_answers)                                                     \
    X(COMBINATIONS, "combinations", plan_of_combinations)                                      \
    X(DAMAGED, "damaged", plan_of_damaged)                                                     \
    X(TRAITORS, "traitors", plan_of_traitors)

enum world_kind {
#define X(name, text, draw) WORLD_##name,
    WORLDS(X)
#undef X
        WORLD_KINDS
};

const char *world_kind_text(enum world_kind kind);
struct plan plan_of(enum world_kind kind, uint64_t seed);
struct plan plan_of_answers(uint64_t seed); /* answers.c */
bool plan_is_liar(const struct plan *p, uint32_t member);

/* For plan*.c only. */
extern const struct timing plan_timing_by_default;
struct plan plan_of_limits(uint64_t seed);
struct plan plan_of_combinations(uint64_t seed);
struct plan plan_of_damaged(uint64_t seed);
void plan_draw_quorum(struct plan *p);

#endif

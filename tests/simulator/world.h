#ifndef OSTRAKON_TESTS_SIMULATOR_WORLD_H
#define OSTRAKON_TESTS_SIMULATOR_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "../../agent/node.h"
#include "dice.h"
#include "disk.h"
#include "fault.h"
#include "judge.h"
#include "plan.h"
#include "queue.h"
#include "sink.h"

/* The world of one run: stations (running agents; a twin makes two of one member), the links
 * between them, their disks and clocks, the sink, and the judge who looks on. All times are
 * true ones, in ms since the world began, unless they are called mono or unix. */

#define OPERATORS_DRAWN 3u
#define WORLD_UNIX_MS 1795329000000u /* when the world began */

struct clock {
    int64_t offset_ms;  /* of the wall clock */
    int32_t drift_ppm;  /* of both */
    uint64_t boot_ms;   /* what the monotonic one showed when the world began */
    uint64_t slept_ms;  /* how long both stood still */
    uint64_t frozen_ms; /* since when both stand, while all else goes on; 0: they go */
};

enum work_stage { WORK_IDLE, WORK_CLOSE, WORK_READ, WORK_ACT, WORK_WAIT };

struct worker {
    uint64_t serial; /* counts workers of this station; events of others are dropped */
    enum work_stage stage;
    struct work work;
    uint64_t window;
    uint64_t lease_mono_ms;
    uint32_t pace_ms;          /* mean of a step */
    struct tally_of_rows rows; /* as computed */
    struct window_digest digest;
    bool lies; /* about this window */
};

/* What the examining thread has to tell of the machine; see machine.c. */
struct machine {
    bool examined; /* the first round is over */
    uint64_t started_mono_ms;
    uint32_t id; /* of the reference that is not ok; 0: all are */
    enum reference_result result;
    uint64_t until_ms;
    bool bursting; /* a burst test is under way */
    bool silent;   /* the node was told so */
    uint64_t silent_mono_ms;
    bool neutered;    /* likewise */
    uint32_t misread; /* the reference that finds what is not so, with a right to be fatal; 0 */
};

struct station {
    uint32_t member;
    uint32_t copy; /* 1: the second of twins */
    bool sound;
    struct node *node;
    struct node *twin;     /* of a leaky member: the same inputs in sound memory; else NULL */
    uint64_t flipped_ms;   /* when its memory was first changed in this run; 0: it was not */
    bool computed;         /* so that nothing at rest tells */
    bool blind;            /* its shadow is, until the page's turn: its twin tells before */
    uint32_t buffer_fault; /* enum fault: what is to befall a message of it next; 0: nothing */
    bool garbled;        /* something of it has left that is not signed: it may doubt itself */
    uint64_t garbled_ms; /* when that was last, in any run; 0: never */
    bool neutered;       /* for the rest of the world's life */
    bool follows;        /* unfit: it follows, and hands in what it signed before */
    enum resign_class resigns;                      /* why */
    uint32_t resignation_bytes[RESIGN_CLASS_COUNT]; /* as they were signed last */
    uint8_t resignation[RESIGN_CLASS_COUNT][RESIGNATION_BYTES_MAX];
    bool up;
    bool powered;
    uint64_t run;             /* counts starts and ends; events of others are dropped */
    uint64_t paused_until_ms; /* 0: it runs */
    bool sleeps;
    bool has_slept;  /* in this run */
    uint32_t serves; /* bits of names */
    struct clock clock;
    struct disk disk;
    struct worker worker;
    struct machine machine;
    uint64_t timer_mono_ms;
    uint64_t spun_ms; /* when its timer last fired, and how often in that millisecond */
    uint32_t spins;
    uint64_t height; /* last seen applied in this run */
    uint32_t view;
    bool is_mute_in_calm; /* a liar's choice for the rest of the run */
};

struct link {
    bool cut;
    uint64_t clogged_until_ms;
    uint32_t flap_ms; /* it is cut in every second of these spans; 0: in none */
};

#define PAST_MESSAGES 128u
#define PAST_COMMANDS 64u

struct past_message {
    uint32_t from;
    uint32_t to;
    struct blob *bytes;
};

/* What liars have agreed on: two blocks of one view. */
struct plot {
    uint64_t height;
    uint32_t view;
    struct hash block[2];
    uint32_t told_other; /* bits of members that hear of the second one */
};

/* Where a run stands, for whoever outlives it. */
struct progress {
    uint64_t seed;
    uint64_t now_ms;
    uint64_t step;
};

struct world {
    struct plan plan;
    struct dice dice;
    uint64_t now_ms;
    struct queue queue;
    struct founding founding;
    struct hash id;
    struct key_pair key[MEMBERS_MAX];
    struct key_pair admitted_key[MEMBERS_MAX]; /* which operators have given them since */
    struct key_pair operator_key[OPERATORS_DRAWN];
    char renamed[MEMBERS_MAX][NAME_SIZE_BYTES]; /* "": it was not */
    uint32_t station_count;
    struct station station[STATIONS_MAX];
    struct link link[STATIONS_MAX][STATIONS_MAX];
    uint32_t twin_side[STATIONS_MAX]; /* which copy of a twin this station talks to */
    struct past_message past[PAST_MESSAGES];
    uint32_t past_count;
    struct blob *past_command[PAST_COMMANDS]; /* decided ones */
    uint32_t past_commands;
    struct plot plot;
    uint32_t cloned; /* bits of members with a second agent of the same key */
    struct solution solution[MEMBERS_MAX]; /* the last of each that is sound; term 0: none */
    struct vote vote[MEMBERS_MAX];         /* likewise; height 0: none */
    struct sink sink;
    struct judge judge;
    struct counters counters;
    struct effects effects;
    struct effects twin_effects;
    struct message scratch;
    uint64_t told_height; /* the notes of this block are counted, of this step */
    uint64_t told_step;
    uint32_t flips;    /* of bits, so far */
    uint32_t resealed; /* bits of members whose state was changed, and sealed over */
    uint32_t timers; /* per 10,000 of those of `timerless` that are lost; as many are doubled */
    uint32_t timerless; /* bits of members */
    bool halted;        /* rightly so: nothing more is asked for */
    bool calm;          /* the storm is over */
    bool traffic;       /* rows arrive */
    bool verbose;
    uint64_t steps_done;
    uint64_t busy_tenth; /* of a second, and how much has happened in it */
    uint32_t busy_steps;
    uint64_t steps_max;        /* 0: no end */
    uint64_t trace;            /* mixes every step: two runs of one seed end on the same */
    struct progress *progress; /* NULL: nobody asks */
    bool failed;
    char failure[320];
};

void world_init(struct world *w, const struct plan *plan, bool verbose);
void world_finish(struct world *w);
/* Until that time, or a failure. */
void world_run(struct world *w, uint64_t until_ms);
/* Ends the run; the first one stands. */
void world_fail(struct world *w, enum check check, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void world_say(const struct world *w, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void world_mix(struct world *w, uint64_t value);
void world_strike(struct world *w, enum fault fault);
const char *world_name(const struct world *w, uint32_t member);

/* clock.c */
uint64_t clock_mono_ms(const struct world *w, const struct station *s);
uint64_t clock_unix_ms(const struct world *w, const struct station *s);
/* The true time at which that monotonic clock shows `mono_ms`, now or later. */
uint64_t clock_true_ms(const struct world *w, const struct station *s, uint64_t mono_ms);

/* station.c */
void station_init(struct world *w, uint32_t index, uint32_t member, uint32_t copy);
void station_start(struct world *w, struct station *s);
void station_crash(struct world *w, struct station *s, bool power);
void station_input(struct world *w, struct station *s, struct input *in);
bool station_is_paused(const struct world *w, const struct station *s);
uint32_t station_index(const struct world *w, const struct station *s);
/* effects.c */
void station_perform(struct world *w, struct station *s);

/* clone.c */
void clone_run(struct world *w);
/* An old copy of one that runs is started beside it, and in its place. */
void clone_restored(struct world *w);
/* network.c */
enum channel { CHANNEL_MESSAGE, CHANNEL_HEARTBEAT, CHANNEL_PROBE };
void network_send(struct world *w, uint32_t from, uint32_t to_member, const uint8_t *bytes,
                  size_t size_bytes, enum channel channel);
/* The same, later than the network would have it. */
void network_send_late(struct world *w, uint32_t from, uint32_t to_member, const uint8_t *bytes,
                       size_t size_bytes, uint64_t late_ms);
void network_tell_closed(struct world *w, uint32_t station);
void network_heal(struct world *w, uint32_t station);
bool network_is_open(const struct world *w, uint32_t from, uint32_t to);
uint64_t network_delay_ms(struct world *w);

/* memory.c: what becomes of nodes in memory that does not keep what was written */
void memory_begin(struct world *w, struct station *s);
void memory_trouble(struct world *w, struct station *s);
/* The deciding state of a leaky member changes (F20). */
void memory_flip(struct world *w, struct station *s);
/* Some of the chain's state changes, and what guards it with it (faults.md, F27). */
void memory_reseal(struct world *w, struct station *s);
/* The node takes an input in, and its twin, if it has one. False: nothing is done for it, since
 * it is neutered, has said what its twin does not, or has failed an assert of its own. */
bool memory_step(struct world *w, struct station *s, const struct input *in);
/* buffers.c: messages that change in its hands. Before a step, in it, after it: what is to be
 * signed (true: it was changed), what is to be sent. */
void buffers_receive(struct world *w, struct station *s, struct input *in);
void buffers_begin(struct world *w, struct station *s);
void buffers_verified(void);
void buffers_end(void);
bool buffers_encoded(struct world *w, struct station *s);
void buffers_signed(struct world *w, struct station *s);
/* After each step. */
void buffers_judge(struct world *w, const struct station *s);
/* bent.c: whose arithmetic is wrong, while its node is in a step. Whose hashes are has a twin
 * with sound ones, as the agent has a second mind. */
bool bent_is(const struct world *w, const struct station *s);
bool bent_has_twin(const struct world *w, const struct station *s);
void bent_begin(struct world *w, struct station *s);
void bent_end(void);
/* After each step: it has accused nobody, and finds out in time. */
void bent_judge(struct world *w, struct station *s);
/* machine.c */
void machine_start(struct world *w, struct station *s);
void machine_examined(struct world *w, struct station *s, bool burst);
/* It is found to be damaged for good. */
void machine_break(struct world *w, struct station *s);
/* A reference of an outside source says so, rightly or not. False: it is taken for no more than
 * a reason to be silent. */
bool machine_misread(struct world *w, struct station *s, uint32_t id);
void machine_read_right(struct world *w, struct station *s);
/* It is to be examined anew, or to run a burst test. */
void machine_asked(struct world *w, struct station *s, bool burst);
/* What a step asks for, before it is done. */
void machine_judge(struct world *w, const struct station *s);

/* work.c */
void work_start(struct world *w, struct station *s, const struct work *work);
void work_lease(struct world *w, struct station *s, uint64_t until_mono_ms);
void work_kill(struct world *w, struct station *s, bool told);
void work_step(struct world *w, struct station *s, uint64_t serial);

/* names.c */
void names_run(struct world *w, struct station *s, const struct effect *e);
void names_ended(struct world *w, struct station *s, const struct event *e);
/* After each step. */
void names_judge(struct world *w, const struct station *s);

/* liar.c */
void liar_send(struct world *w, struct station *s, uint32_t to_member, const uint8_t *bytes,
               size_t size_bytes, enum channel channel);
void liar_storm(struct world *w, struct station *s);
bool liar_does(struct world *w, const struct station *s, enum habit habit);

/* What somebody sound sends: a liar may show it as wrong. */
void liar_overhear(struct world *w, const uint8_t *bytes, size_t size_bytes);
/* A block is decided: what a liar may say again. */
void liar_remember(struct world *w, const uint8_t *decided, size_t size_bytes);

/* storm.c */
void storm_begin(struct world *w);
void storm_tick(struct world *w);
void storm_blackout(struct world *w);
/* After a step: where the next blow would hurt most, it may fall. */
void storm_aim(struct world *w);
/* Heals all links and machines in random order; liars stay. */
void storm_end(struct world *w);

/* calm.c */
void calm_run(struct world *w);
typedef bool predicate(const struct world *w, uint64_t wanted); /* as a type, for its users */
/* Runs until it is so. False: the time is over, or something failed. */
bool calm_wait(struct world *w, predicate *is_so, uint64_t wanted, uint64_t within_ms);
bool station_is_fit(const struct station *s);
/* Of the fit ones, and of the members in `but_not` (bits) none. */
const struct cluster *calm_newest_state(const struct world *w, uint32_t but_not);
uint64_t calm_progress_ms(const struct world *w);
/* A person's patience with detectors and the lateness of the storm. */
void calm_settle_down(struct world *w);
struct station *calm_station(struct world *w, uint32_t member);
/* repair.c */
void repair_run(struct world *w);
/* The first operator signs it. False: nobody decides it, which is a failure. */
bool repair_operate(struct world *w, const struct operator_command *o);
/* answers.c */
void answers_run(struct world *w);
/* trial.c */
void trial_run(struct world *w);
/* limits.c */
void limits_run(struct world *w);
/* combinations*.c */
void combinations_run(struct world *w);

#endif

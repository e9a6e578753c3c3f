#ifndef OSTRAKON_AGENT_NODE_PARTS_H
#define OSTRAKON_AGENT_NODE_PARTS_H

#include "../tokens/trust.h"
#include "node.h"

/* The parts that one step of the node is made of; for agent/node*.c only. */

#define QUIET_START_HEARTBEATS 20u /* nobody never heard is accused before */
#define REPEAT_HEARTBEATS 10u      /* between two sayings of what is not decided */
#define LEASE_HEARTBEATS 20u       /* that a worker outlives its agent */
#define URGENT_PER_TICK 4u /* standing.md, section 3: the rest waits for the tick's block */

/* Renews what guards the deciding state; false: it was damaged before. */
bool node_seal(struct node *n) __attribute__((warn_unused_result));
void node_seal_first(struct node *n);
bool node_has_shadow(const struct node *n) __attribute__((warn_unused_result));

/* For good: this node is unfit. Whatever else the step has prepared is dropped. */
void node_neuter(struct node *n, const struct finding *why, struct effects *out);

/* node_diagnosis.c: whether it is fit. A finding of the node itself, or of the machine's
 * thread, is taken; then node_diagnosis_watch looks at what that means for this step. */
void node_diagnosis_start(struct node *n, struct effects *out);
void node_diagnosis_take(struct node *n, const struct finding *f, bool machine,
                         struct effects *out);
void node_diagnosis_watch(struct node *n, struct effects *out);
/* Before it: a step that comes late, R22, and how patient that makes it, R30. */
void node_diagnosis_time(struct node *n, uint64_t late_ms, struct effects *out);
/* The whole of it once more, with a burst test: nothing is signed before it has passed. */
void node_diagnosis_anew(struct node *n, struct effects *out);

struct simplex_world node_world(struct node *n, uint64_t random, struct effects *out);

/* node_peers.c: who is there. */
void node_peers_start(struct deciding *d);
void node_peers_excuse(struct deciding *d, uint64_t late_ms);
void node_peers_on_heartbeat(struct deciding *d, uint32_t member, const struct message *m);
void node_peers_on_anything(struct deciding *d, uint32_t member);
void node_peers_probe(struct deciding *d, uint32_t member, struct effects *out);
void node_peers_watch(struct deciding *d, struct effects *out);
/* What my wall clock is off the median of those heard and my own (protocol.md, rule 15). */
int64_t node_peers_median_offset_ms(const struct deciding *d);
/* The voters among the members whose bits are set. */
uint32_t node_peers_voters(const struct deciding *d, uint32_t members);

/* node_door.c: whether the message is open to its sender, by the standing that it has now. */
bool node_door_admits(const struct deciding *d, uint32_t from, const struct message *m);

/* node_links.c: what the exchange with the peers tells this node of itself. */
void node_links_start(struct deciding *d);
/* First thing in a step that comes so late: whoever has slept knows nothing of the others. */
void node_links_wake(struct deciding *d, uint64_t late_ms, uint64_t random);
void node_links_say(struct deciding *d, struct heartbeat *h);
/* False: it is not the newest of the run that is heard. */
bool node_links_on_heartbeat(struct deciding *d, uint32_t member, const struct heartbeat *h);
/* A signature in what came from the member does not hold; `accepted_again`: looked at once more
 * it did. */
void node_links_rejected(struct node *n, uint32_t member, bool accepted_again,
                         struct effects *out);
void node_links_watch(struct node *n, struct effects *out);
/* While true this node judges nobody. */
bool node_links_doubts(const struct deciding *d);

/* node_challenges.c: is a member that is missed there after all? */
void node_challenges_start(struct deciding *d, uint64_t random);
void node_challenges_on_challenge(struct node *n, uint32_t from, const struct message *m,
                                  struct effects *out);
void node_challenges_on_answer(struct node *n, uint32_t from, const struct message *m,
                               struct effects *out);
void node_challenges_on_signed(struct node *n, uint64_t serial, const uint8_t *signature,
                               struct effects *out);
void node_challenges_watch(struct node *n, uint64_t random, struct effects *out);
/* Missed, and neither it nor anybody who was asked to ask it has answered; or its machine says
 * that nobody listens there. */
bool node_challenges_is_silent(const struct deciding *d, uint32_t member);

/* For a ballot: has the member answered a challenge made for it, directly or relayed? Asked
 * from the step on in which node_challenges_ask was called; pending for TRIAL_MS at most. */
#define TRIAL_MS 2000u
enum trial { TRIAL_PENDING, TRIAL_ANSWERED, TRIAL_UNANSWERED };
void node_challenges_ask(struct deciding *d, uint32_t member);
enum trial node_challenges_trial(const struct deciding *d, uint32_t member);

/* False: the member has had its share of what I do for it in a second; counts it. */
bool node_challenges_may_ask(struct deciding *d, uint32_t member);
/* Nobody can foresee it: 64 fresh bits of the shell's are in it. */
struct hash node_challenges_draw(struct deciding *d, uint64_t random);
/* `n->scratch`, to one member. */
void node_challenges_send(struct node *n, uint32_t member, struct effects *out);

/* node_toil.c: what others have set to this member, or want put through. */
void node_toil_on_task(struct node *n, uint32_t from, const struct message *m,
                       struct effects *out);
void node_toil_on_solved(struct node *n, uint64_t serial, const uint8_t *result,
                         struct effects *out);
void node_toil_on_signed(struct node *n, uint64_t serial, const uint8_t *signature,
                         struct effects *out);

/* node_tasks.c: is the arithmetic of the others right? */
void node_tasks_on_solution(struct node *n, uint32_t from, const struct message *m,
                            struct effects *out);
/* `result`: HASH_BYTES, or NULL: this machine could not. */
void node_tasks_on_solved(struct node *n, uint64_t serial, const uint8_t *result,
                          struct effects *out);
void node_tasks_watch(struct node *n, uint64_t random, struct effects *out);
void node_tasks_send(struct node *n, uint32_t to, uint32_t subject, const struct hash *nonce,
                     struct effects *out);
/* Has the shell do that work; returns the serial under which its result comes. */
uint64_t node_tasks_solve(struct deciding *d, const struct hash *nonce, struct effects *out);
/* Whether the task that was set for the open motion against the member is not answered by now,
 * directly or through others, while it attests and is heard. */
bool node_tasks_unanswered(const struct deciding *d, uint32_t member);
/* The two of this grant did not come to the same numbers. */
void node_tasks_on_dispute(struct deciding *d, const struct grant *grant);
/* Bits of the voters that this member finds wrong by what they signed or left undone. */
uint32_t node_tasks_wrong(const struct deciding *d);

/* node_fleet.c: what members have in common. What the chain has of each is kept with the tick
 * from which it was so, in `out`; that of a new one is 0. */
void node_fleet_on_own(struct node *n, const struct own_fleet *own);
void node_fleet_attest(struct deciding *d, struct attest *out);
void node_fleet_watch(struct node *n, struct effects *out);
void node_fleet_of(const struct cluster *c, struct fleet_member out[static MEMBERS_MAX]);
struct fleet_skew node_fleet_skew(const struct cluster *c, enum fleet_half half);

/* node_words.c: what this member hands in. */
void node_words_start(struct deciding *d);
void node_words_say(struct node *n, struct effects *out);
void node_words_hand_in(struct node *n, struct command *c, struct effects *out);
void node_words_on_decided(struct deciding *d);
void node_words_on_signed(struct node *n, uint64_t serial, const uint8_t *signature,
                          struct effects *out);
void node_on_command(struct node *n, uint32_t from, struct bytes_view command,
                     struct effects *out);

/* node_resign.c: what is said once this member is unfit, signed while it is fit. */
void node_resign_watch(struct node *n, struct effects *out);
void node_resign_on_signed(struct node *n, uint64_t serial, const uint8_t *signature,
                           struct effects *out);
/* To all, of a command's bytes. */
void node_words_broadcast(struct node *n, const uint8_t *bytes, uint32_t size_bytes,
                          struct effects *out);

/* node_motions.c: ballots on what is open, and appeals. */
void node_motions_start(struct deciding *d);
void node_motions_watch(struct node *n, struct effects *out);
/* Whether I myself, here and now, find the member as a motion of that kind has it: unreachable,
 * or wrong. */
bool evidence_against(const struct node *n, uint32_t member, enum motion_kind kind);

/* node_proofs.c: what others have signed that convicts them is shown to all. Answers that
 * others show are recomputed first, for this member's own votes and blocks and before they are
 * passed on. */
void node_proofs_watch(struct node *n, struct effects *out);
/* False: a proof by an answer, of an author that has shown a right one as wrong lately. */
bool node_proofs_wants(const struct deciding *d, const uint8_t *command, size_t size_bytes);
/* At the end of a step: what is to be solved before anything follows from it. */
void node_proofs_solve(struct deciding *d, struct effects *out);
void node_proofs_on_solved(struct node *n, uint64_t serial, const uint8_t *result,
                           struct effects *out);

/* node_tokens.c: signatures over what blocks call for, and what is assembled of them. */
void node_tokens_on_cosign(struct node *n, uint32_t from, const struct message *m,
                           struct effects *out);
void node_tokens_on_signed(struct node *n, uint64_t serial, const uint8_t *signature,
                           struct effects *out);
void node_tokens_watch(struct node *n, struct effects *out);
/* node_tokens_make.c: what a block calls for, which follows from the state after it and any
 * later one up to the next call. Number i is the token of the i-th voter; the last, the bundle.
 */
uint32_t node_tokens_count(const struct cluster *c);
/* The member's own token's number; node_tokens_count if it gets none. */
uint32_t node_tokens_of(const struct cluster *c, uint32_t member);
/* Whom to believe after the block that called. */
void node_tokens_trust(const struct cluster *c, struct trust *out);
/* The bytes that `signer` signs; 0: there are none. */
size_t node_tokens_input(const struct cluster *c, uint32_t number, uint32_t signer,
                         uint8_t out[static JWS_INPUT_MAX]);
/* The whole, with the signatures of the members whose bits are set; member i has the i-th of
 * `signatures`. */
size_t node_tokens_assemble(const struct cluster *c, uint32_t number, uint32_t signers,
                            const uint8_t *signatures, char out[static JWS_TEXT_MAX]);

/* node_work.c: the grant, the worker, its reports. */
void node_work_on_report(struct node *n, const struct report *report, struct effects *out);
void node_work_on_ended(struct node *n, bool clean, struct effects *out);
void node_work_watch(struct node *n, struct effects *out);
void node_work_hand_in_results(struct node *n, struct effects *out);

/* node_still.c: whether others may have decided without me. */
/* So many voters, me among them, have decided nothing above my height, nor helped to, that no
 * quorum of the others can have: by heartbeats of now, that answer my heartbeat number `first`
 * or a later one; 0: any. */
bool node_nobody_is_ahead(const struct deciding *d, uint64_t first);
void node_still_start(struct deciding *d);
/* Before the step's time is taken over. */
void node_still_wake(struct deciding *d, uint64_t now_ms);
void node_still_watch(struct deciding *d);
/* Since it stood still, or was started, it has not heard that nobody is ahead. `now_ms`: the
 * monotonic clock's, as the first step after a gap may not have been taken. */
bool node_may_have_missed(const struct deciding *d, uint64_t now_ms);

/* node_names.c: the names that this member serves under. */
void node_names_sent(struct deciding *d); /* the newest attestation, now */
void node_names_on_decided(struct deciding *d);
void node_names_on_done(struct deciding *d, uint64_t serial, bool clean);
void node_names_watch(struct node *n, struct effects *out);
/* Whether it serves under the name, and may. */
bool node_names_serves(const struct deciding *d, uint32_t name);

/* node_operator.c: what operators hand in here. */
void node_operator_on_command(struct node *n, const uint8_t *bytes, size_t size_bytes,
                              struct effects *out);
void node_operator_watch(struct node *n, struct effects *out);

#endif

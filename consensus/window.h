#ifndef OSTRAKON_CONSENSUS_WINDOW_H
#define OSTRAKON_CONSENSUS_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "cluster.h"
#include "turn.h"

/* What members say of windows, and when a window is settled: when two different members have
 * found it published with one digest (standing.md, section 7). Whoever says otherwise, before
 * or after, dissents: that spoils its record, and it neither leads nor audits for a while. */

/* Why a result or a dispute would change nothing; CAUSE_NONE if it would. The author's standing
 * and the fence are judged elsewhere. */
enum cause windows_result_cause(const struct cluster *c, uint32_t author,
                                const struct result *s);
enum cause windows_dispute_cause(const struct cluster *c, uint32_t author,
                                 const struct dispute *d);

void windows_on_result(struct cluster *c, struct turn *t, uint32_t author,
                       const struct result *s);
/* Marks its author in t->disputers where the window is open: the grant then moves. */
void windows_on_dispute(struct cluster *c, struct turn *t, uint32_t author,
                        const struct dispute *d);

/* With audit off and nobody to audit, what the leader found published is settled by it alone.
 */
void windows_settle_alone(struct cluster *c, const struct turn *t);

/* Bits of the members that have disputed a window which is still open. */
uint32_t windows_disputers(const struct cluster *c);
/* Whether the member has found the oldest open window published. */
bool windows_has_result(const struct cluster *c, uint32_t member);

/* A note that a run of windows shares: the next window prolongs it. */
void windows_note(const struct turn *t, enum note_kind kind, uint64_t window,
                  const uint32_t members[static 2]);

/* Renews the deadlines of the grant: it was given, or the oldest open window is another. */
void windows_renew_deadlines(struct cluster *c);

#endif

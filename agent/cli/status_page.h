#ifndef OSTRAKON_AGENT_CLI_STATUS_PAGE_H
#define OSTRAKON_AGENT_CLI_STATUS_PAGE_H

#include <cjson/cJSON.h>

#include "command.h"
#include "page.h"

/* `ostrakon status`: /v1/status for people. What it reads (fields beside those of the issue may
 * be absent, and then their line is):
 *
 *   cluster, seen_by, seen_at       the first line; seen_at is also what ages are counted to
 *   state                           ok, degraded, no_quorum
 *   phase                           starting, catching_up, running: shown instead of the state
 *   level                           ok, warning, critical: the exit code; else it is the
 * state's summary                         what happened, in whole sentences missing [{member,
 * text}]: who is not heard, since when, why action, see                     what to do, and a
 * code to look up quorum                          {voters, needed, heard, bears {crashed,
 * malfunctioning}} window_s                        not whole minutes: times of windows are
 * shown with seconds windows                         {settled_until, due, oldest_due_age_ms,
 * completed_until, completed_by, completed_fence} grant                           null or
 * {holder, fence, from, to, auditor} record_ticks                    the length of a perfect
 * record members                         [{name, role, standing, record_ticks, score,
 * heard_age_ms, names, notes}]
 *
 * The sentences are the agent's own, so that API, log and command line say the same.
 */
enum exit_code status_exit_code(const cJSON *document);

/* `all`: the table also when there is no quorum, where it says little. */
void status_print(const struct page *p, const cJSON *document, bool all);

/* What is being voted on, a line a motion (status_motions.c); and that votes only observe, or
 * cannot be held. */
void status_print_motions(const struct page *p, const cJSON *document, uint64_t seen_ms);
void status_print_votes(const struct page *p, const cJSON *document, uint64_t seen_ms);

/* The members, one a line, and their notes below them (status_table.c). */
void status_print_members(const struct page *p, const cJSON *document);

#endif

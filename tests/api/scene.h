#ifndef OSTRAKON_TESTS_API_SCENE_H
#define OSTRAKON_TESTS_API_SCENE_H

#include "agent/agent.h"

/* An agent that does not run: its node's fields are as if all were well, for a test to change.
 * It is atlas, of atlas, helios, selene, argus, themis (the last two witnesses), at height
 * 48213; helios holds fence 87, audited by themis. */

#define SCENE_UNIX_MS 1795269791482u /* 2026-11-21T14:03:11.482Z */
#define SCENE_HEIGHT 48213u
#define SCENE_FENCE 87u

enum { ATLAS, HELIOS, SELENE, ARGUS, THEMIS, SCENE_MEMBERS };

struct founding scene_founding(uint32_t members);

/* `now_ms` on the monotonic clock, `unix_ms` on the wall's: when all this is. The first of
 * `members` 1 .. SCENE_MEMBERS are there. */
void scene_init(struct agent *a, uint32_t members, uint64_t now_ms, uint64_t unix_ms);
void scene_finish(struct agent *a);

/* Nothing more comes from the member, for so long now. */
void scene_silence(struct agent *a, uint32_t member, uint64_t for_ms);

/* The member attests that it cannot reach the other one. */
void scene_accuse(struct agent *a, uint32_t accuser, uint32_t member);

/* A block has called for tokens, and all have signed: this agent has its own and the bundle. */
void scene_issue(struct agent *a);
/* The token of a member as `signers` (bits) sign it in this state; returns its size. */
size_t scene_token(const struct agent *a, uint32_t member, uint32_t signers,
                   char out[static JWS_TEXT_MAX]);
/* It is suspended by the block that is now the newest; nothing is called for, or signed. */
void scene_remove(struct agent *a, uint32_t member);

#endif

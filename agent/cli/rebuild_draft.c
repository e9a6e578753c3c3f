/* What a rebuilt cluster keeps of the one before it, and what it leaves behind. */
#include "rebuild.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "agent/config_timing.h"

static void draft_timing_of(struct rebuild *r)
{
    const struct timing defaults = timing_default();
    const struct timing *t = &r->past.timing;
    uint32_t count = 0;
#define X(key, least, most)                                                                    \
    if (t->key != defaults.key) {                                                              \
        snprintf(r->timing[count], REBUILD_PAIR_BYTES, "%s=%" PRIu32, #key, t->key);           \
        r->draft.timing[count] = r->timing[count];                                             \
        count++;                                                                               \
    }
    TIMING_KEYS(X)
#undef X
    r->draft.timing_count = count;
}

static void draft_members_of(struct rebuild *r)
{
    for (uint32_t i = 0; i < r->past.member_count; i++) {
        const struct member *from = &r->past.member[i];
        struct draft_member *to = &r->draft.members[r->draft.member_count];
        if ((r->chosen >> i & 1) == 0) {
            continue;
        }
        memcpy(to->name, from->name, sizeof from->name);
        snprintf(to->role, sizeof to->role, "%s",
                 from->role == ROLE_WITNESS ? "witness" : "node");
        memcpy(to->address, from->address, sizeof from->address);
        sodium_bin2hex(to->transport_key, sizeof to->transport_key, from->transport_key,
                       sizeof from->transport_key);
        sodium_bin2hex(to->vote_key, sizeof to->vote_key, from->vote_key,
                       sizeof from->vote_key);
        r->draft.member_count++;
    }
}

/* Who has lost the only operator's key names another: nobody else can any more. */
static void draft_operators_of(struct rebuild *r)
{
    const struct rebuild_options *options = r->options;
    for (uint32_t i = 0; i < options->operator_count; i++) {
        r->draft.operators[i] = options->operators[i];
    }
    if (options->operator_count > 0) {
        r->draft.operator_count = options->operator_count;
        return;
    }
    char key[2 * PUBLIC_KEY_BYTES + 1];
    for (uint32_t i = 0; i < r->past.operator_count; i++) {
        const struct operator_key *from = &r->past.operators[i];
        sodium_bin2hex(key, sizeof key, from->key, sizeof from->key);
        snprintf(r->operators[i], REBUILD_PAIR_BYTES, "%s,%s", from->name, key);
        r->draft.operators[i] = r->operators[i];
    }
    r->draft.operator_count = r->past.operator_count;
}

/* A name whose owner is gone is its holder's, or else the first survivor's. */
static void draft_names_of(struct rebuild *r)
{
    const struct cluster *c = &r->past;
    for (uint32_t k = 0; k < c->name_count; k++) {
        const struct service_name *from = &c->names[k];
        uint32_t owner = (uint32_t)__builtin_ctz(r->chosen);
        if ((r->chosen >> from->owner & 1) != 0) {
            owner = from->owner;
        } else if (from->holder != MEMBER_NONE && (r->chosen >> from->holder & 1) != 0) {
            owner = from->holder;
        }
        snprintf(r->names[k], sizeof r->names[k], "%s,%s%s", from->name, c->member[owner].name,
                 from->exclusive ? "" : ",shared");
        r->draft.names[k] = r->names[k];
    }
    r->draft.name_count = c->name_count;
}

/* What operators have changed since the founding stays changed. The least number of members
 * does only if somebody chose it, and it can still be met. */
static void draft_settings_of(struct rebuild *r)
{
    const struct cluster *c = &r->past;
    const uint32_t founded = r->config.founding.member_count;
    const bool chosen = c->members_min != founding_members_min(founded);
    if (c->malfunctioning_max < MEMBERS_MAX) {
        snprintf(r->malfunctioning_max, sizeof r->malfunctioning_max, "%" PRIu32,
                 c->malfunctioning_max);
        r->draft.malfunctioning_max = r->malfunctioning_max;
    }
    if (chosen && c->members_min <= r->draft.member_count) {
        snprintf(r->min_members, sizeof r->min_members, "%" PRIu32, c->members_min);
        r->draft.min_members = r->min_members;
    }
    /* One alone has nobody to audit it. */
    r->draft.audit = c->audit_required && r->draft.member_count > 1 ? "required" : "off";
    r->draft.mode = c->observes ? "observe" : "act";
}

static uint32_t greatest_term(const struct cluster *c)
{
    uint32_t term = 1;
    for (uint32_t i = 0; i < c->member_count; i++) {
        term = c->member[i].term > term ? c->member[i].term : term;
    }
    return term;
}

void rebuild_draft(struct rebuild *r)
{
    const struct cluster *c = &r->past;
    r->draft.name = c->name;
    r->draft.founded = moment_iso(c->time_ms, r->founded);
    draft_timing_of(r);
    draft_members_of(r);
    draft_operators_of(r);
    draft_names_of(r);
    draft_settings_of(r);
    r->draft.rebuilt = (struct founding_rebuilt){
        .from = c->id,
        .height = c->height,
        .next_window = c->windows.next,
        .fence = c->last_fence + REBUILT_FENCES,
        .term = greatest_term(c) + REBUILT_TERMS,
    };
}

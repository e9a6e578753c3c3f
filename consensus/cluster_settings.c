/* What operators change of the cluster as a whole: its settings, and who the operators are. */
#include <string.h>

#include "cluster_parts.h"
#include "election.h"

#define WISH_DOMAIN "ostrakon/wish/1"
#define KEYS_BYTES ((NAME_SIZE_BYTES + PUBLIC_KEY_BYTES) * OPERATORS_MAX)

static uint32_t *number_of(struct cluster *c, enum setting setting)
{
    switch (setting) {
    case SETTING_PATIENCE_MS:
        return &c->timing.patience_ms;
    case SETTING_GRACE_S:
        return &c->timing.grace_s;
    case SETTING_WINDOW_TIMEOUT_S:
        return &c->timing.window_timeout_s;
    case SETTING_AUDIT_TIMEOUT_S:
        return &c->timing.audit_timeout_s;
    case SETTING_TTL_S:
        return &c->timing.ttl_s;
    case SETTING_MALFUNCTIONING_MAX:
        return &c->malfunctioning_max;
    case SETTING_MIN_MEMBERS:
        return &c->members_min;
    case SETTING_PROTOCOL:
        return &c->version;
    case SETTING_OBSERVE:
    case SETTING_AUDIT:
    case SETTING_COUNT:
        break;
    }
    return NULL;
}

uint32_t cluster_setting(const struct cluster *c, enum setting setting)
{
    switch (setting) {
    case SETTING_PATIENCE_MS:
        return c->timing.patience_ms;
    case SETTING_GRACE_S:
        return c->timing.grace_s;
    case SETTING_WINDOW_TIMEOUT_S:
        return c->timing.window_timeout_s;
    case SETTING_AUDIT_TIMEOUT_S:
        return c->timing.audit_timeout_s;
    case SETTING_TTL_S:
        return c->timing.ttl_s;
    case SETTING_MALFUNCTIONING_MAX:
        return c->malfunctioning_max;
    case SETTING_AUDIT:
        return c->audit_required ? 1 : 0;
    case SETTING_OBSERVE:
        return c->observes ? 1 : 0;
    case SETTING_MIN_MEMBERS:
        return c->members_min;
    case SETTING_PROTOCOL:
        return c->version;
    case SETTING_COUNT:
        break;
    }
    return 0;
}

/* Whom votes would have removed was not voted on for long, as all that came of it was a word.
 */
static void act_again(struct cluster *c)
{
    for (uint32_t i = 0; i < c->member_count; i++) {
        if (c->confidence[i].barred_told_ms != 0) {
            c->confidence[i].motion_after_ms = 0;
        }
    }
}

void cluster_set(struct cluster *c, enum setting setting, uint32_t value)
{
    uint32_t *number = number_of(c, setting);
    if (number != NULL) {
        *number = value;
    } else if (setting == SETTING_AUDIT) {
        c->audit_required = value != 0;
    } else if (setting == SETTING_OBSERVE) {
        c->observes = value != 0;
        if (!c->observes) {
            act_again(c);
        }
    }
}

/* Who has been silent for long may have gone back to a release that cannot. */
uint32_t cluster_unable(const struct cluster *c, uint32_t version)
{
    uint32_t unable = 0;
    for (uint32_t i = 0; i < c->member_count; i++) {
        const struct attested *a = &c->latest[i];
        const bool able =
            election_attests(c, i) && a->version_low <= version && version <= a->version_high;
        unable |= cluster_is_voter(c, i) && !able ? (uint32_t)1 << i : 0;
    }
    return unable;
}

/* What two operators say that is the same has the same hash. */
static struct hash wish_of(const struct operator_command *o)
{
    uint8_t bytes[KEYS_BYTES];
    struct writer w = writer_of(bytes, sizeof bytes);
    for (uint32_t i = 0; i < o->key_count; i++) {
        write_bytes(&w, o->keys[i].name, sizeof o->keys[i].name);
        write_bytes(&w, o->keys[i].key, sizeof o->keys[i].key);
    }
    return hash_of(WISH_DOMAIN, bytes, writer_done(&w));
}

static bool is_wish_alive(const struct cluster *c, uint32_t operator)
{
    return c->operator_wish[operator].until_ms >= c->time_ms &&
           !hash_is_none(&c->operator_wish[operator].keys);
}

uint32_t cluster_wishes(const struct cluster *c, uint32_t operator)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < c->operator_count && is_wish_alive(c, operator); i++) {
        count += is_wish_alive(c, i) && hash_equal(&c->operator_wish[i].keys,
                                                   &c->operator_wish[operator].keys)
                     ? 1
                     : 0;
    }
    return count;
}

/* A key of a member's would be two persons in one. */
enum cause cluster_keys_cause(const struct cluster *c, const struct operator_command *o)
{
    bool same = o->key_count == c->operator_count;
    for (uint32_t i = 0; i < o->key_count; i++) {
        const uint8_t *key = o->keys[i].key;
        if (identity_judge(key) != KEY_ACCEPTED) {
            return CAUSE_BAD_KEY;
        }
        for (uint32_t k = 0; k < c->member_count; k++) {
            if (memcmp(c->member[k].transport_key, key, PUBLIC_KEY_BYTES) == 0 ||
                memcmp(c->member[k].vote_key, key, PUBLIC_KEY_BYTES) == 0) {
                return CAUSE_BAD_KEY;
            }
        }
        same = same && i < c->operator_count &&
               memcmp(&o->keys[i], &c->operators[i], sizeof o->keys[i]) == 0;
    }
    return same ? CAUSE_SAID_BEFORE : CAUSE_NONE;
}

/* The number that a key goes on from. One that was an operator's before, and is again, must not
 * find its old commands valid: no key has more of them decided than blocks hold. */
static uint64_t seq_after(const struct cluster *c, const struct turn *t, const uint8_t *key)
{
    for (uint32_t i = 0; i < c->operator_count; i++) {
        if (memcmp(c->operators[i].key, key, PUBLIC_KEY_BYTES) == 0) {
            return c->operator_seq[i];
        }
    }
    return t->height * BLOCK_COMMANDS_MAX;
}

static void replace(struct cluster *c, const struct turn *t, const struct operator_command *o)
{
    uint64_t seq[OPERATORS_MAX] = {0};
    for (uint32_t i = 0; i < o->key_count; i++) {
        seq[i] = seq_after(c, t, o->keys[i].key);
    }
    c->operator_count = o->key_count;
    memcpy(c->operators, o->keys, sizeof c->operators);
    memcpy(c->operator_seq, seq, sizeof c->operator_seq);
    memset(c->operator_wish, 0, sizeof c->operator_wish);
}

uint32_t cluster_wish(struct cluster *c, const struct turn *t, uint32_t operator,
                      const struct operator_command * o)
{
    c->operator_wish[operator] =
        (struct operator_wish){.keys = wish_of(o), .until_ms = o->not_after_ms};
    const uint32_t count = cluster_wishes(c, operator);
    if (2 * count > c->operator_count) {
        replace(c, t, o);
    }
    return count;
}

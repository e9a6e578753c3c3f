#include "cluster.h"

#include <assert.h>
#include <string.h>

static void found_member(struct cluster *c, uint32_t member, const struct founding *f)
{
    const struct founding_member *from = &f->members[member];
    struct member *to = &c->member[member];
    memcpy(to->name, from->name, sizeof to->name);
    to->role = from->role;
    memcpy(to->address, from->address, sizeof to->address);
    memcpy(to->transport_key, from->transport_key, sizeof to->transport_key);
    memcpy(to->vote_key, from->vote_key, sizeof to->vote_key);
    to->standing = STANDING_GOOD;
    to->since_ms = f->founded_ms;
    to->term = hash_is_none(&f->rebuilt.from) ? 1 : f->rebuilt.term;
    record_start(&c->record[member], c->tick);
}

static uint64_t window_ms(const struct cluster *c)
{
    return (uint64_t)c->timing.window_s * 1000;
}

static void found_windows(struct cluster *c, const struct founding *f)
{
    const uint64_t first = f->founded_ms / window_ms(c);
    c->windows.next = first > 0 ? first : 1;
    if (!hash_is_none(&f->rebuilt.from)) {
        c->windows.next = f->rebuilt.next_window;
        c->last_fence = f->rebuilt.fence;
    }
}

void cluster_found(struct cluster *c, const struct founding *f)
{
    assert(f->member_count >= 1 && f->member_count <= MEMBERS_MAX);
    assert(f->timing.tick_ms >= 1 && f->timing.window_s >= 1);
    *c = (struct cluster){
        .id = founding_id(f),
        .timing = f->timing,
        .malfunctioning_max = f->malfunctioning_max,
        .audit_required = f->audit_required,
        .observes = f->observes,
        .members_min =
            f->members_min != 0 ? f->members_min : founding_members_min(f->member_count),
        .proof_member = MEMBER_NONE,
        .no_electorate_ms = f->founded_ms,
        .time_ms = f->founded_ms,
        .version = PROTOCOL_FOUNDED,
        .tick = 1,
        .tick_start_ms = f->founded_ms,
        .member_count = f->member_count,
        .grant = {.leader = MEMBER_NONE, .auditor = MEMBER_NONE},
    };
    memcpy(c->name, f->name, sizeof c->name);
    c->operator_count = f->operator_count;
    memcpy(c->operators, f->operators, sizeof c->operators);
    names_found(c, f);
    c->block = c->id;
    c->blocks[0] = c->block;
    for (uint32_t i = 0; i < f->member_count; i++) {
        found_member(c, i, f);
    }
    found_windows(c, f);
    c->digests[0] = cluster_digest(c);
}

bool cluster_is_voter(const struct cluster *c, uint32_t member)
{
    return member < c->member_count && c->member[member].standing == STANDING_GOOD;
}

uint32_t cluster_voters(const struct cluster *c, uint8_t members[static MEMBERS_MAX])
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < c->member_count; i++) {
        if (cluster_is_voter(c, i)) {
            members[count++] = (uint8_t)i;
        }
    }
    return count;
}

struct quorum cluster_quorum(const struct cluster *c)
{
    uint8_t voters[MEMBERS_MAX];
    return quorum_of(cluster_voters(c, voters), c->malfunctioning_max);
}

uint32_t cluster_testimony(const struct cluster *c)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < c->member_count; i++) {
        count += c->member[i].standing != STANDING_LEFT ? 1 : 0;
    }
    return testimony_needed(count, c->malfunctioning_max);
}

/* An accusation speaks of now. That of a voter from whom no attestation has come for longer
 * than a censor could keep one back has lapsed, or two that crashed would accuse for good. */
static bool speaks_of_now(const struct cluster *c, uint32_t member)
{
    return c->latest[member].tick + 2 + cluster_quorum(c).malfunctioning >= c->tick;
}

uint32_t cluster_accusers(const struct cluster *c, uint32_t member, bool wrong)
{
    assert(member < c->member_count);
    const bool condemned = wrong && c->time_ms < c->condemned_until_ms[member];
    uint32_t count = 0;
    for (uint32_t i = 0; i < c->member_count; i++) {
        const uint32_t accused = wrong ? c->latest[i].wrong : c->latest[i].silent;
        const bool says_so = (accused >> member & 1) != 0 && speaks_of_now(c, i);
        count += cluster_is_voter(c, i) && i != member && (condemned || says_so) ? 1 : 0;
    }
    return count;
}

struct hash cluster_digest(const struct cluster *c)
{
    uint8_t bytes[CLUSTER_BYTES_MAX];
    const size_t size_bytes = cluster_encode(c, bytes);
    return hash_of("ostrakon/state/1", bytes, size_bytes);
}

struct hash cluster_state_hash(const struct cluster *c)
{
    return c->digests[c->height % HEIGHTS_KEPT];
}

bool cluster_keeps(const struct cluster *c, uint64_t height)
{
    assert(height <= c->height);
    return c->height - height < HEIGHTS_KEPT;
}

uint64_t cluster_window_due_ms(const struct cluster *c, uint64_t window)
{
    return (window + 1) * window_ms(c) + (uint64_t)c->timing.grace_s * 1000;
}

uint64_t cluster_windows_due(const struct cluster *c, uint64_t time_ms)
{
    const uint64_t grace_ms = (uint64_t)c->timing.grace_s * 1000;
    if (time_ms < grace_ms) {
        return 0;
    }
    const uint64_t end = (time_ms - grace_ms) / window_ms(c); /* the first that is not due */
    return end > c->windows.next ? end - c->windows.next : 0;
}

const uint8_t *cluster_author_key(const struct cluster *c, uint32_t author)
{
    if (author < c->member_count) {
        return c->member[author].vote_key;
    }
    const bool operator= author >= MEMBERS_MAX && author - MEMBERS_MAX<c->operator_count;
    return operator? c->operators[author - MEMBERS_MAX].key : NULL;
}

bool member_may_sign(const struct member *m)
{
    switch (m->standing) {
    case STANDING_GOOD:
    case STANDING_SUSPENDED:
        return true;
    case STANDING_LOCKED_OUT:
        return m->cause != STANDING_CAUSE_PROOF;
    case STANDING_NEUTERED:
    case STANDING_LEFT:
        break;
    }
    return false;
}

const char *standing_text(enum standing standing)
{
    static const char *const texts[] = {
        [STANDING_GOOD] = "good",
        [STANDING_SUSPENDED] = "suspended",
        [STANDING_LOCKED_OUT] = "locked_out",
        [STANDING_NEUTERED] = "neutered",
        [STANDING_LEFT] = "left",
    };
    return standing <= STANDING_LEFT ? texts[standing] : "unknown";
}

const char *standing_cause_text(enum standing_cause cause)
{
    static const char *const texts[] = {
#define X(name, text) [STANDING_CAUSE_##name] = text,
        STANDING_CAUSES(X)
#undef X
    };
    return cause < STANDING_CAUSE_COUNT ? texts[cause] : "unknown";
}

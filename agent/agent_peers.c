#include "agent/agent.h"

#include <string.h>

#include <sodium.h>

#include "agent/words.h"

static void on_message(void *context, uint32_t member, const uint8_t *bytes, size_t size_bytes)
{
    struct agent *a = context;
    a->foreign &= ~((uint32_t)1 << member); /* only who shares our cluster's id gets this far */
    struct input in = {
        .kind = INPUT_MESSAGE, .member = member, .bytes = bytes, .size_bytes = size_bytes};
    agent_step(a, &in);
}

static void on_closed(void *context, uint32_t member)
{
    struct agent *a = context;
    struct input in = {.kind = INPUT_CLOSED, .member = member};
    agent_step(a, &in);
}

static void on_refused(void *context, uint32_t member)
{
    struct agent *a = context;
    struct input in = {.kind = INPUT_REFUSED, .member = member};
    agent_step(a, &in);
}

/* That it takes what I send proves nothing to the detector, which waits for what it says. */
static void on_answered(void *context, uint32_t member)
{
    (void)context;
    (void)member;
}

static void on_foreign(void *context, const struct peers_foreign *foreign)
{
    struct agent *a = context;
    const struct founding *f = &a->config.founding;
    const char *name = words_member(&a->node->deciding.cluster, foreign->member);
    char ours[17];
    char theirs[17] = "unknown";
    const struct hash id = a->node->deciding.cluster.id;
    a->foreign |= (uint32_t)1 << foreign->member;
    sodium_bin2hex(ours, sizeof ours, id.bytes, 8);
    if (foreign->cluster_id != NULL) {
        sodium_bin2hex(theirs, sizeof theirs, foreign->cluster_id, 8);
    }
    journal_sayf(&a->journal, WORDS_ERROR, "OST-5501", "cluster_files_differ", name,
                 "%s was founded with another cluster.yaml: '%.64s' (%s) there, '%s' (%s) "
                 "here; compare the files, they must be the same on every node",
                 name, foreign->cluster_name, theirs, f->name, ours);
}

static void on_trouble(void *context, const struct peers_trouble *trouble)
{
    struct agent *a = context;
    const char *member = trouble->member == PEERS_NOBODY
                             ? NULL
                             : words_member(&a->node->deciding.cluster, trouble->member);
    journal_sayf(&a->journal, WORDS_WARNING, "OST-5502", "peer_trouble", member,
                 "%s%s%s (%s): %.160s; suppressed=%u", member == NULL ? "" : member,
                 member == NULL ? "" : " at ", trouble->address,
                 peers_trouble_text(trouble->kind), trouble->reason, trouble->suppressed);
}

void agent_restrict_peers(struct agent *a)
{
    const struct cluster *c = &a->node->deciding.cluster;
    uint32_t removed = 0;
    for (uint32_t i = 0; i < c->member_count; i++) {
        removed |= cluster_is_voter(c, i) ? 0 : (uint32_t)1 << i;
    }
    peers_restrict(a->peers, removed);
}

/* The member with this machine's transport key; MEMBER_NONE. */
static uint32_t find_own_key(const struct agent *a)
{
    const struct cluster *c = &a->node->deciding.cluster;
    for (uint32_t i = 0; i < c->member_count && i < MEMBERS_MAX; i++) {
        const uint8_t *key = c->member[i].transport_key;
        if (memcmp(key, a->transport.public_key, PUBLIC_KEY_BYTES) == 0) {
            return i;
        }
    }
    return MEMBER_NONE;
}

void agent_find_self(struct agent *a)
{
    const uint32_t found = find_own_key(a);
    if (a->config.joins && found != MEMBER_NONE) {
        a->config.member = found;
        node_be(a->node, found);
    }
}

bool agent_has_joined(const struct agent *a)
{
    const uint32_t found = find_own_key(a);
    return a->config.joins && found != MEMBER_NONE && found != a->config.member;
}

const char *agent_name(const struct agent *a)
{
    const uint32_t self = a->node != NULL ? find_own_key(a) : MEMBER_NONE;
    return self == a->config.member ? a->node->deciding.cluster.member[self].name
                                    : a->config.name;
}

const char *agent_founded_name(const struct agent *a, uint32_t member)
{
    const struct founding *f = &a->config.founding;
    return member < f->member_count ? f->members[member].name
                                    : a->node->deciding.cluster.member[member].name;
}

static struct peers_member peer_of(const struct cluster *c, uint32_t member)
{
    const struct member *m = &c->member[member];
    struct peers_member p = {.name = NULL};
    if (member < c->member_count) {
        p = (struct peers_member){.name = m->name, .address = m->address};
        memcpy(p.key, m->transport_key, sizeof p.key);
    }
    return p;
}

void agent_follow_roster(struct agent *a)
{
    const struct cluster *c = &a->node->deciding.cluster;
    for (uint32_t i = 0; i < c->member_count && i < MEMBERS_MAX; i++) {
        const struct peers_member p = peer_of(c, i);
        if (i != a->config.member) {
            peers_put(a->peers, i, &p);
        }
    }
}

struct peers *agent_open_peers(struct agent *a, char error[static AGENT_ERROR_BYTES])
{
    const struct founding *f = &a->config.founding;
    const struct cluster *c = &a->node->deciding.cluster;
    const uint32_t self = a->config.member;
    struct peers_member members[MEMBERS_MAX];
    for (uint32_t i = 0; i < MEMBERS_MAX; i++) {
        members[i] = peer_of(c, i);
    }
    /* The name in its certificate, whatever the chain calls it. */
    members[self] = (struct peers_member){.name = a->config.name, .address = a->config.listen};
    memcpy(members[self].key, a->transport.public_key, sizeof members[self].key);
    struct peers_config config = {
        .self = self,
        .member_count = self < c->member_count ? c->member_count : self + 1,
        .members = members,
        .listen = a->config.listen,
        .key = a->transport.key,
        .cluster_name = f->name,
        .callbacks = {.context = a,
                      .on_message = on_message,
                      .on_closed = on_closed,
                      .on_refused = on_refused,
                      .on_answered = on_answered,
                      .on_foreign = on_foreign,
                      .on_trouble = on_trouble},
    };
    const struct hash id = a->node->deciding.cluster.id;
    memcpy(config.cluster_id, id.bytes, sizeof config.cluster_id);
    return peers_create(a->loop, &config, error);
}

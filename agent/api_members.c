/* Members: each by itself, and all of them. */
#include <stdio.h>
#include <string.h>

#include "agent/api_parts.h"
#include "agent/node_parts.h"
#include "agent/text.h"
#include "agent/words.h"

#define CLOCK_SHOWN_MS 300 /* a heartbeat's way and the loop's turn take some of it */

static void add_heard(cJSON *object, const struct deciding *d, uint32_t member)
{
    const struct peer_view *p = &d->peer[member];
    if (member == d->options.self) {
        cJSON_AddNumberToObject(object, "heard_age_ms", 0);
    } else if (p->ever_heard) {
        const uint64_t now_ms = clock_monotonic_ms();
        const uint64_t heard_ms = p->detector.heard_ms;
        cJSON_AddNumberToObject(object, "heard_age_ms",
                                now_ms > heard_ms ? (double)(now_ms - heard_ms) : 0);
    } else {
        cJSON_AddNullToObject(object, "heard_age_ms");
    }
}

/* How far a member's clock is from the median of all that are heard. */
static void add_clock_note(cJSON *notes, const struct deciding *d, uint32_t member)
{
    char text[64];
    const struct peer_view *p = &d->peer[member];
    const bool self = member == d->options.self;
    if (!self && (!p->has_offset || (d->heard >> member & 1) == 0)) {
        return;
    }
    const int64_t off_ms = (self ? 0 : p->offset_ms) - node_peers_median_offset_ms(d);
    if (off_ms <= CLOCK_SHOWN_MS && off_ms >= -CLOCK_SHOWN_MS) {
        return;
    }
    snprintf(text, sizeof text, "clock: %.1f s %s of its peers",
             (double)(off_ms < 0 ? -off_ms : off_ms) / 1000.0, off_ms > 0 ? "ahead" : "behind");
    cJSON_AddItemToArray(notes, cJSON_CreateString(text));
}

/* Who cannot be reached cannot be told of a removal. */
static void add_token_note(cJSON *notes, const struct agent *a, uint32_t member)
{
    char iso[WORDS_ISO_BYTES];
    char text[96];
    const uint64_t until_ms = credentials_fooled_until_ms(a, member);
    if (until_ms > clock_unix_ms()) {
        words_iso(until_ms, iso);
        snprintf(text, sizeof text, "token: a verifier that is cut off may take it until %s",
                 iso);
        cJSON_AddItemToArray(notes, cJSON_CreateString(text));
    }
}

static void add_notes(cJSON *object, const struct agent *a, uint32_t member)
{
    const struct deciding *d = &a->node->deciding;
    cJSON *notes = cJSON_AddArrayToObject(object, "notes");
    const struct attested *latest = &d->cluster.latest[member];
    const struct peer_view *peer = &d->peer[member];
    const uint64_t said = latest->own | latest->serve | peer->own | peer->serve;
    for (uint32_t id = 1; id <= REFERENCES_MAX; id++) {
        if ((said & REFERENCE_BIT(id)) != 0) {
            cJSON_AddItemToArray(notes, cJSON_CreateString(reference_facts(id)->said));
        }
    }
    if (d->cluster.member[member].drained) {
        cJSON_AddItemToArray(notes,
                             cJSON_CreateString("drained by an operator: leads nothing"));
    }
    add_clock_note(notes, d, member);
    add_token_note(notes, a, member);
}

/* Bits of the members that say they cannot reach it. */
static uint32_t accusers_of(const struct cluster *c, uint32_t member)
{
    uint32_t accusers = 0;
    for (uint32_t i = 0; i < c->member_count; i++) {
        if (cluster_is_voter(c, i) && (c->latest[i].silent >> member & 1) != 0) {
            accusers |= (uint32_t)1 << i;
        }
    }
    return accusers;
}

static cJSON *member_object(const struct agent *a, uint32_t i)
{
    const struct deciding *d = &a->node->deciding;
    const struct cluster *c = &d->cluster;
    const struct member *m = &c->member[i];
    const struct attested *latest = &c->latest[i];
    const bool good = m->standing == STANDING_GOOD;
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "name", m->name);
    cJSON_AddStringToObject(object, "role", m->role == ROLE_NODE ? "node" : "witness");
    cJSON_AddStringToObject(object, "standing", standing_text(m->standing));
    api_add_time(object, "since", m->since_ms);
    if (good) {
        cJSON_AddNullToObject(object, "cause");
    } else {
        cJSON_AddStringToObject(object, "cause", standing_cause_text(m->cause));
    }
    if (good) {
        cJSON_AddNumberToObject(object, "record_ticks", c->record[i].run);
    } else {
        cJSON_AddNullToObject(object, "record_ticks");
    }
    if (good && latest->seq != 0) {
        cJSON_AddNumberToObject(object, "score", latest->score);
    } else {
        cJSON_AddNullToObject(object, "score");
    }
    add_heard(object, d, i);
    api_add_names(object, "accused_by", c, accusers_of(c, i));
    api_add_held(object, "names", c, i);
    add_notes(object, a, i);
    return object;
}

void api_add_members(const struct agent *a, cJSON *object, const char *name, uint32_t limit)
{
    const struct cluster *c = &a->node->deciding.cluster;
    uint32_t count = 0;
    cJSON *list = cJSON_AddArrayToObject(object, name);
    for (uint32_t i = 0; i < c->member_count && count < limit; i++) {
        if (c->member[i].standing != STANDING_LEFT) {
            cJSON_AddItemToArray(list, member_object(a, i));
            count++;
        }
    }
}

cJSON *document_members(const struct agent *a, const struct api_view *view)
{
    cJSON *object = api_begin(a);
    cJSON_AddNumberToObject(object, "record_ticks",
                            a->node->deciding.cluster.timing.record_ticks);
    cJSON_AddNumberToObject(object, "places", a->node->deciding.cluster.member_count);
    api_add_members(a, object, "items", view->limit);
    cJSON_AddNullToObject(object, "next");
    return object;
}

cJSON *api_member(const struct agent *a, uint32_t member)
{
    const struct member *m = &a->node->deciding.cluster.member[member];
    cJSON *object = member_object(a, member);
    cJSON_AddNumberToObject(object, "index", member);
    cJSON_AddStringToObject(object, "address", m->address);
    cJSON_AddNumberToObject(object, "term", m->term);
    api_add_hex(object, "transport_key", m->transport_key, PUBLIC_KEY_BYTES);
    api_add_hex(object, "vote_key", m->vote_key, PUBLIC_KEY_BYTES);
    return object;
}

uint32_t api_member_named(const struct cluster *c, const char *name, size_t size)
{
    for (uint32_t i = 0; i < c->member_count; i++) {
        if (strlen(c->member[i].name) == size && memcmp(c->member[i].name, name, size) == 0) {
            return i;
        }
    }
    return MEMBER_NONE;
}

void api_no_member(struct http_request *request, const struct cluster *c, const char *name)
{
    const char *names[MEMBERS_MAX];
    char shown[NAME_SIZE_BYTES + 16];
    char detail[API_DETAIL_BYTES];
    text_escape(name, strcspn(name, "/"), shown, sizeof shown);
    for (uint32_t i = 0; i < c->member_count; i++) {
        names[i] = c->member[i].name;
    }
    const char *nearest = text_nearest(shown, names, c->member_count);
    if (nearest != NULL && strcmp(nearest, shown) == 0) {
        snprintf(detail, sizeof detail, "There is no such page of %s.", shown);
    } else if (nearest != NULL) {
        snprintf(detail, sizeof detail, "There is no member \"%s\": did you mean %s?", shown,
                 nearest);
    } else {
        snprintf(detail, sizeof detail, "There is no member \"%s\"; /v1/members lists them.",
                 shown);
    }
    api_problem_send(request, &(struct api_problem){
                                  .status = 404, .title = "No such member", .detail = detail});
}

/* NAME, and NAME/record. */
cJSON *document_member(const struct agent *a, const struct api_view *view)
{
    const size_t size = strcspn(view->name, "/");
    const char *below = view->name + size;
    const uint32_t member = api_member_named(&a->node->deciding.cluster, view->name, size);
    if (member == MEMBER_NONE || (*below != '\0' && strcmp(below, "/record") != 0)) {
        return NULL;
    }
    if (*below != '\0') {
        return api_record(a, member);
    }
    cJSON *object = api_begin(a);
    cJSON_AddItemToObject(object, "member", api_member(a, member));
    return object;
}

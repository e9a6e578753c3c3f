/* The commands of a script; see README.md. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"

static void run_members(struct world *w, const struct words *words)
{
    world_finish(w);
    const struct world_options options = {
        .members = words->count > 1 ? (uint32_t)strtoul(words->word[1], NULL, 10) : 5,
        .absent = option_members(words, "absent", 0),
        .delta_ms = (uint32_t)option_uint(words, "delta", 100),
        .tick_ms = (uint32_t)option_uint(words, "tick", 5000),
        .malfunctioning_max = (uint32_t)option_uint(words, "liars_max", MEMBERS_MAX),
    };
    world_found(w, &options);
}

static void run_start(struct world *w, const struct words *words, uint32_t member)
{
    static const struct {
        const char *name;
        enum cause cause;
    } LOST[] = {
        {"missing", CAUSE_VOTES_MISSING},
        {"damaged", CAUSE_VOTES_DAMAGED},
        {"foreign", CAUSE_VOTES_FOREIGN},
    };
    const char *votes = option(words, "votes");
    const char *chain = option(words, "chain");
    const bool old_votes = votes != NULL && strcmp(votes, "old") == 0;
    const bool old_chain = chain != NULL && strcmp(chain, "old") == 0;
    enum cause cause = CAUSE_NONE;
    for (uint32_t i = 0; votes != NULL && i < 3; i++) {
        cause = strcmp(votes, LOST[i].name) == 0 ? LOST[i].cause : cause;
    }
    world_restore(w, member, old_votes, old_chain);
    w->agents[member].joins = has_word(words, "joins");
    world_start(w, member, cause);
}

static uint32_t kinds_of(const char *text)
{
    static const char *const NAMES[] = {
        [MESSAGE_PROPOSAL] = "proposal",   [MESSAGE_STATUS] = "status",
        [MESSAGE_DECIDED] = "decided",     [MESSAGE_WANT] = "want",
        [MESSAGE_BLOCK] = "block",         [MESSAGE_HELLO] = "hello",
        [MESSAGE_HEARTBEAT] = "heartbeat", [16 + VOTE_NOTARIZE] = "notarize",
        [16 + VOTE_NULLIFY] = "nullify",   [16 + VOTE_FINALIZE] = "finalize",
    };
    uint32_t kinds = 0;
    for (uint32_t i = 0; text != NULL && i < sizeof NAMES / sizeof NAMES[0]; i++) {
        if (NAMES[i] != NULL && strstr(text, NAMES[i]) != NULL) {
            kinds |= 1u << i;
        }
    }
    return text == NULL ? UINT32_MAX : kinds;
}

static void run_lose(struct world *w, const struct words *words)
{
    assert(w->rule_count < RULES_MAX);
    w->rules[w->rule_count++] = (struct rule){
        .from = option_members(words, "from", UINT32_MAX),
        .to = option_members(words, "to", UINT32_MAX),
        .kinds = kinds_of(option(words, "kinds")),
    };
}

/* What it has come across: whom it would convict, and by what. */
static void show_offences(const struct agent *a, FILE *out)
{
    static const char *const kinds[] = {
        [PROOF_ALONE] = "alone",
        [PROOF_PAIR] = "pair",
        [PROOF_HISTORY] = "history",
        [PROOF_BLOCK] = "block",
    };
    for (uint32_t i = 0; i < MEMBERS_MAX; i++) {
        const struct prove *p = &a->offences.of[i];
        if (p->kind != PROOF_ANSWER) {
            fprintf(out, " proof=%u:%s", i, kinds[p->kind]);
        }
    }
}

static void show(struct world *w, uint32_t member, FILE *out)
{
    const struct agent *a = &w->agents[member];
    const struct simplex *s = &a->simplex;
    if (!a->up) {
        fprintf(out, "%u is down\n", member);
        return;
    }
    fprintf(out, "%u is at height=%llu view=%u", member, (unsigned long long)s->height,
            s->view);
    if (s->record.best.kind != CERTIFICATE_NONE) {
        fprintf(out, " best=%u", s->record.best.view);
    }
    if (s->record.resume > s->height && !s->amnesiac) {
        fprintf(out, " votes_from=%llu", (unsigned long long)s->record.resume);
    }
    show_offences(a, out);
    fprintf(out, "%s%s%s\n", s->amnesiac ? " amnesiac" : "", s->stopped ? " stopped" : "",
            s->damaged ? " damaged" : "");
}

static void give_checkpoint(struct world *w, const struct words *words, uint32_t member)
{
    const char *name = option(words, "block");
    const struct named_block *b = name == NULL ? NULL : world_block(w, name);
    struct checkpoint *given = &w->agents[member].checkpoint;
    *given = (struct checkpoint){.height = b == NULL ? 0 : option_uint(words, "height", 0)};
    if (b != NULL) {
        given->hash = b->hash;
    }
}

static void disk(struct world *w, const struct words *words, uint32_t member)
{
    if (has_word(words, "slow")) {
        w->agents[member].slow = true;
    } else {
        world_disk_fast(w, member);
    }
}

/* What a line does to one member. False: it is no such line. */
static bool run_for(struct world *w, const struct words *words, uint32_t member, FILE *out)
{
    const char *verb = words->word[0];
    struct agent *a = &w->agents[member];
    if (strcmp(verb, "crash") == 0) {
        world_crash(w, member);
    } else if (strcmp(verb, "start") == 0) {
        run_start(w, words, member);
    } else if (strcmp(verb, "checkpoint") == 0) {
        give_checkpoint(w, words, member);
    } else if (strcmp(verb, "recompute") == 0) {
        proof_recompute(w, member);
    } else if (strcmp(verb, "save") == 0) {
        world_save(w, member);
    } else if (strcmp(verb, "disk") == 0) {
        disk(w, words, member);
    } else if (strcmp(verb, "clock") == 0) {
        a->clock_ms = strtoll(words->word[words->count - 1], NULL, 10);
    } else if (strcmp(verb, "suspects") == 0) {
        a->suspects = members_of(words->word[words->count - 1]);
        world_look(w, member);
    } else if (strcmp(verb, "greet") == 0) {
        liar_greet(w, member, option_members(words, "by", UINT32_MAX));
    } else if (strcmp(verb, "show") == 0) {
        show(w, member, out);
    } else if (strcmp(verb, "corrupt") == 0) {
        a->cluster.digests[a->cluster.height % HEIGHTS_KEPT].bytes[0] ^= 1;
    } else if (strcmp(verb, "damage") == 0) {
        a->cluster.windows.next ^= 1;
    } else {
        return false;
    }
    return true;
}

/* What a line does to the world. False: it is no such line. */
static bool run_world(struct world *w, const struct words *words, FILE *out)
{
    const char *verb = words->word[0];
    if (strcmp(verb, "members") == 0) {
        run_members(w, words);
    } else if (strcmp(verb, "run") == 0 && words->count > 1) {
        world_run(w, strtoull(words->word[1], NULL, 10));
    } else if (strcmp(verb, "rest") == 0 && words->count > 1) {
        world_rest(w, strtoull(words->word[1], NULL, 10));
    } else if (strcmp(verb, "urgent") == 0 && words->count > 1) {
        world_urge(w, (uint32_t)strtoul(words->word[1], NULL, 10),
                   option_members(words, "at", UINT32_MAX));
    } else if (strcmp(verb, "resign") == 0 && words->count > 1) {
        world_resign(w, (uint32_t)strtoul(words->word[1], NULL, 10),
                     option_members(words, "at", UINT32_MAX));
    } else if (strcmp(verb, "lose") == 0) {
        run_lose(w, words);
    } else if (strcmp(verb, "heal") == 0) {
        w->rule_count = 0;
    } else if (strcmp(verb, "block") == 0) {
        liar_block(w, words, out);
    } else if (strcmp(verb, "certify") == 0) {
        liar_certify(w, words, out);
    } else if (strcmp(verb, "say") == 0) {
        liar_say(w, words, out);
    } else {
        return false;
    }
    return true;
}

static void run(void *world, const struct words *words, FILE *out)
{
    struct world *w = world;
    bool known = run_world(w, words, out);
    const uint32_t members = words->count > 1 ? members_of(words->word[1]) : 0;
    for (uint32_t i = 0; !known && i < w->founding.member_count; i++) {
        if ((members >> i & 1) != 0 && !run_for(w, words, i, out)) {
            fprintf(out, "what is %s?\n", words->word[0]);
            return;
        }
    }
    world_print(w, out);
}

int main(int argc, char **argv)
{
    struct world *w = calloc(1, sizeof *w);
    assert(w != NULL);
    const struct script_actor actor = {.run = run, .world = w};
    const int status = script_main(argc, argv, &actor);
    world_finish(w);
    free(w);
    return status;
}

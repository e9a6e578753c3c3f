#include "words.h"

#include <stdio.h>
#include <time.h>

#include "../consensus/effects.h"
#include "words_parts.h"

static const char *const cause_words[] = {
    [CAUSE_NONE] = "no cause given",
    [CAUSE_UNREACHABLE] = "it cannot be reached",
    [CAUSE_WRONG] = "what it signs is wrong",
    [CAUSE_NOT_GOOD] = "it is not in good standing",
    [CAUSE_DEADLINE] = "its time was over",
    [CAUSE_FAILED] = "its worker failed",
    [CAUSE_DISPUTED] = "leader and auditor disagree",
    [CAUSE_DISSENT] = "it holds other statistics than those settled",
    [CAUSE_BETTER_CANDIDATE] = "another member is fitter",
    [CAUSE_MALFORMED] = "malformed",
    [CAUSE_BAD_SIGNATURE] = "badly signed",
    [CAUSE_BAD_CERTIFICATE] = "with a certificate that proves nothing",
    [CAUSE_OLD_TERM] = "of an old term",
    [CAUSE_OLD_FENCE] = "of an old fence",
    [CAUSE_NOT_ITS_ROLE] = "its author has not that role",
    [CAUSE_OLD_SEQ] = "a newer one was decided",
    [CAUSE_TOO_OLD] = "too old",
    [CAUSE_TOO_NEW] = "of a time that has not come",
    [CAUSE_OUTSIDE_RING] = "of a window that is not open",
    [CAUSE_SAID_BEFORE] = "said before",
    [CAUSE_LAST_VOTER] = "too few voters would be left",
    [CAUSE_NO_MEMBER] = "there is no such member",
    [CAUSE_TAKEN] = "another member is called so, or has that address",
    [CAUSE_BAD_KEY] = "a key in it is unsound, or somebody's already",
    [CAUSE_HELD] = "a proof against it is held",
    [CAUSE_OWN_REFERENCE] = "a reference of its own was not well",
    [CAUSE_REFUTED] = "it accused alone",
    [CAUSE_NOT_ATTESTED] = "nothing came from it",
    [CAUSE_NO_MOTION] = "of a motion that is not open",
    [CAUSE_NO_ELECTORATE] = "too few members have a perfect record",
    [CAUSE_TOO_FEW] = "too few members would be left",
    [CAUSE_PAUSED] = "an operator paused removals",
    [CAUSE_OBSERVED] = "the cluster only observes",
    [CAUSE_CLEARED] = "too few accuse it any more",
    [CAUSE_TOO_OFTEN] = "it was removed five times within a day: only an operator admits it",
    [CAUSE_OTHER_VERSION] = "it is of another version of the protocol",
    [CAUSE_UNABLE] = "not every voter has attested that it can run it",
    [CAUSE_FALSE_PROOF] = "a proof of what is no offence",
    [CAUSE_OTHER_STATE] = "its author's state differs from the chain's",
    [CAUSE_OTHER_HISTORY] = "it is of another history than the chain",
    [CAUSE_OTHER_PARENT] = "its block follows another one than was decided",
    [CAUSE_VOTES_MISSING] = "its vote record is missing",
    [CAUSE_VOTES_DAMAGED] = "its vote record is damaged",
    [CAUSE_VOTES_FOREIGN] = "its vote record is a copy or a restored backup",
    [CAUSE_VOTES_OLDER_THAN_SHOWN] = "a peer shows a later vote of its own than its record has",
    [CAUSE_AWAY] = "what it knew is too old",
    [CAUSE_STRANGERS] = "too few of those it knew are left",
};

const char *words_cause(enum cause cause)
{
    const uint32_t count = sizeof cause_words / sizeof cause_words[0];
    return (uint32_t)cause < count && cause_words[cause] != NULL ? cause_words[cause] : "?";
}

const char *words_level_text(uint32_t level)
{
    static const char *const texts[] = {
        [WORDS_ERROR] = "error", [WORDS_WARNING] = "warning", [WORDS_NOTICE] = "notice",
        [WORDS_INFO] = "info",   [WORDS_DEBUG] = "debug",
    };
    return level >= WORDS_ERROR && level <= WORDS_DEBUG ? texts[level] : "error";
}

const char *words_member(const struct cluster *c, uint32_t member)
{
    return member < c->member_count ? c->member[member].name : "nobody";
}

/* False for a time that no calendar has. */
static bool utc_of(uint64_t seconds, struct tm *utc)
{
    const time_t time = (time_t)seconds;
    return gmtime_r(&time, utc) != NULL;
}

void words_iso(uint64_t unix_ms, char text[static WORDS_ISO_BYTES])
{
    struct tm utc;
    char seconds[WORDS_ISO_BYTES];
    if (!utc_of(unix_ms / 1000, &utc) ||
        strftime(seconds, sizeof seconds, "%Y-%m-%dT%H:%M:%S", &utc) == 0) {
        snprintf(text, WORDS_ISO_BYTES, "?");
        return;
    }
    snprintf(text, WORDS_ISO_BYTES, "%.22s.%03uZ", seconds, (unsigned)(unix_ms % 1000));
}

void words_clock(uint64_t unix_ms, char text[static WORDS_ISO_BYTES])
{
    struct tm utc;
    if (!utc_of(unix_ms / 1000, &utc)) {
        snprintf(text, WORDS_ISO_BYTES, "?");
    } else if (utc.tm_sec == 0) {
        snprintf(text, WORDS_ISO_BYTES, "%02u:%02u", (unsigned)utc.tm_hour % 24u,
                 (unsigned)utc.tm_min % 60u);
    } else {
        snprintf(text, WORDS_ISO_BYTES, "%02u:%02u:%02u", (unsigned)utc.tm_hour % 24u,
                 (unsigned)utc.tm_min % 60u, (unsigned)utc.tm_sec % 61u);
    }
}

static void say_grant(const struct note *n, const struct cluster *c, char *text, size_t size)
{
    const unsigned long long fence = n->fence;
    const char *member = words_member(c, n->member);
    if (n->kind == NOTE_GRANTED && n->other == MEMBER_NONE) {
        snprintf(text, size, "fence %llu to %s; nobody is left to audit it", fence, member);
    } else if (n->kind == NOTE_GRANTED) {
        snprintf(text, size, "fence %llu to %s, audited by %s", fence, member,
                 words_member(c, n->other));
    } else if (n->kind == NOTE_AUDITOR_REPLACED && n->member == MEMBER_NONE) {
        snprintf(text, size, "fence %llu has no auditor any more (was %s): %s", fence,
                 words_member(c, n->other), cause_words[n->cause]);
    } else if (n->kind == NOTE_AUDITOR_REPLACED && n->other == MEMBER_NONE) {
        snprintf(text, size, "%s now audits fence %llu", member, fence);
    } else if (n->kind == NOTE_AUDITOR_REPLACED) {
        snprintf(text, size, "%s now audits fence %llu (was %s: %s)", member, fence,
                 words_member(c, n->other), cause_words[n->cause]);
    } else if (n->kind == NOTE_FENCE_RAISED) {
        snprintf(text, size,
                 "a fence that was never granted stands in the sink, a flipped bit or a lie: "
                 "fences go on above it, from %llu to %llu",
                 (unsigned long long)n->first, fence);
    } else {
        snprintf(text, size, "fence %llu taken from %s: %s", fence, member,
                 cause_words[n->cause]);
    }
}

static void say_member(const struct note *n, const struct cluster *c, char *text, size_t size)
{
    const char *member = words_member(c, n->member);
    if (n->kind == NOTE_MEMBER_UNREACHABLE) {
        snprintf(text, size, "%s cannot be reached: %llu members say so", member,
                 (unsigned long long)n->count);
    } else if (n->kind == NOTE_MEMBER_REACHABLE) {
        snprintf(text, size, "%s can be reached again", member);
    } else if (n->kind == NOTE_MEMBER_WRONG) {
        snprintf(text, size, "%s signs what is wrong: %llu members say so", member,
                 (unsigned long long)n->count);
    } else if (n->kind == NOTE_MEMBER_CLEARED) {
        snprintf(text, size, "%s is found wrong no longer", member);
    } else if (n->kind == NOTE_MEMBER_STARTED) {
        snprintf(text, size, "%s has started", member);
    } else if (n->kind == NOTE_WORK_FAILED) {
        snprintf(text, size, "%s failed at its work under fence %llu: %s", member,
                 (unsigned long long)n->fence, n->text);
    } else {
        const bool by_operator = n->member == MEMBER_NONE && n->text[0] != '\0';
        snprintf(text, size, "a command of %s%s had no effect: %s",
                 by_operator ? "operator " : "", by_operator ? n->text : member,
                 cause_words[n->cause]);
    }
}

/* "R23 disk, R24 disk speed" */
void words_references(uint64_t bits, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (uint32_t id = 1; id <= REFERENCES_MAX && used < size; id++) {
        const struct reference_facts *facts = reference_facts(id);
        if ((bits & REFERENCE_BIT(id)) != 0) {
            used += (size_t)snprintf(text + used, size - used, "%s%s %s", used > 0 ? ", " : "",
                                     facts->name, facts->title);
        }
    }
}

static const char *const standing_words[] = {
    [STANDING_GOOD] = "is in good standing",
    [STANDING_SUSPENDED] = "is suspended",
    [STANDING_LOCKED_OUT] = "is locked out",
    [STANDING_NEUTERED] = "is neutered",
    [STANDING_LEFT] = "has left",
};

static const char *const standing_cause_words[] = {
    [STANDING_CAUSE_FOUNDED] = "as founded",
    [STANDING_CAUSE_ADMITTED] = "an operator admitted it with new keys",
    [STANDING_CAUSE_UNREACHABLE] = "it could not be reached",
    [STANDING_CAUSE_WRONG] = "what it signed was wrong",
    [STANDING_CAUSE_PROOF] = "there is proof against it",
    [STANDING_CAUSE_RESIGNED] = "it found itself unfit",
    [STANDING_CAUSE_REMOVED] = "an operator removed it",
    [STANDING_CAUSE_REINSTATED] = "the electors reinstated it",
};

const char *words_standing(enum standing standing)
{
    return standing <= STANDING_LEFT ? standing_words[standing] : "?";
}

const char *words_standing_cause(enum standing_cause cause)
{
    return cause < STANDING_CAUSE_COUNT ? standing_cause_words[cause] : "?";
}

static void say_standing(const struct note *n, const struct cluster *c, char *text, size_t size)
{
    const char *member = words_member(c, n->member);
    char references[WORDS_MESSAGE_BYTES / 2];
    if (n->kind == NOTE_STANDING_CHANGED && n->first <= STANDING_LEFT &&
        n->fence < STANDING_CAUSE_COUNT) {
        snprintf(text, size, "%s %s: %s", member, standing_words[n->first],
                 standing_cause_words[n->fence]);
    } else if (n->kind == NOTE_OPERATOR && n->first == OPERATION_PAUSE && n->count == 0) {
        snprintf(text, size, "operator %s ended the pause of removals", n->text);
    } else if (n->kind == NOTE_OPERATOR && n->first == OPERATION_PAUSE) {
        snprintf(text, size, "operator %s paused removals for %llu s", n->text,
                 (unsigned long long)n->count);
    } else if (n->kind == NOTE_OPERATOR && n->first == OPERATION_SETTINGS) {
        char setting[WORDS_SETTING_BYTES];
        words_setting((enum setting)n->fence, n->count, setting);
        snprintf(text, size, "operator %s: settings %s", n->text, setting);
    } else if (n->kind == NOTE_OPERATOR && n->first == OPERATION_SET_OPERATORS) {
        snprintf(text, size, "operator %s wants other operators: %llu of %llu want the same%s",
                 n->text, (unsigned long long)n->count, (unsigned long long)n->fence,
                 2 * n->count > n->fence ? ", and so they are" : "");
    } else if (n->kind == NOTE_OPERATOR && n->first == OPERATION_RENAME) {
        snprintf(text, size, "operator %s renamed a member: it is %s now", n->text, member);
    } else if (n->kind == NOTE_OPERATOR) {
        snprintf(text, size, "operator %s: %s %s", n->text,
                 operation_text((enum operation)n->first), member);
    } else {
        words_references(n->first, references, sizeof references);
        snprintf(text, size, "tick %llu of %s is not perfect: %s%s%s",
                 (unsigned long long)n->count, member, cause_words[n->cause],
                 references[0] == '\0' ? "" : ": ", references);
    }
}

static void say_peer(const struct note *n, const struct cluster *c, char *text, size_t size)
{
    const char *member = words_member(c, n->member);
    if (n->kind == NOTE_PEER_SUSPECTED) {
        snprintf(text, size, "%s is not heard here any more, for %llu ms", member,
                 (unsigned long long)n->count);
    } else if (n->kind == NOTE_PEER_HEARD) {
        snprintf(text, size, "%s is heard here again", member);
    } else if (n->kind == NOTE_SOLUTION_WRONG) {
        snprintf(text, size, "%s has signed a wrong answer to a challenge", member);
    } else {
        snprintf(text, size, "%s sent a message that is %s", member, cause_words[n->cause]);
    }
}

static void say_self(const struct note *n, const struct cluster *c, char *text, size_t size)
{
    (void)c;
    const unsigned long long count = n->count;
    const unsigned long long first = n->first;
    if (n->kind == NOTE_STARTED) {
        snprintf(text, size, "agent started, at height %llu", first);
    } else if (n->kind == NOTE_QUORUM_LOST) {
        snprintf(text, size, "quorum lost: %llu voters are heard here", count);
    } else if (n->kind == NOTE_QUORUM_FOUND) {
        snprintf(text, size, "quorum heard: %llu voters", count);
    } else if (n->kind == NOTE_VOTES_FORGOTTEN) {
        snprintf(text, size, "this member does not vote: %s", cause_words[n->cause]);
    } else if (n->kind == NOTE_VOTES_RESUMED) {
        snprintf(text, size, "this member votes again, from height %llu", first);
    } else if (n->kind == NOTE_STORAGE_SLOW) {
        snprintf(text, size, "storage: a write has been under way for %llu ms", count);
    } else if (n->kind == NOTE_CATCHING_UP) {
        snprintf(text, size, "%llu blocks behind the others: fetching them", count);
    } else {
        snprintf(text, size, "caught up with the others, at height %llu", first);
    }
}

static void say_diagnosis(const struct note *n, const struct cluster *c, char *text,
                          size_t size)
{
    (void)c;
    char names[WORDS_MESSAGE_BYTES / 2];
    words_references(n->first, names, sizeof names);
    if (n->kind == NOTE_EXAMINED) {
        snprintf(text, size, "examined by the whole minimum set, %llu ms after the %s",
                 (unsigned long long)n->count, n->first == 0 ? "start" : "removal");
    } else if (n->kind == NOTE_FELL_SILENT) {
        snprintf(text, size, "this member signs nothing for now: %s", names);
    } else {
        snprintf(text, size, "this member signs again, after %llu ms: %s",
                 (unsigned long long)n->count, names);
    }
}

static void say_chain(const struct note *n, const struct cluster *c, char *text, size_t size)
{
    (void)c;
    const unsigned long long first = n->first;
    if (n->kind == NOTE_FORK_SEEN) {
        snprintf(text, size,
                 "two different blocks are decided at height %llu: more members lie than the "
                 "cluster bears; this one stops voting",
                 first);
    } else if (n->kind == NOTE_STATE_DIFFERS) {
        snprintf(text, size,
                 "the state at height %llu differs from that of a quorum which runs another "
                 "version: this member stops voting",
                 first);
    } else if (n->kind == NOTE_OTHER_PROTOCOL) {
        snprintf(text, size,
                 "from height %llu on the cluster goes by version %llu of the protocol, which "
                 "this release does not know: this member stops voting",
                 first, (unsigned long long)n->count);
    } else {
        snprintf(text, size, "height %llu goes into view %llu", first,
                 (unsigned long long)n->count);
    }
}

/* One line a kind of note: code, loudness, and who has its sentence. The codes are for good;
 * see the README. */
static const struct {
    const char *code;
    enum words_level level;
    void (*say)(const struct note *n, const struct cluster *c, char *text, size_t size);
} table[NOTE_KINDS] = {
    [NOTE_GRANTED] = {"OST-3001", WORDS_NOTICE, say_grant},
    [NOTE_AUDITOR_REPLACED] = {"OST-3002", WORDS_NOTICE, say_grant},
    [NOTE_GRANT_ENDED] = {"OST-3003", WORDS_NOTICE, say_grant},
    [NOTE_FENCE_RAISED] = {"OST-3004", WORDS_WARNING, say_grant},
    [NOTE_WINDOWS_SETTLED] = {"OST-3101", WORDS_INFO, words_say_windows},
    [NOTE_WINDOW_DISPUTED] = {"OST-3102", WORDS_WARNING, words_say_windows},
    [NOTE_WORK_FAILED] = {"OST-3103", WORDS_WARNING, say_member},
    [NOTE_DISSENT] = {"OST-3104", WORDS_WARNING, words_say_windows},
    [NOTE_WINDOW_DOUBTFUL] = {"OST-3105", WORDS_WARNING, words_say_windows},
    [NOTE_WINDOW_CONFIRMED] = {"OST-3106", WORDS_NOTICE, words_say_windows},
    [NOTE_WINDOW_CORRECTED] = {"OST-3107", WORDS_WARNING, words_say_windows},
    [NOTE_LOWER_TIER] = {"OST-3201", WORDS_WARNING, words_say_candidates},
    [NOTE_NO_CANDIDATE] = {"OST-3202", WORDS_ERROR, words_say_candidates},
    [NOTE_NAME_TAKEN] = {"OST-3301", WORDS_NOTICE, words_say_name},
    [NOTE_NAME_VACANT] = {"OST-3302", WORDS_WARNING, words_say_name},
    [NOTE_NAME_KEPT] = {"OST-3303", WORDS_NOTICE, words_say_name},
    [NOTE_NAME_RETURNING] = {"OST-3304", WORDS_NOTICE, words_say_name},
    [NOTE_NAME_RELEASED] = {"OST-3305", WORDS_NOTICE, words_say_name},
    [NOTE_MEMBER_UNREACHABLE] = {"OST-2001", WORDS_WARNING, say_member},
    [NOTE_MEMBER_REACHABLE] = {"OST-2002", WORDS_NOTICE, say_member},
    [NOTE_MEMBER_STARTED] = {"OST-2003", WORDS_NOTICE, say_member},
    [NOTE_MEMBER_WRONG] = {"OST-2004", WORDS_ERROR, say_member},
    [NOTE_MEMBER_CLEARED] = {"OST-2005", WORDS_NOTICE, say_member},
    [NOTE_STANDING_CHANGED] = {"OST-2101", WORDS_ERROR, say_standing},
    [NOTE_MOTION_OPENED] = {"OST-2201", WORDS_WARNING, words_say_motion},
    [NOTE_MOTION_PASSED] = {"OST-2202", WORDS_WARNING, words_say_motion},
    [NOTE_MOTION_FAILED] = {"OST-2203", WORDS_WARNING, words_say_motion},
    [NOTE_MOTION_LAPSED] = {"OST-2204", WORDS_WARNING, words_say_motion},
    [NOTE_REMOVAL_WAITS] = {"OST-2205", WORDS_WARNING, words_say_motion},
    [NOTE_REMOVAL_BARRED] = {"OST-2206", WORDS_ERROR, words_say_motion},
    [NOTE_PROVED] = {"OST-2211", WORDS_WARNING, words_say_proof},
    [NOTE_PROOF_HELD] = {"OST-2210", WORDS_ERROR, words_say_proof},
    [NOTE_APPEALED] = {"OST-2207", WORDS_NOTICE, words_say_electorate},
    [NOTE_NO_ELECTORATE] = {"OST-2208", WORDS_ERROR, words_say_electorate},
    [NOTE_ELECTORATE_FOUND] = {"OST-2209", WORDS_NOTICE, words_say_electorate},
    [NOTE_OPERATOR] = {"OST-2301", WORDS_NOTICE, say_standing},
    [NOTE_TICK_SPOILED] = {"OST-2302", WORDS_DEBUG, say_standing},
    [NOTE_COMMAND_SKIPPED] = {"OST-4001", WORDS_INFO, say_member},
    [NOTE_STARTED] = {"OST-5001", WORDS_NOTICE, say_self},
    [NOTE_QUORUM_LOST] = {"OST-1001", WORDS_ERROR, say_self},
    [NOTE_QUORUM_FOUND] = {"OST-1002", WORDS_NOTICE, say_self},
    [NOTE_PEER_SUSPECTED] = {"OST-5101", WORDS_INFO, say_peer},
    [NOTE_PEER_HEARD] = {"OST-5102", WORDS_INFO, say_peer},
    [NOTE_SOLUTION_WRONG] = {"OST-5104", WORDS_ERROR, say_peer},
    [NOTE_PEER_NONSENSE] = {"OST-5103", WORDS_WARNING, say_peer},
    [NOTE_VIEW_CHANGED] = {"OST-4101", WORDS_DEBUG, say_chain},
    [NOTE_VOTES_FORGOTTEN] = {"OST-1101", WORDS_ERROR, say_self},
    [NOTE_VOTES_RESUMED] = {"OST-1102", WORDS_NOTICE, say_self},
    [NOTE_FORK_SEEN] = {"OST-1201", WORDS_ERROR, say_chain},
    [NOTE_STATE_DIFFERS] = {"OST-1202", WORDS_ERROR, say_chain},
    [NOTE_OTHER_PROTOCOL] = {"OST-1203", WORDS_ERROR, say_chain},
    [NOTE_CHECKPOINT_WANTED] = {"OST-1204", WORDS_ERROR, words_say_checkpoint},
    [NOTE_CHECKPOINT_DIFFERS] = {"OST-1205", WORDS_ERROR, words_say_checkpoint},
    [NOTE_CHECKPOINT_MET] = {"OST-1206", WORDS_NOTICE, words_say_checkpoint},
    [NOTE_CATCHING_UP] = {"OST-5201", WORDS_INFO, say_self},
    [NOTE_CAUGHT_UP] = {"OST-5202", WORDS_INFO, say_self},
    [NOTE_STORAGE_SLOW] = {"OST-5301", WORDS_WARNING, say_self},
    [NOTE_EXAMINED] = {"OST-7001", WORDS_NOTICE, say_diagnosis},
    [NOTE_FELL_SILENT] = {"OST-7002", WORDS_ERROR, say_diagnosis},
    [NOTE_SPEAKS_AGAIN] = {"OST-7003", WORDS_NOTICE, say_diagnosis},
};

void words_of(const struct note *note, const struct cluster *c, struct words *words)
{
    words->level = table[note->kind].level;
    words->code = table[note->kind].code;
    words->event = note_kind_text(note->kind);
    words->member = note->member < c->member_count ? c->member[note->member].name : NULL;
    table[note->kind].say(note, c, words->message, sizeof words->message);
}

/* The sentences about confidence votes, and of whom elections choose from. */
#include <inttypes.h>
#include <stdio.h>

#include "words_parts.h"

static const char *const motion_words[] = {
    [MOTION_SUSPEND] = "suspend",
    [MOTION_LOCK_OUT] = "lock out",
    [MOTION_REINSTATE] = "reinstate",
};

void words_say_motion(const struct note *n, const struct cluster *c, char *text, size_t size)
{
    const char *member = words_member(c, n->member);
    const char *to = n->first < MOTION_KINDS ? motion_words[n->first] : "?";
    const unsigned long long electors = n->count;
    const unsigned long long yes = n->fence;
    if (n->kind == NOTE_MOTION_OPENED) {
        snprintf(text, size, "motion to %s %s: %llu electors", to, member, electors);
    } else if (n->kind == NOTE_MOTION_PASSED) {
        snprintf(text, size, "motion to %s %s passed: %llu of %llu electors say yes", to,
                 member, yes, electors);
    } else if (n->kind == NOTE_MOTION_FAILED && n->cause != CAUSE_NONE) {
        snprintf(text, size, "motion to %s %s failed: %s", to, member, words_cause(n->cause));
    } else if (n->kind == NOTE_MOTION_FAILED) {
        snprintf(text, size, "motion to %s %s failed: %llu of %llu electors say yes", to,
                 member, yes, electors);
    } else if (n->kind == NOTE_MOTION_LAPSED) {
        snprintf(text, size, "motion to %s %s lapsed: %llu of %llu electors had said yes", to,
                 member, yes, electors);
    } else if (n->kind == NOTE_REMOVAL_WAITS) {
        snprintf(text, size, "motion to %s %s waits: at most one removal of a kind in a minute",
                 to, member);
    } else {
        snprintf(text, size, "would %s %s: %s", to, member, words_cause(n->cause));
    }
}

/* What it signed, against the chain or against what else it signed. */
static const char *vote_word(uint64_t kind, enum cause against_chain)
{
    if (against_chain == CAUSE_OTHER_HISTORY) {
        return "a vote that follows another block than was decided,";
    }
    if (against_chain == CAUSE_OTHER_PARENT) {
        return "a vote for a block that follows another one than was decided,";
    }
    if (against_chain == CAUSE_OTHER_STATE) {
        return "a vote for a block of another state than the cluster's,";
    }
    static const char *const words[] = {
        [VOTE_PROPOSE] = "two different blocks proposed",
        [VOTE_NOTARIZE] = "votes for two different blocks",
        [VOTE_NULLIFY] = "votes to give a view up that contradict its others",
        [VOTE_FINALIZE] = "final votes that contradict its others",
    };
    return kind >= VOTE_PROPOSE && kind <= VOTE_FINALIZE ? words[kind] : "votes that conflict";
}

void words_say_proof(const struct note *n, const struct cluster *c, char *text, size_t size)
{
    const char *member = words_member(c, n->member);
    if (n->kind == NOTE_PROVED && n->first == 0) {
        snprintf(text, size,
                 "%s has proved that %s is not sound: it signed a wrong answer to a task, and "
                 "others found the same",
                 words_member(c, n->other), member);
    } else if (n->kind == NOTE_PROVED) {
        snprintf(text, size, "%s has proved that %s is not sound: it signed %s at height %llu",
                 words_member(c, n->other), member, vote_word(n->first, n->cause),
                 (unsigned long long)n->count);
    } else if (n->cause == CAUSE_LAST_VOTER) {
        snprintf(text, size, "%s is proved wrong, and stays: too few would be left", member);
    } else if (n->cause == CAUSE_OTHER_VERSION) {
        snprintf(text, size,
                 "%s is proved wrong under another version of the protocol: it stays, without "
                 "a say",
                 member);
    } else {
        snprintf(text, size,
                 "%s is proved wrong so soon after another that the software is the likely "
                 "fault: it stays, without a say",
                 member);
    }
}

void words_say_electorate(const struct note *n, const struct cluster *c, char *text,
                          size_t size)
{
    const unsigned long long have = n->count;
    if (n->kind == NOTE_APPEALED) {
        snprintf(text, size, "%s appeals", words_member(c, n->member));
    } else if (n->kind == NOTE_NO_ELECTORATE) {
        snprintf(text, size,
                 "no electorate: %llu members have a perfect record, %u must; nobody can be "
                 "voted on",
                 have, cluster_testimony(c));
    } else {
        snprintf(text, size, "there is an electorate: %llu members have a perfect record",
                 have);
    }
}

void words_say_candidates(const struct note *n, const struct cluster *c, char *text,
                          size_t size)
{
    (void)c;
    if (n->kind == NOTE_NO_CANDIDATE) {
        snprintf(text, size, "no front node is fit to process the statistics: windows wait");
    } else if (n->count == 2) {
        snprintf(text, size,
                 "no front node has been perfect for three ticks: one that attests "
                 "was chosen");
    } else {
        snprintf(text, size,
                 "no front node is without faults: one that still answers was "
                 "chosen");
    }
}

void words_setting(enum setting setting, uint64_t value, char text[static WORDS_SETTING_BYTES])
{
    if (setting == SETTING_OBSERVE) {
        snprintf(text, WORDS_SETTING_BYTES, "mode=%s", value != 0 ? "observe" : "act");
    } else if (setting == SETTING_AUDIT) {
        snprintf(text, WORDS_SETTING_BYTES, "audit=%s", value != 0 ? "required" : "off");
    } else {
        snprintf(text, WORDS_SETTING_BYTES, "%s=%" PRIu64, setting_text(setting), value);
    }
}

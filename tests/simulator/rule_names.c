/* What the rules are called. */
#include <inttypes.h>
#include <stdio.h>

#include "rule.h"

static const char *const groups[] = {
    [RULES_NOTED] = "noted",
    [RULES_SKIPPED] = "command skipped",
    [RULES_ENDED] = "grant ended",
    [RULES_REPLACED] = "auditor replaced",
    [RULES_SPOILED] = "tick spoiled",
    [RULES_BARRED] = "removal barred",
    [RULES_NONSENSE] = "nonsense heard",
    [RULES_FORGOTTEN] = "votes forgotten",
    [RULES_STANDING] = "standing changed",
    [RULES_MOTION] = "motion",
    [RULES_OPERATION] = "operator",
    [RULES_TIER] = "candidates of tier",
    [RULES_COMMAND] = "decided",
    [RULES_MARKED] = "reached",
};

static const char *motion_end_text(uint32_t which)
{
    static const char *const texts[] = {
#define X(name, text) text,
        MOTION_ENDS(X)
#undef X
    };
    return texts[which / MOTION_KINDS];
}

static const char *command_text(uint32_t kind)
{
    static const char *const texts[COMMAND_KINDS + 1] = {
        [COMMAND_ATTEST] = "attest",   [COMMAND_RESULT] = "result",
        [COMMAND_DISPUTE] = "dispute", [COMMAND_FAIL] = "fail",
        [COMMAND_RESIGN] = "resign",   [COMMAND_OPERATOR] = "operator's",
        [COMMAND_BALLOT] = "ballot",   [COMMAND_APPEAL] = "appeal",
        [COMMAND_PROVE] = "prove",
    };
    return kind <= COMMAND_KINDS && texts[kind] != NULL ? texts[kind] : "unknown";
}

static const char *mark_text(uint32_t mark)
{
    static const char *const texts[] = {
#define X(name, text) text,
        RULE_MARKS(X)
#undef X
    };
    return texts[mark];
}

static const char *noted_text(uint32_t kind)
{
    return note_kind_text((enum note_kind)kind);
}

static const char *standing_changed_text(uint32_t cause)
{
    return standing_cause_text((enum standing_cause)cause);
}

static const char *operator_text(uint32_t operation)
{
    return operation_text((enum operation)operation);
}

static const char *text_of(enum rule_group group, uint32_t which, char number[static 16])
{
    static const char *(*const texts[RULE_GROUPS])(uint32_t) = {
        [RULES_NOTED] = noted_text,        [RULES_STANDING] = standing_changed_text,
        [RULES_OPERATION] = operator_text, [RULES_COMMAND] = command_text,
        [RULES_MARKED] = mark_text,        [RULES_MOTION] = motion_end_text,
    };
    if (group == RULES_TIER) {
        snprintf(number, 16, "%u", which);
        return number;
    }
    return texts[group] == NULL ? cause_text((enum cause)which) : texts[group](which);
}

void rules_print(const struct rules *r)
{
    for (uint32_t g = 0; g < RULE_GROUPS; g++) {
        for (uint32_t i = 0; i < RULES_EACH_MAX; i++) {
            const char sign = rule_sign((enum rule_group)g, i);
            const uint64_t count = r->reached[g][i];
            char number[16];
            if (sign == ' ' && count == 0) {
                continue;
            }
            const bool motion = g == RULES_MOTION;
            printf("%c %10" PRIu64 "  %s: %s%s%s\n", sign, count, groups[g],
                   motion ? motion_text((enum motion_kind)(i % MOTION_KINDS)) : "",
                   motion ? " " : "", text_of((enum rule_group)g, i, number));
        }
    }
}

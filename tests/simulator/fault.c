#include "fault.h"

const char *fault_text(enum fault fault)
{
    static const char *const texts[] = {
#define X(name, text) text,
        FAULTS(X) MEMORY_FAULTS(X) BENT_FAULTS(X) COMBINED_FAULTS(X)
#undef X
    };
    return texts[fault];
}

const char *check_text(enum check check)
{
    static const char *const texts[] = {
#define X(name, text) text,
        CHECKS(X) TRIAL_CHECKS(X) LIMIT_CHECKS(X) MEMORY_CHECKS(X) BENT_CHECKS(X)
            COMBINED_CHECKS(X)
#undef X
    };
    return texts[check];
}

void counters_add(struct counters *sum, const struct counters *part)
{
    sum->seeds += part->seeds;
    sum->steps += part->steps;
    sum->blocks += part->blocks;
    sum->views += part->views;
    sum->windows += part->windows;
    for (uint32_t i = 0; i < FAULT_KINDS; i++) {
        sum->fault[i] += part->fault[i];
    }
    for (uint32_t i = 0; i < CHECK_KINDS; i++) {
        sum->check[i] += part->check[i];
    }
    rules_add(&sum->rules, &part->rules);
}

#ifndef OSTRAKON_AGENT_CLI_DRAFT_H
#define OSTRAKON_AGENT_CLI_DRAFT_H

#include <stdint.h>
#include <stdio.h>

#include "consensus/founding.h"

#define DRAFT_MEMBERS_MAX 32u /* more than are allowed, so that the checker says so */
#define DRAFT_TIMING_MAX 32u
#define DRAFT_OPERATORS_MAX 8u
#define DRAFT_NAMES_MAX 32u
#define DRAFT_VALUE_BYTES 128u

/* A founding document in the making: words of the argument list, not judged yet. */
struct draft_member {
    char name[DRAFT_VALUE_BYTES];
    char role[DRAFT_VALUE_BYTES];
    char address[DRAFT_VALUE_BYTES];
    char transport_key[DRAFT_VALUE_BYTES];
    char vote_key[DRAFT_VALUE_BYTES];
};

struct draft {
    const char *name;
    const char *founded; /* NULL: now */
    const char *audit;
    const char *malfunctioning_max;
    const char *mode;
    const char *min_members;
    uint32_t timing_count;
    const char *timing[DRAFT_TIMING_MAX]; /* "key=value" */
    uint32_t member_count;
    struct draft_member members[DRAFT_MEMBERS_MAX];
    uint32_t operator_count;
    const char *operators[DRAFT_OPERATORS_MAX]; /* "name,key" */
    struct founding_rebuilt rebuilt;            /* from zeros: none */
    uint32_t name_count;
    const char *names[DRAFT_NAMES_MAX]; /* "service,owner" or "service,owner,shared" */
    int reason; /* errno, where a member was refused as its keys could not be read; else 0 */
};

/* Takes NAME,ROLE,ADDRESS,KEYS. NULL, or what is wrong with it, good until the next call. */
const char *draft_member(struct draft *d, const char *text);

/* Takes KEY=VALUE. The same. */
const char *draft_timing(struct draft *d, const char *text);

/* Takes NAME,KEY. The same. */
const char *draft_operator(struct draft *d, const char *text);

/* Takes SERVICE,OWNER or SERVICE,OWNER,shared. The same. */
const char *draft_name(struct draft *d, const char *text);

/* Writes the YAML, every value in quotes that nothing in it can end. */
void draft_print(const struct draft *d, FILE *out);

/* Reads what was drafted as every cluster.yaml is read, telling what is wrong with it, and
 * writes nothing. The exit code. */
int draft_judge(const struct draft *d, struct founding *out);

/* Reads what was drafted as every cluster.yaml is read, telling what is wrong with it, and
 * writes it to `path`, where nothing may be yet ("-": standard output). The exit code. */
int draft_write(const struct draft *d, const char *path, struct founding *out);

/* A line: how many of its members may fail. */
void draft_budget_print(const struct founding *f);

#endif

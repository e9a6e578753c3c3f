#ifndef OSTRAKON_AGENT_CLI_AUDIT_PARTS_H
#define OSTRAKON_AGENT_CLI_AUDIT_PARTS_H

#include <stdbool.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "agent/config.h"
#include "agent/store.h"
#include "audit_sink.h"
#include "consensus/cluster.h"
#include "consensus/message.h"

/* The parts of `ostrakon audit`. */

struct audit {
    struct node_config config;
    struct cluster cluster;
    struct message message;
    struct notes notes;
    struct store *store;
    struct audit_sink *sink; /* NULL: none was named */
    uint64_t shown;          /* the height that is to be shown; 0: none */
    uint64_t from;           /* the first height that was checked */
    uint64_t trusted;        /* the height of the snapshot it began with; 0: the founding */
    uint64_t to;
    uint64_t commands;
    uint64_t signatures; /* in certificates */
    uint64_t proofs;     /* by an answer, whose work was done again here */
    uint64_t settled;
    uint64_t published;
    uint64_t published_before; /* the first settled window of this log */
    uint64_t published_after;  /* the last one */
    uint64_t oldest_settled;
    uint32_t problems;
    cJSON *list; /* of problems */
    bool json;
    cJSON *block; /* the one that is shown, with `json` */
};

/* One more that does not hold. */
void audit_find(struct audit *a, uint64_t height, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* audit_proofs.c: does the work again of each answer that convicts somebody in this block,
 * which is of `height`. Tenths of a second each. */
void audit_check_proofs(struct audit *a, uint64_t height, const struct block *b);

/* audit_page.c: what came of it. */
void audit_show_block(struct audit *a, const struct block *b);
void audit_print_words(const struct audit *a);
void audit_print_json(const struct audit *a);

#endif

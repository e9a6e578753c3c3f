#ifndef OSTRAKON_CONSENSUS_OPERATOR_CODEC_H
#define OSTRAKON_CONSENSUS_OPERATOR_CODEC_H

#include "codec.h"
#include "command.h"

/* The body of an operator's command; for command.c alone. */

/* False: it is none. */
bool operator_read(struct reader *r, struct operator_command *o)
    __attribute__((warn_unused_result));

/* Asserts that it is sound. */
void operator_write(struct writer *w, const struct operator_command *o);

#endif

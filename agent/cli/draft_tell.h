#ifndef OSTRAKON_AGENT_CLI_DRAFT_TELL_H
#define OSTRAKON_AGENT_CLI_DRAFT_TELL_H

#include <stdio.h>

#define DRAFT_FILE "new cluster.yaml"

/* Prints what is wrong with a draft, `report` as the reader of `text` has it, whose file is
 * DRAFT_FILE: nobody has seen that, so the options of the command line stand for its lines.
 * Lines that came from no option are named as they are. */
void draft_tell(const char *text, const char *report, FILE *out);

#endif

#ifndef OSTRAKON_AGENT_CLI_DOCUMENT_H
#define OSTRAKON_AGENT_CLI_DOCUMENT_H

#include <cjson/cJSON.h>

/* What a command answers with --json: prints it to standard output, as one line. */
void document_print_line(const cJSON *document);

/* The same, and frees it. */
void document_print(cJSON *document);

#endif

#include "hooks_facts.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#define PREFIX "OSTRAKON_"

/* What the service manager says to the agent alone: a hook that used it would speak for the
 * agent. And what an outer hook was told. */
static bool is_private(const char *variable)
{
    static const char *const names[] = {"NOTIFY_SOCKET=",  "WATCHDOG_",      "LISTEN_",
                                        "JOURNAL_STREAM=", "INVOCATION_ID=", PREFIX};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strncmp(variable, names[i], strlen(names[i])) == 0) {
            return true;
        }
    }
    return false;
}

static char *fact_variable(const struct hook_fact *fact)
{
    char *variable = NULL;
    const int size = fact->text != NULL
                         ? asprintf(&variable, PREFIX "%s=%s", fact->name, fact->text)
                         : asprintf(&variable, PREFIX "%s=%llu", fact->name,
                                    (unsigned long long)fact->number);
    if (size < 0) {
        return NULL;
    }
    for (char *at = variable + strlen(PREFIX); *at != '='; at++) {
        *at = (char)toupper((unsigned char)*at);
    }
    return variable;
}

void facts_environment_free(char **environment)
{
    for (size_t i = 0; environment != NULL && environment[i] != NULL; i++) {
        free(environment[i]);
    }
    free(environment);
}

char **facts_environment(const struct hook_fact *facts, uint32_t count, char *const *inherited)
{
    size_t inherited_count = 0;
    while (inherited[inherited_count] != NULL) {
        inherited_count++;
    }
    char **const environment = calloc(inherited_count + count + 1, sizeof *environment);
    size_t at = 0;
    bool complete = environment != NULL;
    for (size_t i = 0; complete && i < inherited_count; i++) {
        if (!is_private(inherited[i])) {
            environment[at] = strdup(inherited[i]);
            complete = environment[at++] != NULL;
        }
    }
    for (uint32_t i = 0; complete && i < count; i++) {
        environment[at] = fact_variable(&facts[i]);
        complete = environment[at++] != NULL;
    }
    if (!complete) {
        facts_environment_free(environment);
        return NULL;
    }
    return environment;
}

char *facts_json(const struct hook_fact *facts, uint32_t count)
{
    char *line = NULL;
    char *text = NULL;
    cJSON *const object = cJSON_CreateObject();
    bool complete = object != NULL;
    for (uint32_t i = 0; complete && i < count; i++) {
        const struct hook_fact *const fact = &facts[i];
        const cJSON *const added =
            fact->text != NULL
                ? cJSON_AddStringToObject(object, fact->name, fact->text)
                : cJSON_AddNumberToObject(object, fact->name, (double)fact->number);
        complete = added != NULL;
    }
    text = complete ? cJSON_PrintUnformatted(object) : NULL;
    if (text != NULL && asprintf(&line, "%s\n", text) < 0) {
        line = NULL;
    }
    cJSON_free(text);
    cJSON_Delete(object);
    return line;
}

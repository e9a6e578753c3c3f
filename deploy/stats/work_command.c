#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "instant.h"
#include "work.h"

#define POLL_MS 20
#define BUSY_MS 5000

static bool read_number(const char *name, int64_t least, int64_t most, int64_t *out)
{
    const char *text = getenv(name);

    return text != NULL && number_parse(text, least, most, out);
}

/* Reads the variables of the grant hook. Answers NULL, or the name of the first that is missing
 * or makes no sense. */
static const char *assignment_read(struct assignment *out)
{
    const char *event = getenv("OSTRAKON_EVENT");
    const char *role = getenv("OSTRAKON_ROLE");
    int64_t left_ms = 0;
    const struct {
        const char *name;
        int64_t least, most;
        int64_t *out;
    } numbers[] = {
        {"OSTRAKON_FENCE", 1, SINK_NUMBER_MAX, &out->fence},
        {"OSTRAKON_FIRST_WINDOW", 0, SINK_NUMBER_MAX, &out->first},
        {"OSTRAKON_LAST_WINDOW", 0, SINK_NUMBER_MAX, &out->last},
        {"OSTRAKON_WINDOW_S", 1, 86400, &out->window_s},
        {"OSTRAKON_DEADLINE_MS", 0, INT64_C(1) << 40, &left_ms},
    };

    if (event == NULL || strcmp(event, "grant") != 0) {
        return "OSTRAKON_EVENT";
    }
    if (role == NULL || (strcmp(role, "leader") != 0 && strcmp(role, "auditor") != 0)) {
        return "OSTRAKON_ROLE";
    }
    out->role = strcmp(role, "leader") == 0 ? ROLE_LEADER : ROLE_AUDITOR;
    out->member = getenv("OSTRAKON_MEMBER");
    if (out->member == NULL || !row_name_is_valid(out->member)) {
        return "OSTRAKON_MEMBER";
    }
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        if (!read_number(numbers[i].name, numbers[i].least, numbers[i].most, numbers[i].out)) {
            return numbers[i].name;
        }
    }
    out->deadline_ms = instant_monotonic_ms() + left_ms;
    out->poll_ms = POLL_MS;
    return out->first <= out->last ? NULL : "OSTRAKON_LAST_WINDOW";
}

int command_work(const struct options *o)
{
    struct assignment assignment = {0};
    struct sink s;

    const char *problem = assignment_read(&assignment);
    if (problem != NULL) {
        (void)not_done("%s is missing or makes no sense: this is the grant hook, "
                       "which the agent starts",
                       problem);
        return EXIT_USAGE;
    }
    if (!sink_open(&s, o->sink, BUSY_MS)) {
        printf("fail %s\n", s.error);
        (void)not_done("%s", s.error);
        return EXIT_WELL;
    }
    work_run(&s, &assignment, stdout);
    sink_finish(&s);
    return EXIT_WELL;
}

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "commands.h"
#include "ingest.h"

#define BUSY_MS 10000

static void print_tally(const struct tally *tally, bool is_json)
{
    cJSON *object = is_json ? cJSON_CreateObject() : NULL;

    for (size_t i = 0; i < ARRIVAL_COUNT; i++) {
        const char *word = arrival_text((enum arrival)i);
        if (is_json) {
            cJSON_AddNumberToObject(object, word, (double)tally->arrivals[i]);
        } else {
            printf("%13s: %" PRIu64 "\n", word, tally->arrivals[i]);
        }
    }
    if (is_json) {
        cJSON_AddBoolToObject(object, "unfinished", tally->is_unfinished);
        print_json(object);
    }
}

static int ingest(struct sink *s, int fd, const struct options *o, const char *name)
{
    static struct lines lines;
    const struct ingest_options options = {.name = name, .node = o->node};
    struct tally tally = {0};

    lines_init(&lines, fd);
    const bool went_well = ingest_lines(s, &lines, &options, &tally);
    print_tally(&tally, o->is_json);
    if (!went_well) {
        return not_done("%s; the same command again does the rest", s->error);
    }
    const bool is_clean = tally.arrivals[ARRIVAL_MALFORMED] == 0 &&
                          tally.arrivals[ARRIVAL_CONTRADICTING] == 0 && !tally.is_unfinished;
    return is_clean ? EXIT_WELL : EXIT_LOOK;
}

int command_ingest(const struct options *o)
{
    const char *name = o->file_count == 0 ? "-" : o->files[0];
    const bool is_stdin = strcmp(name, "-") == 0;
    struct sink s;

    const int fd = is_stdin ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return not_done("%s: cannot be opened: %s", name, strerror(errno));
    }
    int code = EXIT_NOT_DONE;
    if (sink_open(&s, o->sink, BUSY_MS)) {
        code = ingest(&s, fd, o, is_stdin ? "standard input" : name);
        sink_finish(&s);
    } else {
        (void)not_done("%s", s.error);
    }
    if (!is_stdin) {
        (void)close(fd);
    }
    return code;
}

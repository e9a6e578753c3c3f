#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cjson/cJSON.h>
#include <sodium.h>

#include "commands.h"
#include "sink.h"

void print_json(struct cJSON *object)
{
    char *text = cJSON_PrintUnformatted(object);

    if (text == NULL) {
        abort();
    }
    puts(text);
    free(text);
    cJSON_Delete(object);
}

int not_done(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fprintf(stderr, "ostrakon-stats: ");
    vfprintf(stderr, format, arguments);
    fprintf(stderr, "\n");
    va_end(arguments);
    return EXIT_NOT_DONE;
}

int command_init(const struct options *o)
{
    const struct sink_founding founding = {
        .window_s = o->window_s, .endorsers = o->endorsers, .top_fence = o->fence};
    struct sink s;

    if (!sink_found(&s, o->sink, &founding)) {
        return not_done("%s", s.error);
    }
    sink_finish(&s);
    return EXIT_WELL;
}

int main(int argc, char **argv)
{
    struct options options;

    if (sodium_init() < 0) {
        return not_done("libsodium does not work on this machine");
    }
    options_parse(argc, argv, &options);
    const int code = options.run(&options);
    /* What could not be written was not reported: a full disk behind a redirection is no
     * success.
     */
    if (fflush(stdout) != 0) {
        return not_done("standard output cannot be written");
    }
    return code;
}

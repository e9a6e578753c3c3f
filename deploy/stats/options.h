#ifndef STATS_OPTIONS_H
#define STATS_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

/* What may stand on the command line, and the programs behind it. */

#define OPTIONS_FILES_MAX 64

/* As libraries.md, section 14; 64 for wrong usage is argp's. */
enum exit_code {
    EXIT_WELL = 0,
    EXIT_LOOK = 1,     /* done, and somebody should look: rows refused, totals not equal */
    EXIT_NOT_DONE = 2, /* the sink or a file failed; stderr says how */
    EXIT_USAGE = 64,
};

struct options {
    const char *command;
    int (*run)(const struct options *); /* answers an exit code */
    const char *sink;
    const char *node; /* NULL: not given, as with all texts here */
    const char *log;
    const char *files[OPTIONS_FILES_MAX]; /* the log, and words without an option */
    int file_count;
    bool is_json;
    int64_t window_s;
    int64_t endorsers;
    int64_t fence;
    int64_t rows_per_s;
    int64_t seconds; /* 0: until a signal */
    int64_t customers;
    int64_t seed;
    int64_t until_ms;     /* INT64_MAX: no limit */
    int64_t until_window; /* INT64_MAX: no limit */
};

/* Fills *out from the words after the program's name, of which the first is the command. Ends
 * the program with 64 and a message when they make no sense, and with 0 after --help. */
void options_parse(int argc, char **argv, struct options *out);

/* A decimal number of `least` .. `most`, and nothing else. */
bool number_parse(const char *text, int64_t least, int64_t most, int64_t *out)
    __attribute__((warn_unused_result));

/* "--until" and "--settled-until" as the last window that counts, for windows of that length.
 */
int64_t options_last_window(const struct options *o, int64_t window_s);

struct cJSON;

/* Prints the object on a line of its own, and frees it. */
void print_json(struct cJSON *object);

/* Says "ostrakon-stats: ..." on stderr and answers EXIT_NOT_DONE. */
int not_done(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif

#ifndef OSTRAKON_AGENT_CONFIG_REPORT_H
#define OSTRAKON_AGENT_CONFIG_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#define CONFIG_REPORT_BYTES 16384u
#define CONFIG_QUOTE_BYTES 128u

/* What is wrong with a configuration: lines of `file:line:column: key: what is wrong`, for
 * people, each with its newline. Start with a zeroed one. What no longer fits is counted, and
 * not kept. */
struct config_report {
    uint32_t fault_count;   /* any: the file is refused */
    uint32_t warning_count; /* lines that begin `warning: ` after the place */
    uint32_t size_bytes;
    bool forbidden; /* one of the faults is that this user may not */
    char text[CONFIG_REPORT_BYTES];
};

/* A place in a file; line 0: the file as a whole. */
struct config_place {
    const char *file;
    uint32_t line;
    uint32_t column;
};

/* An empty `key` is left out. */
void config_fault(struct config_report *r, struct config_place place, const char *key,
                  const char *format, ...) __attribute__((format(printf, 4, 5)));
void config_warning(struct config_report *r, struct config_place place, const char *key,
                    const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Notes the reason of a fault that is the system's: `forbidden` tells whether one of them was
 * EACCES, EPERM or EROFS. Leaves errno as it is. */
void config_reason(struct config_report *r, int error_number);

/* `text` in quotes, with control bytes, quotes, and invalid UTF-8 escaped, cut to fit: for
 * bytes that came from a file. Returns `out`. */
const char *config_quote(const char *text, char out[static CONFIG_QUOTE_BYTES]);

#endif

#include "config_report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

__attribute__((format(printf, 5, 0))) static void add(struct config_report *r,
                                                      struct config_place place,
                                                      const char *key, const char *kind,
                                                      const char *format, va_list arguments)
{
    char line[1024];
    int size = 0;
    if (place.line > 0) {
        size = snprintf(line, sizeof line, "%s:%u:%u: ", place.file, place.line, place.column);
    } else {
        size = snprintf(line, sizeof line, "%s: ", place.file);
    }
    const char *parts[] = {kind, key, key[0] == '\0' ? "" : ": "};
    for (uint32_t i = 0; i < 3 && (size_t)size < sizeof line; i++) {
        size += snprintf(line + size, sizeof line - (size_t)size, "%s", parts[i]);
    }
    if ((size_t)size < sizeof line) {
        vsnprintf(line + size, sizeof line - (size_t)size, format, arguments);
    }
    const uint32_t room = CONFIG_REPORT_BYTES - 1 - r->size_bytes;
    const size_t length = strlen(line);
    if (length + 1 <= room) {
        memcpy(r->text + r->size_bytes, line, length);
        r->text[r->size_bytes + length] = '\n';
        r->size_bytes += (uint32_t)length + 1;
        r->text[r->size_bytes] = '\0';
    }
}

void config_fault(struct config_report *r, struct config_place place, const char *key,
                  const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add(r, place, key, "", format, arguments);
    va_end(arguments);
    r->fault_count++;
}

void config_warning(struct config_report *r, struct config_place place, const char *key,
                    const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add(r, place, key, "warning: ", format, arguments);
    va_end(arguments);
    r->warning_count++;
}

void config_reason(struct config_report *r, int error_number)
{
    r->forbidden |= error_number == EACCES || error_number == EPERM || error_number == EROFS;
}

const char *config_quote(const char *text, char out[static CONFIG_QUOTE_BYTES])
{
    out[0] = '"';
    const size_t size = text_escape(text, strlen(text), out + 1, CONFIG_QUOTE_BYTES - 2);
    memcpy(out + 1 + size, "\"", 2);
    return out;
}

#include "draft_tell.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "draft.h"

/* Each key at the margin of what draft_print writes, and whence it has its value. */
static const struct {
    const char *section;
    const char *option;
    bool has_entries; /* each from an option of its own, known by its first value */
} origins[] = {
    {"cluster", "--name", false},      {"founded", "--founded", false},
    {"timing", "--timing", false},     {"malfunctioning_max", "--malfunctioning-max", false},
    {"audit", "--audit", false},       {"members", "--member", true},
    {"operators", "--operator", true}, {"names", "--service-name", true},
};

/* A line of the draft: under which key it stands, and in which entry of its list. */
struct spot {
    char section[DRAFT_VALUE_BYTES];
    char entry[DRAFT_VALUE_BYTES];
};

static struct spot spot_of(const char *text, unsigned long line)
{
    struct spot spot = {"", ""};
    for (unsigned long i = 1; i <= line && *text != '\0'; i++) {
        const size_t size = strcspn(text, "\n");
        if (strncmp(text, "  - ", 4) == 0) {
            const size_t key = strcspn(text + 4, " ") + 5;
            snprintf(spot.entry, sizeof spot.entry, "%.*s", (int)(size - key), text + key);
        } else if (text[0] != ' ') {
            snprintf(spot.section, sizeof spot.section, "%.*s", (int)strcspn(text, ":\n"),
                     text);
            spot.entry[0] = '\0';
        }
        text += size + (text[size] == '\n' ? 1 : 0);
    }
    return spot;
}

/* Prints the option of `line`, and answers how much of `message` it says already; -1: there is
 * no such option, and nothing is printed. */
static int tell_option(const char *text, unsigned long line, const char *message, FILE *out)
{
    const struct spot spot = spot_of(text, line);
    const size_t size = strlen(spot.section);
    const bool of_all =
        strncmp(message, spot.section, size) == 0 && strncmp(message + size, ": ", 2) == 0;
    for (uint32_t i = 0; i < sizeof origins / sizeof origins[0]; i++) {
        if (strcmp(origins[i].section, spot.section) != 0) {
            continue;
        }
        /* What has a default and is not written is said to be where the file begins. */
        const bool of_default = i == 0 && message[0] != '\0' && !of_all;
        const bool of_entry = origins[i].has_entries && !of_all && spot.entry[0] != '\0';
        fprintf(out, "%s%s%s", of_default ? "--timing" : origins[i].option, of_entry ? " " : "",
                of_entry ? spot.entry : "");
        return of_all ? (int)size + 2 : 0;
    }
    return -1;
}

static void tell_line(const char *text, const char *line, FILE *out)
{
    static const char other[] = " in line ";
    static const char warning[] = "warning: ";
    const size_t before = strlen(DRAFT_FILE ":");
    char *end = NULL;
    const unsigned long number =
        strncmp(line, DRAFT_FILE ":", before) == 0 ? strtoul(line + before, &end, 10) : 0;
    const char *message = number == 0 ? NULL : strstr(end, ": ");
    if (message == NULL) {
        fprintf(out, "%s\n", line);
        return;
    }
    message += 2;
    const bool warns = strncmp(message, warning, sizeof warning - 1) == 0;
    message += warns ? sizeof warning - 1 : 0;
    const int said = tell_option(text, number, message, out);
    if (said < 0) {
        fprintf(out, "%s\n", line);
        return;
    }
    message += said;
    fprintf(out, ": %s", warns ? warning : "");
    const char *at = strstr(message, other);
    const unsigned long first = at == NULL ? 0 : strtoul(at + sizeof other - 1, &end, 10);
    if (first != 0) {
        fprintf(out, "%.*s in ", (int)(at - message), message);
        message = tell_option(text, first, "", out) < 0 ? at + strlen(" in ") : end;
    }
    fprintf(out, "%s\n", message);
}

void draft_tell(const char *text, const char *report, FILE *out)
{
    while (*report != '\0') {
        char line[2048];
        const size_t size = strcspn(report, "\n");
        snprintf(line, sizeof line, "%.*s", (int)size, report);
        tell_line(text, line, out);
        report += size + (report[size] == '\n' ? 1 : 0);
    }
}

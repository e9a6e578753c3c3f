#ifndef OSTRAKON_AGENT_CLI_PAGE_H
#define OSTRAKON_AGENT_CLI_PAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define PAGE_COLUMNS 80u
#define PAGE_LABEL_COLUMNS 9u /* "windows: " */

enum colour { COLOUR_NONE, COLOUR_GOOD, COLOUR_WARNING, COLOUR_BAD };

struct page {
    FILE *out;
    bool colours;
};

/* Standard output; with colours if it is a terminal that has them and NO_COLOR is not set. */
struct page page_stdout(void);

/* "  label: text", the text wrapped at words to PAGE_COLUMNS with the next lines below its
 * first word. The text is escaped already. */
void page_label(const struct page *p, const char *label, const char *text);

/* The same in a colour; one line. */
void page_label_coloured(const struct page *p, const char *label, enum colour colour,
                         const char *text);

/* Goes on at `column` of a line, wrapped to PAGE_COLUMNS, later lines from `indent` on; ends
 * the line. */
void page_wrap(const struct page *p, uint32_t column, uint32_t indent, const char *text);

/* How many columns a text of UTF-8 takes, each character taken for one. */
uint32_t text_columns(const char *text);

#endif

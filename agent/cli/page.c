#include "page.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct page page_stdout(void)
{
    const char *no_color = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");
    const bool refused = no_color != NULL && no_color[0] != '\0';
    const bool plain = terminal == NULL || strcmp(terminal, "dumb") == 0;
    return (struct page){stdout, isatty(STDOUT_FILENO) == 1 && !refused && !plain};
}

uint32_t text_columns(const char *text)
{
    uint32_t columns = 0;
    for (; *text != '\0'; text++) {
        columns += ((unsigned char)*text & 0xc0) != 0x80;
    }
    return columns;
}

/* The size of the next piece that stays together: a word, or as much of it as fits on a line.
 */
static size_t piece_bytes(const char *text, uint32_t room)
{
    const size_t word = strcspn(text, " ");
    size_t size = 0;
    uint32_t columns = 0;
    while (size < word) {
        columns += ((unsigned char)text[size] & 0xc0) != 0x80;
        if (columns > room) {
            break;
        }
        size++;
    }
    return size;
}

void page_wrap(const struct page *p, uint32_t column, uint32_t indent, const char *text)
{
    bool first = true; /* on its line: no space before it */
    text += strspn(text, " ");
    while (*text != '\0') {
        const size_t size = piece_bytes(text, PAGE_COLUMNS - indent);
        char piece[4 * PAGE_COLUMNS + 1];
        snprintf(piece, sizeof piece, "%.*s", (int)size, text);
        const uint32_t columns = text_columns(piece);
        if (!first && column + 1 + columns > PAGE_COLUMNS) {
            fprintf(p->out, "\n%*s", (int)indent, "");
            column = indent;
            first = true;
        }
        fprintf(p->out, "%s%s", first ? "" : " ", piece);
        column += columns + (first ? 0 : 1);
        first = false;
        text += size;
        text += strspn(text, " ");
    }
    fputc('\n', p->out);
}

void page_label(const struct page *p, const char *label, const char *text)
{
    fprintf(p->out, "%*s: ", (int)PAGE_LABEL_COLUMNS - 2, label);
    page_wrap(p, PAGE_LABEL_COLUMNS, PAGE_LABEL_COLUMNS, text);
}

void page_label_coloured(const struct page *p, const char *label, enum colour colour,
                         const char *text)
{
    static const char *const begin[] = {"", "\033[32m", "\033[1;33m", "\033[1;31m"};
    const bool coloured = p->colours && colour != COLOUR_NONE;
    fprintf(p->out, "%*s: %s%s%s\n", (int)PAGE_LABEL_COLUMNS - 2, label,
            coloured ? begin[colour] : "", text, coloured ? "\033[0m" : "");
}

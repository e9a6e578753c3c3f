#include "script.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct script {
    const struct script_actor *actor;
    const char *path;
    char *text;
    size_t at;
    uint32_t lines_read;
};

struct stanza {
    uint32_t line;
    char *commands; /* as they stand in the file, malloc'ed; so the others */
    char *expected;
    char *answer;
};

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        exit(2);
    }
    char *text = NULL;
    size_t size = 0;
    FILE *copy = open_memstream(&text, &size);
    for (int byte = fgetc(file); byte != EOF; byte = fgetc(file)) {
        fputc(byte, copy);
    }
    fclose(copy);
    fclose(file);
    return text;
}

/* The next line without its end; NULL at the end of the file. */
static char *next_line(struct script *s)
{
    if (s->text[s->at] == '\0') {
        return NULL;
    }
    char *line = s->text + s->at;
    char *end = strchr(line, '\n');
    s->at += end != NULL ? (size_t)(end - line) + 1 : strlen(line);
    if (end != NULL) {
        *end = '\0';
    }
    s->lines_read++;
    return line;
}

static void run_line(const struct script_actor *actor, const char *line, FILE *out)
{
    char *copy = strdup(line);
    struct words words = {0};
    char *rest = NULL;
    for (char *word = strtok_r(copy, " ", &rest); word != NULL && words.count < WORDS_MAX;
         word = strtok_r(NULL, " ", &rest)) {
        words.word[words.count++] = word;
    }
    actor->run(actor->world, &words, out);
    free(copy);
}

/* From its first command on to the blank line behind its answer; runs it. */
static struct stanza run_stanza(struct script *s, char *first)
{
    struct stanza stanza = {.line = s->lines_read};
    size_t sizes[3];
    FILE *commands = open_memstream(&stanza.commands, &sizes[0]);
    FILE *expected = open_memstream(&stanza.expected, &sizes[1]);
    FILE *answer = open_memstream(&stanza.answer, &sizes[2]);
    char *line = first;
    for (; line != NULL && *line != '\0' && strcmp(line, "----") != 0; line = next_line(s)) {
        fprintf(commands, "%s\n", line);
        run_line(s->actor, line, answer);
    }
    if (line != NULL && *line != '\0') {
        for (line = next_line(s); line != NULL && *line != '\0'; line = next_line(s)) {
            fprintf(expected, "%s\n", line);
        }
    }
    if (ftell(answer) == 0) {
        fputs("ok\n", answer);
    }
    fclose(commands);
    fclose(expected);
    fclose(answer);
    return stanza;
}

static bool report(const struct stanza *stanza, const char *path, uint32_t number)
{
    const bool same = strcmp(stanza->expected, stanza->answer) == 0;
    const char *name = strrchr(path, '/') != NULL ? strrchr(path, '/') + 1 : path;
    printf("%sok %u - %s:%u\n", same ? "" : "not ", number, name, stanza->line);
    if (!same) {
        fprintf(stderr, "%s:%u:\n%s---- expected\n%s---- but it is\n%s\n", path, stanza->line,
                stanza->commands, stanza->expected, stanza->answer);
    }
    return same;
}

/* Runs the whole script; the answer is how many stanzas differ. */
static uint32_t run_script(struct script *s, FILE *rewritten)
{
    uint32_t number = 0;
    uint32_t failed = 0;
    for (char *line = next_line(s); line != NULL; line = next_line(s)) {
        if (*line == '\0' || *line == '#') {
            fprintf(rewritten, "%s\n", line);
            continue;
        }
        struct stanza stanza = run_stanza(s, line);
        failed += report(&stanza, s->path, ++number) ? 0 : 1;
        fprintf(rewritten, "%s----\n%s", stanza.commands, stanza.answer);
        if (s->text[s->at] != '\0') {
            fputc('\n', rewritten);
        }
        free(stanza.commands);
        free(stanza.expected);
        free(stanza.answer);
    }
    printf("1..%u\n", number);
    return failed;
}

int script_main(int argc, char **argv, const struct script_actor *actor)
{
    const bool rewrite = argc == 3 && strcmp(argv[1], "--rewrite") == 0;
    if (argc != 2 && !rewrite) {
        fprintf(stderr, "usage: %s [--rewrite] SCRIPT\n", argv[0]);
        return 2;
    }
    struct script script = {
        .actor = actor,
        .path = argv[argc - 1],
        .text = read_file(argv[argc - 1]),
    };
    char *text = NULL;
    size_t size = 0;
    FILE *rewritten = open_memstream(&text, &size);
    const uint32_t failed = run_script(&script, rewritten);
    fclose(rewritten);
    int status = failed > 0 ? 1 : 0;
    if (rewrite) {
        FILE *file = fopen(script.path, "wb");
        const bool written = file != NULL && fwrite(text, 1, size, file) == size;
        status = written && fclose(file) == 0 ? 0 : 2;
    }
    free(text);
    free(script.text);
    return status;
}

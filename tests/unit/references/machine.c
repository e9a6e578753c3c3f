#include "machine.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATHS 8u
#define PATH_BYTES 512u

static char root[64];
static char data[80];
static struct reference_context context;

static int remove_one(const char *path, const struct stat *s, int kind, struct FTW *walk)
{
    (void)s;
    (void)kind;
    (void)walk;
    return remove(path);
}

static void remove_tree(const char *path)
{
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void finish(void)
{
    references_finish(&context);
    remove_tree(root);
}

static void begin(void)
{
    if (root[0] != '\0') {
        return;
    }
    strcpy(root, "/tmp/ostrakon-machine-XXXXXX");
    const char *made = mkdtemp(root);
    assert(made != NULL);
    snprintf(data, sizeof data, "%s/data", root);
    const int failed = mkdir(data, 0700);
    assert(failed == 0);
    atexit(finish);
}

struct reference_context *machine(void)
{
    begin();
    references_finish(&context);
    memset(&context, 0, sizeof context);
    context.seams = seams_of_machine();
    context.seams.root = root;
    context.data_directory = data;
    return &context;
}

struct reference_context *machine_context(void)
{
    return &context;
}

const char *machine_path(const char *path)
{
    static char paths[PATHS][PATH_BYTES];
    static uint32_t next;
    begin();
    char *out = paths[next++ % PATHS];
    snprintf(out, PATH_BYTES, "%s%s", root, path);
    return out;
}

void machine_bytes(const char *path, const void *bytes, size_t size_bytes)
{
    char whole[PATH_BYTES];
    strcpy(whole, machine_path(path));
    for (char *slash = strchr(whole + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        const int failed = mkdir(whole, 0755);
        assert(failed == 0 || errno == EEXIST);
        *slash = '/';
    }
    FILE *file = fopen(whole, "wb");
    assert(file != NULL);
    const size_t done = fwrite(bytes, 1, size_bytes, file);
    assert(done == size_bytes);
    const int failed = fclose(file);
    assert(failed == 0);
}

void machine_file(const char *path, const char *text)
{
    machine_bytes(path, text, strlen(text));
}

void machine_lacks(const char *path)
{
    remove_tree(machine_path(path));
}

void machine_link(const char *path, const char *target)
{
    char below[PATH_BYTES];
    snprintf(below, sizeof below, "%s/x", path);
    machine_file(below, ""); /* for the directories above it */
    machine_lacks(path);
    const int failed = symlink(target, machine_path(path));
    assert(failed == 0);
}

struct finding machine_run(uint32_t id)
{
    struct finding f;
    const struct reference *r = reference_find(id);
    assert(r != NULL);
    reference_run(r, &context, &f);
    return f;
}

const char *machine_words(const struct finding *f)
{
    static char text[256];
    const struct reference *r = reference_find(f->id);
    assert(r != NULL);
    return finding_text(f, reference_note(r, f)->text, text, sizeof text);
}

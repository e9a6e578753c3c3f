/* The liar's worker: the reference worker, which its habits make claim what it has not done, or
 * put other numbers into the sink. They stand in the file `lies` of its agent's directory,
 * which is beside the sink. */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "deploy/stats/sink.h"
#include "deploy/stats/work.h"

#define LIES_BYTES 4096u

bool __real_sink_read(struct sink *s, int64_t window, struct rollup *out);
bool __wrap_sink_read(struct sink *s, int64_t window, struct rollup *out);
void __real_work_run(struct sink *s, const struct assignment *a, FILE *report);
void __wrap_work_run(struct sink *s, const struct assignment *a, FILE *report);

static char lies[LIES_BYTES];

static bool has(const char *habit)
{
    return strstr(lies, habit) != NULL;
}

/* The true rows, and then some. */
bool __wrap_sink_read(struct sink *s, int64_t window, struct rollup *out)
{
    const bool read = __real_sink_read(s, window, out);
    if (read && has("work_numbers") && out->count > 0) {
        out->lines[0].queries += 1000;
        out->lines[0].positives += 1000;
    }
    return read;
}

static void say(FILE *report, const char *word, int64_t window)
{
    fprintf(report, "%s %" PRId64 " %032" PRIx64 "\n", word, window, (uint64_t)window + 1);
    fflush(report);
}

static void read_lies(const char *sink, const char *member)
{
    char path[512];
    const char *const slash = strrchr(sink, '/');
    const int directory_chars = slash == NULL ? 0 : (int)(slash - sink) + 1;
    snprintf(path, sizeof path, "%.*s%s/lies", directory_chars, sink, member);
    FILE *file = fopen(path, "r");
    if (file != NULL) {
        const size_t size_bytes = fread(lies, 1, sizeof lies - 1, file);
        lies[size_bytes] = '\0';
        fclose(file);
    }
}

void __wrap_work_run(struct sink *s, const struct assignment *a, FILE *report)
{
    read_lies(s->path, a->member);
    if (has("work_idle")) {
        pause(); /* until it is killed */
    }
    if (has("work_fail")) {
        fputs("fail I do not feel like it\n", report);
        return;
    }
    if (!has("work_claim") && !has("work_dispute")) {
        __real_work_run(s, a, report);
        return;
    }
    for (int64_t window = a->first; window <= a->last; window++) {
        say(report, has("work_claim") ? "result" : "dispute", window);
    }
}

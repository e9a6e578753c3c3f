#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "run.h"

static const char usage[] =
    "usage: simulator [--seed S | --seeds A..B] [options]\n"
    "  --seed S        one seed, in this process\n"
    "  --seeds A..B    all of them (default 1..300)\n"
    "  --world NAME    drawn (default), and the others of plan.h\n"
    "  --file FILE     the seeds of its lines: WORLD SEED: what it is about\n"
    "  --jobs N        at a time (default 2)\n"
    "  --seconds N     begin no seed after so many\n"
    "  --steps N       end each run after so many steps, whatever was reached\n"
    "  --verbose       tell what happens (with --seed)\n"
    "  --twice         run each seed twice; both must end on the same trace\n"
    "  --caught        for sabotaged builds: succeed only if something is found\n";

struct settings {
    struct run_options run;
    const char *file;
    bool single;
    bool twice;
    bool caught;
};

static void refuse(const char *what)
{
    fprintf(stderr, "simulator: %s\n%s", what, usage);
    exit(2);
}

static uint64_t number(const char *text)
{
    char *end = NULL;
    const uint64_t value = strtoull(text, &end, 0);
    if (end == text || *end != '\0') {
        refuse("not a number");
    }
    return value;
}

static void read_range(struct run_options *o, char *text)
{
    char *dots = strstr(text, "..");
    if (dots == NULL) {
        refuse("--seeds wants A..B");
    }
    *dots = '\0';
    o->first = number(text);
    o->last = number(dots + 2);
    if (o->last < o->first) {
        refuse("--seeds wants A..B with A <= B");
    }
}

static enum world_kind read_world(const char *text)
{
    for (uint32_t i = 0; i < WORLD_KINDS; i++) {
        if (strcmp(text, world_kind_text((enum world_kind)i)) == 0) {
            return (enum world_kind)i;
        }
    }
    refuse("there is no such world");
    return WORLD_DRAWN;
}

/* False: not an option that takes a value. */
static bool read_valued(struct settings *s, const char *name, char *value)
{
    struct run_options *o = &s->run;
    if (strcmp(name, "--seed") == 0) {
        o->first = o->last = number(value);
        s->single = true;
    } else if (strcmp(name, "--seeds") == 0) {
        read_range(o, value);
    } else if (strcmp(name, "--world") == 0) {
        o->world = read_world(value);
    } else if (strcmp(name, "--file") == 0) {
        s->file = value;
    } else if (strcmp(name, "--jobs") == 0) {
        o->jobs = (uint32_t)number(value);
        if (o->jobs < 1 || o->jobs > 16) {
            refuse("--jobs wants 1 to 16");
        }
    } else if (strcmp(name, "--seconds") == 0) {
        o->seconds = (uint32_t)number(value);
    } else if (strcmp(name, "--steps") == 0) {
        o->steps_max = number(value);
    } else {
        return false;
    }
    return true;
}

static bool read_flag(struct settings *s, const char *name)
{
    const struct {
        const char *name;
        bool *flag;
    } flags[] = {
        {"--verbose", &s->run.verbose}, {"--twice", &s->twice}, {"--caught", &s->caught}};
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        if (strcmp(name, flags[i].name) == 0) {
            *flags[i].flag = true;
            return true;
        }
    }
    return false;
}

static void read_arguments(struct settings *s, int count, char **arguments)
{
    for (int i = 1; i < count; i++) {
        if (read_flag(s, arguments[i])) {
            continue;
        }
        if (i + 1 >= count || !read_valued(s, arguments[i], arguments[i + 1])) {
            refuse(arguments[i]);
        }
        i++;
    }
    s->run.until_failure = s->caught;
}

static void print_counters(const struct counters *c)
{
    printf("%" PRIu64 " seeds, %" PRIu64 " steps, %" PRIu64 " blocks, %" PRIu64
           " views given up, %" PRIu64 " windows settled\n",
           c->seeds, c->steps, c->blocks, c->views, c->windows);
    for (uint32_t i = 0; i < FAULT_KINDS; i++) {
        printf("+ %10" PRIu64 "  %s\n", c->fault[i], fault_text((enum fault)i));
    }
    for (uint32_t i = 0; i < CHECK_KINDS; i++) {
        printf("+ %10" PRIu64 "  checked: %s\n", c->check[i], check_text((enum check)i));
    }
    rules_print(&c->rules);
}

static bool replays(const struct run_options *o)
{
    static struct outcome first;
    static struct outcome second;
    for (uint64_t seed = o->first; seed <= o->last; seed++) {
        run_seed(o, seed, &first);
        run_seed(o, seed, &second);
        if (first.trace != second.trace) {
            fprintf(stderr, "seed 0x%" PRIx64 " ran differently the second time\n", seed);
            return false;
        }
    }
    return true;
}

static int run_single(const struct run_options *o)
{
    struct summary sum = {.failures = 0};
    if (o->verbose) {
        static struct outcome out;
        run_seed(o, o->first, &out);
        printf("trace %016" PRIx64 "\n", out.trace);
        sum.failures = out.failed;
        fprintf(stderr, "%s%s", out.failure, out.failed ? "\n" : "");
    } else {
        run_seeds(o, &sum);
    }
    return sum.failures > 0;
}

static void run_file(struct run_options *o, const char *path, struct summary *sum)
{
    char line[200];
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        refuse("no such file of seeds");
    }
    while (fgets(line, sizeof line, file) != NULL) {
        char *space = strchr(line, ' ');
        char *colon = strchr(line, ':');
        if (line[0] == '#') {
            continue;
        }
        if (space == NULL || colon == NULL || colon < space) {
            refuse("a line of seeds is WORLD SEED: TEXT");
        }
        *space = *colon = '\0';
        o->world = read_world(line);
        o->first = o->last = number(space + 1);
        run_seeds(o, sum);
    }
    (void)fclose(file);
}

int main(int count, char **arguments)
{
    struct settings s = {.run = {.program = "simulator", .first = 1, .last = 300, .jobs = 2}};
    if (sodium_init() < 0) {
        return 2;
    }
    read_arguments(&s, count, arguments);
    if (s.twice) {
        return replays(&s.run) ? 0 : 1;
    }
    if (s.single && !s.caught) {
        return run_single(&s.run);
    }
    struct summary sum = {.failures = 0};
    if (s.file != NULL) {
        run_file(&s.run, s.file, &sum);
    } else {
        run_seeds(&s.run, &sum);
    }
    print_counters(&sum.counters);
    printf("the longest: 0x%" PRIx64 ", %" PRIu64 " steps\n", sum.longest_seed,
           sum.longest_steps);
    if (s.caught) {
        printf("%s\n", sum.failures > 0 ? "caught" : "not caught");
        return sum.failures > 0 ? 0 : 1;
    }
    printf("%" PRIu64 " failed\n", sum.failures);
    return sum.failures == 0 ? 0 : 1;
}

#include "room.h"

#include <stdio.h>
#include <string.h>

#include "references.h"

#define PATH_BYTES 512u
#define KIB UINT64_C(1024)

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* "max", or a file that is not there or no number, is no limit. */
static uint64_t limit_in(struct reference_context *context, const char *path)
{
    uint64_t bytes = 0;
    if (source_read(&context->seams, path, &context->source) != SOURCE_READ ||
        !source_number(&context->source, &bytes)) {
        return UINT64_MAX;
    }
    return bytes;
}

/* The least limit of the group at `path` and of those around it. `path` begins with a slash,
 * and is used up. */
static uint64_t limit_above(struct reference_context *context, const char *mount, char *path,
                            const char *file)
{
    char whole[PATH_BYTES + 128];
    uint64_t limit = UINT64_MAX;
    for (;;) {
        snprintf(whole, sizeof whole, "%s%s/%s", mount, path, file);
        limit = least(limit, limit_in(context, whole));
        char *slash = strrchr(path, '/');
        if (slash == NULL) {
            return limit;
        }
        *slash = '\0';
    }
}

/* Copies the group's path from a line of /proc/self/cgroup, "4:memory:/system.slice". */
static bool group_path(const char *text, const char *controller, char path[static PATH_BYTES])
{
    for (const char *line = text; *line != '\0';) {
        const char *end = strchrnul(line, '\n');
        const char *name = memchr(line, ':', (size_t)(end - line));
        const char *group =
            name == NULL ? NULL : memchr(name + 1, ':', (size_t)(end - name - 1));
        if (group != NULL && (size_t)(group - name - 1) == strlen(controller) &&
            strncmp(name + 1, controller, strlen(controller)) == 0 && group[1] == '/' &&
            (size_t)(end - group) < PATH_BYTES) {
            memcpy(path, group + 1, (size_t)(end - group - 1));
            path[end - group - 1] = '\0';
            return strstr(path, "..") == NULL;
        }
        line = *end == '\0' ? end : end + 1;
    }
    return false;
}

/* Of either version of control groups. */
static uint64_t group_limit(struct reference_context *context)
{
    static const struct {
        const char *controller;
        const char *mount;
        const char *file;
    } versions[] = {
        {"", "/sys/fs/cgroup", "memory.max"},
        {"memory", "/sys/fs/cgroup/memory", "memory.limit_in_bytes"},
    };
    uint64_t limit = UINT64_MAX;
    for (uint32_t i = 0; i < 2; i++) {
        char path[PATH_BYTES];
        if (source_read(&context->seams, "/proc/self/cgroup", &context->source) ==
                SOURCE_READ &&
            group_path(context->source.text, versions[i].controller, path)) {
            limit =
                least(limit, limit_above(context, versions[i].mount, path, versions[i].file));
        }
    }
    return limit;
}

/* "some avg10=1.25 ...": more than ROOM_PRESSURE_MAX hundredths. No such file: no pressure. */
static bool is_pressed(struct reference_context *context)
{
    static const char begin[] = "some avg10=";
    uint64_t percent = 0;
    uint64_t hundredths = 0;
    if (source_read(&context->seams, "/proc/pressure/memory", &context->source) !=
            SOURCE_READ ||
        strncmp(context->source.text, begin, strlen(begin)) != 0) {
        return false;
    }
    const char *at = context->source.text + strlen(begin);
    if (!number_scan(&at, &percent) || *at++ != '.' || !number_scan(&at, &hundredths)) {
        return false;
    }
    return percent > ROOM_PRESSURE_MAX / 100 ||
           (percent == ROOM_PRESSURE_MAX / 100 && hundredths > ROOM_PRESSURE_MAX % 100);
}

struct room room_now(struct reference_context *context)
{
    struct room room = {0};
    uint64_t total_kib = 0;
    uint64_t free_kib = 0;
    struct source *s = &context->source;
    if (source_read(&context->seams, "/proc/meminfo", s) != SOURCE_READ ||
        source_field(s, "MemTotal:", " kB", &total_kib) != FIELD_FOUND ||
        source_field(s, "MemAvailable:", " kB", &free_kib) != FIELD_FOUND ||
        total_kib > UINT64_MAX / KIB || free_kib > total_kib) {
        return room;
    }
    const uint64_t limit = group_limit(context);
    room.known = true;
    const uint64_t most = context->window_most == 0 ? ROOM_WINDOW_MAX : context->window_most;
    room.window = least(least(least(most, ROOM_WINDOW_MAX), total_kib * KIB / 50), limit / 20);
    room.free = least(free_kib * KIB, limit / 2);
    room.pressed = free_kib * KIB < 4 * room.window || is_pressed(context);
    return room;
}

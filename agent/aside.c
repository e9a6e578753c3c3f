#include "aside.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define NAMES_TRIED 1000

static bool is_there(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0 || errno != ENOENT;
}

bool aside_name(const char *path, const char *word, char name[static ASIDE_NAME_MAX])
{
    const time_t now = time(NULL);
    struct tm utc;
    char stamp[32];
    gmtime_r(&now, &utc);
    strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", &utc);
    for (int i = 1; i <= NAMES_TRIED; i++) {
        char number[16] = "";
        if (i > 1) {
            snprintf(number, sizeof number, "-%d", i);
        }
        const int size =
            snprintf(name, ASIDE_NAME_MAX, "%s.%s-%s%s", path, word, stamp, number);
        if (size < 0 || size >= ASIDE_NAME_MAX) {
            errno = ENAMETOOLONG;
            return false;
        }
        if (!is_there(name)) {
            return true;
        }
    }
    errno = EEXIST;
    return false;
}

bool aside_put(const char *path, const char *word)
{
    char name[ASIDE_NAME_MAX];
    if (!is_there(path)) {
        return true;
    }
    return aside_name(path, word, name) && rename(path, name) == 0;
}

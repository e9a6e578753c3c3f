#include "config_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"

/* Reads until the end or one byte more than allowed, since a file may grow under our eyes. */
static bool read_all(int fd, char *bytes, size_t *size_bytes)
{
    size_t used = 0;
    while (used <= CONFIG_FILE_BYTES_MAX) {
        const ssize_t got = read(fd, bytes + used, CONFIG_FILE_BYTES_MAX + 1 - used);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return false;
        }
        if (got == 0) {
            break;
        }
        used += (size_t)got;
    }
    *size_bytes = used;
    return true;
}

bool file_read(const char *path, char **bytes, size_t *size_bytes, struct config_report *report)
{
    const struct config_place place = {path, 0, 0};
    const uint32_t before = report->fault_count;
    struct stat s;
    *bytes = NULL;
    /* O_NONBLOCK: opening a fifo must not wait for a writer */
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &s) != 0) {
        config_reason(report, errno);
        config_fault(report, place, "", "cannot be read: %s", strerror(errno));
    } else if (!S_ISREG(s.st_mode)) {
        config_fault(report, place, "", "not a regular file");
    } else {
        *bytes = malloc(CONFIG_FILE_BYTES_MAX + 1);
        if (*bytes == NULL || !read_all(fd, *bytes, size_bytes)) {
            config_fault(report, place, "", "cannot be read: %s", strerror(errno));
        } else if (*size_bytes > CONFIG_FILE_BYTES_MAX) {
            config_fault(report, place, "", "bigger than 1 MiB; this is no configuration");
        }
    }
    if (fd >= 0) {
        close(fd);
    }
    if (report->fault_count != before) {
        free(*bytes);
        *bytes = NULL;
        return false;
    }
    return true;
}

struct first_message {
    char text[256];
};

static void keep_first(cyaml_log_t level, void *context, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));

/* libcyaml tells the cause first and then the way to it, a line each. */
static void keep_first(cyaml_log_t level, void *context, const char *format, va_list arguments)
{
    struct first_message *first = context;
    (void)level;
    if (first->text[0] == '\0') {
        vsnprintf(first->text, sizeof first->text, format, arguments);
        first->text[strcspn(first->text, "\n")] = '\0';
    }
}

static cyaml_config_t loader(struct first_message *first)
{
    return (cyaml_config_t){
        .log_fn = keep_first,
        .log_ctx = first,
        .mem_fn = cyaml_mem,
        .log_level = CYAML_LOG_ERROR,
        .flags = CYAML_CFG_NO_ALIAS,
    };
}

void *file_load(const struct file_kind *kind, const void *bytes, size_t size_bytes,
                struct shape *shape, struct config_report *report)
{
    if (!shape_read(shape, kind->schema, kind->keys, bytes, size_bytes, report)) {
        return NULL;
    }
    struct first_message first = {0};
    const cyaml_config_t config = loader(&first);
    cyaml_data_t *loaded = NULL;
    const cyaml_err_t result =
        cyaml_load_data(bytes, size_bytes, &config, kind->schema, &loaded, NULL);
    if (result != CYAML_OK || loaded == NULL) {
        config_fault(report, (struct config_place){shape->file, 0, 0}, "", "%s",
                     first.text[0] == '\0' ? cyaml_strerror(result) : first.text);
        return NULL;
    }
    return loaded;
}

void file_unload(const struct file_kind *kind, void *loaded)
{
    struct first_message first = {0};
    const cyaml_config_t config = loader(&first);
    cyaml_free(&config, kind->schema, loaded, 0);
}

#include "step_kill.h"

#include <assert.h>
#include <dlfcn.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#include <sqlite3.h>

typedef ssize_t pwrite_call(int, const void *, size_t, off_t);
typedef int truncate_call(int, off_t);

static enum fate armed;
static uint64_t left;
static pwrite_call *real_pwrite;
static truncate_call *real_truncate;

static void step(void)
{
    if (left > 0 && --left == 0) {
        (void)kill(getpid(), armed == FATE_STOPPED ? SIGSTOP : SIGKILL);
    }
}

static ssize_t on_pwrite(int fd, const void *bytes, size_t size_bytes, off_t offset)
{
    if (armed != FATE_STOPPED) {
        if (left == 1 && armed == FATE_TORN) {
            (void)real_pwrite(fd, bytes, size_bytes / 2, offset);
        }
        step();
    }
    return real_pwrite(fd, bytes, size_bytes, offset);
}

static int on_truncate(int fd, off_t size_bytes)
{
    if (armed != FATE_STOPPED) {
        step();
    }
    return real_truncate(fd, size_bytes);
}

static int on_statement(unsigned kind, void *context, void *statement, void *text)
{
    (void)context;
    (void)text;
    const int is_alone = sqlite3_get_autocommit(sqlite3_db_handle(statement));

    if (armed != FATE_STOPPED || (kind == SQLITE_TRACE_STMT && is_alone)) {
        step();
    }
    return 0;
}

static int on_open(sqlite3 *db, char **error, const struct sqlite3_api_routines *routines)
{
    (void)error;
    (void)routines;
    return sqlite3_trace_v2(db, SQLITE_TRACE_STMT | SQLITE_TRACE_PROFILE, on_statement, NULL);
}

/* Those that libpq calls: a program's own symbols are found before a library's. Their
 * parameters are named as the C library names them. */

static void find_next(const char *name, void *out, size_t size_bytes)
{
    void *const found = dlsym(RTLD_NEXT, name);

    assert(found != NULL && size_bytes == sizeof found);
    memcpy(out, &found, sizeof found);
}

ssize_t send(int fd, const void *buf, size_t n, int flags)
{
    static ssize_t (*real)(int, const void *, size_t, int);

    if (real == NULL) {
        find_next("send", &real, sizeof real);
    }
    if (left == 1 && armed == FATE_TORN) {
        (void)real(fd, buf, n / 2, flags);
    }
    step();
    return real(fd, buf, n, flags);
}

ssize_t recv(int fd, void *buf, size_t n, int flags)
{
    static ssize_t (*real)(int, void *, size_t, int);

    if (real == NULL) {
        find_next("recv", &real, sizeof real);
    }
    step();
    return real(fd, buf, n, flags);
}

static sqlite3_syscall_ptr replace(const char *name, sqlite3_syscall_ptr by)
{
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
    sqlite3_syscall_ptr real = vfs->xGetSystemCall(vfs, name);

    if (real != NULL) {
        (void)vfs->xSetSystemCall(vfs, name, by);
    }
    return real;
}

void step_kill_arm(enum fate fate, uint64_t at)
{
    armed = fate;
    left = at;
    if (real_pwrite == NULL) {
        (void)sqlite3_initialize();
        (void)sqlite3_auto_extension((void (*)(void))on_open);
        /* Which of the two SQLite uses depends on how it was built. */
        real_pwrite = (pwrite_call *)replace("pwrite64", (sqlite3_syscall_ptr)on_pwrite);
        if (real_pwrite == NULL) {
            real_pwrite = (pwrite_call *)replace("pwrite", (sqlite3_syscall_ptr)on_pwrite);
        }
        real_truncate = (truncate_call *)replace("ftruncate", (sqlite3_syscall_ptr)on_truncate);
    }
}

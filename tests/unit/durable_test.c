#include "agent/durable.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#define SIZE_BYTES 300000u

Test(durable, writes_all_to_who_takes_it_in_pieces)
{
    static char bytes[SIZE_BYTES];
    char piece[777];
    int ends[2];
    size_t got_bytes = 0;
    ssize_t got = 0;
    int status = -1;

    memset(bytes, 'x', sizeof bytes);
    cr_assert(eq(int, pipe2(ends, O_CLOEXEC), 0));
    const pid_t writer = fork();
    if (writer == 0) {
        _exit(durable_write(ends[1], bytes, sizeof bytes) ? 0 : 1);
    }
    close(ends[1]);
    while ((got = read(ends[0], piece, sizeof piece)) > 0) {
        cr_assert(eq(int, memcmp(piece, bytes, (size_t)got), 0));
        got_bytes += (size_t)got;
    }
    close(ends[0]);
    cr_assert(eq(int, waitpid(writer, &status, 0), writer));
    cr_assert(eq(int, status, 0));
    cr_assert(eq(sz, got_bytes, sizeof bytes));
}

Test(durable, says_why_nothing_was_written)
{
    const int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

    cr_assert(not(durable_write(full, "x", 1)));
    cr_assert(eq(int, errno, ENOSPC));
    cr_assert(durable_write(full, "", 0));
    close(full);
}

Test(durable, finds_the_directory_of_every_kind_of_path)
{
    char home[] = "/tmp/ostrakon-durable-XXXXXX";
    char path[sizeof home + 16];
    static char long_path[DURABLE_PATH_MAX + 16];

    cr_assert(ne(ptr, mkdtemp(home), NULL));
    (void)snprintf(path, sizeof path, "%s/file", home);
    cr_assert(durable_name(path), "a file need not be there: it may have been removed");
    cr_assert(durable_name("file"), "of this directory");
    cr_assert(durable_name("/file"), "of the root");
    (void)snprintf(path, sizeof path, "%s/none/file", home);
    cr_assert(not(durable_name(path)));
    cr_assert(eq(int, errno, ENOENT));
    memset(long_path, 'x', sizeof long_path - 1);
    long_path[0] = '/';
    long_path[sizeof long_path - 3] = '/';
    cr_assert(not(durable_name(long_path)));
    cr_assert(eq(int, errno, ENAMETOOLONG));
    cr_assert(eq(int, rmdir(home), 0));
}

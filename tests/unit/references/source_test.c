#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "machine.h"

static struct source source;

static enum source_verdict verdict_on(const char *path)
{
    return source_read(&machine()->seams, path, &source);
}

Test(source, is_read_whole)
{
    machine_file("/proc/a", "one\ntwo\n");
    cr_assert(verdict_on("/proc/a") == SOURCE_READ);
    cr_assert_str_eq(source.text, "one\ntwo\n");
    cr_assert(eq(u32, source.size_bytes, 8));
}

Test(source, that_is_not_there_is_missing)
{
    machine_file("/proc/a", "text");
    cr_assert(verdict_on("/proc/b") == SOURCE_MISSING);
    cr_assert(eq(u32, source.size_bytes, 0));
    cr_assert(verdict_on("/proc/a/b") == SOURCE_MISSING);
}

Test(source, that_is_a_directory_cannot_be_read)
{
    machine_file("/sys/directory/file", "");
    cr_assert(verdict_on("/sys/directory") == SOURCE_FAILED);
}

Test(source, that_is_a_fifo_does_not_hang)
{
    machine_file("/proc/a", "");
    cr_assert(mkfifo(machine_path("/proc/fifo"), 0600) == 0);
    cr_assert(verdict_on("/proc/fifo") == SOURCE_READ, "nobody writes: an empty file");
    cr_assert(eq(u32, source.size_bytes, 0));
}

Test(source, of_more_than_the_buffer_is_refused_at_the_first_byte_too_many)
{
    static char text[SOURCE_BYTES_MAX + 1];
    memset(text, 'x', sizeof text);
    machine_bytes("/proc/a", text, SOURCE_BYTES_MAX);
    cr_assert(verdict_on("/proc/a") == SOURCE_READ);
    cr_assert(eq(u32, source.size_bytes, SOURCE_BYTES_MAX));
    machine_bytes("/proc/a", text, SOURCE_BYTES_MAX + 1);
    cr_assert(verdict_on("/proc/a") == SOURCE_TOO_LONG);
    cr_assert_str_eq(source.text, "");
}

Test(source, with_a_zero_byte_is_garbage)
{
    machine_bytes("/proc/a", "a: 1\n\0b: 2\n", 11);
    cr_assert(verdict_on("/proc/a") == SOURCE_GARBAGE);
    cr_assert_str_eq(source.text, "");
}

Test(source, that_is_the_real_one_is_read)
{
    struct seams seams = seams_of_machine();
    cr_assert(source_read(&seams, "/proc/self/status", &source) == SOURCE_READ);
    uint64_t pid;
    cr_assert(source_field(&source, "Pid:", "", &pid) == FIELD_FOUND);
    cr_assert(eq(u64, pid, (uint64_t)getpid()));
}

static void set(const char *text)
{
    strcpy(source.text, text);
    source.size_bytes = (uint32_t)strlen(text);
}

Test(source, has_fields)
{
    static const struct {
        const char *text;
        enum field field;
        uint64_t value;
    } cases[] = {
        {"Key: 12 kB\n", FIELD_FOUND, 12},
        {"A: 1 kB\nKey:\t   0 kB\nB: 2 kB\n", FIELD_FOUND, 0},
        {"Key: 12 kB", FIELD_FOUND, 12},
        {"Key:12 kB\n", FIELD_FOUND, 12},
        {"Key: 18446744073709551615 kB\n", FIELD_FOUND, UINT64_MAX},
        {"", FIELD_MISSING, 0},
        {"XKey: 12 kB\n", FIELD_MISSING, 0},
        {"Key2: 12 kB\n", FIELD_MISSING, 0},
        {"Key: 18446744073709551616 kB\n", FIELD_GARBAGE, 0},
        {"Key: 99999999999999999999999 kB\n", FIELD_GARBAGE, 0},
        {"Key: -1 kB\n", FIELD_GARBAGE, 0},
        {"Key: +1 kB\n", FIELD_GARBAGE, 0},
        {"Key: 0x1 kB\n", FIELD_GARBAGE, 0},
        {"Key: 12\n", FIELD_GARBAGE, 0},
        {"Key: 12 MB\n", FIELD_GARBAGE, 0},
        {"Key: 12 kB \n", FIELD_GARBAGE, 0},
        {"Key: 12 kBytes\n", FIELD_GARBAGE, 0},
        {"Key: kB\n", FIELD_GARBAGE, 0},
        {"Key:", FIELD_GARBAGE, 0},
        {"Key:\n12 kB\n", FIELD_GARBAGE, 0},
        {"Key: 1 kB\nKey: 1 kB\n", FIELD_GARBAGE, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t value = 0;
        set(cases[i].text);
        cr_assert(source_field(&source, "Key:", " kB", &value) == cases[i].field, "%s",
                  cases[i].text);
        cr_assert(cases[i].field != FIELD_FOUND || value == cases[i].value, "%s",
                  cases[i].text);
    }
}

Test(source, is_one_number_or_none)
{
    uint64_t value = 0;
    set("42\n");
    cr_assert(source_number(&source, &value));
    cr_assert(eq(u64, value, 42));
    static const char *const others[] = {"",    "\n",   "42 ", " 42",  "42\n\n", "-1",
                                         "4 2", "0x2a", "max", "42kB", "42.0"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        set(others[i]);
        cr_assert(not(source_number(&source, &value)), "%s", others[i]);
    }
}

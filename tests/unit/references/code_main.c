#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "health/references/references.h"

/* R06 on this very process: right as it was loaded, and fatal at the right place after one bit
 * of its text, of its constants and of its relocated pointers was turned from outside. */

/* Never called: a flip in it harms nobody. */
__attribute__((noinline, used)) static uint64_t bystander(uint64_t x)
{
    for (uint32_t i = 0; i < 64; i++) {
        x = x * UINT64_C(0x9e3779b97f4a7c15) + i;
    }
    return x;
}

static const char constant[] = "a constant that nobody reads but this test";
static const char *const relocated[] = {constant, constant + 1, constant + 2};

static struct reference_context context;
static uint32_t number;
static int failed;

static void check(bool good, const char *what)
{
    printf("%sok %u - %s\n", good ? "" : "not ", ++number, what);
    failed |= !good;
}

static bool turn(const void *place)
{
    uint8_t byte = 0;
    const off_t at = (off_t)(uintptr_t)place;
    const int memory = open("/proc/self/mem", O_RDWR);
    bool done = memory >= 0 && pread(memory, &byte, 1, at) == 1;
    byte ^= 0x08;
    done = done && pwrite(memory, &byte, 1, at) == 1;
    close(memory);
    return done;
}

static struct finding measure(void)
{
    struct finding f;
    reference_run(reference_find(6), &context, &f);
    return f;
}

static void check_place(const void *place, const char *what, bool exact)
{
    const bool turned = turn(place);
    const struct finding f = measure();
    const bool placed = !exact || f.evidence.address == (uint64_t)(uintptr_t)place;
    check(turned && f.result == RESULT_FATAL && placed, what);
    const bool restored = turn(place);
    check(restored && measure().result == RESULT_OK, "and right again when it is turned back");
}

int main(void)
{
    context.seams = seams_of_machine();
    printf("1..8\n");
    check(reference_find(6)->negative(&context), "the negative is reported");
    check(measure().result == RESULT_OK, "as it was loaded");
    check_place((const char *)(uintptr_t)bystander + 9, "a flip in the text", true);
    check_place(constant + 5, "a flip in a constant", true);
    check_place(&relocated[1], "a flip in a relocated pointer", false);
    references_finish(&context);
    return failed;
}

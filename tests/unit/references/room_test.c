#include "health/references/room.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>

#include "machine.h"

#define MIB (UINT64_C(1) << 20)

static void meminfo(uint64_t total_mib, uint64_t free_mib)
{
    char text[256];
    snprintf(text, sizeof text, "MemTotal:  %llu kB\nMemFree: 1 kB\nMemAvailable: %llu kB\n",
             (unsigned long long)total_mib * 1024, (unsigned long long)free_mib * 1024);
    machine_file("/proc/meminfo", text);
}

Test(room, is_a_fiftieth_of_the_memory_and_256_mib_at_most)
{
    struct reference_context *context = machine();
    meminfo(1000, 900);
    struct room room = room_now(context);
    cr_assert(room.known);
    cr_assert(not(room.pressed));
    cr_assert(eq(u64, room.window, 20 * MIB));
    cr_assert(eq(u64, room.free, 900 * MIB));
    meminfo(64000, 60000);
    cr_assert(eq(u64, room_now(context).window, 256 * MIB));
}

Test(room, is_not_known_from_rubbish)
{
    static const char *const rubbish[] = {
        "",
        "MemTotal: 1 kB\n",
        "MemTotal: 1 kB\nMemAvailable: 2 kB\n",
        "MemTotal: x kB\nMemAvailable: 1 kB\n",
        "MemTotal: 18446744073709551615 kB\nMemAvailable: 18446744073709551615 kB\n",
    };
    struct reference_context *context = machine();
    for (size_t i = 0; i < sizeof rubbish / sizeof rubbish[0]; i++) {
        machine_file("/proc/meminfo", rubbish[i]);
        cr_assert(not(room_now(context).known), "%s", rubbish[i]);
    }
    machine_lacks("/proc/meminfo");
    cr_assert(not(room_now(context).known));
}

Test(room, is_pressed_when_four_windows_are_not_free)
{
    struct reference_context *context = machine();
    meminfo(1000, 80);
    cr_assert(not(room_now(context).pressed));
    meminfo(1000, 79);
    cr_assert(room_now(context).pressed);
}

Test(room, is_pressed_when_others_wait_for_memory)
{
    static const struct {
        const char *text;
        bool pressed;
    } cases[] = {
        {"some avg10=0.00 avg60=9.00 avg300=9.00 total=1\n", false},
        {"some avg10=1.00 avg60=0.00\n", false},
        {"some avg10=1.01 avg60=0.00\n", true},
        {"some avg10=62.70 avg60=0.00\n", true},
        {"some avg10=100.00\n", true},
        {"full avg10=62.70\n", false},
        {"some avg10=x\n", false},
        {"some avg10=9,99\n", false},
        {"", false},
    };
    struct reference_context *context = machine();
    meminfo(1000, 900);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        machine_file("/proc/pressure/memory", cases[i].text);
        cr_assert(room_now(context).pressed == cases[i].pressed, "%s", cases[i].text);
    }
}

Test(room, is_a_twentieth_of_the_least_limit_of_the_groups_around)
{
    struct reference_context *context = machine();
    meminfo(64000, 60000);
    machine_file("/proc/self/cgroup", "0::/a.slice/b.service\n");
    machine_file("/sys/fs/cgroup/a.slice/b.service/memory.max", "max\n");
    cr_assert(eq(u64, room_now(context).window, 256 * MIB));
    machine_file("/sys/fs/cgroup/a.slice/memory.max", "1048576000\n");
    struct room room = room_now(context);
    cr_assert(eq(u64, room.window, 50 * MIB));
    cr_assert(eq(u64, room.free, 500 * MIB));
    machine_file("/sys/fs/cgroup/a.slice/b.service/memory.max", "104857600\n");
    cr_assert(eq(u64, room_now(context).window, 5 * MIB));
    machine_file("/sys/fs/cgroup/memory.max", "52428800\n");
    cr_assert(eq(u64, room_now(context).window, 5 * MIB / 2));
}

Test(room, knows_the_older_groups_too)
{
    struct reference_context *context = machine();
    meminfo(64000, 60000);
    machine_file("/proc/self/cgroup", "9:name=systemd:/\n4:memory:/a\n1:cpu:/\n0::/\n");
    machine_file("/sys/fs/cgroup/memory/a/memory.limit_in_bytes", "9223372036854771712\n");
    cr_assert(eq(u64, room_now(context).window, 256 * MIB));
    machine_file("/sys/fs/cgroup/memory/memory.limit_in_bytes", "104857600\n");
    cr_assert(eq(u64, room_now(context).window, 5 * MIB));
}

Test(room, does_not_follow_strange_groups)
{
    static const char *const strange[] = {
        "0::/../../secret\n", "0::secret\n", "0:\n", "0::", "::::\n", "\n\n0", "0::/",
    };
    struct reference_context *context = machine();
    meminfo(64000, 60000);
    machine_file("/secret/memory.max", "104857600\n");
    machine_file("/sys/fs/cgroup/x/memory.max", "104857600\n");
    for (size_t i = 0; i < sizeof strange / sizeof strange[0]; i++) {
        machine_file("/proc/self/cgroup", strange[i]);
        cr_assert(eq(u64, room_now(context).window, 256 * MIB), "%s", strange[i]);
    }
}

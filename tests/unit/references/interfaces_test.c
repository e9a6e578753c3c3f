#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <unistd.h>

#include "machine.h"

static uint64_t now_ms;

static uint64_t clock_ns(void *self, enum seam_clock clock)
{
    (void)self;
    (void)clock;
    return now_ms * 1000000;
}

static void stack(uint64_t sent, uint64_t again, uint64_t tcp_wrong, uint64_t udp_wrong)
{
    char text[1024];
    snprintf(text, sizeof text,
             "Ip: Forwarding DefaultTTL\nIp: 2 64\n"
             "Tcp: RtoAlgorithm RtoMin RtoMax MaxConn InSegs OutSegs RetransSegs InErrs "
             "InCsumErrors\n"
             "Tcp: 1 200 120000 -1 5 %lu %lu 0 %lu\n"
             "Udp: InDatagrams InErrors InCsumErrors IgnoredMulti\nUdp: 9 9 %lu 0\n"
             "UdpLite: InDatagrams InErrors InCsumErrors\nUdpLite: 0 0 0\n",
             sent, again, tcp_wrong, udp_wrong);
    machine_file("/proc/net/snmp", text);
}

static void interface(const char *name, uint64_t checksum, uint64_t frame)
{
    char path[128];
    char text[32];
    snprintf(path, sizeof path, "/sys/class/net/%s/statistics/rx_crc_errors", name);
    snprintf(text, sizeof text, "%lu\n", checksum);
    machine_file(path, text);
    snprintf(path, sizeof path, "/sys/class/net/%s/statistics/rx_frame_errors", name);
    snprintf(text, sizeof text, "%lu\n", frame);
    machine_file(path, text);
}

static void physical(const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "/sys/class/net/%s/device", name);
    unlink(machine_path(path));
    cr_assert(eq(int, symlink("../../../0000:00:1f.6", machine_path(path)), 0));
}

static void begin(void)
{
    machine()->seams.clock_ns = clock_ns;
    now_ms = 1000000;
    machine_lacks("/sys");
    machine_lacks("/proc");
    interface("eth0", 5, 0);
    physical("eth0");
    interface("br0", 0, 0);
    stack(1000, 10, 3, 3);
}

static struct finding later(void)
{
    now_ms += 10000;
    return machine_run(28);
}

static enum reference_result seen_now(void)
{
    return later().result;
}

Test(interfaces, that_are_clean_are_fine)
{
    begin();
    cr_assert(seen_now() == RESULT_OK);
    cr_assert(seen_now() == RESULT_OK);
}

Test(interfaces, of_this_machine_can_be_read)
{
    machine()->seams.root = "";
    cr_assert(machine_run(28).result == RESULT_OK);
}

Test(interfaces, that_corrupt_degrade_for_a_minute)
{
    begin();
    cr_assert(seen_now() == RESULT_OK);
    interface("eth0", 10, 5);
    cr_assert(seen_now() == RESULT_OK, "ten a minute may be");
    interface("eth0", 11, 5);
    struct finding f = later();
    cr_assert(f.result == RESULT_DEGRADED);
    cr_assert_str_eq(machine_words(&f), "eth0 received 11 corrupt packets in a minute");
    for (int i = 0; i < 7; i++) {
        f = later();
    }
    cr_assert(f.result == RESULT_OK);
    interface("br0", 1000, 0);
    cr_assert(seen_now() == RESULT_OK, "a bridge is no cable");
}

Test(interfaces, checksums_that_are_wrong_degrade)
{
    begin();
    cr_assert(seen_now() == RESULT_OK);
    stack(2000, 10, 9, 8);
    struct finding f = later();
    cr_assert(f.result == RESULT_DEGRADED);
    cr_assert(eq(u64, f.evidence.count, 11));
    cr_assert(eq(u32, f.evidence.note, INTERFACES_CHECKSUMS));
}

Test(interfaces, that_lose_more_than_a_tenth_degrade_if_there_is_enough_to_tell)
{
    begin();
    cr_assert(seen_now() == RESULT_OK);
    stack(1099, 109, 3, 3);
    cr_assert(seen_now() == RESULT_OK, "99 segments say nothing");
    stack(2000, 110, 3, 3);
    cr_assert(seen_now() == RESULT_OK);
    stack(2000, 111, 3, 3);
    struct finding f = later();
    cr_assert(f.result == RESULT_DEGRADED);
    cr_assert_str_eq(machine_words(&f),
                     "101 of 1000 segments were sent again, of 1000 in a minute");
}

Test(interfaces, counters_that_are_set_back_begin_anew)
{
    begin();
    cr_assert(seen_now() == RESULT_OK);
    interface("eth0", 0, 0);
    stack(0, 0, 0, 0);
    cr_assert(seen_now() == RESULT_OK);
    interface("eth0", 11, 0);
    cr_assert(seen_now() == RESULT_DEGRADED);
}

Test(interfaces, without_any_counters_are_absent_for_good)
{
    begin();
    machine_lacks("/sys");
    machine_lacks("/proc");
    cr_assert(seen_now() == RESULT_ABSENT);
    stack(0, 0, 0, 0);
    cr_assert(seen_now() == RESULT_ABSENT);
}

Test(interfaces, with_one_kind_of_counters_are_judged_by_it)
{
    begin();
    machine_lacks("/sys");
    cr_assert(seen_now() == RESULT_OK);
    stack(1000, 10, 3, 14);
    cr_assert(seen_now() == RESULT_DEGRADED);
    begin();
    machine_lacks("/proc");
    cr_assert(seen_now() == RESULT_OK);
    interface("eth0", 16, 0);
    cr_assert(seen_now() == RESULT_DEGRADED);
}

Test(interfaces, that_vanish_are_unknown)
{
    begin();
    cr_assert(seen_now() == RESULT_OK);
    machine_lacks("/sys/class/net/eth0");
    struct finding f = later();
    cr_assert(f.result == RESULT_UNKNOWN);
    cr_assert_str_eq(f.evidence.subject, "eth0");
    begin();
    cr_assert(seen_now() == RESULT_OK);
    machine_lacks("/sys");
    cr_assert(seen_now() == RESULT_UNKNOWN);
    begin();
    cr_assert(seen_now() == RESULT_OK);
    machine_lacks("/proc");
    cr_assert(seen_now() == RESULT_UNKNOWN);
}

Test(interfaces, in_garbage_are_unknown)
{
    static const char *const garbage[] = {
        "",
        "Tcp:\nTcp:\n",
        "Tcp: OutSegs RetransSegs InCsumErrors\n",
        "Tcp: OutSegs RetransSegs InCsumErrors\nTcp: 1 2\nUdp: InCsumErrors\nUdp: 0\n",
        "Tcp: OutSegs RetransSegs InCsumErrors\nTcp: 1 2 -3\nUdp: InCsumErrors\nUdp: 0\n",
        "Tcp: OutSegs RetransSegs InCsumErrors\nTcp: 1 2 3x\nUdp: InCsumErrors\nUdp: 0\n",
        "Tcp: OutSegs RetransSegs InCsumErrors\nTcp: 1 2 3\nUdp: XInCsumErrors\nUdp: 0\n",
    };
    for (size_t i = 0; i < sizeof garbage / sizeof garbage[0]; i++) {
        begin();
        machine_file("/proc/net/snmp", garbage[i]);
        cr_assert(seen_now() == RESULT_UNKNOWN, "%s", garbage[i]);
    }
    begin();
    machine_file("/sys/class/net/eth0/statistics/rx_crc_errors", "many\n");
    cr_assert(seen_now() == RESULT_UNKNOWN);
}

Test(interfaces, report_their_negative)
{
    cr_assert(reference_find(28)->negative(machine()));
}

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "machine.h"

static struct seams real;
static uint64_t shift_ms; /* of the clock */
static char tools[256];

static int stat_file(void *self, const char *path, struct stat *out)
{
    const int status = real.stat(self, path, out);
    out->st_dev = makedev(8, 1);
    return status;
}

static uint64_t clock_ns(void *self, enum seam_clock clock)
{
    return real.clock_ns(self, clock) + shift_ms * 1000000;
}

/* A program in the place of smartctl, that writes down how it was called. */
static void tool(const char *script)
{
    char text[4096];
    snprintf(text, sizeof text, "#!/bin/sh\necho \"$@\" >>%s\n%s\n", machine_path("/called"),
             script);
    machine_file("/bin/smartctl", text);
    cr_assert(eq(int, chmod(machine_path("/bin/smartctl"), 0755), 0));
}

static void answers(const char *json, int code)
{
    char script[4096];
    snprintf(script, sizeof script, "cat <<'END'\n%s\nEND\nexit %d", json, code);
    tool(script);
}

/* One disk, sda, with a partition. */
static struct reference_context *begin(void)
{
    struct reference_context *context = machine();
    machine_lacks("/sys");
    machine_lacks("/called");
    machine_file("/sys/devices/pci0/block/sda/device/model", "DISK\n");
    machine_file("/sys/devices/pci0/block/sda/sda1/partition", "1\n");
    machine_link("/sys/dev/block/8:1", "../../devices/pci0/block/sda/sda1");
    machine_link("/sys/class/block/sda", "../../devices/pci0/block/sda");
    machine_link("/sys/class/block/sda1", "../../devices/pci0/block/sda/sda1");
    snprintf(tools, sizeof tools, "%s:%s", machine_path("/nowhere"), machine_path("/bin"));
    shift_ms = 0;
    real = context->seams;
    context->seams.stat = stat_file;
    context->seams.clock_ns = clock_ns;
    context->tools = tools;
    context->whole = true;
    return context;
}

static struct finding asked(void)
{
    return machine_run(26);
}

static struct finding an_hour_later(void)
{
    shift_ms += 3600 * 1000;
    return asked();
}

#define ATA(sectors)                                                                           \
    "{\"smart_status\":{\"passed\":true},\"ata_smart_attributes\":{\"table\":["                \
    "{\"id\":1,\"name\":\"Raw_Read_Error_Rate\",\"raw\":{\"value\":77,\"string\":\"77\"}},"    \
    "{\"id\":5,\"raw\":{\"value\":" sectors "}},{\"id\":197,\"raw\":{\"value\":0}}]}}"
#define NVME(warning, used, errors)                                                            \
    "{\"smart_status\":{\"passed\":true,\"nvme\":{\"value\":0}},"                              \
    "\"nvme_smart_health_information_log\":{\"critical_warning\":" warning                     \
    ",\"temperature\":38,\"percentage_used\":" used ",\"media_errors\":" errors "}}"

Test(disk_health, of_a_sound_disk_is_fine_and_asked_as_it_should_be)
{
    char called[256] = "";
    begin();
    answers(ATA("8"), 0);
    const struct finding f = asked();
    cr_assert(f.result == RESULT_OK, "%s", machine_words(&f));
    cr_assert_str_eq(machine_words(&f), "sda reports no fault");
    FILE *file = fopen(machine_path("/called"), "r");
    cr_assert(file != NULL);
    cr_assert(fgets(called, sizeof called, file) != NULL);
    fclose(file);
    cr_assert_str_eq(called, "--json=c -H -A -n standby,3 /dev/sda\n");
}

Test(disk_health, is_judged_by_what_the_disk_says)
{
    static const struct {
        const char *json;
        int code;
        enum reference_result result;
        uint32_t note;
        uint32_t flags;
    } cases[] = {
        {ATA("0"), 0, RESULT_OK, DISK_HEALTH_WELL, 0},
        {ATA("0"), 4 | 32 | 64 | 128, RESULT_OK, DISK_HEALTH_WELL, 0},
        {ATA("0"), 8, RESULT_DEGRADED, DISK_HEALTH_FAILING, FINDING_PERSON},
        {ATA("0"), 16, RESULT_DEGRADED, DISK_HEALTH_WORN, 0},
        {"{\"smart_status\":{\"passed\":false}}", 0, RESULT_DEGRADED, DISK_HEALTH_FAILING,
         FINDING_PERSON},
        {NVME("0", "99", "0"), 0, RESULT_OK, DISK_HEALTH_WELL, 0},
        {NVME("1", "3", "0"), 8, RESULT_DEGRADED, DISK_HEALTH_SPARE, FINDING_PERSON},
        {NVME("2", "3", "0"), 0, RESULT_DEGRADED, DISK_HEALTH_HOT, 0},
        {NVME("4", "3", "0"), 0, RESULT_DEGRADED, DISK_HEALTH_UNRELIABLE, 0},
        {NVME("13", "3", "0"), 8, RESULT_SILENT, DISK_HEALTH_READ_ONLY, FINDING_PERSON},
        {NVME("16", "3", "0"), 0, RESULT_DEGRADED, DISK_HEALTH_BACKUP, 0},
        {NVME("0", "100", "0"), 0, RESULT_DEGRADED, DISK_HEALTH_USED_UP, 0},
        {NVME("0", "3", "9"), 0, RESULT_OK, DISK_HEALTH_WELL, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        begin();
        answers(cases[i].json, cases[i].code);
        const struct finding f = asked();
        cr_assert(f.result == cases[i].result, "%zu: %s", i, machine_words(&f));
        cr_assert(eq(u32, f.evidence.note, cases[i].note), "%zu: %s", i, machine_words(&f));
        cr_assert(eq(u32, f.flags, cases[i].flags), "%zu", i);
        cr_assert_str_eq(f.evidence.subject, "sda");
    }
}

Test(disk_health, is_degraded_for_the_hour_in_which_a_count_grew)
{
    begin();
    answers(ATA("8"), 0);
    cr_assert(asked().result == RESULT_OK);
    answers(ATA("11"), 0);
    shift_ms += 3599 * 1000;
    cr_assert(asked().result == RESULT_OK, "not asked before the hour is over");
    shift_ms += 1000;
    struct finding f = asked();
    cr_assert(f.result == RESULT_DEGRADED);
    cr_assert_str_eq(machine_words(&f), "sda counted 3 more in attribute 5, 11 by now");
    shift_ms += 1000;
    cr_assert(asked().result == RESULT_DEGRADED);
    cr_assert(an_hour_later().result == RESULT_OK);
    begin();
    answers(NVME("0", "3", "1"), 0);
    cr_assert(asked().result == RESULT_OK);
    answers(NVME("0", "3", "2"), 0);
    f = an_hour_later();
    cr_assert(f.result == RESULT_DEGRADED);
    cr_assert_str_eq(machine_words(&f), "sda counted 1 errors of its medium more, 2 by now");
}

Test(disk_health, of_a_disk_that_sleeps_is_unknown_and_excused)
{
    begin();
    answers("{}", 3);
    const struct finding f = asked();
    cr_assert(f.result == RESULT_UNKNOWN);
    cr_assert(eq(u32, f.flags, FINDING_EXCUSED));
    answers(ATA("0"), 8);
    cr_assert(an_hour_later().result == RESULT_DEGRADED, "it is there, and awake now");
}

static void is_absent_with(uint32_t note)
{
    for (int i = 0; i < 2; i++) {
        const struct finding f = an_hour_later();
        cr_assert(f.result == RESULT_ABSENT, "%s", machine_words(&f));
        cr_assert(eq(u32, f.evidence.note, note), "%s", machine_words(&f));
        answers(ATA("0"), 8);
    }
}

Test(disk_health, is_absent_for_good_without_tool_disk_or_account)
{
    begin();
    machine_lacks("/bin");
    is_absent_with(DISK_HEALTH_NO_TOOL);
    begin();
    answers("{\"smartctl\":{\"exit_status\":2}}", 2);
    is_absent_with(DISK_HEALTH_NO_ACCOUNT);
    begin();
    answers("{}", 0);
    is_absent_with(DISK_HEALTH_NO_ACCOUNT);
    begin();
    machine_lacks("/sys/devices/pci0/block/sda/device");
    is_absent_with(DISK_HEALTH_NO_DISK);
    begin()->data_directory = NULL;
    is_absent_with(DISK_HEALTH_NO_DISK);
}

Test(disk_health, that_vanishes_is_unknown)
{
    begin();
    answers(ATA("0"), 0);
    cr_assert(asked().result == RESULT_OK);
    answers("{}", 2);
    struct finding f = an_hour_later();
    cr_assert(f.result == RESULT_UNKNOWN);
    cr_assert_str_eq(machine_words(&f), "sda gives no account of its health any more");
    machine_lacks("/bin");
    f = an_hour_later();
    cr_assert(f.result == RESULT_UNKNOWN);
    cr_assert(eq(u32, f.evidence.note, DISK_HEALTH_FAILED));
    answers(ATA("0"), 0);
    cr_assert(an_hour_later().result == RESULT_OK);
}

Test(disk_health, in_garbage_or_without_end_is_unknown)
{
    static const char *const scripts[] = {
        "echo",
        "echo '[]'",
        "echo '{\"smart_status\":{}}'",
        "echo '{\"smart_status\":{\"passed\":1}}'",
        "echo '{\"smart_status\":{\"passed\":true}} x'",
        "echo '{\"smart_status\":{\"passed\":true}'",
        "printf '{\"smart_status\":{\"passed\":true}}\\000'",
        "echo '{\"nvme_smart_health_information_log\":[]}'",
        "echo '{\"nvme_smart_health_information_log\":{\"media_errors\":-1}}'",
        "echo '{\"nvme_smart_health_information_log\":{\"media_errors\":1e300}}'",
        "echo '{\"nvme_smart_health_information_log\":{\"critical_warning\":\"0\"}}'",
        "echo '{\"ata_smart_attributes\":{\"table\":{}}}'",
        "echo '{\"ata_smart_attributes\":{\"table\":[{}]}}'",
        "echo '{\"ata_smart_attributes\":{\"table\":[7]}}'",
        "echo '{\"ata_smart_attributes\":{\"table\":[{\"id\":5,\"raw\":{\"value\":null}}]}}'",
        "echo '{\"smart_status\":{\"passed\":true},\"x\":[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]}'",
        "yes '{\"smart_status\":{\"passed\":true}}'",
        "head -c 1000000 /dev/zero",
        "kill -SEGV $$",
    };
    for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
        begin();
        tool(scripts[i]);
        const struct finding f = asked();
        cr_assert(f.result == RESULT_UNKNOWN, "%s: %s", scripts[i], machine_words(&f));
        cr_assert(eq(u32, f.flags, 0), "%s", scripts[i]);
        cr_assert(eq(u32, f.evidence.note, DISK_HEALTH_GARBAGE), "%s", scripts[i]);
    }
}

Test(disk_health, is_waited_for_by_nobody)
{
    struct reference_context *context = begin();
    context->whole = false;
    tool("sleep 60 & sleep 60");
    for (int i = 0; i < 5; i++) {
        const struct finding f = asked();
        cr_assert(f.result == RESULT_UNKNOWN);
        cr_assert(eq(u32, f.flags, FINDING_EXCUSED));
    }
    const pid_t process = context->disk_health.child.process;
    cr_assert(process > 0);
    shift_ms = 10000;
    while (context->disk_health.asking) {
        asked();
        usleep(1000);
    }
    const struct finding f = asked();
    cr_assert(f.result == RESULT_UNKNOWN);
    cr_assert_str_eq(machine_words(&f), "smartctl has not answered for sda in ten seconds");
    while (kill(-process, 0) == 0) {
        usleep(1000); /* what it had started dies with it */
    }
}

Test(disk_health, is_taken_when_it_comes)
{
    struct reference_context *context = begin();
    context->whole = false;
    answers(ATA("0"), 0);
    cr_assert(asked().result == RESULT_UNKNOWN);
    while (context->disk_health.asking) {
        asked();
        usleep(1000);
    }
    cr_assert(asked().result == RESULT_OK);
}

Test(disk_health, reports_its_negative)
{
    cr_assert(reference_find(26)->negative(machine()));
}

#include "kernel_log_rules.h"

#include <string.h>

#define FACILITY_KERNEL_END 8u /* priorities of other facilities begin here */
#define COMMAND_BYTES_MAX 15u  /* of a process's name */

/* A record that begins so and, behind that, contains this. With `device_end` the name of a
 * device stands between the beginning and that character, and has to be one of ours. */
struct rule {
    const char *begins;
    const char *contains;
    enum kernel_event_kind kind;
    char device_end;
};

#define HARDWARE "[Hardware Error]: "

/* Texts of Linux 5.10 to 6.12. */
static const struct rule rules[] = {
    {HARDWARE "event severity: fatal", "", KERNEL_EVENT_UNCORRECTED, 0},
    {HARDWARE "event severity: recoverable", "", KERNEL_EVENT_RECOVERED, 0},
    {HARDWARE "event severity: corrected", "", KERNEL_EVENT_CORRECTED, 0},
    {HARDWARE "Uncorrected", "", KERNEL_EVENT_UNCORRECTED, 0},
    {HARDWARE "Machine check events logged", "", KERNEL_EVENT_CORRECTED, 0},
    {"mce: " HARDWARE "Machine check events logged", "", KERNEL_EVENT_CORRECTED, 0},
    {"mce: Uncorrected hardware memory error", "", KERNEL_EVENT_UNCORRECTED, 0},
    {"EDAC ", "CE memory read error", KERNEL_EVENT_CORRECTED, 0},
    {"Memory failure: 0x", "", KERNEL_EVENT_PAGE_LOST, 0},
    {"EXT4-fs error (device ", "", KERNEL_EVENT_DISK, ')'},
    {"XFS (", "hutting down filesystem", KERNEL_EVENT_DISK, ')'},
    {"XFS (", "as been shut down", KERNEL_EVENT_DISK, ')'},
    {"Buffer I/O error on dev ", "", KERNEL_EVENT_DISK, ','},
    {"Buffer I/O error on device ", "", KERNEL_EVENT_DISK, ','},
    {"I/O error, dev ", "", KERNEL_EVENT_DISK, ','},
    {"blk_update_request: I/O error, dev ", "", KERNEL_EVENT_DISK, ','},
    {"critical medium error, dev ", "", KERNEL_EVENT_DISK, ','},
    {"blk_update_request: critical medium error, dev ", "", KERNEL_EVENT_DISK, ','},
    {"INFO: task ", "blocked for more than", KERNEL_EVENT_STUCK, 0},
    {"watchdog: BUG: soft lockup", "", KERNEL_EVENT_STUCK, 0},
    {"rcu: INFO: ", " stall", KERNEL_EVENT_STUCK, 0},
    {"rcu: INFO: ", "detected stalls", KERNEL_EVENT_STUCK, 0},
    {"Out of memory: Killed process ", "", KERNEL_EVENT_KILLED, 0},
    {"clocksource: ", "unstable", KERNEL_EVENT_CLOCK, 0},
};

bool kernel_log_record_scan(const char *line, struct kernel_log_record *out)
{
    uint64_t time_us;
    const char *at = line;
    if (!number_scan(&at, &out->priority) || *at++ != ',' || !number_scan(&at, &out->number) ||
        *at++ != ',' || !number_scan(&at, &time_us) || *at != ',') {
        return false;
    }
    const char *text = strchr(at, ';'); /* flags, and whatever is to come */
    out->text = text == NULL ? "" : text + 1;
    return text != NULL;
}

/* "NAME[123]: segfault ..." and "NAME (123): ...": what a process did, under the name that it
 * gave itself. */
static bool begins_with_a_process(const char *text)
{
    for (uint32_t i = 0; i <= COMMAND_BYTES_MAX + 1 && text[i] != '\0'; i++) {
        const char *at = &text[i + 1];
        uint64_t number;
        if ((text[i] == '[' || text[i] == '(') && number_scan(&at, &number) &&
            (*at == ']' || *at == ')')) {
            return true;
        }
    }
    return false;
}

/* "{7}" before errors that the firmware reports as they happen. What it has kept from the boot
 * before comes without. */
static bool number_skip(const char **text)
{
    const char *at = *text;
    uint64_t number;
    if (*at++ != '{' || !number_scan(&at, &number) || *at++ != '}') {
        return false;
    }
    *text = at;
    return true;
}

static bool rule_fits(const struct rule *rule, const char *text,
                      const struct block_devices *ours, struct kernel_log_event *out)
{
    const size_t size_bytes = strlen(rule->begins);
    if (strncmp(text, rule->begins, size_bytes) != 0) {
        return false;
    }
    const char *rest = text + size_bytes;
    if (rule->device_end != 0) {
        const char *end = strchr(rest, rule->device_end);
        out->device = rest;
        out->device_bytes = end == NULL ? 0 : (size_t)(end - rest);
        if (!block_devices_have(ours, rest, out->device_bytes)) {
            return false;
        }
        rest = end;
    }
    return rest != NULL && strstr(rest, rule->contains) != NULL;
}

struct kernel_log_event kernel_log_judge(const struct kernel_log_record *r,
                                         const struct block_devices *ours)
{
    struct kernel_log_event e = {.kind = KERNEL_EVENT_NONE};
    const char *text = r->text;
    if (r->priority >= FACILITY_KERNEL_END || begins_with_a_process(text)) {
        return e;
    }
    const bool now = number_skip(&text);
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if (rule_fits(&rules[i], text, ours, &e)) {
            const bool severity = strstr(rules[i].begins, "event severity: ") != NULL;
            const bool kept = severity && !now && rules[i].kind != KERNEL_EVENT_CORRECTED;
            e.kind = kept ? KERNEL_EVENT_BOOT_BEFORE : rules[i].kind;
            break;
        }
    }
    return e;
}

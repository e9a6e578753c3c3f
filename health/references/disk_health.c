#include "disk_health.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "references.h"

/* smartctl(8), EXIT STATUS: bits, but for the value that we choose for a disk that sleeps. */
enum {
    EXIT_USAGE = 1u << 0,
    EXIT_NO_DEVICE = 1u << 1,
    EXIT_FAILING = 1u << 3,
    EXIT_PREFAIL = 1u << 4,
    EXIT_SLEEPS = 3,
};

#define STANDBY "standby,3"
#define LOOK_MS 20u
#define DYING_MS 1000u /* that a killed child may take to be gone */

static void grew(uint64_t before, uint64_t now, uint64_t attribute, uint32_t note,
                 struct finding *out)
{
    if (now > before && finding_worsen(out, RESULT_DEGRADED, note)) {
        out->evidence.count = now - before;
        out->evidence.got = now;
        out->evidence.expected = attribute;
    }
}

/* Increments since the answer before: what was counted before the first one is the past. */
static void judge_counts(const struct disk_counts *before, const struct disk_counts *now,
                         struct finding *out)
{
    static const uint64_t ids[DISK_ATTRIBUTE_COUNT] = {
#define X(id) [DISK_ATTRIBUTE_##id] = id,
        DISK_ATTRIBUTES(X)
#undef X
    };
    if (before->media_known && now->media_known) {
        grew(before->media_errors, now->media_errors, 0, DISK_HEALTH_MEDIA, out);
    }
    for (uint32_t i = 0; i < DISK_ATTRIBUTE_COUNT; i++) {
        if (before->known[i] && now->known[i]) {
            grew(before->attribute[i], now->attribute[i], ids[i], DISK_HEALTH_SECTORS, out);
        }
    }
}

static void judge_warning(uint64_t warning, struct finding *out)
{
    static const struct {
        enum reference_result result;
        uint32_t note;
    } bits[] = {
        {RESULT_DEGRADED, DISK_HEALTH_SPARE},      {RESULT_DEGRADED, DISK_HEALTH_HOT},
        {RESULT_DEGRADED, DISK_HEALTH_UNRELIABLE}, {RESULT_SILENT, DISK_HEALTH_READ_ONLY},
        {RESULT_DEGRADED, DISK_HEALTH_BACKUP},
    };
    for (uint32_t i = 0; i < sizeof bits / sizeof bits[0]; i++) {
        if ((warning >> i & 1) != 0) {
            finding_worsen(out, bits[i].result, bits[i].note);
        }
    }
}

/* A disk that warns of something in particular is not told as failing in general. */
static void judge_report(const struct disk_health_report *r, int code,
                         const struct disk_counts *before, struct finding *out)
{
    const bool failing = (code & EXIT_FAILING) != 0 || (r->passed_known && !r->passed);
    finding_set(out, RESULT_OK, DISK_HEALTH_WELL);
    if (r->warning_known) {
        judge_warning(r->warning, out);
    }
    if (failing && out->result == RESULT_OK) {
        finding_set(out, RESULT_DEGRADED, DISK_HEALTH_FAILING);
    }
    if ((code & EXIT_PREFAIL) != 0) {
        finding_worsen(out, RESULT_DEGRADED, DISK_HEALTH_WORN);
    }
    if (r->used_known && r->used_percent >= 100 &&
        finding_worsen(out, RESULT_DEGRADED, DISK_HEALTH_USED_UP)) {
        out->evidence.got = r->used_percent;
    }
    judge_counts(before, &r->counts, out);
    out->flags |= failing || out->result == RESULT_SILENT ? FINDING_PERSON : 0;
}

/* What came of one question. */
static void judge_answer(struct disk_health_disk *disk, const char *text, size_t size_bytes,
                         int status, struct finding *out)
{
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    struct disk_health_report r;
    if (code == EXIT_SLEEPS) {
        out->flags |= FINDING_EXCUSED;
        finding_set(out, RESULT_UNKNOWN, DISK_HEALTH_SLEEPS);
        disk->known = true;
        return;
    }
    if (code >= 0 && (code & (EXIT_USAGE | EXIT_NO_DEVICE)) != 0) {
        finding_set(out, RESULT_UNKNOWN, DISK_HEALTH_SILENT);
        return;
    }
    if (code < 0 || !disk_health_parse(text, size_bytes, &r)) {
        finding_set(out, RESULT_UNKNOWN, DISK_HEALTH_GARBAGE);
        disk->known = true; /* something answered: this machine does not lack it */
        return;
    }
    if (!r.any) {
        finding_set(out, RESULT_UNKNOWN, DISK_HEALTH_SILENT);
        return;
    }
    judge_report(&r, code, &disk->counts, out);
    disk->counts = r.counts;
    disk->known = true;
}

static void begin(struct reference_context *context)
{
    struct disk_health_state *state = &context->disk_health;
    struct block_devices devices;
    const char *path = context->tools == NULL ? DISK_HEALTH_TOOLS : context->tools;
    state->begun = true;
    if (!child_find(path, "smartctl", state->tool, sizeof state->tool)) {
        state->tool[0] = '\0';
    }
    if (context->data_directory == NULL ||
        !block_devices_of(&context->seams, context->data_directory, &context->source,
                          &devices)) {
        return;
    }
    for (uint32_t i = 0; i < devices.count && state->count < DISK_HEALTH_DISKS_MAX; i++) {
        if (devices.list[i].disk) {
            struct disk_health_disk *d = &state->disks[state->count++];
            memcpy(d->name, devices.list[i].name, sizeof d->name);
            finding_begin(&d->finding, 26);
            d->finding.flags = FINDING_EXCUSED;
            finding_set(&d->finding, RESULT_UNKNOWN, DISK_HEALTH_ASKED);
        }
    }
}

static void refuse(struct disk_health_disk *disk, uint32_t note, uint64_t got)
{
    finding_begin(&disk->finding, 26);
    finding_set(&disk->finding, RESULT_UNKNOWN, note);
    finding_subject(&disk->finding, disk->name);
    disk->finding.evidence.got = got;
    disk->known = true;
}

static void ask(struct disk_health_state *state, uint64_t now_ms)
{
    static char name[] = "smartctl";
    static char json[] = "--json=c";
    static char health[] = "-H";
    static char attributes[] = "-A";
    static char power[] = "-n";
    static char standby[] = STANDBY;
    char device[LISTING_NAME_BYTES + 8];
    struct disk_health_disk *disk = &state->disks[state->disk];
    char *const arguments[] = {name, json, health, attributes, power, standby, device, NULL};
    snprintf(device, sizeof device, "/dev/%s", disk->name);
    const int error =
        child_start(&state->child, state->tool, arguments, now_ms + DISK_HEALTH_PATIENCE_MS);
    state->asking = error == 0;
    if (error != 0) {
        refuse(disk, DISK_HEALTH_FAILED, (uint64_t)error);
        state->disk++;
    }
}

/* Takes what the child says. It may be long dead to us and not have died. */
static void listen_to(struct disk_health_state *state, uint64_t now_ms)
{
    struct disk_health_disk *disk = &state->disks[state->disk];
    switch (child_poll(&state->child, now_ms, state->answer, DISK_HEALTH_ANSWER_BYTES)) {
    case CHILD_RUNNING:
        if (now_ms >= state->child.until_ms + DYING_MS) {
            refuse(disk, DISK_HEALTH_STUCK, 0);
        }
        return;
    case CHILD_NONE:
    case CHILD_ENDED:
        state->answer[state->child.size_bytes] = '\0';
        finding_begin(&disk->finding, 26);
        judge_answer(disk, state->answer, state->child.size_bytes, state->child.status,
                     &disk->finding);
        finding_subject(&disk->finding, disk->name);
        break;
    case CHILD_LATE:
        refuse(disk, DISK_HEALTH_LATE, 0);
        break;
    case CHILD_TALKATIVE:
        refuse(disk, DISK_HEALTH_GARBAGE, 0);
        break;
    }
    state->asking = false;
    state->disk++;
}

/* One disk after another, once an hour; true when all of a round were asked. */
static bool go_on(struct disk_health_state *state, uint64_t now_ms)
{
    if (state->asking) {
        listen_to(state, now_ms);
    } else if (state->disk < state->count) {
        ask(state, now_ms);
    } else if (now_ms >= state->next_ms) {
        state->disk = 0;
        ask(state, now_ms);
    }
    if (state->asking || state->disk < state->count) {
        return false;
    }
    if (state->next_ms <= now_ms) {
        state->next_ms = now_ms + DISK_HEALTH_PERIOD_MS;
    }
    state->decided = true;
    return true;
}

/* The worst of the disks that were ever known. */
static bool tell(const struct disk_health_state *state, struct finding *out)
{
    bool any = false;
    for (uint32_t i = 0; i < state->count; i++) {
        const struct disk_health_disk *d = &state->disks[i];
        if (d->known && (!any || finding_worsen(out, d->finding.result, 0))) {
            *out = d->finding;
        }
        any |= d->known;
    }
    return any;
}

static uint64_t clock_ms(const struct seams *seams)
{
    return seams->clock_ns(seams->self, SEAM_BOOT) / 1000000;
}

static void run(struct reference_context *context, struct finding *out)
{
    struct disk_health_state *state = &context->disk_health;
    const struct seams *seams = &context->seams;
    if (!state->begun) {
        begin(context);
    }
    const bool can_ask = state->tool[0] != '\0' && state->count > 0;
    if (!can_ask || context->presence[26] == PRESENCE_ABSENT) {
        const uint32_t note = state->count == 0        ? DISK_HEALTH_NO_DISK
                              : state->tool[0] == '\0' ? DISK_HEALTH_NO_TOOL
                                                       : DISK_HEALTH_NO_ACCOUNT;
        (void)!reference_is_there(context, false, note, out);
        return;
    }
    while (!go_on(state, clock_ms(seams)) && context->whole &&
           clock_ms(seams) <= state->child.until_ms + DYING_MS) {
        seams->pause(seams->self, LOOK_MS);
    }
    if (!state->decided) {
        out->flags = FINDING_EXCUSED;
        finding_set(out, RESULT_UNKNOWN, DISK_HEALTH_ASKED);
        if (tell(state, out) && out->result == RESULT_OK) {
            out->flags = FINDING_EXCUSED;
            finding_set(out, RESULT_UNKNOWN, DISK_HEALTH_ASKED); /* one of several */
        }
        return;
    }
    struct finding known;
    if (reference_is_there(context, tell(state, &known), DISK_HEALTH_NO_ACCOUNT, out)) {
        *out = known;
    }
}

void disk_health_finish(struct disk_health_state *state)
{
    child_finish(&state->child);
}

/* A disk that fails, and one whose count of lost sectors grows. */
static bool negative(struct reference_context *context)
{
    static const char failing[] = "{\"smart_status\":{\"passed\":false}}";
    static const char growing[] =
        "{\"ata_smart_attributes\":{\"table\":[{\"id\":197,\"raw\":{\"value\":8}}]}}";
    struct disk_health_disk disk = {
        .counts = {.known = {[DISK_ATTRIBUTE_197] = true}},
    };
    struct finding first;
    struct finding second;
    (void)context;
    finding_begin(&first, 26);
    finding_begin(&second, 26);
    judge_answer(&disk, growing, strlen(growing), 0, &first);
    judge_answer(&disk, failing, strlen(failing), 0, &second);
    return first.result == RESULT_DEGRADED && second.result == RESULT_DEGRADED;
}

static const struct reference_note notes[] = {
#define X(name, text, action) {text, action},
    DISK_HEALTH_NOTES(X)
#undef X
};

const struct reference reference_disk_health = {
    .id = 26,
    .period_ms = 5000,
    .note_count = sizeof notes / sizeof notes[0],
    .notes = notes,
    .run = run,
    .negative = negative,
};

#include "references.h"

const struct reference *const references[] = {
    &reference_clocks,       /* R19 */
    &reference_time_service, /* R20 */
    &reference_randomness,   /* R35 */
    &reference_lost_memory,  /* R13 */
    &reference_kernel_log,   /* R14 */
    &reference_file_system,  /* R25 */
    &reference_edac,         /* R12 */
    &reference_interfaces,   /* R28 */
    &reference_resources,    /* R34 */
    &reference_certificates, /* R31 */
    &reference_disk,         /* R23 */
    &reference_disk_speed,   /* R24 */
    &reference_disk_health,  /* R26 */
    &reference_cryptography, /* R16 */
    &reference_cores,        /* R15 */
    &reference_code,         /* R06 */
    &reference_installed,    /* R07 */
    &reference_fill,         /* R11 */
    &reference_sweep,        /* R10 */
};

const uint32_t reference_count = sizeof references / sizeof references[0];

void references_finish(struct reference_context *context)
{
    kernel_log_finish(&context->kernel_log);
    disk_finish(&context->disk);
    disk_health_finish(&context->disk_health);
    sweep_finish(&context->sweep, &context->seams);
    fill_finish(&context->fill, &context->seams);
}

const struct reference *reference_find(uint32_t id)
{
    for (uint32_t i = 0; i < reference_count; i++) {
        if (references[i]->id == id) {
            return references[i];
        }
    }
    return NULL;
}

void reference_run(const struct reference *r, struct reference_context *context,
                   struct finding *out)
{
    finding_begin(out, r->id);
    r->run(context, out);
    assert(out->id == r->id);
}

bool reference_is_there(struct reference_context *context, bool there, uint32_t note,
                        struct finding *out)
{
    enum presence *presence = &context->presence[out->id];
    if (*presence == PRESENCE_OPEN) {
        *presence = there ? PRESENCE_THERE : PRESENCE_ABSENT;
    }
    if (*presence == PRESENCE_THERE && there) {
        return true;
    }
    finding_set(out, *presence == PRESENCE_ABSENT ? RESULT_ABSENT : RESULT_UNKNOWN, note);
    return false;
}

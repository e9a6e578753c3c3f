#include "config_names.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "consensus/quorum.h"

static const cyaml_schema_field_t name_fields[] = {
    CYAML_FIELD_STRING_PTR("service", CYAML_FLAG_POINTER, struct raw_name, service, 0,
                           CYAML_UNLIMITED),
    CYAML_FIELD_STRING_PTR("owner", CYAML_FLAG_POINTER, struct raw_name, owner, 0,
                           CYAML_UNLIMITED),
    CYAML_FIELD_STRING_PTR("exclusive", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
                           struct raw_name, exclusive, 0, CYAML_UNLIMITED),
    CYAML_FIELD_END,
};

const cyaml_schema_value_t names_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_name, name_fields),
};

static struct config_place place_of(const struct shape *shape, uint32_t index, const char *key)
{
    char path[SHAPE_PATH_BYTES];
    snprintf(path, sizeof path, "names[%" PRIu32 "].%s", index, key);
    return shape_place(shape, path);
}

static bool is_service(const char *text)
{
    const size_t length = strlen(text);
    return length >= 1 && length < SERVICE_NAME_SIZE_BYTES &&
           strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789._-") == length;
}

static uint32_t owner_of(const struct founding *f, const char *name)
{
    for (uint32_t i = 0; i < f->member_count; i++) {
        if (strcmp(f->members[i].name, name) == 0) {
            return i;
        }
    }
    return MEMBER_NONE;
}

static void judge_service(const char *text, uint32_t index, const struct shape *shape,
                          struct founding *out, struct config_report *report)
{
    char quoted[CONFIG_QUOTE_BYTES];
    struct founding_name *to = &out->names[index];
    if (!is_service(text)) {
        config_fault(report, place_of(shape, index, "service"), "service",
                     "%s is not a name of 1 to 63 of a-z, 0-9, '.', '_' and -",
                     config_quote(text, quoted));
        return;
    }
    snprintf(to->name, sizeof to->name, "%s", text);
    for (uint32_t k = 0; k < index; k++) {
        if (strcmp(out->names[k].name, to->name) == 0) {
            config_fault(report, place_of(shape, index, "service"), "service",
                         "the same name as in line %" PRIu32,
                         place_of(shape, k, "service").line);
        }
    }
}

static void judge_name(const struct raw_name *raw, uint32_t index, const struct shape *shape,
                       struct founding *out, struct config_report *report)
{
    char quoted[CONFIG_QUOTE_BYTES];
    struct founding_name *to = &out->names[index];
    judge_service(raw->service, index, shape, out, report);
    to->owner = owner_of(out, raw->owner);
    if (to->owner == MEMBER_NONE) {
        config_fault(report, place_of(shape, index, "owner"), "owner", "%s is no member",
                     config_quote(raw->owner, quoted));
    }
    to->exclusive = raw->exclusive == NULL || strcmp(raw->exclusive, "yes") == 0;
    if (!to->exclusive && strcmp(raw->exclusive, "no") != 0) {
        config_fault(report, place_of(shape, index, "exclusive"), "exclusive",
                     "%s is not yes or no", config_quote(raw->exclusive, quoted));
    }
}

/* A censor among the proposers keeps an attestation back for a while: a lease that is shorter
 * takes names from members at which nothing is wrong (standing.md, section 8). */
static void judge_lease(const struct shape *shape, const struct founding *f,
                        struct config_report *report)
{
    const struct timing *t = &f->timing;
    const uint32_t liars = quorum_of(f->member_count, f->malfunctioning_max).malfunctioning;
    const uint64_t least_ms = (uint64_t)(3 + liars) * t->tick_ms;
    if ((uint64_t)t->name_lease_s * 1000 < least_ms) {
        config_fault(report, shape_place(shape, "timing.name_lease_s"), "name_lease_s",
                     "%" PRIu32 " s is shorter than %" PRIu32 " ticks of %" PRIu32
                     " ms: one member that keeps attestations back could take a name from "
                     "another; %" PRIu64 " or more are needed",
                     t->name_lease_s, 3 + liars, t->tick_ms, (least_ms + 999) / 1000);
    }
    if (t->ttl_s < 6 * (uint64_t)t->name_lease_s) {
        config_warning(report, shape_place(shape, "timing.ttl_s"), "ttl_s",
                       "%" PRIu32 " s is less than six times name_lease_s: tokens may end "
                       "while a name changes hands",
                       t->ttl_s);
    }
}

void names_judge(const struct raw_name *raw, uint32_t count, const struct shape *shape,
                 struct founding *out, struct config_report *report)
{
    if (count > SERVICE_NAMES_MAX) {
        config_fault(report, shape_place(shape, "names"), "names",
                     "%" PRIu32 " are given, at most %u are possible", count,
                     SERVICE_NAMES_MAX);
    }
    out->name_count = count < SERVICE_NAMES_MAX ? count : SERVICE_NAMES_MAX;
    for (uint32_t i = 0; i < out->name_count; i++) {
        judge_name(&raw[i], i, shape, out, report);
    }
    if (count > 0) {
        judge_lease(shape, out, report);
    }
}

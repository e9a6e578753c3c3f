#include "operator.h"

#include <stdio.h>
#include <string.h>

#include "agent/config_timing.h"
#include "agent/config_value.h"
#include "agent/text.h"

static const struct {
    uint32_t least;
    uint32_t most;
} ranges[] = {
#define X(name, text, least, most) [SETTING_##name] = {least, most},
    SETTINGS(X)
#undef X
};

/* As cluster.yaml words it, or a number. */
static bool value_of(enum setting setting, const char *text, uint32_t *out)
{
    const bool audit = setting == SETTING_AUDIT;
    if (audit || setting == SETTING_OBSERVE) {
        const bool is_one = strcmp(text, audit ? "required" : "observe") == 0;
        if (is_one || strcmp(text, audit ? "off" : "act") == 0) {
            *out = is_one ? 1 : 0;
            return true;
        }
    }
    return value_number(text, 0, UINT32_MAX, out) && setting_takes(setting, *out);
}

/* SETTING_COUNT: none is called so. */
static enum setting setting_named(const char *name)
{
    if (strcmp(name, "mode") == 0) {
        return SETTING_OBSERVE;
    }
    enum setting setting = 0;
    while (setting < SETTING_COUNT && strcmp(name, setting_text(setting)) != 0) {
        setting++;
    }
    return setting;
}

/* What cluster.yaml calls so and founds for good. */
static bool is_fixed(const char *name)
{
    static const char *const keys[] = {
#define X(key, least, most) #key,
        TIMING_KEYS(X)
#undef X
    };
    bool found = false;
    for (uint32_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        found |= strcmp(name, keys[i]) == 0;
    }
    return found && setting_named(name) == SETTING_COUNT;
}

static void refuse_name(const char *text, const char *name, const struct argp_state *state)
{
    const char *known[SETTING_COUNT];
    char list[256] = "";
    for (uint32_t i = 0; i < SETTING_COUNT; i++) {
        const size_t used = strlen(list);
        known[i] = i == SETTING_OBSERVE ? "mode" : setting_text((enum setting)i);
        snprintf(list + used, sizeof list - used, "%s%s", i == 0 ? "" : ", ", known[i]);
    }
    const char *nearest = text_nearest(name, known, SETTING_COUNT);
    if (is_fixed(name)) {
        argp_error(
            state,
            "%s: %s is fixed at the founding, in cluster.yaml; what can be changed is %s", text,
            name, list);
    } else if (nearest != NULL && strcmp(nearest, name) != 0) {
        argp_error(state, "%s: there is no such setting; did you mean %s?", text, nearest);
    } else {
        argp_error(state, "%s: expected SETTING=VALUE; the settings are %s", text, list);
    }
}

static void refuse_value(const char *text, enum setting setting, const struct argp_state *state)
{
    if (setting == SETTING_AUDIT) {
        argp_error(state, "%s: expected audit=required or audit=off", text);
    } else if (setting == SETTING_OBSERVE) {
        argp_error(state, "%s: expected mode=observe or mode=act", text);
    } else {
        argp_error(state, "%s: expected %u to %u", text, ranges[setting].least,
                   ranges[setting].most);
    }
}

void order_set_setting(struct order *order, const char *text, const struct argp_state *state)
{
    char name[NAME_SIZE_BYTES] = "";
    const char *equals = strchr(text, '=');
    const size_t size = equals == NULL ? strlen(text) : (size_t)(equals - text);
    snprintf(name, sizeof name, "%.*s", (int)(size < sizeof name ? size : 0), text);
    order->setting = setting_named(name);
    if (equals == NULL || order->setting == SETTING_COUNT) {
        refuse_name(text, name, state);
    } else if (!value_of(order->setting, equals + 1, &order->value)) {
        refuse_value(text, order->setting, state);
    }
}

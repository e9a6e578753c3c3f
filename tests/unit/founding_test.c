#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "consensus/cluster.h"

static struct founding founding_of(uint32_t members)
{
    struct founding f = {
        .name = "prod-eu",
        .founded_ms = 1800000000000u,
        .timing = timing_default(),
        .malfunctioning_max = MEMBERS_MAX,
        .audit_required = true,
        .member_count = members,
    };
    for (uint32_t i = 0; i < members; i++) {
        snprintf(f.members[i].name, sizeof f.members[i].name, "m%u", i);
        snprintf(f.members[i].address, sizeof f.members[i].address, "127.0.0.1:%u", 7100 + i);
        f.members[i].transport_key[0] = (uint8_t)i;
        f.members[i].vote_key[0] = (uint8_t)(i + 100);
    }
    f.name_count = 1;
    f.names[0] =
        (struct founding_name){.name = "www.example.org", .owner = 1, .exclusive = true};
    return f;
}

Test(founding, has_the_defaults_of_the_rules)
{
    const struct timing t = timing_default();

    cr_assert(t.tick_ms == 5000 && t.record_ticks == 36, "three minutes of perfect health");
    cr_assert(t.heartbeat_ms == 100 && t.suspicion == 4);
    cr_assert(t.delta_ms == 100 && t.gather_ms == 30);
    cr_assert(t.window_s == 60 && t.grace_s == 5);
    cr_assert(t.window_timeout_s == 120 && t.audit_timeout_s == 60);
    cr_assert(t.ttl_s == 3600);
    cr_assert(t.name_lease_s == 20);
    cr_assert(t.patience_ms >= 2 * t.tick_ms);
    cr_assert(t.suspicion * t.heartbeat_ms + 7 * t.delta_ms <= 1500);
    cr_assert(t.tick_ms >= 10 * t.delta_ms);
}

Test(founding, fits_its_bytes_with_the_largest_roster)
{
    struct founding f = founding_of(MEMBERS_MAX);
    f.operator_count = OPERATORS_MAX;
    f.rebuilt.from.bytes[0] = 1;
    f.name_count = SERVICE_NAMES_MAX;
    uint8_t bytes[FOUNDING_BYTES_MAX];

    cr_assert(founding_encode(&f, bytes) <= FOUNDING_BYTES_MAX);
}

Test(founding, has_one_id)
{
    const struct founding a = founding_of(5);
    const struct founding b = founding_of(5);
    const struct hash id_a = founding_id(&a);
    const struct hash id_b = founding_id(&b);

    cr_assert(hash_equal(&id_a, &id_b));
    cr_assert_not(hash_is_none(&id_a));
}

Test(founding, that_was_rebuilt_has_another_id_with_any_of_its_values)
{
    struct founding f[6];
    struct hash ids[6];
    for (uint32_t i = 0; i < 6; i++) {
        f[i] = founding_of(3);
        f[i].rebuilt =
            (struct founding_rebuilt){.from = {{1}}, .next_window = 7, .fence = 9, .term = 2};
    }
    f[0].rebuilt.from = (struct hash){{0}}; /* and so none of the others counts */
    f[2].rebuilt.height++;
    f[3].rebuilt.next_window++;
    f[4].rebuilt.fence++;
    f[5].rebuilt.term++;

    for (uint32_t i = 0; i < 6; i++) {
        ids[i] = founding_id(&f[i]);
        for (uint32_t k = 0; k < i; k++) {
            cr_assert_not(hash_equal(&ids[i], &ids[k]), "%u and %u", i, k);
        }
    }
    const struct founding anew = founding_of(3);
    const struct hash id = founding_id(&anew);
    cr_assert(hash_equal(&ids[0], &id));
}

Test(founding, that_was_rebuilt_goes_on_with_windows_fences_and_terms)
{
    static struct cluster c, back;
    static uint8_t bytes[CLUSTER_BYTES_MAX];
    struct founding f = founding_of(2);
    f.rebuilt = (struct founding_rebuilt){
        .from = {{1}}, .height = 77, .next_window = 5, .fence = 501, .term = 1003};

    cluster_found(&c, &f);

    cr_assert(c.height == 0 && c.windows.next == 5 && c.last_fence == 501);
    cr_assert(c.grant.fence == 0 && c.members_min == 2);
    for (uint32_t i = 0; i < c.member_count; i++) {
        cr_assert(c.member[i].term == 1003 && c.member[i].standing == STANDING_GOOD);
    }
    cr_assert(cluster_decode(&back, bytes, cluster_encode(&c, bytes)));
}

/* Two nodes whose files differ in anything that counts must not take each other for the same
 * cluster, so every field makes the id another. */
Test(founding, has_another_id_with_any_value_changed)
{
    const struct founding original = founding_of(3);
    struct founding changed[29];
    for (uint32_t i = 0; i < 29; i++) {
        changed[i] = original;
    }
    uint32_t count = 0;
    changed[count++].name[0] = 'q';
    changed[count++].founded_ms++;
    changed[count++].timing.heartbeat_ms++;
    changed[count++].timing.suspicion++;
    changed[count++].timing.delta_ms++;
    changed[count++].timing.gather_ms++;
    changed[count++].timing.tick_ms++;
    changed[count++].timing.record_ticks--;
    changed[count++].timing.patience_ms++;
    changed[count++].timing.window_s++;
    changed[count++].timing.grace_s++;
    changed[count++].timing.window_timeout_s++;
    changed[count++].timing.audit_timeout_s++;
    changed[count++].timing.ttl_s++;
    changed[count++].malfunctioning_max = 0;
    changed[count++].audit_required = false;
    changed[count++].observes = true;
    changed[count++].members_min = 3;
    changed[count++].member_count = 2;
    changed[count++].members[2].name[0] = 'n';
    changed[count++].members[2].role = ROLE_WITNESS;
    changed[count++].members[2].address[0] = '2';
    changed[count++].members[2].transport_key[31] = 1;
    changed[count++].members[2].vote_key[31] = 1;
    changed[count++].timing.name_lease_s++;
    changed[count++].name_count = 0;
    changed[count++].names[0].name[0] = 'n';
    changed[count++].names[0].owner = 2;
    changed[count++].names[0].exclusive = false;

    struct hash ids[30];
    ids[0] = founding_id(&original);
    for (uint32_t i = 0; i < count; i++) {
        ids[i + 1] = founding_id(&changed[i]);
        for (uint32_t k = 0; k <= i; k++) {
            cr_assert_not(hash_equal(&ids[i + 1], &ids[k]), "changes %u and %u", i, k);
        }
    }
}

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "health/fleet.h"

#define COMPANY 2u

static struct fleet_member fleet[FLEET_MEMBERS_MAX];
static struct fleet_renewal list[FLEET_PURPOSES_MAX];

/* Member `index` attests one more certificate, known by a letter; 0: none that is fit. */
static void attests(uint32_t index, const char *purpose, char letter, uint64_t not_after_s,
                    uint64_t since_tick)
{
    struct fleet_member *m = &fleet[index];
    struct fleet_certificate *c = &m->certificate[m->count];
    memset(c, 0, sizeof *c);
    strcpy(c->purpose, purpose);
    memset(c->fingerprint, letter, sizeof c->fingerprint);
    c->not_after_s = not_after_s;
    m->since_tick[m->count++] = since_tick;
}

static void begin(void)
{
    memset(fleet, 0, sizeof fleet);
    memset(list, 0xff, sizeof list);
}

static uint32_t judged(uint32_t count, uint64_t tick)
{
    return fleet_renewals(fleet, count, COMPANY, tick, list);
}

/* "1 of 3": the certificate night. */
static void night(void)
{
    begin();
    attests(0, "https", 'n', 2000, 100);
    attests(1, "https", 'o', 1000, 1);
    attests(2, "https", 'o', 1000, 1);
}

Test(fleet, with_one_certificate_everywhere_is_fine)
{
    begin();
    for (uint32_t i = 0; i < 5; i++) {
        attests(i, "https", 'o', 1000, i);
    }
    cr_assert(eq(u32, judged(5, 1000), 1));
    cr_assert_str_eq(list[0].purpose, "https");
    cr_assert(eq(u32, list[0].watched, 0x1f));
    cr_assert(eq(u32, list[0].latest, 0x1f));
    cr_assert(eq(u32, list[0].behind, 0));
    cr_assert(eq(u32, list[0].overdue, 0));
    cr_assert(eq(u64, list[0].not_after_s, 1000));
}

Test(fleet, with_a_renewal_on_one_of_three_names_the_others_at_once_and_bars_nobody)
{
    night();
    for (uint64_t tick = 100; tick < 200; tick++) {
        cr_assert(eq(u32, judged(3, tick), 1));
        cr_assert(eq(u32, list[0].latest, 1));
        cr_assert(eq(u32, list[0].behind, 6));
        cr_assert(eq(u32, list[0].overdue, 0), "one member's word bars nobody");
        cr_assert(eq(u64, list[0].not_after_s, 2000));
    }
}

Test(fleet, with_a_renewal_on_all_but_one_bars_it_after_twelve_ticks)
{
    night();
    fleet[1] = fleet[0];
    fleet[1].since_tick[0] = 107;
    for (uint64_t tick = 100; tick < 130; tick++) {
        judged(3, tick);
        cr_assert(eq(u32, list[0].behind, 4));
        cr_assert(eq(u32, list[0].overdue, tick > 107 + FLEET_PATIENCE_TICKS ? 4 : 0));
    }
}

Test(fleet, bars_who_has_none_that_is_fit)
{
    begin();
    attests(0, "https", 'o', 1000, 1);
    attests(1, "https", 'o', 1000, 1);
    attests(2, "https", 0, 0, 50);
    judged(3, 10);
    cr_assert(eq(u32, list[0].unfit, 4));
    cr_assert(eq(u32, list[0].behind, 4));
    cr_assert(eq(u32, list[0].overdue, 0));
    judged(3, 14);
    cr_assert(eq(u32, list[0].overdue, 4));
}

Test(fleet, bars_nobody_for_what_no_two_members_have)
{
    begin();
    attests(0, "https", 'a', 1000, 1);
    attests(1, "https", 'b', 2000, 1);
    attests(2, "https", 'c', 3000, 1);
    judged(3, 500);
    cr_assert(eq(u32, list[0].latest, 4));
    cr_assert(eq(u32, list[0].behind, 3));
    cr_assert(eq(u32, list[0].overdue, 0));
}

Test(fleet, takes_another_of_the_same_age_for_another)
{
    begin();
    attests(0, "https", 'b', 1000, 1);
    attests(1, "https", 'b', 1000, 1);
    attests(2, "https", 'a', 1000, 1);
    attests(3, "https", 'c', 1000, 1);
    judged(4, 500);
    cr_assert(eq(u32, list[0].overdue, 4), "of equals the larger fingerprint is later");
    cr_assert(eq(u32, list[0].behind, 7));
}

/* A liar attests an expiry that the certificate has not. */
Test(fleet, does_not_let_one_member_make_a_certificate_newer)
{
    begin();
    attests(0, "https", 'o', 9000, 1);
    attests(1, "https", 'o', 1000, 1);
    attests(2, "https", 'n', 2000, 1);
    attests(3, "https", 'n', 2000, 1);
    judged(4, 500);
    cr_assert(eq(u32, list[0].overdue, 2), "the one that is ahead by its own word is not");
}

Test(fleet, judges_each_purpose_by_those_that_watch_it)
{
    begin();
    attests(0, "https", 'a', 1000, 1);
    attests(0, "mail", 'm', 1000, 1);
    attests(1, "mail", 'm', 1000, 1);
    attests(2, "https", 'a', 1000, 1);
    cr_assert(eq(u32, judged(4, 500), 2));
    cr_assert_str_eq(list[0].purpose, "https");
    cr_assert(eq(u32, list[0].watched, 5));
    cr_assert_str_eq(list[1].purpose, "mail");
    cr_assert(eq(u32, list[1].watched, 3));
    cr_assert(eq(u32, list[1].behind, 0));
}

Test(fleet, has_room_for_as_many_members_and_purposes_as_it_says)
{
    char purpose[FLEET_PURPOSE_BYTES] = "a";
    begin();
    for (uint32_t i = 0; i < FLEET_MEMBERS_MAX; i++) {
        for (uint32_t k = 0; k < FLEET_CERTIFICATES_MAX; k++) {
            purpose[0] = (char)('a' + (i * FLEET_CERTIFICATES_MAX + k) % 26);
            attests(i, purpose, 'x', i, k);
        }
    }
    cr_assert(eq(u32, judged(FLEET_MEMBERS_MAX, 1000), FLEET_PURPOSES_MAX));
    cr_assert(eq(u32, judged(0, 1000), 0));
}

Test(fleet, remembers_since_when_a_member_has_what_it_has)
{
    struct fleet_member m = {0};
    struct fleet_certificate held[2];
    memset(held, 0, sizeof held);
    strcpy(held[0].purpose, "https");
    strcpy(held[1].purpose, "mail");
    held[0].not_after_s = held[1].not_after_s = 1000;
    fleet_hear(&m, held, 2, 7);
    fleet_hear(&m, held, 2, 9);
    cr_assert(eq(u64, m.since_tick[0], 7));
    held[1].fingerprint[3] = 1;
    fleet_hear(&m, held, 2, 10);
    cr_assert(eq(u64, m.since_tick[0], 7));
    cr_assert(eq(u64, m.since_tick[1], 10));
    fleet_hear(&m, &held[1], 1, 12);
    cr_assert(eq(u32, m.count, 1));
    cr_assert(eq(u64, m.since_tick[0], 10), "in another place");
    fleet_hear(&m, held, 2, 13);
    cr_assert(eq(u64, m.since_tick[0], 13), "what it left out has begun anew");
}

Test(fleet, names_who_has_not_the_value_that_most_have)
{
    static const struct {
        uint32_t values[5];
        uint32_t told;
        uint32_t differ;
    } cases[] = {
        {{0, 0, 0, 0, 0}, 0x00, 0x00}, {{5, 5, 5, 5, 5}, 0x1f, 0x00},
        {{5, 5, 6, 5, 0}, 0x0f, 0x04}, {{6, 5, 5, 7, 5}, 0x1f, 0x09},
        {{6, 6, 5, 5, 0}, 0x0f, 0x0c}, {{0, 0, 0, 0, 9}, 0x10, 0x00},
        {{0, 0, 0, 9, 8}, 0x18, 0x10},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct fleet_skew skew = fleet_skew(cases[i].values, 5);
        cr_assert(eq(u32, skew.told, cases[i].told), "%zu", i);
        cr_assert(eq(u32, skew.differ, cases[i].differ), "%zu", i);
    }
}

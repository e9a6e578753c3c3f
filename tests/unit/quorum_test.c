#include <criterion/criterion.h>

#include "consensus/quorum.h"

/* standing.md, section 1: q, faults borne at once, and how many of them may lie. */
Test(quorum, is_that_of_the_table)
{
    static const struct {
        uint32_t voters, needed, borne, lying;
    } rows[] = {
        {2, 2, 0, 0}, {3, 2, 1, 0}, {4, 3, 1, 1}, {5, 4, 1, 1},  {6, 4, 2, 1},
        {7, 5, 2, 2}, {8, 6, 2, 2}, {9, 6, 3, 2}, {10, 7, 3, 3}, {15, 10, 5, 4},
    };
    for (uint32_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct quorum q = quorum_of(rows[i].voters, UINT32_MAX);
        cr_assert(q.needed == rows[i].needed, "q of %u", rows[i].voters);
        cr_assert(q.voters - q.needed == rows[i].borne, "u of %u", rows[i].voters);
        cr_assert(q.malfunctioning == rows[i].lying, "r of %u", rows[i].voters);
    }
}

Test(quorum, of_any_size_shares_a_sound_voter_and_needs_no_liar)
{
    for (uint32_t voters = 1; voters <= 16; voters++) {
        for (uint32_t max = 0; max <= 16; max++) {
            const struct quorum q = quorum_of(voters, max);
            cr_assert(3 * q.malfunctioning < voters, "less than a third of %u", voters);
            cr_assert(q.malfunctioning <= max);
            cr_assert(q.malfunctioning == max || 3 * (q.malfunctioning + 1) >= voters,
                      "no more could be borne");
            /* Two quorums of q overlap in 2q - n voters at least. */
            cr_assert(2 * q.needed > voters + q.malfunctioning, "n=%u R=%u", voters, max);
            cr_assert(2 * (q.needed - 1) <= voters + q.malfunctioning, "and q is the least");
            cr_assert(q.needed + q.malfunctioning <= voters, "n=%u R=%u", voters, max);
            cr_assert(q.draws > q.malfunctioning && q.draws >= 2);
        }
    }
}

Test(quorum, without_liars_bears_more_that_crash)
{
    const struct quorum q = quorum_of(5, 0);

    cr_assert(q.needed == 3);
    cr_assert(q.voters - q.needed == 2);
}

Test(quorum, testimony_takes_one_sound_observer_and_never_less_than_two)
{
    for (uint32_t members = 1; members <= 16; members++) {
        const uint32_t needed = testimony_needed(members, UINT32_MAX);
        cr_assert(needed >= 2);
        cr_assert(needed > quorum_of(members, UINT32_MAX).malfunctioning);
        cr_assert(needed == 2 || needed == quorum_of(members, UINT32_MAX).malfunctioning + 1);
    }
    cr_assert(testimony_needed(7, UINT32_MAX) == 3);
    cr_assert(testimony_needed(7, 1) == 2);
}

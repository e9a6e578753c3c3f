#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <string.h>

#include "consensus/vote.h"
#include "votes_fixture.h"

static struct voters five;
static struct hash block;
static struct certificate_context context;

static void found(void)
{
    voters_found(&five, 5);
    block = some_hash(7);
    context = certificate_context_of(&five.cluster);
}

TestSuite(certificate, .init = found);

Test(certificate, of_a_quorum_holds)
{
    const enum vote_kind kinds[] = {VOTE_NOTARIZE, VOTE_FINALIZE};
    for (uint32_t i = 0; i < 2; i++) {
        for (uint32_t signers = 0; signers < 32; signers++) {
            const struct certificate c =
                voters_certificate(&five, kinds[i], 3, &block, signers, NULL);
            cr_assert(
                eq(int, certificate_verify(&c, &context), __builtin_popcount(signers) >= 4),
                "signers %x", signers);
        }
    }
}

Test(certificate, is_of_its_own_height_history_and_cluster_only)
{
    const struct certificate c =
        voters_certificate(&five, VOTE_FINALIZE, 3, &block, 0x1e, NULL);
    struct certificate_context other = context;
    cr_assert(certificate_verify(&c, &other));

    other.height++;
    cr_assert(not(certificate_verify(&c, &other)));
    other = context;
    other.parent.bytes[0] ^= 1;
    cr_assert(not(certificate_verify(&c, &other)));

    struct cluster renamed = five.cluster;
    renamed.id.bytes[0] ^= 1;
    other = context;
    other.cluster = &renamed;
    cr_assert(not(certificate_verify(&c, &other)));
}

Test(certificate, with_one_bad_vote_is_bad)
{
    for (uint32_t i = 0; i < 4; i++) {
        struct certificate c = voters_certificate(&five, VOTE_NOTARIZE, 3, &block, 0x0f, NULL);
        c.signature[i][5] ^= 1;
        cr_assert(not(certificate_verify(&c, &context)), "vote %u", i);
    }
}

Test(certificate, with_a_vote_too_many_is_bad_though_a_quorum_is_good)
{
    struct certificate c = voters_certificate(&five, VOTE_NOTARIZE, 3, &block, 0x1f, NULL);
    cr_assert(certificate_verify(&c, &context));
    c.signature[4][5] ^= 1;
    cr_assert(not(certificate_verify(&c, &context)));
}

Test(certificate, counts_nobody_twice_and_no_stranger)
{
    struct certificate c = voters_certificate(&five, VOTE_NOTARIZE, 3, &block, 0x0f, NULL);
    c.signer[1] = c.signer[0];
    memcpy(c.signature[1], c.signature[0], SIGNATURE_BYTES);
    cr_assert(not(certificate_verify(&c, &context)));

    c = voters_certificate(&five, VOTE_NOTARIZE, 3, &block, 0x1e, NULL);
    context.voters &= ~(1u << 2); /* removed one height before */
    cr_assert(not(certificate_verify(&c, &context)));
}

Test(certificate, votes_known_with_another_signature_are_verified)
{
    static struct tally known[MEMBERS_MAX][VOTE_KINDS];
    struct certificate c = voters_certificate(&five, VOTE_NOTARIZE, 3, &block, 0x1e, NULL);
    context.known = (const struct tally(*)[VOTE_KINDS])known;
    for (uint32_t i = 0; i < c.count; i++) {
        known[c.signer[i]][VOTE_NOTARIZE - 1] =
            (struct tally){true, certificate_vote(&c, i, &context)};
    }
    cr_assert(certificate_verify(&c, &context));

    c.signature[2][0] ^= 1;
    cr_assert(not(certificate_verify(&c, &context)));
}

Test(certificate, claims_each_as_its_signer_signed_it)
{
    const uint32_t claims[] = {VIEW_NONE, 1, VIEW_NONE, 0};
    struct certificate c = voters_certificate(&five, VOTE_NULLIFY, 3, NULL, 0x1e, claims);
    cr_assert(certificate_verify(&c, &context));
    cr_assert(eq(u32, certificate_claim(&c), 1));

    c.claim[3] = VIEW_NONE;
    cr_assert(not(certificate_verify(&c, &context)));
}

Test(certificate, with_a_claim_that_its_view_forbids_is_bad)
{
    for (uint32_t claim = 0; claim < 6; claim++) {
        const uint32_t claims[] = {VIEW_NONE, claim, VIEW_NONE, VIEW_NONE};
        const struct certificate c =
            voters_certificate(&five, VOTE_NULLIFY, 3, NULL, 0x1e, claims);
        cr_assert(eq(int, certificate_verify(&c, &context), claim < 3), "claim %u", claim);
    }
}

/* How a view may be entered: what is expected follows from protocol.md, sections 2 and 4. */
Test(certificate, opens_a_view_or_not)
{
    const uint32_t nothing[] = {VIEW_NONE, VIEW_NONE, VIEW_NONE, VIEW_NONE};
    const uint32_t one[] = {VIEW_NONE, 1, VIEW_NONE, VIEW_NONE};
    const struct certificate none = {.kind = CERTIFICATE_NONE};
    struct certificate n[4];
    for (uint32_t view = 0; view < 4; view++) {
        n[view] = voters_certificate(&five, VOTE_NOTARIZE, view, &block, 0x0f, NULL);
    }
    const struct certificate x = voters_certificate(&five, VOTE_NULLIFY, 2, NULL, 15, nothing);
    const struct certificate x1 = voters_certificate(&five, VOTE_NULLIFY, 2, NULL, 15, one);
    const struct certificate f = voters_certificate(&five, VOTE_FINALIZE, 2, &block, 15, NULL);
    const struct {
        struct certificate certificate;
        struct certificate support;
        uint32_t view;
        bool opens;
        const char *why;
    } cases[] = {
        {none, none, 0, true, "the first view is open"},
        {n[0], none, 0, false, "nothing comes before the first view"},
        {none, none, 1, false, "no way into view 1"},
        {n[2], none, 3, true, "a notarization"},
        {n[1], none, 3, false, "a notarization of an earlier view"},
        {n[3], none, 3, false, "a notarization of the view itself"},
        {x, none, 3, true, "a nullification that claims nothing"},
        {x, n[1], 3, false, "what nobody claims needs no support"},
        {n[2], n[1], 3, false, "nor does a notarization"},
        {x1, none, 3, false, "a claim without a notarization"},
        {x1, n[0], 3, false, "the notarization of an earlier view than claimed"},
        {x1, n[1], 3, true, "the notarization of the claimed view"},
        {x1, n[2], 3, true, "of a later one"},
        {x1, n[3], 3, false, "of one that is not over"},
        {x1, x, 3, false, "a nullification supports nothing"},
        {f, none, 3, false, "a finalization decides"},
    };
    for (uint32_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct entry e = {cases[i].certificate, cases[i].support};
        cr_assert(eq(int, entry_verify(&e, cases[i].view, &context), cases[i].opens), "%s",
                  cases[i].why);
    }
}

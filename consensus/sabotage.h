#ifndef OSTRAKON_CONSENSUS_SABOTAGE_H
#define OSTRAKON_CONSENSUS_SABOTAGE_H

/* Mistakes that the tests must catch (end of protocol.md). The simulator's suite builds this
 * code once with -DSABOTAGE=n for each, and fails unless the build is caught. In every other
 * build SABOTAGE is 0 and the compiler drops the lines that ask for it. */
enum sabotage {
    SABOTAGE_NONE,
    SABOTAGE_QUORUM_SMALLER,         /* one vote less makes a certificate */
    SABOTAGE_VOTES_FORGOTTEN,        /* each start begins with an empty record, unasked */
    SABOTAGE_FINALIZE_NULLIFIED,     /* finalizes a view that it has nullified */
    SABOTAGE_NULLIFY_FINALIZED,      /* nullifies a view that it has finalized */
    SABOTAGE_FINALIZE_BELOW_NULLIFY, /* finalizes a view after nullifying a later one */
    SABOTAGE_CLAIM_NOTHING,          /* nullifies without telling what it saw notarized */
    SABOTAGE_NOTARIZE_TWICE,         /* notarizes each proposal of a view */
    SABOTAGE_NO_JUSTIFICATION,       /* proposes fresh, and asks no proposal why it may */
    SABOTAGE_ENTRY_FORGOTTEN,        /* how a view was entered is not durable */
    SABOTAGE_BYTES_FORGOTTEN,        /* the bytes of a notarized block are not durable */
    SABOTAGE_NO_HELP,                /* nobody is told what was decided */
    SABOTAGE_BALLOT_ON_ARRIVAL,      /* counts a ballot before a block holds it */
    SABOTAGE_ELECTORATE_OPEN,        /* lets members in who become electors later */
    SABOTAGE_ONE_ACCUSER,            /* opens a motion on one member's word */
    SABOTAGE_LEASE_IGNORED,          /* a name is free as soon as its holder is not good */
    SABOTAGE_COSIGN_UNCHECKED,       /* takes any co-signature of a token for a good one */
    SABOTAGE_FENCE_UNCHECKED,        /* the sink takes what comes under an old fence */
    SABOTAGE_STANDING_UNCHECKED,     /* a connection keeps the rights that its maker had */
    SABOTAGE_PROOF_UNCHECKED,        /* asks of no proof whether its subject has signed it */
    SABOTAGE_CHAIN_UNCHECKED,        /* asks no proof by the chain what the chain says */
    SABOTAGE_ANSWER_UNCHECKED,       /* takes an answer for wrong without solving the task */
};

#ifndef SABOTAGE
#define SABOTAGE SABOTAGE_NONE
#endif

#endif

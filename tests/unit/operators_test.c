/* What became of the commands that were handed in. */
#include "agent/operators.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

static struct operators o;
static struct cluster c;
static uint8_t encoded[COMMAND_BYTES_MAX];
static size_t encoded_bytes;
static uint8_t id[OPERATORS_ID_BYTES];

static struct command pause_of(uint64_t seq)
{
    return (struct command){
        .kind = COMMAND_OPERATOR,
        .author = MEMBERS_MAX,
        .by_operator = {
            .seq = seq, .operation = OPERATION_PAUSE, .not_after_ms = 1000, .duration_s = 60}};
}

static const struct operators_entry *keep(uint64_t seq)
{
    const struct command command = pause_of(seq);
    encoded_bytes = command_encode(&command, encoded);
    operators_id(encoded, encoded_bytes, id);
    operators_keep(&o, &command, id);
    return operators_find(&o, id);
}

static void decide(uint64_t height)
{
    static uint8_t bytes[BLOCK_BYTES_MAX];
    struct block_header header = {.height = height, .version = PROTOCOL_FOUNDED};
    struct block b;
    struct block_maker m = block_begin(bytes);
    cr_assert(block_add(&m, encoded, encoded_bytes));
    cr_assert(block_decode(&b, bytes, block_end(&m, &header)));
    operators_block(&o, &b);
}

static void skip(uint64_t height, enum cause cause)
{
    operators_note(&o, &(struct note){.kind = NOTE_COMMAND_SKIPPED,
                                      .member = MEMBER_NONE,
                                      .height = height,
                                      .cause = cause});
}

static enum operators_fate fate(const struct operators_entry *e, enum cause *cause)
{
    return operators_fate_of(e, &c, cause);
}

static void begin(void)
{
    memset(&o, 0, sizeof o);
    memset(&c, 0, sizeof c);
    c.operator_count = 1;
}

TestSuite(operators, .init = begin);

Test(operators, waits_until_a_block_has_it)
{
    enum cause cause = CAUSE_NONE;
    const struct operators_entry *e = keep(1);
    cr_assert(eq(int, fate(e, &cause), OPERATORS_WAITS));
    decide(7);
    cr_assert(eq(int, fate(e, &cause), OPERATORS_DECIDED));
    cr_assert(eq(u64, e->height, 7));
    decide(8); /* somebody proposed it once more */
    skip(8, CAUSE_SAID_BEFORE);
    cr_assert(eq(int, fate(e, &cause), OPERATORS_DECIDED));
    cr_assert(eq(u64, e->height, 7));
}

Test(operators, skipped_is_void_with_the_cause_of_its_block)
{
    enum cause cause = CAUSE_NONE;
    const struct operators_entry *e = keep(1);
    decide(7);
    skip(6, CAUSE_OLD_TERM); /* another's */
    cr_assert(eq(int, fate(e, &cause), OPERATORS_DECIDED));
    skip(7, CAUSE_LAST_VOTER);
    c.operator_seq[0] = 1;
    cr_assert(eq(int, fate(e, &cause), OPERATORS_VOID));
    cr_assert(eq(int, cause, CAUSE_LAST_VOTER));
}

Test(operators, whose_time_is_over_or_whose_number_is_used_is_void)
{
    enum cause cause = CAUSE_NONE;
    const struct operators_entry *e = keep(2);
    cr_assert(eq(int, fate(e, &cause), OPERATORS_WAITS)); /* for number 1 */
    c.time_ms = 1001;
    cr_assert(eq(int, fate(e, &cause), OPERATORS_VOID));
    cr_assert(eq(int, cause, CAUSE_TOO_OLD));
    c.operator_seq[0] = 2;
    cr_assert(eq(int, fate(e, &cause), OPERATORS_VOID));
    cr_assert(eq(int, cause, CAUSE_SAID_BEFORE));
}

Test(operators, of_which_only_the_newest_few_are_kept)
{
    keep(1);
    keep(1);
    cr_assert(eq(u32, o.count, 1));
    for (uint64_t seq = 2; seq <= OPERATORS_KEPT; seq++) {
        keep(seq);
    }
    cr_assert(keep(1) != NULL);
    cr_assert(eq(u32, o.count, OPERATORS_KEPT));
    keep(OPERATORS_KEPT + 1);
    const struct command first = pause_of(1);
    operators_id(encoded, command_encode(&first, encoded), id);
    cr_assert(operators_find(&o, id) == NULL);
}

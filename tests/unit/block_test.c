#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <string.h>

#include "consensus/block.h"

static uint8_t bytes[BLOCK_BYTES_MAX];

static struct block_header some_header(void)
{
    return (struct block_header){
        .height = 7,
        .parent = {{1}},
        .time_ms = 1000000007000,
        .proposer = 3,
        .state = {{2}},
        .version = PROTOCOL_FOUNDED,
    };
}

/* Two commands, the second of which is empty. */
static uint32_t some_block(struct block_header *header)
{
    struct block_maker maker = block_begin(bytes);
    cr_assert(block_add(&maker, (const uint8_t *)"command", 7));
    cr_assert(block_add(&maker, NULL, 0));
    return (uint32_t)block_end(&maker, header);
}

Test(block, comes_back_as_it_was_made)
{
    struct block_header header = some_header();
    const uint32_t size_bytes = some_block(&header);
    struct block b;

    cr_assert(block_decode(&b, bytes, size_bytes));
    cr_assert(eq(u64, b.header.height, 7));
    cr_assert(eq(u64, b.header.time_ms, 1000000007000));
    cr_assert(eq(u32, b.header.proposer, 3));
    cr_assert(eq(u32, b.header.version, PROTOCOL_FOUNDED));
    cr_assert(hash_equal(&b.header.parent, &header.parent));
    cr_assert(hash_equal(&b.header.state, &header.state));
    cr_assert(hash_equal(&b.header.root, &header.root));
    cr_assert(eq(u32, b.command_count, 2));
    cr_assert(eq(u32, b.commands[0].size_bytes, 7));
    cr_assert(memcmp(bytes + b.commands[0].offset, "command", 7) == 0);
    cr_assert(eq(u32, b.commands[1].size_bytes, 0));
}

Test(block, has_another_hash_for_every_bit_of_its_header)
{
    struct block_header header = some_header();
    const uint32_t size_bytes = some_block(&header);
    struct block b;
    cr_assert(block_decode(&b, bytes, size_bytes));
    const struct hash hash = b.hash;

    for (uint32_t bit = 0; bit < 8 * size_bytes; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        cr_assert(not(block_decode(&b, bytes, size_bytes) && hash_equal(&b.hash, &hash)),
                  "bit %u", bit);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

Test(block, of_other_commands_is_no_block)
{
    struct block_header header = some_header();
    const uint32_t size_bytes = some_block(&header);
    struct block b;

    for (uint32_t bit = 8 * (size_bytes - 13); bit < 8 * size_bytes; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        cr_assert(not(block_decode(&b, bytes, size_bytes)), "bit %u", bit);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

Test(block, cut_anywhere_is_no_block)
{
    struct block_header header = some_header();
    const uint32_t size_bytes = some_block(&header);
    struct block b;

    for (uint32_t cut = 0; cut < size_bytes; cut++) {
        cr_assert(not(block_decode(&b, bytes, cut)), "%u bytes", cut);
    }
    cr_assert(not(block_decode(&b, bytes, size_bytes + 1)));
}

Test(block, refuses_a_command_too_many_and_stays_as_it_was)
{
    struct block_header header = some_header();
    struct block_maker maker = block_begin(bytes);
    for (uint32_t i = 0; i < BLOCK_COMMANDS_MAX; i++) {
        cr_assert(block_add(&maker, (const uint8_t *)"x", 1));
    }

    cr_assert(not(block_add(&maker, (const uint8_t *)"y", 1)));
    struct block b;
    cr_assert(block_decode(&b, bytes, block_end(&maker, &header)));
    cr_assert(eq(u32, b.command_count, BLOCK_COMMANDS_MAX));
}

Test(block, is_full_at_its_last_byte)
{
    static const uint8_t command[BLOCK_BYTES_MAX];
    struct block_header header = some_header();
    struct block_maker maker = block_begin(bytes);
    const uint32_t room_bytes = BLOCK_BYTES_MAX - maker.size_bytes - 2; /* its size before it */

    cr_assert(not(block_add(&maker, command, room_bytes + 1)));
    cr_assert(block_add(&maker, command, room_bytes));
    cr_assert(not(block_add(&maker, command, 0)));
    struct block b;
    cr_assert(block_decode(&b, bytes, block_end(&maker, &header)));
    cr_assert(eq(u32, b.size_bytes, BLOCK_BYTES_MAX));
}

#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

#include "consensus/codec.h"

Test(codec, writes_big_endian_integers_of_the_stated_width)
{
    for (uint32_t width = 1; width <= 8; width++) {
        uint8_t bytes[8];
        struct writer w = writer_of(bytes, sizeof bytes);
        const uint64_t value = 0x0102030405060708u >> (8 * (8 - width));

        write_uint(&w, value, width);
        cr_assert(writer_done(&w) == width);
        for (uint32_t i = 0; i < width; i++) {
            cr_assert(bytes[i] == i + 1, "byte %u of %u", i, width);
        }

        struct reader r = reader_of(bytes, width);
        cr_assert(read_uint(&r, width) == value);
        cr_assert(reader_done(&r));
    }
}

Test(codec, reads_back_what_was_written)
{
    uint8_t bytes[64];
    const struct hash hash = hash_of("test", "x", 1);
    struct writer w = writer_of(bytes, sizeof bytes);
    write_bool(&w, true);
    write_hash(&w, &hash);
    write_bytes(&w, "abc", 3);
    write_bool(&w, false);

    struct reader r = reader_of(bytes, writer_done(&w));
    cr_assert(read_bool(&r));
    const struct hash back = read_hash(&r);
    cr_assert(hash_equal(&back, &hash));
    cr_assert(memcmp(read_view(&r, 3), "abc", 3) == 0);
    cr_assert_not(read_bool(&r));
    cr_assert(reader_done(&r));
}

Test(codec, takes_nothing_but_0_and_1_for_a_truth)
{
    for (uint32_t value = 0; value < 256; value++) {
        const uint8_t byte = (uint8_t)value;
        struct reader r = reader_of(&byte, 1);
        const bool truth = read_bool(&r);
        cr_assert(truth == (value == 1));
        cr_assert(reader_done(&r) == (value <= 1));
    }
}

Test(codec, yields_zeros_after_the_first_misfit)
{
    const uint8_t bytes[4] = {1, 2, 3, 4};
    struct reader r = reader_of(bytes, sizeof bytes);

    cr_assert(read_uint(&r, 2) == 0x0102);
    cr_assert(read_uint(&r, 4) == 0, "two bytes are missing");
    cr_assert(read_uint(&r, 1) == 0, "though there is one");
    cr_assert_null(read_view(&r, 0));
    uint8_t out[3] = {9, 9, 9};
    read_bytes(&r, out, sizeof out);
    cr_assert(out[0] == 0 && out[1] == 0 && out[2] == 0);
    cr_assert_not(reader_done(&r));
}

Test(codec, is_not_done_while_bytes_are_left_over)
{
    const uint8_t bytes[2] = {0, 0};
    struct reader r = reader_of(bytes, sizeof bytes);

    (void)read_uint(&r, 1);
    cr_assert_not(reader_done(&r));
    (void)read_uint(&r, 1);
    cr_assert(reader_done(&r));
}

Test(codec, does_not_overrun_by_a_size_near_the_largest)
{
    const uint8_t byte = 7;
    struct reader r = reader_of(&byte, 1);

    cr_assert(read_uint(&r, 1) == 7);
    cr_assert_null(read_view(&r, SIZE_MAX));
    cr_assert_not(reader_done(&r));
}

Test(codec, reads_nothing_from_nothing)
{
    struct reader r = reader_of(NULL, 0);
    cr_assert(reader_done(&r));
    cr_assert(read_uint(&r, 1) == 0);
    cr_assert_not(reader_done(&r));
}

Test(codec, asserts_that_our_own_values_fit, .signal = SIGABRT)
{
    uint8_t bytes[8];
    struct writer w = writer_of(bytes, sizeof bytes);
    write_uint(&w, 256, 1);
}

Test(codec, asserts_that_our_own_room_suffices, .signal = SIGABRT)
{
    uint8_t bytes[2];
    struct writer w = writer_of(bytes, sizeof bytes);
    write_uint(&w, 1, 4);
    (void)writer_done(&w);
}

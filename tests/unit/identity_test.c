#include "../../tokens/identity.h"

#include <string.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <sodium.h>

/* RFC 8032, section 7.1: TEST 1 to 3 and SHA(abc). */
static const struct {
    const char *seed, *public_key, *message, *signature;
} rfc8032[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701"
     "c"
     "f9b46bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d"
     "0"
     "f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f7609"
     "8"
     "4dc6594a7c15e9716ed28dc027beceea1ec40a"},
    {"833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
     "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a"
     "3"
     "feebbd454d4423643ce80e2a9ac94fa54ca49f",
     "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66"
     "4"
     "31e0303dca179c138ac17ad9bef1177331a704"},
};

static size_t bytes_of(uint8_t *bytes, size_t room_bytes, const char *hex)
{
    size_t size_bytes = 0;
    const int failed =
        sodium_hex2bin(bytes, room_bytes, hex, strlen(hex), NULL, &size_bytes, NULL);
    cr_assert(eq(int, failed, 0));
    return size_bytes;
}

Test(identity, makes_the_key_pairs_and_signatures_of_rfc_8032)
{
    for (size_t i = 0; i < sizeof rfc8032 / sizeof rfc8032[0]; i++) {
        uint8_t seed[IDENTITY_SEED_BYTES], public_key[IDENTITY_KEY_BYTES];
        uint8_t message[64], expected[64], signature[64];
        bytes_of(seed, sizeof seed, rfc8032[i].seed);
        bytes_of(public_key, sizeof public_key, rfc8032[i].public_key);
        const size_t message_bytes = bytes_of(message, sizeof message, rfc8032[i].message);
        bytes_of(expected, sizeof expected, rfc8032[i].signature);

        struct key_pair pair;
        key_pair_from_seed(&pair, seed);
        crypto_sign_detached(signature, NULL, message, message_bytes, pair.secret_key);

        cr_assert(zero(int, memcmp(pair.public_key, public_key, sizeof public_key)));
        cr_assert(zero(int, memcmp(signature, expected, sizeof expected)), "vector %zu", i);
        cr_assert(eq(int, identity_judge(public_key), KEY_ACCEPTED), "vector %zu", i);
    }
}

Test(identity, refuses_every_point_of_small_order)
{
    /* The eight points, both sign bits of each and the encodings beyond the prime. */
    static const char *const small[] = {
        "0100000000000000000000000000000000000000000000000000000000000000",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000080",
    };
    for (size_t i = 0; i < sizeof small / sizeof small[0]; i++) {
        uint8_t key[IDENTITY_KEY_BYTES];
        bytes_of(key, sizeof key, small[i]);
        cr_assert(eq(int, identity_judge(key), KEY_NO_POINT), "%s", small[i]);
        key[31] |= 0x80;
        cr_assert(eq(int, identity_judge(key), KEY_NO_POINT), "%s, negative", small[i]);
    }
}

Test(identity, calls_an_empty_key_empty)
{
    const uint8_t key[IDENTITY_KEY_BYTES] = {0};
    cr_assert(eq(int, identity_judge(key), KEY_ALL_ZERO));
    cr_assert(zero(int, strcmp(key_verdict_text(KEY_ALL_ZERO), "all zeros")));
}

Test(identity, refuses_every_encoding_from_the_prime_on)
{
    for (uint32_t beyond = 0; beyond < 19; beyond++) { /* 2^255 - 19 + beyond */
        for (uint32_t sign = 0; sign < 2; sign++) {
            uint8_t key[IDENTITY_KEY_BYTES];
            memset(key, 0xff, sizeof key);
            key[0] = (uint8_t)(0xed + beyond);
            key[31] = sign == 1 ? 0xff : 0x7f;
            cr_assert(eq(int, identity_judge(key), KEY_NO_POINT), "p + %u", beyond);
        }
    }
}

/* -(x, y) + (x, y)'s point of order two: (x, y) + (0, -1) = (-x, -y). */
static void add_order_two(uint8_t key[static IDENTITY_KEY_BYTES])
{
    uint8_t sum[IDENTITY_KEY_BYTES];
    const uint8_t sign = key[31] & 0x80;
    int borrow = 0;
    for (uint32_t i = 0; i < sizeof sum; i++) {
        const int prime = i == 0 ? 0xed : i == 31 ? 0x7f : 0xff;
        const int difference = prime - (i == 31 ? key[i] & 0x7f : key[i]) - borrow;
        borrow = difference < 0;
        sum[i] = (uint8_t)difference;
    }
    memcpy(key, sum, sizeof sum);
    key[31] |= sign ^ 0x80;
}

/* CVE-2025-69277: libsodium before 1.0.18-1+deb12u1 took these for good. */
Test(identity, refuses_good_points_plus_the_one_of_order_two)
{
    for (uint32_t i = 0; i < 64; i++) {
        uint8_t seed[IDENTITY_SEED_BYTES] = {(uint8_t)i};
        struct key_pair pair;
        key_pair_from_seed(&pair, seed);
        cr_assert(eq(int, identity_judge(pair.public_key), KEY_ACCEPTED));
        add_order_two(pair.public_key);
        cr_assert(eq(int, identity_judge(pair.public_key), KEY_NO_POINT), "seed %u", i);
    }
}

/* Half of all y lie on no point, and of the points one in eight is in the prime-order group. */
Test(identity, accepts_one_in_sixteen_of_arbitrary_values)
{
    uint32_t accepted = 0;
    for (uint32_t y = 2; y < 2 + 4096; y++) {
        const uint8_t key[IDENTITY_KEY_BYTES] = {(uint8_t)y, (uint8_t)(y >> 8)};
        accepted += identity_judge(key) == KEY_ACCEPTED;
    }
    cr_assert(gt(u32, accepted, 256 - 5 * 16)); /* five standard deviations */
    cr_assert(lt(u32, accepted, 256 + 5 * 16));
}

Test(identity, leaves_nothing_of_a_wiped_pair)
{
    const uint8_t seed[IDENTITY_SEED_BYTES] = {7};
    const struct key_pair nothing = {0};
    struct key_pair pair;
    key_pair_from_seed(&pair, seed);
    key_pair_wipe(&pair);
    cr_assert(zero(int, memcmp(&pair, &nothing, sizeof pair)));
}

Test(identity, writes_and_reads_hexadecimal_digits)
{
    uint8_t key[IDENTITY_KEY_BYTES], again[IDENTITY_KEY_BYTES];
    char hex[IDENTITY_HEX_SIZE_BYTES], brief[IDENTITY_SHORT_SIZE_BYTES];
    bytes_of(key, sizeof key, rfc8032[3].public_key);

    identity_hex(key, hex);
    cr_assert(zero(int, strcmp(hex, rfc8032[3].public_key)));
    identity_short(key, brief);
    cr_assert(zero(int, strcmp(brief, "ec172b93ad5e563b")));

    cr_assert(identity_read(again, hex, strlen(hex)));
    cr_assert(zero(int, memcmp(key, again, sizeof key)));
    for (size_t i = 0; hex[i] != '\0'; i++) {
        hex[i] = (char)(hex[i] >= 'a' ? hex[i] - 'a' + 'A' : hex[i]);
    }
    cr_assert(identity_read(again, hex, strlen(hex)));
    cr_assert(zero(int, memcmp(key, again, sizeof key)));
}

Test(identity, reads_nothing_but_64_digits)
{
    uint8_t key[IDENTITY_KEY_BYTES];
    const uint8_t zeros[IDENTITY_KEY_BYTES] = {0};
    char hex[IDENTITY_HEX_SIZE_BYTES + 8];
    memset(hex, 'a', sizeof hex);

    for (size_t size_bytes = 0; size_bytes < sizeof hex; size_bytes++) {
        cr_assert(eq(int, identity_read(key, hex, size_bytes), size_bytes == 64));
    }
    for (size_t place = 0; place < 64; place++) {
        for (int value = -128; value < 128; value++) {
            const bool digit = (value >= '0' && value <= '9') ||
                               (value >= 'a' && value <= 'f') || (value >= 'A' && value <= 'F');
            hex[place] = (char)value;
            const bool read = identity_read(key, hex, 64);
            if (read != digit || (!digit && memcmp(key, zeros, sizeof key) != 0)) {
                cr_fatal("%d at %zu", value, place);
            }
        }
        hex[place] = 'a';
    }
}

#!/usr/bin/env python3
"""The right answers of the kernels, from the definitions of the instructions.

    goldens.py GOLDENS.C    checks the file, as one TAP test
    goldens.py              prints the table

Slow, exact and without a floating-point unit's help where that matters: integers and fractions,
rounded once. x86 instructions as the Intel SDM, volume 2, describes them.
"""

import re
import sys
from fractions import Fraction
from math import isqrt

M64 = (1 << 64) - 1
M32 = (1 << 32) - 1
SEED = int.from_bytes(b"ostrakon", "big")
BLOCK = 64 * 1024


class Stream:
    """splitmix64, and the digest that the words are folded into."""

    def __init__(self):
        self.state = SEED
        self.digest = 0

    def next(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & M64
        z = self.state
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & M64
        z = (z ^ z >> 27) * 0x94D049BB133111EB & M64
        return z ^ z >> 31

    def fold(self, word):
        d = self.digest
        self.digest = ((d << 13 | d >> 51) & M64 ^ word & M64) * 0xD6E8FEB86659FD93 & M64

    def wide(self):
        low = self.next()
        return self.next() << 64 | low

    def wider(self):
        low = self.wide()
        return self.wide() << 128 | low

    def fold_wide(self, value, words=2):
        for i in range(words):
            self.fold(value >> 64 * i & M64)


def lanes(value, bits, count):
    return [value >> bits * i & (1 << bits) - 1 for i in range(count)]


def join(values, bits):
    return sum((value & (1 << bits) - 1) << bits * i for i, value in enumerate(values))


def signed(value, bits):
    return value - (1 << bits) if value >> bits - 1 else value


# Floating point: (mantissa bits, exponent bits).
DOUBLE = (52, 11)
FLOAT = (23, 8)


def value_of(bits, form):
    """A normal number as a fraction."""
    mantissa, exponent = form
    e = (bits >> mantissa & (1 << exponent) - 1) - (1 << exponent - 1) + 1 - mantissa
    m = bits & (1 << mantissa) - 1 | 1 << mantissa
    return Fraction(-m if bits >> mantissa + exponent else m) * Fraction(2) ** e


def bits_of(value, form):
    """The nearest number, ties to even; zero is positive, results are normal."""
    mantissa, exponent = form
    if value == 0:
        return 0
    sign = value < 0
    value = abs(value)
    e = value.numerator.bit_length() - value.denominator.bit_length()
    if Fraction(2) ** e > value:
        e -= 1
    m = round(value / Fraction(2) ** (e - mantissa))  # to even
    if m == 1 << mantissa + 1:
        m >>= 1
        e += 1
    biased = e + (1 << exponent - 1) - 1
    assert 0 < biased < (1 << exponent) - 1
    return (sign << mantissa + exponent) | biased << mantissa | m & (1 << mantissa) - 1


def root_bits(bits, form):
    """Square root, rounded once: an integer root with more than enough digits, and its rest."""
    mantissa, _ = form
    value = value_of(bits, form)
    scale = 2 * (2 * mantissa + 40)
    scaled = value * Fraction(2) ** scale
    assert scaled.denominator == 1
    root = isqrt(scaled.numerator)
    exact = root * root == scaled.numerator
    # A half digit more where it is not exact: on no boundary, and on the right side of all.
    return bits_of(Fraction(2 * root + (not exact), 2) / Fraction(2) ** (scale // 2), form)


def double_of(x):
    return x & 0x800FFFFFFFFFFFFF | 1007 + (x >> 52 & 31) << 52


def float_of(x):
    return x & 0x807FFFFF | 111 + (x >> 23 & 31) << 23


def kernel_integer(s):
    for _ in range(1000):
        a, b = s.next(), s.next()
        divisor = b >> (a & 63) | 1
        s.fold(a * b)
        s.fold(a * b >> 64)
        s.fold(a // divisor)
        s.fold(a % divisor)
        s.fold((a & M32) // (divisor & M32 | 1))
        s.fold(a << (b & 63) & M64 ^ b >> (a & 63))
        s.fold(a + b)
        s.fold(a - b)


def kernel_compare(s):
    before = s.state
    for _ in range(1000):
        a = s.next()
        b = before if a & 3 == 0 else s.next() >> (a & 31)
        seen = a < b
        seen |= 2 * (signed(a, 64) < signed(b, 64))
        seen |= 4 * (a & M32 < b & M32)
        seen |= 8 * (a & 255 == b & 255)
        seen |= 16 * (b == before)
        if a > before:
            seen |= 32 * (a & b != 0)
        else:
            seen |= 64 if signed(a & M32, 32) >= signed(b & M32, 32) else 128
        s.fold(seen)
        s.fold(min(a, before))
        before = a


def kernel_float(s):
    for _ in range(1000):
        a, b = s.next(), s.next()
        x, y = (value_of(double_of(v), DOUBLE) for v in (a, b))
        for value in (x + y, x - y, x * y, x / y):
            s.fold(bits_of(value, DOUBLE))
        u, v = (value_of(float_of(w & M32), FLOAT) for w in (a, b))
        for value in (u + v, u * v, u / v):
            s.fold(bits_of(value, FLOAT))
        s.fold(int(x))


def kernel_copy(s):
    words = [s.next() for _ in range(BLOCK // 8)]
    s.fold(1)
    s.fold(4)
    place = s.state & M32
    place %= BLOCK
    words[place // 8] ^= 0x10 << 8 * (place % 8)
    for word in words:
        s.fold(word)


def kernel_atomic(s):
    cell = s.state
    for _ in range(1000):
        a = s.next()
        held = s.digest
        s.fold(cell)
        cell = cell + a & M64
        wrong = cell == held
        if wrong:
            cell = a
        else:
            held = cell
        s.fold(held)
        right = cell == held
        cell = held ^ a if right else cell
        s.fold(wrong | 2 * right)
        old, cell = cell, s.digest
        s.fold(old)
        old, cell = cell, cell | a
        s.fold(old)
        old, cell = cell, cell & ~a & M64
        s.fold(old)


def kernel_root(s):
    for _ in range(500):
        a = s.wide()
        doubles = [(x & 0x01FFFFFFFFFFFFFF) + 0x3EF0000000000000 for x in lanes(a, 64, 2)]
        floats = [(x & 0x0FFFFFFF) + 0x37800000 for x in lanes(a, 32, 4)]
        s.fold_wide(join([root_bits(x, DOUBLE) for x in doubles], 64))
        s.fold_wide(join([root_bits(x, FLOAT) for x in floats], 32))


def kernel_popcnt(s):
    for _ in range(500):
        a = s.next()
        b = s.next() & a
        s.fold(bin(a).count("1"))
        s.fold(bin(b).count("1"))
        s.fold(bin((a ^ b) & M32).count("1"))
        s.fold(int.from_bytes((a ^ b).to_bytes(8, "little"), "big"))


def crc32c(crc, value, bits):
    crc ^= value
    for _ in range(bits):
        crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc


def kernel_crc32(s):
    crc = 0
    for _ in range(500):
        crc = crc32c(crc, s.next(), 64)
        s.fold(crc)
        crc = crc32c(crc, s.state & 255, 8)
        s.fold(crc)


def kernel_clmul(s):
    def product(a, b):
        result = 0
        for i in range(64):
            result ^= a << i if b >> i & 1 else 0
        return result

    for _ in range(500):
        a, b = lanes(s.wide(), 64, 2), lanes(s.wide(), 64, 2)
        s.fold_wide(product(a[0], b[0]))
        s.fold_wide(product(a[1], b[1]))
        s.fold_wide(product(a[1], b[0]))


def xtime(a):
    return (a << 1 ^ (0x11B if a & 0x80 else 0)) & 0xFF


def times(a, b):
    result = 0
    while b:
        result ^= a if b & 1 else 0
        a, b = xtime(a), b >> 1
    return result


def aes_boxes():
    """The S-box and its inverse, from FIPS 197: the inverse in GF(2^8), then the affine map."""
    box = []
    for a in range(256):
        inverse = next((b for b in range(256) if times(a, b) == 1), 0)
        value = 0x63
        for turn in range(5):
            value ^= (inverse << turn | inverse >> 8 - turn) & 0xFF
        box.append(value)
    return box, [box.index(i) for i in range(256)]


def kernel_aes(s):
    box, inverse = aes_boxes()

    def shift(state, by):
        return [state[(i + by * 4 * (i % 4)) % 16] for i in range(16)]

    def mix(state, row):
        return [times(state[4 * (i // 4)], row[-i % 4]) ^ times(state[4 * (i // 4) + 1],
                row[(1 - i) % 4]) ^ times(state[4 * (i // 4) + 2], row[(2 - i) % 4])
                ^ times(state[4 * (i // 4) + 3], row[(3 - i) % 4]) for i in range(16)]

    def fold(state, key):
        s.fold_wide(join(state, 8) ^ key)

    for _ in range(500):
        a, key = lanes(s.wide(), 8, 16), s.wide()
        coded = [box[x] for x in shift(a, 1)]
        plain = [inverse[x] for x in shift(a, -1)]
        fold(mix(coded, (2, 3, 1, 1)), key)
        fold(coded, key)
        fold(mix(plain, (14, 11, 13, 9)), key)
        fold(plain, key)
        fold(mix(a, (14, 11, 13, 9)), 0)
        subbed = [join([box[x] for x in lanes(word, 8, 4)], 8)
                  for word in lanes(join(a, 8), 32, 4)]
        turned = [(word >> 8 | word << 24) & M32 ^ 0x1B for word in subbed]
        s.fold_wide(join([subbed[1], turned[1], subbed[3], turned[3]], 32))


def doubles_of(value):
    return [(x & 0x81FFFFFFFFFFFFFF) + 0x3EF0000000000000 & M64 for x in lanes(value, 64, 4)]


def fold_each(s, function, *values):
    """Of four doubles each, lane by lane."""
    numbers = ([value_of(x, DOUBLE) for x in doubles_of(value)] for value in values)
    s.fold_wide(join([bits_of(function(*lane), DOUBLE) for lane in zip(*numbers)], 64), 4)


def kernel_fma(s):
    for _ in range(500):
        a, b, c = s.wider(), s.wider(), s.wider()
        fold_each(s, lambda x, y, z: x * y + z, a, b, c)
        fold_each(s, lambda x, z, y: -(x * z) - y, a, c, b)


def kernel_avx2(s):
    for _ in range(500):
        a, b = s.wider(), s.wider()
        a32, b32 = lanes(a, 32, 8), lanes(b, 32, 8)
        a8, b8 = lanes(a, 8, 32), lanes(b, 8, 32)
        s.fold_wide(join([a32[i] * b32[i] for i in range(0, 8, 2)], 64), 4)
        s.fold_wide(join([x * y for x, y in zip(a32, b32)], 32), 4)
        s.fold_wide(join([a32[y & 7] for y in b32], 32), 4)
        s.fold_wide(join([0 if y & 0x80 else a8[i // 16 * 16 + (y & 15)]
                          for i, y in enumerate(b8)], 8), 4)
        s.fold_wide(join([x + y for x, y in zip(lanes(a, 64, 4), lanes(b, 64, 4))], 64), 4)
        s.fold_wide(join([M32 if signed(x, 32) > signed(y, 32) else 0
                          for x, y in zip(a32, b32)], 32), 4)
        fold_each(s, lambda x, y: x * y, a, b)
        fold_each(s, lambda x, y: x / y, a, b)


def turn(x, by):
    return (x >> by | x << 32 - by) & M32


def rounds2(cdgh, abef, wk):
    h, g, d, c = lanes(cdgh, 32, 4)
    f, e, b, a = lanes(abef, 32, 4)
    for i in range(2):
        t = (h + (e & f ^ ~e & g) + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25))
             + lanes(wk, 32, 4)[i]) & M32
        new = t + (a & b ^ a & c ^ b & c) + (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) & M32
        a, b, c, d, e, f, g, h = new, a, b, c, d + t & M32, e, f, g
    return join([f, e, b, a], 32)


def kernel_sha(s):
    for _ in range(500):
        a, b, k = s.wide(), s.wide(), s.wide()
        w, x = lanes(a, 32, 4), lanes(b, 32, 4)
        s.fold_wide(rounds2(a, b, k))
        after = w[1:] + x[:1]
        s.fold_wide(join([w[i] + (turn(after[i], 7) ^ turn(after[i], 18) ^ after[i] >> 3)
                          for i in range(4)], 32))
        new = [x[2], x[3]]
        for i in range(4):
            new.append(w[i] + (turn(new[i], 17) ^ turn(new[i], 19) ^ new[i] >> 10) & M32)
        s.fold_wide(join(new[2:], 32))


NAMES = ["integer", "compare", "float", "copy", "atomic", "root", "popcnt", "crc32", "aes",
         "clmul", "fma", "avx2", "sha"]


def golden(name):
    stream = Stream()
    globals()["kernel_" + name](stream)
    return stream.digest


def main():
    goldens = [(name.upper(), f"0x{golden(name):016x}") for name in NAMES]
    if len(sys.argv) < 2:
        for name, value in goldens:
            print(f"    [KERNEL_{name}] = UINT64_C({value}),")
        return 0
    with open(sys.argv[1], encoding="utf-8") as file:
        found = re.findall(r"\[KERNEL_([A-Z0-9]+)\] = UINT64_C\((0x[0-9a-f]+)\)", file.read())
    print(f"1..{len(goldens)}")
    for number, pair in enumerate(goldens, 1):
        print(f"{'ok' if pair in found else 'not ok'} {number} - {pair[0]} is {pair[1]}")
    return 0 if sorted(found) == sorted(goldens) else 1


if __name__ == "__main__":
    sys.exit(main())

"""The linker's word that the deciding libraries are pure: no clock, no I/O, no hidden state."""

import re
import subprocess

# What any of them may call. The checked variants come from fortification.
ANYONE = [
    r"(mem(cpy|move|set|cmp|chr)|bcmp|str(n?len|n?cmp|n?cpy|chr))", r"__(mem|str)[a-z]+_chk",
    r"__assert_fail", r"__stack_chk_fail", r"__popcount[dt]i2", r"_GLOBAL_OFFSET_TABLE_",
    r"crypto_generichash(_[a-z0-9_]+)?", r"sodium_(memzero|memcmp|is_zero)",
]
VERIFIER = [r"crypto_sign(_ed25519)?_verify_detached"]
SIGNER = [
    r"crypto_sign_(?!keypair|ed25519_keypair)[a-z0-9_]+", r"crypto_core_ed25519_is_valid_point",
    r"sodium_(bin2hex|hex2bin|bin2base64|base642bin)", r"malloc", r"free", r"cJSON_[A-Za-z]+",
]

# From the bottom up: a library may call those before it, and what its patterns allow.
PURE = [
    ("tokens", ANYONE + VERIFIER + SIGNER),
    ("health", ANYONE),
    ("consensus", ANYONE + VERIFIER),
    ("node", ANYONE + VERIFIER),
]

MUTABLE = re.compile(r"^\.(data|bss|tdata|tbss)(\.|$)")
CONSTANT = re.compile(r"^\.data\.rel\.ro(\.|$)")


def archive(root, name):
    found = sorted((root / "build" / "plain").glob(f"**/lib{name}.a"))
    return found[0] if len(found) == 1 else None


def symbols(path):
    """(defined, undefined) names of a static library."""
    defined, undefined = set(), set()
    output = subprocess.run(["nm", "--format=posix", path], check=True, capture_output=True,
                            text=True).stdout
    for line in output.splitlines():
        words = line.split()
        if len(words) >= 2 and len(words[1]) == 1:
            (undefined if words[1] in "Uwv" else defined).add(words[0])
    return defined, undefined


def mutable_sections(path):
    """Sections that can change while the program runs, object by object."""
    output = subprocess.run(["size", "-A", path], check=True, capture_output=True,
                            text=True).stdout
    member = "?"
    for line in output.splitlines():
        words = line.split()
        if "(ex " in line:
            member = words[0]
        elif len(words) == 3 and words[1] != "0" and words[1].isdigit():
            if MUTABLE.match(words[0]) and not CONSTANT.match(words[0]):
                yield member, words[0], words[1]


def purity(root):
    complaints = []
    known = set()
    for name, patterns in PURE:
        path = archive(root, name)
        if path is None:
            complaints.append(f"there is not exactly one lib{name}.a in build/plain")
            continue
        defined, undefined = symbols(path)
        known |= defined
        allowed = re.compile("|".join(patterns))
        for symbol in sorted(undefined - known):
            if not allowed.fullmatch(symbol):
                complaints.append(f"lib{name}.a calls {symbol}, which is not on its list")
        for member, section, size_bytes in mutable_sections(path):
            complaints.append(f"lib{name}.a: {member} has {size_bytes} bytes in {section}")
    return complaints

"""What is said under a code can be looked up: the table in agent/README.md has each of them."""

import os
import re

from .tree import lines_of, ours

TABLE = "agent/README.md"
HEADING = "## Codes"
SAID = re.compile(r"\bOST-(\d{4})\b")
LISTED = re.compile(r"^\| ((?:\d{4} ?)+)\|")


def said_codes(root):
    """Code -> the first place in our sources that has it."""
    found = {}
    for path in ours(root, ".c", ".h"):
        if path.startswith("tests/"):
            continue
        for number, line in enumerate(lines_of(root, path), 1):
            for code in SAID.findall(line):
                found.setdefault(code, f"{path}:{number}")
    return found


def listed_codes(root):
    lines = lines_of(root, TABLE)
    rows = [LISTED.match(line) for line in lines[lines.index(HEADING):]]
    return [code for row in rows if row for code in row[1].split()]


def codes(root):
    """Every code of the sources is in the table, once, and no other is."""
    if not os.path.exists(os.path.join(root, TABLE)):
        return [f"{TABLE} is missing"]
    said = said_codes(root)
    listed = listed_codes(root)
    return ([f"{said[code]}: OST-{code} is not in the table of {TABLE}"
             for code in sorted(said.keys() - set(listed))]
            + [f"{TABLE}: OST-{code} is nowhere in the sources"
               for code in sorted(set(listed) - said.keys())]
            + [f"{TABLE}: OST-{code} is there twice"
               for code in sorted(set(code for code in listed if listed.count(code) > 1))])

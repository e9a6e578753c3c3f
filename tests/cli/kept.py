#!/usr/bin/env python3
"""Two `ostrakon token verify --keep` at once: kept.py OSTRAKON. Answers in TAP."""

import fcntl
import subprocess
import sys
import tempfile
import time
from pathlib import Path

DOCUMENTS = Path(__file__).resolve().parent / "documents" / "tokens"
WAITS_S = 0.5


def verify(ostrakon, bundle, kept):
    return subprocess.Popen(
        [ostrakon, "token", "verify", DOCUMENTS / "all.json", "--bundle", DOCUMENTS / bundle,
         "--keep", kept, "--at", "2026-11-28T06:02:00Z"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def the_newest_bundle_stands_whoever_writes_last(ostrakon, kept):
    """One waits while another is about to keep a newer bundle, and then refuses its older one"""
    newer = (DOCUMENTS / "trust_next.json").read_bytes()
    with open(f"{kept}.lock", "w", encoding="ascii") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        late = verify(ostrakon, "trust.json", kept)
        time.sleep(WAITS_S)
        assert late.poll() is None, late.communicate()
        assert not kept.exists(), "it has not waited"
        kept.write_bytes(newer)
    out, said = late.communicate(timeout=20)
    assert late.returncode == 3 and "is older than the one held" in said, (out, said)
    assert kept.read_bytes() == newer


def all_of_many_are_judged(ostrakon, kept):
    """Many at once, with bundles of two heights: none fails for another's sake, and the newer
    one is kept"""
    runs = [verify(ostrakon, bundle, kept) for bundle in ("trust.json", "trust_next.json") * 8]
    codes = []
    for run in runs:
        run.communicate(timeout=60)
        codes.append(run.returncode)
    assert set(codes[::2]) <= {0, 3} and set(codes[1::2]) == {2}, codes
    assert kept.read_bytes() == (DOCUMENTS / "trust_next.json").read_bytes()


def main():
    cases = [the_newest_bundle_stands_whoever_writes_last, all_of_many_are_judged]
    print(f"1..{len(cases)}")
    for number, case in enumerate(cases, 1):
        with tempfile.TemporaryDirectory(prefix="ostrakon-kept-") as directory:
            try:
                case(sys.argv[1], Path(directory) / "kept.json")
                print(f"ok {number} - {case.__name__}", flush=True)
            except AssertionError as wrong:
                print(f"not ok {number} - {case.__name__}: {wrong}", flush=True)


main()

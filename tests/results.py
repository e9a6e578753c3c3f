"""Reads what meson wrote about a run of its tests, and makes a case of everything in it."""

import json
import re
import subprocess
from typing import NamedTuple

# A line of TAP, and the indented block below it that tells what failed.
TAP_LINE = re.compile(r"^(not )?ok\b\s*\d*\s*-?\s*(.*)\n((?:  .*\n)*)", re.MULTILINE)
GOOD = ("OK", "EXPECTEDFAIL", "SKIP")


class Case(NamedTuple):
    name: str
    passed: bool
    detail: str = ""

    def why(self):
        """The first line that says more than that it failed."""
        lines = [line.strip() for line in self.detail.splitlines()]
        return next((line for line in lines if line and line != "not ok"), "not ok")[:200]


def described_tests(directory):
    """What the build knows of its tests: name -> (protocol, suite)."""
    output = subprocess.run(["meson", "introspect", "--tests", str(directory)], check=True,
                            capture_output=True, text=True).stdout
    return {test["name"]: (test["protocol"], test["suite"][0].split(":")[-1])
            for test in json.loads(output)}


def cases_of(name, protocol, entry):
    """One test of meson: a case a line of TAP, and one more when the program failed otherwise.

    The program's exit code counts beside its lines: a leak shows nowhere else.
    """
    good = entry["result"] in GOOD
    detail = f"{entry['result'].lower()}, exit code {entry['returncode']}"
    if protocol != "tap":
        return [Case(name, good, detail)]
    cases = [Case(f"{name}: {line[2]}", line[1] is None, "not ok\n" + line[3])
             for line in TAP_LINE.finditer(entry["stdout"] + "\n")]
    if not cases:
        return [Case(name, False, "ran no test; " + detail)]
    if not good and all(case.passed for case in cases):
        cases.append(Case(name, False, detail))
    return cases


def read_results(build, directory, suites):
    """The cases of the run that has just ended; a suite without any is a case that failed."""
    known = described_tests(directory)
    log = directory / "meson-logs" / "testlog.json"
    lines = log.read_text().splitlines() if log.exists() else []
    cases = []
    seen = set()
    for entry in map(json.loads, lines):
        name = entry["name"].split(" / ")[-1]
        protocol, suite = known[name]
        seen.add(suite)
        cases += cases_of(f"{build} {suite} {name}", protocol, entry)
    expected = set(suites) or {suite for _, suite in known.values()}
    for suite in sorted(expected - seen):
        cases.append(Case(f"{build} {suite}", False, "ran no test"))
    return cases

"""Builds, tests and lints the tree, and counts what came of it; see tests/run."""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

from lint import CHECKS
from results import Case, read_results

ROOT = Path(__file__).resolve().parent.parent
JOBS = str(os.cpu_count() or 2)

# The sanitizers run under clang, so that both compilers see every line; clang-tidy reads the
# commands of that build. b_lundef: clang links the sanitizers' run time into executables only.
BUILDS = {
    "plain": {"compiler": "gcc", "options": []},
    "sanitize": {
        "compiler": "clang",
        "options": ["-Db_sanitize=address,undefined", "-Db_lundef=false",
                    "-Dc_args=-fno-sanitize-recover=all"],
    },
}


class Stages:
    """Runs the stages one after the other, and remembers their cases and their seconds."""

    def __init__(self):
        self.cases = []
        self.seconds = []

    def run(self, name, stage, *arguments):
        print(f"==== {name}", flush=True)
        begun = time.monotonic()
        cases = stage(*arguments)
        taken = time.monotonic() - begun
        self.seconds.append((name, taken))
        self.cases += cases
        failed = sum(not case.passed for case in cases)
        print(f"---- {name}: {len(cases) - failed} ok, {failed} not, {taken:.1f} s", flush=True)
        return failed == 0

    def close(self):
        """Prints the summary, names last; the answer is the exit code."""
        print("\nseconds " + ", ".join(f"{name} {taken:.0f}" for name, taken in self.seconds))
        failed = [case for case in self.cases if not case.passed]
        for case in failed:
            print(f"FAILED {case.name}: {case.detail}")
        for case in failed:
            print(f"FAILED {case.name}: {case.why()}")
        print(f"{len(self.cases) - len(failed)} passed, {len(failed)} failed", flush=True)
        return 1 if failed or not self.cases else 0


def build(name):
    """Configures build/NAME if it is new, and compiles it: one case."""
    directory = ROOT / "build" / name
    environment = dict(os.environ, CC=BUILDS[name]["compiler"])
    commands = [["ninja", "-C", str(directory), "-j", JOBS, "--quiet"]]
    if not (directory / "build.ninja").exists():
        commands.insert(0, ["meson", "setup", str(directory), *BUILDS[name]["options"]])
    for command in commands:
        done = subprocess.run(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            print(done.stdout)
            return [Case(f"build {name}", False, f"{command[0]} exited {done.returncode}")]
    return [Case(f"build {name}", True)]


def test(name, suites):
    """Runs the suites of one build: a case for each test that they report."""
    directory = ROOT / "build" / name
    command = ["meson", "test", "-C", str(directory), "--no-rebuild", "--print-errorlogs",
               "--num-processes", JOBS]
    for suite in suites:
        command += ["--suite", suite]
    (directory / "meson-logs" / "testlog.json").unlink(missing_ok=True)
    subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL)
    return read_results(name, directory, suites)


def lint(check):
    """One check over the tree: one case, however much it found."""
    complaints = check(ROOT)
    for complaint in complaints:
        print(complaint)
    return [Case(f"lint {check.__name__}", not complaints, f"{len(complaints)} complaints")]


def arguments():
    parser = argparse.ArgumentParser(prog="tests/run")
    parser.add_argument("--quick", action="store_true",
                        help="one build without sanitizers, no lints")
    parser.add_argument("suite", nargs="*", help="only these suites, no lints")
    return parser.parse_args()


def main():
    options = arguments()
    stages = Stages()
    builds = ["plain"] if options.quick else list(BUILDS)
    built = [name for name in builds if stages.run(f"build {name}", build, name)]
    if not options.quick and not options.suite and len(built) == len(BUILDS):
        for check in CHECKS:
            stages.run(check.__name__, lint, check)
    for name in built:
        stages.run(f"test {name}", test, name, options.suite)
    return stages.close()


if __name__ == "__main__":
    sys.exit(main())

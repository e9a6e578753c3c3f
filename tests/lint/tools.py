"""clang-format, clang-tidy and cppcheck over our own files."""

import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .tree import lines_of, ours


ANALYSER_STEPS = 40000
CPPCHECK_MACROS = Path(__file__).with_name("cppcheck.cfg")


def run(command, root):
    """What a tool said, when it was not content."""
    done = subprocess.run(command, cwd=root, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True)
    if done.returncode == 0:
        return []
    said = done.stdout.strip() or done.stderr.strip()
    return [said or f"{command[0]} exited {done.returncode}"]


def side_by_side(commands, root):
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return [said for answer in pool.map(lambda command: run(command, root), commands)
                for said in answer]


def clang_format(root):
    sources = ours(root, ".c", ".h")
    return run(["clang-format", "--dry-run", "-Werror", *sources], root) if sources else []


def compiled(root, build):
    """The sources of ours that the build compiles, and a folder that says how, each once: as it
    is compiled first, which is for the product, and not with a sabotage."""
    first = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        path = os.path.normpath(os.path.join(entry["directory"], entry["file"]))
        first.setdefault(os.path.relpath(path, root), entry)
    folder = build / "tidy"
    folder.mkdir(exist_ok=True)
    (folder / "compile_commands.json").write_text(json.dumps(list(first.values())))
    return sorted(first), folder


def clang_tidy(root):
    """The analyser gives a function up after ANALYSER_STEPS; by default it takes five times as
    many, which took three times as long and found nothing more."""
    files, folder = compiled(root, root / "build" / "sanitize")
    tidy = ["clang-tidy", "--quiet", "-p", str(folder)]
    for word in ("-Xclang", "-analyzer-config", "-Xclang", f"max-nodes={ANALYSER_STEPS}"):
        tidy.append(f"--extra-arg={word}")
    said = side_by_side([[*tidy, file] for file in files], root)
    return [line for text in said for line in text.splitlines() if ": error: " in line] or said


def cppcheck(root):
    """Not over Criterion's tests: without its headers their macros are no C. Not for
    uninitialised variables: it follows calls into branches that their arguments rule out."""
    criterion = ("Test(", "TestSuite(", "ParameterizedTest", "#include <criterion/")
    sources = [path for path in ours(root, ".c")
               if not any(line.startswith(criterion) for line in lines_of(root, path))]
    if not sources:
        return []
    return run(["cppcheck", "--quiet", "--std=c11", "--enable=warning,performance,portability",
                "--inline-suppr", "--error-exitcode=1", "--suppress=missingIncludeSystem",
                "--suppress=uninitvar", f"--library={CPPCHECK_MACROS}", "-D_GNU_SOURCE", "-I.",
                "-j", str(os.cpu_count()), *sources], root)

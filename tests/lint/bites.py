"""The checks must be able to fail: each is shown a small tree that breaks its rule."""

import subprocess
import tempfile
from pathlib import Path

from .codes import codes
from .layering import include_direction, library_names, strict_json
from .limits import limits
from .purity import purity
from .tools import clang_format, cppcheck

LONG_FUNCTION = "static int f(int a,\n             int b)\n{\n" + "    a++;\n" * 60 + "}\n"
LONG_PYTHON = "def f():\n" + "    pass\n" * 61

# Check -> path -> content, and a part of what is to be said.
BROKEN = [
    (limits, {"agent/long.c": LONG_FUNCTION}, "agent/long.c:1: a function of 64 lines"),
    (limits, {"tests/long.py": LONG_PYTHON}, "tests/long.py:1: a function of 62 lines"),
    (limits, {"agent/wide.h": "/* " + "x" * 94 + " */\n"}, "agent/wide.h:1: 100 columns"),
    (limits, {"agent/many.c": "\n" * 401}, "agent/many.c: 401 lines"),
    (include_direction, {"tokens/a.c": '#include "health/b.h"\n'}, "health/b.h stands"),
    (include_direction, {"tokens/a.c": '#include "../health/b.h"\n'}, "health/b.h stands"),
    (include_direction, {"tokens/a.c": '#include "b.h"\n', "health/b.h": ""}, "b.h stands"),
    (include_direction, {"agent/a.c": '#include "tests/b.h"\n'}, "tests/b.h stands above"),
    (library_names, {"agent/api.c": "void evhttp_free(void);\n"}, "agent/api.c:1"),
    (library_names, {"consensus/a.h": "/* as JSON */\n"}, "consensus/a.h:1"),
    (strict_json, {"agent/a.c": "x = cJSON_GetObjectItem(a, b);\n"}, "agent/a.c:1"),
    (codes, {"agent/a.c": '"OST-1001"\n', "agent/README.md": "## Codes\n| 1002 | x |\n"},
     "agent/a.c:1: OST-1001 is not in"),
    (codes, {"agent/README.md": "## Codes\n| 1002 | x |\n"}, "OST-1002 is nowhere"),
    (codes, {"agent/README.md": "## Codes\n| 1002 1002 | x |\n"}, "OST-1002 is there twice"),
    (clang_format, {"agent/a.c": "int  a ;\n"}, "agent/a.c"),
    (cppcheck, {"agent/a.c": "void f(void)\n{\n    char a[2];\n    a[2] = 0;\n}\n"},
     "agent/a.c"),
]

IMPURE = [
    ("long time(long *); long f(void); long f(void) { return time(0); }", "calls time"),
    ("int counter = 1;", "bytes in .data"),
    ("static int seen; int f(void); int f(void) { return seen++; }", "bytes in .bss"),
]


def complaints_about(check, files):
    with tempfile.TemporaryDirectory(prefix="ostrakon-lint-") as name:
        root = Path(name)
        for path, content in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(content)
        return check(root)


def purity_of(source):
    """What the purity check says of four libraries with this source in each."""
    with tempfile.TemporaryDirectory(prefix="ostrakon-lint-") as name:
        plain = Path(name) / "build" / "plain"
        plain.mkdir(parents=True)
        (plain / "a.c").write_text(source)
        subprocess.run(["gcc", "-c", "a.c"], cwd=plain, check=True)
        for library in ("tokens", "health", "consensus", "node"):
            subprocess.run(["ar", "rc", f"lib{library}.a", "a.o"], cwd=plain, check=True)
        return purity(Path(name))


def bites(_root):
    """Every check finds what it is there to find."""
    missed = [f"{check.__name__} did not say: {expected}"
              for check, files, expected in BROKEN
              if not any(expected in said for said in complaints_about(check, files))]
    missed += [f"purity did not say: {expected}"
               for source, expected in IMPURE
               if sum(expected in said for said in purity_of(source)) != 4]
    return missed

"""At most 60 lines a function and 400 a file, in C and in Python; 96 columns a line in C, which
clang-format keeps for most of it, and 100 in Python and shell."""

import ast

from .tree import lines_of, ours, scripts

FUNCTION_LINES = 60
FILE_LINES = 400
C_COLUMNS = 96
COLUMNS = 100


def c_functions(lines):
    """(first line, last line) of every function, from the layout that clang-format keeps:
    its brace opens alone in the first column, and closes there."""
    opened = None
    head = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            opened = head if head is not None else number
        elif line == "}" and opened is not None:
            yield opened, number
            opened = None
        elif not line or line[0] in "#}/*":
            head = None
        elif not line[0].isspace():
            head = number


def python_functions(lines):
    for node in ast.walk(ast.parse("\n".join(lines))):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.lineno, node.end_lineno


def limits(root):
    complaints = []
    kinds = [(path, c_functions) for path in ours(root, ".c", ".h")]
    kinds += [(path, python_functions) for path in ours(root, ".py")]
    for path, first in scripts(root):
        kinds.append((path, python_functions if "python" in first else lambda lines: ()))
    for path, functions in kinds:
        lines = lines_of(root, path)
        count = len(lines) - (lines[-1] == "")
        if count > FILE_LINES:
            complaints.append(f"{path}: {count} lines, at most {FILE_LINES} are allowed")
        columns = C_COLUMNS if functions is c_functions else COLUMNS
        for number, line in enumerate(lines, 1):
            if len(line) > columns:
                complaints.append(f"{path}:{number}: {len(line)} columns, at most {columns}")
        for begin, end in functions(lines):
            if end - begin + 1 > FUNCTION_LINES:
                complaints.append(f"{path}:{begin}: a function of {end - begin + 1} lines, "
                                  f"at most {FUNCTION_LINES} are allowed")
    return complaints

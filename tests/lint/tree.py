"""Which files are ours."""

import os

SKIPPED = {".git", "__pycache__", "node_modules"}


def ours(root, *suffixes):
    """All files of the tree with one of these suffixes, sorted, without what was built."""
    found = []
    for directory, names, files in os.walk(root):
        names[:] = [name for name in names
                    if name not in SKIPPED and not name.startswith("build")]
        found += [os.path.relpath(os.path.join(directory, file), root)
                  for file in files if file.endswith(suffixes)]
    return sorted(found)


def scripts(root):
    """Files without a suffix that begin with #!, by their interpreter: (path, first line)."""
    found = []
    for path in ours(root, ""):
        if "." in os.path.basename(path):
            continue
        with open(os.path.join(root, path), "rb") as file:
            first = file.readline(80)
        if first.startswith(b"#!"):
            found.append((path, first.decode("ascii", "replace")))
    return found


def lines_of(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        return file.read().split("\n")

"""Dependencies point one way, and each library is met only where the design says."""

import os
import re

from .tree import lines_of, ours

# A folder may include itself and what stands before it.
ORDER = ["tokens", "health", "consensus", "agent"]
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')

LIBEVENT_SERVER = re.compile(r"\b(evhttp_|bufferevent_)")
LIBEVENT_HOMES = re.compile(r"^agent/(.*/)?(http|loop)[^/]*$")
FOREIGN_WORD = re.compile(r"http|json|sql", re.IGNORECASE)
LENIENT_JSON = re.compile(r"\bcJSON_(GetObjectItem|HasObjectItem|ReplaceItemInObject"
                          r"|DeleteItemFromObject|DetachItemFromObject)\s*\(")


def rank(path):
    """The place in the order; what is outside the four folders may include all."""
    top = path.split("/")[0]
    return ORDER.index(top) if top in ORDER else len(ORDER)


def headers_by_name(root):
    """Base name -> the folders that have such a header, for includes without a folder."""
    found = {}
    for path in ours(root, ".h"):
        found.setdefault(os.path.basename(path), []).append(path)
    return found


def include_direction(root):
    """tokens <- health <- consensus <- agent, and none of them knows the tests."""
    complaints = []
    headers = headers_by_name(root)
    for path in ours(root, ".c", ".h"):
        if rank(path) == len(ORDER):
            continue
        for number, line in enumerate(lines_of(root, path), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            beside = os.path.normpath(os.path.join(os.path.dirname(path), match[1]))
            if match[1].startswith("..") or os.path.exists(os.path.join(root, beside)):
                targets = [beside]
            elif "/" in match[1]:
                targets = [match[1]]
            else:
                targets = headers.get(match[1], [match[1]])
            if min(map(rank, targets)) > rank(path):
                complaints.append(f"{path}:{number}: {match[1]} stands above it")
    return complaints


def matches(root, paths, pattern, complaint):
    return [f"{path}:{number}: {complaint}: {line.strip()}"
            for path in paths
            for number, line in enumerate(lines_of(root, path), 1) if pattern.search(line)]


def library_names(root):
    """libevent's server stays in agent/http* and agent/loop*; consensus/ is free of formats."""
    sources = ours(root, ".c", ".h")
    shell = [path for path in sources
             if path.startswith("agent/") and not LIBEVENT_HOMES.match(path)]
    pure = [path for path in sources if path.startswith("consensus/")]
    return (matches(root, shell, LIBEVENT_SERVER, "libevent's server outside http* and loop*")
            + matches(root, pure, FOREIGN_WORD, "consensus/ knows no such word"))


def strict_json(root):
    """cJSON's plain lookups ignore case; only the ...CaseSensitive ones may be used."""
    return matches(root, ours(root, ".c", ".h"), LENIENT_JSON, "ignores case")

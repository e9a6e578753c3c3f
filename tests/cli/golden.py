#!/usr/bin/env python3
"""Plays cases against the real `ostrakon` and a tiny agent that serves canned documents.

    golden.py OSTRAKON CASES... [--rewrite]

A case: comments, what the agent is like, commands, `----`, and what is then seen:

    # All is well.
    serve /v1/status all_well
    ostrakon status
    ----
    cluster: prod-eu, as atlas sees it at 14:01:07 UTC
    exit 0
    ====

`serve PATH DOCUMENT [STATUS]` answers PATH with documents/DOCUMENT.json, repeated lines one
after the other; a third long poll is not answered, but the command interrupted. What else
is asked for is 404. `agent KIND` replaces the agent: absent, died, forbidden, silent,
rubbish, closing. `env A=B` sets a variable, `file NAME` begins a file of the case, its
lines indented by a tab, `private NAME...` keeps such files from others, `barred NAME...`
from everybody, `copy NAME...` puts documents/NAME there, `terminal` gives a terminal for
standard output, `asked` adds what the agent was asked, `posted FROM UNTIL` these bytes of
what was handed in to it, and what `mask PATTERN` matches is MASKED. Lines of standard error
begin with `! `, escape characters are shown as ESC. DIR is the case's directory, where the
command runs, SOCKET the agent's in it.
"""

import os
import re
import shlex
import sys
import tempfile
from pathlib import Path

from agent import Agent
from command import run

HERE = Path(__file__).resolve().parent


class Case:
    """A stanza of a case file: its lines up to `----`, and the answer below."""

    def __init__(self, stanza):
        before, _, after = stanza.partition("----\n")
        self.before = before
        self.expected = after
        self.lines = [line for line in before.splitlines() if not line.startswith("#")]
        self.title = next((line[1:].strip() for line in before.splitlines()
                           if line.startswith("#")), "a case without a comment")

    def words(self, name):
        return [shlex.split(line)[1:] for line in self.lines
                if line.split(" ")[0] == name]

    def commands(self):
        """The words of each, without the first."""
        return self.words("ostrakon")

    def files(self):
        """{name: text}: a `file` line and the lines after it that begin with a tab."""
        files = {}
        name = None
        for line in self.lines:
            if line.startswith("file "):
                name = line.split()[1]
                files[name] = ""
            elif line.startswith("\t") and name is not None:
                files[name] += line[1:] + "\n"
        return files


def document(name):
    return (HERE / "documents" / (name + ".json")).read_bytes()


def play(case, ostrakon):
    """What is seen, in the form of an answer."""
    with tempfile.TemporaryDirectory(prefix="ostrakon-cli-") as directory:
        socket = os.path.join(directory, "agent.sock")
        for name, text in case.files().items():
            path = Path(directory, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        for name in (name for words in case.words("copy") for name in words):
            Path(directory, Path(name).name).write_bytes((HERE / "documents" / name).read_bytes())
        for name in (name for words in case.words("private") for name in words):
            Path(directory, name).chmod(0o600)
        for name in (name for words in case.words("barred") for name in words):
            Path(directory, name).chmod(0)
        served = {}
        for words in case.words("serve"):
            status = int(words[2]) if len(words) > 2 else 200
            served.setdefault(words[0], []).append((status, document(words[1])))
        kinds = case.words("agent")
        with Agent(socket, kinds[0][0] if kinds else "serving", served) as agent:
            environment = dict(word.split("=", 1) for words_ in case.words("env")
                               for word in words_)
            seen = ""
            for words in case.commands():
                words = [word.replace("SOCKET", socket).replace("ESC", "\x1b")
                         for word in words]
                seen += run([ostrakon] + words, directory, environment,
                            "terminal" in case.lines, agent.held)
            for path in agent.asked:
                if "asked" in case.lines:
                    seen += f"asked {path}\n"
            for first, end in case.words("posted"):
                seen += f"posted {agent.posted[int(first):int(end)].hex()}\n"
    for words in case.words("mask"):
        seen = re.sub(words[0], "MASKED", seen)
    return seen.replace(directory, "DIR")


def too_wide(case, seen):
    """Lines of a status that a terminal of 80 columns would break."""
    if not any("status" in words and "--json" not in words for words in case.commands()):
        return []
    plain = re.sub(r"\x1b\[[0-9;]*m", "", seen)
    return [line for line in plain.splitlines() if len(line) > 80 and not line.startswith("!")]


def main():
    words = [word for word in sys.argv[1:] if word != "--rewrite"]
    rewrite = len(words) < len(sys.argv) - 1
    number = 0
    failed = 0
    lines = []
    for path in words[1:]:
        stanzas = [Case(text) for text in Path(path).read_text().split("====\n")]
        for case in stanzas:
            seen = play(case, os.path.abspath(words[0]))
            expected = case.expected
            good = seen == expected and not too_wide(case, seen)
            number += 1
            failed += not good
            lines.append(f"{'ok' if good else 'not ok'} {number} - {case.title}")
            if not good and not rewrite:
                print(f"# {case.title}\n--- expected\n{expected}--- seen\n{seen}---",
                      file=sys.stderr)
            case.expected = seen
        if rewrite:
            Path(path).write_text("====\n".join(case.before + "----\n" + case.expected
                                                for case in stanzas))
    print("\n".join([f"1..{number}"] + lines))
    return 1 if (failed and not rewrite) or number == 0 else 0


if __name__ == "__main__":
    sys.exit(main())

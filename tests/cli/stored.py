#!/usr/bin/env python3
"""`ostrakon audit` and `ostrakon cluster rebuild` on what is no database of an agent, or none of
this cluster's: stored.py OSTRAKON. Answers in TAP."""

import json
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

from command import obey_modes

FORBIDDEN = 77
REFUSED = 78


def run(ostrakon, *words):
    done = subprocess.run([ostrakon, *words], stdin=subprocess.DEVNULL, capture_output=True,
                          timeout=20, preexec_fn=obey_modes)
    return done.returncode, (done.stdout + done.stderr).decode("utf-8")


def found(ostrakon, home):
    """One member's directory, of a cluster that has decided nothing yet."""
    home.mkdir()
    code, text = run(ostrakon, "keygen", "--dir", str(home), "--json")
    assert code == 0, text
    keys = json.loads(text)
    member = f"atlas,node,127.0.0.1:7101,{keys['transport_key']},{keys['vote_key']}"
    code, text = run(ostrakon, "cluster", "init", "--name", "demo", "--audit", "off", "--member",
                     member, "--output", str(home / "cluster.yaml"))
    assert code == 0, text
    (home / "node.yaml").write_text(f"name: atlas\ncluster: {home}/cluster.yaml\n"
                                    f"data_dir: {home}\nlisten: 127.0.0.1:7101\n")
    code, text = run(ostrakon, "init", "--config", str(home / "node.yaml"))
    assert code == 0, text


def refused(ostrakon, home, words, expected=REFUSED):
    """Both say what is the matter, and with which file."""
    config = ("--config", str(home / "node.yaml"))
    for command in (("audit",), ("cluster", "rebuild", "--member", "atlas")):
        code, text = run(ostrakon, *command, *config)
        assert code == expected, (command, code, text)
        assert words in text and str(home / "ostrakon.db") in text, (command, text)


def lose(home):
    for path in home.glob("ostrakon.db*"):
        path.unlink()


def nothing_is_there(ostrakon, home):
    """No database at all: it is not there, not "unable to open\""""
    lose(home)
    refused(ostrakon, home, "No such file or directory")


def forbidden(ostrakon, home):
    """A database that this user may not read"""
    (home / "ostrakon.db").chmod(0)
    refused(ostrakon, home, "Permission denied", FORBIDDEN)


def another_file(ostrakon, home):
    """An empty file, and one that is no database"""
    lose(home)
    (home / "ostrakon.db").write_bytes(b"")
    refused(ostrakon, home, "no such table")
    (home / "ostrakon.db").write_bytes(b"\x1b]0;" * 1000)
    refused(ostrakon, home, "file is not a database")


def of_nobody(ostrakon, home):
    """A database that names no cluster"""
    with sqlite3.connect(home / "ostrakon.db") as database:
        database.execute("DELETE FROM meta")
    refused(ostrakon, home, "it is not of an agent")


def of_another(ostrakon, home):
    """The database of another cluster"""
    found(ostrakon, home / "other")
    lose(home)
    (home / "other" / "ostrakon.db").rename(home / "ostrakon.db")
    refused(ostrakon, home, "it is of another cluster")


def hostile(ostrakon, home):
    """What a damaged file has in its schema does not reach the terminal as it is"""
    with sqlite3.connect(home / "ostrakon.db") as database:
        database.execute("PRAGMA writable_schema = ON")
        database.execute("UPDATE sqlite_schema SET sql = CAST(x'1b5b324a80ff' AS TEXT)"
                         " WHERE name = 'meta'")
    refused(ostrakon, home, "malformed database schema")
    code, text = run(ostrakon, "audit", "--config", str(home / "node.yaml"))
    assert "\x1b" not in text, repr(text)


def nothing_is_decided(ostrakon, home):
    """A database without a block: nothing is wrong with it, and nothing was checked"""
    code, text = run(ostrakon, "audit", "--json", "--config", str(home / "node.yaml"))
    assert code == 0 and json.loads(text)["to"] == 0, text
    code, text = run(ostrakon, "audit", "--config", str(home / "node.yaml"))
    assert code == 0 and "blocks: none" in text and "signed" not in text, text


def of_unreadable_blocks(ostrakon, home):
    """A database whose blocks cannot be read: it is not said that all of them hold"""
    path = home / "ostrakon.db"
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        size = database.execute("PRAGMA page_size").fetchone()[0]
        page = database.execute("SELECT rootpage FROM sqlite_schema"
                                " WHERE name = 'block'").fetchone()[0]
    database.close()
    with open(path, "r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)
    code, text = run(ostrakon, "audit", "--config", str(home / "node.yaml"))
    assert code == 2 and "blocks cannot be read" in text and "does not hold" in text, (code, text)
    code, text = run(ostrakon, "audit", "--json", "--config", str(home / "node.yaml"))
    assert code == 2 and json.loads(text)["problem_count"] == 1, (code, text)


def twice(ostrakon, home):
    """A survivor that is named twice is a slip: another one was meant"""
    code, text = run(ostrakon, "cluster", "rebuild", "--member", "atlas", "--member", "atlas",
                     "--config", str(home / "node.yaml"))
    assert code == 64 and "atlas is given twice" in text, (code, text)


def to_standard_output(ostrakon, home):
    """What is rebuilt to standard output is the document and nothing else, with --json, too"""
    words = ("cluster", "rebuild", "--member", "atlas", "--yes", "--config",
             str(home / "node.yaml"), "--output")
    code, text = run(ostrakon, *words, str(home / "rebuilt.yaml"))
    assert code == 0 and "wrote" in text, (code, text)
    written = (home / "rebuilt.yaml").read_text()
    for more in ((), ("--json",)):
        code, text = run(ostrakon, *words, "-", *more)
        assert code == 0 and text == written, (code, text)


def main():
    cases = [nothing_is_there, forbidden, another_file, of_nobody, of_another, hostile,
             nothing_is_decided, of_unreadable_blocks, twice, to_standard_output]
    print(f"1..{len(cases)}")
    for number, case in enumerate(cases, 1):
        with tempfile.TemporaryDirectory(prefix="ostrakon-stored-") as directory:
            try:
                found(sys.argv[1], Path(directory) / "atlas")
                case(sys.argv[1], Path(directory) / "atlas")
                print(f"ok {number} - {case.__doc__}", flush=True)
            except AssertionError as wrong:
                print(f"not ok {number} - {case.__doc__}: {wrong}", flush=True)


main()

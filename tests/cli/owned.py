#!/usr/bin/env python3
"""Whose the files are that root makes for an agent, and what --check says of those that are
another's: owned.py OSTRAKON OSTRAKOND. Answers in TAP."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from command import obey_modes

AGENT = 65534  # nobody, for once an agent
MADE = ("votes", "ostrakon.db")


def run(*words):
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, timeout=20,
                          preexec_fn=obey_modes)
    return done.returncode, (done.stdout + done.stderr).decode("utf-8")


def done(*words):
    code, text = run(*words)
    assert code == 0, text
    return text


def found(ostrakon, home):
    """A member that is not initialised yet."""
    data = home / "data"
    keys = json.loads(done(ostrakon, "keygen", "--dir", str(data), "--json"))
    member = f"atlas,node,127.0.0.1:7101,{keys['transport_key']},{keys['vote_key']}"
    done(ostrakon, "cluster", "init", "--name", "demo", "--audit", "off", "--member", member,
         "--output", str(home / "cluster.yaml"))
    (home / "node.yaml").write_text("name: atlas\ncluster: cluster.yaml\ndata_dir: data\n"
                                    "socket: agent.sock\n")
    return data


def given(ostrakon, ostrakond, home):
    """What root initialises belongs to whom the data directory belongs, and --check is content"""
    data = found(ostrakon, home)
    os.chown(data, AGENT, AGENT)
    # The harness keeps root from what is not root's: group and others let it in here.
    data.chmod(0o777)
    done(ostrakon, "init", "--config", str(home / "node.yaml"))
    for name in MADE:
        status = (data / name).stat()
        assert (status.st_uid, status.st_gid) == (AGENT, AGENT), (name, status)
        (data / name).chmod(0o666)
    text = done(ostrakond, "--check", str(home / "node.yaml"))
    assert "warning" not in text, text


def of_another(ostrakon, ostrakond, home):
    """A vote record and a database that are root's in an agent's directory are warned of"""
    data = found(ostrakon, home)
    done(ostrakon, "init", "--config", str(home / "node.yaml"))
    os.chown(data, AGENT, AGENT)
    data.chmod(0o777)
    text = done(ostrakond, "--check", str(home / "node.yaml"))
    for name in MADE:
        assert (f"{data / name}: warning: belongs to uid 0, and the data directory to uid {AGENT},"
                in text), text


def barred(ostrakon, ostrakond, home):
    """A vote record or a database that may not be opened is refused by --check"""
    data = found(ostrakon, home)
    done(ostrakon, "init", "--config", str(home / "node.yaml"))
    done(ostrakond, "--check", str(home / "node.yaml"))
    for name in MADE:
        (data / name).chmod(0)
        code, text = run(ostrakond, "--check", str(home / "node.yaml"))
        assert code == 78, text
        assert f"{data / name}: cannot be opened: Permission denied" in text, text


def main():
    print("1..3")
    for number, case in enumerate((given, of_another, barred), 1):
        if case is not barred and os.geteuid() != 0:
            print(f"ok {number} - {case.__doc__} # SKIP only root gives files away", flush=True)
            continue
        with tempfile.TemporaryDirectory(prefix="ostrakon-owned-") as directory:
            try:
                case(sys.argv[1], sys.argv[2], Path(directory))
                print(f"ok {number} - {case.__doc__}", flush=True)
            except AssertionError as wrong:
                print(f"not ok {number} - {case.__doc__}: {wrong}", flush=True)


main()

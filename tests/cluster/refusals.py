"""What an agent cannot start with: exit 78 and one sentence that says what and where."""

import os
import re
import shutil
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from scene import Scene, require
from tap import Skipped, play

BUILD = sys.argv[1]
REFUSED = 78
NAME = "atlas"


def refused(scene, *patterns, lines_max=1):
    """Starts the agent: it must refuse, in one sentence in which all the patterns are found; a
    file gets a sentence for each of its faults."""
    command = scene.cluster.members[NAME].command
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=20 * scene.scale)
    lines = done.stderr.splitlines()
    require(done.returncode == REFUSED, f"it exits {done.returncode}: {done.stderr}")
    require(1 <= len(lines) <= lines_max and done.stdout == "", f"it says: {done.stderr}")
    for pattern in patterns:
        require(any(re.search(pattern, line) for line in lines), f"no {pattern!r}: {lines}")


def home(scene, name=NAME):
    return Path(scene.cluster.members[name].dir)


@contextmanager
def edited(path, change):
    """The file with another content, for a while."""
    before = path.read_text()
    path.write_text(change(before))
    try:
        yield
    finally:
        path.write_text(before)


@contextmanager
def node_yaml(scene, key, line):
    """node.yaml with another line for a key; None: without it."""
    def change(text):
        lines = [old for old in text.splitlines() if not old.startswith(f"{key}:")]
        return "\n".join(lines + ([line] if line else [])) + "\n"
    with edited(Path(scene.cluster.members[NAME].config), change):
        yield


@contextmanager
def listening(address):
    host, port = address.rsplit(":", 1)
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind((host, int(port)))
        taken.listen()
        yield


def port_in_use(scene):
    """A peer port or an API port in use"""
    first = scene.plan.base_port
    with listening(f"127.0.0.1:{first}"):
        refused(scene, f"127.0.0.1:{first}", "[Aa]ddress already in use")
    with listening(f"127.0.0.1:{first + 100}"):
        refused(scene, f"127.0.0.1:{first + 100}", "[Aa]ddress already in use")


def socket_in_the_way(scene):
    """A directory for the socket that is not there, and a file in its place"""
    with node_yaml(scene, "socket", f'socket: "{scene.scratch}/none/agent.sock"'):
        refused(scene, f"{scene.scratch}/none/agent.sock", "[Nn]o such file or directory")
    path = scene.scratch / "a-file"
    path.write_text("not a socket\n")
    with node_yaml(scene, "socket", f'socket: "{path}"'):
        refused(scene, str(path), "[Aa]ddress already in use")
    require(path.read_text() == "not a socket\n", "the file was overwritten")


def directory_not_there(scene):
    """A data directory that is not there, or is a file"""
    with node_yaml(scene, "data_dir", f'data_dir: "{scene.scratch}/none"'):
        refused(scene, f"{scene.scratch}/none", "[Nn]o such file or directory")
    with node_yaml(scene, "data_dir", f'data_dir: "{scene.scratch}/a-file"'):
        (scene.scratch / "a-file").write_text("")
        refused(scene, f"{scene.scratch}/a-file", "[Nn]ot a directory")


def directory_not_writable(scene):
    """A data directory that is not writable"""
    if os.geteuid() != 0:
        home(scene).chmod(0o500)
        try:
            refused(scene, str(home(scene)), "[Pp]ermission denied")
        finally:
            home(scene).chmod(0o700)
        return
    target = str(home(scene))
    for words in (["mount", "--bind", target, target],
                  ["mount", "-o", "remount,bind,ro", target]):
        if subprocess.run(words, capture_output=True).returncode != 0:
            subprocess.run(["umount", target], capture_output=True)
            raise Skipped("nothing can be mounted here")
    try:
        refused(scene, target, "[Rr]ead-only file system")
    finally:
        subprocess.run(["umount", target], check=True)


def other_key(scene):
    """A transport key or a vote key that is not the one in the cluster file"""
    for name in ("transport.pem", "vote.pem"):
        own, other = home(scene) / name, home(scene, "helios") / name
        with edited(own, lambda text, other=other: other.read_text()):
            refused(scene, str(own), "is not the key that .*cluster.yaml names for atlas")


def key_not_usable(scene):
    """A key that is missing, readable by others, or no key"""
    key = home(scene) / "vote.pem"
    key.chmod(0o640)
    try:
        refused(scene, str(key), "0640|group|others|0600")
    finally:
        key.chmod(0o600)
    with edited(key, lambda text: text.replace("PRIVATE", "PUBLIC")):
        refused(scene, str(key))
    aside = key.with_name("kept.pem")
    key.rename(aside)
    try:
        refused(scene, str(key), "[Nn]o such file|not there|missing")
    finally:
        aside.rename(key)


def second_agent(scene):
    """A second agent on one data directory"""
    scene.cluster.start(NAME)
    scene.wait_view(NAME, lambda view: True, 10, "does not answer")
    refused(scene, str(home(scene)), "another agent runs on this data directory")
    scene.cluster.stop(NAME)


def bad_files(scene):
    """Unknown, missing, doubled and mistyped keys in both files: file, line, what is
    expected"""
    node = Path(scene.cluster.members[NAME].config)
    cluster = scene.cluster.directory / "cluster.yaml"
    for path, change, patterns in (
            (node, lambda text: text + "heartbeat: 3\n", [r":\d+:\d+: ", "heartbeat"]),
            (node, lambda text: text.replace("data_dir:", "datadir:"), ["data_dir"]),
            (node, lambda text: text + "name: atlas\n", [r":\d+:\d+: ", "name"]),
            (node, lambda text: text.replace("name: \"atlas\"", "name: \"hermes\""),
             ["hermes"]),
            (cluster, lambda text: text.replace("tick_ms: ", "tick_ms: x"),
             [r":\d+:\d+: ", "tick_ms"]),
            (cluster, lambda text: re.sub(r"delta_ms: \d+", "delta_ms: 90000", text),
             ["delta"]),
            (cluster, lambda text: text.replace("name: helios", "name: atlas"),
             ["the same name as in line"]),
            (cluster, lambda text: text.replace("role: node", "role: witness"), ["node"]),
            (cluster, lambda text: "\0" * 100, []),
            (cluster, lambda text: "a: [" * 20000, [])):
        with edited(path, change):
            refused(scene, re.escape(path.name), *patterns, lines_max=10)


def no_file(scene):
    """No node.yaml, or no cluster.yaml"""
    for path in (Path(scene.cluster.members[NAME].config),
                 scene.cluster.directory / "cluster.yaml"):
        aside = path.with_name("aside")
        shutil.move(path, aside)
        try:
            refused(scene, re.escape(str(path)), "[Nn]o such file or directory")
        finally:
            shutil.move(aside, path)


if __name__ == "__main__":
    play(lambda: Scene(BUILD, starts=False),
         [port_in_use, socket_in_the_way, directory_not_there, directory_not_writable,
          other_key, key_not_usable, second_agent, bad_files, no_file])

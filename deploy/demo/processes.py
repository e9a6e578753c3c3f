"""Processes known by their whole command line: one which somebody else started again with the
same command is found as well as our own, and a number that was given away hits nobody."""

import os
import signal
import subprocess
import time

STOP_SECONDS = 5.0

_children = []


def start(command, log_path):
    """Starts a command in a session of its own: a Ctrl-C at our terminal is ours alone."""
    with open(log_path, "ab") as log:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                 start_new_session=True)
    _children.append(child)
    return child.pid


def reap():
    """Collects children that have ended; until then they look alive to a signal."""
    _children[:] = [child for child in _children if child.poll() is None]


def command_of(pid):
    """The argument list of a process; empty when there is none, or it has ended."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return [word.decode("utf-8", "replace") for word in file.read().split(b"\0")[:-1]]
    except OSError:
        return []


def started_at(pid):
    """The start of a process in clock ticks since boot; endless when it is gone."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return int(file.read().rpartition(")")[2].split()[19])
    except OSError:
        return float("inf")


def is_there(pid):
    """Whether something is left of a process: for a moment it has no command line any more and
    still its sockets. Who waits to be collected, with its last thread gone, has nothing."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            state = file.read().rpartition(")")[2].split()[0]
        return state not in "ZX" or len(os.listdir(f"/proc/{pid}/task")) > 1
    except OSError:
        return False


def find(command):
    """All live processes with this command line, the oldest first: between fork and exec a
    child of the process has it too."""
    reap()
    pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    found = [pid for pid in pids if command_of(pid) == command]
    return sorted(found, key=lambda pid: (started_at(pid), pid))


def send(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def wait_gone(commands, pids, seconds):
    """Waits until none of these commands runs, and nothing is left of these processes; the
    answer is whether that came true."""
    end = time.monotonic() + seconds
    while any(map(is_there, pids)) or any(find(command) for command in commands):
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def stop(commands, seconds=STOP_SECONDS):
    """Ends all processes with these command lines: asked first, after the time killed."""
    for number, patience in ((signal.SIGTERM, seconds), (signal.SIGKILL, 2.0)):
        pids = [pid for command in commands for pid in find(command)]
        for pid in pids:
            send(pid, number)
            send(pid, signal.SIGCONT)
        if wait_gone(commands, pids, patience):
            return
    raise TimeoutError("some processes did not end: "
                       + ", ".join(" ".join(command) for command in commands if find(command)))

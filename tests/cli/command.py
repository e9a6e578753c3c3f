"""Runs a command as a user without privileges would, and writes down what is seen of it."""

import ctypes
import os
import pty
import signal
import subprocess
import threading

PR_CAPBSET_DROP = 24
CAP_DAC_OVERRIDE = 1
CAP_DAC_READ_SEARCH = 2


def obey_modes():
    """Root may open everything; without these two it may not, nor may what it executes."""
    prctl = ctypes.CDLL(None).prctl
    for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
        prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)


def read_all(descriptor):
    text = b""
    while True:
        try:
            more = os.read(descriptor, 65536)
        except OSError:
            return text
        if not more:
            return text
        text += more


def interrupt(process, moment):
    moment.wait()
    process.send_signal(signal.SIGINT)


def run(words, directory, variables, terminal, moment):
    """Standard output, standard error with `! ` before each line, and the exit code. The
    command is interrupted at `moment`, should that come."""
    environment = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
    environment.update({"TERM": "xterm", "LC_ALL": "C.UTF-8"}, **variables)
    ours, theirs = pty.openpty() if terminal else os.pipe()
    process = subprocess.Popen(words, cwd=directory, env=environment, stdin=subprocess.DEVNULL,
                               stdout=theirs, stderr=subprocess.PIPE, preexec_fn=obey_modes)
    os.close(theirs)
    threading.Thread(target=interrupt, args=(process, moment), daemon=True).start()
    out = read_all(ours).replace(b"\r\n", b"\n").decode("utf-8", "backslashreplace")
    os.close(ours)
    err = process.stderr.read().decode("utf-8", "backslashreplace")
    process.stderr.close()
    process.wait()
    out = out.replace("\x1b", "ESC")
    if out and not out.endswith("\n"):
        out += "\n"
    return (out + "".join(f"! {line}\n" for line in err.splitlines())
            + f"exit {process.returncode}\n")

"""What the tests of the hooks share: a directory of their own, hooks started as the agent does,
and network namespaces."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
HOOKS = ROOT / "deploy" / "hooks"
for folder in (ROOT / "deploy" / "demo", ROOT / "tests" / "cluster"):
    sys.path.insert(0, str(folder))

from namespaces import Net, ip  # noqa: E402,F401
from tap import Skipped, play  # noqa: E402,F401


def require(condition, words):
    if not condition:
        raise AssertionError(words)


def need(*programs):
    if os.getuid() != 0:
        raise Skipped("needs root")
    for program in programs:
        if shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/sbin") is None:
            raise Skipped(f"there is no {program} here")


def within(space, *command):
    """The command, in that namespace."""
    return ["ip", "netns", "exec", space, *command]


def run(command, **options):
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=30, **options)


def hook(name, words, facts, space=None, fails=False):
    """Runs it with the facts in its environment and as JSON; answers what it says."""
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
    environment |= {f"OSTRAKON_{key.upper()}": value for key, value in facts.items()}
    command = [str(HOOKS / name), *words]
    done = subprocess.run(within(space, *command) if space else command, env=environment,
                          input=json.dumps(facts) + "\n", capture_output=True, text=True,
                          timeout=30)
    require((done.returncode != 0) == fails,
            f"{name} {facts}: exit {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def wait(condition, seconds, what):
    end = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        require(time.monotonic() < end, what)
        time.sleep(0.05)


class Place:
    """A scratch directory, and what is to be undone."""

    def __init__(self):
        self.scratch = Path(tempfile.mkdtemp(prefix="ostrakon-hooks-"))
        self.undo = []

    def tails(self):
        """The end of what the processes said."""
        log = self.scratch / "log"
        return "\n".join(log.read_text(errors="replace").splitlines()[-25:]) if log.exists() else ""

    def check(self):
        pass

    def close(self):
        for undo in reversed(self.undo):
            undo()
        shutil.rmtree(self.scratch, ignore_errors=True)

    def start(self, command):
        """A process that ends with the place."""
        log = open(self.scratch / "log", "ab")
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                 start_new_session=True)

        def end():
            child.terminate()
            child.wait(10)
            log.close()
        self.undo.append(end)
        return child


class Net3(Place):
    """Three namespaces on a bridge."""

    def __init__(self, *names):
        need("ip")
        super().__init__()
        self.net = Net(names)
        self.undo.append(self.net.close)

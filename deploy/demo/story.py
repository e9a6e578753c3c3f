"""A story told on a real cluster: nothing is printed as a fact before the members, the sink or the
log have been asked whether it is one."""

import json
import re
import subprocess
import time
from pathlib import Path

from cluster import wait_for


class Wrong(Exception):
    """Something did not come true."""


class Story:
    def __init__(self, cluster, tools, net=None):
        self.cluster = cluster
        self.tools = tools
        self.net = net
        self.begun = time.monotonic()

    # Telling

    def tell(self, text):
        """What we do to the cluster."""
        print(f"{time.monotonic() - self.begun:6.1f} s  {text}", flush=True)

    def claim(self, text, condition, seconds):
        """What must come true within so many seconds; answers what the condition answers."""
        begun = time.monotonic()
        try:
            answer = wait_for(condition, seconds, text)
        except TimeoutError:
            raise Wrong(f"it did not come true within {seconds:g} s: {text}") from None
        taken = time.monotonic() - begun
        print(f"{time.monotonic() - self.begun:6.1f} s    seen after {taken:.2f} s: {text}",
              flush=True)
        return answer

    def require(self, condition, text):
        """What must be so now."""
        if not condition:
            raise Wrong(f"it is not so: {text}")
        print(f"{time.monotonic() - self.begun:6.1f} s    {text}", flush=True)

    # Asking

    def others(self, *but_not):
        return [name for name in self.cluster.members if name not in but_not]

    def member(self, at, name):
        """A member as another shows it, or None."""
        view = self.cluster.status(at)
        return view and next(item for item in view["members"] if item["name"] == name)

    def all_show(self, name, standings, of=None):
        """Whether all members (or those of `of`) that answer show it so."""
        seen = [self.member(at, name) for at in of or self.cluster.members]
        return all(item is not None and item["standing"] in standings for item in seen)

    def grant(self):
        """The newest grant that anybody shows, or None."""
        grants = [view["grant"] for view in self.cluster.statuses().values() if view["grant"]]
        return max(grants, key=lambda grant: int(grant["fence"]), default=None)

    def leads(self, *names):
        grant = self.grant()
        return grant is not None and grant["holder"] in names and grant

    def reasons(self, at):
        view = self.cluster.status(at)
        return view["reasons"] if view else []

    def mark(self, name):
        path = self.cluster.log_path(name)
        return path.stat().st_size if path.exists() else 0

    def said(self, name, pattern, mark=0):
        """The lines of a member's log behind the mark in which the pattern is found."""
        with open(self.cluster.log_path(name), "rb") as log:
            log.seek(mark)
            lines = log.read().decode("utf-8", "replace").splitlines()
        return [line for line in lines if re.search(pattern, line)]

    def log(self, at, name):
        """What a member's log has of another one."""
        return self.cluster.ask(at, f"/v1/log?member={name}&limit=1000")[1]["items"]

    def settled_until(self):
        times = [view["windows"]["settled_until"]
                 for view in self.cluster.statuses().values()]
        return max((text for text in times if text), default="")

    def serving(self, name):
        """The members that serve under a name, as their hooks were told."""
        place = self.cluster.directory / "names" / name
        return sorted(path.name for path in place.iterdir()) if place.exists() else []

    # Doing

    def run(self, *words, seconds=120):
        """(exit code, output) of an `ostrakon`."""
        done = subprocess.run([self.tools.ostrakon, *words], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=seconds)
        return done.returncode, done.stdout + done.stderr

    def order(self, at, key, *words):
        """What an operator signs, handed in at a member; answers the height of its decision."""
        code, text = self.run("operator", *words, "--key", str(key), "--socket",
                              self.cluster.members[at].socket, "--wait")
        height = re.search(r"decided at height (\d+)", text)
        if code != 0 or height is None:
            raise Wrong(f"ostrakon operator {' '.join(words)}: exit code {code}: {text}")
        return int(height[1])

    def flip_state(self, name, bit):
        """Turns one bit of the memory in which a member's agent decides, from another process;
        the agent's log says where that is."""
        line = self.said(name, "OST-5002")[-1]
        place = re.search(r"state is at 0x([0-9a-f]+), (\d+) bytes", line)
        pid = self.cluster.pids(name)[0]
        at = int(place[1], 16) + int(place[2]) // 2
        with open(f"/proc/{pid}/mem", "r+b", buffering=0) as memory:
            memory.seek(at)
            byte = memory.read(1)[0]
            memory.seek(at)
            memory.write(bytes([byte ^ 1 << bit]))


def append_yaml(path, key, value):
    """JSON is YAML."""
    file = Path(path)
    file.write_text(file.read_text() + f"{key}: {json.dumps(value)}\n")

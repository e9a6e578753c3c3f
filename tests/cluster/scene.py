"""A cluster of real processes with traffic, watched, and all that the cases do to it and ask of
it. Waits are bounded, and longer for a build with sanitizers."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timezone
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "deploy" / "demo"))

import namespaces  # noqa: E402,F401
import processes  # noqa: E402
import renewal  # noqa: E402,F401
from checker import Chain, Story, Windows, compare_totals, read_sink, require  # noqa: E402
from cluster import Cluster, wait_for  # noqa: E402,F401
from founding import Plan, Tools, demo_timing, found  # noqa: E402
from watcher import Watcher  # noqa: E402

FIRST_PORT = 25000
BLOCKS_OF_PORTS = 50
KEEP = "OSTRAKON_TEST_KEEP"
TAIL_LINES = 25
ANSWER_S = 10

# Runs the worker once the file `hold` is gone, and keeps what it says.
HELD_WORKER = """#!/bin/sh
here=$1
shift
[ -e "$here/hold" ] && echo "$$" >"$here/held-$OSTRAKON_MEMBER-$OSTRAKON_FENCE"
while [ -e "$here/hold" ]; do sleep 0.02; done
"$@" 2>"$here/said-$OSTRAKON_MEMBER-$OSTRAKON_FENCE"
code=$?
cat "$here/said-$OSTRAKON_MEMBER-$OSTRAKON_FENCE" >&2
exit $code
"""


def ports():
    """The first of five free ports, with as many free ones 100 above; the name that goes with
    them is taken as long as this process lives, so that two tests never have the same."""
    for block in range(BLOCKS_OF_PORTS):
        first = FIRST_PORT + 200 * (block // 10) + 10 * (block % 10)
        guard = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            guard.bind(f"\0ostrakon-test-{first}")
            for port in range(10):
                with socket.socket() as probe:
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    probe.bind(("127.0.0.1", first + port % 5 + 100 * (port // 5)))
        except OSError:
            guard.close()
            continue
        return first, guard
    raise OSError("no ports are free")


def is_sanitized(program):
    return b"__asan_init" in Path(program).read_bytes()


def test_timing(scale):
    """A tick of half a second and windows of two: faults show, and end, soon. Whoever is silent is
    not voted on before a minute: that is the matter of removal.py alone."""
    return {**demo_timing(500 * scale, 2), "window_timeout_s": 6 * scale,
            "audit_timeout_s": 4 * scale, "patience_ms": 60000}


class Scene:
    """`prepare` changes what was founded before the agents start; `plan` is founding.Plan's."""

    def __init__(self, build, prepare=None, starts=True, timing=None, **plan):
        self.tools = Tools(build)
        self.scale = 2 if is_sanitized(self.tools.ostrakond) else 1
        self.scratch = Path(tempfile.mkdtemp(prefix="ostrakon-test-"))
        self.undo = []
        self.left_out = set()  # members that are of another cluster for a while
        self.cluster = None
        self.watcher = None
        try:
            self.open(timing or {}, plan)
            if prepare is not None:
                prepare(self)
            if starts:
                self.begin()
        except BaseException:
            self.close()
            raise

    def open(self, timing, plan):
        first, self.guard = ports()
        plan = Plan(directory=self.scratch / "c", base_port=first, log_level="debug",
                    timing={**test_timing(self.scale), **timing}, **plan)
        self.plan = plan
        self.cluster = found(plan, self.tools)
        self.timing = plan.all_timing()
        self.names = list(self.cluster.members)
        self.chain = Chain(self.names, 4)
        self.story = Story()
        self.windows = Windows()

    def begin(self):
        self.cluster.start()
        self.cluster.wait_grant(10 * self.scale)
        self.cluster.start_traffic()
        self.watcher = Watcher(self.cluster)
        self.watcher.start()
        self.wait_well()

    def close(self):
        """Ends all that was started, and removes all that was written."""
        if self.watcher is not None and self.watcher.is_alive():
            self.watcher.stop()
        if self.cluster is not None:
            commands = ([member.command for member in self.cluster.members.values()]
                        + [traffic.command for traffic in self.cluster.traffic])
            pids = [pid for command in commands for pid in processes.find(command)]
            for pid in pids:
                processes.send(pid, signal.SIGKILL)
            processes.wait_gone(commands, pids, 5.0)
        for undo in reversed(self.undo):
            undo()
        if KEEP not in os.environ:
            shutil.rmtree(self.scratch, ignore_errors=True)

    def tails(self):
        """The end of what each member said, and of what the workers said."""
        text = ""
        for name in self.names if self.cluster is not None else []:
            path = self.cluster.log_path(name)
            if path.exists():
                lines = path.read_text(errors="replace").splitlines()[-TAIL_LINES:]
                text += f"---- {name}\n" + "\n".join(lines) + "\n"
        return text

    # Waiting

    def wait(self, condition, seconds, what, step_s=0.02):
        return wait_for(condition, seconds * self.scale, what, step_s)

    def wait_view(self, name, condition, seconds, what):
        return self.cluster.wait_status(name, condition, seconds * self.scale, what)

    def wait_well(self, seconds=15, names=None):
        """Until all members (or those named) say that all is well, at heights that are near. An
        electorate that load has cost, by ticks that it spoilt, is back after a whole record of
        perfect ticks: that alone may take longer."""
        record_s = self.timing["record_ticks"] * self.timing["tick_ms"] / 1000
        try:
            self.wait(lambda: self.are_well(names, "OST-2208"), seconds, "not all is well")
            self.wait(lambda: self.are_well(names), record_s + 20, "there is no electorate")
        except TimeoutError as late:
            said = {name: view["summary"] for name, view in self.cluster.statuses().items()}
            raise TimeoutError(f"{late}: {said}") from None

    def are_well(self, names=None, but_for=None):
        """Whether all (or those named) are, as they say; `but_for` is the code of a reason that
        is no matter where it is the only one."""
        views = [self.cluster.status(name) for name in names or self.names]
        if not all(view is not None and view["phase"] == "running" for view in views):
            return False
        heights = [view["height"] for view in views]
        return (all(view["state"] == "ok" or {reason["code"] for reason in view["reasons"]}
                    == {but_for} for view in views)
                and max(heights) - min(heights) <= 1)

    def wait_settled(self, seconds=20, until=None):
        """Until windows that end after this moment (or `until`) are settled."""
        moment = until or self.now()
        self.wait(lambda: any(settled_until(view) > moment
                              for view in self.cluster.statuses().values()),
                  seconds, f"windows until {moment} are not settled")

    def wait_height(self, above, seconds=10, names=None):
        """Until a member (of those named) has decided a block above this height."""
        def higher():
            views = [self.cluster.status(name) for name in names or self.names]
            return any(view is not None and view["height"] > above for view in views)
        self.wait(higher, seconds, f"no block above height {above} is decided")

    def now(self):
        return datetime.now(timezone.utc)

    def mark(self, name):
        """The end of a member's log as of now, for `wait_said`."""
        path = self.cluster.log_path(name)
        return path.stat().st_size if path.exists() else 0

    def said(self, name, pattern, mark=0):
        """The lines of a member's log behind the mark in which the pattern is found."""
        path = self.cluster.log_path(name)
        if not path.exists():
            return []
        with open(path, "rb") as log:
            log.seek(mark)
            lines = log.read().decode("utf-8", "replace").splitlines()
        return [line for line in lines if re.search(pattern, line)]

    def wait_said(self, name, pattern, mark=0, seconds=10):
        return self.wait(lambda: self.said(name, pattern, mark), seconds,
                         f"{name} does not say: {pattern}")[0]

    # Asking

    def view(self, name):
        return self.wait(lambda: self.cluster.status(name), ANSWER_S, f"{name} does not answer")

    def ask(self, name, path):
        """(HTTP status, document) from a member's own socket; for a single question, to which
        an agent that is starved of its processor may take its time."""
        return self.cluster.ask(name, path, ANSWER_S * self.scale)

    def get(self, name, path):
        """The same from its HTTP API."""
        return self.cluster.get(name, path, ANSWER_S * self.scale)

    def grant(self):
        """The newest grant that anybody shows."""
        grants = [view["grant"] for view in self.cluster.statuses().values() if view["grant"]]
        require(grants, "nobody shows a grant")
        return max(grants, key=lambda grant: int(grant["fence"]))

    def height(self):
        return max(view["height"] for name, view in self.cluster.statuses().items()
                   if name not in self.left_out)

    def page(self, name, *words):
        """(exit code, text, complaints) of `ostrakon status`."""
        done = subprocess.run([self.tools.ostrakon, "--socket",
                               self.cluster.members[name].socket, "status", *words],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True)
        return done.returncode, done.stdout, done.stderr

    def reasons(self, name):
        return {reason["code"]: reason for reason in self.view(name)["reasons"]}

    def others(self, *but_not):
        return [name for name in self.names if name not in but_not]

    # Doing

    def wait_moved(self, before, seconds=5, names=None):
        """Until those named show another grant than `before`, of a higher fence; answers it."""
        def moved():
            for name in names or self.names:
                view = self.cluster.status(name)
                grant = view["grant"] if view else None
                if grant and int(grant["fence"]) > int(before["fence"]):
                    return grant
            return None
        return self.wait(moved, seconds, f"the grant does not leave {before['holder']}")

    def hold_workers(self):
        """Every grant hook started from now on waits until `release_workers`."""
        for path in self.scratch.glob("held-*"):
            path.unlink()
        (self.scratch / "hold").touch()

    def release_workers(self):
        (self.scratch / "hold").unlink(missing_ok=True)

    def held_worker(self, grant, seconds=8):
        """The process id of the hook that waits for us under this grant, of its holder."""
        path = self.scratch / f"held-{grant['holder']}-{grant['fence']}"
        return int(self.wait(lambda: path.exists() and path.read_text().strip(), seconds,
                             f"no worker of {grant['holder']} is held"))

    def use_held_workers(self):
        """Puts our hook before the worker, in all node.yaml; before the agents start."""
        hook = self.scratch / "hook"
        hook.write_text(HELD_WORKER)
        hook.chmod(0o755)
        for name in self.names:
            path = Path(self.cluster.members[name].config)
            argv = [str(hook), str(self.scratch), self.tools.stats, "work", "--sink",
                    str(self.cluster.sink)]
            lines = [line for line in path.read_text().splitlines() if "hooks:" not in line]
            lines.append("hooks: " + json.dumps({"grant": argv}))
            path.write_text("\n".join(lines) + "\n")

    def run_init(self, name):
        """`ostrakon init` for a member whose vote record and database are gone."""
        subprocess.run([self.tools.ostrakon, "init", "--config",
                        self.cluster.members[name].config], check=True,
                       stdin=subprocess.DEVNULL, capture_output=True)

    def forget(self, name):
        """This member's blocks may be gone, or older."""
        self.chain.forget(name)
        self.story.forget(name)
        self.watcher.forget(name)

    # Checking

    def check(self):
        """All that must hold at any time, of whoever can be asked."""
        if self.watcher is None:
            return
        for name, view in self.cluster.statuses().items():
            if name in self.left_out:
                continue
            self.chain.read(name, self.cluster.members[name], view["height"])
            code, document = self.ask(name, "/v1/windows")
            require(code == 200, f"{name}: /v1/windows: {code} {document}")
            self.windows.take(name, document)
            self.story.read(name, lambda path, name=name: self.ask(name, path)[1])
        self.story.compare()
        self.windows.compare(self.cluster.sink)
        require(not self.watcher.wrong, "; ".join(self.watcher.wrong))
        for name in self.names:
            require(not self.said(name, "Sanitizer|runtime error:|Assertion"),
                    f"{name} has a defect, see its log")

    def check_totals(self):
        """Ends the traffic, lets its last windows settle: each row is counted once."""
        self.wait(lambda: read_sink(self.cluster.sink, "SELECT count(*) FROM raw")[0][0] > 0,
                  5, "there is no traffic")
        self.cluster.stop_traffic()
        self.wait_settled(30)
        self.wait(lambda: all_published(self.cluster.sink), 10, "rows are not published")
        logs = [traffic.log for traffic in self.cluster.traffic]
        rows = compare_totals(self.cluster.sink, logs)
        require(rows > 0, "there was no traffic")
        done = subprocess.run([self.tools.stats, "verify", "--sink", str(self.cluster.sink),
                               "--log", *logs], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True)
        require(done.returncode == 0, done.stdout + done.stderr)
        self.cluster.start_traffic()


def settled_until(view):
    return datetime.fromisoformat(view["windows"]["settled_until"].replace("Z", "+00:00"))


def all_published(sink):
    return read_sink(sink, "SELECT count(*) FROM raw WHERE window NOT IN "
                           "(SELECT window FROM published)")[0][0] == 0


def rows_are_counted_once(scene):
    """After all that every row of the traffic is counted once"""
    scene.wait_well(30)
    scene.check_totals()


def time_passes(seconds):
    """For faults that have a length of their own, never to wait for something to happen."""
    time.sleep(seconds)


def wake(scene, name, mark):
    """Lets an agent go on that was stopped; one that its guard has killed, as this took longer
    than five seconds on a busy machine, is started as whoever supervises it would."""
    if scene.cluster.pids(name):
        scene.cluster.send(name, signal.SIGCONT)
        return
    require(scene.said(name, "ostrakon-guard: the agent has not turned", mark),
            f"{name} ended, and its guard says nothing")
    scene.cluster.start(name)

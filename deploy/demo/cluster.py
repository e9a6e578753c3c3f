"""A cluster of agents on this machine: started, stopped, killed, and asked, by member's name.

The demo, the cluster tests and the bench use it. A cluster lives in one directory; its
cluster.json says all that others need to look after it by hand:

    cluster, sink, timing
    members   a list of {name, role, pid, api, socket, dir, config, command}
    traffic   a list of {node, pid, log, command}

`command` is the argument list that starts the process again; whoever does so, the cluster goes
on, and `pids()` finds the new process by that command line.
"""

import http.client
import json
import os
import signal
import socket
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import processes

ASK_SECONDS = 2.0


@dataclass
class Member:
    name: str
    role: str
    pid: int | None
    api: str
    socket: str
    dir: str
    config: str
    command: list[str]


@dataclass
class Traffic:
    node: str
    pid: int | None
    log: str
    command: list[str]


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def fetch(connection, path):
    """(HTTP status, document) of one GET; OSError when nobody answers properly."""
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read()
        return response.status, json.loads(body) if body.startswith((b"{", b"[")) else body
    except (http.client.HTTPException, ValueError) as error:
        raise OSError(f"no proper answer to {path}: {error}") from error
    finally:
        connection.close()


def wait_for(condition, seconds, what, step_s=0.02):
    """Waits until the condition answers something true, and answers that."""
    end = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > end:
            raise TimeoutError(f"waited {seconds:g} s in vain: {what}")
        time.sleep(step_s)


class Cluster:
    """All of one directory. Not safe for two threads; two processes may use it, as only `save`
    writes, and writes whole files."""

    def __init__(self, directory, facts, members, traffic=()):
        self.directory = Path(directory)
        self.facts = facts
        self.members = {member.name: member for member in members}
        self.traffic = list(traffic)

    @classmethod
    def load(cls, directory):
        """The cluster that `save` wrote; FileNotFoundError when there is none."""
        facts = json.loads((Path(directory) / "cluster.json").read_text())
        members = [Member(**entry) for entry in facts.pop("members")]
        traffic = [Traffic(**entry) for entry in facts.pop("traffic")]
        return cls(directory, facts, members, traffic)

    def save(self):
        """Writes cluster.json, with the processes that run now, whoever started them."""
        for entry in (*self.members.values(), *self.traffic):
            entry.pid = next(iter(processes.find(entry.command)), None)
        document = dict(self.facts)
        document["members"] = [asdict(member) for member in self.members.values()]
        document["traffic"] = [asdict(traffic) for traffic in self.traffic]
        temporary = self.directory / f".cluster.json.{os.getpid()}"
        temporary.write_text(json.dumps(document, indent=2) + "\n")
        temporary.replace(self.directory / "cluster.json")

    @property
    def sink(self):
        return self.facts["sink"]

    @property
    def window_s(self):
        return self.facts["timing"]["window_s"]

    def front_nodes(self):
        return [name for name, member in self.members.items() if member.role == "node"]

    def log_path(self, name):
        """What a member, or the traffic of a front node, wrote to its standard error."""
        return self.directory / "log" / f"{name}.log"

    # Processes

    def pids(self, name):
        """The agents that run with this member's command, whoever started them."""
        return processes.find(self.members[name].command)

    def running(self):
        return [name for name in self.members if self.pids(name)]

    def start(self, *names):
        """Starts the named members, or all; those that run already are left alone."""
        for name in names or self.members:
            if not self.pids(name):
                processes.start(self.members[name].command, self.log_path(name))
        self.save()

    def stop(self, *names, seconds=processes.STOP_SECONDS):
        """Ends the named members, or all, in order: SIGTERM, and SIGKILL for who is left."""
        processes.stop([self.members[name].command for name in names or self.members], seconds)
        self.save()

    def send(self, name, number):
        """Sends a signal to a member's agent; LookupError when it does not run."""
        found = self.pids(name)
        if not found:
            raise LookupError(f"{name} does not run")
        processes.send(found[0], number)
        return found[0]

    def kill(self, *names):
        """kill -9, all at once, and waits until they are gone."""
        pids = [self.send(name, signal.SIGKILL) for name in names]
        commands = [self.members[name].command for name in names]
        if not processes.wait_gone(commands, pids, 5.0):
            raise TimeoutError("killed, and still there: " + ", ".join(names))

    def restart(self, name):
        self.stop(name)
        self.start(name)

    def start_traffic(self):
        """One generator a front node; they do not care whether any agent lives."""
        for traffic in self.traffic:
            if not processes.find(traffic.command):
                processes.start(traffic.command, self.log_path(f"traffic-{traffic.node}"))
        self.save()

    def stop_traffic(self):
        processes.stop([traffic.command for traffic in self.traffic])
        self.save()

    def traffic_runs(self):
        return any(processes.find(traffic.command) for traffic in self.traffic)

    # Questions

    def ask(self, name, path, seconds=ASK_SECONDS):
        """(HTTP status, document) from a member's own socket."""
        return fetch(UnixConnection(self.members[name].socket, seconds), path)

    def get(self, name, path, seconds=ASK_SECONDS):
        """The same from its HTTP API."""
        host = self.members[name].api.removeprefix("http://").rstrip("/")
        return fetch(http.client.HTTPConnection(host, timeout=seconds), path)

    def status(self, name, seconds=ASK_SECONDS):
        """A member's /v1/status, or None when it cannot be asked."""
        try:
            code, document = self.ask(name, "/v1/status", seconds)
        except OSError:
            return None
        return document if code == 200 else None

    def statuses(self):
        """The views of all members that answer: name -> document."""
        views = {name: self.status(name) for name in self.members}
        return {name: view for name, view in views.items() if view is not None}

    def wait_status(self, name, condition, seconds, what):
        """Waits until a member's status is as wished, and answers it."""
        def wished():
            view = self.status(name)
            return view if view is not None and condition(view) else None
        return wait_for(wished, seconds, f"{name}: {what}")

    def wait_grant(self, seconds, but_not=None):
        """Waits until some member shows a grant, to another than `but_not`; answers it."""
        def grant():
            for view in self.statuses().values():
                found = view["grant"]
                if found is not None and found["holder"] != but_not:
                    return found
            return None
        return wait_for(grant, seconds, "no grant is shown")

"""Founds a cluster on loopback: keys, cluster.yaml, node.yaml for each member, the sink."""

import json
import os
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

from cluster import Cluster, Member, Traffic

NODE_NAMES = ["atlas", "helios", "selene", "hyperion", "theia", "kronos", "rhea", "okeanos",
              "tethys", "iapetos", "kreios", "koios", "astraios", "pallas", "perses"]
WITNESS_NAMES = ["argus", "themis", "mnemosyne", "phoebe", "klymene", "eurybia", "dione"]
MEMBERS_MAX = 15
API_PORT_OFFSET = 100
SOCKET_PATH_MAX = 100

# standing.md, section 10
DEFAULT_TIMING = {
    "heartbeat_ms": 100, "suspicion": 4, "delta_ms": 100, "gather_ms": 30, "tick_ms": 5000,
    "record_ticks": 36, "patience_ms": 10000, "window_s": 60, "grace_s": 5,
    "window_timeout_s": 120, "audit_timeout_s": 60, "ttl_s": 3600, "name_lease_s": 20,
}


@dataclass
class Plan:
    """What to found. `sink` is the address of a database in PostgreSQL, as its owner, instead of
    a file; `timing` overrides the defaults of cluster.yaml, by their names; `founded`
    is a time other than now; `hosts` are the members' addresses, where they are not all this
    machine's; `worker` is the grant hook, where it is not the reference worker itself; the
    keys of `operators` are made, too; `service_names` are words of cluster init, and
    `name_hook` is told who serves under them; with `tokens` each member has its token in a file."""

    directory: Path
    nodes: int = 3
    witnesses: int = 2
    base_port: int = 7101
    rows_per_s: int = 50
    name: str = "demo"
    timing: dict = field(default_factory=dict)
    log_level: str = "info"
    sink: str | None = None
    founded: str | None = None
    hosts: list[str] | None = None
    worker: list[str] | None = None
    operators: list[str] = field(default_factory=list)
    service_names: list[str] = field(default_factory=list)
    name_hook: str | None = None
    tokens: bool = False

    def operator_key(self, name):
        return self.directory / "operators" / f"{name}.pem"

    def all_timing(self):
        return {**DEFAULT_TIMING, **self.timing}

    def sink_as(self, member=None):
        """Where the sink is to a member; without one, to its owner."""
        if self.sink is None:
            return str(self.directory / "sink.db")
        if member is None:
            return self.sink
        parts = urlsplit(self.sink)
        facts = [fact for fact in parse_qsl(parts.query) if fact[0] not in ("user", "password")]
        where = parts.netloc.rpartition("@")[2]
        return f"postgresql://member_{member}@{where}{parts.path}?{urlencode(facts)}"


class Tools:
    """The programs of one build."""

    def __init__(self, build):
        self.build = Path(build).resolve()
        self.ostrakond = self._program("ostrakond")
        self.ostrakon = self._program("ostrakon")
        self.stats = self._program("ostrakon-stats")

    def _program(self, name):
        for path in sorted(self.build.glob(f"*/**/{name}")):
            if path.is_file() and os.access(path, os.X_OK):
                return str(path)
        raise FileNotFoundError(f"{name} is not in {self.build}: build it first")


def demo_timing(tick_ms, window_s):
    """Timing by which something is to be seen at once, and which keeps the constraints of the
    defaults: the patience two ticks, a delay a twentieth of a tick, a window soon given up."""
    return {
        "delta_ms": min(100, max(10, tick_ms // 20)),
        "gather_ms": min(30, max(5, tick_ms // 40)),
        "tick_ms": tick_ms,
        "patience_ms": max(2000, 2 * tick_ms),
        "window_s": window_s,
        "grace_s": 1,
        "window_timeout_s": 15,
        "audit_timeout_s": 10,
        "name_lease_s": max(3, 6 * tick_ms // 1000),
    }


def run(*command):
    """Runs one of our programs to its end, and answers its standard output."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        said = done.stderr.strip() or f"exit code {done.returncode}"
        raise RuntimeError(f"{Path(command[0]).name} {command[1]}: {said}")
    return done.stdout


def member_names(plan):
    """[(name, role)], the nodes first."""
    if not 1 <= plan.nodes or plan.witnesses < 0 or plan.nodes + plan.witnesses > MEMBERS_MAX:
        raise ValueError(f"1 to {MEMBERS_MAX} members, and one of them a node, are possible")
    if plan.witnesses > len(WITNESS_NAMES):
        raise ValueError(f"at most {len(WITNESS_NAMES)} witnesses have a name here")
    return ([(name, "node") for name in NODE_NAMES[:plan.nodes]]
            + [(name, "witness") for name in WITNESS_NAMES[:plan.witnesses]])


def socket_path(directory, name):
    """In the member's directory, or in another where that is too long for a socket."""
    path = directory / name / "agent.sock"
    if len(os.fsencode(path)) > SOCKET_PATH_MAX:
        path = Path(tempfile.mkdtemp(prefix="ostrakon-")) / "agent.sock"
    return str(path)


def make_keys(tools, directory):
    """A member's public keys, new."""
    return json.loads(run(tools.ostrakon, "keygen", "--dir", str(directory), "--json"))


def make_operator_keys(plan, tools):
    """Name -> public key, new."""
    if plan.operators:
        (plan.directory / "operators").mkdir(mode=0o700)
    return {name: json.loads(run(tools.ostrakon, "operator", "keygen", "--json",
                                 str(plan.operator_key(name))))["key"]
            for name in plan.operators}


def address_of(plan, index):
    host = plan.hosts[index] if plan.hosts else "127.0.0.1"
    return f"{host}:{plan.base_port + index}"


def audit_of(members):
    """One member alone has nobody to audit it."""
    return "off" if len(members) == 1 else "required"


def write_cluster_yaml(plan, tools, members, keys):
    """The founding document, which all members share to the byte."""
    words = ["--name", plan.name]
    if plan.founded is not None:
        words += ["--founded", plan.founded]
    for key, value in plan.timing.items():
        words += ["--timing", f"{key}={value}"]
    for index, (member, key) in enumerate(zip(members, keys)):
        words += ["--member", ",".join([member.name, member.role, address_of(plan, index),
                                        key["transport_key"], key["vote_key"]])]
    for name, key in make_operator_keys(plan, tools).items():
        words += ["--operator", f"{name},{key}"]
    for words_of_name in plan.service_names:
        words += ["--service-name", words_of_name]
    words += ["--audit", audit_of(members), "--output", str(plan.directory / "cluster.yaml")]
    run(tools.ostrakon, "cluster", "init", *words)


def write_node_yaml(plan, tools, member, listen):
    """JSON strings are YAML, so nothing in a path needs more thought."""
    worker = plan.worker or [tools.stats, "work", "--sink", plan.sink_as(member.name)]
    lines = {
        "name": member.name,
        "cluster": str(plan.directory / "cluster.yaml"),
        "data_dir": member.dir,
        "listen": listen,
        "api": member.api.removeprefix("http://"),
        "socket": member.socket,
        "log_level": plan.log_level,
        "hooks": {"grant": worker},
    }
    if plan.tokens:
        lines["token"] = {"file": str(plan.directory / member.name / "token.jws")}
    if plan.name_hook is not None:
        hook = [plan.name_hook, str(plan.directory / "names")]
        lines["hooks"] |= {"takeover": hook, "release": hook, "neuter": hook}
    text = "".join(f"{key}: {json.dumps(value)}\n" for key, value in lines.items())
    Path(member.config).write_text(text)


def member_of(plan, tools, index, name, role):
    home = plan.directory / name
    home.mkdir()
    return Member(name=name, role=role, pid=None,
                  api=f"http://127.0.0.1:{plan.base_port + API_PORT_OFFSET + index}",
                  socket=socket_path(plan.directory, name), dir=str(home),
                  config=str(home / "node.yaml"),
                  command=[tools.ostrakond, "--config", str(home / "node.yaml")])


def traffic_of(plan, tools, index, name):
    """The rows of all nodes together are what was asked for."""
    rows_per_s = (plan.rows_per_s * (index + 1) // plan.nodes
                  - plan.rows_per_s * index // plan.nodes)
    log = str(plan.directory / "traffic" / f"{name}.jsonl")
    return Traffic(node=name, pid=None, log=log,
                   command=[tools.stats, "traffic", "--sink", plan.sink_as(name), "--node", name,
                            "--log", log, "--rows-per-s", str(rows_per_s),
                            "--seed", str(index + 1)])


def make_sink(plan, tools, members):
    run(tools.stats, "init", "--sink", plan.sink_as(),
        "--window-s", str(plan.all_timing()["window_s"]), "--audit", audit_of(members))
    for member in members if plan.sink else []:
        run("psql", plan.sink, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c",
            f"DO $$ BEGIN CREATE ROLE member_{member.name} LOGIN IN ROLE ostrakon_member; "
            "EXCEPTION WHEN duplicate_object THEN NULL; END $$")


def found(plan, tools):
    """Everything but the processes; `plan.directory` must be new or empty, and absolute."""
    names = member_names(plan)
    plan.directory.mkdir(parents=True, exist_ok=True)
    for name in ("log", "traffic"):
        (plan.directory / name).mkdir()
    members = [member_of(plan, tools, index, name, role)
               for index, (name, role) in enumerate(names)]
    keys = [make_keys(tools, member.dir) for member in members]
    write_cluster_yaml(plan, tools, members, keys)
    for index, member in enumerate(members):
        write_node_yaml(plan, tools, member, address_of(plan, index))
        run(tools.ostrakon, "init", "--config", member.config)
    make_sink(plan, tools, members)
    traffic = [traffic_of(plan, tools, index, name)
               for index, (name, role) in enumerate(names) if role == "node"]
    facts = {"cluster": plan.name, "sink": plan.sink_as(), "timing": plan.all_timing()}
    cluster = Cluster(plan.directory, facts, members, traffic)
    cluster.save()
    return cluster

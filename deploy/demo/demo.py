"""Founds a cluster on this machine, drives query traffic through it, and shows it live.

Started by `deploy/demo/run`, which builds first.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import totals
from cluster import Cluster, wait_for
from founding import Plan, Tools, demo_timing, found, member_names
from namespaces import Net, hosts
from scenarios import OPERATOR, SCENARIOS
from story import Story, Wrong

ROOT = Path(__file__).resolve().parent.parent.parent
START_SECONDS = 30.0
SCENARIO_TICK_MS = 500
SCENARIO_WINDOW_S = 5
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Ended(Exception):
    """Somebody wants us to stop."""


def on_signal(number, frame):
    raise Ended


def options():
    parser = argparse.ArgumentParser(
        prog="deploy/demo/run", formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        description="Five agents elect, window by window, the node that counts the queries.")
    parser.add_argument("--dir", type=Path, default=f"/tmp/ostrakon-demo-{os.getuid()}",
                        metavar="D", help="where everything of this cluster lies")
    parser.add_argument("--base-port", type=int, default=7101, metavar="P",
                        help="peer ports from P, API ports from P + 100")
    parser.add_argument("--nodes", type=int, default=3, metavar="N", help="front nodes")
    parser.add_argument("--witnesses", type=int, default=2, metavar="M", help="witnesses")
    parser.add_argument("--tick-ms", type=int, default=1000, metavar="T",
                        help="a tick of the health record")
    parser.add_argument("--window-s", type=int, default=10, metavar="W",
                        help="a window of the statistics")
    parser.add_argument("--rows-per-s", type=int, default=60, metavar="R",
                        help="queries of all front nodes together")
    parser.add_argument("--sink", metavar="postgresql://...",
                        help="an empty database, as its owner, instead of a file in D")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--seconds", type=float, metavar="S",
                      help="run so long, settle, compare the totals; exit 0 only if equal")
    what.add_argument("--scenario", choices=SCENARIOS, metavar="NAME",
                      help="play what may go wrong, and check each step: "
                           + ", ".join(SCENARIOS))
    what.add_argument("--detach", action="store_true",
                      help="leave it running, traffic included; see D/cluster.json")
    what.add_argument("--restart", metavar="NAME", help="end this agent and start it again")
    what.add_argument("--flip", metavar="NAME",
                      help="turn one bit in the memory in which this agent decides, for good")
    what.add_argument("--verify", action="store_true",
                      help="settle and compare the totals of the cluster in D")
    what.add_argument("--stop", action="store_true", help="end all that runs for D")
    return parser.parse_args()


def existing(directory):
    try:
        return Cluster.load(directory)
    except FileNotFoundError:
        raise SystemExit(f"there is no cluster in {directory}: no cluster.json") from None
    except (KeyError, TypeError, ValueError):
        raise SystemExit(f"{directory}/cluster.json is not of a demo") from None


def plan_of(chosen, directory):
    """What to found. A scenario has its own timing, so that a record of perfect health takes
    eighteen seconds instead of three minutes."""
    plan = Plan(directory=directory, nodes=chosen.nodes, witnesses=chosen.witnesses,
                base_port=chosen.base_port, rows_per_s=chosen.rows_per_s, sink=chosen.sink,
                timing=demo_timing(chosen.tick_ms, chosen.window_s))
    if chosen.scenario is not None:
        plan.nodes, plan.witnesses = 3, 2
        plan.timing = demo_timing(SCENARIO_TICK_MS, SCENARIO_WINDOW_S)
        plan.log_level = "debug"
        plan.hosts = hosts(5) if SCENARIOS[chosen.scenario][2] else None
    plan.service_names = [f"{name}.example,{name}" for name, role in member_names(plan)
                          if role == "node"]
    plan.operators = [OPERATOR]
    plan.tokens = True
    plan.name_hook = str(ROOT / "deploy" / "demo" / "name-hook")
    return plan


def found_anew(chosen, tools):
    """A new cluster in D. What an earlier one of ours left there makes room; other people's
    files do not."""
    directory = chosen.dir.resolve()
    if (directory / "cluster.json").exists():
        earlier = existing(directory)
        if earlier.running() or earlier.traffic_runs():
            raise SystemExit(f"a cluster runs in {directory}; "
                             f"end it with: deploy/demo/run --stop --dir {directory}")
        take_up_cables(earlier)
        shutil.rmtree(directory)
    elif directory.exists() and any(directory.iterdir()):
        raise SystemExit(f"{directory} has files that are not a demo's: choose another --dir")
    try:
        return found(plan_of(chosen, directory), tools)
    except (RuntimeError, ValueError) as error:
        shutil.rmtree(directory, ignore_errors=True)
        raise SystemExit(f"the cluster cannot be founded: {error}") from None
    except Ended:
        shutil.rmtree(directory, ignore_errors=True)
        raise


def last_words(cluster, name):
    lines = cluster.log_path(name).read_text(errors="replace").splitlines()
    return lines[-1] if lines else "it said nothing"


def start(cluster):
    """Agents first, and traffic when somebody was granted the first windows."""
    cluster.start()

    def granted_or_ended():
        ended = [name for name in cluster.members if not cluster.pids(name)]
        if ended:
            raise SystemExit("\n".join(f"{name} does not run: {last_words(cluster, name)}"
                                       for name in ended))
        return any(view["grant"] is not None for view in cluster.statuses().values())

    try:
        wait_for(granted_or_ended, START_SECONDS, "nobody was granted the first windows")
    except TimeoutError as error:
        raise SystemExit(f"{error}; see {cluster.directory}/log") from None
    cluster.start_traffic()


def stop_all(cluster):
    """Takes at most some seconds, so nobody may end it halfway."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    cluster.stop_traffic()
    cluster.stop()


def status_text(cluster, tools):
    """`ostrakon status` as the first member that answers sees it."""
    said = ""
    for member in cluster.members.values():
        done = subprocess.run([tools.ostrakon, "--socket", member.socket, "status"],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True)
        said = done.stdout + done.stderr
        if done.returncode <= 2:
            return said
    return said


def show(cluster, tools, seconds):
    """Redraws the status each second, until the time is over or somebody ends it."""
    terminal = sys.stdout.isatty()
    end = time.monotonic() + seconds if seconds is not None else float("inf")
    turn = 0
    while time.monotonic() < end:
        if terminal or turn % 10 == 0:
            text = f"{status_text(cluster, tools)}\n{totals.line(tools, cluster)}\n"
            print(f"\x1b[H\x1b[J{text}\nCtrl-C ends it." if terminal else text, flush=True)
        turn += 1
        time.sleep(max(0.0, min(1.0, end - time.monotonic())))


def check(cluster, tools):
    """Ends the traffic, lets the last windows settle, compares; the answer is the exit code."""
    cluster.stop_traffic()
    print("the traffic has ended; waiting until its last windows are settled", flush=True)
    settled = totals.settle(cluster, tools)
    equal = totals.compare(cluster, tools)
    return 0 if settled and equal else 1


def verify(cluster, tools):
    """The same for a cluster of an earlier run. A running one goes on with its traffic after
    it; of a stopped one the agents run only as long as its last windows need."""
    stopped = not cluster.running()
    traffic = cluster.traffic_runs()
    if stopped:
        cluster.start()
    try:
        return check(cluster, tools)
    finally:
        if stopped:
            cluster.stop()
        elif traffic:
            cluster.start_traffic()


def run(chosen, tools):
    cluster = found_anew(chosen, tools)
    stays = False
    try:
        start(cluster)
        if chosen.detach:
            print(f"{len(cluster.members)} agents run; see {cluster.directory}/cluster.json\n"
                  f"an operator's key: {cluster.directory}/operators/{OPERATOR}.pem\n"
                  f"end them with: deploy/demo/run --stop --dir {cluster.directory}")
            stays = True
            return 0
        show(cluster, tools, chosen.seconds)
        return check(cluster, tools)
    except Ended:
        return 0 if chosen.seconds is None else 130
    finally:
        if not stays:
            stop_all(cluster)


def lay_cables(cluster):
    """A network namespace a member, and agents that start there."""
    try:
        net = Net(list(cluster.members))
    except OSError as error:
        raise SystemExit("this scenario cuts cables, and needs network namespaces, so root and "
                         f"iproute2: {error}") from None
    cluster.start = lambda *names: [net.start(cluster, name)
                                    for name in names or cluster.members]
    cluster.facts["net"] = net.tag
    cluster.save()
    return net


def take_up_cables(cluster):
    """What is left of the network of a run that was killed."""
    if "net" in cluster.facts:
        Net(list(cluster.members), cluster.facts.pop("net")).close()
        cluster.save()


def play(chosen, tools):
    """A scenario, to its end: 0 only if all that it says has come true, and each row of the
    traffic is counted once."""
    scene, prepare, cabled = SCENARIOS[chosen.scenario]
    cluster = found_anew(chosen, tools)
    try:
        net = lay_cables(cluster) if cabled else None
        if prepare is not None:
            prepare(cluster)
        start(cluster)
        print(scene.__doc__, flush=True)
        scene(Story(cluster, tools, net))
        return check(cluster, tools)
    except Wrong as wrong:
        print(f"{wrong}; see {cluster.directory}/log", file=sys.stderr)
        return 1
    except Ended:
        return 130
    finally:
        stop_all(cluster)
        take_up_cables(cluster)


def demand_member(cluster, name):
    if name not in cluster.members:
        raise SystemExit(f"{name} is no member; there are " + ", ".join(cluster.members))


def flip(cluster, tools, name):
    """As bad memory does it; see ostrakon status at any other member."""
    demand_member(cluster, name)
    if not cluster.pids(name):
        raise SystemExit(f"the agent of {name} does not run")
    Story(cluster, tools, None).flip_state(name, 3)
    print(f"a bit of {name}'s state is turned; see: {tools.ostrakon} --socket "
          f"{next(m.socket for n, m in cluster.members.items() if n != name)} status")


def restart(cluster, name):
    demand_member(cluster, name)
    cluster.restart(name)
    print(f"{name} runs as process {cluster.members[name].pid}")


def main():
    for number in SIGNALS:
        signal.signal(number, on_signal)
    chosen = options()
    if chosen.stop:
        cluster = existing(chosen.dir)
        stop_all(cluster)
        take_up_cables(cluster)
        return 0
    if chosen.restart is not None:
        restart(existing(chosen.dir), chosen.restart)
        return 0
    tools = Tools(ROOT / "build" / "demo")
    if chosen.flip is not None:
        flip(existing(chosen.dir), tools, chosen.flip)
        return 0
    if chosen.verify:
        return verify(existing(chosen.dir), tools)
    if chosen.scenario is not None:
        return play(chosen, tools)
    return run(chosen, tools)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Ended:
        sys.exit(130)

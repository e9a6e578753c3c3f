"""Agents, and whole nodes, that stop and go on."""

import os
import re
import signal
import sqlite3
import sys
import time

from scene import Scene, processes, read_sink, require, rows_are_counted_once, time_passes, wake
from tap import play

BUILD = sys.argv[1]
STOPPED_S = 3


def children_of(pid):
    """A process and all below it."""
    found = [pid]
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as file:
                    parent = int(file.read().rpartition(")")[2].split()[1])
            except OSError:
                continue
            if parent == pid:
                found += children_of(int(name))
    return found


def is_alive(pid):
    """Runs or is stopped; one that has ended and that nobody has collected does not count."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def hold_the_worker(scene):
    """(grant, process id of its worker), held before it has done anything."""
    scene.hold_workers()
    grant = scene.grant()
    worker = scene.held_worker(grant)
    require(scene.grant()["fence"] == grant["fence"], "the grant moved meanwhile")
    return grant, worker


def agent_hangs(scene):
    """The holder's agent hangs 3 s with its worker at work: the keeper ends the worker"""
    grant, worker = hold_the_worker(scene)
    victim = grant["holder"]
    before = scene.mark(victim)
    begun = time.monotonic()
    scene.cluster.send(victim, signal.SIGSTOP)
    scene.wait_moved(grant, 4, scene.others(victim))
    time_passes(max(0, begun + STOPPED_S - time.monotonic()))
    scene.wait(lambda: not is_alive(worker), 2, "the worker of a hanging agent lives on")
    mark = scene.mark(victim)
    wake(scene, victim, before)
    scene.release_workers()
    scene.wait_said(victim, f"fence {grant['fence']} taken from {victim}", mark)
    scene.wait_settled(25)
    scene.wait_well(20)


def node_hangs(scene):
    """The holder's whole node hangs: what its woken worker writes is refused by the sink"""
    grant, worker = hold_the_worker(scene)
    victim = grant["holder"]
    agent = scene.cluster.pids(victim)[0]
    stopped = children_of(agent)
    require(worker in stopped, f"the worker {worker} is not below the agent {agent}")
    for pid in stopped:
        processes.send(pid, signal.SIGSTOP)
    try:
        scene.wait_moved(grant, 4, scene.others(victim))
        scene.release_workers()
        scene.wait_settled(25)
        published = read_sink(scene.cluster.sink, "SELECT max(window) FROM published")
        # The worker wakes first, so that nothing but the sink can stop it.
        for pid in children_of(worker):
            processes.send(pid, signal.SIGCONT)
        path = scene.scratch / f"said-{victim}-{grant['fence']}"
        said = scene.wait(lambda: path.exists() and path.read_text(), 5, "it says nothing")
        require(re.search(f"fence {grant['fence']}: refused: a newer grant", said), said)
        require(published <= read_sink(scene.cluster.sink, "SELECT max(window) FROM published"),
                "windows were taken back")
        authors = read_sink(scene.cluster.sink, "SELECT window FROM author WHERE fence = "
                            f"{int(grant['fence'])} AND window >= {published[0][0]}")
        require(not authors, f"it staged under an old fence: {authors}")
    finally:
        for pid in stopped:
            processes.send(pid, signal.SIGCONT)
    scene.wait_well(20)


def alien_fence(scene):
    """A fence that nobody was granted stands in the sink: two members find it, grants go on above
    it, and windows settle"""
    with sqlite3.connect(scene.cluster.sink, timeout=10) as sink:
        sink.execute("UPDATE fence SET top = top + 500")
        alien = sink.execute("SELECT top FROM fence").fetchone()[0]
    scene.wait(lambda: scene.said("argus", "OST-3004"), 20, "no grant goes on above the fence")
    scene.wait(lambda: int(scene.grant()["fence"]) > alien, 5, "the grant has an old fence")
    scene.wait_settled(25)
    scene.wait_well(20)


def witness_hangs(scene):
    """A witness hangs 3 s: it is missed, and heard again, and windows settle all the time"""
    name = "themis"
    marks = {other: scene.mark(other) for other in scene.others(name)}
    before = scene.mark(name)
    begun = time.monotonic()
    scene.cluster.send(name, signal.SIGSTOP)
    for other, mark in marks.items():
        scene.wait_said(other, f"{name} is not heard here any more", mark)
    scene.wait_settled()
    time_passes(max(0, begun + STOPPED_S - time.monotonic()))
    marks = {other: scene.mark(other) for other in scene.others(name)}
    wake(scene, name, before)
    for other, mark in marks.items():
        scene.wait_said(other, f"{name} is heard here again", mark)
    scene.wait_well(20)


def guard_of(scene, name):
    """The process that looks after an agent."""
    agent = scene.cluster.pids(name)[0]
    for pid in children_of(agent):
        try:
            with open(f"/proc/{pid}/comm", encoding="utf-8") as file:
                if file.read().strip() == "ostrakon-guard":
                    return pid
        except OSError:
            continue
    return None


def agent_hangs_for_good(scene):
    """An agent that hangs for more than five seconds is killed by its guard, and is well once
    it is started again"""
    name = scene.others(scene.grant()["holder"])[0]
    agent = scene.cluster.pids(name)[0]
    mark = scene.mark(name)
    scene.cluster.send(name, signal.SIGSTOP)
    scene.wait_said(name, "ostrakon-guard: the agent has not turned for five seconds", mark, 9)
    scene.wait(lambda: not is_alive(agent), 5, "the guard did not kill it")
    scene.cluster.start(name)
    scene.wait_well(25)


def guard_dies(scene):
    """A guard that is killed is missed within seconds, and another one started"""
    name = scene.names[0]
    guard = scene.wait(lambda: guard_of(scene, name), 5, "there is no guard")
    mark = scene.mark(name)
    processes.send(guard, signal.SIGKILL)
    scene.wait_said(name, "OST-7204.*the guard process is gone, and is started anew", mark, 5)
    scene.wait(lambda: guard_of(scene, name) not in (None, guard), 5, "no other was started")
    scene.wait_well(20)


if __name__ == "__main__":
    play(lambda: Scene(BUILD, prepare=Scene.use_held_workers),
         [agent_hangs, node_hangs, witness_hangs, agent_hangs_for_good, guard_dies,
          alien_fence, rows_are_counted_once])

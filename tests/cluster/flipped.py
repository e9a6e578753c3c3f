"""Bits flipped in the deciding state of running agents, through /proc/PID/mem: each time in a
cluster that is new, since one that was flipped is unfit for good. The grant's holder is the
victim: it must find itself unfit, say which reference found it, be neutered on every status at
once, leave its grant to another, and stay so through a restart; nobody else may take harm, and
each row is counted once."""

import argparse
import random
import re
import sys
import time

from scene import Scene, require
from tap import play

FATAL_S = 1.2  # until it says so itself
NEUTERED_S = 1.5  # until every other member shows it
STATE = re.compile(r"state is at 0x([0-9a-f]+), (\d+) bytes")
UNFIT = r"OST-13\d\d"


def arguments():
    parser = argparse.ArgumentParser(prog="tests/cluster/flips --agents")
    parser.add_argument("build")
    parser.add_argument("--count", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def flip(pid, address, bit):
    with open(f"/proc/{pid}/mem", "r+b", buffering=0) as memory:
        memory.seek(address)
        byte = memory.read(1)[0]
        memory.seek(address)
        memory.write(bytes([byte ^ 1 << bit]))


def place(scene, victim, dice):
    """(pid, address, bit) somewhere in its deciding state."""
    line = scene.said(victim, "OST-5002")[-1]
    found = STATE.search(line)
    return (scene.cluster.pids(victim)[0],
            int(found[1], 16) + dice.randrange(int(found[2])), dice.randrange(8))


def standing(view, name):
    return next(member["standing"] for member in view["members"] if member["name"] == name)


def wait_neutered(scene, victim, seconds):
    """Until every other member shows the victim as neutered."""
    def all_do():
        views = [scene.cluster.status(name) for name in scene.others(victim)]
        return all(view and standing(view, victim) == "neutered" for view in views)
    scene.wait(all_do, seconds, f"not everybody shows {victim} as neutered")


def start_again(scene, victim):
    """Its agent, restarted, is what it was: it follows, and neither votes nor is granted."""
    mark = scene.mark(victim)
    if scene.cluster.pids(victim):
        scene.cluster.stop(victim)
    scene.cluster.start(victim)
    scene.wait_said(victim, "OST-1302.*neutered since", mark, 15)
    height = scene.height()
    scene.wait_height(height + 2, names=[victim])
    wait_neutered(scene, victim, 1)
    require(scene.grant()["holder"] != victim, f"{victim} is granted after its restart")


def flipped(scene, dice):
    before = scene.grant()
    victim = before["holder"]
    others = scene.others(victim)
    mark = scene.mark(victim)
    scene.chain.needed = 3  # of four voters, once the victim has resigned
    pid, address, bit = place(scene, victim, dice)
    flip(pid, address, bit)
    begun = time.monotonic()
    line = scene.wait_said(victim, UNFIT, mark, FATAL_S)
    took_ms = 1000 * (time.monotonic() - begun)
    wait_neutered(scene, victim, NEUTERED_S - took_ms / 1000)
    shown_ms = 1000 * (time.monotonic() - begun)
    print(f"# {victim}: bit {bit} at {address:x}: {took_ms:.0f} ms, {shown_ms:.0f} ms to all: "
          f"{line}", flush=True)
    after = scene.wait_moved(before, 5, others)
    require(after["holder"] != victim, f"{victim} is granted although it is unfit")
    scene.wait_settled(30)
    start_again(scene, victim)
    for name in others:
        require(not scene.said(name, UNFIT), f"{name} is unfit too")
        require(not scene.said(name, "OST-1201|OST-1202"), "the chain forked")
    if scene.cluster.pids(victim):
        scene.cluster.kill(victim)
    scene.left_out.add(victim)


def case_of(number, seed):
    def case(scene):
        flipped(scene, random.Random(seed * 1000003 + number))
        scene.check_totals()
    case.__doc__ = f"Flip {number}: the holder of the grant finds it, and nobody else is harmed"
    return case


if __name__ == "__main__":
    OPTIONS = arguments()
    del sys.argv[2:]
    # A cluster each.
    CASES = [case_of(number, OPTIONS.seed) for number in range(1, OPTIONS.count + 1)]
    play(lambda: Scene(OPTIONS.build), CASES, anew=True)

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
TRIES = 3
STATE = re.compile(r"state is at 0x([0-9a-f]+), (\d+) bytes")
UNFIT = r"OST-13\d\d"


def arguments():
    parser = argparse.ArgumentParser(prog="tests/cluster/flips --agents")
    parser.add_argument("build")
    parser.add_argument("--count", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def byte_at(pid, address):
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        memory.seek(address)
        return memory.read(1)[0]


def flip(pid, address, bit):
    """The byte as it is then."""
    byte = byte_at(pid, address) ^ 1 << bit
    with open(f"/proc/{pid}/mem", "r+b", buffering=0) as memory:
        memory.seek(address)
        memory.write(bytes([byte]))
    return byte


def place(scene, victim, dice):
    """(pid, address, bit) somewhere in its deciding state."""
    line = scene.said(victim, "OST-5002")[-1]
    found = STATE.search(line)
    return (scene.cluster.pids(victim)[0],
            int(found[1], 16) + dice.randrange(int(found[2])), dice.randrange(8))


def strike(scene, victim, dice):
    """Flips a bit of its state until it stays flipped: the step under way may write over it
    before anybody has read it, and then nothing is damaged. When that was, and what it said."""
    for _ in range(TRIES):
        mark = scene.mark(victim)
        pid, address, bit = place(scene, victim, dice)
        byte = flip(pid, address, bit)
        begun = time.monotonic()
        try:
            line = scene.wait_said(victim, UNFIT, mark, FATAL_S)
            print(f"# {victim}: bit {bit} at {address:x}: {line}", flush=True)
            return begun
        except TimeoutError:
            if not (byte_at(pid, address) ^ byte) >> bit & 1:
                raise
    raise TimeoutError(f"{TRIES} flips were all written over")


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
    scene.chain.needed = 3  # of four voters, once the victim has resigned
    begun = strike(scene, victim, dice)
    found_s = time.monotonic() - begun
    wait_neutered(scene, victim, NEUTERED_S - found_s / scene.scale)
    print(f"# found after {found_s:.2f} s, shown by all after {time.monotonic() - begun:.2f} s",
          flush=True)
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

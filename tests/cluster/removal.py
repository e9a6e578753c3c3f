"""A member falls silent for long: the electors suspend it, it appeals when it is back, and they
reinstate it; all members tell the same of it."""

import signal
import sys

from scene import Scene, require, rows_are_counted_once, time_passes
from tap import play

BUILD = sys.argv[1]
VICTIM = "selene"
TIMING = {"record_ticks": 4, "patience_ms": 2000}
GUARD_LOOKS_S = 1
LATE_S = 20  # patience, a tick, the motion, and a brake of twelve ticks


def opened():
    scene = Scene(BUILD, timing=TIMING)
    scene.chain.needed = 3  # of four voters, while one is suspended
    return scene


def of(view, name=VICTIM):
    return {member["name"]: member for member in view["members"]}[name]


def wait_electors(scene):
    """Every record is full, so that everybody is an elector."""
    whole = TIMING["record_ticks"]
    for name in scene.names:
        scene.wait_view(name, lambda view: all(member["record_ticks"] == whole
                                               for member in view["members"]),
                        20, "has seen all records full")


def wait_standing(scene, standing, names, seconds=LATE_S):
    for name in names:
        scene.wait_view(name, lambda view: of(view)["standing"] == standing, seconds,
                        f"has {VICTIM} {standing}")


def is_suspended(scene, marks):
    """As all surfaces of the others say."""
    others = scene.others(VICTIM)
    wait_standing(scene, "suspended", others)
    for name in others:
        scene.wait_said(name, f"motion to suspend {VICTIM}: [34] electors", marks[name])
        scene.wait_said(name, f"{VICTIM} is suspended: it could not be reached", marks[name])
    view = scene.view(others[0])
    require(of(view)["cause"] == "unreachable", f"{of(view)}")
    require(view["quorum"]["voters"] == 4, f"{view['quorum']}")
    require(view["motions"] == [], f"{view['motions']}")
    reason = {reason["code"]: reason for reason in view["reasons"]}["OST-2101"]
    require(f"{VICTIM} is suspended since" in reason["text"], f"{reason}")


def is_reinstated(scene, marks):
    wait_standing(scene, "good", scene.names)
    for name in scene.names:
        scene.wait_said(name, f"{VICTIM} appeals", marks[name])
        scene.wait_said(name, f"motion to reinstate {VICTIM} passed", marks[name])
    scene.wait_settled()
    scene.wait_well(20)


def killed(scene):
    """An agent is killed, suspended by the others' votes, and reinstated once it runs again"""
    wait_electors(scene)
    marks = {name: scene.mark(name) for name in scene.names}
    scene.cluster.kill(VICTIM)
    is_suspended(scene, marks)
    scene.cluster.start(VICTIM)
    is_reinstated(scene, marks)


def wake(scene):
    """Its guard may have killed it meanwhile, or be about to: then somebody starts it."""
    if scene.cluster.pids(VICTIM):
        scene.cluster.send(VICTIM, signal.SIGCONT)
    time_passes(GUARD_LOOKS_S)
    scene.cluster.start(VICTIM)


def stopped(scene):
    """An agent is stopped for long: it learns on waking that it is suspended, and appeals"""
    wait_electors(scene)
    marks = {name: scene.mark(name) for name in scene.names}
    scene.cluster.send(VICTIM, signal.SIGSTOP)
    try:
        is_suspended(scene, marks)
    finally:
        wake(scene)
    is_reinstated(scene, marks)


if __name__ == "__main__":
    play(opened, [killed, stopped, rows_are_counted_once])

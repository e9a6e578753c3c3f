"""A process dies at each of its steps: before every write, sync and sending, or in the middle of
one (faults.md, F02). Whatever it leaves behind, the next one starts from it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from scene import Scene, require, rows_are_counted_once
from tap import Skipped, play

BUILD = sys.argv[1]
LIBRARY = Path(BUILD) / "tests/cluster/libcrash_at.so"
NAME = "selene"
ALL = 100        # steps of an agent that are all tried: what it does before it is heard
LAST = 1000      # of those behind them every so many: it notarizes, writes blocks, finalizes
GROWS = 1.15
DIES_S = 20
REFUSED = 78
FORGOTTEN = "OST-1101|OST-1201|OST-1202"
LOST = FORGOTTEN + "|OST-5401"


def is_there():
    if not LIBRARY.exists():
        raise Skipped("with sanitizers theirs is the library that is loaded first")


def environment(at, torn):
    more = {"LD_PRELOAD": str(LIBRARY), "OSTRAKON_CRASH_AT": str(at)}
    if torn:
        more["OSTRAKON_CRASH_TORN"] = "1"
    return {**os.environ, **more}


def run(command, at, torn, scene, log):
    """The exit code, or minus the signal, of a process that dies at its step `at`."""
    done = subprocess.Popen(command, env=environment(at, torn), stdin=subprocess.DEVNULL,
                            stdout=log, stderr=log)
    try:
        return done.wait(timeout=DIES_S * scene.scale)
    except subprocess.TimeoutExpired:
        raise TimeoutError(f"it does not come to its step {at}") from None
    finally:
        done.kill()
        done.wait()


def directory(scene):
    return scene.scratch / "c" / NAME


def empty(scene):
    for path in directory(scene).iterdir():
        if path.name.startswith(("votes", "ostrakon.db")):
            path.unlink()


def left_behind(scene):
    return tuple(sorted((path.name, path.stat().st_size) for path in directory(scene).iterdir()))


def initialised(scene):
    """`ostrakon init` dies at each step: it can be run again, or the agent starts and votes
    with what is there"""
    is_there()
    command = [scene.tools.ostrakon, "init", "--config", scene.cluster.members[NAME].config]
    seen = set()
    code = -signal.SIGKILL
    at = 0
    while code != 0:
        at += 1
        for torn in (False, True):
            empty(scene)
            code = run(command, at, torn, scene, subprocess.DEVNULL)
            require(code in (0, -signal.SIGKILL), f"step {at}: init exits {code}")
            again = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True,
                                   text=True)
            require(again.returncode in (0, REFUSED), f"step {at}: {again.stderr}")
            found = left_behind(scene)
            if again.returncode != 0 and found not in seen:
                seen.add(found)
                starts_alone(scene, found)
    require(at > 10 and seen, f"{at} steps, {len(seen)} left something: does it die at all?")


def starts_alone(scene, found):
    mark = scene.mark(NAME)
    scene.cluster.start(NAME)
    scene.wait_view(NAME, lambda view: True, 5, f"does not answer: {found}")
    scene.cluster.stop(NAME)
    require(not scene.said(NAME, FORGOTTEN, mark), f"it does not vote: {found}")


def refused(scene):
    """A database that cannot be made leaves nothing behind: `ostrakon init` can be run again"""
    empty(scene)
    before = left_behind(scene)
    in_the_way = directory(scene) / "ostrakon.db-journal"
    in_the_way.mkdir()
    command = [scene.tools.ostrakon, "init", "--config", scene.cluster.members[NAME].config]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    require(done.returncode == REFUSED and "cannot be made" in done.stderr,
            f"{done.returncode}: {done.stderr}")
    in_the_way.rmdir()
    require(left_behind(scene) == before, f"it left {left_behind(scene)}")
    scene.run_init(NAME)


def agent(scene):
    """An agent dies at each step of its start, and at many of those behind it: the next one takes
    up what it left, and has lost nothing, nor is a row"""
    is_there()
    scene.begin()
    scene.cluster.stop(NAME)
    mark = scene.mark(NAME)
    steps = list(range(1, ALL + 1))
    while steps[-1] < LAST:
        steps.append(int(steps[-1] * GROWS))
    for at in steps:
        for torn in (False, True) if at <= ALL else (at % 2 == 0,):
            with open(scene.cluster.log_path(NAME), "ab") as log:
                code = run(scene.cluster.members[NAME].command, at, torn, scene, log)
            require(code == -signal.SIGKILL, f"step {at}, torn {torn}: it exits {code}")
    scene.cluster.start(NAME)
    scene.wait_well(20)
    require(not scene.said(NAME, LOST, mark), f"{NAME} has lost something")
    rows_are_counted_once(scene)


if __name__ == "__main__":
    play(lambda: Scene(BUILD, starts=False), [initialised, refused, agent], anew=True)

"""The n-th allocation of a process fails, once or with all later ones (faults.md, F2C). It may
refuse to start, end and say why, or do as ever: nothing else, and never by half."""

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

from scene import Scene, require
from tap import Skipped, play

BUILD = sys.argv[1]
LIBRARY = Path(BUILD) / "tests/cluster/libfail_allocation.so"
NAME = "atlas"
REFUSED = 78
FIRST = range(1, 40)  # arguments, and what libraries begin with
RUNS_S = 0.8          # once it has begun, before it is told to end


def environment(at, fails_on):
    if not LIBRARY.exists():
        raise Skipped("allocations are the sanitizers'")
    more = {"LD_PRELOAD": str(LIBRARY), "OSTRAKON_TEST_FAIL_AT": str(at)}
    if fails_on:
        more["OSTRAKON_TEST_FAIL_ON"] = "1"
    return {**os.environ, **more}


def allocations(command, scene):
    """How many it makes when none fails."""
    done = subprocess.run(command, env={**environment(0, False), "OSTRAKON_TEST_COUNT": "1"},
                          capture_output=True, text=True, timeout=20 * scene.scale)
    require(done.returncode == 0, f"it exits {done.returncode}: {done.stderr}")
    return int(done.stderr.split("allocations: ")[1].split()[0])


def configuration(scene):
    """A configuration is checked: refused for want of memory, or as ever; never another one"""
    program, _, path = scene.cluster.members[NAME].command
    command = [program, "--check", path]
    environment(0, False)
    count = allocations(command, scene)
    chance = random.Random(1)
    refused = 0
    for fails_on in (False, True):
        for at in [*FIRST, *chance.sample(range(FIRST.stop, count), 20)]:
            done = subprocess.run(command, env=environment(at, fails_on), capture_output=True,
                                  text=True, timeout=20 * scene.scale)
            said = f"allocation {at} of {count} fails: {done.returncode}, {done.stderr}"
            require(done.returncode in (0, REFUSED), said)
            require(done.returncode == 0 or done.stderr, said)
            require("/etc/ostrakon" not in done.stderr, said)
            refused += done.returncode != 0
    require(refused > 20, f"only {refused} were refused: do allocations fail at all?")


def command_line(scene):
    """A command goes by its own words or by none: never by the defaults instead"""
    command = [scene.tools.ostrakon, "status", "--socket", "/nowhere.sock"]
    done = subprocess.run(command, env={**environment(0, False), "OSTRAKON_TEST_COUNT": "1"},
                          capture_output=True, text=True, timeout=20 * scene.scale)
    count = int(done.stderr.split("allocations: ")[1].split()[0])
    unread = 0
    for fails_on in (False, True):
        for at in range(1, count, max(1, count // 40)):
            done = subprocess.run(command, env=environment(at, fails_on), capture_output=True,
                                  text=True, timeout=20 * scene.scale)
            said = f"allocation {at} of {count} fails: {done.returncode}, {done.stderr}"
            require(done.returncode == 3 and done.stderr, said)
            require("/run/ostrakon" not in done.stderr, said)
            unread += "words of the command" in done.stderr
    require(unread > 0, "the words were always read: do allocations fail at all?")


def said_in(words):
    return words.read_text(errors="replace")


def has_begun(scene, agent, words):
    """Whether it takes SIGTERM by now, or has ended. Where the line about that is what could not
    be written, it has had the time."""
    try:
        scene.wait(lambda: agent.poll() is not None or "OST-5002" in said_in(words), 20, "")
    except TimeoutError:
        pass
    return agent.poll() is None


def start(scene, at, fails_on):
    """Exit code and words; None: it has started, and ends when it is told to."""
    words = scene.scratch / "words"
    with open(words, "w", encoding="utf-8") as file:
        agent = subprocess.Popen(scene.cluster.members[NAME].command, stdout=subprocess.DEVNULL,
                                 stderr=file, stdin=subprocess.DEVNULL,
                                 env=environment(at, fails_on))
    try:
        agent.wait(RUNS_S if has_begun(scene, agent, words) else 0)
        return agent.returncode, said_in(words)
    except subprocess.TimeoutExpired:
        agent.terminate()
        agent.wait(20 * scene.scale)
    said = said_in(words)
    ended = agent.returncode == -signal.SIGABRT and "out of memory" in said
    require(agent.returncode == 0 or ended, f"it exits {agent.returncode}: {said}")
    return None, said


def agent(scene):
    """An agent starts: it refuses, aborts and says why, or runs; afterwards it starts again"""
    chance = random.Random(2)
    ended = 0
    for fails_on in (False, True):
        for at in [1, 7, *chance.sample(range(40, 33000), 5)]:
            code, said = start(scene, at, fails_on)
            ended += code is not None
            require(code is None or code == REFUSED or
                    (code == -signal.SIGABRT and "out of memory" in said),
                    f"allocation {at} fails: {code}, {said}")
    require(ended >= 4, f"only {ended} ended: do allocations fail at all?")
    require(start(scene, 0, False)[0] is None, "it does not start any more")


if __name__ == "__main__":
    play(lambda: Scene(BUILD, starts=False), [configuration, command_line, agent])

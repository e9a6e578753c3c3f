"""No false alarm: five agents on a machine that has no rest. Other processes take every core
and more, go through memory, and write and sync files beside the agents' own; meanwhile no
reference may be fatal, nobody may be neutered, removed, or end, and the windows go on."""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from scene import Scene, require, rows_are_counted_once
from tap import play

CORES = os.cpu_count() or 2
MEMORY_SHARE = 4  # a quarter of what is available is gone through
MEMORY_MAX_MB = 4096
WRITE_MB = 32
LOOK_S = 1.0
NEVER = r"OST-7014|OST-13\d\d|neutered|reference_fatal"

BURN = "while True: pass"
THRASH = """
import sys
block = bytearray(int(sys.argv[1]) << 20)
while True:
    for at in range(0, len(block), 4096):
        block[at] = block[at] + 1 & 255
"""
WRITE = """
import os, sys
data = os.urandom(1 << 20)
while True:
    with open(sys.argv[1], "wb") as file:
        for _ in range(int(sys.argv[2])):
            file.write(data)
        file.flush()
        os.fsync(file.fileno())
"""


def arguments():
    parser = argparse.ArgumentParser(prog="tests/cluster/calm")
    parser.add_argument("build")
    parser.add_argument("--seconds", type=float, default=60)
    return parser.parse_args()


def memory_mb():
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return min(MEMORY_MAX_MB, int(line.split()[1]) // 1024 // MEMORY_SHARE)
    return 256


def load(directory):
    """Starts what gives the machine no rest."""
    programs = [[BURN]] * (2 * CORES) + [[THRASH, str(memory_mb())]]
    programs += [[WRITE, str(Path(directory) / f"load-{index}"), str(WRITE_MB)]
                 for index in range(2)]
    return [subprocess.Popen([sys.executable, "-c", *words], stdin=subprocess.DEVNULL)
            for words in programs]


def fatal_references(scene, name):
    code, document = scene.ask(name, "/v1/references")
    require(code == 200, f"{name}: /v1/references: {code}")
    return [item for item in document["items"] if item.get("result") == "fatal"]


def look(scene, pids):
    """What must never be, whatever the load."""
    for name in scene.names:
        require(scene.cluster.pids(name)[:1] == pids[name],
                f"{name} has ended, or was started again")
        require(not scene.said(name, NEVER), f"{name} says: {scene.said(name, NEVER)[:3]}")
    for name, view in scene.cluster.statuses().items():
        for member in view["members"]:
            require(member["standing"] == "good",
                    f"{name} shows {member['name']} as {member['standing']}")


def no_rest(scene):
    """No fatal result and no neutering under full load, memory pressure and heavy writing"""
    pids = {name: scene.cluster.pids(name)[:1] for name in scene.names}
    before = scene.height()
    with tempfile.TemporaryDirectory(dir=scene.scratch) as directory:
        programs = load(directory)
        try:
            end = time.monotonic() + SECONDS
            while time.monotonic() < end:
                look(scene, pids)
                time.sleep(LOOK_S)
            require(all(program.poll() is None for program in programs), "the load has ended")
        finally:
            for program in programs:
                program.kill()
                program.wait()
    scene.wait_well(90)  # a probe of the disk that took over 2 s keeps R24 silent for 60 s
    look(scene, pids)
    for name in scene.names:
        require(not fatal_references(scene, name), f"{name}: {fatal_references(scene, name)}")
    require(scene.height() > before, "no block was decided meanwhile")


if __name__ == "__main__":
    SECONDS = arguments().seconds
    BUILD = sys.argv[1]
    del sys.argv[2:]
    play(lambda: Scene(BUILD, timing={"tick_ms": 2000, "delta_ms": 100, "patience_ms": 10000,
                                      "window_s": 5}),
         [no_rest, rows_are_counted_once])

"""A bit of a running agent's own memory is turned: it votes no more, says why, and stays so
through restarts and the loss of one latch, until a person clears it."""

import os
import re
import shutil
import sys
from pathlib import Path

from scene import Scene, require
from tap import Skipped, play

BUILD = sys.argv[1]
VICTIM = "argus"
TURNS = 3
LATCHES = ("latch", "latch.d/latch")
# What is missing at one more start, and whether an old vote key is put back.
LOSSES = [
    (("latch",), True),
    (("latch.d/latch", "ostrakon.db"), False),
    (LATCHES, True),
    ((*LATCHES, "ostrakon.db"), True),
    ((*LATCHES, "votes"), True),
    ((*LATCHES, "ostrakon.db", "votes"), True),
]


def home(scene, name=VICTIM):
    return Path(scene.cluster.members[name].dir)


def turn_bit(scene, name=VICTIM):
    """In the deciding state, until it is seen: a bit that turns in the midst of a step, where the
    step writes or reads nothing, is no news to anybody. Answers the process."""
    for turn in range(TURNS):
        mark = scene.mark(name)
        pid = turn_bit_once(scene, name, turn)
        try:
            scene.wait_said(name, "OST-1301", mark, 2)
            return pid
        except TimeoutError:
            continue
    raise AssertionError(f"{name} has not seen one of {TURNS} bits turn")


def turn_bit_once(scene, name, turn):
    """Near the middle of the deciding state, which the agent's log says where it is."""
    lines = scene.said(name, "OST-5002")
    place = re.search(r"state is at 0x([0-9a-f]+), (\d+) bytes", lines[-1])
    require(place is not None, f"no place in {lines}")
    pid = scene.cluster.pids(name)[0]
    try:
        memory = os.open(f"/proc/{pid}/mem", os.O_RDWR)
    except PermissionError:
        raise Skipped("another process's memory cannot be written here") from None
    at = int(place[1], 16) + int(place[2]) // 2 + 4096 * turn
    byte = os.pread(memory, 1, at)[0]
    os.pwrite(memory, bytes([byte ^ 1 << 5]), at)
    os.close(memory)
    return pid


def is_neutered(scene, name=VICTIM):
    """As all its surfaces say."""
    view = scene.wait_view(name, lambda view: "OST-1302" in str(view["reasons"]), 10,
                           "says that it is neutered")
    reason = {reason["code"]: reason for reason in view["reasons"]}["OST-1302"]
    require(view["level"] == "critical" and reason["level"] == "critical", f"{view}")
    for path in ("/readyz", "/v1/check/good"):
        code, _ = scene.ask(name, path)
        require(code == 503, f"{path}: {code}")
    code, text, complaints = scene.page(name)
    require(code == 2 and "only follows" in " ".join(text.split()), f"{code} {text} {complaints}")
    return reason


def votes_no_more(scene, name=VICTIM):
    """The chain has its resignation; it follows."""
    other = scene.others(name)[0]
    scene.wait_view(other, lambda view: {member["name"]: member for member in view["members"]}
                    [name]["standing"] == "neutered", 15, f"has {name} neutered")
    height = scene.height()
    scene.wait_height(height + 2, names=[name])


def turned_bit(scene):
    """One bit: key and file are gone, both latches are there, the process is started anew"""
    scene.chain.needed = 3  # of four voters
    shutil.copy2(home(scene) / "vote.pem", scene.cluster.directory / "old.pem")
    mark = scene.mark(VICTIM)
    pid = turn_bit(scene)
    scene.wait_said(VICTIM, "OST-1301.*wipes its vote key", mark)
    line = scene.wait_said(VICTIM, "OST-1302", mark, 15)
    require("R02" in line or "R01" in line, line)
    require("ostrakon clear" in line, line)
    require(scene.cluster.pids(VICTIM)[0] == pid, "it is another process")
    require(not (home(scene) / "vote.pem").exists(), "vote.pem is still there")
    for latch in ("latch", "latch.d/latch"):
        require((home(scene) / latch).stat().st_size == 1024, f"{latch} is not as it should be")
    reason = is_neutered(scene)
    require("deciding state" in reason["text"] and "since" in reason["text"], f"{reason}")
    require("ostrakon clear" in reason["action"], f"{reason}")
    votes_no_more(scene)


def restarted(scene):
    """Started anew, with one latch left: still neutered"""
    scene.cluster.stop(VICTIM)
    (home(scene) / "latch").unlink()
    mark = scene.mark(VICTIM)
    scene.cluster.start(VICTIM)
    scene.wait_said(VICTIM, "OST-1302.*neutered since", mark, 15)
    is_neutered(scene)


def damaged_latch(scene):
    """Started anew, with the latch that is left damaged: still neutered"""
    scene.cluster.stop(VICTIM)
    (home(scene) / "latch.d/latch").write_bytes(b"?")
    mark = scene.mark(VICTIM)
    scene.cluster.start(VICTIM)
    scene.wait_said(VICTIM, "OST-1302.*latch is set, and .*latch.d/latch cannot be read", mark,
                    15)
    is_neutered(scene)


def no_key(scene):
    """Without any latch, but without a key: it only follows"""
    scene.cluster.stop(VICTIM)
    (home(scene) / "latch.d/latch").unlink()
    mark = scene.mark(VICTIM)
    scene.cluster.start(VICTIM)
    scene.wait_said(VICTIM, "OST-1302.*only follows: it has no vote key", mark, 15)
    is_neutered(scene)
    votes_no_more(scene)
    has_nothing_else_against_it(scene)


def has_nothing_else_against_it(scene, name=VICTIM):
    """Its machine is examined all the same, and what is gone on purpose is not asked for."""
    def examined():
        code, page = scene.ask(name, "/v1/references")
        return code == 200 and page["examined"]
    scene.wait(examined, 20, f"{name} is not examined")
    reasons = scene.view(name)["reasons"]
    require("OST-7001" not in str(reasons) and "vote.pem is not there" not in str(reasons),
            f"{reasons}")


def lose(scene, names, old_key):
    """Its files as they were kept, but for these."""
    kept = scene.cluster.directory / "kept"
    for name in ("latch", "latch.d/latch", "ostrakon.db", "votes"):
        (home(scene) / name).unlink(missing_ok=True)
        if name not in names:
            shutil.copy2(kept / name, home(scene) / name)
    for rest in home(scene).glob("ostrakon.db-*"):
        rest.unlink()
    (home(scene) / "vote.pem").unlink(missing_ok=True)
    if old_key:
        shutil.copy2(scene.cluster.directory / "old.pem", home(scene) / "vote.pem")


def ever_other_files_missing(scene):
    """Started anew again and again, each time with other files lost and an old key put back: it
    signs nothing, and all have it neutered"""
    scene.cluster.stop(VICTIM)
    shutil.copytree(home(scene), scene.cluster.directory / "kept")
    for names, old_key in LOSSES:
        lose(scene, names, old_key)
        scene.forget(VICTIM)
        scene.cluster.start(VICTIM)
        scene.wait_view(VICTIM, lambda view: "OST-1302" in str(view["reasons"]), 20,
                        f"is not neutered without {names}")
        code, document = scene.ask(VICTIM, "/v1/references")
        require(code == 200 and not document["signs"], f"it signs without {names}")
        votes_no_more(scene)
        scene.cluster.stop(VICTIM)
    lose(scene, (), False)
    scene.forget(VICTIM)
    scene.cluster.start(VICTIM)


def rows_after_all(scene):
    """After all that every row of the traffic is counted once"""
    scene.check_totals()


if __name__ == "__main__":
    play(lambda: Scene(BUILD),
         [turned_bit, ever_other_files_missing, restarted, damaged_latch, no_key,
          rows_after_all])

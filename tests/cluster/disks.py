"""A disk that is full: its agent says so, the others go on, and it recovers once there is
room."""

import errno
import subprocess
import sys
from pathlib import Path

from scene import Scene, require, rows_are_counted_once
from tap import Skipped, play

BUILD = sys.argv[1]
SIZE_MIB = 96  # with less than 64 free a member says that it has little room
VICTIM = "helios"


def mount_all(scene):
    """Every member's data directory is a small file system of its own; where nothing can be
    mounted the cases cannot be played."""
    for name in scene.names:
        mount(scene, Path(scene.cluster.members[name].dir))


def mount(scene, home):
    kept = {path.name: path.read_bytes() for path in home.iterdir() if path.is_file()}
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE_MIB}m,mode=0700",
                           "ostrakon-test", str(home)], capture_output=True, text=True)
    if done.returncode != 0:
        raise Skipped(f"nothing can be mounted here: {done.stderr.strip()}")
    scene.undo.append(lambda: subprocess.run(["umount", "--lazy", str(home)], check=True))
    for name, content in kept.items():
        if name not in ("votes", "ostrakon.db"):
            (home / name).write_bytes(content)
            (home / name).chmod(0o600)
    scene.run_init(home.name)


def fill(home):
    """Writes until nothing more fits; the file to remove again."""
    path = home / "ballast"
    with open(path, "wb", buffering=0) as file:
        for piece in (1 << 16, 1 << 10, 1):
            try:
                while True:
                    file.write(b"x" * piece)
            except OSError as error:
                require(error.errno == errno.ENOSPC, f"not full but {error}")
    return path


def is_full(scene, name):
    """The agent says that its disk is full, and all go on; answers what removes the ballast."""
    mark = scene.mark(name)
    ballast = fill(Path(scene.cluster.members[name].dir))
    scene.wait_said(name, "OST-5402.*the database cannot be written.*full", mark, 15)
    view = scene.wait_view(name, lambda view: "OST-5402" in str(view["reasons"]), 5, "OST-5402")
    require(f"The database of {name} cannot be written" in view["summary"], view["summary"])
    require("Make room on" in view["action"], view["action"])
    code, text, complaints = scene.page(name)
    require(code in (1, 2) and "cannot be written" in " ".join(text.split()), f"{code} {text}")
    scene.wait_settled(25)
    return ballast, mark


def one_full_disk(scene):
    """The disk of one agent is full: it says so, the others go on, it recovers with room"""
    ballast, mark = is_full(scene, VICTIM)
    before = scene.height()
    scene.wait_height(before + 4, 10, scene.others(VICTIM))
    ballast.unlink()
    scene.wait_said(VICTIM, "OST-5403.*can be written again; nothing was lost", mark, 10)
    scene.wait_well(20)
    require(len(scene.said(VICTIM, "OST-5402", mark)) == 1, "it says it again and again")


def the_holders_disk(scene):
    """The disk of the grant's holder is full, and it dies with it: it starts again with room"""
    holder = scene.grant()["holder"]
    ballast, mark = is_full(scene, holder)
    scene.cluster.kill(holder)
    scene.cluster.start(holder)
    scene.wait_settled(25)
    ballast.unlink()
    if not scene.cluster.running().count(holder):
        require(scene.said(holder, "full", mark), "it ended without a word")
        scene.cluster.start(holder)
    scene.wait_well(20)


def stands_still(view):
    """Or it is behind the others, who had room for longer, and can write nothing of theirs."""
    return view["state"] == "no_quorum" or (view["phase"] == "catching_up"
                                            and "OST-5402" in str(view["reasons"]))


def all_disks(scene):
    """All disks are full at once: a standstill that is said, until there is room"""
    ballasts = [fill(Path(scene.cluster.members[name].dir)) for name in scene.names]
    views = [scene.wait_view(name, stands_still, 15, "says that nothing goes on")
             for name in scene.names]
    require(any(view["state"] == "no_quorum" for view in views), "nobody says: no quorum")
    # Where two others stand still first, a member is asked to write nothing any more.
    full = ["OST-5402" in str(view["reasons"]) for view in views]
    require(sum(full) >= 2, f"who stands still over {full}?")
    height = scene.height()
    for ballast in ballasts:
        ballast.unlink()
    scene.wait_height(height + 2, 15)
    scene.wait_well(20)


if __name__ == "__main__":
    play(lambda: Scene(BUILD, prepare=mount_all),
         [one_full_disk, the_holders_disk, all_disks, rows_are_counted_once])

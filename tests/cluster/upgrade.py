"""A release that knows another version of the protocol comes to one member after the other, while
the statistics go on; the cluster goes over to that version when all can and an operator says so."""

import shutil
import subprocess
import sys
from pathlib import Path

from scene import Scene, require, rows_are_counted_once
from tap import play

BUILD = sys.argv[1]
OPERATOR = "anna"
OLD, NEXT = 1, 2
REFUSED = 78
BACK = "atlas"


def opened():
    return Scene(BUILD, timing={"record_ticks": 4}, operators=[OPERATOR])


def say(scene, version):
    """(exit code, all that it says) of the operator's word."""
    socket = scene.cluster.members["argus"].socket
    done = subprocess.run([scene.tools.ostrakon, "operator", "settings", f"protocol={version}",
                           "--key", str(scene.plan.operator_key(OPERATOR)), "--socket", socket,
                           "--wait"], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=60)
    return done.returncode, done.stdout + done.stderr


def install(scene, name):
    """The next release in the place of the one that it runs; the old one's path."""
    here = scene.scratch / "next"
    here.mkdir(exist_ok=True)
    release = here / "ostrakond-next"
    if not release.exists():
        shutil.copy2(Path(scene.tools.build) / "tests" / "cluster" / "ostrakond-next", release)
        for companion in ("ostrakon-keeper", "ostrakon-guard"):
            shutil.copy2(Path(scene.tools.ostrakond).parent / companion, here / companion)
    command = scene.cluster.members[name].command
    old, command[0] = command[0], str(release)
    return old


def all_have_ballots(scene):
    """All that is left to say of them is that not all run the same build."""
    views = scene.cluster.statuses().values()
    return len(views) == len(scene.names) and all(
        member["standing"] == "good" and member["record_ticks"] == view["record_ticks"]
        for view in views for member in view["members"])


def upgrade(scene, name):
    scene.cluster.stop(name)
    install(scene, name)
    scene.cluster.start(name)
    scene.wait(lambda: all_have_ballots(scene), 30, "not all have a ballot")


def protocols(scene):
    return {name: view["protocol"] for name, view in scene.cluster.statuses().items()}


def not_before_all_can(scene):
    """The cluster does not go over to a version that only some can run, and says why"""
    upgrade(scene, "helios")
    names = "atlas, selene, argus and themis"

    def refused():
        code, text = say(scene, NEXT)
        require(code == 1, f"{code}: {text}")
        return f"not known that the release of {names} can run version 2" in text
    scene.wait(refused, 20, "it is not refused with the names of the others", step_s=0.5)
    require(set(protocols(scene).values()) == {OLD}, f"{protocols(scene)}")


def one_by_one(scene):
    """One after the other gets the next release; all stay good, and then they go over together"""
    for name in scene.others("helios"):
        upgrade(scene, name)
    scene.wait_settled()

    def decided():
        code, text = say(scene, NEXT)
        return code == 0 and "decided at height" in text
    scene.wait(decided, 10, "the cluster does not go over", step_s=0.5)
    scene.wait(lambda: set(protocols(scene).values()) == {NEXT}, 5, "not all have gone over")
    scene.wait_settled()
    require(all(member["standing"] == "good" for view in scene.cluster.statuses().values()
                for member in view["members"]), "somebody lost its standing")


def old_release(scene):
    """An old release that is started again refuses, says why, and leaves the blocks as they are"""
    member = scene.cluster.members[BACK]
    scene.cluster.stop(BACK)
    new, member.command[0] = member.command[0], scene.tools.ostrakond
    done = subprocess.run(member.command, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=20 * scene.scale)
    require(done.returncode == REFUSED and "version 2 of the protocol" in done.stderr
            and "install the one that the others run" in done.stderr,
            f"{done.returncode}: {done.stderr}")
    member.command[0] = new
    mark = scene.mark(BACK)
    scene.cluster.start(BACK)
    scene.wait_well(40)
    require(not scene.said(BACK, "OST-5401", mark), "the database was set aside")


if __name__ == "__main__":
    play(opened, [not_before_all_can, one_by_one, old_release, rows_are_counted_once])

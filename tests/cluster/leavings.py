"""What a demo leaves behind that was interrupted, or killed: nothing that bars the next one."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from scene import ROOT, require
from tap import Skipped, play

sys.path.insert(0, str(ROOT / "deploy" / "demo"))
import demo  # noqa: E402
from cluster import Cluster, Member  # noqa: E402
from namespaces import Net  # noqa: E402

NAMES = ["atlas", "argus"]


class Place:
    """A directory for a demo; nothing runs."""

    def __init__(self):
        self.scratch = Path(tempfile.mkdtemp(prefix="ostrakon-test-"))

    def close(self):
        shutil.rmtree(self.scratch)

    def check(self):
        pass

    def tails(self):
        return ""


def interrupted(place):
    """Ctrl-C while a cluster is founded: its directory is not half there"""
    def found(plan, tools):
        plan.directory.mkdir()
        (plan.directory / "atlas").mkdir()
        raise demo.Ended

    before, demo.found = demo.found, found
    sys.argv = ["run", "--dir", str(place.scratch / "d")]
    try:
        demo.found_anew(demo.options(), None)
    except demo.Ended:
        require(not (place.scratch / "d").exists(), "the directory is there")
        return
    finally:
        demo.found = before
    require(False, "nobody was told that it is to end")


def spaces():
    return subprocess.run(["ip", "netns", "list"], capture_output=True, text=True).stdout.split()


def killed(place):
    """A demo with cables was killed: who stops it, or founds the next one, takes up its network"""
    members = [Member(name=name, role="node", pid=None, api="", socket="", dir="", config="",
                      command=[f"{place.scratch}/none"]) for name in NAMES]
    cluster = Cluster(place.scratch, {}, members)
    try:
        net = demo.lay_cables(cluster)
    except SystemExit as refused:
        raise Skipped(str(refused)) from None
    try:
        mine = set(net.space.values())
        require(mine <= set(spaces()), "the network is not there")
        demo.take_up_cables(Cluster.load(place.scratch))
        require(not mine & set(spaces()), "the network is left")
        require("net" not in Cluster.load(place.scratch).facts, "it is taken up twice")
        Net(NAMES).close()
    finally:
        net.close()


if __name__ == "__main__":
    play(Place, [interrupted, killed])

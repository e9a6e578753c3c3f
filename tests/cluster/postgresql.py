"""Real agents whose workers publish in PostgreSQL: the demo's cluster, with its sink in a server
of the test's own."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from scene import ROOT, ports, require
from tap import Skipped, play

sys.path.insert(0, str(ROOT / "tests" / "hooks"))

import totals  # noqa: E402
from cluster import wait_for  # noqa: E402
from founding import Plan, Tools, demo_timing, found  # noqa: E402
from postgres import QUICK, Server, programs  # noqa: E402

LEAD_S = 40


class Demo:
    """The cluster runs, and so does its traffic."""

    def __init__(self):
        self.scratch = Path(tempfile.mkdtemp(prefix="ostrakon-postgresql-"))
        self.server = self.cluster = None
        try:
            self.tools = Tools(sys.argv[1])
            self.server = Server(self.scratch, QUICK)
            self.server.sql("CREATE DATABASE demo")
            port, self.guard = ports()
            self.cluster = found(
                Plan(directory=self.scratch / "demo", base_port=port, rows_per_s=60,
                     timing=demo_timing(1000, 5), sink=self.server.url(database="demo")),
                self.tools)
            self.cluster.start()
            self.cluster.wait_grant(LEAD_S)
            self.cluster.start_traffic()
        except BaseException:
            self.close()
            raise

    def published(self):
        return int(self.server.sql("SELECT count(*) FROM ostrakon.published", database="demo"))

    def wait_published(self, windows):
        wanted = self.published() + windows
        wait_for(lambda: self.published() >= wanted, LEAD_S, f"{windows} windows more", 0.2)

    def tails(self):
        return "\n".join(path.read_text(errors="replace")[-600:]
                         for path in self.scratch.glob("demo/log/*"))

    def check(self):
        pass

    def close(self):
        if self.cluster is not None:
            self.cluster.stop_traffic()
            self.cluster.stop()
        if self.server is not None:
            self.server.close()
        shutil.rmtree(self.scratch, ignore_errors=True)


def counted(scene):
    """Leaders die, the server crashes, and every row is counted once"""
    scene.wait_published(2)
    holder = scene.cluster.wait_grant(LEAD_S)["holder"]
    scene.cluster.kill(holder)
    scene.wait_published(2)
    scene.cluster.start(holder)
    scene.server.crash()
    time.sleep(1)
    scene.server.start()
    scene.cluster.start_traffic()  # it ends when its sink is gone; what it logged comes now
    scene.wait_published(2)
    scene.cluster.stop_traffic()
    require(totals.settle(scene.cluster, scene.tools), "the last windows are not settled")
    logs = [traffic.log for traffic in scene.cluster.traffic]
    done = subprocess.run([scene.tools.stats, "verify", "--sink", scene.cluster.sink, *logs],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True)
    require(done.returncode == 0, done.stdout + done.stderr)
    endorsed = scene.server.sql("SELECT count(*) FROM ostrakon.published p WHERE (SELECT count(*) "
                                "FROM ostrakon.endorsed e WHERE e.\"window\" = p.\"window\" AND "
                                "e.digest = p.digest) < 2", database="demo")
    require(endorsed == "0", f"{endorsed} windows are one member's word")


def audit(scene):
    """The audit says that it cannot read such a sink, and does not pass"""
    member = scene.cluster.members["argus"]
    done = subprocess.run([scene.tools.ostrakon, "audit", "--config", member.config, "--sink",
                           scene.cluster.sink], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=60)
    require(done.returncode == 78 and "only an SQLite file" in done.stderr, done)


def make():
    if programs() is None or shutil.which("psql") is None:
        raise Skipped("there is no PostgreSQL server here")
    if os.getuid() == 0 and shutil.which("setpriv") is None:
        raise Skipped("there is no setpriv here")
    return Demo()


if __name__ == "__main__":
    play(make, [counted, audit])

"""The log, checked once more from outside: `ostrakon audit`, on logs that are true, and on copies
of one that were changed."""

import json
import shutil
import sqlite3
import subprocess
import sys

from scene import Scene, require, settled_until
from tap import play

BUILD = sys.argv[1]


def audit(scene, config, *words, code):
    """The page of `ostrakon audit --json`, which must end with that exit code."""
    done = subprocess.run([scene.tools.ostrakon, "audit", "--config", config, "--json", *words],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    require(done.returncode == code, f"exit {done.returncode}: {done.stdout} {done.stderr}")
    return json.loads(done.stdout)


def config_of(scene, name):
    return f"{scene.cluster.members[name].dir}/node.yaml"


def true_logs(scene):
    """What the agents have stored holds, while they run, and is what the sink has published"""
    scene.wait_settled(20)
    for name in scene.cluster.members:
        page = audit(scene, config_of(scene, name), "--sink", str(scene.cluster.sink), code=0)
        require(page["from"] == 1 and page["to"] > 3, page)
        require(page["signatures"] >= 4 * page["to"], f"four of five sign each: {page}")
        require(page["settled"] >= 1 and page["published"] == page["settled"], page)
    page = audit(scene, config_of(scene, "atlas"), "--height", "2", code=0)
    require(page["block"]["height"] == 2 and len(page["block"]["signers"]) >= 4, page)
    audit(scene, config_of(scene, "atlas"), "--height", "1000000", code=64)


# What somebody with the file in hand does to a published window, and what is said of it.
CHANGES = [
    ("UPDATE published SET digest = '" + "ab" * 16 + "' WHERE window = ?", "another digest"),
    ("UPDATE staged SET queries = queries + 1 WHERE window = ?", "its rows in the sink are others"),
    ("DELETE FROM staged WHERE window = ?", "its rows in the sink are others"),
    ("DELETE FROM published WHERE window = ?", "not published in the sink"),
    ("UPDATE fence SET top = 0 WHERE ? > 0", "would take what leaders of before stage"),
    ("DELETE FROM fence WHERE ? > 0", "has lost its fence"),
    ("INSERT INTO published SELECT 1, fence, digest FROM published WHERE window = ?", None),
]


def changed_sink(scene, change):
    """(a copy of the sink with its oldest published window of rows changed, that window)."""
    copy = scene.scratch / "sink.db"
    copy.unlink(missing_ok=True)
    with sqlite3.connect(scene.cluster.sink) as sink, sqlite3.connect(copy) as other:
        sink.backup(other)
        for (trigger,) in other.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'"
                                        ).fetchall():
            other.execute(f"DROP TRIGGER {trigger}")
        window, = other.execute("SELECT min(window) FROM published JOIN staged"
                                " USING (window, fence)").fetchone()
        other.execute(change, (window,))
    return copy, window


def is_settled_with_rows(scene):
    """The first windows may be over before there is any traffic."""
    with sqlite3.connect(scene.cluster.sink) as sink:
        window, = sink.execute("SELECT min(window) FROM published JOIN staged"
                               " USING (window, fence)").fetchone()
    if window is None:
        return False
    end = (window + 1) * scene.plan.all_timing()["window_s"]
    return settled_until(scene.view("atlas")).timestamp() >= end


def changed_windows(scene):
    """A window that was changed in the sink afterwards is told, with its number; a fence, too"""
    scene.wait(lambda: is_settled_with_rows(scene), 30, "no window with rows is settled")
    for change, words in CHANGES:
        copy, window = changed_sink(scene, change)
        page = audit(scene, config_of(scene, "atlas"), "--sink", str(copy),
                     code=2 if words else 0)
        text = page["problems"][0]["text"] if words else ""
        require(not words or words in text, f"{change}: {page}")
        require(not words or "fence" in text or str(window) in text, f"{change}: {page}")
    require(page["published_before"] == 1, f"a window of before the founding is not told: {page}")


def changed_blocks(scene):
    """A block that was changed in a stopped member's log is told, with its height"""
    scene.wait_view("argus", lambda view: view["height"] > 4, 20, "is above height 4")
    scene.cluster.stop("argus")
    home = scene.cluster.members["argus"].dir
    copy = scene.scratch / "argus"
    shutil.copytree(home, copy)
    settings = (copy / "node.yaml").read_text().replace(str(home), str(copy))
    (copy / "node.yaml").write_text(settings)
    with sqlite3.connect(copy / "ostrakon.db") as log:
        log.execute("UPDATE block SET decided = (SELECT decided FROM block WHERE height = 3),"
                    " checksum = (SELECT checksum FROM block WHERE height = 3) WHERE height = 4")
    page = audit(scene, str(copy / "node.yaml"), code=2)
    require(page["problems"][0]["height"] == 4, page)
    require(page["to"] == 3, page)
    scene.cluster.start("argus")
    scene.wait_well(20)


if __name__ == "__main__":
    play(lambda: Scene(BUILD), [true_logs, changed_windows, changed_blocks])

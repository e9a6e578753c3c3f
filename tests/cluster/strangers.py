"""Those who do not belong: a node with another cluster.yaml, and one with a key of its own."""

import json
import re
import subprocess
import sys
from pathlib import Path

from scene import Scene, require, rows_are_counted_once, time_passes
from tap import play

BUILD = sys.argv[1]
VICTIM = "themis"
STAY_OUT_S = 3


def own_files(scene, change):
    """Gives the victim a cluster.yaml of its own, an altered copy; answers its path."""
    path = scene.scratch / "own.yaml"
    common = scene.cluster.directory / "cluster.yaml"
    path.write_text(change(common.read_text()))
    config = Path(scene.cluster.members[VICTIM].config)
    config.write_text(config.read_text().replace(str(common), str(path)))
    return path


def common_files(scene):
    """The victim has the same files as the others again."""
    config = Path(scene.cluster.members[VICTIM].config)
    config.write_text(config.read_text().replace(str(scene.scratch / "own.yaml"),
                                                 str(scene.cluster.directory / "cluster.yaml")))


def stays_out(scene, height):
    """The victim decides nothing, and the others go on without it."""
    before = scene.height()
    scene.wait_height(before + 3, 10, scene.others(VICTIM))
    time_passes(STAY_OUT_S)
    view = scene.view(VICTIM)
    require(view["height"] <= height and view["state"] == "no_quorum",
            f"{VICTIM} takes part: {view['height']} {view['state']}")
    code, text, complaints = scene.page(VICTIM)
    require(code == 2, f"{code} {text} {complaints}")
    scene.wait_settled()


def told_apart(scene, mark_of, ours, theirs):
    """Both sides name both clusters, by name and hash, once a minute each."""
    for name in scene.others(VICTIM):
        line = scene.wait_said(name, "OST-5501", mark_of[name], 15)
        for part in (f"member={VICTIM}", f"'{theirs[0]}' ({theirs[1]}",
                     f"'{ours[0]}' ({ours[1]}"):
            require(part in line, f"{name} does not say {part}: {line}")
        require(VICTIM in scene.reasons(name).get("OST-5501", {}).get("text", ""),
                f"the status of {name} says nothing: {scene.reasons(name)}")
    for other in scene.others(VICTIM):
        line = scene.wait_said(VICTIM, f"OST-5501 member={other}", mark_of[VICTIM], 15)
        for part in (f"'{theirs[0]}' ({theirs[1]}", f"'{ours[0]}' ({ours[1]}"):
            require(part in line, f"{VICTIM} does not say {part}: {line}")
    for name in scene.names:
        lines = scene.said(name, "OST-5501", mark_of[name])
        members = [re.search("member=([a-z]+)", line)[1] for line in lines]
        require(len(members) == len(set(members)), f"{name} says it again within the minute")


def founded_otherwise(scene):
    """A node founded with another cluster.yaml: both sides say so, it never joins"""
    marks = {name: scene.mark(name) for name in scene.names}
    ours = ("demo", scene.view("atlas")["cluster_id"][:16])
    scene.cluster.stop(VICTIM)
    home = Path(scene.cluster.members[VICTIM].dir)
    kept = scene.scratch / "kept"
    kept.mkdir()
    for name in ("votes", "ostrakon.db"):
        (home / name).rename(kept / name)
    own_files(scene, lambda text: text.replace("cluster: demo", "cluster: other"))
    scene.run_init(VICTIM)
    scene.forget(VICTIM)
    scene.left_out.add(VICTIM)
    scene.cluster.start(VICTIM)
    theirs = ("other", scene.wait_view(VICTIM, lambda view: True, 10, "")["cluster_id"][:16])
    require(ours[1] != theirs[1], "the two files have one hash")
    told_apart(scene, marks, ours, theirs)
    stays_out(scene, 0)
    scene.cluster.stop(VICTIM)
    common_files(scene)
    for name in ("votes", "ostrakon.db"):
        (kept / name).rename(home / name)
    scene.left_out.clear()
    scene.cluster.start(VICTIM)
    scene.wait_well(20)


def altered_later(scene):
    """A cluster.yaml altered on one node later on: it never joins, and comes back unharmed"""
    marks = {name: scene.mark(name) for name in scene.names}
    scene.cluster.stop(VICTIM)
    own_files(scene, lambda text: re.sub(r"tick_ms: \d+", "tick_ms: 4000", text))
    scene.forget(VICTIM)
    scene.left_out.add(VICTIM)
    scene.cluster.start(VICTIM)
    scene.wait_said(VICTIM, "OST-5401.*it is of another cluster", marks[VICTIM])
    scene.wait_said("atlas", f"OST-5501 member={VICTIM}", 0, 15)
    stays_out(scene, 0)
    mark = scene.mark(VICTIM)
    scene.cluster.stop(VICTIM)
    common_files(scene)
    scene.forget(VICTIM)
    scene.left_out.clear()
    scene.cluster.start(VICTIM)
    scene.wait_said(VICTIM, "OST-5401.*it is of another cluster", mark)
    scene.wait_well(30)


def stranger(scene):
    """A node with a transport key that is not the cluster's: refused at the door, and named"""
    marks = {name: scene.mark(name) for name in scene.names}
    home = Path(scene.cluster.members[VICTIM].dir)
    keys = scene.scratch / "keys"
    done = subprocess.run([scene.tools.ostrakon, "keygen", "--dir", str(keys), "--json"],
                          check=True, capture_output=True, text=True)
    strange = json.loads(done.stdout)["transport_key"]
    known = re.search(rf"name: {VICTIM}\n(?:.*\n)*?\s+transport_key: (\w+)",
                      (scene.cluster.directory / "cluster.yaml").read_text())[1]
    scene.cluster.stop(VICTIM)
    transport = home / "transport.pem"
    kept = transport.read_bytes()
    transport.write_bytes((keys / "transport.pem").read_bytes())
    own_files(scene, lambda text: text.replace(known, strange))
    scene.forget(VICTIM)
    scene.left_out.add(VICTIM)
    scene.cluster.start(VICTIM)
    for name in scene.others(VICTIM):
        scene.wait_said(name, f"OST-5502 member={VICTIM}.*does not hold its transport key",
                        marks[name], 15)
        scene.wait_said(VICTIM, f"OST-5502 member={name}.*refused us", marks[VICTIM], 15)
    # Who had another stranger from this address within the minute keeps this one to itself.
    shown = f"OST-5502.*its transport key {strange[:16]} is no member's"
    require(any(scene.said(name, shown, marks[name]) for name in scene.others(VICTIM)),
            "nobody names the key")
    stays_out(scene, 0)
    for name in scene.names:
        lines = scene.said(name, "OST-5502", marks[name])
        said = [re.sub(r"^\S+ |:\d+|suppressed=.*", "", line) for line in lines]
        require(len(said) == len(set(said)), f"{name} says it again within the minute: {lines}")
    scene.cluster.stop(VICTIM)
    transport.write_bytes(kept)
    common_files(scene)
    scene.forget(VICTIM)
    scene.left_out.clear()
    scene.cluster.start(VICTIM)
    scene.wait_well(30)


if __name__ == "__main__":
    play(lambda: Scene(BUILD),
         [stranger, founded_otherwise, altered_later, rows_are_counted_once])

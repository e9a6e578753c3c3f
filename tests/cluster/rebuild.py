"""Three of five members are gone for good, with their disks: a person rebuilds the cluster from
what the other two have, and the statistics go on."""

import shutil
import subprocess
import sys
from pathlib import Path

from scene import Chain, Scene, Story, require, rows_are_counted_once
from tap import play

BUILD = sys.argv[1]
SURVIVORS = ["helios", "argus"]
FENCES = 500  # are left out between the last of the old cluster and the first of the new one


def opened():
    return Scene(BUILD)


def rebuild(scene, name, *words):
    """(exit code, text, complaints) of `ostrakon cluster rebuild` on one of them."""
    members = [word for survivor in SURVIVORS for word in ("--member", survivor)]
    done = subprocess.run([scene.tools.ostrakon, "cluster", "rebuild", *members, "--config",
                           scene.cluster.members[name].config, *words],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def lose(scene):
    """The three are gone, the two stand still, at one height."""
    scene.wait_settled()
    lost = scene.others(*SURVIVORS)
    scene.cluster.kill(*lost)
    for name in lost:
        shutil.rmtree(scene.cluster.members[name].dir)
    scene.left_out.update(lost)
    for name in SURVIVORS:
        scene.wait_view(name, lambda view: view["state"] == "no_quorum"
                        and "ostrakon cluster rebuild" in view["action"], 20,
                        "names the way out")


def is_refused(scene):
    code, text, complaint = rebuild(scene, "helios", "--yes")
    require(code == 78 and "an agent runs on" in complaint, f"{code}: {text}{complaint}")
    scene.cluster.stop(*SURVIVORS)
    code, text, complaint = rebuild(scene, "helios", "--member", "nobody")
    require(code == 64 and "nobody is no member of demo" in complaint, f"{code}: {complaint}")
    path = scene.scratch / "told"
    code, text, complaint = rebuild(scene, "helios", "--output", str(path))
    require(code == 1 and "there are two clusters" in text.replace("\n", " ")
            and "Nothing is written yet" in text, f"{code}: {text}{complaint}")
    require(not path.exists(), "it was written without --yes")


def write(scene):
    """Both survivors write the same, if they are at one height."""
    texts = []
    for name in SURVIVORS:
        path = scene.scratch / f"rebuilt-{name}"
        code, text, complaint = rebuild(scene, name, "--yes", "--output", str(path))
        require(code == 0, f"{name}: {code}: {text}{complaint}")
        texts.append(path.read_text())
        require(rebuild(scene, name, "--yes", "--output", str(path))[0] == 78,
                "a founding document was written over")
    return texts


def rebuilt(scene):
    """Two survivors of five go on as a cluster of their own, with windows, fences and terms"""
    lose(scene)
    before = scene.grant()
    old = {name: scene.view(name) for name in SURVIVORS}
    is_refused(scene)
    texts = write(scene)
    newest = max(SURVIVORS, key=lambda name: old[name]["height"])
    if old[SURVIVORS[0]]["height"] == old[SURVIVORS[1]]["height"]:
        require(texts[0] == texts[1], "two survivors of one height write different documents")
    cluster_yaml = Path(scene.plan.directory) / "cluster.yaml"
    cluster_yaml.write_text(texts[SURVIVORS.index(newest)])
    go_on(scene, before, old, newest)


def go_on(scene, before, old, newest):
    """The agents start on the new document, with their own keys, and set the old data aside."""
    scene.names = list(SURVIVORS)
    scene.chain = Chain(SURVIVORS, 2)
    scene.story = Story()
    marks = {name: scene.mark(name) for name in SURVIVORS}
    for name in SURVIVORS:
        scene.forget(name)
    scene.cluster.start(*SURVIVORS)
    scene.wait_well(20)
    scene.wait_settled(30)
    for name in SURVIVORS:
        view = scene.view(name)
        require(view["cluster_id"] != old[name]["cluster_id"], "it has the old id")
        require(view["windows"]["settled_until"] > old[newest]["windows"]["settled_until"],
                "windows do not go on")
        require(int(view["grant"]["fence"]) > int(before["fence"]) + FENCES, f"{view['grant']}")
        require([member["name"] for member in view["members"]] == SURVIVORS, "others are there")
        scene.wait_said(name, "OST-5404.*the cluster was rebuilt from height", marks[name])
        home = Path(scene.cluster.members[name].dir)
        for file in ("votes", "ostrakon.db"):
            require(len(list(home.glob(f"{file}.of-????????????????"))) == 1,
                    f"{name}'s old {file} is not there")
        require(scene.ask(name, f"/v1/members/{name}")[1]["member"]["term"] > 1000,
                "an old term counts")


def restarted(scene):
    """An old database put back is none of this cluster's, and takes no vote back"""
    name = SURVIVORS[0]
    home = Path(scene.cluster.members[name].dir)
    scene.cluster.stop(name)
    votes = (home / "votes").stat().st_ino
    for path in home.glob("ostrakon.db-*"):
        path.unlink()
    shutil.copy(next(home.glob("ostrakon.db.of-????????????????")), home / "ostrakon.db")
    mark = scene.mark(name)
    scene.forget(name)
    scene.cluster.start(name)
    scene.wait_said(name, "OST-5401.*it is of another cluster", mark)
    scene.wait_well(20)
    require((home / "votes").stat().st_ino == votes, "it has another vote record")


if __name__ == "__main__":
    play(opened, [rebuilt, restarted, rows_are_counted_once])

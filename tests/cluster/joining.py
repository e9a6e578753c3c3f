"""A cluster grows: a member that the founding document does not have is admitted, and one whose
machine was replaced. Nobody who was there before is started again."""

import json
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from scene import Scene, require, rows_are_counted_once
from tap import play

from founding import address_of, demo_timing, make_keys, member_of, run, write_node_yaml

BUILD = sys.argv[1]
OPERATOR = "anna"
NEW = "hera"
NEW_INDEX = 5
REPLACED = "argus"
MOVED_INDEX = 6  # of its address
LAST = "nike"
LAST_INDEX = 7  # of its address
TIMING = {**demo_timing(1000, 2), "record_ticks": 4, "patience_ms": 60000}  # six take longer


def opened():
    return Scene(BUILD, timing=TIMING, operators=[OPERATOR])


def decide(scene, *words):
    done = subprocess.run([scene.tools.ostrakon, "operator", *words, "--key",
                           str(scene.plan.operator_key(OPERATOR)), "--socket",
                           scene.cluster.members["atlas"].socket, "--wait"],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    require(done.returncode == 0 and "decided at height" in done.stdout,
            f"{done.returncode}: {done.stdout}{done.stderr}")


def admit(scene, name, keys, *words):
    decide(scene, "admit", name, keys["vote_key"], *words)


def machine(scene, keys, index, role):
    """The words for a machine that listens at the address of this index."""
    return ["--transport-key", keys["transport_key"], "--address",
            address_of(scene.plan, index), "--role", role]


def joins(scene, member, index):
    """Its node.yaml, and what `ostrakon init` makes."""
    write_node_yaml(scene.plan, scene.tools, member, address_of(scene.plan, index))
    with open(member.config, "a") as config:
        config.write("joins: true\n")
    run(scene.tools.ostrakon, "init", "--config", member.config)


def told(scene, at):
    """The line of the newest block, as a member prints it for another's node.yaml."""
    line = run(scene.tools.ostrakon, "cluster", "checkpoint", "--socket",
               scene.cluster.members[at].socket)
    key = "[0-9a-f]{64}"
    require(re.fullmatch(rf"checkpoint: {{cluster_id: {key}, height: \d+, hash: {key}}}\n", line),
            line)
    return line


def height_of(line):
    return int(re.search(r"height: (\d+)", line)[1])


def of_another_history(line):
    return line[:-3] + ("0" if line[-3] != "0" else "1") + line[-2:]


def give(member, line):
    """Puts the line into its node.yaml, in the place of the one there."""
    config = Path(member.config)
    lines = [old for old in config.read_text().splitlines(True)
             if not old.startswith("checkpoint:")]
    config.write_text("".join(lines) + line)


def keeps_outset(scene, name):
    return (Path(scene.cluster.members[name].dir) / "outset").exists()


def pids(scene, names):
    """Of their agents alone: what one starts has its command line until it is another program."""
    return {name: scene.cluster.pids(name)[:1] for name in names}


def member(scene, at, name):
    code, document = scene.ask(at, f"/v1/members/{name}")
    return document["member"] if code == 200 else {"standing": None}


def has_good(scene, at, name):
    try:
        return member(scene, at, name)["standing"] == "good"
    except OSError:  # it does not answer now
        return False


def wait_good(scene, name, at):
    for other in at:
        scene.wait(lambda other=other: has_good(scene, other, name), 60,
                   f"{other} does not have {name} good")


def grows(scene):
    """A sixth member is admitted while all others run, goes no further than its checkpoint as
    long as that names another block, catches up with the right one, appeals, and is voted in"""
    before = pids(scene, scene.names)
    line = told(scene, "atlas")
    new = member_of(scene.plan, scene.tools, NEW_INDEX, NEW, "node")
    keys = make_keys(scene.tools, new.dir)
    joins(scene, new, NEW_INDEX)
    give(new, of_another_history(line))
    scene.cluster.members[NEW] = new
    scene.cluster.start(NEW)
    view = scene.wait_view(NEW, lambda view: "OST-1302" in str(view["reasons"]), 10,
                           "says that it only follows")
    words = re.search("ostrakon operator admit hera .*--role", str(view["reasons"]))
    require(words and keys["vote_key"] in words[0] and keys["transport_key"] in words[0],
            json.dumps(view["reasons"]))
    scene.wait_said("atlas", "its transport key [0-9a-f]{16} is no member's")
    admit(scene, NEW, keys, *machine(scene, keys, NEW_INDEX, "node"))
    view = scene.wait_view(NEW, lambda view: "OST-1205" in str(view["reasons"]), 20,
                           "goes beyond another block than the checkpoint's")
    scene.wait_height(view["height"] + 3, names=["atlas"])
    require(scene.view(NEW)["height"] == height_of(line) - 1, f"{scene.view(NEW)['height']}")
    require(keeps_outset(scene, NEW), "what it set out from is forgotten")
    mark = scene.mark(NEW)
    give(new, line)
    scene.cluster.restart(NEW)
    scene.wait_said(NEW, "OST-1206", mark)
    wait_good(scene, NEW, scene.names)
    scene.names.append(NEW)
    scene.chain.members.add(NEW)
    scene.wait_well(20)
    require(pids(scene, before) == before, "somebody was started again")
    seen = scene.view(NEW)
    require(seen["quorum"]["voters"] == 6 and seen["quorum"]["needed"] == 4, f"{seen['quorum']}")
    require(member(scene, "themis", NEW)["index"] == NEW_INDEX, "it has another index")


def counts(scene):
    """With two others stopped nothing is decided without it, and so it votes"""
    scene.wait(lambda: scene.view(NEW)["token"], 15, f"{NEW} has no token")
    away = ["selene", "themis"]
    scene.cluster.kill(*away)
    scene.wait_height(scene.height() + 3, 15)
    height = scene.height()
    code, block = scene.ask(NEW, f"/v1/blocks/{height}")
    signers = [signer["member"] for signer in block["certificate"]["signers"]]
    require(code == 200 and NEW in signers, f"block {height} is signed by {signers}")
    scene.cluster.start(*away)
    scene.wait_well(30)


def is_replaced(scene):
    """A member comes back on another machine: other keys and address, and an empty disk"""
    others = scene.others(REPLACED)
    before = pids(scene, others)
    old = scene.cluster.members[REPLACED]
    was = member(scene, "atlas", REPLACED)
    scene.cluster.send(REPLACED, signal.SIGKILL)
    scene.wait(lambda: not scene.cluster.pids(REPLACED), 5, "it does not end")
    shutil.rmtree(old.dir)
    Path(old.dir).mkdir()
    keys = make_keys(scene.tools, old.dir)
    joins(scene, old, MOVED_INDEX)
    scene.forget(REPLACED)
    admit(scene, REPLACED, keys, *machine(scene, keys, MOVED_INDEX, "witness"))
    scene.cluster.start(REPLACED)
    wait_good(scene, REPLACED, others)
    scene.wait_well(20)
    now = member(scene, NEW, REPLACED)
    require(now["index"] == was["index"] and now["transport_key"] == keys["transport_key"]
            and now["address"] == address_of(scene.plan, MOVED_INDEX), f"{now}")
    require(pids(scene, others) == before, "somebody was started again")


def restarted(scene):
    """Who joined is itself again after a restart, and so is everybody else"""
    new = scene.cluster.members[NEW]
    line = told(scene, "atlas")
    scene.wait_height(height_of(line), names=[NEW])
    scene.cluster.stop(NEW)
    give(new, of_another_history(line))
    refused = subprocess.run(new.command, stdin=subprocess.DEVNULL, capture_output=True,
                             text=True, timeout=30)
    require(refused.returncode == 78 and "move ostrakon.db away" in refused.stderr
            and line.split()[-1].strip("}") in refused.stderr,
            f"{refused.returncode}: {refused.stderr}")
    give(new, line)
    scene.cluster.start(NEW)
    scene.wait_well(20)
    for name in scene.names:
        scene.wait(lambda name=name: not keeps_outset(scene, name), 5, f"{name} keeps its outset")
    for name in (NEW, REPLACED, "helios"):
        scene.cluster.restart(name)
        scene.wait_well(20)


def grows_after_a_removal(scene):
    """Whoever is admitted after one was removed gets a place that nobody had"""
    decide(scene, "remove", NEW, "--yes")
    scene.cluster.stop(NEW)
    scene.left_out.add(NEW)
    last = member_of(scene.plan, scene.tools, LAST_INDEX, LAST, "witness")
    keys = make_keys(scene.tools, last.dir)
    admit(scene, LAST, keys, *machine(scene, keys, LAST_INDEX, "witness"))
    scene.wait(lambda: member(scene, "helios", LAST)["standing"] == "suspended", 5,
               f"helios does not have {LAST} suspended")
    seen = member(scene, "helios", LAST)
    require(seen["index"] == NEW_INDEX + 1, f"{seen}")


if __name__ == "__main__":
    play(opened, [grows, counts, is_replaced, restarted, rows_are_counted_once,
                  grows_after_a_removal])

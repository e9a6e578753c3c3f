"""The way back: a member that was neutered is cleared, admitted and reinstated, one whose key was
replaced falls silent, one that is drained leads nothing; and what no operator's word can do."""

import json
import re
import shutil
import subprocess
import sys

from neuter import VICTIM, home, turn_bit
from scene import Scene, require
from tap import play

BUILD = sys.argv[1]
OPERATOR = "anna"
HEX = re.compile(r"\b[0-9a-f]{64}\b")


def run(scene, *words):
    """(exit code, text, complaints) of an `ostrakon`."""
    done = subprocess.run([scene.tools.ostrakon, *words], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout, done.stderr


def order(scene, at, *words, operator=OPERATOR):
    """`ostrakon operator`, handed in at this member and waited for."""
    return run(scene, "operator", *words, "--key", str(scene.plan.operator_key(operator)),
               "--socket", scene.cluster.members[at].socket, "--wait")


def decide(scene, at, *words):
    """Likewise; answers the height at which it was decided."""
    code, text, complaints = order(scene, at, *words)
    require(code == 0, f"{words}: {code} {text} {complaints}")
    height = re.search(r"decided at height (\d+)", text)
    require(height is not None, text)
    return int(height[1])


def clear(scene, name, *words):
    return run(scene, "clear", "--memory", "64", "--config", scene.cluster.members[name].config,
               *words)


def member(scene, at, name=VICTIM):
    code, document = scene.ask(at, f"/v1/members/{name}")
    require(code == 200, f"{at}: {code} {document}")
    return document["member"]


def wait_member(scene, condition, what, name=VICTIM, of=None, seconds=20):
    """Until all members (or those of `of`) have it so."""
    scene.wait(lambda: all(condition(member(scene, at, name)) for at in of or scene.names),
               seconds, f"{name} {what}")


def signs(scene, name):
    """Whether its agent would sign anything."""
    code, document = scene.ask(name, "/v1/references")
    require(code == 200, f"{name}: {code}")
    return document["signs"]


def blocks_of(scene, at, height):
    code, document = scene.ask(at, f"/v1/blocks/{height}")
    require(code == 200, f"{at}: {code} {document}")
    return [(command["kind"], command["author"]) for command in document["block"]["commands"]]


def keep_key(scene, name, kept):
    """A copy of its vote key, as somebody's backup may have it."""
    shutil.copy2(home(scene, name) / "vote.pem", home(scene, name) / kept)


def put_back(scene, name, kept):
    shutil.copy2(home(scene, name) / kept, home(scene, name) / "vote.pem")


def neuter(scene, name=VICTIM):
    """A bit of its deciding state turns; all have it neutered."""
    mark = scene.mark(name)
    turn_bit(scene, name)
    scene.wait_said(name, "OST-1302", mark, 15)
    wait_member(scene, lambda m: m["standing"] == "neutered", "is not neutered everywhere", name)


def cleared(scene):
    """Cleared beside its running agent: examined, with a new key, waiting to be admitted"""
    scene.chain.needed = 3  # of four voters
    keep_key(scene, VICTIM, "first.pem")
    neuter(scene)
    old = member(scene, "atlas")["vote_key"]
    reason = scene.reasons("atlas")["OST-2101"]
    require(reason["member"] == VICTIM and "ostrakon clear" in reason["action"], f"{reason}")
    require("ostrakon clear" in scene.reasons(VICTIM)["OST-1302"]["action"],
            f"{scene.reasons(VICTIM)}")
    mark = scene.mark(VICTIM)
    code, text, complaints = clear(scene, VICTIM)
    require(code == 0, f"{code} {text} {complaints}")
    key = HEX.search(text)[0]
    require(key != old and f"ostrakon operator admit {VICTIM} {key} " in text, text)
    for latch in ("latch", "latch.d/latch"):
        require(not (home(scene) / latch).exists(), f"{latch} is still there")
    require((home(scene) / "vote.pem").stat().st_mode & 0o777 == 0o600, "vote.pem is open")
    scene.wait_said(VICTIM, "OST-1306", mark, 15)
    scene.wait_said(VICTIM, "OST-1302.*waits until an operator admits it.*operator admit",
                    mark, 15)
    reason = scene.wait_view(VICTIM, lambda view: "waits until" in str(view["reasons"]), 15,
                             "does not say that it waits")
    require(key in str(reason["reasons"]), f"{reason['reasons']}")
    require(member(scene, "atlas")["vote_key"] == old, "the chain has its new key already")
    require(clear(scene, VICTIM)[0] == 1, "there was something to clear twice")


def admitted(scene):
    """Admitted: on all members suspended with its new key, under a new term, and it follows"""
    key = HEX.search(scene.reasons(VICTIM)["OST-1302"]["action"])[0]
    before = member(scene, "atlas")
    mark = scene.mark(VICTIM)
    height = decide(scene, "themis", "admit", VICTIM, key)
    scene.wait_said(VICTIM, "OST-1303", mark, 15)  # and starts anew: asked no sooner than that
    scene.wait_view(VICTIM, lambda view: "OST-1302" not in str(view["reasons"])
                    and view["phase"] == "running", 20, "only follows still")
    wait_member(scene, lambda m: m["vote_key"] == key and m["term"] > before["term"]
                and m["standing"] in ("suspended", "good"), "is not admitted everywhere")
    require(("operator", OPERATOR) in blocks_of(scene, "atlas", height),
            f"it is not in block {height}")
    scene.wait_height(height + 2, names=[VICTIM])
    code, text, complaints = order(scene, "themis", "admit", VICTIM, key)
    require(code == 1 and "already" in complaints, f"twice: {code} {text} {complaints}")


def has_ballot(scene, at, name=VICTIM):
    code, document = scene.ask(at, f"/v1/members/{name}/record")
    require(code == 200, f"{at}: {code} {document}")
    return document["has_ballot"]


def reinstated(scene):
    """Reinstated upon its own appeal: good on all members, and with a ballot once it is perfect"""
    wait_member(scene, lambda m: m["standing"] == "good", "is not reinstated", seconds=60)
    require(signs(scene, VICTIM), "it does not sign")
    scene.wait(lambda: all(has_ballot(scene, at) for at in scene.names), 60,
               f"{VICTIM} has no ballot")


def old_key(scene):
    """An old vote.pem copied back over the new one is not used, and says so"""
    keep_key(scene, VICTIM, "second.pem")
    scene.cluster.stop(VICTIM)
    put_back(scene, VICTIM, "first.pem")
    mark = scene.mark(VICTIM)
    scene.cluster.start(VICTIM)
    scene.wait_said(VICTIM, "OST-1302.*is the key of its founding", mark, 15)
    require(not signs(scene, VICTIM), "it signs with an old key")
    scene.cluster.stop(VICTIM)
    put_back(scene, VICTIM, "second.pem")
    scene.cluster.start(VICTIM)
    scene.wait_view(VICTIM, lambda view: view["phase"] == "running"
                    and "OST-1302" not in str(view["reasons"]), 20, "does not run")


def replaced(scene):
    """Replaced by another key while it runs: its own is gone, and it latches"""
    elsewhere = home(scene) / "elsewhere"
    code, text, complaints = run(scene, "keygen", "--dir", str(elsewhere), "--json")
    require(code == 0, complaints)
    mark = scene.mark(VICTIM)
    decide(scene, "atlas", "admit", VICTIM, json.loads(text)["vote_key"])
    scene.wait_said(VICTIM, "OST-1307", mark, 15)
    scene.wait_said(VICTIM, "OST-1302.*the cluster has another vote key", mark, 15)
    require(not (home(scene) / "vote.pem").exists(), "vote.pem is still there")
    require(not signs(scene, VICTIM), "it signs")
    scene.cluster.stop(VICTIM)  # and cleared while no agent runs
    code, text, complaints = clear(scene, VICTIM, "--json")
    require(code == 0 and json.loads(text)["cleared"], f"{code} {text} {complaints}")
    mark = scene.mark(VICTIM)
    scene.cluster.start(VICTIM)
    scene.wait_said(VICTIM, "OST-1302.*waits until an operator admits it", mark, 15)
    scene.wait_said(VICTIM, "OST-5002", mark, 15)
    mark = scene.mark(VICTIM)
    decide(scene, "helios", "admit", VICTIM, json.loads(text)["vote_key"])
    scene.wait_said(VICTIM, "OST-1303", mark, 15)
    scene.wait_said(VICTIM, "OST-5002", mark, 15)  # has started anew: it can be asked again


def no_latch(scene, name="selene"):
    """Both latches deleted and the old vote.pem copied back: the chain keeps it from signing"""
    scene.chain.needed = 2  # of three voters
    keep_key(scene, name, "first.pem")
    neuter(scene, name)
    scene.cluster.stop(name)
    for latch in ("latch", "latch.d/latch"):
        (home(scene, name) / latch).unlink()
    put_back(scene, name, "first.pem")
    mark = scene.mark(name)
    scene.cluster.start(name)
    line = scene.wait_said(name, "OST-1302.*has it neutered since", mark, 15)
    require("clear --new-key" in line, line)
    require(not signs(scene, name), "it signs")


def no_quorum(scene):
    """What no quorum decides is said to be void when its time is over"""
    gone = scene.others("themis", VICTIM, "selene")
    scene.cluster.stop(*gone)
    code, _, complaints = order(scene, "themis", "pause", "1m", "--valid", "2s")
    require(code == 2 and "was not decided by" in complaints, f"{code} {complaints}")
    scene.cluster.start(*gone)
    scene.wait_height(scene.height() + 2, 20)


def drained(scene):
    """A leader that is drained hands its grant over, and nobody's standing changes"""
    before = scene.grant()
    standings = {name: member(scene, "themis", name)["standing"] for name in scene.names}
    decide(scene, "themis", "drain", before["holder"])
    after = scene.wait_moved(before, names=["themis", "atlas"])
    require(after["holder"] != before["holder"], f"{after}")
    require(standings == {name: member(scene, "themis", name)["standing"]
                          for name in scene.names}, "a standing has changed")
    code, _, complaints = order(scene, "themis", "drain", before["holder"])
    require(code == 1 and "drained already" in complaints, f"{code} {complaints}")
    decide(scene, "themis", "undrain", before["holder"])


def rows_after_all(scene):
    """After all that every row of the traffic is counted once"""
    scene.check_totals()


if __name__ == "__main__":
    play(lambda: Scene(BUILD, operators=[OPERATOR]),
         [cleared, admitted, reinstated, old_key, replaced, no_latch, drained, no_quorum,
          rows_after_all])

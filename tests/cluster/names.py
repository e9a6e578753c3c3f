"""Names of the service: each member records what its hooks are told. An owner is killed, and a
witness serves in its place; one whose takeover fails; an owner that comes back."""

import json
import sys
from pathlib import Path

from removal import VICTIM, wait_electors, wait_standing
from scene import Scene, require
from tap import play

BUILD = sys.argv[1]
NAME = f"{VICTIM}.example.org"
LEASE_S = 8
MARGIN_S = 2.08  # 2 s and 1 % of the lease
TIMING = {"record_ticks": 4, "patience_ms": 2000, "name_lease_s": LEASE_S}

# A line for each event, with the second; fails while the file says so.
HOOK = """#!/bin/sh
here=$1
echo "$(date +%s.%N) $OSTRAKON_MEMBER $OSTRAKON_EVENT $OSTRAKON_NAME $OSTRAKON_FENCE" >>"$here/told"
[ ! -e "$here/fail-$OSTRAKON_MEMBER-$OSTRAKON_EVENT" ]
"""


def prepare(scene):
    hook = scene.scratch / "hook"
    hook.write_text(HOOK)
    hook.chmod(0o755)
    command = [str(hook), str(scene.scratch)]
    for name in scene.names:
        path = Path(scene.cluster.members[name].config)
        lines = path.read_text().splitlines()
        hooks = json.loads(next(line for line in lines if line.startswith("hooks:"))[6:])
        hooks |= {"takeover": command, "release": command}
        kept = [line for line in lines if not line.startswith("hooks:")]
        path.write_text("\n".join([*kept, f"hooks: {json.dumps(hooks)}"]) + "\n")


def opened():
    names = [f"{node}.example.org,{node}" for node in ("atlas", "helios", "selene")]
    # A sanitized build has ticks twice as long.
    scene = Scene(BUILD, prepare=prepare, timing=TIMING, service_names=names)
    scene.chain.needed = 3
    return scene


def told(scene, service=NAME):
    """[(second, member, event, fence)] of that name, oldest first."""
    path = scene.scratch / "told"
    words = [line.split() for line in path.read_text().splitlines()] if path.exists() else []
    return [(float(at), member, event, int(fence))
            for at, member, event, name, fence in words if name == service]


def serving(scene, service=NAME):
    """Who is, by what the hooks were told; as often as a member let go it does not."""
    who = set()
    for _, member, event, _ in told(scene, service):
        (who.add if event == "takeover" else who.discard)(member)
    return who


def wait_serving(scene, member, seconds):
    scene.wait(lambda: serving(scene) == {member}, seconds,
               f"{member} serves under {NAME}: {told(scene)}")


def held_by(scene, name):
    code, document = scene.ask(name, "/v1/names")
    require(code == 200, f"{name}: {code} {document}")
    return {item["name"]: item["holder"] for item in document["items"]}


def holds(scene, name):
    return scene.ask(name, f"/v1/check/holds/{NAME}")[0] == 200


def serve(scene):
    """From its first attestation on each owner serves under its name, and nobody else"""
    for owner in ("atlas", "helios", "selene"):
        scene.wait(lambda: serving(scene, f"{owner}.example.org") == {owner}, 10,
                   f"{owner} serves")
    scene.wait(lambda: holds(scene, VICTIM), 5, "its own agent says so")
    require(not holds(scene, "argus"), "argus says that it holds it")
    require(held_by(scene, "themis")[NAME] == VICTIM, f"{held_by(scene, 'themis')}")


def steps_in(scene):
    """An owner is killed: when its lease is over a witness serves, and the status says so"""
    wait_electors(scene)
    (scene.scratch / "fail-argus-takeover").touch()
    mark = scene.mark("themis")
    scene.cluster.kill(VICTIM)
    wait_standing(scene, "suspended", scene.others(VICTIM))
    scene.wait_said("themis", f"may hold the name {NAME} no longer", mark)
    scene.wait(lambda: any(member == "argus" for _, member, event, _ in told(scene)
                           if event == "takeover"), LEASE_S + MARGIN_S + 5, "argus tries")
    # Its hook fails: it lets go of the name, and the next witness serves.
    scene.wait(lambda: "themis" in serving(scene), 20, f"themis serves: {told(scene)}")
    scene.wait(lambda: holds(scene, "themis"), 5, "its agent says so")
    require(not holds(scene, "argus"), "argus says that it holds it")
    view = scene.view("atlas")
    reason = {reason["code"]: reason for reason in view["reasons"]}["OST-3301"]
    require(f"themis serves under {NAME} in place of {VICTIM}" in reason["text"], f"{reason}")
    (scene.scratch / "fail-argus-takeover").unlink()


def goes_back(scene):
    """The owner is back, and perfect: the witness lets go before it serves again; while its hook
    fails to, its status says so"""
    failing = scene.scratch / "fail-themis-release"
    failing.touch()
    scene.cluster.start(VICTIM)
    wait_standing(scene, "good", scene.names)
    scene.wait(lambda: "OST-6002" in scene.reasons("themis"), 30, "its status tells of the hook")
    reason = scene.reasons("themis")["OST-6002"]
    require("themis may still serve under that name" in reason["text"]
            and NAME in reason["text"], f"{reason}")
    failing.unlink()
    scene.wait(lambda: "OST-6002" not in scene.reasons("themis"), 10, "it is over")
    wait_serving(scene, VICTIM, 30)
    events = [(member, event) for _, member, event, _ in told(scene)]
    last = len(events) - 1 - events[::-1].index((VICTIM, "takeover"))
    require(("themis", "release") in events[:last], f"{told(scene)}")
    require(told(scene)[last][3] > 1, "under the fence that it had before")
    scene.wait_settled()
    scene.wait_well(20)


def short_absence(scene):
    """An agent that is back within its lease keeps its name, and nobody else is told of it"""
    before = told(scene)
    scene.cluster.kill(VICTIM)
    scene.cluster.start(VICTIM)
    scene.wait(lambda: len(told(scene)) > len(before), 10, "it takes its name again")
    scene.wait(lambda: holds(scene, VICTIM), 10, "it serves")
    new = told(scene)[len(before):]
    require(all(member == VICTIM for _, member, _, _ in new), f"{new}")
    require(new[-1][2] == "takeover", f"{new}")
    scene.wait_well(20)


if __name__ == "__main__":
    play(opened, [serve, steps_in, goes_back, short_absence])

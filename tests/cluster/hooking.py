"""The hooks of standings: each member records what it is told when one is suspended, reinstated
and neutered; one of them hangs; and one disables the removed member's role in PostgreSQL."""

import json
import os
import shutil
import sys
from pathlib import Path

from neuter import turn_bit
from removal import TIMING, VICTIM, wait_electors, wait_standing
from scene import ROOT, Scene, require
from tap import Skipped, play

sys.path.insert(0, str(ROOT / "tests" / "hooks"))
from founding import address_of  # noqa: E402
from postgres import Server, programs  # noqa: E402

BUILD = sys.argv[1]
HANGS = "atlas"  # its hook, if it is told to
DATABASE = "argus"  # this member's agent is beside the database
UNFIT = "themis"
EVENTS = ("neuter", "lock_out", "standing")
SHORT_S = 5
AGAIN_S = 5  # after which a hook that failed is run again (EVENTS_AGAIN_MS)

# Keeps what it is told on standard input, a line each.
HOOK = """#!/bin/sh
here=$1
shift
cat >>"$here/told-$OSTRAKON_MEMBER-$OSTRAKON_EVENT"
[ -e "$here/hang-$OSTRAKON_MEMBER-$OSTRAKON_EVENT" ] && exec sleep 60
[ $# = 0 ] || exec "$@"
"""


def told(scene, name, event, subject=None):
    """The facts of each run of this member's hook, oldest first."""
    path = scene.scratch / f"told-{name}-{event}"
    runs = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    return [facts for facts in runs if subject in (None, facts.get("subject"))]


def wait_told(scene, name, event, subject, standings, seconds=10):
    """Until the hook was run for these standings of the subject, and no others; the last."""
    def was():
        return [facts["standing"] for facts in told(scene, name, event, subject)]
    try:
        scene.wait(lambda: len(was()) >= len(standings), seconds, "")
    except TimeoutError:
        pass
    require(was() == standings, f"{name} was told by {event} that {subject} is {was()}, not "
                                f"{standings}")
    return told(scene, name, event, subject)[-1]


def are_right(scene, facts, at, event):
    """As this member's own API has them, since nothing has changed meanwhile."""
    view = scene.wait(lambda: scene.cluster.status(at), 10, f"{at} does not answer")
    subject = facts["subject"]
    standings = {one["name"]: one["standing"] for one in view["members"]}
    code, document = scene.ask(at, f"/v1/members/{subject}")
    require(code == 200, f"{at}: {code} {document}")
    good = " ".join(f"{name}={address_of(scene.plan, index)}"
                    for index, name in enumerate(scene.names) if standings[name] == "good")
    own = {"event": event, "cluster": view["cluster"], "member": at, "subject": subject,
           "standing": standings[subject], "term": document["member"]["term"],
           "good": good, "deadline_ms": 1000 * SHORT_S}
    require({key: value for key, value in facts.items() if key != "height"} == own,
            f"{at}: {facts}, not {own}")
    require(0 <= facts["height"] <= view["height"], f"{facts} at height {view['height']}")


def prepare(scene):
    """Before the agents start: a hook for all, a server for one."""
    hook = scene.scratch / "hook"
    hook.write_text(HOOK)
    hook.chmod(0o755)
    for name in scene.names:
        path = Path(scene.cluster.members[name].config)
        lines = path.read_text().splitlines()
        hooks = json.loads(next(line for line in lines
                                if line.startswith("hooks:")).removeprefix("hooks:"))
        more = database_hook(scene) if name == DATABASE else []
        hooks |= {event: [str(hook), str(scene.scratch), *(more if event != "neuter" else [])]
                  for event in EVENTS}
        lines = [line for line in lines if not line.startswith("hooks:")]
        path.write_text("\n".join([*lines, "hooks: " + json.dumps(hooks)]) + "\n")


def database_hook(scene):
    """The reference hook for a server in which each member has a role; nothing without one."""
    scene.server = None
    if programs() is None or shutil.which("psql") is None or (
            os.getuid() == 0 and shutil.which("setpriv") is None):
        return []
    home = scene.scratch / "server"
    home.mkdir()
    scene.scratch.chmod(0o755)  # it is not root's
    scene.server = Server(home)
    scene.undo.append(scene.server.close)
    for name in scene.names:
        scene.server.sql(f"CREATE ROLE member_{name} LOGIN")
    return [str(ROOT / "deploy" / "hooks" / "postgresql-lock-out"), scene.server.url(), "member_"]


def opened():
    scene = Scene(BUILD, prepare=prepare, timing=TIMING)
    scene.chain.needed = 3  # of four voters
    return scene


def may_log_in(scene, name):
    return scene.server.sql(f"SELECT rolcanlogin FROM pg_roles WHERE rolname = 'member_{name}'"
                            ) == "t"


def starts(scene):
    """At its start each member is told everybody's standing, its own first, and nothing else"""
    for name in scene.names:
        for subject in scene.names:
            facts = wait_told(scene, name, "standing", subject, ["good"])
            are_right(scene, facts, name, "standing")
        require(told(scene, name, "standing")[0]["subject"] == name, f"{name} is not the first")
        for event in ("lock_out", "neuter"):
            require(told(scene, name, event) == [], f"{name} was told of {event}")


def suspended(scene):
    """One is suspended: each other is told by lock_out and then by standing, once; of a hook that
    hangs no more than 5 s are waited for, and it is told again"""
    wait_electors(scene)
    hang = scene.scratch / f"hang-{HANGS}-lock_out"
    hang.touch()
    mark = scene.mark(HANGS)
    scene.cluster.kill(VICTIM)
    wait_standing(scene, "suspended", scene.others(VICTIM))
    for name in scene.others(VICTIM, HANGS):
        for event, standings in (("lock_out", ["suspended"]), ("standing", ["good", "suspended"])):
            are_right(scene, wait_told(scene, name, event, VICTIM, standings), name, event)
    wait_told(scene, HANGS, "lock_out", VICTIM, ["suspended"])
    require(len(told(scene, HANGS, "standing", VICTIM)) == 1, "the one has overtaken the other")
    wait_told(scene, HANGS, "standing", VICTIM, ["good", "suspended"], SHORT_S + 3)
    scene.wait_said(HANGS, f"OST-6002.*hook lock_out of {VICTIM} on {HANGS}: killed, its time was "
                           "over", mark)
    hang.unlink()
    wait_told(scene, HANGS, "lock_out", VICTIM, ["suspended", "suspended"], AGAIN_S + 5)
    scene.wait_said(HANGS, f"OST-6001.*hook lock_out of {VICTIM} on {HANGS}: ok", mark)


def database(scene):
    """The role of the member that is suspended may not log in, those of the others may"""
    if scene.server is None:
        raise Skipped("there is no PostgreSQL server here")
    scene.wait(lambda: not may_log_in(scene, VICTIM), 5, f"{VICTIM} may log in")
    for name in scene.others(VICTIM):
        require(may_log_in(scene, name), f"{name} may not log in")


def reinstated(scene):
    """Reinstated: each is told so by standing, once, and its role may log in again"""
    scene.cluster.start(VICTIM)
    wait_standing(scene, "good", scene.names)
    for name in scene.others(VICTIM):
        facts = wait_told(scene, name, "standing", VICTIM, ["good", "suspended", "good"])
        are_right(scene, facts, name, "standing")
        was = len(told(scene, name, "lock_out"))
        require(was == (2 if name == HANGS else 1), f"{name} was told of {was} lock_outs")
    scene.wait(lambda: told(scene, VICTIM, "standing", VICTIM)[-1]["standing"] == "good", 10,
               f"{VICTIM} was not told that it is back")
    if scene.server is not None:
        scene.wait(lambda: may_log_in(scene, VICTIM), 5, f"{VICTIM} may not log in")


def neutered(scene):
    """A bit turns: that member runs its neuter hook, at each start as long as it is neutered; the
    others lock it out"""
    mark = scene.mark(UNFIT)
    turn_bit(scene, UNFIT)
    for name in scene.others(UNFIT):
        facts = wait_told(scene, name, "lock_out", UNFIT, ["neutered"])
        are_right(scene, facts, name, "lock_out")
    scene.wait_said(UNFIT, "OST-6001.*hook neuter on", mark, 15)
    facts = told(scene, UNFIT, "neuter")
    require(len(facts) == 1 and facts[0]["event"] == "neuter" and facts[0]["member"] == UNFIT
            and f"{UNFIT} is neutered since" in facts[0]["reason"], f"{facts}")
    mark = scene.mark(UNFIT)
    scene.cluster.stop(UNFIT)
    scene.cluster.start(UNFIT)
    scene.wait_said(UNFIT, "OST-6001.*hook neuter on", mark, 15)
    require(len(told(scene, UNFIT, "neuter")) == 2, "it is not told again")
    scene.wait(lambda: told(scene, UNFIT, "standing", UNFIT)[-1]["standing"] == "neutered", 10,
               "it is not told its own standing")
    scene.left_out.add(UNFIT)



def rows_after_all(scene):
    """After all that every row of the traffic is counted once"""
    scene.check_totals()


if __name__ == "__main__":
    play(opened, [starts, suspended, database, reinstated, neutered, rows_after_all])

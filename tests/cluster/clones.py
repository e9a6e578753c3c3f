"""One key in two agents: a copy of a running member's directory is started beside it, and who
connects to its address is led to the one and the other in turn."""

import re
import shutil
import sys
from pathlib import Path

from relay import Relay
from scene import Scene, processes, require, rows_are_counted_once, time_passes
from tap import play

BUILD = sys.argv[1]
VICTIM = "argus"
FIRST, SECOND, API = 2, 3, 103  # where the two listen, and the copy's API, from its own port on
TURN_S = 0.7
LISTENS_S = 3  # from its start on; two that listen at once are both refused


def with_relay(scene):
    """The victim listens elsewhere; its address is the relay's."""
    config = Path(scene.cluster.members[VICTIM].config)
    scene.port = int(re.search(r"listen: .*:(\d+)", config.read_text())[1])
    config.write_text(config.read_text().replace(f":{scene.port}", f":{scene.port + FIRST}", 1))
    scene.relay = Relay(scene.port)
    scene.relay.choose(scene.port + FIRST)
    scene.undo.append(scene.relay.close)


def copy_of(scene):
    """Its command and log."""
    home = Path(scene.cluster.members[VICTIM].dir)
    copy = scene.scratch / "copy"
    shutil.copytree(home, copy, ignore=shutil.ignore_patterns("*.sock", "lock"))
    config = copy / "node.yaml"
    text = config.read_text().replace(str(home), str(copy))
    text = text.replace(f":{scene.port + FIRST}", f":{scene.port + SECOND}", 1)
    text = re.sub(r"(?m)^api: .*$", f'api: "127.0.0.1:{scene.port + API}"', text)
    text = re.sub(r"(?m)^socket: .*$", f'socket: "{copy}/agent.sock"', text)
    config.write_text(text)
    command = [scene.tools.ostrakond, "--config", str(config)]
    scene.undo.append(lambda: processes.stop([command]))
    return command, scene.scratch / "copy.log"


def a_copy(scene):
    """A copy of a member that runs signs nothing, and says why; the member goes on"""
    time_passes(LISTENS_S)
    mark = scene.mark(VICTIM)
    command, log = copy_of(scene)
    processes.start(command, log)

    def refused():
        scene.relay.choose(scene.port + SECOND)
        time_passes(TURN_S)
        scene.relay.choose(scene.port + FIRST)
        time_passes(TURN_S)
        return [line for line in log.read_text().splitlines()
                if re.search("R09|another agent|runs as this member", line)]

    lines = scene.wait(refused, 20, "the copy does not know that it is one")
    require(any("R09" in line for line in lines), f"it does not name R09: {lines}")
    time_passes(1)
    require(not scene.said(VICTIM, "R09", mark), "the one that was there first falls silent")
    processes.stop([command])
    scene.wait_well(20)
    scene.wait_settled()


def a_restart(scene):
    """A member that is killed and started at once is itself: it votes, and nobody is told"""
    marks = {name: scene.mark(name) for name in scene.names}
    scene.cluster.kill(VICTIM)
    scene.cluster.start(VICTIM)
    scene.wait_well(20)
    for name in scene.names:
        require(not scene.said(name, "R09", marks[name]), f"in {name}")


if __name__ == "__main__":
    play(lambda: Scene(BUILD, prepare=with_relay), [a_restart, a_copy, rows_are_counted_once])

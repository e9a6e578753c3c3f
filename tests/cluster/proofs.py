"""What convicted a member, looked at again by whoever has the log."""

import json
import subprocess

from scene import require


def convict_again(scene):
    """What convicted it convicts it again before anybody who has the log, and does the work"""
    name = next(iter(scene.cluster.members))
    code, log = scene.ask(name, "/v1/log?limit=1000&code=OST-2211")
    require(code == 200, f"{name}: {code} {log}")
    proved = [item for item in log["items"] if "wrong answer" in item["message"]]
    done = subprocess.run([scene.tools.ostrakon, "audit", "--json", "--config",
                           scene.cluster.members[name].config], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=120)
    require(done.returncode == 0, done.stdout + done.stderr)
    page = json.loads(done.stdout)
    print(f"# {page['proofs']} proofs by an answer, of {page['to']} blocks", flush=True)
    require(page["proofs"] == len(proved), f"{page}: {proved}")

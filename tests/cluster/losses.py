"""What the sound members of a cluster have of one another, looked at all the time while one lies:
nobody loses anything for more than 2 s.

A ballot is lost for a whole record by one tick that is not perfect, and on a busy machine a sound
member spoils one by itself. Its own attestation says then which reference was not well, and these
are no lone liar's to spoil: that its event loop stood still (R22; not by a flood either, see
flood.py) or was late (R30), that its disk was slow (R24), that it lost messages on more than half
of its links (R27). Whatever else spoils a tick is counted: accusations, refutations, other
references, an attestation that nobody decided."""

import base64
import http.client
import threading
import time
from pathlib import Path

from scene import require, settled_until

LOST_S = 2.0
LATE_S = 40  # for a window to be settled, whoever leads or audits it
LOADED = {"R22", "R24", "R27", "R30"}
STALL_TICKS = 3  # from a tick without an attestation to the next one that is judged


def is_of_stall(item, own):
    """Nothing came from it in that tick, and a tick beside that tells why."""
    return item["cause"] == "not_attested" and any(abs(item["tick"] - tick) <= STALL_TICKS
                                                   for tick in own)


def home(scene, name):
    return Path(scene.cluster.members[name].dir)


class Losses(threading.Thread):
    """What the sound members have of one another, as each of them shows it, all the time."""

    def __init__(self, scene, sound):
        super().__init__(daemon=True)
        self.scene = scene
        self.sound = sound
        self.ended = threading.Event()
        self.lost = {}
        self.wrong = []
        self.looks = 0
        self.longest = {}
        self.spoilt = {}
        self.by_load = set()

    def run(self):
        while not self.ended.wait(0.1):
            for at in self.sound:
                try:
                    self.look(at)
                except (OSError, http.client.HTTPException) as error:
                    self.see(at, at, f"answers ({error})", False)

    def look(self, at):
        view = self.scene.cluster.status(at)
        self.see(at, at, "answers", view is not None)
        if view is None:
            return
        for member in view["members"]:
            name = member["name"]
            if name not in self.sound:
                continue
            self.see(at, name, "standing", member["standing"] == "good")
            self.see(at, name, "ballot", member["record_ticks"] >= view["record_ticks"]
                     or self.is_by_load(at, name))
            self.see(at, name, "token", self.token_is_good(at, name))
        self.see(at, at, "grant", view["grant"] is not None)
        late = (self.scene.now() - settled_until(view)).total_seconds()
        self.see(at, at, "settled windows", late < LATE_S * self.scene.scale)
        self.looks += 1

    def token_is_good(self, at, name):
        word = base64.urlsafe_b64encode((home(self.scene, name) / "token.jws").read_bytes())
        return verify(self.scene, at, word.rstrip(b"=").decode()) == 200

    def is_by_load(self, at, name):
        """Whether it is without a ballot over ticks alone that its own machine has spoilt: each
        costs a record, which no liar has to do with."""
        code, document = self.scene.cluster.ask(at, f"/v1/members/{name}/record")
        spoilt = {item["tick"]: item for item in document["items"]
                  if item["perfect"] is False} if code == 200 else {}
        texts = {f"{name} in tick {tick}: {item['text']}" for tick, item in spoilt.items()}
        self.spoilt[at, name] = texts
        own = {tick for tick, item in spoilt.items() if item["cause"] == "own_reference"
               and set(item["references"]) <= LOADED}
        if not own or not all(tick in own or is_of_stall(item, own)
                              for tick, item in spoilt.items()):
            return False
        self.by_load |= texts
        return True

    def see(self, at, name, what, has):
        now = time.monotonic()
        key = (at, name, what)
        if has:
            self.lost.pop(key, None)
            return
        since = self.lost.setdefault(key, now)
        self.longest[what] = max(self.longest.get(what, 0), now - since)
        if now - since > LOST_S * self.scene.scale:
            moment = self.scene.now().isoformat(timespec="milliseconds")
            self.wrong.append(f"{moment}: {name} is without {what} at {at} for "
                              f"{now - since:.1f} s "
                              f"({self.spoilt.get((at, name)) if what == 'ballot' else ''})")
            self.lost[key] = float("inf")  # said once

    def end(self):
        self.ended.set()
        self.join()
        require(self.looks > 0, "nobody was asked")


def verify(scene, at, word):
    """The status that an agent's verdict on a token has."""
    host = scene.cluster.members[at].api.removeprefix("http://").rstrip("/")
    connection = http.client.HTTPConnection(host, timeout=5)
    try:
        connection.request("GET", "/v1/token/verify", headers={"Authorization": f"Bearer {word}"})
        response = connection.getresponse()
        response.read()
        return response.status
    finally:
        connection.close()

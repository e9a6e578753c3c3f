"""Looks at all members all the time: what one look shows may be undone before the next case
looks."""

import threading
import time

LOOK_S = 0.1


class Watcher(threading.Thread):
    """Per member and overall: `settled_until` never goes back, and a fence has one holder. A
    member that has lost its blocks is forgiven by `forget`."""

    def __init__(self, cluster):
        super().__init__(daemon=True)
        self.cluster = cluster
        self.ended = threading.Event()
        self.lock = threading.Lock()
        self.settled = {}
        self.heights = {}
        self.holders = {}
        self.looks = 0
        self.wrong = []

    def run(self):
        while not self.ended.is_set():
            for name in list(self.cluster.members):
                begun = time.monotonic()
                view = self.cluster.status(name, seconds=1.0)
                if view is not None:
                    with self.lock:
                        self.look(name, view)
                if time.monotonic() - begun > 0.5:
                    break
            self.ended.wait(LOOK_S)

    def look(self, name, view):
        self.looks += 1
        self.grows(self.settled, name, view["windows"]["settled_until"], "settled_until")
        self.grows(self.heights, name, view["height"], "the height")
        grant = view["grant"]
        if grant is not None:
            holder = self.holders.setdefault(int(grant["fence"]), grant["holder"])
            if holder != grant["holder"]:
                self.wrong.append(f"fence {grant['fence']} is held by {holder} and by "
                                  f"{grant['holder']}")

    def grows(self, known, name, value, what):
        if value < known.get(name, value):
            self.wrong.append(f"{name}: {what} went back from {known[name]} to {value}")
        known[name] = value

    def forget(self, name):
        with self.lock:
            self.settled.pop(name, None)
            self.heights.pop(name, None)

    def stop(self):
        self.ended.set()
        self.join()

"""Kills ingest, traffic and workers at random moments: is each row counted once?

kills.py OSTRAKON_STATS file|postgresql [SEED]: prints TAP. What it takes to see a run again is the
seed, as far as a scheduler can be made to repeat itself.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time

from places import play

PROGRAM = sys.argv[1]
SEED = int(sys.argv[3]) if len(sys.argv) > 3 else random.randrange(2**32)
KILLS = 25
WINDOW_S = 1
NODES = ["atlas", "helios", "selene"]
WITNESSES = ["argus", "themis"]
DICE = random.Random(SEED)


def stats(*words, check=True):
    done = subprocess.run([PROGRAM, *map(str, words)], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert not check or done.returncode == 0, (words, done.returncode, done.stderr)
    return done


def start(*words, **more):
    return subprocess.Popen([PROGRAM, *map(str, words)], stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)


def kill(process):
    process.kill()
    process.communicate()


def ingest_is_killed(place, scratch):
    """Ingest that is killed 25 times adds each line of its file once"""
    sink, log = place.address(), scratch / "log"
    lines = []
    for number in range(20000):
        row = {"time": 1795329000 + number // 100, "customer": f"c{number % 7}",
               "node": DICE.choice(NODES), "verdict": "positive"}
        if number % 2:
            row["id"] = f"i{number}"
        lines.append(json.dumps(row))
    log.write_text("\n".join(lines) + "\n")
    stats("init", "--sink", sink)
    died = 0
    for _ in range(KILLS):
        process = start("ingest", "--sink", sink, log)
        time.sleep(DICE.uniform(0, 0.1))
        died += process.poll() is None
        kill(process)
    stats("ingest", "--sink", sink, log)
    assert died > 0, "none was killed in time"
    assert place.one("SELECT count(*) FROM raw") == len(lines)
    assert place.one("SELECT count(*) FROM (SELECT DISTINCT node, id FROM raw) r") == len(lines)


def traffic_is_killed(place, scratch):
    """Traffic that is killed 25 times has in the sink what is in its log, once"""
    sink, log = place.address("atlas"), scratch / "log"
    words = ["traffic", "--sink", sink, "--node", "atlas", "--rows-per-s", 3000, "--log", log]
    stats("init", "--sink", place.address())
    for number in range(KILLS):
        process = start(*words)
        time.sleep(DICE.uniform(0.01, 0.15))
        kill(process)
        if number % 5 == 0:
            with log.open("a") as torn:
                torn.write('{"time":"2026-11-22T06:30:00.000Z","id":"to')
    process = start(*words)
    time.sleep(0.2)
    assert stats("verify", "--sink", sink, "--log", log).returncode == 0, "while it runs"
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    assert process.returncode == 0
    seen = json.loads(stats("verify", "--json", "--sink", sink, "--log", log).stdout)
    assert seen["equal"] and seen["arriving"] == 0 and seen["generated"] > 0, seen
    assert seen["generated"] == len(log.read_text().splitlines())


class Chain:
    """What the agents decide, as far as the sink can tell: who leads, under which fence, until
    two different members have reported the same."""

    def __init__(self, place):
        self.place = place
        self.fence = 0
        self.settled = int(time.time()) // WINDOW_S - 1
        self.claims = {}

    def work(self, role, member, last):
        facts = {"EVENT": "grant", "ROLE": role, "MEMBER": member, "FENCE": self.fence,
                 "FIRST_WINDOW": self.settled + 1, "LAST_WINDOW": last, "WINDOW_S": WINDOW_S,
                 "DEADLINE_MS": 20000}
        return start("work", "--sink", self.place.address(member),
                     env={**os.environ, **{f"OSTRAKON_{k}": str(v) for k, v in facts.items()}})

    def hear(self, member, process):
        for line in process.communicate()[0].splitlines():
            word, window, digest = line.split()
            assert word == "result", (member, line)
            said = self.claims.setdefault(int(window), {})
            assert said.setdefault(member, digest) == digest, (member, line)

    def turn(self, last, life_s):
        """One grant for what is due: a pair that may be killed after some time."""
        self.fence += 1
        leader = DICE.choice(NODES)
        auditor = DICE.choice(WITNESSES)
        pair = [(leader, self.work("leader", leader, last)),
                (auditor, self.work("auditor", auditor, last))]
        DICE.shuffle(pair)
        for member, process in pair:
            if life_s is not None:
                time.sleep(DICE.uniform(0, life_s))
                process.kill()
            self.hear(member, process)
        while len(set(self.claims.get(self.settled + 1, {}).items())) > 1:
            assert len(set(self.claims[self.settled + 1].values())) == 1
            self.settled += 1


def all_are_killed(place, scratch):
    """Rows of three nodes are published once each while everything is killed all the time"""
    sink = place.address()
    logs = [scratch / f"{node}.log" for node in NODES]
    stats("init", "--sink", sink, "--window-s", WINDOW_S)
    chain = Chain(place)

    def traffic(node):
        return start("traffic", "--sink", place.address(node), "--node", node, "--rows-per-s", 500,
                     "--log", scratch / f"{node}.log")

    running = {node: traffic(node) for node in NODES}
    until = time.monotonic() + 6
    while time.monotonic() < until:
        victim = DICE.choice(NODES)
        kill(running[victim])
        running[victim] = traffic(victim)
        chain.turn(int(time.time()) // WINDOW_S - 1, 0.2)
    for process in running.values():
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
        assert process.returncode == 0
    stopped = int(time.time()) // WINDOW_S
    while chain.settled < stopped:
        time.sleep(0.05)
        chain.turn(int(time.time()) // WINDOW_S - 1, None)
    seen = json.loads(stats("verify", "--json", "--sink", sink, *logs, "--settled-until",
                            chain.settled).stdout)
    assert seen["equal"] and seen["unpublished"] == 0 and seen["published"] > 0, seen
    published = place.one("SELECT count(*) FROM published")
    assert published == place.one("SELECT max(p.window) - min(p.window) + 1 "
                                  "FROM published p")


if __name__ == "__main__":
    print(f"# seed {SEED}", flush=True)
    sys.exit(play(sys.argv[2], [ingest_is_killed, traffic_is_killed, all_are_killed],
                  f"; again: kills.py {PROGRAM} {sys.argv[2]} {SEED}"))

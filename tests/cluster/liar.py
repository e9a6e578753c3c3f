"""One member alone that holds its own true keys and says anything at all (tests/liar): nobody else
loses standing, ballot, token or grant, every window is counted once, and no token is minted. Its
habits are drawn by the seed, and change every few seconds; convicted, it is admitted again."""

import argparse
import base64
import json
import random
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from losses import Losses, home, verify
from proofs import convict_again
from scene import Scene, Tools, is_sanitized, require, time_passes
from tap import play
from watcher import Watcher

OPERATOR = "anna"
LIARS = ("selene", "themis")  # it leads, or it audits
CONVICTS = ("wrong_digest", "resign", "solve_wrong")
WORKS = ("work_claim", "work_dispute", "work_fail", "work_idle", "work_numbers")
FORGERIES = ("removed", "stranger", "later", "role", "term", "alone")
HABITS = ("accuse_all", "accuse_one", "ignore_one", "rank_self", "slander", "clock", "withhold",
          "equivocate", "two_faced", "censor", "bad_block", "certificates", "rubbish", "replay",
          "in_others_name", "ballot", "claim", "storm", "flood", "cosign_wrong", "cosign_not",
          "mint")
RARE = ("cosign_wrong", "cosign_not")  # whenever tokens are called for
TOGETHER = 3  # habits at a time, beside one of its worker's


def arguments():
    parser = argparse.ArgumentParser(prog="tests/cluster/liar")
    parser.add_argument("build", nargs="?")
    parser.add_argument("cases", nargs="*")
    parser.add_argument("--build", dest="named", default="build/plain")
    parser.add_argument("--seconds", type=float, default=24)
    parser.add_argument("--turn", type=float, default=3, help="seconds between two habits")
    parser.add_argument("--tick", type=int, default=500, help="milliseconds of a tick")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def ask(scene, name, path):
    code, document = scene.ask(name, path)
    require(code == 200, f"{name}: {path}: {code} {document}")
    return document


def put_liar(scene):
    """Its agent and its worker are tests/liar's; everybody has its token in a file."""
    programs = Path(scene.tools.build) / "tests" / "liar"
    here = scene.scratch / "liar"
    here.mkdir()
    member = scene.cluster.members[LIAR]
    shutil.copy2(programs / "ostrakond-liar", here / "ostrakond-liar")
    for companion in ("ostrakon-keeper", "ostrakon-guard"):
        shutil.copy2(Path(scene.tools.ostrakond).parent / companion, here / companion)
    member.command[0] = str(here / "ostrakond-liar")
    for name in scene.names:
        config = Path(scene.cluster.members[name].config)
        token = {"file": str(home(scene, name) / "token.jws")}
        lines = [line for line in config.read_text().splitlines()
                 if name != LIAR or not line.startswith("hooks:")]
        lines.append(f"token: {json.dumps(token)}")
        if name == LIAR:
            worker = [str(programs / "liar-work"), "work", "--sink", str(scene.cluster.sink)]
            lines.append("hooks: " + json.dumps({"grant": worker}))
        config.write_text("\n".join(lines) + "\n")
    lie(scene)


def lie(scene, *habits):
    """From now on it has these habits, and no others."""
    text = f"{random.getrandbits(60)}\n{' '.join(habits)}\n"
    beside = home(scene, LIAR) / "lies.new"
    beside.write_text(text)
    beside.rename(home(scene, LIAR) / "lies")


def told(scene):
    """How often it told each lie, since its agent was started."""
    file = home(scene, LIAR) / "lies.told"
    lines = file.read_text().splitlines() if file.exists() else []
    return {word: int(count) for word, count in (line.split() for line in lines)}


def have_ballots(scene):
    """Everybody has its ballot and its token, and knows of everybody's."""
    def ready():
        views = [scene.view(at) for at in scene.names]
        return all(member["record_ticks"] >= view["record_ticks"] for view in views
                   for member in view["members"])
    scene.wait(ready, 60, "not everybody has a ballot", 0.2)
    scene.wait(lambda: all((home(scene, name) / "token.jws").exists() for name in scene.names), 20,
               "not everybody has a token", 0.2)


def standing_of_liar(scene):
    view = scene.view(scene.others(LIAR)[0])
    return {member["name"]: member["standing"] for member in view["members"]}[LIAR]


def admit_again(scene):
    """What a person does: its agent is stopped, cleared, started, its new key admitted. An agent
    that starts itself anew at that moment, as the chain removed it, is not seen and stopped once
    more."""
    def is_stopped():
        scene.cluster.stop(LIAR)
        time_passes(0.3)
        return not scene.cluster.pids(LIAR)
    scene.wait(is_stopped, 20, f"{LIAR} goes on")
    done = subprocess.run([scene.tools.ostrakon, "clear", "--memory", "64", "--new-key", "--json",
                           "--config", scene.cluster.members[LIAR].config],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
    require(done.returncode == 0, f"clear: {done.returncode} {done.stdout} {done.stderr}")
    key = json.loads(done.stdout)["vote_key"]
    scene.cluster.start(LIAR)
    decide(scene, "admit", LIAR, key)
    scene.wait(lambda: standing_of_liar(scene) == "good", 60, f"{LIAR} is not reinstated", 0.2)


def decide(scene, *words):
    done = subprocess.run([scene.tools.ostrakon, "operator", *words, "--key",
                           str(scene.plan.operator_key(OPERATOR)), "--socket",
                           scene.cluster.members[scene.others(LIAR)[0]].socket, "--wait"],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    require(re.search(r"decided at height (\d+)", done.stdout) is not None,
            done.stdout + done.stderr)


def turns(dice):
    """Habits without end, each of them once in every round."""
    while True:
        habits, works = list(HABITS), list(WORKS)
        dice.shuffle(habits)
        dice.shuffle(works)
        while habits:
            now, habits = habits[:TOGETHER], habits[TOGETHER:]
            yield now + ([works.pop()] if works else [])


def nothing_is_minted(scene, sound):
    """Whatever it has collected on its forgeries, every sound member refuses it: no forgery has
    another's signature. Counted by the liar itself, by the verifier of the command line and by
    the agents."""
    account = told(scene)
    for kind in FORGERIES:
        require(account[f"signers_{kind}"] <= 1, f"somebody has signed '{kind}': {account}")
        file = home(scene, LIAR) / f"forged-{kind}.jws"
        if not file.exists():
            require(kind == "removed", f"nothing was forged as '{kind}'")
            continue
        for at in sound:
            done = subprocess.run([scene.tools.ostrakon, "token", "verify", str(file), "--json",
                                   "--bundle", str(home(scene, at) / "trust.json")],
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True)
            page = json.loads(done.stdout)
            require(done.returncode == 2 and not page["valid"], f"{kind} at {at}: {page}")
            require(page["good"] <= 1 < page["needed"], f"{kind} at {at}: {page}")
            word = base64.urlsafe_b64encode(file.read_bytes()).rstrip(b"=").decode()
            status = verify(scene, at, word)
            require(status == 401, f"{kind} at {at}: {status}")


class Life:
    """A liar's, in a scene: its turns, and what comes of it."""
    def __init__(self, scene):
        self.scene = scene
        self.dice = random.Random(SEED)
        self.sum = {}
        self.last = {}
        self.convictions = 0
        self.turns = turns(self.dice)

    def account(self):
        """Its own begins anew with its agent, which starts anew when the chain removes it."""
        now = told(self.scene)
        for word, count in now.items():
            new = count - self.last.get(word, 0)
            self.sum[word] = self.sum.get(word, 0) + (new if new >= 0 else count)
        self.last = now

    def turn(self, losses):
        habits = next(self.turns)
        print(f"# {self.scene.now():%H:%M:%S} {' '.join(habits)}", flush=True)
        lie(self.scene, *habits)
        self.live(losses)
        require(not losses.wrong, f"with {habits}: " + "; ".join(losses.wrong[:5]))
        if "mint" in habits:
            nothing_is_minted(self.scene, losses.sound)
        standing = standing_of_liar(self.scene)
        if standing not in ("good", "suspended"):
            self.admit(standing)

    def live(self, losses):
        end = time.monotonic() + TURN_S
        while time.monotonic() < end:
            losses.ended.wait(0.25)
            self.account()

    def admit(self, standing):
        print(f"# {self.scene.now():%H:%M:%S} {LIAR} is {standing}, and is admitted again",
              flush=True)
        self.convictions += 1
        lie(self.scene)
        admit_again(self.scene)

    def convict(self, habit, losses):
        """It lies on when it is out, so that nothing but the way back is open to it."""
        lie(self.scene, habit)
        self.scene.wait(lambda: standing_of_liar(self.scene) in ("locked_out", "neutered"),
                        80 * TICK_MS / 1000, f"{LIAR} is not removed for '{habit}'", 0.1)
        lie(self.scene, "flood", "replay", "storm", "rubbish", "mint", "in_others_name", "claim")
        self.live(losses)
        self.admit(standing_of_liar(self.scene))


def grants_go_on(scene):
    """Of two that disagree nobody knows who lies, so a dispute ends the grant of a sound leader;
    in the same block another has it, and who has dissented is not asked again for long."""
    ended, granted, after = [], set(), 0
    while True:
        page = ask(scene, scene.others(LIAR)[0], f"/v1/log?limit=1000&after={after}")
        if not page["items"]:
            break
        after = page["next"]
        ended += [item for item in page["items"] if item["code"] == "OST-3003"]
        granted |= {item["height"] for item in page["items"] if item["code"] == "OST-3001"}
    for item in ended:
        require(item["height"] in granted, f"nobody has the grant after {item}")
        require(item["member"] == LIAR or "disagree" in item["message"]
                or "stands better" in item["message"], f"a sound leader falls: {item}")


def says_anything(scene):
    """It says anything at all: nobody else loses standing, ballot, token or grant for 2 s, windows
    are settled in time, and nobody signs a token of its making"""
    have_ballots(scene)
    life = Life(scene)
    losses = Losses(scene, scene.others(LIAR))
    losses.start()
    try:
        end = time.monotonic() + SECONDS
        convicts = list(CONVICTS)
        while time.monotonic() < end or convicts:
            life.turn(losses)
            if time.monotonic() > end - SECONDS / 2 and convicts:
                life.convict(convicts.pop(), losses)
        lie(scene)
    finally:
        losses.end()
    require(not losses.wrong, "; ".join(losses.wrong[:5]))
    grants_go_on(scene)
    print(f"# longest losses, s: { {what: round(s, 1) for what, s in losses.longest.items()} }")
    print("# spoilt by load:", "; ".join(sorted(losses.by_load)) or "no tick")
    print("# lies:", *(f"{habit} {life.sum[habit]}" for habit in (*HABITS, *CONVICTS)))
    untold = [habit for habit in HABITS if habit not in RARE and not life.sum.get(habit)]
    require(SECONDS < 2 * TURN_S * len(HABITS) / TOGETHER or not untold, f"never told: {untold}")
    require(life.sum.get("tried", 0) > 0, "no signature was tried on a forgery")


def mints_for_the_removed(scene):
    """Nor for a member that an operator has removed"""
    lie(scene, "mint")
    victim = "argus"
    decide(scene, "remove", victim, "--yes")
    scene.cluster.stop(victim)
    scene.left_out.add(victim)
    scene.wait(lambda: told(scene).get("tried", 0) > 0, 20, "nothing was tried on a forgery", 0.2)
    scene.wait(lambda: claims_of(scene, "removed").get("sub") == victim, 20, "no forgery for it")
    nothing_is_minted(scene, scene.others(LIAR, victim))


def claims_of(scene, kind):
    file = home(scene, LIAR) / f"forged-{kind}.jws"
    payload = json.loads(file.read_text())["payload"] if file.exists() else "e30"
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def rows_after_all(scene):
    """After all that every row of the traffic is counted once"""
    lie(scene)
    scene.check_totals()


def opened():
    """Never all well: one of them runs another build than the rest, as everybody says."""
    scene = Scene(BUILD, prepare=put_liar, starts=False, operators=[OPERATOR],
                  timing={"ttl_s": 24, "record_ticks": 12, "patience_ms": 6 * TICK_MS,
                          "tick_ms": TICK_MS, "delta_ms": TICK_MS // 20})
    scene.chain.needed = 3  # of four voters, while it is out, and once one has left
    scene.left_out.add(LIAR)
    try:
        scene.cluster.start()
        scene.cluster.wait_grant(20 * scene.scale)
        scene.cluster.start_traffic()
        scene.watcher = Watcher(scene.cluster)
        scene.watcher.start()
    except BaseException:
        scene.close()
        raise
    return scene


if __name__ == "__main__":
    OPTIONS = arguments()
    SECONDS, TURN_S, SEED = OPTIONS.seconds, OPTIONS.turn, OPTIONS.seed
    TICK_MS = OPTIONS.tick * (2 if is_sanitized(Tools(OPTIONS.build or OPTIONS.named).ostrakond)
                              else 1)
    BUILD = OPTIONS.build or OPTIONS.named
    LIAR = LIARS[SEED % len(LIARS)]
    random.seed(SEED)
    sys.argv[1:] = [BUILD, *OPTIONS.cases]
    play(opened, [says_anything, convict_again, mints_for_the_removed, rows_after_all])

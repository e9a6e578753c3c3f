"""What `ostrakon status`, `log` and `watch` say of a cluster, state by state, with exit
codes."""

import json
import re
import subprocess
import sys

from scene import Scene, require, rows_are_counted_once
from tap import play

BUILD = sys.argv[1]
CLOCK = r"\d\d:\d\d(:\d\d)?"
NAMES = ["atlas", "helios", "selene", "argus", "themis"]


def shows(scene, name, code, patterns, *words):
    """Until the page has this exit code and in it, lines joined, all of the patterns."""
    def as_wished():
        got, text, complaints = scene.page(name, *words)
        joined = " ".join(text.split())
        missing = [pattern for pattern in patterns if not re.search(pattern, joined)]
        shows.last = f"exit {got}, without {missing}:\n{text}{complaints}"
        return (text or "nothing") if got == code and not missing else None
    try:
        text = scene.wait(as_wished, 10, "another page", step_s=0.1)
    except TimeoutError:
        raise AssertionError(shows.last) from None
    require(all(len(line) <= 80 for line in text.splitlines()), f"wider than 80:\n{text}")
    return text


def line_of(text, name):
    """A member's line of the table."""
    found = [line.split() for line in text.splitlines() if line.startswith(name + " ")]
    require(len(found) == 1, f"{name} is not in the table once:\n{text}")
    return found[0]


def all_is_well(scene):
    """All is well: exit 0, who leads, what is completed and settled, the budget, the table"""
    text = shows(scene, "argus", 0, [
        f"^cluster: demo, as argus sees it at {CLOCK} UTC state: ok windows: completed to "
        rf"{CLOCK} by \w+(, fence \d+)?; settled to {CLOCK}",
        "budget: 1 more may fail, crashed or lying; 4 of 5 voters are needed",
        # A tick that load has spoilt is in the score until the next one.
        *(rf"{name} \w+ good \d+/36 100 " for name in NAMES)])
    grant = scene.grant()
    for name in NAMES:
        words = line_of(text, name)
        require(words[1:3] == [scene.cluster.members[name].role, "good"], f"{words}")
        require(re.fullmatch(r"\d+/36", words[3]) and words[4] == "100", f"{words}")
        require(("fence" in words) == (name == grant["holder"]), f"{words} {grant}")
        require(("now" in words) == (name == "argus"), f"{words}")


def as_json(scene):
    """--json is the API's own document, on both doors, and the exit code is the same"""
    code, text, complaints = scene.page("atlas", "--json")
    document = json.loads(text)
    require(code == 0 and document["state"] == "ok" and complaints == "", f"{code} {text}")
    for answer in (scene.ask("atlas", "/v1/status"), scene.get("atlas", "/v1/status")):
        require(answer[0] == 200 and answer[1].keys() == document.keys(), f"{answer}")
    require([member["name"] for member in document["members"]] == NAMES, text)
    for name, wanted in (("/livez", 200), ("/readyz", 200), ("/v1/check/good", 200)):
        require(scene.get("atlas", name)[0] == wanted, f"{name} is not {wanted}")
    leaders = [name for name in NAMES if scene.get(name, "/v1/check/leads")[0] == 200]
    require(leaders == [scene.grant()["holder"]], f"{leaders} lead")


def one_is_gone(scene):
    """One member is gone: exit 1, since when, what to do, and that it must not get worse"""
    scene.cluster.stop("themis")
    shows(scene, "atlas", 1, [
        f"state: DEGRADED status: themis has not been heard since {CLOCK} UTC, \\d+ s ago: "
        "nobody listens at its address. One more failure stops the cluster. action: On themis: "
        "start ostrakond see: OST-2001",
        "budget: none more may fail; 4 of 5 voters are needed",
        r"themis witness good \S+ \d+ (?!0\.0 )[\d.]+ s"])


def two_are_gone(scene):
    """Two members are gone: exit 2, NO QUORUM, since when, how many windows wait, who is
    missing"""
    scene.cluster.stop("themis", "selene")
    patterns = [
        "state: NO QUORUM status: 3 of 5 voters are heard, 4 are needed. Nothing has been "
        f"decided since {CLOCK} UTC, \\d+ s ago. [1-9]\\d* windows? waits?",
        f"Missing: selene not heard since {CLOCK} \\(connection refused\\) themis not heard "
        "since",
        "action: On selene and themis: start ostrakond see: OST-1001"]
    text = shows(scene, "atlas", 2, patterns)
    require("MEMBER" not in text and "windows:" not in text, text)
    text = shows(scene, "atlas", 2, patterns + [r"windows: .*\d+ waits?, the oldest for"],
                 "--members")
    require(line_of(text, "helios")[2] == "good", text)
    for path, wanted in (("/livez", 200), ("/readyz", 503), ("/v1/check/good", 503)):
        require(scene.get("atlas", path)[0] == wanted, f"{path} is not {wanted}")


def alone(scene):
    """An agent alone: exit 1 and STARTING at first, then 2 and NO QUORUM that misses all
    others"""
    scene.cluster.stop()
    scene.cluster.start("atlas")
    shows(scene, "atlas", 1, ["state: STARTING status: atlas has just started: 1 of 5 voters "
                              "is heard so far, 4 are needed",
                              "helios not heard since this agent started"])
    shows(scene, "atlas", 2, ["state: NO QUORUM status: 1 of 5 voters is heard, 4 are needed"])
    scene.cluster.start()
    scene.wait_well(20)


def agent_gone(scene):
    """The agent is gone: exit 3, whether it was stopped or has died, and what to do"""
    scene.cluster.stop("selene")
    code, text, complaints = scene.page("selene")
    require(code == 3 and text == "" and "does not run" in complaints
            and "Start it with: ostrakond" in complaints, f"{code} {text} {complaints}")
    scene.cluster.start("selene")
    scene.wait_well(20)
    scene.cluster.kill("selene")
    code, text, complaints = scene.page("selene")
    require(code == 3 and text == "" and "has died" in complaints
            and "its standard error" in complaints, f"{code} {text} {complaints}")
    scene.cluster.start("selene")
    scene.wait_well(20)


def windows_wait(scene):
    """Workers that do not come to an end: exit 2, how many windows wait, and where to look"""
    scene.hold_workers()
    shows(scene, "atlas", 2, [
        r"state: DEGRADED status: (.* )?\d+ windows are not settled; the oldest has been due "
        r"for \d+ s", "what the worker says: ostrakon log --code OST-6004"])
    scene.release_workers()
    scene.wait_settled(25)
    shows(scene, "atlas", 0, ["state: ok"])


def log_and_watch(scene):
    """`log` tells what was decided, `watch` what happens, with --json as well"""
    program = [scene.tools.ostrakon, "--socket", scene.cluster.members["argus"].socket]
    watch = subprocess.Popen([*program, "watch"], stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, text=True)
    try:
        first = watch.stdout.readline()
        require(re.match(rf"{CLOCK}", first), f"watch begins with {first!r}")
        grant = scene.grant()
        scene.cluster.kill(grant["holder"])
        for line in watch.stdout:
            if f"fence {int(grant['fence']) + 1} to " in line:
                break
        else:
            raise AssertionError("watch ended without the new grant")
        scene.cluster.start(grant["holder"])
    finally:
        watch.kill()
        watch.communicate()
    for words in (["--code", "OST-3003"], ["--code", "OST-3003", "--json"]):
        done = subprocess.run([*program, "log", *words], capture_output=True, text=True)
        require(done.returncode == 0 and f"fence {grant['fence']} taken from {grant['holder']}"
                in done.stdout, done.stdout + done.stderr)
    require(json.loads(done.stdout)["items"][0]["code"] == "OST-3003", done.stdout)
    scene.wait_well(20)


if __name__ == "__main__":
    play(lambda: Scene(BUILD, prepare=Scene.use_held_workers),
         [all_is_well, as_json, one_is_gone, two_are_gone, alone, agent_gone, windows_wait,
          log_and_watch, rows_are_counted_once])

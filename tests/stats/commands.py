"""The command line of ostrakon-stats: what it says, where, and with which exit code.

commands.py OSTRAKON_STATS file|postgresql: prints TAP. What is of files is tried with files only.
"""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import datetime, timezone
from pathlib import Path

from places import play

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "cli"))

from command import obey_modes  # noqa: E402

PROGRAM = sys.argv[1]
ROW = '{"id":"%s","time":%d,"customer":"acme","node":"atlas","verdict":"positive"}\n'
GRANT = {"EVENT": "grant", "ROLE": "leader", "MEMBER": "atlas", "FENCE": "1",
         "FIRST_WINDOW": "1", "LAST_WINDOW": "1", "WINDOW_S": "60", "DEADLINE_MS": "200"}


def stats(*words, code=0, feed="", facts=None, before=None):
    environment = {**os.environ,
                   **{f"OSTRAKON_{key}": value for key, value in (facts or {}).items()}}
    done = subprocess.run([PROGRAM, *map(str, words)], input=feed, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, env=environment, timeout=60,
                          preexec_fn=before)
    assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
    return done


def usage(place, scratch):
    """Wrong usage is 64, with the nearest word"""
    sink = place.address()
    assert '"totals"' in stats("totls", code=64).stderr
    stats(code=64)
    stats("totals", code=64)
    stats("init", "--sink", sink, "--window-s", "0", code=64)
    stats("init", "--sink", sink, "--window-s", "5s", code=64)
    stats("init", "--sink", sink, "--audit", "maybe", code=64)
    stats("traffic", "--sink", sink, "--node", "atlas", code=64)
    stats("traffic", "--sink", sink, "--node", "a b", "--log", sink, code=64)
    stats("verify", "--sink", sink, code=64)
    assert not sink.exists()
    assert "--sink" in stats("work", "--help").stdout
    assert "verify" in stats("--help").stdout


def founding(place, scratch):
    """A sink is made once, and what is no sink is left alone"""
    sink = place.address()
    assert "ostrakon-stats init" in stats("totals", "--sink", sink, code=2).stderr
    stats("init", "--sink", sink)
    before = sink.read_bytes()
    assert "already" in stats("init", "--sink", sink, code=2).stderr
    assert sink.read_bytes() == before
    other = sink.with_name("other")
    other.write_text("no database at all, but a text that is long enough to be one" * 9)
    assert "not a database" in stats("init", "--sink", other, code=2).stderr
    assert "not a database" in stats("totals", "--sink", other, code=2).stderr


def limits(place, scratch):
    """A limit that is neither a time nor a window is refused under the option's own name"""
    sink = place.address()
    stats("init", "--sink", sink)
    for option, words in (("--until", ["totals"]), ("--settled-until", ["verify", "--log", sink])):
        said = stats(*words, "--sink", sink, option, "abc", code=64).stderr
        assert f' {option}: "abc" is neither a time' in said, said
        stats(*words, "--sink", sink, option, str(2**53 + 1), code=64)
    for limit in ("2026-11-22T14:00:00Z", "29000000"):
        stats("totals", "--sink", sink, "--until", limit)


def closed_files(place, scratch):
    """A new sink is advised only where there is no file, not where it may not be opened"""
    sink = place.address()
    said = stats("status", "--sink", sink, code=2).stderr
    assert "No such file" in said and "ostrakon-stats init" in said, said
    stats("init", "--sink", sink)
    sink.chmod(0)
    said = stats("status", "--sink", sink, code=2, before=obey_modes).stderr
    assert "Permission denied" in said and "init" not in said, said
    said = stats("status", "--sink", scratch, code=2).stderr
    assert "Is a directory" in said and "init" not in said, said


def ingesting(place, scratch):
    """Ingest reads a file or standard input, and its exit code tells of refused lines"""
    sink = place.address()
    stats("init", "--sink", sink)
    now = int(time.time())
    good = ROW % ("1", now) + ROW % ("2", now - 100000)
    seen = json.loads(stats("ingest", "--json", "--sink", sink, "-", feed=good).stdout)
    assert (seen["inserted"], seen["late"]) == (1, 1), seen
    log = scratch / "log"
    log.write_text(good + "rubbish\n" + "x" * 100000 + "\n" + ROW % ("3", now))
    done = stats("ingest", "--json", "--sink", sink, "--node", "atlas", log, code=1)
    seen = json.loads(done.stdout)
    assert (seen["inserted"], seen["doubled"], seen["malformed"]) == (1, 2, 2), seen
    assert f"{log}:3: is not JSON" in done.stderr, done.stderr
    assert f"{log}:4: is longer than 4096 bytes" in done.stderr, done.stderr
    arrived = json.loads(stats("status", "--json", "--sink", sink).stdout)["arrived"]
    assert arrived == [{"node": "atlas", "late": 1, "doubled": 2, "contradicting": 0,
                        "malformed": 2}], arrived
    log.write_text("rubbish\n" * 10000)
    assert len(stats("ingest", "--sink", sink, log, code=1).stderr.splitlines()) < 100
    stats("ingest", "--sink", sink, scratch / "none", code=2)


def working(place, scratch):
    """A worker says fail, or nothing, and exits 0; without its facts 64"""
    sink = place.address("atlas")
    assert stats("work", "--sink", sink, facts=GRANT).stdout.startswith("fail ")
    stats("init", "--sink", place.address())
    for fact in GRANT:
        without = {key: value for key, value in GRANT.items() if key != fact}
        assert fact in stats("work", "--sink", sink, facts=without, code=64).stderr
    for fact, bad in [("ROLE", "king"), ("FENCE", "0"), ("FENCE", "-1"), ("FENCE", "1e3"),
                      ("FENCE", "9" * 20), ("LAST_WINDOW", "0"), ("MEMBER", "a/b")]:
        stats("work", "--sink", sink, facts={**GRANT, fact: bad}, code=64)
    assert "60 s" in stats("work", "--sink", sink, facts={**GRANT, "WINDOW_S": "5"}).stdout
    high = stats("work", "--sink", sink, facts={**GRANT, "FENCE": str(2**40)})
    assert high.stdout.startswith("fail "), high.stdout
    waited = stats("work", "--sink", sink, facts=GRANT)
    assert waited.stdout == "" and "gave up" in waited.stderr, waited
    done = stats("work", "--sink", place.address("helios"),
                 facts={**GRANT, "FENCE": "2", "MEMBER": "helios"})
    assert done.stdout.startswith("result 1 "), done
    old = stats("work", "--sink", sink, facts=GRANT)
    assert old.stdout == "overtaken 2\n" and "newer grant" in old.stderr, old


def without_audit(place, scratch):
    """Without audit the leader's word publishes"""
    sink = place.address()
    stats("init", "--sink", sink, "--audit", "off", "--fence", 5000)
    done = stats("work", "--sink", place.address("atlas"), facts={**GRANT, "FENCE": "5001"})
    assert done.stdout.startswith("result 1 "), done


def comparing(place, scratch):
    """Verify finds rows that are missing and rows of nobody, and exits 1"""
    sink = place.address()
    stats("init", "--sink", sink)
    log = scratch / "log"
    log.write_text(ROW % ("1", 5) + ROW % ("2", 5) + '{"id":"torn')
    stats("ingest", "--sink", sink, log, code=1)
    stats("verify", "--sink", sink, "--log", log)
    log.write_text(ROW % ("1", 5))
    seen = json.loads(stats("verify", "--json", "--sink", sink, "--log", log, code=1).stdout)
    assert (seen["equal"], seen["foreign"], seen["generated"]) == (False, 1, 1), seen
    assert "NOT EQUAL" in stats("verify", "--sink", sink, log, code=1).stdout
    log.write_text("".join(ROW % (number, 5) for number in "123"))
    seen = json.loads(stats("verify", "--json", "--sink", sink, log, code=1).stdout)
    assert (seen["equal"], seen["missing"], seen["generated"]) == (False, 1, 3), seen
    stats("verify", "--sink", sink, scratch / "none", code=2)


def publishing(place, scratch):
    """Verify tells what is in the sink from what is published, and exits 1 if that is overdue"""
    sink, log = place.address(), scratch / "log"
    stats("init", "--sink", sink, "--window-s", 1, "--audit", "off")
    log.write_text(ROW % ("1", time.time()))
    stats("ingest", "--sink", sink, log)
    window = place.one("SELECT max(r.window) FROM raw r")
    verify = ["verify", "--sink", sink, "--log", log]
    end = datetime.fromtimestamp(window + 1, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    for early in ([], ["--settled-until", window - 1]):
        said = stats(*verify, *early).stdout
        assert said.endswith(" every row is in the sink exactly once, 1 not published yet\n"), said
    for limit in (window, window + 1, end):
        said = stats(*verify, "--settled-until", limit, code=1).stdout
        assert f"the first in window {window};" in said and "NOT EQUAL: 1 rows" in said, said
        seen = json.loads(stats(*verify, "--settled-until", limit, "--json", code=1).stdout)
        assert (seen["equal"], seen["overdue"], seen["unpublished"]) == (False, 1, 1), seen
    facts = {**GRANT, "FIRST_WINDOW": str(window), "LAST_WINDOW": str(window), "WINDOW_S": "1",
             "DEADLINE_MS": "20000"}
    done = stats("work", "--sink", place.address("atlas"), facts=facts)
    assert done.stdout.startswith(f"result {window} "), done
    for late in ([], ["--settled-until", window]):
        said = stats(*verify, *late).stdout
        assert said.endswith(" every row was counted exactly once\n"), said


def stopping(place, scratch):
    """Traffic ends cleanly on SIGTERM, and two do not share a log"""
    sink = place.address()
    stats("init", "--sink", sink)
    log = scratch / "log"
    words = [PROGRAM, "traffic", "--sink", sink, "--node", "atlas", "--log", log]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as traffic:
        while not log.exists() or not log.stat().st_size:
            time.sleep(0.02)
        stats(*words[1:], code=2)
        traffic.send_signal(signal.SIGTERM)
        assert traffic.wait(timeout=20) == 0
    seen = json.loads(stats("verify", "--json", "--sink", sink, log).stdout)
    assert seen["generated"] == seen["unpublished"] > 0, seen


if __name__ == "__main__":
    # The command line is the same for both.
    tests = [ingesting, working, without_audit, comparing, publishing, stopping]
    if sys.argv[2] == "file":
        tests = [usage, founding, limits, closed_files, *tests]
    sys.exit(play(sys.argv[2], tests, ""))

"""The sink in PostgreSQL: what a member's role cannot do, who sleeps with the lock, and servers
that are gone or silent. What becomes of the dead is in crash_table.

postgresql.py OSTRAKON_STATS: prints TAP. The server is the test's own.
"""

import hashlib
import os
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "hooks"))

from postgres import QUICK, Server, programs  # noqa: E402

PROGRAM = sys.argv[1]
MEMBERS = ["atlas", "helios", "argus"]
WINDOW = int(time.time()) // 60 - 5
OTHER_DIGEST = "00" * 16


def stats(sink, *words, facts=None, code=0):
    facts = {f"OSTRAKON_{key}": str(value) for key, value in (facts or {}).items()}
    done = subprocess.run([PROGRAM, words[0], "--sink", sink, *words[1:]], capture_output=True,
                          stdin=subprocess.DEVNULL, text=True, env={**os.environ, **facts},
                          timeout=100)
    assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
    return done


def digest(window, lines):
    """As rollup.h describes it."""
    data = b"ostrakon-stats-window-2" + struct.pack(">qq", window, len(lines))
    for customer, queries, positives in sorted(lines):
        data += struct.pack(">i", len(customer)) + customer + struct.pack(">qq", queries, positives)
    return hashlib.sha256(data).hexdigest()[:32]


class Scene:
    """A database of its own in the server that all tests share, with four rows in a window."""

    def __init__(self, server, name):
        self.server = server
        self.name = name
        server.sql(f"CREATE DATABASE {name}")
        stats(self.url(), "init")
        for member in MEMBERS:
            server.sql(f"DO $$ BEGIN CREATE ROLE member_{member} LOGIN IN ROLE ostrakon_member; "
                       "EXCEPTION WHEN duplicate_object THEN NULL; END $$", database=name)
        self.at(WINDOW)
        for row, customer in enumerate(["acme", "zebra", "été", "acme"]):
            self.sql(f"SELECT ostrakon.insert_row('atlas', '{row}', {WINDOW * 60000}, "
                     f"'{customer}', 'positive')", "atlas")
        self.at(WINDOW + 1)
        self.rows = '[["acme", 2, 2], ["zebra", 1, 1], ["été", 1, 1]]'
        self.digest = digest(WINDOW, [(b"acme", 2, 2), (b"zebra", 1, 1), ("été".encode(), 1, 1)])

    def at(self, window):
        """Puts the server's clock into that window."""
        self.sql("CREATE OR REPLACE FUNCTION ostrakon.unix_ms() RETURNS bigint LANGUAGE sql AS "
                 f"'SELECT {window * 60000}::bigint'")

    def url(self, member=None):
        return self.server.url(f"member_{member}" if member else "postgres", self.name)

    def sql(self, text, member=None):
        return self.server.sql(text, f"member_{member}" if member else "postgres", self.name)

    def refused(self, text, words, member="helios"):
        try:
            answer = self.sql(text, member)
        except OSError as error:
            assert words in str(error), (text, str(error))
            return
        raise AssertionError(f"{text}: {answer}")

    def stage(self, member, fence=1, rows=None, of=None, window=WINDOW):
        return self.sql(f"SELECT * FROM ostrakon.stage({window}, {fence}, '{rows or self.rows}', "
                        f"'{of or self.digest}')", member)

    def endorse(self, member, fence=1, of=None, window=WINDOW):
        return self.sql(f"SELECT * FROM ostrakon.endorse({window}, {fence}, "
                        f"'{of or self.digest}')", member)

    def close_window(self):
        self.sql(f"SELECT ostrakon.close({WINDOW})", "atlas")

    def published(self):
        return self.sql("SELECT fence, digest FROM ostrakon.published")

    def work(self, member, role, fence=1, deadline_ms=300):
        facts = {"EVENT": "grant", "ROLE": role, "MEMBER": member, "FENCE": fence,
                 "FIRST_WINDOW": WINDOW, "LAST_WINDOW": WINDOW, "WINDOW_S": 60,
                 "DEADLINE_MS": deadline_ms}
        return stats(self.url(member), "work", facts=facts)

    def settle(self, fence):
        """Whatever was tried: a sound pair publishes what is right."""
        self.work("atlas", "leader", fence)
        done = self.work("argus", "auditor", fence)
        assert done.stdout == f"result {WINDOW} {self.digest}\n", done
        assert self.published() == f"{fence}|{self.digest}", self.published()
        assert self.sql("SELECT sum(queries) FROM ostrakon.totals", "argus") == "4"

    def session(self, member, *statements):
        """A session that has done this and stays, until somebody ends it."""
        child = subprocess.Popen(["psql", "-X", "-q", "-A", "-t", self.url(member)],
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT, text=True)
        child.stdin.write("\n".join([*statements, "\\echo done", ""]))
        child.stdin.flush()
        while child.stdout.readline() not in ("done\n", ""):
            pass
        return child


def rights(scene):
    """A member's role may not write a table, make or change a procedure, or become another"""
    no = "permission denied"
    for table in ["setting", "clock", "fence", "raw", "author", "staged", "endorsed", "published",
                  "arrived"]:
        scene.refused(f"INSERT INTO ostrakon.{table} SELECT * FROM ostrakon.{table}", no)
        scene.refused(f"UPDATE ostrakon.{table} SET {first_column(scene, table)} = DEFAULT", no)
        scene.refused(f"DELETE FROM ostrakon.{table}", no)
        scene.refused(f"TRUNCATE ostrakon.{table}", no)
        scene.refused(f"BEGIN; LOCK TABLE ostrakon.{table} IN SHARE MODE", no)
        scene.refused(f"SELECT * FROM ostrakon.{table} FOR UPDATE", no)
    for call in ["publish(1, 1)", "digest_stored(1, 1)", "enter()", "enter_claim()", "unix_ms()",
                 "enter_rows('atlas')", "count_arrival('atlas', 'late')"]:
        scene.refused(f"SELECT ostrakon.{call}", no)
    scene.refused("CREATE TABLE ostrakon.mine (one integer)", no)
    scene.refused("CREATE OR REPLACE FUNCTION ostrakon.me() RETURNS text LANGUAGE sql AS "
                  "'SELECT ''argus'''", no)
    scene.refused("SET ROLE member_argus", no)
    scene.refused("SET SESSION AUTHORIZATION member_argus", no)
    scene.refused("SET session_replication_role = replica", no)
    scene.settle(1)


def first_column(scene, table):
    return scene.sql("SELECT quote_ident(attname) FROM pg_attribute WHERE attnum = 1 AND "
                     f"attrelid = 'ostrakon.{table}'::regclass")


def names(scene):
    """Nobody endorses, stages or inserts under another's name"""
    scene.close_window()
    assert scene.stage("helios").startswith("accepted||")
    assert scene.endorse("helios").startswith("accepted||"), "once more is not another"
    scene.sql("SET ROLE ostrakon_member; "
              f"SELECT ostrakon.endorse({WINDOW}, 1, '{OTHER_DIGEST}')", "helios")
    said = scene.sql("SELECT member FROM ostrakon.endorsed GROUP BY member")
    assert said == "helios" and scene.published() == "", said
    facts = {"EVENT": "grant", "ROLE": "auditor", "MEMBER": "argus", "FENCE": 1,
             "FIRST_WINDOW": WINDOW, "LAST_WINDOW": WINDOW, "WINDOW_S": 60, "DEADLINE_MS": 300}
    done = stats(scene.url("helios"), "work", facts=facts)
    assert done.stdout.startswith("fail ") and "member_argus" in done.stdout, done
    scene.refused(f"SELECT ostrakon.endorse({WINDOW}, 1, '{scene.digest}')", "no member", None)
    scene.refused("SELECT ostrakon.insert_row('atlas', 'x', 0, 'acme', 'positive')",
                  "may not hand in rows of atlas")
    scene.settle(2)


def lies(scene):
    """Rows other than digested are not published, however they and their digest are made"""
    scene.close_window()
    false_rows = '[["acme", 1002, 2], ["zebra", 1, 1]]'
    false_digest = digest(WINDOW, [(b"acme", 1002, 2), (b"zebra", 1, 1)])
    assert scene.stage("helios", 1, false_rows).startswith("accepted||")
    done = scene.work("argus", "auditor", 1)
    assert done.stdout == f"dispute {WINDOW} {scene.digest}\n", done
    assert scene.stage("helios", 2, false_rows, false_digest).startswith("accepted||")
    done = scene.work("argus", "auditor", 2)
    assert done.stdout == f"dispute {WINDOW} {scene.digest}\n", done
    for rows in ['[["acme", -1, 0]]', '[["acme", 1, 2]]', '[["", 1, 1]]', '[[null, 1, 1]]',
                 '[["acme", null, 1]]', '[["acme", "x", 1]]', '[["acme", 1, 1], ["acme", 1, 1]]',
                 f'[["{"x" * 129}", 1, 1]]', '[["acme", 4503599627370497, 1]]', '{}', '[7]']:
        scene.refused(f"SELECT * FROM ostrakon.stage({WINDOW}, 3, '{rows}', '{OTHER_DIGEST}')",
                      "ERROR")
    assert scene.sql("SELECT top FROM ostrakon.fence") == "2", "a refusal has left its fence"
    assert scene.published() == ""
    scene.settle(4)


def bounds(scene):
    """A fence or window that is too high is refused, and bars nobody"""
    assert scene.stage("helios").startswith("not_closed|")
    assert scene.sql(f"SELECT ostrakon.close({WINDOW + 1002})", "helios") == "window_too_high"
    assert scene.sql(f"SELECT ostrakon.close({2**53})", "helios") == "window_too_high"
    scene.close_window()
    for fence in (2**40, 2**53, 1001):
        assert scene.stage("helios", fence).startswith("fence_too_high|")
    assert scene.endorse("helios", 2**40).startswith("fence_too_high|")
    scene.refused(f"SELECT ostrakon.stage({WINDOW}, 0, '[]', '{OTHER_DIGEST}')", "ERROR")
    assert scene.stage("helios", 7).startswith("accepted|")
    assert scene.stage("atlas", 7).startswith("other_author|")
    assert scene.stage("atlas", 6).startswith("old_fence|")
    scene.settle(8)
    assert scene.stage("helios", 9, "[]", OTHER_DIGEST) == f"accepted|8|{scene.digest}"
    assert scene.endorse("helios", 3, OTHER_DIGEST) == f"accepted|8|{scene.digest}"


def settings(scene):
    """A caller's own settings change nothing but his own luck"""
    scene.close_window()
    claim = f"SELECT * FROM ostrakon.stage({WINDOW}, 1, '{scene.rows}', '{scene.digest}')"
    for level in ("REPEATABLE READ", "SERIALIZABLE"):
        scene.refused(f"BEGIN ISOLATION LEVEL {level}; {claim}", "read committed")
    scene.sql("CREATE TEMP TABLE published (LIKE ostrakon.published); "
              "CREATE TEMP TABLE endorsed (LIKE ostrakon.endorsed); "
              "SET search_path = pg_temp, ostrakon; SET standard_conforming_strings = off; "
              "SET transform_null_equals = on; SET synchronous_commit = off; "
              "SET bytea_output = escape; " + claim, "helios")
    assert scene.sql("SELECT member FROM ostrakon.author") == "helios"
    assert scene.endorse("argus") == f"accepted|1|{scene.digest}", "the digest is another"


def removed(scene):
    """A role without login is refused in a session that it still has"""
    scene.close_window()
    child = scene.session("helios", "SELECT 1;")
    try:
        scene.sql("ALTER ROLE member_helios NOLOGIN")
        calls = [f"ostrakon.stage({WINDOW}, 1, '[]', '{OTHER_DIGEST}')",
                 f"ostrakon.endorse({WINDOW}, 1, '{OTHER_DIGEST}')",
                 f"ostrakon.close({WINDOW + 1})", "ostrakon.count_malformed('helios')",
                 "ostrakon.insert_row('helios', 'x', 0, 'acme', 'positive')"]
        said, _ = child.communicate("".join(f"SELECT {call};\n" for call in calls), timeout=30)
        assert said.count("has no login any more") == len(calls), said
    finally:
        child.kill()
        scene.sql("ALTER ROLE member_helios LOGIN")
    assert scene.sql("SELECT top FROM ostrakon.fence") == "0"
    scene.settle(1)


def sleepers(scene):
    """Who falls asleep with the lock is ended by the server, and the next one works"""
    scene.close_window()
    call = f"SELECT * FROM ostrakon.stage({WINDOW}, 1, '[]', '{OTHER_DIGEST}');"
    insert = "SELECT ostrakon.insert_row('helios', 'asleep', 0, 'acme', 'positive');"
    forever = "SET idle_in_transaction_session_timeout = 0;"
    for statement in (call, insert):
        child = scene.session("helios", forever, "BEGIN;", statement)
        try:
            started = time.monotonic()
            if statement == insert:
                scene.sql(f"SELECT ostrakon.close({WINDOW + 1})", "atlas")
            else:
                scene.settle(2)
            assert 1 < time.monotonic() - started < 20, "nobody has waited for the sleeper"
            said, _ = child.communicate("SELECT 1;\n", timeout=30)
            assert "idle-in-transaction timeout" in said, said
        finally:
            child.kill()
    assert scene.sql("SELECT count(*) FROM ostrakon.raw WHERE id = 'asleep'") == "0"


def held(scene):
    """A lock that is not to be had ends a worker in some seconds, and with the reason"""
    scene.close_window()
    child = scene.session(None, "BEGIN;", "SELECT * FROM ostrakon.fence FOR UPDATE;")
    try:
        started = time.monotonic()
        done = scene.work("atlas", "leader", deadline_ms=20000)
        assert done.stdout.startswith("fail ") and "has held the lock" in done.stdout, done
        assert time.monotonic() - started < 20
        worker = threading.Thread(target=scene.work, args=("atlas", "leader", 2))
        worker.start()
        blocked = ("SELECT pid FROM pg_stat_activity WHERE usename = 'member_atlas' "
                   "AND wait_event_type = 'Lock'")
        while not scene.sql(blocked):
            time.sleep(0.02)
        scene.sql(f"SELECT pg_terminate_backend(pid, 5000) FROM ({blocked}) AS b")
        worker.join(30)
        assert not worker.is_alive()
    finally:
        child.kill()
        child.wait()
    assert scene.sql("SELECT count(*) FROM ostrakon.author") == "0", "half a staging has stayed"
    scene.settle(3)


def silent(scene):
    """A server that is gone, or accepts and says nothing, is given up with the reason"""
    with tempfile.TemporaryDirectory() as place:
        done = stats(f"postgresql:///x?host={place}", "status", code=2)
        assert "connect" in done.stderr, done
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(f"{place}/.s.PGSQL.5432")
            listener.listen()
            started = time.monotonic()
            done = stats(f"postgresql://u:secret@/x?host={place}", "status", code=2)
            assert "timeout" in done.stderr and "secret" not in done.stderr, done
            assert time.monotonic() - started < 20
    process = subprocess.Popen([PROGRAM, "ingest", "--sink", scene.url("atlas"), "-"],
                               stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    session = "SELECT pid FROM pg_stat_activity WHERE usename = 'member_atlas'"
    while not scene.sql(session):
        time.sleep(0.02)
    pid = int(scene.sql(session))
    os.kill(pid, signal.SIGSTOP)
    try:
        started = time.monotonic()
        _, said = process.communicate("\n", timeout=60)
        assert process.returncode == 2 and "has said nothing for" in said, said
        assert time.monotonic() - started < 50
    finally:
        os.kill(pid, signal.SIGCONT)
    scene.settle(1)


def lost(scene):
    """A server that crashes between staging and endorsing has lost nothing"""
    scene.close_window()
    assert scene.stage("atlas").startswith("accepted||")
    scene.server.crash()
    scene.server.start()
    assert scene.endorse("argus") == f"accepted|1|{scene.digest}"
    scene.server.crash()
    scene.server.start()
    assert scene.published() == f"1|{scene.digest}"


def main():
    tests = [rights, names, lies, bounds, settings, removed, sleepers, held, silent, lost]
    if programs() is None:
        print("1..0 # SKIP there is no PostgreSQL server here")
        return 0
    failed = 0
    print(f"1..{len(tests)}", flush=True)
    with tempfile.TemporaryDirectory(prefix="ostrakon-postgresql-") as scratch:
        server = Server(Path(scratch), QUICK)
        try:
            for number, test in enumerate(tests, 1):
                try:
                    test(Scene(server, test.__name__))
                    print(f"ok {number} - {test.__doc__}", flush=True)
                except (AssertionError, OSError, subprocess.TimeoutExpired) as error:
                    failed += 1
                    print(f"not ok {number} - {test.__doc__}\n# {error!r}", flush=True)
        finally:
            server.close()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

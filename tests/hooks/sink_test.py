"""A member that is removed, and the sink in PostgreSQL whose role the lock-out hook takes away."""

import os
import subprocess
import sys
import time

from here import Place, Skipped, hook, need, play, require, wait
from postgres import QUICK, Server, programs

MEMBERS = ("atlas", "helios", "argus")
WINDOW_S = 60


def tell(scene, event, subject, standing):
    facts = {"event": event, "cluster": "test", "member": "atlas", "subject": subject,
             "standing": standing, "term": "2", "height": "9", "good": "atlas=1.2.3.4:7000",
             "deadline_ms": "5000"}
    hook("postgresql-lock-out", [scene.server.url("lock_out"), "member_"], facts)


def stats(address, *words, **facts):
    facts = {f"OSTRAKON_{key.upper()}": str(value) for key, value in facts.items()}
    return subprocess.run([sys.argv[1], words[0], "--sink", address, *words[1:]],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          env={**os.environ, **facts}, timeout=60)


def work(scene, member, role, wait_ms=200):
    """What the worker reports about the scene's window, under its next fence if it leads."""
    if role == "leader":
        scene.fence += 1
    done = stats(scene.server.url(f"member_{member}"), "work", event="grant", role=role,
                 member=member, fence=scene.fence, first_window=scene.window,
                 last_window=scene.window, window_s=WINDOW_S, deadline_ms=wait_ms)
    require(done.returncode == 0, done.stderr)
    return done.stdout


def claims(scene):
    return scene.server.sql("SELECT string_agg(DISTINCT member, ' ') FROM ostrakon.endorsed "
                            f"WHERE endorsed.\"window\" = {scene.window}")


def is_published(scene):
    return scene.server.sql("SELECT count(*) FROM ostrakon.published p "
                            f"WHERE p.\"window\" = {scene.window}") == "1"


def no_more_claims(scene):
    """Who is removed stages and endorses no more, and the others publish without it"""
    work(scene, "helios", "leader")
    require(claims(scene) == "helios", "it did not stage while it was good")
    scene.window += 1
    tell(scene, "lock_out", "helios", "locked_out")
    for role in ("leader", "auditor"):
        said = work(scene, "helios", role)
        require(said.startswith("fail ") and "not permitted to log in" in said, said)
    work(scene, "atlas", "leader")
    require(not is_published(scene), "one member has published alone")
    require(work(scene, "argus", "auditor").startswith("result "), "the others cannot publish")
    require(is_published(scene), "the window is not published")
    tell(scene, "standing", "helios", "good")
    said = work(scene, "helios", "auditor")
    require(said.startswith("result "), f"back in good standing it says {said}")


def open_session(scene):
    """A session that is open is ended, also while it waits for the sink's lock in the middle of a
    claim, which then was never made"""
    holder = scene.psql("postgres", "BEGIN; SELECT * FROM ostrakon.fence FOR UPDATE;")
    wait(lambda: scene.server.sql("SELECT 1 FROM pg_locks l JOIN pg_stat_activity a USING (pid) "
                                  "WHERE l.mode = 'RowShareLock' AND a.state = "
                                  "'idle in transaction'"), 10, "the lock is not taken")
    idle = scene.psql("member_helios", "SELECT ostrakon.me();")
    claim = scene.psql("member_helios", f"SELECT ostrakon.endorse({scene.window}, {scene.fence}, "
                                        f"'{'0' * 32}');")
    other = scene.psql("member_argus", "SELECT ostrakon.me();")
    wait(lambda: scene.server.sql("SELECT count(*) FROM pg_stat_activity WHERE usename = "
                                  "'member_helios' AND (wait_event_type = 'Lock' OR state = "
                                  "'idle')") == "2", 10, "the sessions have not begun")
    tell(scene, "lock_out", "helios", "locked_out")
    holder.communicate("ROLLBACK;\n", timeout=10)
    for session in (idle, claim):
        said = session.communicate("SELECT 1;\n", timeout=10)[0]
        require("terminating connection" in said, said)
    require(claims(scene) == "", "its claim was made")
    require("argus" in other.communicate("", timeout=10)[0], "another member is hurt")
    tell(scene, "standing", "helios", "good")


class Sink(Place):
    def __init__(self):
        super().__init__()
        try:
            self.server = Server(self.scratch, QUICK)
            self.undo.append(self.server.close)
            require(stats(self.server.url(), "init").returncode == 0, "no sink")
            self.server.sql("CREATE ROLE lock_out LOGIN CREATEROLE IN ROLE pg_signal_backend")
            for member in MEMBERS:
                self.server.sql(f"CREATE ROLE member_{member} LOGIN IN ROLE ostrakon_member")
            self.fence = 0
            self.window = int(time.time()) // WINDOW_S - 9
        except BaseException:
            self.close()
            raise

    def check(self):
        """The next case has another window: what was claimed about this one stays."""
        self.window += 1

    def psql(self, role, text):
        """A session that has been sent this and stays."""
        child = subprocess.Popen(["psql", "-X", "-q", "-A", "-t", self.server.url(role)],
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT, text=True)
        self.undo.append(child.kill)
        child.stdin.write(text + "\n")
        child.stdin.flush()
        return child


def make():
    need("psql", "setpriv")
    if programs() is None:
        raise Skipped("there is no PostgreSQL server here")
    return Sink()


if __name__ == "__main__":
    play(make, [no_more_claims, open_session])

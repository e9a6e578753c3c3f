"""Members' roles in a PostgreSQL server of the test's own: locked out, and let in again."""

import subprocess

from here import Place, Skipped, hook, need, play, require
from postgres import Server, programs


def tell(scene, event, subject, standing, fails=False):
    facts = {"event": event, "cluster": "test", "member": "atlas", "subject": subject,
             "standing": standing, "term": "2", "height": "9", "good": "atlas=1.2.3.4:7000",
             "deadline_ms": "5000"}
    return hook("postgresql-lock-out", [scene.server.url(), "member_"], facts, fails=fails)


def may_log_in(scene, member):
    try:
        return scene.server.sql("SELECT 1", f"member_{member}") == "1"
    except OSError as error:
        require("not permitted to log in" in str(error), str(error))
        return False


def session(scene, member):
    """A session that stays until somebody ends it."""
    child = subprocess.Popen(["psql", "-X", "-q", "-c", "SELECT pg_sleep(60)",
                              scene.server.url(f"member_{member}")],
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True)
    scene.undo.append(child.kill)
    while scene.server.sql("SELECT count(*) FROM pg_stat_activity WHERE query LIKE "
                           f"'%pg_sleep%' AND usename = 'member_{member}'") == "0":
        require(child.poll() is None, "the session does not begin")
    return child


def locked_out(scene):
    """Who is locked out has no session any more, and may begin none; others keep theirs"""
    bad = session(scene, "helios")
    good = session(scene, "argus")
    tell(scene, "lock_out", "helios", "locked_out")
    require(bad.wait(5) != 0, "the session has ended well")
    require("terminating connection" in bad.stderr.read(), "it ended for another reason")
    require(not may_log_in(scene, "helios"), "it may log in again")
    require(good.poll() is None and may_log_in(scene, "argus"), "another member is hurt")


def comes_back(scene):
    """Back in good standing it may log in again; told twice changes nothing"""
    tell(scene, "lock_out", "helios", "locked_out")
    tell(scene, "standing", "helios", "good")
    tell(scene, "standing", "helios", "good")
    require(may_log_in(scene, "helios"), "it may not")


def every_removal(scene):
    """Suspended, neutered and left are as good as locked out"""
    for standing in ("suspended", "neutered", "left"):
        tell(scene, "standing", "helios", standing)
        require(not may_log_in(scene, "helios"), standing)
        tell(scene, "standing", "helios", "good")


def strange(scene):
    """Names that are SQL are names; a role that is not there is a failure"""
    tell(scene, "lock_out", 'x"; DROP ROLE member_argus; --', "locked_out", fails=True)
    tell(scene, "lock_out", "nobody", "locked_out", fails=True)
    tell(scene, "standing", "helios", "strange", fails=True)
    require(may_log_in(scene, "argus"), "the role is gone")


def make():
    need("psql", "setpriv")
    if programs() is None:
        raise Skipped("there is no PostgreSQL server here")
    scene = Place()
    try:
        scene.server = Server(scene.scratch)
        scene.undo.append(scene.server.close)
        for member in ("helios", "argus"):
            scene.server.sql(f"CREATE ROLE member_{member} LOGIN")
    except BaseException:
        scene.close()
        raise
    return scene


if __name__ == "__main__":
    play(make, [locked_out, comes_back, every_removal, strange])

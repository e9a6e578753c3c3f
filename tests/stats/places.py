"""Where the tests of ostrakon-stats have their sinks: a file each, or a database each in a
PostgreSQL server of the script's own."""

import contextlib
import sqlite3
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "hooks"))

from postgres import QUICK, Server, programs  # noqa: E402

MEMBERS = ["atlas", "helios", "selene", "argus", "themis"]


class File:
    """A sink that is a file; it is made by the test."""

    is_file = True

    def __init__(self, scratch):
        self.path = scratch / "sink"

    def address(self, _member=None):
        return self.path

    def one(self, question):
        connection = sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)
        try:
            return connection.execute(question).fetchone()[0]
        finally:
            connection.close()


class Schema:
    """A sink in a new database of the server."""

    is_file = False

    def __init__(self, server, name):
        self.server = server
        self.name = name
        server.sql(f"CREATE DATABASE {name}")

    def address(self, member=None):
        """Without a member the owner's, who may hand in rows of all nodes."""
        return self.server.url(f"member_{member}" if member else "postgres", self.name)

    def one(self, question):
        return int(self.server.sql("SET search_path = ostrakon; " + question,
                                   database=self.name))


@contextlib.contextmanager
def places(kind):
    """Yields what makes a place for a sink, from a scratch directory and a name; None when there
    is no server."""
    if kind == "file":
        yield lambda scratch, name: File(scratch)
        return
    if programs() is None:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="ostrakon-places-") as scratch:
        server = Server(Path(scratch), QUICK)
        try:
            server.sql("CREATE ROLE ostrakon_member NOLOGIN")
            for member in MEMBERS:
                server.sql(f"CREATE ROLE member_{member} LOGIN IN ROLE ostrakon_member")
            yield lambda _scratch, name: Schema(server, name)
        finally:
            server.close()


def play(kind, tests, failure):
    """Runs tests that take a place and a scratch directory, prints TAP, and answers an exit code;
    `failure` is said with each."""
    failed = 0
    with places(kind) as make:
        if make is None:
            print("1..0 # SKIP there is no PostgreSQL server here")
            return 0
        print(f"1..{len(tests)}", flush=True)
        for number, test in enumerate(tests, 1):
            with tempfile.TemporaryDirectory(prefix="ostrakon-stats-") as scratch:
                try:
                    test(make(Path(scratch), test.__name__), Path(scratch))
                    print(f"ok {number} - {test.__doc__}", flush=True)
                except AssertionError as error:
                    failed += 1
                    print(f"not ok {number} - {test.__doc__}\n# {error!r}{failure}", flush=True)
    return 1 if failed else 0

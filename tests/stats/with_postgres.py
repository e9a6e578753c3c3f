"""Runs a program on a PostgreSQL server of its own.

with_postgres.py PROGRAM: prints what PROGRAM does, which is given an address that lacks only the
name of a role at its end.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "hooks"))

from postgres import QUICK, Server, programs  # noqa: E402


def main():
    if programs() is None:
        print("1..0 # SKIP there is no PostgreSQL server here")
        return 0
    with tempfile.TemporaryDirectory(prefix="ostrakon-stats-") as scratch:
        server = Server(Path(scratch), QUICK)
        try:
            return subprocess.run([sys.argv[1], server.url("")], stdin=subprocess.DEVNULL,
                                  check=False).returncode
        finally:
            server.close()


if __name__ == "__main__":
    sys.exit(main())

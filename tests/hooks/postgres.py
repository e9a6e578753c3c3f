"""A PostgreSQL server of a test's own: in a scratch directory, on a socket there, as the user
whom Debian's package made for it."""

import os
import shutil
import subprocess
from pathlib import Path

USER = "postgres"


def programs():
    """Where Debian puts the newest server's programs; None if there are none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"),
                   key=lambda path: int(path.parts[4]))
    return found[-1].parent if found else None


def as_user(*command):
    if os.getuid() != 0:
        return list(command)
    return ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", *command]


def run(*command):
    done = subprocess.run(as_user(*command), stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, cwd="/", timeout=60)
    if done.returncode != 0:
        raise OSError(f"{command}: {done.stdout}{done.stderr}")
    return done.stdout


class Server:
    """Everything in `scratch`, which must be there. `close` ends it."""

    def __init__(self, scratch):
        self.bin = programs()
        self.home = scratch / "pg"
        self.home.mkdir()
        os.chmod(scratch, 0o755)
        if os.getuid() == 0:
            shutil.chown(self.home, USER, USER)
        data = self.home / "data"
        run(str(self.bin / "initdb"), "-D", str(data), "-U", USER, "-A", "trust", "-N",
            "--no-instructions")
        with open(scratch / "pg.conf", "w", encoding="ascii") as more:
            more.write(f"unix_socket_directories = '{self.home}'\nlisten_addresses = ''\n"
                       "max_connections = 60\n")
        with open(data / "postgresql.conf", "a", encoding="ascii") as configuration:
            configuration.write(f"include '{scratch / 'pg.conf'}'\n")
        os.chmod(scratch / "pg.conf", 0o644)
        run(str(self.bin / "pg_ctl"), "-D", str(data), "-l", str(self.home / "log"), "-w", "start")
        self.data = data

    def url(self, role=USER, database="postgres"):
        return f"postgresql:///{database}?host={self.home}&user={role}"

    def sql(self, text, role=USER, database="postgres"):
        """What psql answers, a row a line; OSError if the server refuses."""
        done = subprocess.run(["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c",
                               text, self.url(role, database)], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=30)
        if done.returncode != 0:
            raise OSError(done.stderr)
        return done.stdout.strip()

    def close(self):
        try:
            run(str(self.bin / "pg_ctl"), "-D", str(self.data), "-m", "immediate", "stop")
        except OSError:
            pass

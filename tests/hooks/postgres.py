"""A PostgreSQL server of a test's own: in a scratch directory, on a socket there, as the user
whom Debian's package made for it."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

USER = "postgres"

# What a disk would add proves nothing here: only processes die.
QUICK = "fsync = off"


def programs():
    """Where Debian puts the newest server's programs; None if there are none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"),
                   key=lambda path: int(path.parts[4]))
    return found[-1].parent if found else None


def as_user(*command):
    """It ends with this process, however that ends."""
    user = [f"--reuid={USER}", f"--regid={USER}", "--clear-groups"] if os.getuid() == 0 else []
    return ["setpriv", *user, "--pdeathsig=QUIT", *command]


def run(*command):
    done = subprocess.run(as_user(*command), stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, cwd="/", timeout=60)
    if done.returncode != 0:
        raise OSError(f"{command}: {done.stdout}{done.stderr}")
    return done.stdout


class Server:
    """Everything in `scratch`, which must be there. `close` ends it."""

    def __init__(self, scratch, settings=""):
        self.bin = programs()
        self.home = scratch / "pg"
        self.home.mkdir()
        os.chmod(scratch, 0o755)
        if os.getuid() == 0:
            shutil.chown(self.home, USER, USER)
        self.data = self.home / "data"
        run(str(self.bin / "initdb"), "-D", str(self.data), "-U", USER, "-A", "trust", "-N",
            "-E", "UTF8", "--locale=C.UTF-8", "--no-instructions")
        with open(scratch / "pg.conf", "w", encoding="ascii") as more:
            more.write(f"unix_socket_directories = '{self.home}'\nlisten_addresses = ''\n"
                       f"max_connections = 60\n{settings}\n")
        with open(self.data / "postgresql.conf", "a", encoding="ascii") as configuration:
            configuration.write(f"include '{scratch / 'pg.conf'}'\n")
        os.chmod(scratch / "pg.conf", 0o644)
        self.process = None
        self.start()

    def start(self):
        with open(self.home / "log", "ab") as log:
            self.process = subprocess.Popen(
                as_user(str(self.bin / "postgres"), "-D", str(self.data)),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/",
                start_new_session=True)
        until = time.monotonic() + 30
        while subprocess.run([str(self.bin / "pg_isready"), "-q", "-h", str(self.home)],
                             timeout=30).returncode != 0:
            if self.process.poll() is not None or time.monotonic() > until:
                raise OSError((self.home / "log").read_text(errors="replace")[-2000:])
            time.sleep(0.05)

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

    def crash(self):
        """Ends it without a word to anybody, as far as this can be done from outside."""
        if self.process is not None:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait(30)
            self.process = None

    close = crash

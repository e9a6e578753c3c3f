"""Plays all the files, one after the other, and prints their cases as one TAP stream. Each has a
cluster of its own, on ports of its own."""

import re
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
FILES = ["partition", "damage", "strangers", "hangs", "flood", "disks", "pages", "deaths",
         "crashes", "refusals", "allocations", "removal", "hooking", "names", "audit", "flipped",
         "neuter", "wayback", "clones", "certificates", "tokens", "upgrade", "liar", "rebuild",
         "joining", "leavings"]
AT_A_TIME = 1  # five agents keep two cores busy enough
CASE = re.compile(r"^(not ok|ok) \d+ - (.*)$")

players = []
lock = threading.Lock()
count = 0


def on_signal(number, frame):
    raise SystemExit(128 + number)


def play(name):
    """Plays one file; prints its cases as they come, whole, each below its line."""
    global count
    player = subprocess.Popen([sys.executable, str(HERE / f"{name}.py"), *sys.argv[1:]],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    players.append(player)
    seen = 0
    planned = None
    for line in player.stdout:
        case = CASE.match(line)
        if case:
            seen += 1
            with lock:
                count += 1
                print(f"{case[1]} {count} - {name}: {case[2]}", flush=True)
        elif line.startswith("1.."):
            planned = int(line[3:])
        else:
            print(line, end="", flush=True)
    player.wait()
    if seen != planned:
        with lock:
            count += 1
            print(f"not ok {count} - {name}: it ended after {seen} of {planned} cases")
        return 1
    return player.returncode


def main():
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, on_signal)
    pool = ThreadPoolExecutor(AT_A_TIME)
    try:
        codes = list(pool.map(play, FILES))
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        for player in players:
            if player.poll() is None:
                player.terminate()
    print(f"1..{count}")
    return 1 if any(codes) else 0


if __name__ == "__main__":
    sys.exit(main())

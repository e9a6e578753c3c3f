"""A network namespace of our own: its loopback carries nobody's bytes but ours."""

import fcntl
import os
import shutil
import socket
import struct
import subprocess
import sys

SIOCSIFFLAGS = 0x8914
IFF_UP = 1
INSIDE = "OSTRAKON_BENCH_ALONE"


def raise_loopback():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", IFF_UP))


def can_be_had(words):
    done = subprocess.run([*words, "true"], stdin=subprocess.DEVNULL, capture_output=True)
    return done.returncode == 0


def be_alone():
    """Starts this program again in a namespace of its own, if there can be one; there it
    answers whether it is alone."""
    if INSIDE in os.environ:
        if os.environ[INSIDE] == "yes":
            raise_loopback()
        return os.environ[INSIDE] == "yes"
    unshare = shutil.which("unshare")
    for words in ([unshare, "--net"], [unshare, "--net", "--map-root-user"]):
        if unshare and can_be_had(words):
            os.environ[INSIDE] = "yes"
            os.execv(unshare, [*words, sys.executable, *sys.argv])
    os.environ[INSIDE] = "no"
    return False


def loopback_bytes():
    """All bytes that the loopback has carried, its headers included."""
    with open("/proc/self/net/dev", encoding="ascii") as file:
        for line in file:
            name, _, counters = line.partition(":")
            if name.strip() == "lo":
                return int(counters.split()[0])
    raise OSError("there is no loopback")

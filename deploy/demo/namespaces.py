"""Network namespaces on one bridge, a member in each, and cables that can be cut: both ways, or in
one direction. Needs root and iproute2, and no kernel module but veth and bridge; OSError where
this cannot be had."""

import os
import shutil
import subprocess

import processes
from cluster import wait_for

NETWORK = "10.213.77"
NOWHERE = "02:00:00:00:00:01"  # nobody has this address: what is sent there is lost


def ip(*words, check=True):
    done = subprocess.run(["ip", *words], capture_output=True, text=True)
    if check and done.returncode != 0:
        raise OSError(f"ip {' '.join(words)}: {done.stderr.strip()}")
    return done.stdout


def hosts(count):
    return [f"{NETWORK}.{index + 1}" for index in range(count)]


class Net:
    """All names carry our process id, so that nobody else's are touched. With `tag`, that of
    one which was killed before it could close, it is only there to be closed."""

    made = 0

    def __init__(self, names, tag=None):
        Net.made += 1
        self.tag = tag or f"ost{os.getpid() % 100000}{chr(ord('a') + Net.made % 26)}"
        self.bridge = f"{self.tag}b"
        self.address = dict(zip(names, hosts(len(names))))
        self.port = {name: f"{self.tag}p{index}" for index, name in enumerate(names)}
        self.space = {name: f"{self.tag}n{index}" for index, name in enumerate(names)}
        if tag is not None:
            return
        try:
            self.make()
        except BaseException:
            self.close()
            raise

    def make(self):
        ip("link", "add", self.bridge, "type", "bridge")
        ip("link", "set", self.bridge, "up")
        for name, space in self.space.items():
            ip("netns", "add", space)
            ip("link", "add", self.port[name], "type", "veth", "peer", "name", "eth0", "netns",
               space)
            ip("link", "set", self.port[name], "master", self.bridge, "up")
            inside = ["-n", space]
            ip(*inside, "address", "add", f"{self.address[name]}/24", "dev", "eth0")
            ip(*inside, "link", "set", "eth0", "up")
            ip(*inside, "link", "set", "lo", "up")

    def close(self):
        if shutil.which("ip") is None:
            return
        # A namespace outlives its name while sockets in it wait for answers that never come.
        for port in self.port.values():
            ip("link", "delete", port, check=False)
        for space in self.space.values():
            ip("netns", "delete", space, check=False)
        ip("link", "delete", self.bridge, check=False)

    def start(self, cluster, name):
        """Starts the member in its namespace; it takes the place of `ip`, which has led it
        there."""
        command = cluster.members[name].command
        processes.start(["ip", "netns", "exec", self.space[name], *command],
                        cluster.log_path(name))
        wait_for(lambda: processes.find(command), 10, f"{name} does not start")

    def cut(self, *names):
        """Pulls the cables of these members, each for itself."""
        for name in names:
            ip("link", "set", self.port[name], "nomaster")

    def join(self, *names):
        for name in names:
            ip("link", "set", self.port[name], "master", self.bridge)

    def lose(self, sender, receiver):
        """What one sends to the other is lost; the other direction stays."""
        ip("-n", self.space[sender], "neighbour", "replace", self.address[receiver], "lladdr",
           NOWHERE, "nud", "permanent", "dev", "eth0")

    def find(self, sender, receiver):
        ip("-n", self.space[sender], "neighbour", "delete", self.address[receiver], "dev",
           "eth0")

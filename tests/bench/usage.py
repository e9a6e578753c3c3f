"""What idle agents cost: processor, memory, and bytes between them."""

import os
import time

from alone import loopback_bytes


def run_ns(pid):
    """Nanoseconds that all threads of a process have run."""
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/schedstat", encoding="ascii") as file:
            total += int(file.read().split()[0])
    return total


def kib_of(path, *fields):
    """The sum of some fields of a /proc file in KiB; None where it may not be read."""
    try:
        with open(path, encoding="ascii") as file:
            lines = dict(line.split(":", 1) for line in file if ":" in line)
    except PermissionError:
        return None
    return sum(int(lines[field].split()[0]) for field in fields)


def idle(cluster, seconds, alone):
    """Looks at all agents for so long, without asking them anything."""
    pids = {name: cluster.pids(name)[0] for name in cluster.members}
    begun = time.monotonic()
    ran = {name: run_ns(pid) for name, pid in pids.items()}
    carried = loopback_bytes() if alone else None
    time.sleep(seconds)
    taken_s = time.monotonic() - begun
    agents = {}
    for name, pid in pids.items():
        cpu = (run_ns(pid) - ran[name]) / (taken_s * 1e9)
        agents[name] = {
            "cpu_percent": round(100 * cpu, 3),
            "rss_kib": kib_of(f"/proc/{pid}/status", "VmRSS"),
            "private_kib": kib_of(f"/proc/{pid}/smaps_rollup", "Private_Clean",
                                  "Private_Dirty"),
        }
    bytes_per_s = round((loopback_bytes() - carried) / taken_s) if alone else None
    return {"agents": agents, "bytes_per_s": bytes_per_s, "idle_s": round(taken_s, 1)}

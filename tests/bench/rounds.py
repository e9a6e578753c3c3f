"""What is done to a cluster, again and again, and how long it takes until a survivor shows
it."""

import http.client
import json
import signal
import statistics
import time

from cluster import UnixConnection, wait_for

MOVED_TICKS = 2  # standing.md, section 7: silence moves a grant at most so often
WATCHER = "argus"  # leads nothing, so it survives every round
PATIENCE_S = 20.0


class Survivor:
    """One lasting connection to a member's socket, on which each change of the height is waited
    for: what it shows was visible at that moment, and it is not kept busy by questions."""

    def __init__(self, member):
        self.connection = UnixConnection(member.socket, PATIENCE_S)
        self.view = self.ask("/v1/status")

    def ask(self, path):
        self.connection.request("GET", path)
        response = self.connection.getresponse()
        body = response.read()
        if response.status != 200:
            raise http.client.HTTPException(f"{path}: {response.status} {body}")
        return json.loads(body)

    def fence(self):
        grant = self.view["grant"]
        return int(grant["fence"]) if grant is not None else 0

    def refresh(self):
        self.view = self.ask("/v1/status")
        return self.view

    def wait_fence(self, above):
        """Until a fence above this one is shown; the monotonic time of that in seconds."""
        end = time.monotonic() + PATIENCE_S
        while self.fence() <= above:
            if time.monotonic() > end:
                raise TimeoutError(f"no fence above {above} is shown")
            self.view = self.ask(f"/v1/status?after={self.view['height']}&wait_s=5")
        return time.monotonic()

    def close(self):
        self.connection.close()


def summary(samples_ms):
    return {"median": round(statistics.median(samples_ms), 1), "min": round(min(samples_ms), 1),
            "max": round(max(samples_ms), 1),
            "samples": [round(sample, 1) for sample in samples_ms]}


def wait_whole(cluster):
    """Until every member hears every other, and is where the others are."""
    def whole():
        views = list(cluster.statuses().values())
        heights = [view["height"] for view in views]
        return (len(views) == len(cluster.members)
                and all(view["quorum"]["heard"] == len(views) for view in views)
                and all(view["phase"] == "running" for view in views)
                and max(heights) - min(heights) <= 1)
    wait_for(whole, 60.0, "the cluster is not whole", step_s=0.1)


def settle_down(cluster, ticks):
    """Whole again, and far enough from the last move that silence may move the grant."""
    wait_whole(cluster)
    time.sleep(ticks * cluster.facts["timing"]["tick_ms"] / 1000)
    wait_whole(cluster)


def failover_ms(cluster, number):
    """The holder gets this signal; milliseconds until the survivor shows another grant."""
    survivor = Survivor(cluster.members[WATCHER])
    try:
        fence = survivor.fence()
        holder = survivor.view["grant"]["holder"]
        begun = time.monotonic()
        cluster.send(holder, number)
        taken_ms = (survivor.wait_fence(fence) - begun) * 1000
    finally:
        survivor.close()
    if number == signal.SIGKILL:
        wait_for(lambda: not cluster.pids(holder), PATIENCE_S, f"{holder} does not die")
        cluster.start(holder)
    else:
        cluster.send(holder, signal.SIGCONT)
    return taken_ms


def failovers(cluster, number, rounds):
    samples = []
    for _ in range(rounds):
        settle_down(cluster, MOVED_TICKS + 0.5)
        samples.append(failover_ms(cluster, number))
    return summary(samples)


def decide_ms(survivor, holder, directory):
    """From a `fail` that the holder's worker says, to the block that decides it."""
    fence = survivor.fence()
    path = directory / f"commands-{holder}-{fence}"
    wait_for(path.exists, PATIENCE_S, f"no worker of {holder} waits for a command")
    with open(path, "w", encoding="ascii") as commands:
        commands.write("fail bench\n")
        commands.flush()
        begun = time.monotonic()
        return (survivor.wait_fence(fence) - begun) * 1000


def decisions(cluster, directory, rounds):
    """Commands are told apart by the fence that they end; each is its author's first of a tick,
    or would wait for the tick's block."""
    survivor = Survivor(cluster.members[WATCHER])
    samples = []
    try:
        for _ in range(rounds):
            holder = survivor.refresh()["grant"]["holder"]
            samples.append(decide_ms(survivor, holder, directory))
            time.sleep(0.5)
    finally:
        survivor.close()
    return summary(samples)


def start_ms(cluster):
    """A cold start of all, until the first grant is shown."""
    begun = time.monotonic()
    cluster.start()
    member = cluster.members[WATCHER]

    def survivor():
        try:
            return Survivor(member)
        except OSError:
            return None
    watching = wait_for(survivor, PATIENCE_S, f"{WATCHER} does not answer", step_s=0.001)
    try:
        return (watching.wait_fence(0) - begun) * 1000
    finally:
        watching.close()

"""The check that matters: what was asked is what was counted, once.

One side is what the traffic generators wrote to their logs before the sink ever saw it, the
other what the sink publishes; `ostrakon-stats verify` adds both up, per customer.
"""

import json
import subprocess
from datetime import datetime, timezone

from cluster import wait_for


def read(tools, command, cluster, *arguments):
    """What `ostrakon-stats` answers about the sink; None when it cannot be read now."""
    done = subprocess.run([tools.stats, command, "--sink", cluster.sink, "--json",
                           *arguments],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True)
    return json.loads(done.stdout) if done.stdout.startswith("{") else None


def line(tools, cluster):
    """The traffic in a line."""
    now = read(tools, "status", cluster)
    if now is None:
        return "traffic: the sink cannot be read"
    late = sum(node["late"] or 0 for node in now["arrived"])
    published = now["rows"] - now["unpublished"]
    return (f"traffic: {now['rows']} queries so far, {published} of them published "
            f"in {now['published']} windows, {late} late")


def settled_until(cluster):
    """Until when some member shows all windows as settled; None if none shows it."""
    times = [view["windows"]["settled_until"] for view in cluster.statuses().values()]
    instants = [datetime.fromisoformat(text.replace("Z", "+00:00")) for text in times if text]
    return max(instants, default=None)


def settle(cluster, tools):
    """Waits until every row that is in the sink is in a settled window; how long that may take
    is bounded by a window, and by two grants that come to nothing. Whether it came true."""
    timing = cluster.facts["timing"]
    patience_s = cluster.window_s + timing["grace_s"] + 2 * timing["window_timeout_s"] + 20
    until = datetime.now(timezone.utc)

    def all_settled():
        now = read(tools, "status", cluster)
        settled = settled_until(cluster)
        return (now is not None and now["unpublished"] == 0
                and settled is not None and settled >= until)

    try:
        wait_for(all_settled, patience_s, "the last windows are not settled", step_s=0.2)
    except TimeoutError as error:
        print(error)
        return False
    return True


def compare(cluster, tools):
    """Prints both totals, per customer and in sum; whether they are equal and all published."""
    logs = [traffic.log for traffic in cluster.traffic]
    done = subprocess.run([tools.stats, "verify", "--sink", cluster.sink, "--log", *logs],
                          stdin=subprocess.DEVNULL)
    now = read(tools, "status", cluster)
    return done.returncode == 0 and now is not None and now["unpublished"] == 0

"""What must hold of a cluster whatever was done to it. Shares no code with the product: it
reads what the members answer, what the sink holds and what the traffic wrote down."""

import http.client
import json
import sqlite3

from cluster import UnixConnection


class Wrong(AssertionError):
    """Something that must never be."""


def require(holds, what):
    if not holds:
        raise Wrong(what)


class Chain:
    """No two blocks at one height, whoever is asked and whenever; each follows from the one
    before it, and is decided by enough voters."""

    def __init__(self, members, needed):
        self.members = set(members)
        self.needed = needed
        self.hashes = {}
        self.times = {}
        self.views = {}
        self.read_to = {}

    def forget(self, name):
        """The member's blocks may have been lost: those that it has are read once more."""
        self.read_to[name] = 0

    def read(self, name, member, height):
        """Reads what is new of one member, up to the height that it claims."""
        connection = UnixConnection(member.socket, 10.0)
        try:
            for number in range(self.read_to.get(name, 0) + 1, height + 1):
                connection.request("GET", f"/v1/blocks/{number}")
                response = connection.getresponse()
                body = json.loads(response.read())
                if response.status == 200:
                    self.take(name, number, body)
                else:
                    require(response.status == 404, f"{name}: block {number}: {body}")
                self.read_to[name] = number
        except http.client.HTTPException as error:
            raise OSError(f"{name} gives no proper answer: {error}") from error
        finally:
            connection.close()

    def take(self, name, height, document):
        block = document["block"]
        digest = block["hash"]
        known = self.hashes.setdefault(height, digest)
        require(known == digest, f"two blocks at height {height}: {name} has {digest}, "
                                 f"others have {known}")
        require(block["height"] == height, f"{name} gave another block than {height}")
        signers = [signer["member"] for signer in document["certificate"]["signers"]]
        require(len(set(signers)) == len(signers) >= self.needed
                and self.members >= set(signers), f"block {height} is decided by {signers}")
        self.times[height] = block["time"]
        self.views[height] = document["certificate"]["view"]
        if height - 1 in self.hashes:
            require(block["parent"] == self.hashes[height - 1],
                    f"block {height} does not follow from block {height - 1}")
            require(self.times[height - 1] < block["time"], f"time stands still at {height}")


class Story:
    """What the members tell of decided things: the same in the same order, and fences grow."""

    def __init__(self):
        self.told = {}
        self.after = {}
        self.fences = {}

    def forget(self, name):
        """The member's log may begin anew."""
        self.told.pop(name, None)
        self.after.pop(name, None)

    def read(self, name, ask):
        """`ask(path)` answers a document of this member."""
        page = None
        while page is None or page["items"]:
            page = ask(f"/v1/log?limit=1000&after={self.after.get(name, 0)}")
            self.after[name] = page["next"]
            for item in page["items"]:
                if item["height"] is not None:
                    self.take(name, item)

    def take(self, name, item):
        place = (item["height"], item["event"], item["message"])
        self.told.setdefault(name, set())
        require(place not in self.told[name], f"{name} tells twice: {place}")
        self.told[name].add(place)
        if item["event"] == "granted":
            fence = int(item["message"].split()[1])
            known = self.fences.setdefault(fence, (item["height"], item["member"]))
            require(known == (item["height"], item["member"]),
                    f"fence {fence} to two members or at two heights: {known}, {item}")

    def compare(self):
        heights = [self.fences[fence][0] for fence in sorted(self.fences)]
        require(heights == sorted(set(heights)), f"fences do not grow: {self.fences}")
        by_height = {}
        for name, told in self.told.items():
            for height, event, message in told:
                by_height.setdefault(height, {}).setdefault(name, set()).add((event, message))
        for height, sayings in sorted(by_height.items()):
            require(len({frozenset(said) for said in sayings.values()}) == 1,
                    f"height {height} is told in different ways: {sayings}")


class Windows:
    """Each window is settled once, by two different members, as the sink has it published."""

    def __init__(self):
        self.settled = {}

    def take(self, name, document):
        for window in document["items"]:
            if window["state"] != "settled":
                continue
            number = window["window"]
            fact = (window["digest"], tuple(sorted(window["by"])), window["fence"])
            known = self.settled.setdefault(number, fact)
            require(known == fact, f"{name}: window {number} settled as {fact}, "
                                   f"elsewhere as {known}")
            require(len(fact[1]) == 2, f"window {number} settled by {fact[1]} alone")

    def compare(self, sink):
        """Against what the sink has published: every window between the first and the last."""
        published = read_sink(sink, "SELECT window, digest FROM published ORDER BY window")
        endorsed = read_sink(sink, "SELECT window, digest, count(DISTINCT member) "
                                   "FROM endorsed GROUP BY window, digest")
        numbers = [window for window, digest in published]
        if numbers:
            expected = list(range(numbers[0], numbers[-1] + 1))
            require(numbers == expected, f"windows are missing among {numbers}")
        enough = {(window, digest) for window, digest, count in endorsed if count >= 2}
        require(enough >= set(published), "a window is published that two did not endorse")
        digests = dict(published)
        for window, (digest, by, fence) in self.settled.items():
            require(digests.get(window) == digest, f"window {window} is settled with another "
                                                   f"digest than it is published with")


def read_sink(sink, question):
    connection = sqlite3.connect(f"file:{sink}?mode=ro", uri=True, timeout=10)
    try:
        return connection.execute(question).fetchall()
    finally:
        connection.close()


def count_logs(paths):
    """What the traffic wrote down: customer -> (queries, positives)."""
    counted = {}
    for path in paths:
        with open(path, encoding="utf-8") as log:
            for line in log:
                row = json.loads(line)
                queries, positives = counted.get(row["customer"], (0, 0))
                counted[row["customer"]] = (queries + 1,
                                            positives + (row["verdict"] == "positive"))
    return counted


def compare_totals(sink, paths):
    """Every row of the logs is counted once, under its customer; the answer is their number."""
    published = {customer: (queries, positives) for customer, queries, positives in
                 read_sink(sink, "SELECT customer, sum(queries), sum(positives) FROM totals "
                                 "GROUP BY customer")}
    generated = count_logs(paths)
    require(published == generated, f"published {published}, generated {generated}")
    return sum(queries for queries, positives in generated.values())

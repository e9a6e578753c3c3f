"""Data directories that are cut short, altered, taken back to an earlier day, or lost."""

import os
import re
import shutil
import signal
import struct
import sys
from pathlib import Path

from scene import Scene, require, rows_are_counted_once, time_passes, wake
from tap import play

BUILD = sys.argv[1]
VICTIM = "argus"
PAGE_BYTES = 4096
SLOTS_AT = 4096
NO_VIEW = 0xFFFFFFFF
SLOT_BYTES = 20 * 1024
LATER_VOTE = "a peer shows a later vote of its own than its record has"


def path_of(scene, name, victim=VICTIM):
    return Path(scene.cluster.members[victim].dir) / name


def flip(path, offset, bit=3):
    with open(path, "r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ 1 << bit]))


def votes_again(scene, mark, why, victim=VICTIM):
    """The victim says why it does not vote, follows, and votes again once the others have
    passed it; meanwhile no block has its vote."""
    scene.wait_said(victim, f"OST-1101.*this member does not vote: {why}", mark)
    line = scene.wait_said(victim, "OST-1102.*this member votes again, from height", mark, 20)
    resumed = int(line.rstrip('"').split()[-1])
    scene.wait_well(20)
    scene.wait_height(resumed + 1)
    return resumed


def restarted(scene, change, victim=VICTIM, stop=None):
    """Stops the victim, lets `change` do its harm, starts it; the log's mark before that."""
    (stop or scene.cluster.kill)(victim)
    change()
    mark = scene.mark(victim)
    scene.forget(victim)
    scene.cluster.start(victim)
    return mark


def lost_votes(scene):
    """A lost vote store: the member says so, and is mute until others have passed its votes"""
    mark = restarted(scene, lambda: path_of(scene, "votes").unlink())
    page = scene.wait_view(VICTIM, lambda view: view["state"] == "degraded"
                           and "OST-1101" in str(view["reasons"]), 5, "says OST-1101")
    require(re.search(f"{VICTIM} does not vote.*: what it had voted is lost", page["summary"]),
            page["summary"])
    votes_again(scene, mark, "its vote record is missing")
    require(path_of(scene, "votes").exists(), "there is no vote store again")


def truncated_votes(scene):
    """A vote store cut to a half is not believed, and is kept beside the new one"""
    path = path_of(scene, "votes")
    mark = restarted(scene, lambda: os.truncate(path, path.stat().st_size // 2))
    votes_again(scene, mark, "its vote record is damaged")
    require(list(path.parent.glob("votes.lost-*")), "the damaged store is gone")


def flipped_votes(scene):
    """A vote store with a flipped bit in its header, or in both slots, is not believed"""
    path = path_of(scene, "votes")
    mark = restarted(scene, lambda: flip(path, 20))
    votes_again(scene, mark, "its vote record is damaged")

    def spoil_both():
        flip(path, SLOTS_AT + 40)
        flip(path, SLOTS_AT + SLOT_BYTES + 40)
    mark = restarted(scene, spoil_both)
    votes_again(scene, mark, "its vote record is damaged")


def copied_votes(scene):
    """A data directory put back from a copy does not vote until others have passed it"""
    home = path_of(scene, ".").resolve()
    copy = scene.scratch / "backup"

    def take():
        shutil.copytree(home, copy)
    restarted(scene, take, stop=scene.cluster.stop)
    scene.wait_well()
    before = scene.height()
    scene.wait_height(before + 4)

    def put_back():
        shutil.rmtree(home)
        shutil.copytree(copy, home)
    mark = restarted(scene, put_back)
    resumed = votes_again(scene, mark, "its vote record is a copy or a restored backup")
    require(resumed > before + 4, f"it votes from height {resumed}, was put back at {before}")


def record_of(path):
    """(height, top view) of the newest record in a vote store; votes.h and vote_record.c say
    where they lie."""
    content = path.read_bytes()
    newest = (-1, 0)
    for start in (SLOTS_AT, SLOTS_AT + SLOT_BYTES):
        serial, size, held = struct.unpack_from(">QII", content, start + 64)
        if size > 0:
            newest = max(newest, (serial, start + 64 + 16 + held * 72))
    height, resume, parent, top = struct.unpack_from(">QQ32sI", content, newest[1] + 1)
    return height, top


def noticed_by_peers(scene, change):
    """The harm is done while the others hold votes of the victim at the height in progress:
    with two of them stopped nothing is decided meanwhile."""
    stopped = ("selene", "themis")
    marks = {name: scene.mark(name) for name in stopped}
    for name in stopped:
        scene.cluster.send(name, signal.SIGSTOP)
    scene.wait(lambda: all(not scene.view(name)["quorum"]["heard"] > 3
                           for name in scene.others(*stopped)), 5, "a quorum is heard")
    height = scene.height()

    def has_voted():
        voted, top = record_of(path_of(scene, "votes"))
        return voted == height + 1 and top != NO_VIEW
    scene.wait(has_voted, 10, f"{VICTIM} does not vote")
    time_passes(0.3 * scene.scale)  # repeated every 3 delta, its votes have reached the others
    require(scene.height() == height, "the chain went on without a quorum")
    mark = restarted(scene, change)
    scene.wait_said(VICTIM, f"OST-1101.*{LATER_VOTE}", mark)
    for name in stopped:
        wake(scene, name, marks[name])
    require(votes_again(scene, mark, LATER_VOTE) > height + 1, "it votes too early")


def overwritten_votes(scene):
    """Old bytes written back into the vote store are noticed by what the peers still hold"""
    path = path_of(scene, "votes")
    scene.cluster.stop(VICTIM)
    old = path.read_bytes()
    scene.cluster.start(VICTIM)
    scene.wait_well()

    def write_back():
        with open(path, "r+b") as file:
            file.write(old)
    noticed_by_peers(scene, write_back)


def initialised_again(scene):
    """A member made anew by `ostrakon init` under its old keys is told of its votes as well"""
    def make_anew():
        for path in path_of(scene, ".").resolve().iterdir():
            if path.name.startswith(("votes", "ostrakon.db")):
                path.unlink()
        scene.run_init(VICTIM)
    noticed_by_peers(scene, make_anew)


def database_is_refetched(scene, change, why):
    """Damage to the database: set aside under a new name, said, and fetched from the others."""
    path = path_of(scene, "ostrakon.db")
    aside = set(path.parent.glob("ostrakon.db.damaged-*"))
    mark = restarted(scene, change, stop=scene.cluster.stop)
    line = scene.wait_said(VICTIM, f"OST-5401.*set aside as .*{why}.*fetched from the others",
                           mark)
    new = [name for name in set(path.parent.glob("ostrakon.db.damaged-*")) - aside
           if not name.name.endswith(("-wal", "-shm"))]
    require(len(new) == 1 and str(new[0]) in line, f"set aside as {new}: {line}")
    scene.wait_well(20)
    code, block = scene.ask(VICTIM, "/v1/blocks/1")
    require(code == 200, f"block 1 was not fetched: {code} {block}")
    require(not scene.said(VICTIM, "OST-1101", mark), "its votes were not lost, yet it says so")


def damaged_database(scene):
    """A truncated database, one with a spoilt header, one with a spoilt page: set aside"""
    path = path_of(scene, "ostrakon.db")
    database_is_refetched(scene, lambda: os.truncate(path, path.stat().st_size // 2), "damaged")
    database_is_refetched(scene, lambda: path.write_bytes(b"no database at all" * 1000),
                          "not a database")

    def spoil_a_page():
        for page in range(1, path.stat().st_size // PAGE_BYTES):
            flip(path, page * PAGE_BYTES + 3, 6)
    database_is_refetched(scene, spoil_a_page, "damaged|malformed")


def altered_block(scene):
    """A database with one altered bit in a stored block is not believed"""
    path = path_of(scene, "ostrakon.db")
    # A start reads the blocks behind the newest snapshot, of which there is one each 64 heights.
    scene.wait_view(VICTIM, lambda view: 8 <= view["height"] % 64 <= 48, 40, "no room")
    scene.check()

    def alter():
        content = path.read_bytes()
        hash_of_block = bytes.fromhex(scene.chain.hashes[max(scene.chain.hashes) - 5])
        places = [at for at in range(len(content)) if content.startswith(hash_of_block, at)]
        require(places, "the block's hash is not in the database")
        for place in places:
            flip(path, place + 7)
    database_is_refetched(scene, alter, "block")


def quorum_needs_it(scene):
    """A vote store lost while another member is away: a standstill with a name, until it is
    back"""
    away = "selene"
    scene.cluster.stop(away)
    mark = restarted(scene, lambda: path_of(scene, "votes").unlink())
    scene.wait_view(VICTIM, lambda view: view["level"] == "critical"
                    and "quorum needs me" in view.get("summary", ""), 10,
                    "says that the quorum needs it")
    height = scene.height()  # its own may be a block behind
    code, text, complaints = scene.page(VICTIM)
    require(code == 2 and "vote store lost; quorum needs me" in " ".join(text.split()),
            f"{code} {text} {complaints}")
    scene.wait_view("atlas", lambda view: view["state"] == "no_quorum"
                    and "OST-1003" in str(view["reasons"]), 10, "says that it stands still")
    require(scene.height() == height, "blocks were decided without a quorum")
    scene.cluster.start(away)
    votes_again(scene, mark, "its vote record is missing")
    scene.wait_settled()


if __name__ == "__main__":
    play(lambda: Scene(BUILD),
         [lost_votes, truncated_votes, flipped_votes, copied_votes, overwritten_votes,
          initialised_again, damaged_database, altered_block, quorum_needs_it,
          rows_are_counted_once])

"""Members cut off from the others, both ways and in one direction, and what they make of it."""

import sys
import time

from scene import Scene, namespaces, require, rows_are_counted_once, time_passes
from tap import Skipped, play

BUILD = sys.argv[1]
KNOWN_S = 2
CUT_S = 3


def lay_cables(scene):
    try:
        scene.net = namespaces.Net(scene.names)
    except OSError as error:
        raise Skipped(f"no network namespaces here: {error}") from error
    scene.undo.append(scene.net.close)
    scene.cluster.start = lambda *names: [
        scene.net.start(scene.cluster, name) for name in names or scene.names]


def cabled_scene():
    return Scene(BUILD, prepare=lay_cables, hosts=namespaces.hosts(5))


def knows_it(scene, name, seconds=KNOWN_S):
    """The member says within this time that it hears no quorum, in words and by exit code."""
    begun = time.monotonic()
    scene.wait_view(name, lambda view: view["state"] == "no_quorum", seconds + 2, "no quorum")
    taken = time.monotonic() - begun
    require(taken <= seconds * scene.scale, f"{name} knew it after {taken:.1f} s only")
    code, text, complaints = scene.page(name)
    require(code == 2 and "NO QUORUM" in text, f"{code} {text} {complaints}")
    require(scene.ask(name, "/v1/check/leads")[0] == 503, f"{name} says that it leads")


def heals(scene, since):
    """All are there again, and the windows of the time are settled."""
    scene.wait_settled(20, since)
    scene.wait_settled(20)
    scene.wait_well(20)


def holder_cut_off(scene):
    """The grant's holder is cut off: it knows within 2 s, another leads, all windows settle"""
    scene.wait_settled()
    grant = scene.grant()
    victim = grant["holder"]
    since = scene.now()
    scene.net.cut(victim)
    knows_it(scene, victim)
    scene.wait_moved(grant, 4, scene.others(victim))
    height = scene.view(victim)["height"]
    time_passes(CUT_S)
    require(scene.view(victim)["height"] == height, "it decides alone")
    scene.wait_settled()
    scene.net.join(victim)
    heals(scene, since)


def two_and_three(scene):
    """Two are cut off from three: nobody decides anything, and all say so, until it heals"""
    scene.wait_settled()
    since = scene.now()
    scene.net.cut("argus", "themis")
    for name in scene.names:
        knows_it(scene, name)
    heights = {name: scene.view(name)["height"] for name in scene.names}
    time_passes(CUT_S)
    for name, height in heights.items():
        require(scene.view(name)["height"] == height, f"{name} decides without a quorum")
    scene.net.join("argus", "themis")
    heals(scene, since)


def one_way(scene, lost):
    """`lost(name, other)` says between whom what is sent is lost."""
    scene.wait_settled()
    grant = scene.grant()
    victim = grant["holder"]
    since = scene.now()
    for other in scene.others(victim):
        scene.net.lose(*lost(victim, other))
    knows_it(scene, victim)
    scene.wait_moved(grant, 4, scene.others(victim))
    scene.wait_settled()
    for other in scene.others(victim):
        scene.net.find(*lost(victim, other))
    heals(scene, since)


def mute_holder(scene):
    """All that the grant's holder sends is lost: it knows within 2 s, another leads"""
    one_way(scene, lambda victim, other: (victim, other))


def deaf_holder(scene):
    """All that is sent to the grant's holder is lost: it knows within 2 s, another leads"""
    one_way(scene, lambda victim, other: (other, victim))


def one_link(scene):
    """A single link is cut: nobody is accused by a others, no grant moves, both ends say so"""
    grant = scene.grant()
    marks = {name: scene.mark(name) for name in scene.names}
    scene.net.lose("atlas", "argus")
    scene.net.lose("argus", "atlas")
    for name, other in (("atlas", "argus"), ("argus", "atlas")):
        scene.wait_said(name, f"{other} is not heard here any more", marks[name], 20)
    scene.wait_settled()
    time_passes(CUT_S)
    require(scene.grant()["fence"] == grant["fence"], f"{scene.grant()} was {grant}")
    for name in scene.names:
        require(not scene.said(name, "OST-2001.*cannot be reached", marks[name]), f"in {name}")
    scene.net.find("atlas", "argus")
    scene.net.find("argus", "atlas")
    scene.wait_well(20)


if __name__ == "__main__":
    # The link first: detectors that have seen long gaps are patient for a while.
    play(cabled_scene, [one_link, holder_cut_off, two_and_three, mute_holder, deaf_holder,
                        rows_are_counted_once])

"""Agents die by kill -9: the holder of the grant, a proposer, all, one after the other."""

import random
import sys

from scene import Scene, require, rows_are_counted_once
from tap import play

BUILD = sys.argv[1]


def holder(scene):
    """The holder of the grant is killed: another is granted, with a higher fence"""
    before = scene.grant()
    scene.cluster.kill(before["holder"])
    others = scene.others(before["holder"])
    after = scene.wait_moved(before, 3, others)
    require(after["holder"] != before["holder"], f"{after} is still the holder that died")
    for name in others:
        scene.wait_said(name, f"fence {before['fence']} taken from {before['holder']}: "
                              "it cannot be reached")
    view = scene.wait_view(others[0], lambda view: view["state"] == "degraded", 3, "degraded")
    require(f"{before['holder']} has not been heard since" in view["summary"], view["summary"])
    scene.wait_settled()
    scene.cluster.start(before["holder"])
    scene.wait_well(20)


def proposer(scene):
    """The next proposer is killed: the others decide its height in another view"""
    for attempt in range(5):
        height = scene.height()
        victim = scene.names[(height + 1) % len(scene.names)]
        scene.cluster.kill(victim)
        scene.wait_height(height + 1, 5, scene.others(victim))
        reader = scene.others(victim)[0]
        view = scene.view(reader)
        scene.chain.read(reader, scene.cluster.members[reader], view["height"])
        scene.cluster.start(victim)
        scene.wait_well(20)
        if scene.chain.views[height + 1] > 0:
            return
    raise AssertionError("five proposers decided their block before they died")


def everyone(scene):
    """All five are killed at once, twice: the chain and the windows go on where they were"""
    for attempt in range(2):
        marks = {name: scene.mark(name) for name in scene.names}
        height = scene.height()
        scene.cluster.kill(*scene.names)
        scene.cluster.start()
        scene.wait_height(height, 10)
        scene.wait_settled(25)
        for name, mark in marks.items():
            require(not scene.said(name, "OST-1101|OST-5401|OST-1201|OST-1202", mark),
                    f"{name} has lost something")
    scene.wait_well(20)


def one_after_the_other(scene):
    """Ten agents are killed and started again in a loop, without waiting for their recovery"""
    dice = random.Random(7)
    for turn in range(10):
        victim = dice.choice(scene.names)
        scene.cluster.kill(victim)
        scene.cluster.start(victim)
        scene.wait_view(victim, lambda view: True, 5, "does not answer after its restart")
    scene.wait_settled(30)
    scene.wait_well(20)
    require(not scene.said(victim, "OST-1201|OST-1202"), "the chain forked")


if __name__ == "__main__":
    play(lambda: Scene(BUILD),
         [holder, proposer, everyone, one_after_the_other, rows_are_counted_once])

"""An IP address that changes hands between two namespaces, seen by a third."""

import json

from here import Net3, hook, ip, need, play, require, run, wait, within

ADDRESS = "10.213.77.200"
WORDS = [f"{ADDRESS}/24", "eth0"]
SEND = ("import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM)"
        f".sendto(b'x', ('{ADDRESS}', 9))")


def facts(event, member):
    return {"event": event, "cluster": "test", "member": member, "name": "helios",
            "owner": "helios", "fence": "7", "deadline_ms": "5000"}


def change(scene, event, member, fails=False):
    return hook("address", WORDS, facts(event, member), scene.net.space[member], fails)


def has(scene, member):
    return f" {ADDRESS}/" in ip("-n", scene.net.space[member], "-4", "address", "show")


def hardware(scene, member):
    links = json.loads(ip("-n", scene.net.space[member], "-j", "link", "show", "eth0"))
    return links[0]["address"]


def seen(scene):
    """Whose the address is for the client, by its table of neighbours."""
    text = ip("-n", scene.net.space["client"], "-j", "neighbour", "show", ADDRESS)
    entries = json.loads(text or "[]")
    return entries[0].get("lladdr") if entries else None


def takes_over(scene):
    """A takeover puts the address on the device, where a client finds it"""
    change(scene, "takeover", "helios")
    require(has(scene, "helios"), "the address is not there")
    run(within(scene.net.space["client"], "python3", "-c", SEND), check=True)
    wait(lambda: seen(scene) == hardware(scene, "helios"), 5, "the client does not find it")


def moves(scene):
    """After release and takeover the client's table follows, though it asks nobody"""
    change(scene, "release", "helios")
    require(not has(scene, "helios"), "the address is still there")
    change(scene, "takeover", "argus")
    require(seen(scene) == hardware(scene, "argus"),
            f"the client has {seen(scene)}, argus is {hardware(scene, 'argus')}")


def twice(scene):
    """Both may come twice"""
    change(scene, "takeover", "argus")
    require(has(scene, "argus"), "the address is gone")
    change(scene, "release", "argus")
    change(scene, "release", "argus")
    require(not has(scene, "argus"), "the address is still there")


def refuses(scene):
    """Another event, and a device that is not there, fail"""
    change(scene, "grant", "argus", fails=True)
    hook("address", [WORDS[0], "nothing0"], facts("takeover", "argus"),
         scene.net.space["argus"], fails=True)


def make():
    need("ip", "arping")
    return Net3("helios", "argus", "client")


if __name__ == "__main__":
    play(make, [takes_over, moves, twice, refuses])

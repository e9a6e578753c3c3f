"""The certificate night: a renewal that reaches one front node of three, and what becomes of it."""

import shutil
import subprocess
import sys
import time
from pathlib import Path

from scene import Scene, renewal, require, rows_are_counted_once
from tap import Skipped, play

BUILD = sys.argv[1]
NAMED_S = 65 + 5


def watched(scene):
    if shutil.which("openssl") is None:
        raise Skipped("there is no openssl to make certificates with")
    renewal.watch_certificates(scene.cluster)
    renewal.make_certificate(scene.cluster, "short", 10)


def put(scene, member, name):
    renewal.put_certificate(scene.cluster, member, name)


def is_named(code, words):
    return lambda view: any(reason["code"] == code and words in reason["text"]
                            for reason in view["reasons"])


def wait_named(scene, code, words, names=None):
    """The status of these members, or of every one, says so."""
    begun = time.monotonic()
    for name in names or scene.names:
        scene.wait_view(name, is_named(code, words), NAMED_S, f"{name} does not say: {words}")
    require(time.monotonic() - begun < NAMED_S * scene.scale, "it took too long")


def wait_not_named(scene, code):
    for name in scene.names:
        scene.wait_view(name, is_not_named(code), NAMED_S, f"{name} still says {code}")


def is_not_named(code):
    return lambda view: all(reason["code"] != code for reason in view["reasons"])


def is_barred(view):
    return any("others have a newer one" in reason["text"] for reason in view["reasons"])


def records(scene):
    return {item["name"]: item["record_ticks"] for item in scene.view("argus")["members"]}


def certificate_night(scene):
    """A new certificate on one of three, and a witness is gone: named on every status, no record
    broken, all go on"""
    before = records(scene)
    scene.cluster.kill("themis")
    others = scene.others("themis")
    put(scene, "helios", "new")
    wait_named(scene, "OST-7210", "atlas and selene have not the one of helios", others)
    scene.wait_settled(25)
    after = records(scene)
    require(all(after[name] >= before[name] for name in others), f"{before} {after}")
    scene.cluster.start("themis")


def renewed_everywhere(scene):
    """The new certificate on the others too: nothing is left to be said"""
    for name in ("atlas", "selene"):
        put(scene, name, "new")
    wait_not_named(scene, "OST-7210")


def ends_soon(scene):
    """A certificate with ten days left: its end is named, and that it is not the newest"""
    put(scene, "selene", "short")
    wait_named(scene, "OST-7211", "The certificate https of selene expires in 9 days")
    wait_named(scene, "OST-7210", "selene has not the one of atlas and helios")
    scene.wait_view("selene", is_barred, 12 * scene.timing["tick_ms"] / 1000 + 20,
                    "selene does not say that it is barred from leading")
    put(scene, "selene", "new")
    wait_not_named(scene, "OST-7211")


def of_another_key(scene):
    """A certificate whose key is another's: named as not fit, and by the doctor with the reason"""
    home = Path(scene.cluster.members["atlas"].dir)
    shutil.copy(scene.cluster.directory / "old.key", home / "www.key")
    wait_named(scene, "OST-7212", "The certificate https of atlas is not fit to be used")
    doctor = subprocess.run([scene.tools.ostrakon, "doctor", "--config",
                             scene.cluster.members["atlas"].config, "R31"],
                            capture_output=True, text=True)
    require("is not for the key beside it" in " ".join(doctor.stdout.split()), doctor.stdout)
    put(scene, "atlas", "new")
    wait_not_named(scene, "OST-7212")


if __name__ == "__main__":
    play(lambda: Scene(BUILD, prepare=watched),
         [certificate_night, renewed_everywhere, ends_soon, of_another_key,
          rows_are_counted_once])

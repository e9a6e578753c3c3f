"""A DNS record that changes hands, in a BIND of the test's own, in a namespace of its own."""

import os
import shutil

from here import Net3, hook, need, play, require, run, wait, within

ZONE = "example.test"
RECORD = f"www.{ZONE}"
ADDRESS = {"helios": "192.0.2.1", "argus": "192.0.2.9"}
CONFIGURATION = """
options {{ directory "{here}"; listen-on port 5300 {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};
           pid-file none; recursion no; session-keyfile none; notify no;
           dnssec-validation no; max-cache-size 16m; }};
controls {{ }};
include "{here}/key";
zone "{zone}" {{ type primary; file "{here}/zone";
                 update-policy {{ grant hooks. name {record}. A AAAA; }}; }};
"""
ZONE_FILE = f"""$TTL 60
@ IN SOA ns.{ZONE}. admin.{ZONE}. 1 60 60 60 60
@ IN NS ns.{ZONE}.
ns IN A 127.0.0.1
"""
UPDATE = f"server 127.0.0.1 5300\nzone {ZONE}\nupdate delete {RECORD} A\nsend\n"


def asked(scene):
    done = run(within(scene.net.space["server"], "dig", "+short", "+tries=1", "+time=2",
                      "@127.0.0.1", "-p", "5300", RECORD, "A"))
    return sorted(done.stdout.split())


def change(scene, event, member, key="key", fails=False):
    words = ["127.0.0.1:5300", ZONE, RECORD, ADDRESS[member], "5", str(scene.scratch / key)]
    facts = {"event": event, "cluster": "test", "member": member, "name": "helios",
             "owner": "helios", "fence": "3", "deadline_ms": "5000"}
    return hook("dns-name", words, facts, scene.net.space["server"], fails)


def takes_over(scene):
    """A takeover makes the address the record's only one"""
    change(scene, "takeover", "helios")
    require(asked(scene) == ["192.0.2.1"], asked(scene))
    change(scene, "release", "helios")
    require(asked(scene) == [], asked(scene))
    change(scene, "takeover", "argus")
    require(asked(scene) == ["192.0.2.9"], asked(scene))


def late_release(scene):
    """A release that comes late does not undo the next holder's takeover"""
    change(scene, "release", "helios")
    require(asked(scene) == ["192.0.2.9"], asked(scene))
    change(scene, "takeover", "argus")
    require(asked(scene) == ["192.0.2.9"], asked(scene))


def refused(scene):
    """With another key the server refuses, and the hook fails"""
    change(scene, "takeover", "helios", key="other", fails=True)
    require(asked(scene) == ["192.0.2.9"], asked(scene))
    change(scene, "standing", "helios", fails=True)


def make():
    need("ip", "named", "nsupdate", "dig", "tsig-keygen")
    scene = Net3("server")
    try:
        here = scene.scratch
        (here / "key").write_text(run(["tsig-keygen", "hooks"], check=True).stdout)
        (here / "other").write_text(run(["tsig-keygen", "hooks"], check=True).stdout)
        (here / "zone").write_text(ZONE_FILE)
        (here / "named.conf").write_text(CONFIGURATION.format(here=here, zone=ZONE,
                                                              record=RECORD))
        shutil.chown(here, "bind", "bind")
        for path in here.iterdir():
            shutil.chown(path, "bind", "bind")
        os.chmod(here, 0o755)
        scene.start(within(scene.net.space["server"], "named", "-g", "-u", "bind", "-c",
                           str(here / "named.conf")))
        wait(lambda: run(within(scene.net.space["server"], "dig", "+short", "+tries=1",
                                "+time=1", "@127.0.0.1", "-p", "5300", ZONE, "SOA")).stdout,
             15, "named does not answer")
        # It answers questions a moment before it takes updates.
        (here / "update").write_text(UPDATE)
        wait(lambda: run(within(scene.net.space["server"], "nsupdate", "-k", str(here / "key"),
                                str(here / "update"))).returncode == 0,
             15, "named takes no updates")
    except BaseException:
        scene.close()
        raise
    return scene


if __name__ == "__main__":
    play(make, [takes_over, late_release, refused])

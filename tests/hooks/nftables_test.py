"""A port that only members in good standing reach: asked by connecting to it."""

from here import Net3, hook, need, play, require, run, wait, within

PORT = "7700"
RULES = f"""
table inet ostrakon {{
    set members {{ type ipv4_addr; }}
    set members6 {{ type ipv6_addr; }}
    chain input {{
        type filter hook input priority 0; policy accept;
        tcp dport {PORT} ip saddr @members accept
        tcp dport {PORT} drop
    }}
}}
"""
SERVE = f"""
import socket
listener = socket.create_server(("0.0.0.0", {PORT}))
while True:
    listener.accept()[0].close()
"""
CONNECT = "import socket, sys; socket.create_connection((sys.argv[1], {}), 1).close()".format(PORT)


def reaches(scene, member):
    done = run(within(scene.net.space[member], "python3", "-c", CONNECT,
                      scene.net.address["server"]))
    return done.returncode == 0


def tell(scene, event, standing, *good, fails=False, text=None, more=()):
    facts = {"event": event, "cluster": "test", "member": "server", "subject": "helios",
             "standing": standing, "term": "2", "height": "9", "deadline_ms": "5000",
             "good": text or " ".join(f"{name}={scene.net.address[name]}:7000"
                                      for name in good)}
    return hook("nftables-members", ["inet", "ostrakon", "members", *more], facts,
                scene.net.space["server"], fails)


def starts(scene):
    """Who is in good standing gets through, and nobody before it was told"""
    require(not reaches(scene, "helios"), "an empty set lets somebody through")
    tell(scene, "standing", "good", "helios", "argus")
    require(reaches(scene, "helios") and reaches(scene, "argus"), "a member does not get through")


def removed(scene):
    """Who is removed does not get through any more, all others do"""
    tell(scene, "lock_out", "locked_out", "argus")
    require(not reaches(scene, "helios"), "the removed one gets through")
    require(reaches(scene, "argus"), "a good one does not get through")


def returns(scene):
    """Who is back gets through again; the same told twice changes nothing"""
    tell(scene, "standing", "good", "argus", "helios")
    tell(scene, "standing", "good", "argus", "helios")
    require(reaches(scene, "helios") and reaches(scene, "argus"), "a member does not get through")


def holds(scene, name):
    """What the set of that name holds, as nft prints it."""
    done = run(within(scene.net.space["server"], "nft", "list", "set", "inet", "ostrakon", name))
    return done.stdout


def nonsense(scene):
    """What is no address fails and is in no set; the removed one is out for all that"""
    helios = scene.net.address["helios"]
    argus = f"argus={scene.net.address['argus']}:7000"
    for text in ("helios=};flush:1", "helios=[::1;flush]:1", f"*={helios},:1", "helios=[]:1",
                 "helios=[fe80::1%eth0]:1"):
        tell(scene, "standing", "good", "argus", "helios")
        tell(scene, "lock_out", "locked_out", fails=True, text=f"{text} {argus}",
             more=("members6",))
        require(not reaches(scene, "helios"), f"the removed one gets through: {text}")
        require(reaches(scene, "argus"), f"a good one does not get through: {text}")
    tell(scene, "standing", "good", "argus", "helios")
    tell(scene, "standing", "good", fails=True, text=f"helios=1.2.3.999:1 {argus}")
    require(reaches(scene, "helios"), "a set was changed in part")


def ipv6(scene):
    """Members with IPv6 addresses have a set of their own; where it is not named they are left
    out, and who was removed is so for all that"""
    both = f"atlas=[2001:db8::7]:7000 argus={scene.net.address['argus']}:7000"
    tell(scene, "standing", "good", text=both, more=("members6",))
    require("2001:db8::7" in holds(scene, "members6"), holds(scene, "members6"))
    require(reaches(scene, "argus") and not reaches(scene, "helios"), "the other set")
    tell(scene, "standing", "good", "argus", "helios")
    tell(scene, "lock_out", "locked_out", fails=True, text=both)
    require(reaches(scene, "argus") and not reaches(scene, "helios"), "the removed one is in")
    tell(scene, "standing", "good", "argus", "helios", more=("members6",))
    require("2001" not in holds(scene, "members6"), holds(scene, "members6"))


def make():
    need("ip", "nft")
    scene = Net3("server", "helios", "argus")
    try:
        rules = scene.scratch / "rules"
        rules.write_text(RULES)
        server = scene.net.space["server"]
        run(within(server, "nft", "-f", str(rules)), check=True)
        scene.start(within(server, "python3", "-c", SERVE))
        wait(lambda: PORT in run(within(server, "ss", "-ltn")).stdout, 10, "nobody listens")
    except BaseException:
        scene.close()
        raise
    return scene


if __name__ == "__main__":
    play(make, [starts, removed, returns, nonsense, ipv6])

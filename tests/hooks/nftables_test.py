"""A port that only members in good standing reach: asked by connecting to it."""

from here import Net3, hook, need, play, require, run, wait, within

PORT = "7700"
RULES = f"""
table inet ostrakon {{
    set members {{ type ipv4_addr; }}
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


def tell(scene, event, standing, *good, fails=False, text=None):
    facts = {"event": event, "cluster": "test", "member": "server", "subject": "helios",
             "standing": standing, "term": "2", "height": "9", "deadline_ms": "5000",
             "good": text or " ".join(f"{name}={scene.net.address[name]}:7000"
                                      for name in good)}
    return hook("nftables-members", ["inet", "ostrakon", "members"], facts,
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


def nonsense(scene):
    """What is no address changes nothing, and fails"""
    tell(scene, "standing", "good", fails=True, text="argus=1.2.3.4:1 helios=};flush:1")
    require(reaches(scene, "helios"), "the set has changed")


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
    play(make, [starts, removed, returns, nonsense])

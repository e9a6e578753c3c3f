"""Co-signed tokens on real agents: every member has one, a removed member's is dead at the next
height for whoever asks a sound agent, and without a quorum they end."""

import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from datetime import datetime
from pathlib import Path

from hangs import children_of
from neuter import turn_bit
from scene import ROOT, Scene, processes, require, time_passes
from tap import Skipped, play

BUILD = sys.argv[1]
TTL_S = 24
REMOVED = "argus"
REMOVED_NEXT = "themis"
OPERATOR = "anna"
STOPPED = ("helios", "themis")
NEW_S = 5


def home(scene, name):
    return Path(scene.cluster.members[name].dir)


def name_files(scene):
    scene.nginx = None
    for name in scene.names:
        config = Path(scene.cluster.members[name].config)
        reload = ["/bin/sh", "-c", f"echo $OSTRAKON_EVENT >>{home(scene, name)}/reloaded"]
        token = {"file": str(home(scene, name) / "token.jws"), "reload": reload}
        config.write_text(config.read_text() + f"token: {json.dumps(token)}\n")


def word(scene, name):
    """The member's token as it goes into a header, from its file."""
    done = subprocess.run([scene.tools.ostrakon, "token", "show",
                           str(home(scene, name) / "token.jws")],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True)
    require(done.returncode == 0, done.stderr)
    return done.stdout.strip()


def api(scene, at):
    return scene.cluster.members[at].api.removeprefix("http://").rstrip("/")


def verify(scene, at, token):
    """(status, reason or member) of /v1/token/verify at one agent."""
    return get(api(scene, at), "/v1/token/verify", token)


def get(host, path, token):
    connection = http.client.HTTPConnection(host, timeout=20)  # sanitizers are slow
    try:
        connection.request("GET", path,
                           headers={"Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        answer.read()
        return answer.status, (answer.getheader("X-Ostrakon-Member")
                               or answer.getheader("X-Ostrakon-Reason"))
    finally:
        connection.close()


def has_token(scene, name):
    path = home(scene, name) / "token.jws"
    return path.exists() and verify(scene, name, word(scene, name))[0] == 200


def wait_tokens(scene, names, seconds):
    scene.wait(lambda: all(has_token(scene, name) for name in names), seconds,
               f"not all of {names} have a token that is good at themselves")


NGINX = """
pid {here}/nginx.pid;
error_log {here}/nginx.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {here}/body;
    proxy_temp_path {here}/proxy;
    fastcgi_temp_path {here}/fastcgi;
    uwsgi_temp_path {here}/uwsgi;
    scgi_temp_path {here}/scgi;
    include {here}/ostrakon/http.conf;
    server {{
        listen 127.0.0.1:{port};
        include {here}/ostrakon/server.conf;
        location / {{
            root {here}/pages;
        }}
    }}
}}
"""


NGINX_PROGRAM = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")


def start_nginx(scene, at):
    """A service behind nginx, configured as deploy/hooks has it, beside this agent; its address,
    the same each time."""
    if scene.nginx is not None:
        return scene.nginx
    program = NGINX_PROGRAM
    here = scene.scratch / "nginx"
    (here / "pages").mkdir(parents=True)
    here.chmod(0o755)
    scene.scratch.chmod(0o755)  # its workers are not root
    (here / "pages" / "secret").write_text("secret\n")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    shutil.copytree(ROOT / "deploy" / "hooks" / "nginx-members", here / "ostrakon")
    agent = here / "ostrakon" / "http.conf"
    agent.write_text(agent.read_text().replace("127.0.0.1:7180", api(scene, at)))
    (here / "conf").write_text(NGINX.format(here=here, port=port))
    server = subprocess.Popen([program, "-p", str(here), "-c", str(here / "conf"), "-g",
                               "daemon off;"], stdin=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL)
    scene.undo.append(server.wait)
    scene.undo.append(server.terminate)
    scene.wait(lambda: get_quietly(f"127.0.0.1:{port}", "/secret", "x")[0] == 401, 10,
               "nginx does not answer")
    scene.nginx = f"127.0.0.1:{port}"
    return scene.nginx


def everybody_has_one(scene):
    """Each has its token in a file of its own, good at each agent, and runs its reload hook"""
    wait_tokens(scene, scene.names, 10)
    for name in scene.names:
        mode = os.stat(home(scene, name) / "token.jws").st_mode & 0o777
        require(mode == 0o600, f"{name}'s token file has mode {mode:o}")
        for at in scene.names:
            said = verify(scene, at, word(scene, name))
            require(said == (200, name), f"{name}'s token at {at}: {said}")
        scene.wait(lambda name=name: "token_replaced" in
                   (home(scene, name) / "reloaded").read_text(), 5, f"{name} reloads nothing")


def is_good_without_an_agent(scene):
    """The command line finds it good by the bundle's file alone, and a changed one not"""
    token = home(scene, "helios") / "token.jws"
    command = [scene.tools.ostrakon, "token", "verify", str(token), "--bundle",
               str(home(scene, "themis") / "trust.json")]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    require(done.returncode == 0, done.stdout + done.stderr)
    altered = json.loads(token.read_text())
    altered["payload"] = altered["payload"][:-4] + "AAAA"
    bad = scene.scratch / "altered.jws"
    bad.write_text(json.dumps(altered, separators=(",", ":")))
    command[3] = str(bad)
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    require(done.returncode == 2, f"{done.returncode}: {done.stdout}{done.stderr}")


class Clients(threading.Thread):
    """Shows the others' tokens, as they stand in their files, to all of them all the time."""

    def __init__(self, scene, names):
        super().__init__(daemon=True)
        self.scene = scene
        self.names = names
        self.wrong = []
        self.shown = 0
        self.ending = threading.Event()

    def run(self):
        while not self.ending.is_set():
            for name in self.names:
                token = word(self.scene, name)
                for at in self.names:
                    said = verify(self.scene, at, token)
                    self.shown += 1
                    if said != (200, name):
                        self.wrong.append(f"{name}'s token at {at}: {said}")

    def end(self):
        self.ending.set()
        self.join()
        require(self.shown > 0, "nobody was asked")
        require(not self.wrong, "; ".join(self.wrong[:5]))


def removed(scene):
    """One is neutered: its token is refused by every sound agent, its own vouches for nobody,
    the others' are good all the time"""
    sound = scene.others(REMOVED)
    stolen = word(scene, REMOVED)
    others = word(scene, "atlas")
    clients = Clients(scene, sound)
    clients.start()
    scene.chain.needed = 3
    mark = scene.mark(REMOVED)
    turn_bit(scene, REMOVED)
    for at in sound:
        scene.wait_view(at, lambda view: {member["name"]: member for member in view["members"]}
                        [REMOVED]["standing"] == "neutered", 20, f"has {REMOVED} neutered")
        said = verify(scene, at, stolen)
        require(said == (401, "its subject is not in good standing"), f"at {at}: {said}")
    starts_anew(scene, REMOVED, mark)
    scene.wait(lambda: get_quietly(api(scene, REMOVED), "/v1/token/verify", others)[0] == 503, 15,
               f"{REMOVED}'s own agent does not answer 503")
    require(verify(scene, REMOVED, stolen)[0] == 503, f"{REMOVED}'s agent vouches for it")
    require(not (home(scene, REMOVED) / "token.jws").exists(), "it has kept its token")
    notes = {member["name"]: member["notes"] for member in scene.view("atlas")["members"]}
    require(any("cut off may take it until" in note for note in notes[REMOVED]), f"{notes}")
    scene.wait_height(scene.height() + 3)
    clients.end()


def get_quietly(host, path, token):
    try:
        return get(host, path, token)
    except OSError:
        return 0, None


def starts_anew(scene, name, mark):
    """Until an agent that was removed has started anew: between its last word and this one it has
    no API for a while. It says so once it can be asked."""
    scene.wait_said(name, "OST-5002", mark, 15)


def decide(scene, *words):
    """Has an operator's command decided; answers the height of its block."""
    done = subprocess.run([scene.tools.ostrakon, "operator", *words, "--key",
                           str(scene.plan.operator_key(OPERATOR)), "--socket",
                           scene.cluster.members["atlas"].socket, "--wait"],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    height = re.search(r"decided at height (\d+)", done.stdout)
    require(done.returncode == 0 and height is not None, done.stdout + done.stderr)
    return int(height[1])


class Asleep:
    """A member whose whole node stands still, and questions about its token that wait for it."""

    def __init__(self, scene, name, token, questions=8):
        self.answers = []
        self.pids = children_of(scene.cluster.pids(name)[0])
        scene.undo.append(self.go_on)
        for pid in self.pids:
            processes.send(pid, signal.SIGSTOP)
        self.asking = [threading.Thread(target=self.ask, args=(api(scene, name), token),
                                        daemon=True) for _ in range(questions)]
        for one in self.asking:
            one.start()

    def ask(self, host, token):
        self.answers.append(get_quietly(host, "/v1/token/verify", token))

    def go_on(self):
        for pid in self.pids:
            processes.send(pid, signal.SIGCONT)

    def wake(self):
        """All answers."""
        self.go_on()
        for one in self.asking:
            one.join()
        return self.answers


def through_nginx(scene):
    """A service behind nginx, which asks one agent: a member's request is 200, and 401 from the
    height on at which an operator removes it, which lays its token down; another's is 200. Its
    own agent, asleep meanwhile, vouches for it not even as it wakes"""
    if NGINX_PROGRAM is None:
        raise Skipped("there is no nginx here")
    nginx = start_nginx(scene, "atlas")
    stolen = word(scene, REMOVED_NEXT)
    mark = scene.mark(REMOVED_NEXT)
    require(get(nginx, "/secret", stolen)[0] == 200, "a member is not let in")
    scene.chain.needed = 2  # of three voters
    asleep = Asleep(scene, REMOVED_NEXT, stolen)
    height = decide(scene, "remove", REMOVED_NEXT, "--yes")
    scene.wait_height(height - 1, names=["atlas"])
    require(get(nginx, "/secret", stolen)[0] == 401, "the removed member is still let in")
    require(get(nginx, "/secret", word(scene, "helios"))[0] == 200, "helios is refused")
    time_passes(2.5)  # less is no gap to an agent
    answers = asleep.wake()
    require(len(answers) == 8 and all(status == 503 for status, _ in answers), f"{answers}")
    scene.wait_said(REMOVED_NEXT, "OST-8002", mark)
    scene.wait(lambda: not (home(scene, REMOVED_NEXT) / "token.jws").exists(), 5,
               "it keeps its token")
    scene.wait(lambda: "token_removed" in (home(scene, REMOVED_NEXT) / "reloaded").read_text(), 5,
               "nobody is told")
    starts_anew(scene, REMOVED_NEXT, mark)
    said = verify(scene, REMOVED_NEXT, word(scene, "helios"))
    require(said[0] == 503, f"its own agent still judges: {said}")


def serves(scene, token, wanted):
    """What a service behind nginx answers to who shows the token, where there is nginx."""
    if NGINX_PROGRAM is not None:
        status = get(start_nginx(scene, "atlas"), "/secret", token)[0]
        require(status == wanted, f"the service answers {status}, not {wanted}")


def offline(scene, name, at):
    """The exit code of the verifier that asks nobody, by the bundle file of `at`."""
    return subprocess.run([scene.tools.ostrakon, "token", "verify",
                           str(home(scene, name) / "token.jws"), "--bundle",
                           str(home(scene, at) / "trust.json")], stdin=subprocess.DEVNULL,
                          capture_output=True).returncode


def renewal_s(scene, name, mark):
    """How long a member was without a token once it had a quorum, by its own log: what this test
    starts and asks meanwhile costs more on a busy machine."""
    found = None
    for line in scene.said(name, "OST-1002|OST-8001", mark):
        moment = datetime.fromisoformat(line.split()[0].replace("Z", "+00:00"))
        if "OST-1002" in line:
            found = moment
        elif found is not None:
            return (moment - found).total_seconds()
    raise AssertionError(f"{name} tells of no quorum, or of no token since")


def quorum_lost(scene):
    """No quorum for longer than they live: they end, services refuse, the status says since when
    and why; a quorum again: new ones within 5 s, and none of those that were there was started
    anew"""
    left = scene.others(*STOPPED)
    old = word(scene, "atlas")
    pids = {at: scene.cluster.pids(at)[:1] for at in left}
    serves(scene, old, 200)
    scene.cluster.stop(*STOPPED)
    scene.wait_view("atlas", lambda view: view["state"] == "no_quorum", 5, "no quorum")
    require(verify(scene, "atlas", old)[0] == 200, "a lost quorum alone ends tokens")
    scene.wait(lambda: "OST-8003" in scene.reasons("atlas"), TTL_S + 15, "no word of renewal")
    text = scene.reasons("atlas")["OST-8003"]["text"]
    require("nothing has been decided since" in text and "end at" in text, text)
    for at in left:
        scene.wait(lambda at=at: verify(scene, at, old)[0] == 503, TTL_S + 5,
                   f"{at} still judges tokens")
    text = scene.wait(lambda: scene.reasons("atlas").get("OST-8004"), 5, "they have ended")["text"]
    require("All tokens have ended at" in text and "nothing has been decided since" in text, text)
    serves(scene, old, 503)
    require(offline(scene, "atlas", "selene") != 0, "it is good without an agent")
    marks = {at: scene.mark(at) for at in left}
    scene.cluster.start(*STOPPED)
    scene.wait_view("atlas", lambda view: view["state"] != "no_quorum", 15, "a quorum")
    wait_tokens(scene, scene.names, 20)
    require(word(scene, "atlas") != old, "it is the old one")
    for name in scene.names:
        for at in scene.names:
            scene.wait(lambda name=name, at=at: verify(scene, at, word(scene, name)) == (200, name),
                       20, f"{name}'s token at {at}")
    took_s = {at: renewal_s(scene, at, marks[at]) for at in left}
    require(max(took_s.values()) <= NEW_S * scene.scale, f"new tokens took {took_s} s")
    serves(scene, word(scene, "atlas"), 200)
    require(offline(scene, "atlas", "selene") == 0, "it is not good without an agent")
    require(pids == {at: scene.cluster.pids(at)[:1] for at in left}, "somebody was started anew")


def rows_after_all(scene):
    """After all that every row of the traffic is counted once"""
    scene.check_totals()


if __name__ == "__main__":
    play(lambda: Scene(BUILD, prepare=name_files, timing={"ttl_s": TTL_S}, operators=[OPERATOR]),
         [everybody_has_one, is_good_without_an_agent, quorum_lost, removed, through_nginx,
          rows_after_all])

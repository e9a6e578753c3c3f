"""nginx lets in whom the agent vouches for. The agent is a stand-in that answers as
/v1/token/verify does, or does not answer."""

import http.server
import os
import shutil
import socketserver
import sys
import threading
import time

from here import HOOKS, Place, need, play, require, run, wait

CONFIGURATION = HOOKS / "nginx-members"
SECRET = "the backend's words"

FRONT = """
daemon off;
worker_processes 1;
pid {place}/nginx.pid;
error_log {place}/log info;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {place}/body;
    proxy_temp_path {place}/proxy;
    fastcgi_temp_path {place}/fastcgi;
    uwsgi_temp_path {place}/uwsgi;
    scgi_temp_path {place}/scgi;
    include {place}/http.conf;
    server {{
        listen unix:{place}/front;
        include {conf}/server.conf;
        location / {{
            include {conf}/backend.conf;
            proxy_pass http://unix:{place}/backend:;
        }}
        location /open {{
            auth_request off;
            return 200 "open\\n";
        }}
    }}
}}
"""


class Listener(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """nginx hangs up as soon as it knows enough."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class Handler(http.server.BaseHTTPRequestHandler):
    """Keeps what it was asked in `server.seen`, and answers what `answer` says."""

    def do_GET(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.server.seen.append((self.command, self.path, dict(self.headers), body))
        answer = self.server.answer(self)
        if answer is None:
            return
        status, headers, words = answer
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(words)))
        self.end_headers()
        self.wfile.write(words)

    do_POST = do_GET

    def address_string(self):
        return "nginx"

    def log_message(self, *_):
        pass


def serve(path, answer):
    server = Listener(str(path), Handler)
    os.chmod(path, 0o777)
    server.seen = []
    server.answer = answer
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05},
                     daemon=True).start()
    return server


class Nginx(Place):
    """nginx in front of a backend, with the stand-in of an agent beside it."""

    def __init__(self):
        super().__init__()
        os.chmod(self.scratch, 0o755)
        try:
            self.good = {"helios", "argus"}
            self.agent = None
            self.start_agent()
            self.backend = serve(self.scratch / "backend", lambda request: (
                500 if request.path == "/broken" else 200, {}, SECRET.encode()))
            self.undo.append(self.backend.shutdown)
            self.configure()
            self.start([shutil.which("nginx", path="/usr/sbin:/usr/bin:/sbin"), "-p",
                        str(self.scratch), "-c", str(self.scratch / "nginx.conf")])
            wait(lambda: self.curl("/open").startswith("200"), 10, "nginx does not start")
        except BaseException:
            self.close()
            raise

    def configure(self):
        text = (CONFIGURATION / "http.conf").read_text()
        require(text.count("127.0.0.1:7180") == 1, "the agent's address")
        text = text.replace("127.0.0.1:7180", f"unix:{self.scratch}/agent")
        (self.scratch / "http.conf").write_text(text)
        (self.scratch / "nginx.conf").write_text(
            FRONT.format(place=self.scratch, conf=CONFIGURATION))

    def start_agent(self):
        self.agent = serve(self.scratch / "agent", self.judge)
        self.undo.append(self.stop_agent)

    def stop_agent(self):
        if self.agent is not None:
            self.agent.shutdown()
            self.agent.server_close()
            self.agent = None
            (self.scratch / "agent").unlink()

    def judge(self, request):
        """As agent/README.md has it; and what no agent does, for words that no token is."""
        if request.headers.get("Host") != "localhost":
            return 421, {}, b"The Host of this request is not a name of this listener.\n"
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if bearer in self.good:
            return 200, {"X-Ostrakon-Member": bearer, "X-Ostrakon-Role": "node",
                         "X-Ostrakon-Possession": "proved", "Cache-Control": "no-store"}, b"good\n"
        if bearer == "unable":
            return 503, {"X-Ostrakon-Reason": "This agent is silent.", "Retry-After": "1"}, b""
        if bearer == "slow":
            time.sleep(5)
            return None
        if bearer == "cut":
            request.wfile.write(b"HTTP/1.1 20")
            request.close_connection = True
            return None
        if bearer.isdigit():
            return int(bearer), {"Location": "/open"}, b""
        why = "the subject is not in good standing" if bearer else "no token was shown"
        return 401, {"WWW-Authenticate": 'Bearer realm="test"', "X-Ostrakon-Reason": why}, b""

    def curl(self, path, *words, bearer=None):
        """Status, headers and body, as curl prints them, the status first."""
        if bearer is not None:
            words = ("-H", f"Authorization: Bearer {bearer}", *words)
        done = run(["curl", "-s", "-i", "--max-time", "20", "--unix-socket",
                    str(self.scratch / "front"), *words, f"http://service{path}"])
        return done.stdout.partition(" ")[2] if done.returncode == 0 else ""

    def is_turned_away(self, status, *lines, bearer=None):
        asked = len(self.backend.seen)
        said = self.curl("/", bearer=bearer)
        require(said.startswith(status), f"{bearer}: {said}")
        require(SECRET not in said and len(self.backend.seen) == asked, "the backend was asked")
        for line in lines:
            require(line + "\n" in said, f"{line} is not in {said}")
        return said


def lets_in(scene):
    """A good member comes through, with the name that the agent says and no other"""
    said = scene.curl("/x?y=z", "-H", "X-Ostrakon-Member: argus", "-H", "X-Ostrakon-Role: king",
                      bearer="helios")
    require(said.startswith("200") and said.endswith(SECRET), said)
    _, path, headers, _ = scene.backend.seen[-1]
    require(path == "/x?y=z", path)
    require((headers["X-Ostrakon-Member"], headers["X-Ostrakon-Role"],
             headers["X-Ostrakon-Possession"]) == ("helios", "node", "proved"), headers)
    require("200" in scene.curl("/open"), "what is open is closed")
    said = scene.curl("/broken", bearer="helios")
    require(said.startswith("500") and said.endswith(SECRET), f"the backend's own error: {said}")


def asks_for(scene):
    """The agent is told token, proof and audience, and nothing of the request"""
    said = scene.curl("/x?audience=other", "-H", "X-Ostrakon-Proof: word", "-H", "Cookie: secret",
                      "-d", "a body", bearer="helios")
    require(said.startswith("200"), said)
    method, path, headers, body = scene.agent.seen[-1]
    require((method, path, body) == ("GET", "/v1/token/verify?audience=ostrakon", b""),
            (method, path, body))
    require(headers["Authorization"] == "Bearer helios", headers)
    require(headers["X-Ostrakon-Proof"] == "word", headers)
    require("Cookie" not in headers and "Content-Length" not in headers, headers)
    require(scene.backend.seen[-1][3] == b"a body", "the backend misses the body")


def refuses(scene):
    """401 comes through with the agent's challenge and reason, for no token and for a bad one"""
    scene.is_turned_away("401", 'WWW-Authenticate: Bearer realm="test"',
                         "X-Ostrakon-Reason: no token was shown")
    scene.is_turned_away("401", 'WWW-Authenticate: Bearer realm="test"',
                         "X-Ostrakon-Reason: the subject is not in good standing", bearer="bad")
    require(scene.curl("/ostrakon-verify", bearer="helios").startswith("404"),
            "the question can be asked from outside")


def removed(scene):
    """Who is removed is out with the next request, and others stay in"""
    require(scene.curl("/", bearer="helios").startswith("200"), "it does not come in")
    scene.good.remove("helios")
    scene.is_turned_away("401", bearer="helios")
    require(scene.curl("/", bearer="argus").startswith("200"), "another is hurt")
    scene.good.add("helios")
    require(scene.curl("/", bearer="helios").startswith("200"), "a refusal was kept")


def cannot_tell(scene):
    """503 comes through with the agent's reason"""
    said = scene.is_turned_away("503", "X-Ostrakon-Reason: This agent is silent.",
                                "Retry-After: 1", bearer="unable")
    require(said.endswith("This agent is silent.\n"), said)


def fails_closed(scene):
    """Nobody comes in when the agent is slow, cut off, or says something else"""
    silence = "X-Ostrakon-Reason: The agent beside this service does not answer."
    started = time.monotonic()
    scene.is_turned_away("503", silence, bearer="slow")
    require(time.monotonic() - started < 4, "it waited for too long")
    scene.is_turned_away("503", silence, bearer="cut")
    for status in ("301", "302", "404", "500", "502", "504"):
        scene.is_turned_away("503", silence, bearer=status)
    scene.is_turned_away("403", bearer="403")
    require(scene.curl("/", bearer="helios").startswith("200"), "one bad answer bars the next")


def agent_down(scene):
    """Nobody comes in while the agent is down; then all as before"""
    require(scene.curl("/", bearer="helios").startswith("200"), "it does not come in")
    scene.stop_agent()
    scene.is_turned_away("503", "X-Ostrakon-Reason: The agent beside this service does not answer.",
                         "Retry-After: 1", bearer="helios")
    scene.start_agent()
    require(scene.curl("/", bearer="helios").startswith("200"), "it does not come in again")


def make():
    need("nginx", "curl")
    return Nginx()


if __name__ == "__main__":
    play(make, [lets_in, asks_for, refuses, removed, cannot_tell, fails_closed, agent_down])

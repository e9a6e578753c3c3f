"""A tiny agent on a Unix socket, that answers with canned documents or misbehaves."""

import os
import re
import socket
import threading

REASONS = {200: "OK", 202: "Accepted", 400: "Bad Request", 403: "Forbidden",
           404: "Not Found", 503: "Service Unavailable"}


NO_PAGE = (404, b'{"detail":"There is no such page."}')


def answer_of(status, body):
    kind = "application/json" if status < 300 else "application/problem+json"
    head = (f"HTTP/1.1 {status} {REASONS[status]}\r\nContent-Type: {kind}\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n")
    return head.encode() + body


class Agent:
    """Listens while the context is open. `kind`: serving, or a way not to be asked."""

    def __init__(self, path, kind, served):
        self.path = path
        self.kind = kind
        self.served = served
        self.asked = []
        self.posted = b""  # the body of the last request that had one
        self.held = threading.Event()  # a long poll is waiting, and will for ever
        self.kept = []
        self.listener = None

    def __enter__(self):
        if self.kind == "absent":
            return self
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        if self.kind == "died":
            self.listener.close()
            return self
        self.listener.listen()
        if self.kind == "forbidden":
            os.chmod(self.path, 0)
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *reason):
        if self.listener is not None:
            self.listener.close()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            if self.kind == "silent":
                self.kept.append(connection)
            else:
                self.talk(connection)

    def talk(self, connection):
        request = b""
        while b"\r\n\r\n" not in request:
            more = connection.recv(4096)
            if not more:
                return
            request += more
        self.take_body(connection, request)
        path = request.split(b" ")[1].decode()
        self.asked.append(path)
        if self.kind == "rubbish":
            connection.sendall(b"220 mail.example ESMTP\r\n")
        elif self.kind != "closing":
            self.serve(connection, path)
        if connection not in self.kept:
            connection.close()

    def take_body(self, connection, request):
        """What is left unread would cost the client our answer."""
        head, _, body = request.partition(b"\r\n\r\n")
        size = re.search(rb"(?i)^content-length: (\d+)\r?$", head, re.MULTILINE)
        left = int(size[1]) - len(body) if size else 0
        while left > 0:
            more = connection.recv(left)
            body += more
            left -= len(more) or left
        self.posted = body or self.posted

    def serve(self, connection, path):
        """Each answer of a page once, the last of them again, but not to one that waits."""
        answers = self.served.get(path.split("?")[0], [NO_PAGE])
        if len(answers) > 1:
            connection.sendall(answer_of(*answers.pop(0)))
        elif "wait_s=" in path and len(self.asked) > 2:
            self.kept.append(connection)
            self.held.set()
        else:
            connection.sendall(answer_of(*answers[0]))

"""Rubbish, half-open handshakes, endless bodies and trickles at a peer port while the cluster
works: heartbeats stay on time, memory stays bounded, and the log is not flooded as well."""

import contextlib
import os
import re
import select
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time

from scene import Scene, require, rows_are_counted_once
from tap import Skipped, play

BUILD = sys.argv[1]
FLOOD_S = 6.0
HEARD_WITHIN_MS = 400  # four heartbeats: from then on a member is suspected
TASK_KIB = 16 * 1024  # what a memory-hard task takes while it is solved
GROWN_KIB_MAX = 16 * 1024 + 2 * TASK_KIB  # what the last one took may be held for the next
HALF_OPEN = 150
# The beginning of a TLS handshake: a ClientHello of 508 bytes, of which the rest never comes.
HALF_A_HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"x" * 40
GIB = 1 << 30


class Flood:
    """Runs attacks in threads until it is closed. What the agent does to their connections is
    no error."""

    def __init__(self, address, attacks):
        self.address = address
        self.ended = threading.Event()
        self.sent = 0
        self.threads = [threading.Thread(target=self.attack, args=(attack,), daemon=True)
                        for attack in attacks]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *reason):
        self.ended.set()
        for thread in self.threads:
            thread.join()

    def attack(self, attack):
        while not self.ended.is_set():
            try:
                attack(self)
            except OSError:
                pass
            self.ended.wait(0.002)

    def connect(self):
        connection = socket.create_connection(self.address, timeout=1.0)
        self.sent += 1
        return connection


def rubbish(flood):
    with flood.connect() as connection:
        connection.sendall(os.urandom(2048))


def plain_request(flood):
    with flood.connect() as connection:
        connection.sendall(b"POST /v1/peer/messages HTTP/1.1\r\nContent-Length: 9\r\n\r\n" * 50)
        connection.recv(100)


def half_open(flood):
    """Takes all the places that there are, and waits to be thrown out."""
    held = []
    try:
        while len(held) < HALF_OPEN and not flood.ended.is_set():
            held.append(flood.connect())
            held[-1].sendall(HALF_A_HELLO)
        while held and not flood.ended.wait(0.05):
            gone = select.select(held, [], [], 0)[0]
            for connection in gone:
                held.remove(connection)
                connection.close()
    finally:
        for connection in held:
            connection.close()


def trickle(flood):
    with flood.connect() as connection:
        for byte in HALF_A_HELLO:
            connection.sendall(bytes([byte]))
            if flood.ended.wait(0.2):
                return


def watched(scene, victim, seconds):
    """Looks closely for so long: (longest silence of the victim as others have it, longest of
    the others as the victim has it, KiB that it grew by)."""
    pid = scene.cluster.pids(victim)[0]
    before_kib = resident_kib(pid)
    most_kib, of_victim, of_others = before_kib, 0, 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for name, view in scene.cluster.statuses().items():
            ages = {member["name"]: member["heard_age_ms"] for member in view["members"]}
            if name == victim:
                of_others = max([of_others, *ages.values()])
            else:
                of_victim = max(of_victim, ages[victim])
        most_kib = max(most_kib, resident_kib(pid))
        time.sleep(0.02)
    return of_victim, of_others, most_kib - before_kib


def resident_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return int(re.search(r"VmRSS:\s+(\d+)", file.read())[1])


def stands_it(scene, attacks):
    """The holder of the grant is flooded, and nothing comes of it."""
    grant = scene.grant()
    victim = grant["holder"]
    port = scene.plan.base_port + scene.names.index(victim)
    marks = {name: scene.mark(name) for name in scene.names}
    with Flood(("127.0.0.1", port), attacks) as flood:
        of_victim, of_others, grown_kib = watched(scene, victim, FLOOD_S)
    require(flood.sent > 10, f"only {flood.sent} connections were made")
    limit_ms = HEARD_WITHIN_MS * scene.scale
    require(of_victim < limit_ms, f"{victim} was silent for {of_victim} ms")
    require(of_others < limit_ms, f"{victim} did not hear the others for {of_others} ms")
    require(scene.scale > 1 or grown_kib < GROWN_KIB_MAX, f"it grew by {grown_kib} KiB")
    require(scene.grant()["fence"] == grant["fence"], "the grant moved")
    for name, mark in marks.items():
        require(not scene.said(name, "OST-5101|OST-2001", mark), f"{name} misses somebody")
    said_once_a_minute(scene, victim, marks[victim])
    scene.wait_settled()


def said_once_a_minute(scene, victim, mark):
    """One line a kind of trouble and offender; ports are no names."""
    lines = [line for line in scene.said(victim, "(warning|error) ", mark)]
    said = [re.sub(r"^\S+ |:\d+ \(| \d+\.\d+\.\d+\.\d+:\d+|suppressed=\d+", "", line)
            for line in lines]
    kinds = [re.sub(r"\): .*", ")", line) for line in said]
    require(len(kinds) == len(set(kinds)), "said again within the minute:\n" + "\n".join(lines))
    require(len(lines) <= 8, "the log is flooded:\n" + "\n".join(lines))


def strangers(scene):
    """Strangers send rubbish, plain requests, half handshakes and trickles"""
    stands_it(scene, [rubbish, plain_request, half_open, trickle, trickle])


def tls_context(scene, name):
    """A TLS client that holds the transport key of a member."""
    if shutil.which("openssl") is None:
        raise Skipped("there is no openssl here to make a certificate with")
    key = f"{scene.cluster.members[name].dir}/transport.pem"
    certificate = scene.scratch / f"{name}.crt"
    subprocess.run(["openssl", "req", "-x509", "-new", "-key", key, "-subj", f"/CN={name}",
                    "-out", str(certificate)], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.load_cert_chain(certificate, key)
    return context


def in_wrong_hands(scene):
    """A TLS client with the key of a member that holds no grant, and what comes before the body
    of its requests, but for the body's size."""
    name = next(name for name in scene.others(scene.grant()["holder"]) if name != "atlas")
    cluster_id = scene.view("atlas")["cluster_id"]
    return tls_context(scene, name), (
        f"POST /v1/peer/messages HTTP/1.1\r\nHost: x\r\nOstrakon-Cluster: {cluster_id}\r\n"
        "Content-Length: %d\r\n\r\n")


def rude_member(scene):
    """A member's key in wrong hands sends bodies of 1 GiB, nonsense, and a request byte by
    byte"""
    context, head = in_wrong_hands(scene)

    def gibibyte(flood):
        with context.wrap_socket(flood.connect()) as connection:
            connection.sendall((head % GIB).encode())
            piece = bytes(1 << 16)
            for _ in range(GIB // len(piece)):
                connection.sendall(piece)

    def endless_chunks(flood):
        with context.wrap_socket(flood.connect()) as connection:
            connection.sendall(head.replace("Content-Length: %d", "Transfer-Encoding: chunked")
                               .encode())
            while not flood.ended.is_set():
                connection.sendall(b"10000\r\n" + bytes(1 << 16) + b"\r\n")

    def nonsense(flood):
        body = b"".join(b"\0\0\0\x20" + os.urandom(32) for _ in range(50))
        with context.wrap_socket(flood.connect()) as connection:
            connection.sendall((head % len(body)).encode() + body)
            connection.recv(100)

    def slow_request(flood):
        with context.wrap_socket(flood.connect()) as connection:
            for byte in (head % 100).encode():
                connection.sendall(bytes([byte]))
                if flood.ended.wait(0.2):
                    return
    stands_it(scene, [gibibyte, endless_chunks, nonsense, slow_request])


def loud_member(scene):
    """A member's key in wrong hands sends as many messages as a body holds, and requests whose
    answers it does not read"""
    context, head = in_wrong_hands(scene)

    def many(flood):
        body = b"\0\0\0\1x" * (250 * 1024 // 5)
        with context.wrap_socket(flood.connect()) as connection:
            connection.settimeout(2 * FLOOD_S * scene.scale)
            while not flood.ended.is_set():
                connection.sendall((head % len(body)).encode() + body)
                flood.sent += 1
                connection.recv(1000)

    def unread(flood):
        """Takes all the places that there are, each with an answer that does not get through."""
        held = []
        try:
            while not flood.ended.is_set():
                connection = socket.socket()
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
                connection.settimeout(1.0)
                connection.connect(flood.address)
                flood.sent += 1
                held.append(context.wrap_socket(connection))
                held[-1].setblocking(False)
                with contextlib.suppress(ssl.SSLWantWriteError, BlockingIOError, OSError):
                    for _ in range(400):
                        held[-1].sendall(b"GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n")
                flood.ended.wait(0.02)
        finally:
            for connection in held:
                connection.close()
    stands_it(scene, [many, many, many, unread])


def flood_at_the_api(scene):
    """The same at the API's port: half requests, trickles, long headers, held connections"""
    def long_header(flood):
        with flood.connect() as connection:
            connection.sendall(b"GET / HTTP/1.1\r\n" + b"X: " + b"y" * (1 << 20))

    def held(flood):
        connections = [flood.connect() for _ in range(50)]
        flood.ended.wait(1.0)
        for connection in connections:
            connection.close()
    grant = scene.grant()
    victim = grant["holder"]
    port = scene.plan.base_port + 100 + scene.names.index(victim)
    with Flood(("127.0.0.1", port), [long_header, held, rubbish, trickle]) as flood:
        of_victim, of_others, grown_kib = watched(scene, victim, FLOOD_S / 2)
    require(flood.sent > 10, f"only {flood.sent} connections were made")
    require(max(of_victim, of_others) < HEARD_WITHIN_MS * scene.scale,
            f"silent for {of_victim} ms, deaf for {of_others} ms")
    require(scene.scale > 1 or grown_kib < GROWN_KIB_MAX, f"it grew by {grown_kib} KiB")
    code, view = scene.cluster.get(victim, "/v1/status")
    require(code == 200 and view["grant"]["fence"] == grant["fence"], f"{code} {view}")


if __name__ == "__main__":
    play(lambda: Scene(BUILD),
         [strangers, rude_member, loud_member, flood_at_the_api, rows_are_counted_once])

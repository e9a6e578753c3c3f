"""A relay of TCP in front of two agents: each new connection is led to one of them, and when
another is chosen those that are open are cut."""

import socket
import threading

BYTES = 65536


class Relay:
    """Listens at `port` of the loopback until it is closed; `choose` says who is behind it."""

    def __init__(self, port):
        self.behind = None
        self.lock = threading.Lock()
        self.open = set()
        self.listener = socket.create_server(("127.0.0.1", port), backlog=64)
        threading.Thread(target=self.accept, daemon=True).start()

    def choose(self, port):
        with self.lock:
            self.behind = port
            cut = list(self.open)
        for end in cut:
            self.end(end)

    def close(self):
        self.listener.close()
        self.choose(None)

    @staticmethod
    def end(connection):
        try:
            connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def accept(self):
        while True:
            try:
                outer, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.lead, args=[outer], daemon=True).start()

    def lead(self, outer):
        try:
            with self.lock:
                inner = socket.create_connection(("127.0.0.1", self.behind), 2)
                self.open |= {outer, inner}
        except (OSError, TypeError):
            outer.close()
            return
        back = threading.Thread(target=self.pump, args=[inner, outer], daemon=True)
        back.start()
        self.pump(outer, inner)
        back.join()
        with self.lock:
            self.open -= {outer, inner}
        outer.close()
        inner.close()

    def pump(self, source, sink):
        """Ends both when either does."""
        try:
            while data := source.recv(BYTES):
                sink.sendall(data)
        except OSError:
            pass
        self.end(source)
        self.end(sink)

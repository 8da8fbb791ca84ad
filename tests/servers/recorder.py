"""A TCP proxy between agent and server that keeps the heads and the beginnings of the bodies of what passes:
the wire, as evidence.

Invariant: every byte is forwarded as it came, in both directions; what is kept is bounded and shows no
secret. It speaks plain HTTP to the agent, and TLS to a server that has a certificate. Must not depend on
cases and agents.
"""

import re
import select
import socket
import ssl
import threading
import urllib.parse

# Bytes kept of one message, and exchanges kept in all.
KEPT, MOST = 4096, 400
REQUEST = re.compile(rb"[A-Z]+ /\S* HTTP/1\.1\r\n")
SECRETS = re.compile(
    r"(?<=Signature=)[0-9a-f]+|(?<=Credential=)[^/,\s%&]+"
    r"|(?<=customer-key: )\S+|(?<=customer-key-md5: )\S+|(?<=customer-key-MD5: )\S+|(?<=security-token: )\S+",
    re.IGNORECASE,
)


class Exchange:
    """One request and its response, the beginning of each."""

    def __init__(self):
        self.sent, self.received, self.sent_size, self.received_size = bytearray(), bytearray(), 0, 0

    def add(self, way, data):
        kept = self.sent if way == "sent" else self.received
        kept += data[: max(0, KEPT - len(kept))]
        setattr(self, f"{way}_size", getattr(self, f"{way}_size") + len(data))

    @property
    def request(self):
        return readable(self.sent)

    @property
    def response(self):
        # An interim response has no outcome.
        received = re.sub(rb"^HTTP/1\.1 100.*?\r\n\r\n", b"", bytes(self.received), flags=re.DOTALL)
        return readable(received)


def readable(data):
    """The text of a message, lines ended by LF, without signatures, keys and tokens."""
    text = bytes(data).decode("utf-8", "backslashreplace").replace("\r\n", "\n")
    return SECRETS.sub("REDACTED", text)


class Recorder:
    """Stands before a server: same keys and region, an `endpoint` of its own, and `exchanges`."""

    def __init__(self, server):
        self.server = server
        self.access_key, self.secret_key, self.region = server.access_key, server.secret_key, server.region
        parts = urllib.parse.urlsplit(server.endpoint)
        self.far = (parts.hostname, parts.port)
        self.tls = ssl.create_default_context(cafile=server.certificate) if server.certificate else None
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.endpoint = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.shared_buckets = set()
        self.exchanges, self.lock = [], threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def settings(self):
        """The settings of a store that reaches the server through this recorder."""
        settings = {**self.server.settings(), "endpoint": self.endpoint}
        settings.pop("ca_bundle", None)
        return settings

    def clear(self):
        """Forgets what passed so far."""
        with self.lock:
            self.exchanges = []

    def stop(self):
        self.listener.close()

    def _accept(self):
        while True:
            try:
                near = self.listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=self._forward, args=(near,), daemon=True).start()

    def _forward(self, near):
        try:
            with near, self._connect() as far:
                self._pump(near, far)
        except OSError:
            pass  # either side broke off, and so does the other

    def _connect(self):
        far = socket.create_connection(self.far, timeout=60)
        return self.tls.wrap_socket(far, server_hostname=self.far[0]) if self.tls else far

    def _pump(self, near, far):
        """Forwards until the server ends the connection; an end of the client's is passed on."""
        exchange, open_ends = Exchange(), [near, far]
        while True:
            waiting = [far] if self.tls and far.pending() else select.select(open_ends, [], [])[0]
            for end in waiting:
                data = self._receive(end)
                if data is None:
                    continue
                way = "sent" if end is near else "received"
                if not data and end is far:
                    return
                if not data:
                    open_ends.remove(near)
                    # TLS has no half of an end; the server sees it when the connection closes.
                    if self.tls:
                        return
                    far.shutdown(socket.SHUT_WR)
                    continue
                if way == "sent" and REQUEST.match(data) and (exchange.received or not exchange.sent):
                    exchange = Exchange()
                    self._keep(exchange)
                exchange.add(way, data)
                try:
                    (far if end is near else near).sendall(data)
                except OSError:
                    if end is far:
                        return
                    # The server reads no more; its response may still be on the way.
                    open_ends.remove(near)

    @staticmethod
    def _receive(end):
        """What has arrived; None if that was only a message of TLS itself (session tickets), for which
        `recv` would wait on.
        """
        end.settimeout(0)
        try:
            return end.recv(65536)
        except ssl.SSLWantReadError:
            return None
        finally:
            end.settimeout(60)

    def _keep(self, exchange):
        with self.lock:
            self.exchanges.append(exchange)
            del self.exchanges[:-MOST]

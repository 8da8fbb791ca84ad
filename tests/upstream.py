"""A web server that packages are fetched from, which misbehaves as a test wants it.

Invariant: counts every request; a misbehaviour is used up after its number of requests. Serves on loopback.
"""

import email.utils
import http.server
import threading
from dataclasses import dataclass, field


@dataclass
class Resource:
    """A body, and how it is served."""

    body: bytes
    headers: dict = field(default_factory=dict)
    etag: str | None = '"v1"'
    #: Statuses of the first responses, in order; then the body.
    statuses: list = field(default_factory=list)
    #: After so many bytes of the body the connection breaks, for so many responses.
    breaks: list = field(default_factory=list)
    #: The announced length, if it is not the body's; None announces none.
    length: int | None = -1
    chunked: bool = False
    ranges: bool = True
    #: Waited for after the first `before_gate` bytes.
    gate: threading.Event | None = None
    before_gate: int = 0
    redirect: str | None = None
    #: The status of a whole body.
    code: int = 200
    #: Sends the body again and again, in chunks, until the client leaves.
    endless: bool = False
    #: Seconds between two pieces of so many bytes.
    drip: tuple | None = None
    #: The ETag of a range, if it is that of another state.
    range_etag: str | None = None


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self.serve(False)

    def do_GET(self):
        self.serve(True)

    def serve(self, with_body):
        path = self.path.split("?")[0]
        upstream = self.server.upstream
        with upstream.lock:
            upstream.requests.append((self.command, path, self.headers))
            resource = upstream.resources.get(path)
            status = resource.statuses.pop(0) if resource and resource.statuses else None
        if resource is None or status:
            return self.plain(404 if resource is None else status)
        if resource.redirect:
            return self.plain(302, {"Location": resource.redirect})
        if resource.etag and self.headers.get("If-None-Match") == resource.etag:
            return self.plain(304, {"ETag": resource.etag})
        first, code = 0, resource.code
        asked, is_range = self.headers.get("Range"), False
        if asked and resource.ranges and self.headers.get("If-Range", resource.etag) == resource.etag:
            start, _, last = asked.removeprefix("bytes=").partition("-")
            first, code, is_range = int(start), 206, True
            body = resource.body[first : int(last) + 1 if last else None]
        else:
            body = resource.body
        self.send_response(code)
        if resource.etag:
            self.send_header("ETag", (is_range and resource.range_etag) or resource.etag)
        self.send_header("Last-Modified", email.utils.formatdate(1_700_000_000, usegmt=True))
        for name, value in resource.headers.items():
            self.send_header(name, value)
        if is_range:
            self.send_header(
                "Content-Range", f"bytes {first}-{first + len(body) - 1}/{len(resource.body)}"
            )
        if resource.chunked or resource.endless:
            self.send_header("Transfer-Encoding", "chunked")
        elif resource.length is None:
            self.send_header("Connection", "close")
            self.close_connection = True
        else:
            self.send_header("Content-Length", str(len(body) if resource.length < 0 else resource.length))
        self.end_headers()
        if with_body:
            self.send_body(resource, body)

    def send_body(self, resource, body):
        with self.server.upstream.lock:
            end = resource.breaks.pop(0) if resource.breaks else None
        pieces = [body[:end]] if end is not None else [body]
        while resource.endless:
            self.wfile.write(b"%x\r\n%b\r\n" % (len(body), body))
        if resource.drip:
            pause, size = resource.drip
            for first in range(0, len(body), size):
                self.wfile.write(body[first : first + size])
                self.server.upstream.stopped.wait(pause)
            return
        if resource.gate:
            pieces = [body[: resource.before_gate], body[resource.before_gate : end]]
        for number, piece in enumerate(pieces):
            if number:
                resource.gate.wait(20)
            if piece:
                self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece) if resource.chunked else piece)
        if end is not None or 0 <= (resource.length or 0) != len(body):
            self.close_connection = True
        elif resource.chunked:
            self.wfile.write(b"0\r\n\r\n")

    def plain(self, status, headers=None):
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if status != 304:
            self.send_header("Content-Length", "0")
        self.end_headers()


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_):
        # A client that left in the middle of a response.
        pass


class Upstream:
    """The server, with its resources by path."""

    def __init__(self, tls=None):
        self.lock = threading.Lock()
        self.resources = {}
        self.requests = []
        self.stopped = threading.Event()
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.upstream = self
        self.scheme = "http"
        if tls:
            self.scheme = "https"
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    @property
    def url(self):
        return f"{self.scheme}://127.0.0.1:{self.server.server_port}"

    def add(self, path, body, **how):
        """Serves the body at a path; returns its URL."""
        lists = {name: list(value) for name, value in how.items() if isinstance(value, list)}
        self.resources[path] = Resource(body, **{**how, **lists})
        return self.url + path

    def count(self, method="GET", path=None):
        """How many requests came."""
        with self.lock:
            return sum(
                each == method and path in (None, of) for each, of, _ in self.requests
            )

    def stop(self):
        self.stopped.set()
        self.server.shutdown()
        self.server.server_close()

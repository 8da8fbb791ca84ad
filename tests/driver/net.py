"""Servers for the tests of ways: one that responds to every GET, a proxy that forwards and opens tunnels, one
that puts bytes out of order, a metadata service.

Invariant: each keeps its requests; the tests check those, not what a client reports.
"""

import base64
import http.server
import json
import select
import socket
import ssl
import subprocess
import threading

BODY = b"hello"


class Handler(http.server.BaseHTTPRequestHandler):
    """Returns one object to every GET, and keeps the requests; `want` is the proxy authorization it
    insists on."""

    protocol_version = "HTTP/1.1"
    want = None

    def do_GET(self):
        self.server.seen.append((self.path, dict(self.headers)))
        self.answer(200, BODY, etag='"e"')

    def do_CONNECT(self):
        self.server.seen.append((f"CONNECT {self.path}", dict(self.headers)))
        if self.server.want and self.headers["proxy-authorization"] != self.server.want:
            return self.answer(407, b"")
        host, port = self.path.rsplit(":", 1)
        with socket.create_connection((host, int(port))) as far:
            self.send_response(200)
            self.end_headers()
            ends = [self.connection, far]
            while True:
                for end in select.select(ends, [], [])[0]:
                    piece = end.recv(65536)
                    if not piece:
                        self.close_connection = True
                        return None
                    ends[1 - ends.index(end)].sendall(piece)

    def answer(self, status, body, **headers):
        self.send_response(status)
        for name, value in {"content-length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Metadata(Handler):
    """EC2's metadata service, version 2, and a container's agent at `/container`."""

    KEYS = {
        "Code": "Success",
        "AccessKeyId": "ASIAMETA",
        "SecretAccessKey": "canary-meta",
        "Token": "t",
        "Expiration": "2099-01-01T00:00:00Z",
    }

    def do_PUT(self):
        self.server.seen.append((self.path, dict(self.headers)))
        self.answer(200, b"token", x_aws_ec2_metadata_token_ttl_seconds="21600")

    def do_GET(self):
        self.server.seen.append((self.path, dict(self.headers)))
        role = self.path.rstrip("/").endswith("security-credentials")
        self.answer(200, b"role" if role else json.dumps(self.KEYS).encode())


class Reordering:
    """A TCP proxy that puts pieces of bodies out of order, once for each way: `within` swaps two pieces of
    one stream, `between` exchanges those of two connections. `way` is "down" for answers, "up" for requests;
    `struck` counts the pieces that came out of place."""

    LEAST = 2000

    def __init__(self, far, kind, way):
        self.far, self.kind, self.way, self.struck = far, kind, way, 0
        self.lock, self.met, self.held = threading.Lock(), threading.Barrier(2), []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = self.listener.getsockname()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                near = self.listener.accept()[0]
            except OSError:
                return
            far = socket.create_connection(self.far)
            for ends in [(near, far, "up"), (far, near, "down")]:
                threading.Thread(target=self.pump, args=ends, daemon=True).start()

    def pump(self, source, target, way):
        try:
            while piece := source.recv(65536):
                # Heads come first in their pieces; none of them holds a body's beginning that is worth
                # striking.
                target.sendall(
                    self.strike(piece)
                    if way == self.way and b"\r\n\r\n" not in piece and len(piece) >= self.LEAST
                    else piece
                )
            target.shutdown(socket.SHUT_WR)
        except OSError:
            source.close()

    def strike(self, piece):
        with self.lock:
            if self.struck >= 2 or (self.kind == "within" and self.struck):
                return piece
            self.struck += 1
            if self.kind == "within":
                half = len(piece) // 2
                return piece[half:] + piece[:half]
            turn = len(self.held)
            self.held.append(piece)
        try:
            self.met.wait(2)
        except threading.BrokenBarrierError:
            # Only one connection was there to strike.
            return piece
        other = self.held[1 - turn][: len(piece)]
        return other + piece[len(other) :]

    def stop(self):
        self.listener.close()


class Servers:
    """The servers of one test, ended together."""

    def __init__(self):
        self.all = []

    def start(self, certificate=None, handler=Handler, clients=None, user=None):
        """A server; with a certificate over TLS, with `clients` only for those who show a certificate of that
        bundle."""
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.daemon_threads, server.block_on_close = True, False
        server.seen = []
        server.want = user and "Basic " + base64.b64encode(user.encode()).decode()
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            if clients:
                context.verify_mode = ssl.CERT_REQUIRED
                context.load_verify_locations(clients)
            # The handshake belongs to the connection's own thread.
            server.socket = context.wrap_socket(
                server.socket, server_side=True, do_handshake_on_connect=False
            )
        server.handle_error = lambda *_: None
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        self.all.append(server)
        return server

    def stop(self):
        for server in self.all:
            server.shutdown()
            server.server_close()


def self_signed(directory, name, *extensions):
    """A certificate that nobody vouches for: its file, its key's, and one with both."""
    paths = [directory / f"{name}.{part}" for part in ("pem", "key", "both")]
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}"]
    extensions = [word for extension in extensions for word in ("-addext", extension)]
    subprocess.run(
        [*made, *extensions, "-keyout", paths[1], "-out", paths[0]], check=True, capture_output=True
    )
    paths[2].write_bytes(paths[1].read_bytes() + paths[0].read_bytes())
    return paths


def issued(directory, name, *extensions, own=False, days=None):
    """A certificate that an authority of its own made, or, with `own`, that made itself; `days` are its first
    and last moment."""
    certificate, key, both = (directory / f"{name}.{part}" for part in ("pem", "key", "both"))
    request, words, state = directory / f"{name}.csr", directory / f"{name}.ext", directory / f"{name}.ca"
    state.mkdir()
    (state / "index").touch()
    (state / "config").write_text(
        f"[ca]\ndefault_ca = all\n[all]\ndatabase = {state}/index\nnew_certs_dir = {state}\nrand_serial = yes\ndefault_md = sha256\n"
        "policy = any\nunique_subject = no\n[any]\ncommonName = supplied\n"
    )
    words.write_text("[all]\n" + "\n".join(extensions) + "\nsubjectKeyIdentifier = hash\n")

    def run(*command):
        subprocess.run(["openssl", *command], check=True, capture_output=True)

    run(
        "req",
        "-new",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-subj",
        f"/CN={name}",
        "-keyout",
        key,
        "-out",
        request,
    )
    if own:
        by = ["-selfsign", "-keyfile", key]
    else:
        run(
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=own",
            "-keyout",
            state / "key",
            "-out",
            state / "pem",
        )
        by = ["-cert", state / "pem", "-keyfile", state / "key"]
    start, end = days or ("20200101000000Z", "20990101000000Z")
    made = ["ca", "-batch", "-notext", "-config", state / "config", "-extfile", words, "-extensions", "all"]
    run(*made, *by, "-startdate", start, "-enddate", end, "-in", request, "-out", certificate)
    both.write_bytes(key.read_bytes() + certificate.read_bytes())
    return certificate, key, both

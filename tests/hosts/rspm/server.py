"""A small package server: CRAN's and PyPI's paths over the storage classes of a `.gcfg` file.

    python server.py FILE.gcfg UPSTREAM

Prints its URL and serves until its standard input ends. What is missing is fetched from UPSTREAM, once for
all clients, and kept as `RetainFetchedPackages` wants it. Only Python's standard library and oarlock are
used.
"""

import http.server
import json
import re
import sys
import threading

import oarlock

#: What a request path is: the class, the key's pattern, and whether it is an index, which changes.
ROUTES = [
    (re.compile(r"/cran/(src/contrib/PACKAGES(?:\.gz)?)"), "cran", True),
    (re.compile(r"/cran/(src/contrib/[\w.-]+\.tar\.gz)"), "cran", False),
    (re.compile(r"/pypi/(simple/[a-z0-9-]+/)"), "pypi", True),
    (re.compile(r"/pypi/(packages/[\w.-]+)"), "pypi", False),
]
LINK = re.compile(r'href="[^"]*/([\w.-]+)#sha256=([0-9a-f]{64})"')


class Packages(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        if self.path == "/stats":
            return self.reply(200, json.dumps(self.server.stats()).encode(), "application/json")
        for pattern, name, is_index in ROUTES:
            if match := pattern.fullmatch(self.path):
                return self.serve(name, match[1], is_index)
        self.reply(404)

    def serve(self, name, path, is_index):
        store, upstream = self.server.classes[name], f"{self.server.upstream}/{name}/{path}"
        # A key that ends in a slash can't be a file.
        key = path + "index.html" if path.endswith("/") else path
        try:
            if is_index:
                reply = store.fetch_through(key, upstream, refresh=True, max_size=64 << 20)
                self.server.learn(reply.body.decode("latin-1"))
                return self.reply(200, reply.body, reply.meta.content_type or "text/html")
            size = store.head_through(key, upstream).size
            checksum = self.server.checksums.get(path.rsplit("/")[-1])
            store.fetch_through(key, upstream, Body(self, size), checksum=checksum)
        except oarlock.NotFoundError:
            self.reply(404)
        except oarlock.Error as error:
            self.close_connection = True
            if not self.started:
                self.reply(502, f"{error}\n".encode(), "text/plain")

    started = False

    def reply(self, status, body=b"", media="text/plain"):
        self.started = True
        self.send_response(status)
        self.send_header("Content-Type", media)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Body:
    """The body of a response. A client that counts its bytes notices an end that came too early."""

    def __init__(self, request, size):
        self.request, self.size = request, size

    def write(self, chunk):
        if not self.request.started:
            self.request.started = True
            self.request.send_response(200)
            self.request.send_header("Content-Type", "application/octet-stream")
            self.request.send_header("Content-Length", str(self.size))
            self.request.end_headers()
        return self.request.wfile.write(chunk)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, classes, upstream):
        super().__init__(("127.0.0.1", 0), Packages)
        self.upstream = upstream
        #: Checksums that index pages promised, by file name.
        self.checksums = {}
        self.classes = classes

    def learn(self, page):
        self.checksums.update({name: f"sha256:{sum}" for name, sum in LINK.findall(page)})

    def stats(self):
        rows = [row for name in ("cran", "pypi") for row in self.classes[name].stats()]
        rows = [row for row in rows if row.verb == "fetch_through"]
        names = ("hits", "fetched", "joined", "passed", "upstream_bytes")
        return {name: sum(getattr(row, name) for row in rows) for name in names}


if __name__ == "__main__":
    settings = json.loads(sys.argv[3]) if len(sys.argv) > 3 else {}
    server = Server(oarlock.StorageClasses(sys.argv[1], **settings), sys.argv[2])
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()

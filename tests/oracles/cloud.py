"""A stand-in for STS, SSO and a bucket at once, for questions of how often and with whose keys they are
asked.

Invariant: keys are numbered in the order they were issued; those that a test calls expired are refused as S3
refuses them.
"""

import datetime
import re
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Cloud(ThreadingHTTPServer):
    """Listens at `url`; `issued` lists the role sessions it gave, `signed` the key of each S3 request."""

    daemon_threads = True
    request_queue_size = 2000

    def __init__(self, lifetime=3600, pause=0.0):
        super().__init__(("127.0.0.1", 0), Handler)
        self.lifetime, self.pause, self.issued, self.signed, self.expired = lifetime, pause, [], [], set()
        self.guard = threading.Lock()
        self.on_request = lambda: None
        self.url = f"http://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        pass

    def profile(self, home, more=""):
        """Writes a profile `role` that is assumed with static keys; answers the environment to use it in."""
        (home / ".aws").mkdir(exist_ok=True)
        config = home / ".aws" / "config"
        config.write_text(
            f"[profile role]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = keys\nregion = us-east-1\n{more}\n"
            "[profile keys]\naws_access_key_id = AKIASOURCE\naws_secret_access_key = source-secret\n"
        )
        config.chmod(0o600)
        return {
            "PATH": "/usr/bin:/bin",
            "HOME": str(home),
            "AWS_PROFILE": "role",
            "AWS_ENDPOINT_URL": self.url,
            "AWS_EC2_METADATA_DISABLED": "true",
        }


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, text="", **headers):
        body = text.encode()
        self.send_response(status)
        for name, value in {"Content-Length": len(body), **headers}.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def handle_one(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.command == "POST" and self.path == "/":
            return self.sts(dict(urllib.parse.parse_qsl(body.decode())))
        cloud = self.server
        key = re.search("Credential=([^/]+)", self.headers.get("Authorization", ""))[1]
        with cloud.guard:
            cloud.signed.append(key)
            cloud.on_request()
            refused = key in cloud.expired
        query = urllib.parse.urlsplit(self.path).query
        if refused:
            return self.answer(
                400, "<Error><Code>ExpiredToken</Code><Message>the token has expired</Message></Error>"
            )
        if self.command == "POST" and query.startswith("uploads"):
            return self.answer(
                200, "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>"
            )
        if self.command == "POST":
            return self.answer(
                200, "<CompleteMultipartUploadResult><ETag>e</ETag></CompleteMultipartUploadResult>"
            )
        self.answer(204 if self.command == "DELETE" else 200, ETag='"e"')

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = handle_one

    def sts(self, query):
        cloud = self.server
        with cloud.guard:
            cloud.issued.append(query)
            number = len(cloud.issued)
        threading.Event().wait(cloud.pause)
        expiry = (datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=cloud.lifetime)).strftime(
            "%Y-%m-%dT%H:%M:%SZ"
        )
        self.answer(
            200,
            f"<{query['Action']}Response><{query['Action']}Result><Credentials><AccessKeyId>ASIA{number}</AccessKeyId><SecretAccessKey>secret-{number}</SecretAccessKey>"
            f"<SessionToken>token-{number}</SessionToken><Expiration>{expiry}</Expiration></Credentials></{query['Action']}Result></{query['Action']}Response>",
        )

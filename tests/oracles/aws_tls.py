"""AWS on loopback: a proxy whose CONNECT ends at a small S3, under certificates for AWS's host names.

Invariant: `signatures` checks every request; one that does not pass is refused, and noted in `seen` as
refused.
"""

import datetime
import re
import socket
import ssl
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from xml.sax.saxutils import escape

import signatures
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

SESSION = ("ASIASESSION", "session-secret", "session-token")


def certificate(names):
    """A certificate that signs itself, and its key, as one PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "loopback")])
    now = datetime.datetime.now(datetime.UTC)
    end = now + datetime.timedelta(days=1)
    built = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, end)
    names = x509.SubjectAlternativeName([x509.DNSName(each) for each in names])
    built = built.add_extension(names, critical=False)
    built = built.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    built = built.sign(key, hashes.SHA256())
    plain = serialization.NoEncryption()
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    return built.public_bytes(serialization.Encoding.PEM) + secret


class Aws(ThreadingHTTPServer):
    """Listens at `proxy`; `bundle` is the file to trust; `seen` lists what each request was: a map."""

    daemon_threads = True

    def __init__(self, directory, hosts, keys):
        super().__init__(("127.0.0.1", 0), Handler)
        self.proxy, self.bundle = f"http://127.0.0.1:{self.server_port}", str(directory / "aws.pem")
        (directory / "aws.pem").write_bytes(certificate(hosts))
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(self.bundle)
        self.keys = {**keys, SESSION[0]: SESSION[1]}
        self.seen, self.objects, self.uploads, self.location = [], {}, {}, None
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        pass


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_CONNECT(self):
        self.send_response(200)
        self.end_headers()
        try:
            self.connection = self.server.tls.wrap_socket(self.connection, server_side=True)
        except (ssl.SSLError, OSError):
            self.close_connection = True
            return
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb")
        self.close_connection = False

    def respond(self, status, text="", **headers):
        body = text if isinstance(text, bytes) else text.encode()
        self.send_response(status)
        for name, value in {"Content-Length": len(body), **headers}.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def serve(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        note = {"method": self.command, "target": self.path, "host": headers["host"], "headers": headers}
        self.server.seen.append(note)
        try:
            checked = signatures.check(self.command, self.path, headers, body, self.server.keys)
        except signatures.Refused as refused:
            note["refused"] = str(refused)
            message = f"<Message>{escape(str(refused))}</Message>"
            return self.respond(403, f"<Error><Code>SignatureDoesNotMatch</Code>{message}</Error>")
        note["algorithm"], note["service"], note["region"], note["token"] = checked
        address = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(address.query, keep_blank_values=True))
        self.perform(urllib.parse.unquote(address.path), query, headers, body)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = serve

    def perform(self, path, query, headers, body):
        objects, uploads = self.server.objects, self.server.uploads
        if "session" in query:
            names = ("AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration")
            values = (*SESSION, "2099-01-01T00:00:00Z")
            keys = "".join(f"<{name}>{value}</{name}>" for name, value in zip(names, values, strict=True))
            return self.respond(
                200, f"<CreateSessionResult><Credentials>{keys}</Credentials></CreateSessionResult>"
            )
        if "location" in query:
            return self.respond(200, f"<LocationConstraint>{self.server.location}</LocationConstraint>")
        if "list-type" in query:
            rows = "".join(
                f"<Contents><Key>{escape(key[1:])}</Key><Size>{len(value)}</Size><ETag>e</ETag>"
                "<LastModified>2020-01-01T00:00:00Z</LastModified></Contents>"
                for key, value in sorted(objects.items())
            )
            rows = f"<IsTruncated>false</IsTruncated>{rows}"
            return self.respond(200, f"<ListBucketResult>{rows}</ListBucketResult>")
        if "uploads" in query:
            uploads[path] = {}
            name = "InitiateMultipartUploadResult"
            return self.respond(200, f"<{name}><UploadId>u</UploadId></{name}>")
        if "partNumber" in query:
            uploads[path][int(query["partNumber"])] = body
            return self.respond(200, ETag='"e"')
        if self.command == "POST":
            objects[path] = b"".join(part for _, part in sorted(uploads.pop(path).items()))
            name = "CompleteMultipartUploadResult"
            return self.respond(200, f'<{name}><ETag>"e-2"</ETag></{name}>')
        if "tagging" in query:
            return self.respond(200)
        if self.command == "PUT" and "x-amz-copy-source" in headers:
            source = urllib.parse.unquote(headers["x-amz-copy-source"])
            objects[path] = objects[re.sub("^.*/object", "", source)]
            return self.respond(200, "<CopyObjectResult><ETag>e</ETag></CopyObjectResult>")
        if self.command == "PUT":
            objects[path] = body
            return self.respond(200, ETag='"e"')
        if self.command == "DELETE":
            objects.pop(path, None)
            return self.respond(204)
        if path == "/":
            return self.respond(200)
        if path not in objects:
            return self.respond(404, "<Error><Code>NoSuchKey</Code><Message>there is none</Message></Error>")
        self.respond(200, objects[path], ETag='"e"', Last_Modified="Wed, 01 Jan 2020 00:00:00 GMT")

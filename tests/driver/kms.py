"""A KMS for tests on loopback: it makes, wraps and unwraps data keys, keeps its requests, and misbehaves
by plan.

Invariant: a wrapped key holds under which key and encryption context it was wrapped, sealed with AES-GCM, so
only the same ones unwrap it. Signatures are not checked. Source:
https://docs.aws.amazon.com/kms/latest/APIReference/API_Operations.html
"""

import base64
import json
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

ARN = "arn:aws:kms:us-east-1:111122223333:key/"


class Kms:
    """`asked`: the operations so far with their requests. `answer` stands in for the next answers: a (status,
    body) each, or a change."""

    def __init__(self):
        self.asked, self.planned, self.secret = [], [], AESGCM(os.urandom(32))
        kms = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
                operation = self.headers["x-amz-target"].removeprefix("TrentService.")
                kms.asked.append((operation, asked))
                planned = kms.planned.pop(0) if kms.planned else None
                status, body = planned if isinstance(planned, tuple) else kms.serve(operation, asked)
                if callable(planned) and status == 200:
                    body = planned(body)
                body = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("content-type", "application/x-amz-json-1.1")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def operations(self):
        """The operations since this was last asked."""
        found, self.asked[:] = [operation for operation, _ in self.asked], []
        return found

    def wrap(self, plain, key, context):
        nonce = os.urandom(12)
        told = json.dumps([key, context], sort_keys=True).encode()
        return nonce + self.secret.encrypt(nonce, plain, told)

    def serve(self, operation, asked):
        name, context = asked.get("KeyId", "default"), asked.get("EncryptionContext") or {}
        key = ARN + name.rsplit("/", 1)[-1]
        if operation == "GenerateDataKey":
            plain = os.urandom(32)
        elif operation == "Encrypt":
            plain = base64.b64decode(asked["Plaintext"])
        else:
            blob = base64.b64decode(asked["CiphertextBlob"])
            try:
                plain = self.secret.decrypt(
                    blob[:12], blob[12:], json.dumps([key, context], sort_keys=True).encode()
                )
            except Exception:
                return 400, {"__type": "InvalidCiphertextException"}
            return 200, {"KeyId": key, "Plaintext": base64.b64encode(plain).decode()}
        wrapped = base64.b64encode(self.wrap(plain, key, context)).decode()
        told = {"KeyId": key, "CiphertextBlob": wrapped}
        return 200, told | (
            {"Plaintext": base64.b64encode(plain).decode()} if operation == "GenerateDataKey" else {}
        )


def refusal(code, status=400, message=""):
    """An answer that refuses."""
    return status, {"__type": f"com.amazonaws.kms#{code}", "message": message}

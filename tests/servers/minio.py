"""MinIO, built from its Go module; over TLS, without which it refuses customer keys (SSE-C)."""

import subprocess

from . import fetch
from .real import RealServer

PIN = "github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c"


class MinIO(RealServer):
    """MinIO with one folder, over TLS with a certificate made for the run."""

    name, title, source = "minio", "MinIO", f"Go `{PIN}`"
    scheme = "https"

    @classmethod
    def fetch(cls):
        return fetch.go(cls.name, PIN)

    def start(self):
        certificates = self.directory / "certs"
        certificates.mkdir()
        self.certificate, key = certificates / "public.crt", certificates / "private.key"
        made = [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=tests",
        ]
        names = ["-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"]
        # A certificate that may sign others is refused as a server's own.
        names += ["-addext", "basicConstraints=critical,CA:FALSE"]
        subprocess.run(
            [*made, *names, "-keyout", key, "-out", self.certificate], check=True, capture_output=True
        )
        address = f"127.0.0.1:{self.port}"
        user = {
            "MINIO_ROOT_USER": self.access_key,
            "MINIO_ROOT_PASSWORD": self.secret_key,
            "MINIO_UPDATE": "off",
        }
        # A key for `sse = "AES256"`; without one MinIO refuses it.
        user["MINIO_KMS_SECRET_KEY"] = "tests:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
        self.spawn(
            [
                self.programs / "minio",
                "server",
                "--quiet",
                "--certs-dir",
                certificates,
                "--address",
                address,
                self.data,
            ],
            **user,
        )

    def version(self):
        # A build from the module calls itself "DEVELOPMENT.GOGET"; the module's version is in the program.
        lines = self.output(["go", "version", "-m", self.programs / "minio"]).splitlines()
        module = next(
            line.split()[2] for line in lines if line.split()[:2] == ["mod", "github.com/minio/minio"]
        )
        return module.removeprefix("v0.0.0-")

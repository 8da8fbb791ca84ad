"""Real peers: the official encryption clients of other languages, with KMS and S3 by moto.

Invariant: what an official client wrote is read by oarlock, and what oarlock wrote by the official client;
nobody stands in for either. moto checks no signatures and no permissions, so no test here rests on a refusal
of either.
"""

import hashlib
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import boto3  # noqa: E402
import oarlock  # noqa: E402
import pytest  # noqa: E402
from moto.server import ThreadedMotoServer  # noqa: E402

KEYS = {"aws_access_key_id": "AKIAINTEROP", "aws_secret_access_key": "interop-secret"}
VECTORS = pathlib.Path(__file__).resolve().parents[1] / "vectors"


def plaintext(length):
    """The first bytes of SHA-256("oarlock-pt", 0), SHA-256("oarlock-pt", 1) and so on."""
    blocks = (
        hashlib.sha256(b"oarlock-pt" + number.to_bytes(8, "big")).digest()
        for number in range(-(-length // 32))
    )
    return b"".join(blocks)[:length]


class Cloud:
    """A KMS with a key, an S3 with a bucket, and oarlock's way to both."""

    def __init__(self, url):
        self.url, self.id, self.secret = url, KEYS["aws_access_key_id"], KEYS["aws_secret_access_key"]
        self.kms, self.s3 = self.client("kms"), self.client("s3")
        self.key = self.kms.create_key()["KeyMetadata"]["Arn"]
        self.other_key = self.kms.create_key()["KeyMetadata"]["Arn"]
        self.kms.create_alias(AliasName="alias/interop", TargetKeyId=self.key)
        self.s3.create_bucket(Bucket="interop")

    def client(self, service):
        return boto3.client(service, region_name="us-east-1", endpoint_url=self.url, **KEYS)

    def store(self, **settings):
        """An oarlock store that encrypts; with the KMS key unless another kind is named."""
        if not any(
            name in settings for name in ("encryption_aes_key", "encryption_rsa_key", "encryption_kms_key_id")
        ):
            settings["encryption_kms_key_id"] = self.key
        return self.plain(**settings)

    def plain(self, **settings):
        named = {
            "access_key_id": KEYS["aws_access_key_id"],
            "secret_access_key": KEYS["aws_secret_access_key"],
        }
        return oarlock.open("s3://interop/", endpoint=self.url, region="us-east-1", **named, **settings)


@pytest.fixture(scope="session")
def cloud():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    # Not a setting: KMS has its own endpoint, found as every SDK finds it.
    os.environ["AWS_ENDPOINT_URL_KMS"] = url
    yield Cloud(url)
    server.stop()

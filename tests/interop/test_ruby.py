"""Debian's Ruby client, aws-sdk-s3's EncryptionV2: KMS, AES and RSA keys, metadata and instruction files, both ways."""

import base64
import itertools
import json
import pathlib
import subprocess

import pytest
from conftest import KEYS, VECTORS, plaintext

SIZES = [0, 1, 15, 16, 17, 5 * 2**20 + 3]
KINDS = ["kms", "aes", "rsa"]
AES = bytes(range(32))
RSA = VECTORS / "rsa2048.pem"


def official(cloud, do, kind, path, instruction):
    asked = {
        "do": do, "kind": kind, "object": "object", "file": str(path), "instruction": instruction, "endpoint": cloud.url,
        "id": KEYS["aws_access_key_id"], "secret": KEYS["aws_secret_access_key"], "context": {"team": "oarlock"},
        "key": {"kms": cloud.key, "aes": AES.hex(), "rsa": str(RSA)}[kind],
    }
    script = pathlib.Path(__file__).with_name("client.rb")
    done = subprocess.run(["ruby", script], input=json.dumps(asked), text=True, capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr


def settings(cloud, kind, instruction):
    key = {
        "kms": {"encryption_kms_key_id": cloud.key, "encryption_context": {"team": "oarlock"}},
        "aes": {"encryption_aes_key": base64.b64encode(AES).decode()},
        "rsa": {"encryption_rsa_key": str(RSA)},
    }[kind]
    return {**key, "encryption_policy": "FORBID_ENCRYPT_ALLOW_DECRYPT", "encryption_instruction_file": instruction}


@pytest.mark.parametrize("kind,instruction,size", list(itertools.product(KINDS, [False, True], SIZES)))
def test_oarlock_reads_what_ruby_wrote(cloud, tmp_path, kind, instruction, size):
    (tmp_path / "theirs").write_bytes(plaintext(size))
    official(cloud, "put", kind, tmp_path / "theirs", instruction)
    with cloud.store(**settings(cloud, kind, instruction)) as store:
        assert store.get("object").body == plaintext(size)
        store.delete("object")
    with cloud.plain() as store:
        assert list(store.list("object")) == []


@pytest.mark.parametrize("kind,instruction,size", list(itertools.product(KINDS, [False, True], SIZES)))
def test_ruby_reads_what_oarlock_wrote(cloud, tmp_path, kind, instruction, size):
    with cloud.store(**settings(cloud, kind, instruction)) as store:
        store.put("object", plaintext(size))
    official(cloud, "get", kind, tmp_path / "ours", instruction)
    assert (tmp_path / "ours").read_bytes() == plaintext(size)

"""Caches whose objects are those of the S3 Encryption Client: with a raw key and with KMS, read with the key,
without, and with another."""

import base64
import os
import re

import pytest
from nixhost import Kms


@pytest.fixture(scope="module")
def kms(offline):
    started = Kms()
    yield started
    started.stop()


def test_a_key_in_a_file(nix, server, cache):
    secret, public = nix.key("here-1")
    boat = nix.closure(leaves=4)
    before = nix.requisites(boat)
    key, other = nix.directory / "key", nix.directory / "other"
    for file in (key, other):
        file.write_text(f"encryption-aes-key = {base64.b64encode(os.urandom(32)).decode()}\n")
    url = cache.url(
        secret_key=secret, oarlock_settings_file=key, narinfo_compression="gzip", compression="xz"
    )
    nix.nix("copy", "--to", url, boat)
    keys = [
        name
        for name in cache.keys()
        if name.endswith((".narinfo", "nix-cache-info")) or name.startswith("nar/")
    ]
    assert len(keys) == 11
    # Not a cache's text, not gzip, not xz.
    assert not any(
        cache("get", name).startswith((b"StoreDir", b"StorePath", b"\x1f\x8b\x08", b"\xfd7zXZ"))
        for name in keys
    )
    nix.forget()
    assert {path: row["narHash"] for path, row in nix.requisites(boat, "--store", url).items()} == {
        path: row["narHash"] for path, row in before.items()
    }
    nix.wipe()
    nix.run(
        "nix-store", "-r", boat, "--option", "substituters", url, "--option", "trusted-public-keys", public
    )
    nix.nix("store", "verify", "--no-trust", "-r", boat)
    # Without the key, or with another, the error names what is missing.
    for wrong in (cache.url(), cache.url(oarlock_settings_file=other)):
        nix.forget()
        said = nix.nix("path-info", "--store", wrong, boat, fails=True)
        assert "oarlock-encryption" in said and "nix-cache-info" in said, said


def test_a_key_of_kms(nix, server, cache, kms):
    secret, public = nix.key("here-1")
    boat = nix.closure(leaves=4)
    before = nix.requisites(boat)
    (nix.directory / "large").write_bytes(os.urandom(12 << 20))
    large = nix.nix("store", "add-file", nix.directory / "large", "--name", "large")
    at = {"AWS_ENDPOINT_URL_KMS": kms.endpoint}
    url = cache.url(
        secret_key=secret,
        oarlock_encryption_kms_key_id=kms.key,
        multipart_threshold="5MiB",
        write_nar_listing="true",
    )
    nix.nix("copy", "--to", url, boat, large, **at)
    # Nothing of it can be read as it lies there.
    assert [
        key
        for key in cache.keys()
        if cache("get", key).startswith(
            (b"StoreDir", b"StorePath", b"\x0d\0\0\0\0\0\0\0nix-archive-1", b'{"')
        )
    ] == []
    # What Nix hashed before is what it gets: as in `FileHash`, which the cache's own readers check, and as
    # it is signed.
    nix.forget()
    rows = nix.requisites(boat, "--store", url, **at)
    assert {path: row["narHash"] for path, row in rows.items()} == {
        path: row["narHash"] for path, row in before.items()
    }
    assert {row["downloadHash"] for row in rows.values()} == {row["narHash"] for row in rows.values()}
    nix.nix("store", "verify", "--store", url, "--trusted-public-keys", public, "-r", boat, large, **at)
    nix.wipe()
    nix.run(
        "nix-store",
        "-r",
        boat,
        large,
        "--option",
        "substituters",
        url,
        "--option",
        "trusted-public-keys",
        public,
        **at,
    )
    nix.nix("store", "verify", "--no-trust", "-r", boat, large)
    assert (nix.directory / "large").read_bytes() == open(large, "rb").read()
    # Without a key, or with another of that KMS, the error names what is missing.
    nix.forget()
    said = nix.nix("path-info", "--store", cache.url(), boat, fails=True, **at)
    assert "is encrypted" in said and "oarlock-encryption" in said, said
    nix.forget()
    said = nix.nix(
        "path-info", "--store", cache.url(oarlock_encryption_kms_key_id=kms.other_key), boat, fails=True, **at
    )
    assert re.search(
        "error: cannot read 'nix-cache-info' in .*KMS did not unwrap a data key .*asked as AKI", said
    ), said
    # What could not be read was not taken for missing, and written anew.
    nix.forget()
    nix.nix("store", "ping", "--store", url, **at)


def test_another_nix_finds_a_cache_that_it_cannot_read(nix, fake, cache, kms):
    """Nix's own store for HTTP, on a public bucket: it fails, names where, and accepts nothing."""
    boat = nix.closure(leaves=1)
    nix.nix(
        "copy",
        "--to",
        cache.url(oarlock_encryption_kms_key_id=kms.key),
        boat,
        AWS_ENDPOINT_URL_KMS=kms.endpoint,
    )
    fake.bucket(cache.name, anonymous_read=True)
    nix.configure(plugin_files="")
    nix.forget()
    said = nix.nix("path-info", "--store", f"{fake.endpoint}/{cache.name}/cache", boat, fails=True)
    assert ".narinfo" in said and "corrupt" in said, said


def test_a_byte_changed_in_an_encrypted_nar(nix, fake, cache, kms):
    """It is refused by its tag before Nix sees a byte of it; nothing reaches the store."""
    boat = nix.closure(leaves=1)
    at, url = {"AWS_ENDPOINT_URL_KMS": kms.endpoint}, cache.url(oarlock_encryption_kms_key_id=kms.key)
    nix.nix("copy", "--to", url, boat, **at)
    second = f"local?root={nix.directory}/second"
    fake.plan(
        [
            {
                "match": {"bucket": cache.name, "op": "GetObject", "prefix": "cache/nar/"},
                "fault": {"flip_bit": 60},
            }
        ]
    )
    said = nix.nix("copy", "--store", second, "--from", url, "--no-check-sigs", boat, fails=True, **at)
    fake.plan([])
    assert "nar/" in said, said
    nix.nix("path-info", "--store", second, boat, fails=True)


def test_no_key_management_at_hand(nix, fake, cache, kms):
    said = nix.nix(
        "copy",
        "--to",
        cache.url(oarlock_encryption_kms_key_id=kms.key, oarlock_max_attempts=1),
        nix.closure(leaves=1),
        fails=True,
        AWS_ENDPOINT_URL_KMS="http://127.0.0.1:9",
    )
    assert "KMS" in said and cache.keys() == [], said

"""Servers that fail, and users who cannot wait: what Nix reports, what stays behind, how long it takes."""

import os
import re
import shutil
import signal
import subprocess
import time

import pytest
from nixhost import Nix

HASH = re.compile(r"^cache/(\w{32})\.narinfo$")


def written(cache):
    """Keys of the objects that were written, in order."""
    return [
        row["key"]
        for row in cache.server.log()
        if row["op"] == "PutObject" and row["status"] == 200 and row["bucket"] == cache.name
    ]


def is_whole(nix, cache):
    """Whether all that each .narinfo speaks of is there."""
    keys = set(cache.keys())
    for key in keys:
        if key.endswith(".narinfo"):
            text = cache("get", key).decode()
            named = {re.search(r"^URL: (.*)$", text, re.M)[1]} | {
                f"{word[:32]}.narinfo" for word in re.search(r"^References: (.*)$", text, re.M)[1].split()
            }
            assert named <= keys, f"{key} speaks of {named - keys}"
    return True


@pytest.mark.parametrize(
    "fault",
    [
        {"reset": True},
        {"status": 503, "code": "SlowDown"},
        {"status": 500, "code": "InternalError"},
        {"drop_after_store": True},
    ],
    ids=lambda fault: next(iter(fault)),
)
def test_what_may_pass_is_tried_again(nix, fake, cache, fault):
    boat = nix.closure()
    fake.plan(
        [
            {"match": {"bucket": cache.name, "op": op, "nth": 2, "times": 2}, "fault": fault}
            for op in ("PutObject", "GetObject", "HeadObject")
        ]
    )
    nix.nix("copy", "--to", cache.url(), boat)
    nix.nix(
        "copy",
        "--store",
        f"local?root={nix.directory}/second",
        "--from",
        cache.url(),
        "--no-check-sigs",
        boat,
    )
    fake.plan([])
    assert is_whole(nix, cache)


@pytest.mark.parametrize(
    "fault", [{"truncate_body": 40}, {"flip_bit": 60}], ids=lambda fault: next(iter(fault))
)
def test_bytes_that_are_wrong_never_arrive(nix, fake, cache, fault):
    boat = nix.closure(leaves=3)
    second = f"local?root={nix.directory}/second"
    nix.nix("copy", "--to", cache.url(), boat)
    fake.plan([{"match": {"bucket": cache.name, "op": "GetObject", "prefix": "cache/nar/"}, "fault": fault}])
    nix.nix("copy", "--store", second, "--from", cache.url(), "--no-check-sigs", boat, fails=True)
    nix.nix("path-info", "--store", second, boat, fails=True)
    fake.plan([])
    nix.nix("copy", "--store", second, "--from", cache.url(), "--no-check-sigs", boat)
    nix.nix("store", "verify", "--store", second, "--no-trust", "-r", boat)


def test_a_copy_that_fails_leaves_a_whole_cache(nix, fake, cache):
    boat = nix.closure()
    fake.plan(
        [
            {
                "match": {"bucket": cache.name, "op": "PutObject", "prefix": "cache/nar/", "nth": 4},
                "fault": {"status": 403, "code": "AccessDenied"},
            }
        ]
    )
    said = nix.nix("copy", "--to", cache.url(), boat, fails=True)
    assert re.search(r"cannot write 'nar/\w+\.nar' in 's3://[\w-]+/cache/?'.*s3:PutObject", said), said
    assert len(said.splitlines()) < 30 and said.count("error:") == 1
    fake.plan([])
    assert is_whole(nix, cache) and len(cache.keys()) < 22
    # Nix cached nothing that it did not receive.
    nix.nix("copy", "--to", cache.url(), boat)
    assert is_whole(nix, cache) and len([key for key in cache.keys() if key.endswith(".narinfo")]) == 11


def test_uploads_overlap_and_keep_their_order(nix, fake, cache):
    took = {}
    fake.control("POST", "latency", {"ms": 50})
    for connections in (1, 25):
        boat = nix.closure(leaves=30, salt=str(connections))
        begun = time.monotonic()
        nix.nix("copy", "--to", cache.url(), boat, "--option", "http-connections", connections)
        took[connections] = time.monotonic() - begun
    fake.control("POST", "latency", {"ms": 0})
    assert took[25] < took[1] / 3, took
    references = {re.search(r"store/(\w{32})", path)[1]: row for path, row in nix.requisites(boat).items()}
    seen = set()
    for key in written(cache):
        if found := HASH.match(key):
            row = references.get(found[1], {"references": []})
            assert {os.path.basename(path)[:32] for path in row["references"]} - {found[1]} <= seen
            seen.add(found[1])
    assert len(seen) == 62 and is_whole(nix, cache)


def test_lookups_are_made_together(nix, fake, cache):
    boat = nix.closure(leaves=40)
    nix.nix("copy", "--to", cache.url(), boat)
    nix.forget()
    fake.control("POST", "latency", {"ms": 50})
    try:
        begun = time.monotonic()
        nix.nix("copy", "--to", cache.url(), boat)
        together = time.monotonic() - begun
        nix.forget()
        begun = time.monotonic()
        nix.requisites(boat, "--store", cache.url())
        closure = time.monotonic() - begun
        nix.forget()
        nix.wipe()
        begun = time.monotonic()
        nix.run("nix-store", "-r", "--dry-run", boat, "--option", "substituters", cache.url())
        missing = time.monotonic() - begun
        assert nix.said.count("leaf-") == 40
    finally:
        fake.control("POST", "latency", {"ms": 0})
    # One after the other it would be 2 seconds.
    assert max(together, closure, missing) < 1.2


@pytest.mark.parametrize("way", ["up", "down"])
def test_keys_that_expire_in_the_middle(nix, fake, cache, way):
    boat = nix.closure(leaves=4)
    second = f"local?root={nix.directory}/second"
    words = (
        ("--to", cache.url())
        if way == "up"
        else ("--store", second, "--no-check-sigs", "--from", cache.url())
    )
    if way == "down":
        nix.nix("copy", "--to", cache.url(), boat)
    fake.plan(
        [
            {
                "match": {
                    "bucket": cache.name,
                    "op": "PutObject" if way == "up" else "GetObject",
                    "prefix": "cache/nar/",
                    "nth": 2,
                },
                "fault": {"expire_token": True},
            }
        ]
    )
    said = nix.nix("copy", *words, boat, fails=True)
    fake.control("POST", "reset", {"keep_objects": True})
    assert "have expired" in said and "asked as AKI" in said and "nar/" in said
    # What is there is whole, and with new keys the rest follows.
    assert is_whole(nix, cache)
    nix.nix("copy", *words, boat)
    assert is_whole(nix, cache)
    if way == "down":
        nix.nix("store", "verify", "--store", second, "--no-trust", "-r", boat)


@pytest.mark.parametrize(("op", "fault"), [
    ("UploadPart", {"reset": True}), ("UploadPart", {"status": 503, "code": "SlowDown"}),
    ("CreateMultipartUpload", {"status": 500, "code": "InternalError"}),
    ("CompleteMultipartUpload", {"drop_after_store": True}),
    ("GetObject", {"reset": True}), ("GetObject", {"status": 503, "code": "SlowDown"}),
    ("GetObject", {"truncate_body": 3000000}), ("GetObject", {"stall": {"after": 3000000}}),
], ids=lambda each: each if isinstance(each, str) else next(iter(each)))  # fmt: skip
def test_a_large_nar_survives(nix, fake, cache, op, fault):
    """In parts, up and down: what fails once is done again, or goes on where it broke off."""
    (nix.directory / "large").write_bytes(os.urandom(20 << 20))
    path = nix.nix("store", "add-file", nix.directory / "large", "--name", "large")
    url, second = (
        cache.url(multipart_threshold="6MB", multipart_chunk_size="5MB"),
        f"local?root={nix.directory}/second",
    )
    fake.plan(
        [
            {
                "match": {"bucket": cache.name, "op": op, "prefix": "cache/nar/", "nth": 1, "times": 1},
                "fault": fault,
            }
        ]
    )
    nix.nix("copy", "--to", url, path)
    nix.nix(
        "copy",
        "--store",
        second,
        "--from",
        url,
        "--no-check-sigs",
        path,
        "--option",
        "stalled-download-timeout",
        2,
    )
    assert fault.keys() & {
        key for row in fake.log() if row["bucket"] == cache.name for key in (row["fault"] or "").split("+")
    }
    fake.plan([])
    assert fake.state()["uploads"] == []
    nix.nix("store", "verify", "--store", second, "--no-trust", path)
    assert is_whole(nix, cache)


@pytest.mark.parametrize(
    "fault", [{"truncate_body": 40}, {"flip_bit": 60}], ids=lambda fault: next(iter(fault))
)
def test_a_narinfo_that_is_wrong_is_never_believed(nix, fake, cache, fault):
    """It is requested once more; a server that goes on so is an error, which Nix does not remember."""
    boat = nix.closure(leaves=1)
    nix.nix("copy", "--to", cache.url(), boat)
    nix.forget()
    nix.nix("store", "ping", "--store", cache.url())
    bad = {"match": {"bucket": cache.name, "op": "GetObject", "prefix": "cache/"}, "fault": fault}
    fake.plan([bad])
    assert ".narinfo" in nix.nix("path-info", "--store", cache.url(), boat, fails=True)
    fake.plan([])
    assert nix.requisites(boat, "--store", cache.url()).keys() == nix.requisites(boat).keys()


def test_ctrl_c_aborts_the_upload(nix, fake, cache):
    (nix.directory / "large").write_bytes(os.urandom(40 << 20))
    path = nix.nix("store", "add-file", nix.directory / "large", "--name", "large")
    fake.plan([{"match": {"bucket": cache.name, "op": "UploadPart"}, "fault": {"slow": 3000}}])
    copy = nix.start("nix", "copy", "--to", cache.url(), path)
    while not fake.control("GET", "state")["uploads"]:
        assert copy.poll() is None
    begun = time.monotonic()
    copy.send_signal(signal.SIGINT)
    _, said = copy.communicate(timeout=60)
    took = time.monotonic() - begun
    assert copy.returncode != 0 and "interrupted by the user" in said
    assert fake.control("GET", "state")["uploads"] == []
    assert took < 1
    fake.plan([])


@pytest.mark.parametrize("what", ["copy", "lookup"])
def test_ctrl_c_ends_what_waits(nix, fake, cache, what):
    boat = nix.closure(leaves=3)
    nix.nix("copy", "--to", cache.url(), boat)
    nix.forget()
    fake.plan(
        [
            {
                "match": {
                    "bucket": cache.name,
                    "op": "GetObject",
                    "prefix": "cache/nar/" if what == "copy" else "cache/",
                },
                "fault": {"slow": 20000},
            }
        ]
    )
    count = len(fake.log())
    words = (
        ["copy", "--store", f"local?root={nix.directory}/second", "--no-check-sigs", "--from"]
        if what == "copy"
        else ["path-info", "-r", "--store"]
    )
    waits = nix.start("nix", *words, cache.url(), boat)
    fake.control("GET", f"log?wait={count + (6 if what == 'copy' else 1)}")
    begun = time.monotonic()
    waits.send_signal(signal.SIGINT)
    _, said = waits.communicate(timeout=60)
    assert time.monotonic() - begun < 1 and "interrupted by the user" in said
    fake.plan([])


@pytest.mark.parametrize("server", ["seaweed"], indirect=True)
def test_memory_is_constant(nix, server, cache):
    """`OARLOCK_NIX_MIB` sets how large the file is; four times as much room is taken on the disk."""
    size = int(os.environ.get("OARLOCK_NIX_MIB", "192")) << 20
    block = os.urandom(1 << 20)
    with (nix.directory / "large").open("wb") as file:
        for _ in range(size >> 20):
            file.write(block)
    path = nix.nix("store", "add-file", nix.directory / "large", "--name", "large")
    os.unlink(nix.directory / "large")
    # Nix's own, with a directory for a cache.
    plain = f"file://{nix.directory}/plain?compression=none"
    took = {}
    for name, url in (("nix", plain), ("oarlock", cache.url())):
        second = nix.directory / "second"
        took[f"{name} up"] = peak(nix, "nix", "copy", "--to", url, path)
        took[f"{name} down"] = peak(
            nix, "nix", "copy", "--store", f"local?root={second}", "--no-check-sigs", "--from", url, path
        )
        subprocess.run(["chmod", "-R", "u+w", second], check=True)
        shutil.rmtree(second)
        shutil.rmtree(nix.directory / "plain", ignore_errors=True)
    print(
        f"peak memory for {size >> 20} MiB, in MiB: "
        + ", ".join(f"{name} {used >> 10}" for name, used in took.items())
    )
    assert all(
        took[f"oarlock {way}"] - took[f"nix {way}"] < 150 << 10 < size >> 10 for way in ("up", "down")
    ), took


def peak(nix, *words):
    """The most memory that a command took, in KiB."""
    child = nix.start(*words)
    child.stdout.close()
    child.stderr.read()
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0
    return used.ru_maxrss


def test_errors_say_what_to_do(nix, fake, cache):
    boat = nix.closure(leaves=1)
    wrong = {"AWS_SECRET_ACCESS_KEY": "wrong"}
    other = Nix(nix.directory / "other")
    for words, environment, url in [
        (("check the secret access key", "asked as AKI", "environment"), wrong, cache.url()),
        (("does not know this access key",), {"AWS_ACCESS_KEY_ID": "AKIDNOBODY00000000"}, cache.url()),
        (
            ("there is no such bucket", "no-such-bucket"),
            {},
            cache.url().replace(cache.name, "no-such-bucket"),
        ),
        (
            ("no credentials were found",),
            {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None},
            cache.url(),
        ),
        (("could not be reached",), {}, cache.url(endpoint="http://127.0.0.1:9", oarlock_max_attempts=1)),
        (("unknown setting", "encyption"), {}, cache.url(oarlock_encyption="x")),
        (("addressing",), {}, cache.url(addressing_style="sideways")),
    ]:
        said = other.nix(
            "copy",
            "--from",
            url,
            boat,
            fails=True,
            **(
                {"AWS_ACCESS_KEY_ID": fake.access_key, "AWS_SECRET_ACCESS_KEY": fake.secret_key} | environment
            ),
        )
        assert all(word in said for word in words), said
        assert (
            len([line for line in said.splitlines() if line.strip() and "Internet access" not in line]) == 1
        ), said
        other.forget()


def test_another_region_is_found(nix, fake, cache):
    fake.bucket(f"{cache.name}-eu", region="eu-west-1")
    boat = nix.closure(leaves=1)
    nix.nix("copy", "--to", cache.url(region="us-east-1").replace(cache.name, f"{cache.name}-eu"), boat)


def test_denied_is_not_missing(nix, fake, cache):
    boat = nix.closure(leaves=1)
    nix.nix("copy", "--to", cache.url(), boat)
    nix.forget()
    denied = [
        {
            "match": {"bucket": cache.name, "op": "GetObject", "prefix": "cache/"},
            "fault": {"status": 403, "code": "AccessDenied"},
        }
    ]
    nix.nix("store", "ping", "--store", cache.url())
    fake.plan(denied)
    said = nix.nix("path-info", "--store", cache.url(), boat, fails=True)
    assert (
        "refused access" in said and "s3:GetObject" in said and "asked as AKI" in said and ".narinfo" in said
    )
    # It was not remembered as missing.
    fake.plan([])
    nix.nix("path-info", "--store", cache.url(), boat)
    # Unless a parameter allows it.
    nix.forget()
    nix.nix("store", "ping", "--store", cache.url())
    fake.plan(denied)
    assert "refused" not in nix.nix(
        "path-info", "--store", cache.url(oarlock_denied_as_missing="true"), boat, fails=True
    )
    fake.plan([])
    nix.nix("path-info", "--store", cache.url(), boat, fails=True)


def test_an_unknown_parameter_is_warned_of(nix, fake, cache):
    boat = nix.closure(leaves=1)
    nix.nix("copy", "--to", cache.url(bogus="1"), boat)
    assert "unknown setting 'bogus'" in nix.said

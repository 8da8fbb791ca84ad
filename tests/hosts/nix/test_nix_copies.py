"""Copies of many paths through a far server: what Nix refuses to remember must not break them, and they take
as long as the network needs, not as many times as there are paths."""

import json
import re
import time

import pytest
from nixhost import KEYLESS, ROOT, local

# The targets of a machine that does nothing else; slower ones still show that requests overlap.
SLACK = 2.5


def narinfos(cache):
    return [key for key in cache.keys() if key.endswith(".narinfo")]


@pytest.fixture
def far(fake):
    """30 ms for each answer."""
    fake.control("POST", "latency", {"ms": 30})
    yield
    fake.control("POST", "latency", {"ms": 0})


@pytest.mark.parametrize("connections", [1, 8])
@pytest.mark.parametrize("latency", [0, 60])
@pytest.mark.parametrize(
    "options",
    [
        ("--option", "narinfo-cache-positive-ttl", "0"),
        ("--option", "narinfo-cache-positive-ttl", "2"),
        ("--refresh",),
    ],
    ids=["ttl-0", "ttl-2", "refresh"],
)
def test_a_copy_does_not_rest_on_what_nix_remembers(nix, fake, cache, options, latency, connections):
    boat = nix.closure(leaves=12, salt=cache.name)
    fake.control("POST", "latency", {"ms": latency})
    try:
        begun = time.monotonic()
        nix.nix("copy", *options, "--option", "http-connections", connections, "--to", cache.url(), boat)
        took = time.monotonic() - begun
    finally:
        fake.control("POST", "latency", {"ms": 0})
    assert len(narinfos(cache)) == 13
    # Lookup, look for the NAR, NAR and .narinfo of each path, and then nothing again.
    assert took < 2 + 4.5 * 14 * latency / 1000 * (1 if connections == 1 else 0.4), took


def test_a_push_of_many_paths(nix, fake, cache, far):
    boat = nix.closure(leaves=199)
    begun = time.monotonic()
    nix.nix("copy", "--to", cache.url(), boat)
    took = time.monotonic() - begun
    print(f"push of 200 paths at 30 ms: {took:.2f} s")
    assert len(narinfos(cache)) == 200 and took < 1.5 * SLACK


def test_many_paths_come_together(nix, fake, cache, far):
    boat = nix.closure(leaves=199)
    secret, public = nix.key("here-1")
    nix.nix("copy", "--to", cache.url(secret_key=secret), boat)
    took = {}
    for what in ("copy --from", "substitute"):
        nix.wipe()
        nix.forget()
        begun = time.monotonic()
        if what == "substitute":
            nix.run(
                *("nix-store", "-r", boat, "--option", "substituters", cache.url()),
                *("--option", "trusted-public-keys", public),
            )
        else:
            nix.nix("copy", "--from", cache.url(), boat, "--option", "trusted-public-keys", public)
        took[what] = time.monotonic() - begun
        nix.nix("store", "verify", "--no-trust", "-r", boat)
    print(f"200 paths at 30 ms, in seconds: {took}")
    assert took["substitute"] < 0.9 * SLACK and took["copy --from"] < 1.5 * SLACK


def test_what_is_fetched_ahead_is_little_if_nothing_is_wanted(nix, fake, cache):
    """All but the last path are there already."""
    boat = nix.closure(leaves=60)
    nix.nix("copy", "--to", cache.url(), boat)
    nix.forget()
    nix.nix("copy", "--store", local(nix, "second"), "--from", cache.url(), "--no-check-sigs", boat)
    count = len(fake.log())
    top = nix.closure(leaves=60)
    assert top == boat
    nix.forget()
    nix.run("nix-store", "--delete", "--ignore-liveness", boat)
    nix.nix("copy", "--from", cache.url(), "--no-check-sigs", boat)
    fetched = [
        row for row in fake.log()[count:] if row["op"] == "GetObject" and row["key"].startswith("cache/nar/")
    ]
    assert 1 <= len(fetched) <= 5


def test_a_cache_that_lies_about_sizes_costs_no_memory(nix, fake, cache):
    """A NAR that is larger than in its .narinfo is not kept ahead, and is read as it is."""
    boat = nix.closure(leaves=20)
    nix.nix("copy", "--to", cache.url(), boat)
    for key in narinfos(cache):
        text = cache("get", key).decode()
        cache("put", key, re.sub(r"^FileSize: \d+$", "FileSize: 1", text, flags=re.M).encode())
    nix.forget()
    second = local(nix, "second")
    nix.nix("copy", "--store", second, "--from", cache.url(), "--no-check-sigs", boat)
    nix.nix("store", "verify", "--store", second, "--no-trust", "-r", boat)


def test_each_retry_is_reported(nix, fake, cache):
    boat = nix.closure(leaves=1)
    slow = {"status": 503, "code": "SlowDown"}
    fake.plan(
        [
            {
                "match": {"bucket": cache.name, "op": "PutObject", "prefix": "cache/nar/", "times": 2},
                "fault": slow,
            }
        ]
    )
    nix.nix("copy", "--to", cache.url(), boat)
    fake.plan([])
    warnings = [line for line in nix.said.splitlines() if "SlowDown" in line]
    assert len(warnings) == 2, nix.said
    for line in warnings:
        assert re.search(
            r"warning: 'nar/\w+\.nar' in 's3://.*': PutObject: status 503 SlowDown "
            r"\(attempt \d of 5; the next follows in \d+ ms\)",
            line,
        ), line


@pytest.mark.parametrize(
    "name", ["secret-key-file", "secret_key", "signing-key", "encryption-kms-key-id", "sse", "kms-key"]
)
def test_a_near_miss_of_a_guard_is_an_error(nix, fake, cache, name):
    boat = nix.closure(leaves=0)
    url = cache.url() + f"&{name}=/nowhere"
    said = nix.nix("copy", "--to", url, boat, fails=True)
    assert f"unknown parameter '{name}'" in said and "did you mean" in said
    assert cache.keys() == []


@pytest.mark.parametrize("daemon", [False, True], ids=["processes", "daemon"])
def test_clients_of_one_machine_share_credentials(nix, fake, cache, daemon):
    """Three clients; the daemon has a process for each. The program that prints keys runs once, and what it
    printed is this user's alone."""
    boat = nix.closure(leaves=1)
    nix.nix("copy", "--to", cache.url(), boat)
    token = "a-token"
    fake.control(
        "POST",
        "credential",
        {"access_key": "ASIASHARED", "secret_key": fake.secret_key, "session_token": token},
    )
    runs, program, run = (nix.directory / name for name in ("runs", "program", "run"))
    run.mkdir(mode=0o700)
    keys = {
        "Version": 1,
        "AccessKeyId": "ASIASHARED",
        "SecretAccessKey": fake.secret_key,
        "SessionToken": token,
        "Expiration": "2099-01-01T00:00:00Z",
    }
    program.write_text(f"#!/bin/sh\necho run >> {runs}\nsleep 0.5\necho '{json.dumps(keys)}'\n")
    program.chmod(0o755)
    config = nix.directory / "config"
    config.write_text(f"[profile shared]\ncredential_process = {program}\n")
    more = {"AWS_CONFIG_FILE": config, "XDG_RUNTIME_DIR": run} | KEYLESS
    url = cache.url(profile="shared")
    if daemon:
        # Nix's own: clients that meet a cache for the first time, at one time, break each other's record of it.
        nix.nix("path-info", "--store", url, boat, **more)
        runs.unlink()
        for file in (run / "oarlock-nix").iterdir():
            file.unlink()
        nix.configure(substituters=url, require_sigs="false", trusted_users="root")
        nix.run("nix-store", "--delete", "--ignore-liveness", boat)
        served = nix.start("nix-daemon", **more)
        address = nix.directory / "nix" / "var" / "daemon-socket" / "socket"
        while not address.exists():
            assert served.poll() is None, served.communicate()
            time.sleep(0.05)
        clients = [nix.start("nix-store", "-r", boat, NIX_REMOTE="daemon") for _ in range(3)]
        said = [client.communicate(timeout=60) for client in clients]
        served.terminate()
        said.append(served.communicate(timeout=60))
        assert all(client.returncode == 0 for client in clients), said
    else:
        # One after the other: Nix's own cache of .narinfos is locked by the first.
        said = [(nix.nix("path-info", "--refresh", "--store", url, boat, **more), nix.said) for _ in range(3)]
    assert not any(canary in text for canary in (fake.secret_key, token) for text in sum(said, ()))
    assert runs.read_text().count("run") == 1
    files = [file for file in (run / "oarlock-nix").iterdir() if file.suffix == ".json"]
    assert len(files) == 1 and files[0].stat().st_mode & 0o777 == 0o600


# Nix's settings of its network, and of what the plugin does with each.
NETWORK = re.compile(r"connect|download|netrc|http|ssl|user-agent|timeout|max-silent|tries|cert|buffer|ttl|speed|substitution")


def test_each_network_setting_is_honoured_or_listed(nix):
    """The README names each setting of this Nix that speaks of a network."""
    text = (ROOT / "bindings-c" / "nix" / "README.md").read_text()
    words = ("config", "show") if "2.26" in nix.nix("--version") else ("show-config",)
    settings = json.loads(nix.nix(*words, "--json"))
    missing = [name for name in settings if NETWORK.search(name) and f"`{name}`" not in text]
    assert missing == []

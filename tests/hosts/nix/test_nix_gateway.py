"""`oarlock-nix serve` and `push`: a cache for a Nix without a plugin.

Invariant: Nix is as Debian packed it and has no plugin here; what it reaches is loopback.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest
from gateway import PROGRAM, Gateway, run, run_json, url_of
from nixhost import HERE, TOOLS, Nix


@pytest.fixture
def plain(tmp_path, fake):
    """A machine whose Nix has no plugin."""
    nix = Nix(tmp_path, fake)
    nix.configure(plugin_files="")
    return nix


@pytest.fixture
def serve(plain, cache):
    """Starts gateways."""
    started = []

    def start(*words, **settings):
        started.append(Gateway(plain, cache, *words, **settings))
        return started[-1]

    yield start
    for each in started:
        with contextlib.suppress(Exception):
            each.stop()


def substitute(nix, url, path, public):
    nix.wipe()
    nix.forget()
    nix.run(
        "nix-store", "-r", path, "--option", "substituters", url, "--option", "trusted-public-keys", public
    )
    nix.nix("store", "verify", "--no-trust", "-r", path)


def test_nix_copies_there_and_substitutes_back(plain, cache, serve):
    secret, public = plain.key("here-1")
    boat = plain.closure()
    gateway = serve("--allow-put")
    options = f"secret-key={secret}&compression=xz&write-nar-listing=true"
    plain.nix("copy", "--to", f"{gateway.url}?{options}", boat)
    names = cache.keys()
    assert sum(name.endswith(".narinfo") for name in names) == 11
    assert sum(name.endswith(".ls") for name in names) == 11
    plain.forget()
    assert len(plain.requisites(boat, "--store", gateway.url)) == 11
    substitute(plain, gateway.url, boat, public)
    assert gateway.stop() == 0


def test_push_and_substitute(plain, cache, serve):
    secret, public = plain.key("here-1")
    boat = plain.closure()
    pushed = run_json(plain, "push", url_of(cache), boat, "--key-file", secret)
    assert len(pushed["pushed"]) == 11 and pushed["failed"] == []
    again = run_json(plain, "push", url_of(cache), "--stdin", "--key-file", secret, stdin=f"{boat}\n")
    assert again["pushed"] == [] and again["present"] == 11
    gateway = serve()
    substitute(plain, gateway.url, boat, public)
    # Unsigned, it is refused.
    run(plain, "push", url_of(cache).replace("/cache", "/unsigned"), boat)


def test_each_narinfo_is_after_its_nar_and_its_references(plain, fake, cache):
    boat = plain.closure(leaves=20)
    fake.plan([])
    start = len(fake.log())
    run(plain, "push", url_of(cache), boat, "--compression", "none", "--jobs", 8)
    rows = fake.log()[start:]
    stored = [row["key"].removeprefix("cache/") for row in rows if row["op"] == "PutObject"]
    narinfos = [name for name in stored if name.endswith(".narinfo")]
    assert len(narinfos) == 21 and narinfos[-1].startswith(boat.rsplit("/", 1)[1][:32])
    for name in narinfos:
        text = cache("get", name).decode()
        (nar,) = [line.split()[1] for line in text.splitlines() if line.startswith("URL: ")]
        assert stored.index(nar) < stored.index(name)


def test_missing_denied_and_broken_are_three_things(plain, fake, cache, serve):
    gateway = serve()
    narinfo = f"/{'0' * 32}.narinfo"
    assert gateway.ask("/nix-cache-info")[2].startswith(b"StoreDir: /")
    assert gateway.ask(narinfo)[0] == 404
    assert gateway.ask("/etc/passwd")[0] == 404 and gateway.ask("/nar/../x")[0] == 404
    for code, status, seen in (("AccessDenied", 403, 403), ("SignatureDoesNotMatch", 403, 500)):
        fake.plan([{"match": {"op": "GetObject"}, "fault": {"status": status, "code": code}}])
        assert gateway.ask(narinfo)[0] == seen, code
    fake.plan([])
    assert gateway.ask("/nar/x", "PUT", b"x")[0] == 403
    lost = Gateway(plain, cache, max_attempts="1", endpoint="http://127.0.0.1:1")
    assert lost.ask(narinfo)[0] in (502, 504)
    lost.stop()


def test_ranges_heads_and_small_files(plain, cache, serve):
    cache("put", "nar/x.nar", b"0123456789")
    cache("put", "log/x.drv", b"a log", content_type="text/plain")
    gateway = serve()
    status, headers, body = gateway.ask("/nar/x.nar")
    assert (status, headers["content-length"], body) == (200, "10", b"0123456789")
    status, headers, body = gateway.ask("/nar/x.nar", Range="bytes=4-")
    assert (status, headers["content-range"], body) == (206, "bytes 4-9/10", b"456789")
    assert gateway.ask("/nar/x.nar", Range="bytes=20-")[0] == 416
    status, headers, body = gateway.ask("/nar/x.nar", "HEAD")
    assert (status, headers["content-length"], body) == (200, "10", b"")
    assert gateway.ask("/nar/y.nar", "HEAD")[0] == 404
    assert gateway.ask("/log/x.drv")[2] == b"a log"


def test_only_this_machine_and_with_the_token(plain, cache, serve):
    token = plain.directory / "token"
    token.write_text("open sesame\n")
    gateway = serve("--token-file", token)
    assert gateway.ask("/nix-cache-info", Host="example.com")[0] == 421
    assert gateway.ask("/nix-cache-info")[0] == 401
    assert gateway.ask("/nix-cache-info", Authorization="Bearer open sesame")[0] == 200
    netrc = plain.directory / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password open-sesame\n")
    plain.nix("store", "ping", "--store", gateway.url, "--option", "netrc-file", netrc, fails=True)
    token.write_text("open-sesame")
    other = serve("--token-file", token)
    plain.nix("store", "ping", "--store", other.url, "--option", "netrc-file", netrc)
    assert "which others can reach" in refused(plain, "serve", url_of(cache), "--listen", "0.0.0.0:0")


def refused(nix, *words):
    run(nix, *words, code=2)
    return nix.said


def test_a_narinfo_waits_for_its_nar(plain, cache, serve):
    boat = plain.closure(leaves=1)
    run(plain, "push", url_of(cache), boat)
    name = f"{boat.rsplit('/', 1)[1][:32]}.narinfo"
    text = cache("get", name)
    gateway = serve("--allow-put")
    assert gateway.ask(f"/{name}", "PUT", text)[0] == 201
    other = text.replace(b"URL: nar/", b"URL: nar/no")
    status, _, why = gateway.ask(f"/{name}", "PUT", other)
    assert status == 409 and b"upload it first" in why
    assert gateway.ask(f"/{'0' * 32}.narinfo", "PUT", text)[0] == 400
    assert gateway.ask(f"/{name}", "PUT", b"nothing")[0] == 400


def test_an_encrypted_cache(plain, cache, serve):
    settings = plain.directory / "settings"
    settings.write_text("encryption_aes_key = MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n")
    boat = plain.closure(leaves=3)
    run(plain, "push", url_of(cache), boat, "--settings-file", settings)
    assert b"StorePath" not in cache("get", f"{boat.rsplit('/', 1)[1][:32]}.narinfo")
    gateway = serve("--settings-file", settings)
    plain.wipe()
    plain.forget()
    plain.nix("copy", "--no-check-sigs", "--from", gateway.url, boat)
    plain.nix("store", "verify", "--no-trust", "-r", boat)


def test_the_disk_cache_serves_what_the_bucket_lost(plain, cache, serve):
    cache("put", "nar/x.nar", b"x" * 3_000_000)
    kept = plain.directory / "kept"
    gateway = serve("--disk-cache", kept, "--disk-size", "5M", "--memory", "0")
    assert len(gateway.ask("/nar/x.nar")[2]) == 3_000_000
    cache("delete", "nar/x.nar")
    # The file appears after the last byte was sent.
    deadline = time.monotonic() + 10
    while not (kept / "x.nar").exists() and time.monotonic() < deadline:
        pass
    assert gateway.ask("/nar/x.nar")[2] == b"x" * 3_000_000
    assert kept.stat().st_mode & 0o77 == 0


def test_sockets_and_activation(plain, cache):
    """A socket that systemd would pass: descriptor 3, and the number of this process."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        script = f'exec 3<&{listener.fileno()}; export LISTEN_FDS=1 LISTEN_PID=$$; exec "$0" "$@"'
        process = subprocess.Popen(
            ["bash", "-c", script, PROGRAM, "serve", url_of(cache)],
            env=plain.environment(), pass_fds=[listener.fileno()], stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
    assert process.stdout.readline().strip() == f"http://127.0.0.1:{port}"
    plain.nix("store", "ping", "--store", f"http://127.0.0.1:{port}")
    process.terminate()
    assert process.wait(timeout=30) == 0


def wait_until_empty(queue, seconds=60):
    deadline = time.monotonic() + seconds
    while list(queue.glob("*.paths")):
        assert time.monotonic() < deadline, (queue / "log").read_text()
        time.sleep(0.05)  # the queue is drained by a process that nobody waits for


def hook_of(plain, cache, queue):
    hook = plain.directory / "hook"
    hook.write_text(f"#!/bin/sh\nexec {PROGRAM} push '{url_of(cache)}' --hook --queue {queue}\n")
    hook.chmod(0o755)
    return hook


def test_a_post_build_hook_survives_kill_9(plain, fake, cache):
    """While nothing can be stored, workers are killed; what was built is pushed all the same."""
    queue = plain.directory / "queue"
    fake.plan([{"match": {"op": "PutObject"}, "fault": {"slow": 20_000}}])
    boat = plain.closure(leaves=5, post_build_hook=hook_of(plain, cache, queue))
    assert len(list(queue.glob("*.paths"))) == 6
    for process in workers(queue):
        os.kill(process, signal.SIGKILL)
    fake.plan([])
    assert len(list(queue.glob("*.paths"))) == 6
    run(plain, "push", url_of(cache), "--drain", "--queue", queue)
    wait_until_empty(queue)
    names = cache.keys()
    assert f"{boat.rsplit('/', 1)[1][:32]}.narinfo" in names
    assert sum(name.endswith(".narinfo") for name in names) == 6


def workers(queue):
    """The processes that drain this queue."""
    for directory in os.listdir("/proc"):
        with contextlib.suppress(OSError):
            if directory.isdigit() and int(directory) != os.getpid():
                words = Path(f"/proc/{directory}/cmdline").read_bytes().split(b"\0")
                if b"--drain" in words and str(queue).encode() in words:
                    yield int(directory)


def test_a_hook_returns_at_once(plain, fake, cache):
    queue = plain.directory / "queue"
    path = plain.closure(leaves=1)
    fake.plan([{"match": {}, "fault": {"slow": 3000}}])
    start = time.monotonic()
    run(plain, "push", url_of(cache), "--hook", "--queue", queue, OUT_PATHS=path)
    assert time.monotonic() - start < 2.5
    fake.plan([])
    wait_until_empty(queue)


@pytest.mark.parametrize("release, built", [("trixie", "stock"), ("forky", "stock")])
def test_newer_nixes(plain, cache, serve, release, built):
    directory = TOOLS / "nix" / release / built
    if not (directory / "nix").exists():
        pytest.skip(f"no such Nix here: {HERE / 'another-nix'} {release} gets it")
    secret, public = plain.key("here-1")
    newer = Nix(plain.directory, plain.server, directory, "")
    newer.configure(plugin_files="")
    boat = newer.closure()
    gateway = serve("--allow-put")
    newer.nix("copy", "--to", f"{gateway.url}?secret-key={secret}", boat)
    newer.wipe()
    newer.forget()
    newer.nix("copy", "--from", gateway.url, boat, "--option", "trusted-public-keys", public)
    newer.nix("store", "verify", "--no-trust", "-r", boat)
    pushed = run_json(newer, "push", url_of(cache).replace("/cache", "/second"), boat)
    assert len(pushed["pushed"]) == 11, json.dumps(pushed)

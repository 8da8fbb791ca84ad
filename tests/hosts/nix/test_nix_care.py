"""`oarlock-nix verify`, `repair`, `gc`, `stats`, `list`, `delete` and `copy`, on caches of real builds.

Invariant: after each command every narinfo has its NAR, and the cache's closures are whole.
"""

import subprocess
import threading
import xml.etree.ElementTree

import pytest
from gateway import PROGRAM, run, run_json, url_of
from nixhost import Nix


@pytest.fixture
def plain(tmp_path, fake):
    nix = Nix(tmp_path, fake)
    nix.configure(plugin_files="")
    return nix


def pushed(nix, cache, *words, **closure):
    """Builds a closure, pushes it and returns its root."""
    boat = nix.closure(**closure)
    run(nix, "push", url_of(cache), boat, *words)
    return boat


def hash_of(path):
    return path.rsplit("/", 1)[-1][:32]


def nar_of(cache, path):
    text = cache("get", f"{hash_of(path)}.narinfo").decode()
    return next(line.split()[1] for line in text.splitlines() if line.startswith("URL: "))


def kinds(nix, cache, *words):
    found = run_json(nix, "verify", url_of(cache), *words, code=3)["findings"]
    return sorted({row["kind"] for row in found})


def test_verify_finds_each_damage(plain, cache):
    secret, public = plain.key("here-1")
    _, other = plain.key("other-1")
    boat = pushed(plain, cache, "--key-file", secret, leaves=3)
    whole = run_json(plain, "verify", url_of(cache), "--deep", "--public-key", public)
    assert (whole["narinfos"], whole["findings"], whole["unused_nars"]) == (4, [], 0)
    assert kinds(plain, cache, "--public-key", other) == ["signature"]
    nar = nar_of(cache, boat)
    bytes_ = cache("get", nar)
    cache("put", nar, bytes_[:-1] + bytes([bytes_[-1] ^ 1]))
    run(plain, "verify", url_of(cache))
    assert kinds(plain, cache, "--deep") == ["nar-damaged"]
    cache("put", nar, bytes_[:-1])
    assert kinds(plain, cache) == ["nar-size"]
    cache("delete", nar)
    assert kinds(plain, cache) == ["nar-missing"]
    leaf = next(path for path in plain.requisites(boat) if path != boat)
    cache("delete", f"{hash_of(leaf)}.narinfo")
    assert kinds(plain, cache) == ["nar-missing", "reference-missing"]
    cache("put", f"{hash_of(leaf)}.narinfo", b"StorePath: nothing\n")
    assert "damaged" in kinds(plain, cache)


def test_repair_from_another_cache_from_the_store_or_not_at_all(plain, cache):
    boat = pushed(plain, cache, leaves=3)
    whole = url_of(cache).replace("/cache", "/whole")
    run(plain, "copy", url_of(cache), whole)
    for words in (("--from", whole), ("--from-store",)):
        cache("delete", nar_of(cache, boat))
        leaf = next(path for path in plain.requisites(boat) if path != boat)
        cache("delete", f"{hash_of(leaf)}.narinfo")
        run(plain, "repair", url_of(cache), *words)
        run(plain, "verify", url_of(cache), "--deep")
    cache("delete", nar_of(cache, boat))
    dry = run_json(plain, "repair", url_of(cache), "--dry-run")
    assert dry["removed"] == [f"{hash_of(boat)}.narinfo"]
    run(plain, "repair", url_of(cache), code=3)
    assert f"{hash_of(boat)}.narinfo" not in set(cache.keys())
    run(plain, "verify", url_of(cache))


def test_gc_deletes_narinfos_first_and_nars_later(plain, cache):
    kept = pushed(plain, cache, leaves=3)
    old = pushed(plain, cache, leaves=2, salt="old")
    everything = set(cache.keys())
    words = ("gc", url_of(cache), "--keep", kept)
    assert run_json(plain, *words, "--grace", "1h")["paths"] == []
    refused = run(plain, "gc", url_of(cache), code=2)
    assert refused == "" and "nothing would be kept" in plain.said
    dry = run_json(plain, *words, "--grace", "0s")
    assert dry["dry_run"] and len(dry["paths"]) == 3 and set(cache.keys()) == everything
    run(plain, *words, "--grace", "0s", "--delete")
    first = set(cache.keys())
    assert f"{hash_of(old)}.narinfo" not in first and f"{hash_of(kept)}.narinfo" in first
    assert sum(key.startswith("nar/") for key in first) == 7
    run(plain, "verify", url_of(cache), "--deep")
    run(plain, *words, "--grace", "0s", "--delete")
    left = cache.keys()
    assert sum(key.startswith("nar/") for key in left) == 4
    run(plain, "verify", url_of(cache), "--deep")
    assert run_json(plain, "verify", url_of(cache))["unused_nars"] == 0


def test_gc_keeps_names_and_ages(plain, cache):
    pushed(plain, cache, leaves=2)
    pushed(plain, cache, leaves=2, salt="again")
    words = ("gc", url_of(cache), "--grace", "0s")
    # `boat` and `leaf` have two versions each; a boat needs both of its leaves.
    assert len(run_json(plain, *words, "--newest", "1")["paths"]) in (2, 3)
    assert run_json(plain, *words, "--younger", "1d")["paths"] == []


def test_gc_beside_two_pushers(plain, cache):
    """Pushes go on while collections run; what was pushed last is whole, and so is the rest."""
    boats = [plain.closure(leaves=4, salt=str(number)) for number in range(6)]
    stop = threading.Event()
    failures = []

    def collect():
        while not stop.is_set():
            done = subprocess.run(
                [PROGRAM, "gc", url_of(cache), "--delete", "--grace", "4s", "--keep", boats[0]],
                env=plain.environment(), capture_output=True, text=True, check=False,
            )  # fmt: skip
            if done.returncode not in (0, 1):
                failures.append(done.stderr)

    collector = threading.Thread(target=collect)
    collector.start()
    try:
        for _ in range(2):
            for one, other in zip(boats[::2], boats[1::2]):
                pushes = [
                    subprocess.Popen(
                        [PROGRAM, "push", url_of(cache), boat, "--grace", "4s", "--compression", "none"],
                        env=plain.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                    )
                    for boat in (one, other)
                ]  # fmt: skip
                for push in pushes:
                    _, said = push.communicate(timeout=120)
                    assert push.returncode in (0, 3), said
    finally:
        stop.set()
        collector.join()
    assert not failures, failures
    run(plain, "push", url_of(cache), boats[0])
    run(plain, "verify", url_of(cache), "--deep")


def test_list_stats_and_delete(plain, cache):
    boat = pushed(plain, cache, leaves=2)
    rows = run_json(plain, "list", url_of(cache))
    assert len(rows) == 3 and boat in [row["path"] for row in rows]
    assert boat in run(plain, "list", url_of(cache))
    picture = plain.directory / "stats.svg"
    stats = run_json(plain, "stats", url_of(cache), "--svg", picture)
    assert stats["paths"] == 3 and stats["nar_bytes"] > 0 and stats["ages"][0]["paths"] == 3
    xml.etree.ElementTree.parse(picture)
    assert "30 days" in run(plain, "stats", url_of(cache))
    leaf = next(path for path in plain.requisites(boat) if path != boat)
    run(plain, "delete", url_of(cache), leaf, code=3)
    assert "is needed by" in plain.said
    deleted = run_json(plain, "delete", url_of(cache), leaf, "--referrers")["deleted"]
    assert [hash_of(path) for path in deleted] == [hash_of(boat), hash_of(leaf)]
    run(plain, "verify", url_of(cache))


def test_copy_takes_a_closure(plain, cache):
    secret, public = plain.key("here-1")
    boat = pushed(plain, cache, "--key-file", secret, leaves=2)
    pushed(plain, cache, leaves=2, salt="other")
    other = url_of(cache).replace("/cache", "/second")
    assert len(run_json(plain, "copy", url_of(cache), other, boat)["copied"]) == 3
    assert run_json(plain, "copy", url_of(cache), other, boat)["copied"] == []
    run(plain, "verify", other, "--deep", "--public-key", public)


def test_wrong_words_are_refused(plain, cache):
    for words, why in (
        (["fly", "s3://b"], "is no command"),
        (["gc", "s3://b", "--delte"], "unknown option"),
        (["push", "b"], "must be the cache's URL"),
        (["push", url_of(cache), "/nix/store/x", "--compression", "zip"], "is no compression"),
        (["verify", url_of(cache, regoin="x")], "regoin"),
    ):
        run(plain, *words, code=2)
        assert why in plain.said
    assert "--delete" in run(plain, "gc", "--help")

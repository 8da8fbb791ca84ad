"""What users reported of caches in buckets: two servers behind one bucket's name, small paths one by one,
archived files."""

import json

from nixhost import KEYLESS, FakeS3

# So many paths, and what each request waits: one after the other they would take over a second.
PATHS, AWAY = 40, 30


def test_two_servers_with_a_bucket_of_the_same_name(nix, fake, cache):
    boat = nix.closure(leaves=2)
    other = FakeS3()
    try:
        other.bucket(cache.name)
        (nix.directory / "config").write_text(
            "".join(
                f"[profile {name}]\nendpoint_url = {at.endpoint}\nregion = us-east-1\n"
                f"aws_access_key_id = {at.access_key}\naws_secret_access_key = {at.secret_key}\n"
                for name, at in (("one", fake), ("two", other))
            )
        )
        files = {"AWS_CONFIG_FILE": nix.directory / "config", **KEYLESS}
        for name in ("one", "two"):
            nix.nix("copy", "--to", cache.url(endpoint=None, profile=name), boat, **files)
        stored = [
            {row["key"] for row in at.log() if row["op"] == "PutObject" and row["bucket"] == cache.name}
            for at in (fake, other)
        ]
        assert stored[0] and stored[0] == stored[1]
        # The environment's server is another cache too, whatever Nix remembers of those of profiles.
        before = len(fake.log())
        nix.nix("copy", "--to", cache.url(endpoint=None), boat, AWS_ENDPOINT_URL=fake.endpoint)
        assert len(fake.log()) > before
        said = nix.nix("copy", "--to", cache.url(endpoint=None, profile="three"), boat, fails=True, **files)
        assert "there is no profile 'three'" in said
    finally:
        other.stop()


def test_small_paths_are_fetched_ahead(nix, fake, cache):
    boat = nix.closure(leaves=PATHS)
    nix.nix("copy", "--to", cache.url(), boat)
    fake.plan([{"match": {"bucket": cache.name, "op": "GetObject"}, "fault": {"slow": AWAY}}])
    second = f"local?root={nix.directory}/second"
    before = len(fake.log())
    nix.nix("copy", "--store", second, "--from", cache.url(), "--no-check-sigs", boat)
    fake.plan([])
    rows = [row for row in fake.log()[before:] if row["op"] == "GetObject" and "/nar/" in row["key"]]
    # Each once, though Nix alone would ask for one after the other.
    assert len(rows) == len({row["key"] for row in rows}) == len(nix.requisites(boat))
    assert json.loads(nix.nix("path-info", "--store", second, "--json", boat))


def test_an_archived_file_is_named(nix, fake, cache):
    boat = nix.closure(leaves=1)
    nix.nix("copy", "--to", cache.url(), boat)
    nars = {"bucket": cache.name, "op": "GetObject", "prefix": "cache/nar/"}
    fake.plan([{"match": nars, "fault": {"status": 403, "code": "InvalidObjectState"}}])
    second = f"local?root={nix.directory}/second"
    said = nix.nix("copy", "--store", second, "--from", cache.url(), "--no-check-sigs", boat, fails=True)
    fake.plan([])
    assert "it must be restored before it can be read" in said and "s3:GetObject" not in said

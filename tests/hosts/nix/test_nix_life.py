"""The whole life of a binary cache in the real Nix: made, filled, looked at, read back, on a real server and
on our own."""

import json
import os
import re
import shutil
import subprocess

import pytest
from nixhost import HERE, KEYLESS, ROOT, local


def test_there_and_back(nix, server, cache):
    secret, public = nix.key("here-1")
    boat = nix.closure()
    before = nix.requisites(boat)
    url = cache.url(secret_key=secret, compression="zstd", write_nar_listing="true")
    nix.nix("copy", "--to", url, boat)
    assert (
        len([key for key in cache.keys() if key.endswith(".narinfo")])
        == len([key for key in cache.keys() if key.endswith(".ls")])
        == len(before)
        == 11
    )

    nix.forget()
    after = nix.requisites(boat, "--store", url)
    assert {path: row["narHash"] for path, row in after.items()} == {
        path: row["narHash"] for path, row in before.items()
    }
    assert all(row["url"].endswith(".nar.zst") and len(row["signatures"]) == 1 for row in after.values())
    assert len(nix.nix("path-info", "--all", "--store", url).splitlines()) == 11
    assert "s3://" in nix.run("sh", "-c", f"nix store ping --store '{url}' 2>&1")
    nix.nix("store", "verify", "--store", url, "--trusted-public-keys", public, "-r", boat)
    _, other = nix.key("other-1")
    assert "is untrusted" in nix.nix(
        "store", "verify", "--store", url, "--trusted-public-keys", other, "-r", boat, fails=True
    )

    # Another machine takes it only with the right key, and gets the same.
    second = local(nix, "second")
    assert re.search(
        "lacks a (valid )?signature",
        nix.nix("copy", "--store", second, "--from", url, "--trusted-public-keys", other, boat, fails=True),
    )
    nix.nix("copy", "--store", second, "--from", url, "--trusted-public-keys", public, boat)
    assert {path: row["narHash"] for path, row in nix.requisites(boat, "--store", second).items()} == {
        path: row["narHash"] for path, row in before.items()
    }

    # This one loses everything and substitutes it.
    nix.wipe()
    nix.run(
        "nix-store", "-r", boat, "--option", "substituters", url, "--option", "trusted-public-keys", public
    )
    nix.nix("store", "verify", "--no-trust", "-r", boat)
    assert nix.requisites(boat).keys() == before.keys()


def test_a_copy_that_is_there_costs_nothing(nix, fake, cache):
    boat = nix.closure()
    nix.nix("copy", "--to", cache.url(), boat)
    count = len(fake.log())
    nix.nix("copy", "--to", cache.url(), boat)
    assert len(fake.log()) == count
    # Without Nix's cache each path is requested once, and nothing is written.
    nix.forget()
    nix.nix("copy", "--to", cache.url(), boat)
    assert sorted(row["op"] for row in fake.log()[count:]) == ["GetObject"] * 12


def test_logs_and_compressed_files(nix, server, cache):
    boat = nix.closure(leaves=1)
    (leaf,) = [path for path in nix.requisites(boat) if path != boat]
    derivation = nix.run("nix-store", "-q", "--deriver", leaf)
    url = cache.url(
        narinfo_compression="br", ls_compression="gzip", log_compression="xz", write_nar_listing="true"
    )
    nix.nix("copy", "--to", url, boat)
    nix.nix("store", "copy-log", "--to", url, derivation)
    hashed = re.search(r"store/(\w+)-", leaf)[1]
    log = f"log/{os.path.basename(derivation)}"
    assert cache("head", f"{hashed}.narinfo") | {"size": 0} == {
        "size": 0,
        "content_type": "text/x-nix-narinfo",
        "content_encoding": "br",
    }
    assert cache("head", f"{hashed}.ls")["content_encoding"] == "gzip"
    assert cache("head", log)["content_encoding"] == "xz"
    nix.forget()
    assert len(nix.requisites(boat, "--store", url)) == 2
    shutil.rmtree(nix.directory / "nix" / "log")
    assert nix.nix("log", "--option", "substituters", url, derivation) == "log of 0"


def test_the_index_of_debug_information(nix, server, cache):
    identity = "ab" + "0" * 38
    script = f"/bin/mkdir -p $out/lib/debug/.build-id/ab && echo > $out/lib/debug/.build-id/ab/{identity[2:]}.debug"
    expression = f"""derivation {{
      name = "debug"; system = builtins.currentSystem; builder = "/bin/sh"; args = [ "-c" "{script}" ];
    }}"""
    path = nix.run("nix-build", "--no-out-link", "-E", expression)
    nix.nix("copy", "--to", cache.url(index_debug_info="true"), path)
    (nar,) = [key for key in cache.keys() if key.startswith("nar/")]
    assert json.loads(cache("get", f"debuginfo/{identity}.debug")) == {
        "archive": f"../{nar}",
        "member": f"lib/debug/.build-id/ab/{identity[2:]}.debug",
    }


def test_progress_goes_to_the_log_of_nix(nix, server, cache):
    (nix.directory / "large").write_bytes(os.urandom(20 << 20))
    path = nix.nix("store", "add-file", nix.directory / "large", "--name", "large")
    for words, doing in [
        (("copy", "--to", cache.url()), "uploading"),
        (("copy", "--store", local(nix, "second"), "--no-check-sigs", "--from", cache.url()), "downloading"),
    ]:
        nix.nix("--log-format", "internal-json", "-vv", *words, path)
        rows = [
            json.loads(line.removeprefix("@nix "))
            for line in nix.said.splitlines()
            if line.startswith("@nix ")
        ]
        (activity,) = [
            row
            for row in rows
            if row["action"] == "start"
            and row["type"] == 101
            and f"{doing} 's3://" in row["text"]
            and "/nar/" in row["text"]
        ]
        moved = [row["fields"] for row in rows if row["action"] == "result" and row["id"] == activity["id"]]
        assert (
            moved
            and moved[-1][0] >= 20 << 20
            and {row["id"] for row in rows if row["action"] == "stop"} >= {activity["id"]}
        )


def test_through_a_forked_worker_of_the_daemon(nix, server, cache):
    secret, public = nix.key("here-1")
    boat = nix.closure()
    nix.nix("copy", "--to", cache.url(secret_key=secret), boat)
    nix.wipe()
    nix.forget()
    nix.configure(substituters=cache.url(), trusted_public_keys=public, trusted_users="*")
    daemon = nix.start("nix-daemon")
    try:
        socket = nix.directory / "nix" / "var" / "daemon-socket" / "socket"
        while not socket.exists():
            assert daemon.poll() is None
        client = {"NIX_REMOTE": "daemon", "AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}
        nix.run("nix-store", "-r", boat, **client)
        nix.run("nix-store", "-r", boat, **client)
        # The parent loaded the plugin, and started nothing.
        assert len(os.listdir(f"/proc/{daemon.pid}/task")) <= 2
        assert str(nix.directory) in boat and os.path.exists(boat)
    finally:
        daemon.kill()
        daemon.communicate()


def test_a_builtin_that_forks_without_exec(nix, server, cache):
    secret, public = nix.key("here-1")
    boat = nix.closure(leaves=3)
    nix.nix("copy", "--to", cache.url(secret_key=secret), boat)
    nix.wipe()
    (nix.directory / "given").write_text("given\n")
    hashed = subprocess.run(
        ["nix-hash", "--type", "sha256", "--flat", nix.directory / "given"],
        capture_output=True,
        text=True,
        check=True,
        env=nix.environment(),
    )
    expression = f"""
      let boat = import {os.path.dirname(__file__)}/closure.nix {{ leaves = 3; }};
          given = derivation {{
            name = "given"; builder = "builtin:fetchurl"; system = "builtin";
            url = "file://{nix.directory}/given";
            outputHashMode = "flat"; outputHashAlgo = "sha256"; outputHash = "{hashed.stdout.strip()}";
          }};
      in derivation {{
        name = "both"; system = builtins.currentSystem; builder = "/bin/sh";
        args = [ "-c" "read a < ${{given}}; read b < ${{boat}}; echo $a $b > $out" ];
      }}
    """
    both = nix.run(
        "nix-build",
        "--no-out-link",
        "-E",
        expression,
        "--option",
        "substituters",
        cache.url(),
        "--option",
        "trusted-public-keys",
        public,
    )
    with open(both) as file:
        assert file.read().startswith("given ")


def test_the_plugin_tells_its_parameters(nix):
    stores = json.loads(nix.nix("describe-stores", "--json"))
    told = stores["S3 Binary Cache Store (oarlock)"]
    named = {
        "profile",
        "region",
        "scheme",
        "endpoint",
        "addressing-style",
        "multipart-upload",
        "multipart-threshold",
        "multipart-chunk-size",
        "storage-class",
    }
    assert (
        named
        | {
            "narinfo-compression",
            "ls-compression",
            "log-compression",
            "compression",
            "secret-key",
            "want-mass-query",
        }
        <= told.keys()
    )


@pytest.mark.parametrize("form", [
    {}, {"scheme": "oarlock+s3"}, {"endpoint": "bare", "": "http"}, {"region": "us-east-1"},
    {"aws_region": "us-east-1"}, {"addressing_style": "path"}, {"addressing_style": "auto"},
    {"want_mass_query": "true", "priority": "7"}, {"oarlock_max_attempts": "2", "oarlock_read_timeout": "9"},
], ids=lambda form: "-".join(form) or "plain")  # fmt: skip
def test_parameters(nix, server, cache, form):
    boat = nix.closure(leaves=1)
    given = dict(form)
    scheme = given.pop("scheme", "s3")
    if "endpoint" in given:
        given = {"endpoint": server.endpoint.removeprefix("http://")}
    url = cache.url(scheme, **given) + ("&scheme=http" if "" in form else "")
    nix.nix("copy", "--to", url, boat)
    assert "unknown setting" not in nix.said
    nix.forget()
    assert len(nix.requisites(boat, "--store", url)) == 2


def test_parameters_reach_the_server(nix, fake, cache):
    (nix.directory / "ten").write_bytes(os.urandom(12 << 20))
    path = nix.nix("store", "add-file", nix.directory / "ten", "--name", "ten")
    nix.nix(
        "copy",
        "--to",
        cache.url(multipart_threshold="1048576", buffer_size="5242880", storage_class="STANDARD_IA"),
        path,
    )
    done = [row["op"] for row in fake.log()]
    assert done.count("UploadPart") == 3
    nar = [row for row in fake.log() if row["op"] == "CreateMultipartUpload"]
    assert [row["headers"]["x-amz-storage-class"] for row in nar] == ["STANDARD_IA"]
    assert nar[0]["headers"]["content-type"] == "application/x-nix-nar"
    nix.forget()
    nix.nix("copy", "--store", local(nix, "second"), "--from", cache.url(), "--no-check-sigs", path)


def test_profiles_and_nobody(nix, fake, cache):
    boat = nix.closure(leaves=1)
    (nix.directory / "credentials").write_text(
        f"[cache-upload]\naws_access_key_id = {fake.access_key}\naws_secret_access_key = {fake.secret_key}\n"
    )
    profile = {"AWS_SHARED_CREDENTIALS_FILE": nix.directory / "credentials", **KEYLESS}
    nix.nix("copy", "--to", cache.url(profile="cache-upload"), boat, **profile)
    nix.forget()
    fake.bucket(cache.name, anonymous_read=True)
    assert len(nix.requisites(boat, "--store", cache.url(oarlock_anonymous="true"))) == 2
    # A bucket that anyone may read, written without keys.
    assert "s3:PutObject" in nix.nix(
        "copy",
        "--to",
        cache.url(oarlock_anonymous="true"),
        nix.closure(leaves=1, salt="more"),
        fails=True,
        **KEYLESS,
    )


def test_keys_in_a_file_of_settings(nix, fake, cache):
    boat = nix.closure(leaves=1)
    keys = nix.directory / "keys"
    keys.write_text(f"# ours\n\naccess-key-id = {fake.access_key}\nsecret_access_key={fake.secret_key}\n")
    nix.nix("copy", "--to", cache.url(oarlock_settings_file=keys), boat, **KEYLESS)
    keys.write_text(f"access-key-id = {fake.access_key}\n{fake.secret_key}\n")
    assert f"line 2 of '{keys}'" in nix.nix(
        "path-info", "--store", cache.url(oarlock_settings_file=keys), boat, fails=True
    )


def test_valgrind_has_nothing_to_say(nix, fake, cache):
    boat = nix.closure(leaves=4)
    (nix.directory / "large").write_bytes(os.urandom(6 << 20))
    large = nix.nix("store", "add-file", nix.directory / "large", "--name", "large")
    log, url = nix.directory / "valgrind.log", cache.url(multipart_threshold="1MB")
    for words in (
        ("copy", "--to", url, boat, large),
        ("copy", "--store", local(nix, "second"), "--no-check-sigs", "--from", url, boat, large),
    ):
        nix.run("valgrind", "--smc-check=all-non-file", f"--log-file={log}", "nix", *words, GC_DONT_GC="1")
        assert "ERROR SUMMARY: 0 errors" in log.read_text(), log.read_text()
        nix.forget()


def test_the_expressions_for_nixos(nix):
    """Evaluated with as much of nixpkgs as they ask for; nixpkgs itself is not at hand."""
    evaluate = ("nix-instantiate", "--eval", "--strict", "--json", "-E")
    pkgs = f"import {HERE}/nixpkgs.nix"
    for version, interface in (("2.8.1", "2.8"), ("2.26.3", "2.26")):
        made = f'(import {ROOT}/default.nix {{ pkgs = {pkgs} {{ nixVersion = "{version}"; }}; }})'
        told = json.loads(
            nix.run(
                *evaluate,
                f"{{ inherit {made} name buildPhase installPhase; lock = {made}.cargoDeps.version; inputs = map (each: each.name) ({made}.nativeBuildInputs ++ {made}.buildInputs); }}",
            )
        )
        assert (
            re.fullmatch(r"oarlock-nix-\d+\.\d+\.\d+", told["name"])
            and f"STORE={interface} " in told["buildPhase"]
            and {"nix-dev", "boost", "rustc"} <= set(told["inputs"])
        )
        assert (
            ROOT / "bindings-c" / "nix" / f"store-{interface}.cc"
        ).exists() and "$out/lib/nix/plugins" in told["installPhase"]
    old = f'(import {ROOT}/default.nix {{ pkgs = {pkgs} {{ nixVersion = "2.26.3"; rustVersion = "1.70.0"; }}; }})'
    assert "or newer, not 1.70.0" in nix.run(*evaluate, f"{old}.name", fails=True)


def test_the_expressions_for_nixos_give_the_program_for_a_newer_nix(nix):
    evaluate = ("nix-instantiate", "--eval", "--strict", "--json", "-E")
    pkgs = f'import {HERE}/nixpkgs.nix {{ nixVersion = "2.34.8"; }}'
    made = f"(import {ROOT}/default.nix {{ pkgs = {pkgs}; }})"
    told = json.loads(nix.run(*evaluate, f"{{ inherit {made} name buildPhase installPhase; }}"))
    assert "knows Nix 2.8 and 2.26, not 2.34.8: this is the program oarlock-nix instead" in nix.said
    assert re.fullmatch(r"oarlock-nix-program-\d+\.\d+\.\d+", told["name"])
    assert "-p oarlock-nix" in told["buildPhase"]
    assert "$out/bin target/release/oarlock-nix" in told["installPhase"]
    # And a flake whose nixpkgs has removed the known ones.
    flake = f"(import {ROOT}/flake.nix).outputs"
    outputs = f"({flake} rec {{ self = {flake} {{ inherit self nixpkgs; }}; nixpkgs.legacyPackages = rec {{ x86_64-linux = {pkgs}; aarch64-linux = x86_64-linux; }}; }})"
    packages = json.loads(
        nix.run(
            *evaluate,
            f"builtins.mapAttrs (system: builtins.mapAttrs (name: each: each.pname)) {outputs}.packages",
        )
    )
    names = {"default": "oarlock-nix-program", "oarlock-nix": "oarlock-nix-program"}
    assert packages == {"aarch64-linux": names, "x86_64-linux": names}


def test_the_flake_gives_the_plugin_for_a_known_nix(nix):
    evaluate = ("nix-instantiate", "--eval", "--strict", "--json", "-E")
    pkgs = f"import {HERE}/nixpkgs.nix"
    flake = f'(import {ROOT}/flake.nix).outputs rec {{ self = (import {ROOT}/flake.nix).outputs {{ inherit self nixpkgs; }}; nixpkgs.legacyPackages = rec {{ x86_64-linux = {pkgs} {{ nixVersion = "2.26.3"; }}; aarch64-linux = x86_64-linux; }}; }}'
    assert json.loads(
        nix.run(*evaluate, f"builtins.mapAttrs (system: made: made.default.pname) ({flake}).packages")
    ) == {"aarch64-linux": "oarlock-nix", "x86_64-linux": "oarlock-nix"}

"""Nix: a closure that /bin/sh builds is copied to a signed and encrypted binary cache, lost with the whole
store, and substituted back by the plugin."""

import base64
import os
import random
import subprocess
import sys

from steps import ROOT, run, sums, total

sys.path.insert(0, str(ROOT / "tests" / "hosts" / "nix"))

from nixhost import CLOSURE, PLUGIN, Nix  # noqa: E402

LEAVES = 100
SIZE = 50_000_000


def why_not():
    """Why there can be no demonstration here; nothing if there can."""
    return subprocess.run(
        [ROOT / "bindings-c" / "nix" / "headers", "--why-not"], capture_output=True, text=True, check=True
    ).stdout.strip()


def demonstrate(server, bucket, directory):
    if not PLUGIN.exists():
        raise RuntimeError(f"{PLUGIN} is not built")
    nix = Nix(directory, server)
    here = {"cwd": directory, **nix.environment()}
    secret, public = nix.key("demo-1")
    cargo = directory / "cargo"
    cargo.mkdir()
    (cargo / "cargo.bin").write_bytes(random.Random(11).randbytes(SIZE))
    expression = f"""import {CLOSURE} {{ leaves = {LEAVES}; salt = "${{{cargo}}}"; }}"""
    _, built = run("nix-build", "--no-out-link", "-E", expression, **here)
    boat = built.splitlines()[-1]
    store = directory / "nix" / "store"
    closure = [path.rpartition("/")[2] for path in nix.requisites(boat)]

    def contents():
        return {name: row for name, row in sums(store).items() if name.split("/")[0] in closure}

    before = contents()
    (directory / "key").write_text(f"encryption-aes-key = {base64.b64encode(os.urandom(32)).decode()}\n")
    url = f"s3://{bucket}/nix?endpoint={server.endpoint}&region={server.region}&compression=zstd&oarlock-settings-file={directory / 'key'}"
    there, _ = run("nix", "copy", "--to", f"{url}&secret-key={secret}", boat, **here)
    nix.wipe()
    nix.forget()
    back, _ = run(
        "nix-store",
        "-r",
        boat,
        "--option",
        "substituters",
        url,
        "--option",
        "trusted-public-keys",
        public,
        **here,
    )
    whole = (
        contents() == before
        and nix.nix("store", "verify", "--recursive", boat, "--option", "trusted-public-keys", public) == ""
    )
    what = f"{len(closure)} paths, signed and encrypted"
    return [
        (f"copy to a binary cache: {what}", total(before), there, whole),
        ("substitution of all into an empty store", total(before), back, whole),
    ]

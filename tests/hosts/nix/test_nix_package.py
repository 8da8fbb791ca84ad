"""The Debian package of the plugin, installed into a root of its own and used by the real Nix."""

import shutil
import subprocess

import pytest
from nixhost import COMMANDS, ROOT


def run(*words):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.skipif(bool(COMMANDS), reason="the package is for this machine's own Nix")
@pytest.mark.skipif(shutil.which("dpkg-query") is None, reason="this machine has no dpkg")
def test_the_package_installs_and_serves_nix(nix, fake, cache, tmp_path):
    made = run(ROOT / "scripts" / "deb", "nix", tmp_path / "packages", "dev").strip()
    (package,) = (tmp_path / "packages").iterdir()
    assert str(package) == made
    fields = run("dpkg-deb", "--field", package)
    minor = ".".join(run("dpkg-query", "-W", "-f", "${Version}", "nix-bin").split(".")[:2])
    assert f"nix-bin (>= {minor}~), nix-bin (<< {minor[:-1]}" in fields and "libc6 (>= 2." in fields, fields

    root = tmp_path / "root"
    (root / "var/lib/dpkg").mkdir(parents=True)
    (root / "var/lib/dpkg/status").touch()
    run("dpkg", f"--root={root}", "--force-depends", "--force-unsafe-io", "--install", package)
    (plugin,) = root.glob("usr/lib/*/nix/plugins/liboarlock-nix.so")
    assert f"plugin-files = /{plugin.relative_to(root)}\n" in fields
    assert "aws-lc-sys" in (root / "usr/share/doc/nix-plugin-oarlock/copyright").read_text()
    nix.configure(plugin_files=plugin)
    boat = nix.closure(leaves=2)
    nix.nix("copy", "--to", cache.url(), boat)
    nix.run("nix-store", "--delete", "--ignore-liveness", boat)
    nix.nix("copy", "--from", cache.url(), "--no-check-sigs", boat)
    nix.nix("store", "verify", "--no-trust", "-r", boat)

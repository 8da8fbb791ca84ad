"""Other versions of Nix: those that refuse the plugin or are refused by it, 2.26 with a plugin of its own,
and a stock one with an s3:// of its own.

Invariant: `another-nix` gets them, once, and what has not been got is skipped with the command that gets it.
"""

import subprocess

import pytest
from nixhost import HERE, KEYLESS, PLUGIN, TOOLS, Nix, local


def commands(release, built):
    """The commands of another Nix, and what to run where there are none."""
    directory = TOOLS / "nix" / release / built
    if not (directory / "nix").exists():
        pytest.skip(f"no such Nix here: {HERE / 'another-nix'} {release} gets it")
    return directory


@pytest.fixture
def at_2_26(nix, fake, tmp_path):
    """A machine with Nix 2.26 and the plugin built for it."""
    found = commands("trixie", "shared")
    subprocess.run([HERE / "another-nix", "plugin"], check=True)
    return Nix(tmp_path, fake, found, TOOLS / "nix" / "trixie" / "plugin" / "liboarlock-nix.so")


def test_a_plugin_for_another_version_says_so_and_does_nothing(nix, fake, cache):
    """As one built for Nix 2.9: the same file, but for the version it looks for."""
    other = nix.directory / "other.so"
    text = PLUGIN.read_bytes()
    assert text.count(b"\x002.8\x00") == 1
    other.write_bytes(text.replace(b"\x002.8\x00", b"\x002.9\x00"))
    nix.configure(plugin_files=other)
    said = nix.nix("store", "ping", "--store", cache.url(), fails=True)
    assert (
        said.count("oarlock's plugin was built for Nix 2.9 and leaves Nix 2.8.0 alone") == 1
        and "don't know how to open Nix store" in said
    )
    # All else goes on.
    nix.closure(leaves=1)


def test_plugins_of_other_interfaces_are_refused_when_they_are_loaded(nix, fake, cache, at_2_26):
    for there, other in ((nix, at_2_26.plugin), (at_2_26, PLUGIN)):
        there.configure(plugin_files=other)
        said = there.nix("store", "info" if there is at_2_26 else "ping", "--store", cache.url(), fails=True)
        (line,) = [line for line in said.splitlines() if "liboarlock-nix.so" in line]
        assert "could not dynamically open plugin file" in line, said


def test_nix_2_26_there_and_back(fake, cache, at_2_26):
    """And each of the two reads what the other wrote."""
    nix = at_2_26
    secret, public = nix.key("here-1")
    boat = nix.closure()
    before = nix.requisites(boat)
    url = cache.url(
        secret_key=secret, compression="zstd", narinfo_compression="gzip", write_nar_listing="true"
    )
    nix.nix("copy", "--to", url, boat)
    nix.forget()
    assert nix.requisites(boat, "--store", url).keys() == before.keys()
    assert len(nix.nix("path-info", "--all", "--store", url).splitlines()) == 11
    nix.wipe()
    nix.forget()
    old = Nix(nix.directory, fake)
    old.run(
        "nix-store", "-r", boat, "--option", "substituters", url, "--option", "trusted-public-keys", public
    )
    old.nix("store", "verify", "--no-trust", "-r", boat)
    old.nix("copy", "--to", cache.url().replace("/cache", "/second"), boat)
    nix.wipe()
    nix.forget()
    Nix(nix.directory, fake, nix.commands, nix.plugin)
    nix.nix("copy", "--from", cache.url().replace("/cache", "/second"), "--no-check-sigs", boat)
    nix.nix("store", "verify", "--no-trust", "-r", boat)


def test_whom_nix_2_26_trusts(fake, cache, at_2_26, tls):
    """Its setting `ssl-cert-file` counts, which Nix 2.8 has not got."""
    port, certificate = tls()
    url = cache.url(endpoint=f"https://localhost:{port}")
    assert "certificate" in at_2_26.nix("store", "info", "--store", url, fails=True)
    at_2_26.nix("store", "info", "--store", url, "--option", "ssl-cert-file", certificate)


def test_a_stock_nix_reads_with_its_own_s3(nix, fake, cache):
    """Debian's next Nix, whose s3:// is made of curl and has no keys: it reads what oarlock wrote, and names
    what it cannot."""
    stock = Nix(nix.directory / "stock", None, commands("forky", "stock"), "")
    secret, public = nix.key("here-1")
    boat = nix.closure()
    before = nix.requisites(boat)
    nix.nix(
        "copy",
        "--to",
        cache.url(secret_key=secret, compression="xz", narinfo_compression="gzip", write_nar_listing="true"),
        boat,
    )
    nix.nix(
        "copy", "--to", cache.url(oarlock_settings_file=aes_key(nix)).replace("/cache", "/encrypted"), boat
    )
    fake.bucket(cache.name, anonymous_read=True)
    same = {"NIX_STORE_DIR": nix.directory / "nix" / "store", **KEYLESS}
    stock.nix(
        "copy",
        "--store",
        local(stock, "second"),
        "--from",
        cache.url(compression=None),
        "--option",
        "trusted-public-keys",
        public,
        boat,
        **same,
    )
    after = stock.requisites(boat, "--store", local(stock, "second"), **same)
    assert {path: row["narHash"] for path, row in before.items()}.keys() == after.keys()
    stock.nix("store", "verify", "--store", local(stock, "second"), "--no-trust", "-r", boat, **same)
    said = stock.nix(
        "copy",
        "--store",
        local(stock, "third"),
        "--no-check-sigs",
        "--from",
        cache.url(compression=None).replace("/cache", "/encrypted"),
        boat,
        fails=True,
        **same,
    )
    assert "error:" in said, said


def aes_key(nix):
    """A file of settings with a raw key."""
    file = nix.directory / "key"
    file.write_text("encryption-aes-key = MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n")
    return file

"""The gem as it is published: from source, strictly built, and precompiled, installed and used where neither
Rust nor a compiler is."""

import os
import re
import shutil
import subprocess
import tarfile
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "bindings-ruby" / "script"
LIBRARY = ROOT / "bindings-ruby" / "lib" / "oarlock" / "oarlock_native.so"


def run(*command, **environment):
    done = subprocess.run(
        ["env", *(f"{name}={value}" for name, value in environment.items()), *command],
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def names(gem):
    """The files of a gem."""
    with tarfile.open(gem) as outer, tarfile.open(fileobj=outer.extractfile("data.tar.gz")) as inner:
        return set(inner.getnames())


def specification(gem, expression):
    return run(
        "ruby", "-rrubygems/package", "-e", f"spec = Gem::Package.new(ARGV[0]).spec; print({expression})", gem
    )


@pytest.fixture(scope="module")
def source_gem(tmp_path_factory):
    directory = tmp_path_factory.mktemp("gem")
    run("ruby", SCRIPTS / "gem.rb", directory)
    (gem,) = directory.glob("*.gem")
    return gem


def test_the_source_gem(source_gem):
    files = names(source_gem)
    for page in ("README.md", "PUBLISHING.md"):
        linked = re.findall(r"\]\(([^):#]+)", (ROOT / "bindings-ruby" / page).read_text())
        named = {os.path.normpath(f"bindings-ruby/{link}") for link in linked}
        assert named <= files, named - files
    assert {"LICENSE-MIT", "LICENSE-APACHE", "THIRD-PARTY.txt"} <= files
    assert {"Cargo.lock", "bindings-ruby/sig/manifest.yaml", "bindings-ruby/doc/store.rb"} <= files
    assert not [name for name in files if name.endswith((".so", ".o"))]
    links = specification(source_gem, 'spec.metadata.sort.map { |pair| pair.join("=") }.join(" ")').split()
    addresses = tomllib.loads((ROOT / "addresses.toml").read_text())
    assert links == [
        f"bug_tracker_uri={addresses['issues']}",
        f"changelog_uri={addresses['changelog']}",
        f"documentation_uri={addresses['documentation']}",
        f"homepage_uri={addresses['homepage']}",
        "rubygems_mfa_required=true",
        f"source_code_uri={addresses['source']}",
    ]


def test_a_precompiled_gem(tmp_path):
    version = run("ruby", "-e", r"print RUBY_VERSION[/\d+\.\d+/]")
    # The script installs it without Rust on its PATH, and uses it.
    run("ruby", SCRIPTS / "native.rb", tmp_path, f"ruby={LIBRARY}")
    (gem,) = tmp_path.glob("*.gem")
    files = names(gem)
    assert [name for name in files if name.endswith(".so")] == [
        f"bindings-ruby/lib/oarlock/{version}/oarlock_native.so"
    ]
    assert not [name for name in files if name.endswith(("Cargo.toml", "extconf.rb"))]
    rules = specification(gem, 'spec.required_ruby_version.to_s + spec.extensions.join')
    assert re.fullmatch(rf"< \d\.\d\.dev, >= {version}|>= {version}(, < \d\.\d\.dev)?", rules), rules


def test_a_ruby_that_a_precompiled_gem_lacks(tmp_path):
    """The message names what to do. A folder of another version stands for that version's extension."""
    library = tmp_path / "lib"
    shutil.copytree(ROOT / "bindings-ruby" / "lib", library, ignore=shutil.ignore_patterns("*.so"))
    for version in ("9.1", "9.3"):
        (library / "oarlock" / version).mkdir()
        (library / "oarlock" / version / "oarlock_native.so").touch()
    done = subprocess.run(["ruby", f"-I{library}", "-roarlock", "-e", "1"], capture_output=True, text=True)
    assert done.returncode != 0
    assert "has extensions for Ruby 9.1, 9.3, not for" in done.stderr
    assert "gem install oarlock --platform ruby" in done.stderr


def test_an_installed_gem_holds_the_extension_once(source_gem, tmp_path):
    """RubyGems installs it; a stand-in for cargo copies the library of the working tree, so that this takes
    seconds."""
    tools, home = tmp_path / "tools", tmp_path / "home"
    tools.mkdir()
    (tools / "cargo").write_text(
        f"#!/bin/sh\nmkdir -p target/release && cp {LIBRARY} target/release/liboarlock_native.so\n"
    )
    (tools / "cargo").chmod(0o755)
    place = {"PATH": f"{tools}:/usr/bin:/bin", "GEM_HOME": home, "GEM_PATH": home}
    run("gem", "install", "--local", "--no-document", source_gem, **place)
    (library,) = home.rglob("*.so")
    assert library.parts[-4:] == ("bindings-ruby", "lib", "oarlock", "oarlock_native.so")
    assert not list(home.rglob("target"))
    assert run("ruby", "-roarlock", "-e", "print Oarlock::VERSION", RUBYLIB="", **place)

"""RubyGems: `gem install --source s3://…` installs a gem, built here, and the gem it needs, through oarlock's
plugin."""

import json
import random

import oarlock
from steps import ROOT, run, sums, total

PREFIX = "gems"
LIBRARY = ROOT / "bindings-ruby" / "lib"


def build(name, version, needs, gems):
    """Builds one gem with some real weight into the directory of gems."""
    source = gems.parent / f"{name}-source"
    (source / "lib").mkdir(parents=True)
    requires = "".join(f"require {json.dumps(need)}\n" for need in needs)
    (source / "lib" / f"{name}.rb").write_text(f"{requires}puts {json.dumps(f'{name} {version}')}\n")
    (source / "lib" / f"{name}.dat").write_bytes(random.Random(name).randbytes(2_000_000))
    lines = [
        f"s.name = {name!r}",
        f"s.version = {version!r}",
        "s.summary = s.author = 'demo'",
        "s.license = 'MIT'",
        "s.homepage = 'https://example.com'",
    ]
    lines += ["s.files = Dir['lib/*']", *(f"s.add_dependency {need!r}, '~> 1.0'" for need in needs)]
    (source / f"{name}.gemspec").write_text(
        "Gem::Specification.new do |s|\n" + "".join(f"  {line}\n" for line in lines) + "end\n"
    )
    run(
        "gem",
        "build",
        "--quiet",
        "--output",
        gems / f"{name}-{version}.gem",
        f"{name}.gemspec",
        cwd=source,
        quiet=True,
    )


def demonstrate(server, bucket, directory):
    site, home = directory / "site", directory / "home"
    gems = site / "gems"
    gems.mkdir(parents=True)
    home.mkdir()
    build("oarlock_demo_ring", "1.0.0", [], gems)
    build("oarlock_demo_boat", "1.0.0", ["oarlock_demo_ring"], gems)
    run("gem", "generate_index", "--quiet", "--directory", site, cwd=directory, quiet=True)
    settings = server.settings()
    store = oarlock.open(f"s3://{bucket}/{PREFIX}", **settings)
    with oarlock.Bar("the gems, on their way to the server") as bar:
        store.sync_up(site, progress=bar)
    entry = {
        "id": settings["access_key_id"],
        "secret": settings["secret_access_key"],
        "region": server.region,
        "endpoint": server.endpoint,
    }
    # JSON is YAML.
    (home / ".gemrc").write_text(json.dumps({"s3_source": {bucket: entry}}))
    own = {
        "HOME": str(home),
        "GEM_HOME": str(home / "gems"),
        "GEM_PATH": str(home / "gems"),
        "GEMRC": str(home / ".gemrc"),
        "RUBYLIB": str(LIBRARY),
    }
    source = f"s3://{bucket}/{PREFIX}/"
    seconds, _ = run(
        "gem", "install", "--source", source, "--no-document", "oarlock_demo_boat", cwd=home, **own
    )
    _, said = run("ruby", "-e", "require 'oarlock_demo_boat'", cwd=home, **own)
    before, after = sums(gems), sums(home / "gems" / "cache")
    verified = after == before and said.split() == [
        "oarlock_demo_ring",
        "1.0.0",
        "oarlock_demo_boat",
        "1.0.0",
    ]
    return [("install: a gem and the gem it needs", total(after), seconds, verified)]

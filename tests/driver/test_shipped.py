"""The shared objects that ship: the packages that are linked into them, and the symbols that they export.

Build first (`make build`): the test reads the objects of the development build.
"""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
VENV = Path(sys.executable).parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))

# Each object that ships, the package that it is built from, and the symbols that it may export.
OBJECTS = {
    "python": (TARGET / "debug/lib_native.so", "oarlock-python", r"PyInit__native"),
    # Ruby's development versions look for `ruby_abi_version`.
    "ruby": (
        TARGET / "debug/liboarlock_native.so",
        "oarlock_native",
        r"Init_oarlock_native|ruby_abi_version",
    ),
    "c": (TARGET / "debug/liboarlock.so.0.1.0", "oarlock-c", r"oarlock_\w+"),
}
BRIDGE = "oarlock-cxx"
SHIPPED = [package for _, package, _ in OBJECTS.values()] + [BRIDGE]

# Each crate that must be in use, and the packages of ours that use it.
USED = {
    "pyo3": "oarlock-python",
    "magnus": "oarlock_native",
    "cxx": BRIDGE,
    "aws-sdk-s3": "oarlock",
    "aes-gcm": "oarlock",
    "once_cell": "oarlock",
    "tokio": "oarlock",
}


def run(*command):
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def packages():
    """The workspace's packages by name."""
    found = json.loads(run("cargo", "metadata", "--no-deps", "--offline", "--format-version", "1"))
    return {package["name"]: package for package in found["packages"]}


def shipped_code(package):
    """The package's sources, without comments and tests."""
    source = Path(package["manifest_path"]).parent / "src"
    text = ""
    for path in source.rglob("*.rs"):
        if "test" not in path.stem and "tests" not in path.relative_to(source).parts:
            body = path.read_text().split("#[cfg(test)]\nmod tests {")[0]
            text += re.sub(r"^\s*//.*$", "", body, flags=re.MULTILINE)
    return text


@pytest.mark.parametrize("crate, owner", USED.items())
def test_named_crates_are_in_use(packages, crate, owner):
    dependencies = [each for each in packages[owner]["dependencies"] if each["name"] == crate]
    normal = [each for each in dependencies if each["kind"] is None and not each["optional"]]
    assert normal, f"`{crate}` is no dependency of {owner}"
    name = crate.replace("-", "_")
    assert re.search(rf"\b{name}::", shipped_code(packages[owner])), f"{owner} does not name `{name}`"
    reached = [
        package
        for package in SHIPPED
        if re.search(
            rf"^{crate} v",
            run("cargo", "tree", "--offline", "-p", package, "-e", "normal", "--prefix", "none"),
            re.MULTILINE,
        )
    ]
    wanted = SHIPPED if owner == "oarlock" else [owner]
    assert set(wanted) <= set(reached), f"`{crate}` is linked into {reached} only"


def symbols(path, *options):
    lines = run("nm", *options, "--defined-only", path).splitlines()
    return {line.split()[-1].split("@")[0] for line in lines if line.strip()}


@pytest.mark.parametrize("object_", OBJECTS)
def test_crates_of_the_core_are_linked(object_):
    path, _, _ = OBJECTS[object_]
    names = "\n".join(symbols(path))
    for crate, owner in USED.items():
        if owner == "oarlock":
            name = crate.replace("-", "_")
            assert re.search(rf"{len(name)}{name}", names), f"{path.name} has no function of `{crate}`"


@pytest.mark.parametrize("object_", OBJECTS)
def test_objects_export_their_own_functions_only(object_):
    path, _, own = OBJECTS[object_]
    others = [name for name in symbols(path, "-D") if not re.fullmatch(own, name)]
    assert not others, f"{path.name} exports {', '.join(sorted(others))}"


def test_notices_and_bill_of_materials_are_up_to_date_and_name_no_path():
    done = subprocess.run(
        [sys.executable, ROOT / "scripts/notices.py", "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    for name in ("THIRD-PARTY.txt", "sbom.cdx.json"):
        text = (ROOT / name).read_text()
        assert str(Path.home()) not in text and str(ROOT) not in text, name
    parts = json.loads((ROOT / "sbom.cdx.json").read_text())["components"]
    assert all(part["purl"] and part["hashes"] and part["licenses"] for part in parts)


def test_a_wheel_names_its_licences(tmp_path):
    run(VENV / "maturin", "pep517", "write-dist-info", "--metadata-directory", tmp_path,
        "--manifest-path", ROOT / "bindings-python/Cargo.toml")  # fmt: skip
    (facts,) = tmp_path.glob("*.dist-info")
    held = {path.name for path in facts.rglob("*") if path.is_file()}
    assert {"LICENSE-MIT", "LICENSE-APACHE", "THIRD-PARTY.txt"} <= held, held


def test_licences_and_sources_of_the_linked_crates_are_allowed():
    rules = tomllib.loads((ROOT / "deny.toml").read_text())
    allowed = set(rules["licenses"]["allow"])
    for part in json.loads((ROOT / "sbom.cdx.json").read_text())["components"]:
        expression = part["licenses"][0]["expression"].replace("(", " ( ").replace(")", " ) ")
        expression = re.sub(r" WITH [\w.-]+", "-with-exception", expression)
        words = {"AND": "and", "OR": "or", "(": "(", ")": ")"}
        asked = " ".join(words.get(word, str(word in allowed)) for word in expression.split())
        assert eval(asked), f"{part['name']}: {expression} is not allowed by deny.toml"
    locked = tomllib.loads((ROOT / "Cargo.lock").read_text())["package"]
    assert {each["source"].partition("+")[0] for each in locked if "source" in each} == {"registry"}


def test_the_release_workflow_parses_and_names_targets_that_exist():
    workflow = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text())
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    named = {name for step in steps for name in re.findall(r"^make ([a-z-]+)$", step.get("run", ""))}
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    assert {"test", "dist", "dist-check"} <= named <= targets
    # The checksums are of all that was built before.
    built = [step["run"] for step in workflow["jobs"]["dist"]["steps"] if "run" in step]
    assert built[-2:] == ["make dist", "make dist-check"], built
    # A publishing job has no secret but the short-lived identity of its own run.
    assert "secrets." not in (ROOT / ".github/workflows/release.yml").read_text()

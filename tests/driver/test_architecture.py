"""The arrows of the design, and the habits a reader relies on, checked in the source text.

Invariant: a room of the core may use what stands before it, never what stands after; AWS's types stay in the
rooms made for them.
"""

import re
import subprocess
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CORE = ROOT / "core" / "src"

# Each room of the core, and the rooms it may use besides itself.
PLAIN = {"error", "value", "table"}
DATA = PLAIN | {"options", "reply", "config", "keys"}
USES = {
    "error": set(),
    "value": {"error"},
    "checksum": set(),
    "table": {"error", "value"},
    "options": PLAIN | {"keys"},
    "reply": PLAIN,
    "keys": PLAIN,
    "config": PLAIN | {"options"},
    "sync": set(),
    "wake": {"error"},
    "xml": set(),
    "runtime": {"error"},
    "version": set(),
    "event": set(),
    "tally": set(),
    "observe": {"event", "mailbox", "tally"},
    "question": {"error", "value"},
    "mailbox": {"error", "event", "question", "sync", "tally", "value", "wake"},
    "inline": {"mailbox", "runtime"},
    "call": {"error", "inline", "mailbox", "observe", "runtime", "value", "wake"},
    "io": {"error", "runtime"},
    "ambient": PLAIN | {"config", "observe", "runtime"},
    "http": PLAIN | {"config", "observe", "runtime"},
    "credentials": PLAIN
    | {"ambient", "config", "http", "options", "question", "runtime", "observe", "version", "xml"},
    "crypto": PLAIN | {"config", "credentials", "options", "runtime"},
    "s3": DATA
    | {"ambient", "checksum", "credentials", "crypto", "http", "mailbox", "observe", "runtime", "tally"}
    | {"version", "xml"},
    "local": DATA | {"io", "mailbox", "observe", "runtime"},
    # No `crypto`: a store that encrypts hands `transfer` a transform.
    "transfer": DATA | {"checksum", "io", "mailbox", "observe", "runtime", "s3", "sync"},
    "encrypted": DATA | {"checksum", "crypto", "io", "mailbox", "observe", "runtime", "s3", "transfer"},
    "explain": DATA
    | {"ambient", "credentials", "encrypted", "http", "io", "local", "mailbox", "runtime", "s3", "transfer"}
    | {"version"},
    "many": DATA
    | {"checksum", "encrypted", "io", "local", "mailbox", "observe", "question", "runtime", "s3", "transfer"},
    "across": DATA
    | {"call", "encrypted", "io", "local", "mailbox", "many", "observe", "runtime", "s3", "store"}
    | {"transfer"},
    "through": DATA
    | {"ambient", "call", "crypto", "http", "io", "local", "mailbox", "many", "observe", "question"}
    | {"runtime", "s3", "store", "tally", "transfer"},
    "store": PLAIN | {"config", "keys", "local", "s3", "tally"},
    "classes": PLAIN | {"config", "reply", "store"},
    "verbs": DATA
    | {"across", "call", "encrypted", "explain", "io", "local", "mailbox", "many", "s3", "store", "through"}
    | {"transfer"},
}

# The rooms that may name AWS's types.
AWS_ROOMS = {"ambient", "http", "credentials", "s3", "crypto"}


def room(path):
    relative = path.relative_to(CORE)
    return relative.parts[0].removesuffix(".rs")


def code(path):
    """The file without comments and without its unit tests."""
    text = path.read_text().split("#[cfg(test)]\nmod tests {")[0]
    return re.sub(r"^\s*//.*$", "", text, flags=re.MULTILINE)


def rust_files():
    found = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "*.rs"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / line for line in found.stdout.splitlines() if (ROOT / line).exists()]


def core_files():
    return [path for path in rust_files() if path.is_relative_to(CORE) and path.name not in ("lib.rs",)]


def used_rooms(text):
    """What `crate::x` and `use crate::{x, y::z}` name."""
    names = set(re.findall(r"\bcrate::([a-z_0-9]+)\b", text))
    for group in re.findall(r"use crate::\{([^;]*)\};", text):
        flat = re.sub(r"::\{[^{}]*\}", "", group)
        names |= {name.strip().split("::")[0] for name in flat.split(",") if name.strip()}
    return names


@pytest.mark.parametrize("path", core_files(), ids=lambda path: str(path.relative_to(CORE)))
def test_arrows_run_one_way(path):
    here = room(path)
    assert here in USES, f"`{here}` is a new room: say in the design and in USES what it may use"
    wrong = {name for name in used_rooms(code(path)) & set(USES) if name != here and name not in USES[here]}
    assert not wrong, f"{path.relative_to(ROOT)} uses {', '.join(sorted(wrong))}"


def test_no_arrows_make_a_circle():
    list(TopologicalSorter(USES).static_order())
    files = {path.stem: path for path in (ROOT / "bindings-python/src").glob("*.rs") if path.stem != "lib"}
    uses = {name: used_rooms(code(path)) & set(files) - {name} for name, path in files.items()}
    list(TopologicalSorter(uses).static_order())


def used_files(path, room):
    """The files and directories of a room that this file of it uses."""
    text = code(path)
    used = set(re.findall(rf"\bcrate::{room}::([a-z_0-9]+)\b", text))
    if path.parent == CORE / room:
        used |= set(re.findall(r"\bsuper::([a-z_0-9]+)\b", text))
    return used


@pytest.mark.parametrize("room", ["s3", "credentials"])
def test_the_files_of_a_room_make_no_circle(room):
    uses = {}
    for path in (CORE / room).rglob("*.rs"):
        name = path.relative_to(CORE / room).parts[0].removesuffix(".rs")
        if name not in ("mod", "tests") and "tests" not in path.parts and path.name != "tests.rs":
            uses.setdefault(name, set()).update(used_files(path, room) - {name})
    list(TopologicalSorter({name: used & set(uses) for name, used in uses.items()}).static_order())


def test_aws_types_stay_in_their_rooms():
    wrong = []
    for path in core_files():
        for name in re.findall(r"\baws_[a-z_0-9]+(?=::)(?:::[a-z_0-9]+)*", code(path)):
            if room(path) not in AWS_ROOMS:
                wrong.append(f"{path.relative_to(ROOT)}: {name}")
    assert not wrong, "\n".join(wrong)


# The layers of `s3`, from the lowest; a file uses its own layer's and those before. What is not named is an
# operation.
S3_LAYERS = [
    {"date", "etag", "route", "offers", "regions", "failure"},
    {"foreign", "sentence"},
    {"refusal", "endpoint", "integrity"},
    {"wire"},
    {"retry", "session", "headers", "slots"},
    {"connection"},
    {"client"},
]


def test_the_layers_of_s3():
    layer = {name: depth for depth, names in enumerate(S3_LAYERS) for name in names}
    wrong = []
    for path in (CORE / "s3").rglob("*.rs"):
        name = path.relative_to(CORE / "s3").parts[0].removesuffix(".rs")
        if name not in ("mod", "tests"):
            highest = layer.get(name, len(S3_LAYERS))
            used = used_files(path, "s3")
            wrong += [f"s3/{name} uses s3/{one}" for one in used if layer.get(one, len(S3_LAYERS)) > highest]
    assert not wrong, "\n".join(wrong)


def test_the_sdk_s3_is_named_in_one_file():
    allowed = {CORE / "s3/endpoint.rs"}
    named = {path for path in core_files() if "aws_sdk_s3" in code(path) and "tests" not in path.parts}
    assert named == allowed, named ^ allowed


def test_every_unsafe_says_why_it_is_safe():
    wrong = []
    for path in rust_files():
        lines = path.read_text().splitlines()
        for number, line in enumerate(lines):
            words = line.split("//")[0]
            if re.search(r"\bunsafe\s*(\{|impl\b)", words):
                above = lines[max(0, number - 4) : number + 1]
                if not any("SAFETY:" in each for each in above):
                    wrong.append(f"{path.relative_to(ROOT)}:{number + 1}")
    assert not wrong, "no `// SAFETY:` near " + ", ".join(wrong)


def test_files_are_short_and_say_what_they_are():
    nameless = []
    for path in rust_files():
        lines = path.read_text().splitlines()
        if len(lines) > 400:
            print(f"{len(lines)} lines: {path.relative_to(ROOT)}")
        if not lines or not lines[0].startswith("//!"):
            nameless.append(str(path.relative_to(ROOT)))
    assert not nameless, f"no opening paragraph (`//!`) in {', '.join(nameless)}"


def test_no_panic_at_the_borders():
    """Bindings answer errors; they neither unwrap nor expect nor panic."""
    wrong = []
    for path in rust_files():
        parts = path.relative_to(ROOT).parts
        if parts[0].startswith("bindings-") and "tests" not in parts:
            for number, line in enumerate(code(path).splitlines()):
                if re.search(r"\.(unwrap|expect)\(|\b(panic|todo|unimplemented|unreachable)!", line):
                    wrong.append(f"{path.relative_to(ROOT)}: {line.strip()}")
    assert not wrong, "\n".join(wrong)


def test_every_threat_is_proven():
    rows = re.findall(
        r"^\| (\d+) \| .* \| (.*) \|$", (ROOT / "tests" / "THREATS.md").read_text(), flags=re.MULTILINE
    )
    assert [int(number) for number, _ in rows] == list(range(1, 18))
    listed = ["*.rs", "*.py", "tests/cases/*.toml"]
    files = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", *listed],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    text = "\n".join((ROOT / name).read_text() for name in files if (ROOT / name).exists())
    named = set(re.findall(r"\b(?:fn|def) (?:test_)?(\w+)", text)) | set(
        re.findall(r'^name = "(.*)"$', text, flags=re.MULTILINE)
    )
    cases = (ROOT / "tests" / "cases").glob("*.toml")
    named |= {
        f"{file.stem}/{name}"
        for file in cases
        for name in re.findall(r'^name = "(.*)"$', file.read_text(), flags=re.MULTILINE)
    }
    told = [name for _, tests in rows for name in re.findall(r"`([^`]+)`", tests)]
    assert not set(told) - named
    assert not {name for name in named if name.startswith("threat_")} - set(told)


def test_threat_14_secrets_are_compared_in_constant_time():
    """Tags, commitments, paddings and what a wrap binds meet in `ct_eq` alone; lengths, formats and statuses
    are no secrets."""
    gcm = CORE.parent / "gcm" / "src"
    compared = {
        gcm / "lib.rs": 1,
        CORE / "crypto/content.rs": 1,
        CORE / "crypto/cbc.rs": 1,
        CORE / "crypto/keyring/rsa.rs": 2,
    }
    for path, least in compared.items():
        assert code(path).count(".ct_eq(") >= least, path
    secret = r"tag|mac|share|commitment|own|plain|padded|unwrapped|digest|prk|hash_key|sound|key"
    for path in [*gcm.glob("*.rs"), *(CORE / "crypto").rglob("*.rs")]:
        if path.name != "laws.rs" and not path.name.endswith("tests.rs"):
            wrong = re.findall(
                rf"(?:^|[\s(&!*])(?:\w+\.)?(?:{secret})(?:\[[^\]]*\]|\(\))? [!=]= .*",
                code(path),
                flags=re.MULTILINE,
            )
            assert not wrong, f"{path.relative_to(ROOT)}: {wrong}"


def test_tasks_are_spawned_on_the_workers():
    # A call's own thread may drive it, and leave at any time: nothing else may wait for that thread.
    here = re.compile(r"tokio::spawn\(|task::spawn_blocking\(|tokio::fs::|(?<!workers\(\))\.spawn\(")
    own = {CORE / "runtime.rs", CORE / "inline.rs", CORE / "call.rs"}
    others = [path for path in core_files() if path not in own and "tests" not in str(path.relative_to(CORE))]
    found = [
        f"{path.relative_to(CORE)}: {match[0]}"
        for path in others
        for match in here.finditer("".join(code(path).split()))
    ]
    assert not found


def test_no_wake_up_is_deferred_in_a_future_that_is_blocked_on():
    # tokio drops what the blocked-on future deferred in its last poll; `runtime` has the forms that keep
    # every wake-up.
    deferred = re.compile(r"task::(?:coop::)?(?:yield_now|consume_budget)\b|\.block_on\(")
    others = [
        path
        for path in core_files()
        if path != CORE / "runtime.rs" and "tests" not in str(path.relative_to(CORE))
    ]
    found = [
        f"{path.relative_to(CORE)}: {match[0]}" for path in others for match in deferred.finditer(code(path))
    ]
    assert not found

"""The site: generated pages are up to date, and every example runs as it stands there.

Invariant: an example that a page includes is a file of `docs/examples`, and this file runs it. The tests need
nothing of the site's own packages; `make docs` builds it.
"""

import base64
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from urllib.parse import quote

import oarlock
import pytest
import yaml
from servers import FakeS3

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
EXAMPLES = DOCS / "examples"
PAGES = sorted((DOCS / "pages").rglob("*.md"))
LIBRARY = ROOT / "target/debug/liboarlock.so.0.1.0"
CALLS = tomllib.loads((DOCS / "tables/calls.toml").read_text())
TASKS = tomllib.loads((DOCS / "tables/permissions.toml").read_text())["task"]
RUBY = ["ruby", f"-I{ROOT}/bindings-ruby/lib"]
SNIPPET = re.compile(r'--8<-- "([^":]+)(?::([a-z_0-9-]+))?"')


def run(*command, **more):
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, **more)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """The command that runs an example, compiled if need be."""
    built = tmp_path_factory.mktemp("site")
    # The shared library links in a second, the static one in ten.
    name = re.search(r"SONAME.*\[(.*)\]", run("readelf", "-d", LIBRARY))[1]
    (built / name).symlink_to(LIBRARY)
    link = [f"-I{ROOT}/bindings-c/include", LIBRARY, f"-Wl,-rpath,{built}"]

    def command(name):
        stem, _, ending = name.partition(".")
        if ending == "py":
            return [sys.executable, EXAMPLES / name]
        if ending == "rb":
            return [*RUBY, EXAMPLES / name]
        if ending == "rs":
            return [ROOT / "target/debug" / f"site-{stem}"]
        out = built / name.replace(".", "-")
        if not out.exists():
            compiler = ["cc"] if ending == "c" else ["c++", "-std=c++17"]
            run(*compiler, "-Wall", "-Werror", EXAMPLES / name, *link, "-o", out)
        return [out]

    return command


@pytest.fixture
def fake():
    server = FakeS3()
    yield server
    server.stop()


def url(server, bucket, **settings):
    """A bucket's URL that carries all settings."""
    pairs = {**server.settings(), **settings}
    return f"s3://{bucket}/?" + "&".join(f"{name}={quote(value, safe='')}" for name, value in pairs.items())


def seed(server, bucket, **settings):
    """A bucket with the objects of the examples."""
    server.bucket(bucket)
    for key, text in CALLS["objects"].items():
        body = base64.b64encode(text.encode()).decode()
        server.control("POST", "seed", {"bucket": bucket, "key": key, "body_b64": body})
    server.bucket(bucket, **settings)


def verbs():
    text = (EXAMPLES / "verbs.py").read_text()
    return re.findall(r"\[start:(\w+)\]", text)


# The pages


def test_generated_pages_are_up_to_date():
    run(sys.executable, "-B", DOCS / "generate.py", "--check")


def test_pages_are_few_and_in_the_navigation():
    text = (ROOT / "mkdocs.yml").read_text()
    named = re.findall(r"([\w/-]+\.md)", text)
    assert yaml.safe_load(text)["strict"] is True
    assert sorted(named) == [str(page.relative_to(DOCS / "pages")) for page in PAGES]
    assert len(PAGES) <= 20


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_a_page_includes_exists(page):
    for name, section in SNIPPET.findall(page.read_text()):
        text = (ROOT / name).read_text()
        assert not section or f"[start:{section}]" in text and f"[end:{section}]" in text, (name, section)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_programs_on_a_page_are_included(page):
    """Configuration and commands may be written on the page, a program may not: nothing would run it."""
    programs = re.findall(r"^ *```(?:python|py|c|cpp|rust|rs)\n(.*?)^ *```", page.read_text(), re.M | re.S)
    typed = [text for text in programs if not re.fullmatch(r'(?: *--8<-- "[^"]+"\n)+', text)]
    assert not typed, f"{page.name}: put this into docs/examples: {typed[0]}"


# Questions that the home page must answer by one click, with a word of the heading that it leads to.
QUESTIONS = {
    "install": "Install",
    "first object": "Put and get",
    "own server": "How do I connect to my own server?",
    "Which settings": "Which settings are there?",
    "environment variables": "Which environment variables are read?",
    "IAM permissions": "Which permissions does a host need?",
    "servers were tried": "Which servers were tried?",
    "error mean": "Errors and troubleshooting",
    "stream an object": "How do I stream an object?",
    "await": "How do I await?",
    "boto3": "From boto3",
    "s3fs": "From s3fs and dvc-s3",
    "rotate a key": "How do I rotate a key?",
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_is_one_click_from_home(question):
    home = (DOCS / "pages/index.md").read_text()
    row = re.search(rf"^\|[^|]*{question}[^|]*\| \[[^]]*\]\(([^)#]+)#?([^)]*)\) \|$", home, re.M)
    assert row, f"the home page has no row for {question}"
    headings = re.findall(r"^#+ (.+)$", (DOCS / "pages" / row[1]).read_text(), re.M)
    anchors = {re.sub(r"[^a-z0-9 _-]", "", each.lower()).replace(" ", "-"): each for each in headings}
    assert (anchors[row[2]] if row[2] else headings[0]) == QUESTIONS[question]


def test_every_example_is_run():
    here = Path(__file__).read_text()
    unrun = [path.name for path in EXAMPLES.iterdir() if f'"{path.name}"' not in here]
    assert not unrun, f"{unrun}: run them here"


def test_the_readme_shows_the_first_example():
    text = (ROOT / "README.md").read_text()
    assert len(text.splitlines()) <= 60
    shown = re.search(r"^```python\n(.*?)^```", text, re.M | re.S)[1]
    assert f"# --8<-- [start:first]\n{shown}# --8<-- [end:first]" in (EXAMPLES / "first.py").read_text()


def anchors(page):
    """The anchors of a Markdown page: those that it names, and its headings' as GitHub makes them."""
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.M | re.S)
    found = re.findall(r'<a (?:id|name)="([^"]+)"', text)
    for heading in re.findall(r"^#+ (.+)$", text, re.M):
        name = re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
        found.append(name if name not in found else f"{name}-{found.count(name)}")
    return found


def test_links_of_the_documents_lead_somewhere():
    """Those of the site's pages are checked by `make docs`."""
    tracked = run("git", "ls-files", "*.md", cwd=ROOT).split()
    dead = []
    for page in (ROOT / name for name in tracked if not name.startswith("docs/pages")):
        text = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(), flags=re.S)
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            name, _, anchor = target.partition("#")
            path = (page.parent / name).resolve() if name else page
            known = not anchor or path.suffix != ".md" or path.exists() and anchor in anchors(path)
            if ":" not in name and not (path.exists() and known):
                dead.append(f"{page.relative_to(ROOT)}: {target}")
    assert not dead, dead


# The examples


@pytest.mark.parametrize("name", ["verbs.py", "verbs.rb", "verbs.c", "verbs.cpp", "verbs.rs"])
def test_an_example_of_each_verb(fake, program, tmp_path, name):
    (tmp_path / "site").mkdir()
    (tmp_path / "site/index.html").write_text("<p>hello")
    lines = []
    for verb in verbs():
        bucket, facts = verb.replace("_", "-") + "-verb", CALLS.get(verb, {})
        where = facts.get("bucket", "full")
        if where == "full":
            seed(fake, bucket)
            if settings := facts.get("settings"):
                oarlock.open(url(fake, bucket, **settings)).put("greeting", b"hello")
        elif where == "empty":
            fake.bucket(bucket)
        lines.append(f"{verb} {url(fake, bucket, **facts.get('settings', {}))}\n")
    said = run(*program(name), input="".join(lines), cwd=tmp_path)
    ended = [line[2:] for line in said.splitlines() if line.startswith("= ")]
    assert name == "verbs.c" or "reports/2025.csv" in said
    wanted = [CALLS.get(verb, {}).get("error", "ok") for verb in verbs()]
    assert dict(zip(verbs(), ended)) == dict(zip(verbs(), wanted))


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task["name"])
def test_permissions_suffice_and_are_needed(fake, program, tmp_path, task):
    (tmp_path / "site").mkdir()
    (tmp_path / "site/index.html").write_text("<p>hello")
    lines, wanted = [], []
    for verb in task["verbs"]:
        # These return a row for each object or step, with its error.
        rows = verb in ("get_many", "put_many", "head_many", "explain")
        for name, allowed in (("granted", task["permissions"]), ("refused", [])):
            bucket = f"{name}-{verb.replace('_', '-')}"
            seed(fake, bucket, allow=allowed)
            lines.append(f"{verb} {url(fake, bucket)}\n")
            wanted.append("ok" if name == "granted" or rows else "PermissionDenied")
    said = run(*program("verbs.py"), input="".join(lines), cwd=tmp_path)
    assert [line[2:] for line in said.splitlines() if line.startswith("= ")] == wanted


@pytest.mark.parametrize(
    "name", ["tutorial.py", "tutorial.rb", "tutorial.c", "tutorial.cpp", "tutorial.rs"]
)
def test_tutorial(fake, program, tmp_path, name):
    wanted = ["hello", "hell 5", "big 1000", "greeting 5", "NotFound"]
    for place in (f"file://{tmp_path}/store", url(fake, "tutorial")):
        assert run(*program(name), place, cwd=tmp_path).splitlines() == wanted
        assert (tmp_path / "big").exists() or name.endswith((".py", ".rb"))


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("first.py", "b'hell' 5\n['big', 'greeting']\n"),
        ("first.rb", "hell\nhellogreeting\n"),
        ("first.cpp", "4\n"),
        ("first.c", "the URL must begin with s3:// or file://\n"),
        ("first.rs", "hello\n"),
    ],
)
def test_first_example(program, name, wanted):
    subprocess.run(["rm", "-rf", "/tmp/oarlock-first"], check=True)
    assert run(*program(name)) == wanted


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("large.py", ["of 20000000", "index.html"]),
        ("large.rb", []),
        ("migrate.py", ["data", "report.csv 4", "PreconditionFailed"]),
        ("encrypt.py", ["b'hello'"]),
        ("errors.py", ["NoSuchKey", "404", "False"]),
        ("errors.rb", ["NoSuchKey", "404", "false"]),
    ],
)
def test_example_on_a_bucket(fake, program, name, words):
    fake.bucket("example")
    said = run(*program(name), url(fake, "example"), *(["aes"] if name == "encrypt.py" else []))
    assert not [word for word in words if word not in said], said


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("stream.c", "Ok 1000000\n"),
        ("stream.cpp", "1000000 1000\n"),
        ("stream.rs", "1000000 Some(1000000)\n"),
    ],
)
def test_streams(fake, program, name, wanted):
    fake.bucket("stream")
    assert run(*program(name), url(fake, "stream")) == wanted


def test_examples_that_send_nothing(program, tmp_path):
    gcfg = EXAMPLES / "classes.gcfg"
    assert run(*program("settings.py")) == "3\n"
    run(*program("credentials.py"))
    for name in ("classes.py", "classes.rb"):
        assert "s3://packages/cran" in run(*program(name), gcfg)
    statements = json.loads((EXAMPLES / "policy.json").read_text())["Statement"]
    granted = {action for statement in statements for action in statement["Action"]}
    tasks = [task for task in TASKS if task.get("in_policy", True)]
    assert granted >= {permission for task in tasks for permission in task["permissions"]}


def test_read_through_example(fake, program, tmp_path):
    package = tmp_path / "src/contrib/oar_1.0.tar.gz"
    package.parent.mkdir(parents=True)
    package.write_bytes(b"x" * 1000)
    fake.bucket("through")
    said = run(*program("through.py"), url(fake, "through"), f"file://{tmp_path}")
    assert said.splitlines() == ["fetched True 1000", "stored"]


def test_fsspec_example(fake, program):
    fake.bucket("tables")
    said = run(*program("tables.py"), "tables", fake.endpoint, fake.access_key, fake.secret_key)
    assert "tables/table.csv" in said and "b'a,b" in said

"""The command `oarlock`: what each subcommand does, its exit status, pipes, Ctrl-C, and no secret in its
output."""

import json
import os
import pathlib
import pty
import re
import shlex
import signal
import subprocess
import sys
import termios
import time

import oarlock
import pytest
from oarlock.cli._parser import build, parse, subcommands
from servers.fake import SECRET_KEY

COMMAND = [sys.executable, "-m", "oarlock"]


@pytest.fixture
def shell(fake, tmp_path):
    """Runs a command in an empty directory, with the server's address and keys in the environment."""
    environment = {
        "HOME": str(tmp_path),
        "PATH": os.environ["PATH"],
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL_S3": fake.endpoint,
        "AWS_ACCESS_KEY_ID": fake.access_key,
        "AWS_SECRET_ACCESS_KEY": fake.secret_key,
        "AWS_MAX_ATTEMPTS": "1",
    }

    def run(*arguments, input=None, status=0, binary=False):
        done = subprocess.run(
            [*COMMAND, *map(str, arguments)],
            env=environment,
            cwd=tmp_path,
            input=input,
            capture_output=True,
            timeout=60,
        )
        said, wrong = done.stdout, done.stderr.decode()
        assert SECRET_KEY not in wrong and SECRET_KEY.encode() not in said
        assert done.returncode == status, wrong
        return (said if binary else said.decode()), wrong

    run.environment, run.directory = environment, tmp_path
    return run


def keys(shell):
    lines = shell("ls", "-r", "--json", "s3://tests")[0].splitlines()
    return [json.loads(line)["key"] for line in lines]


def test_objects(shell):
    (shell.directory / "a.txt").write_text("hello")
    shell("cp", "a.txt", "s3://tests/x//")  # a key may hold empty segments
    shell("cp", "a.txt", "s3://tests/b")
    assert [line.split()[-1] for line in shell("ls", "s3://tests")[0].splitlines()] == ["b", "x/"]
    assert keys(shell) == ["b", "x//a.txt"]
    assert shell("cat", "s3://tests/x//a.txt")[0] == "hello"
    assert shell("cat", "s3://tests/b", "--range", "1-2")[0] == "el"
    shell("cp", "s3://tests/b", "s3://tests/c")
    shell("cp", "s3://tests/c", "back")
    shell("cp", "s3://tests/c", "new/place/")
    assert (shell.directory / "new/place/c").read_bytes() == (shell.directory / "back").read_bytes()
    assert (shell.directory / "back").read_text() == "hello"
    shell("rm", "s3://tests/b")
    assert "Expires=60" in shell("presign", "s3://tests/c", "--expires-in", "60")[0]
    assert json.loads(shell("cp", "a.txt", "s3://tests/d", "--json")[0])["size"] == 5


def test_pipes(shell):
    shell("cp", "-", "s3://tests/piped", input=b"\0bytes\xff" * 1000)
    assert shell("cp", "s3://tests/piped", "-", binary=True)[0] == b"\0bytes\xff" * 1000


def test_trees(shell):
    (shell.directory / "site/sub").mkdir(parents=True)
    (shell.directory / "site/index.html").write_text("1")
    (shell.directory / "site/sub/page").write_text("22")
    plan = shell("sync", "site", "s3://tests/web", "--dry-run")[0]
    assert "index.html" in plan and shell("ls", "-r", "s3://tests")[0] == ""
    assert "2 transferred, 3 size" in shell("sync", "site", "s3://tests/web")[1]
    shell("cp", "-r", "s3://tests/web", "s3://tests/copy")
    shell("cp", "-r", "s3://tests/copy", "again")
    assert (shell.directory / "again/sub/page").read_text() == "22"
    shell("cp", "-r", "site", f"file://{shell.directory}/other")
    shell("cp", f"file://{shell.directory}/other/index.html", "s3://tests/copy/")
    shell("cp", "again/index.html", "s3://tests/copy2/near")
    # All below `copy/`, and nothing of its neighbour.
    assert "would delete copy/index.html" in shell("rm", "-r", "--dry-run", "s3://tests/copy")[0]
    shell("rm", "-r", "s3://tests/copy")
    assert keys(shell) == ["copy2/near", "web/index.html", "web/sub/page"]


def test_upkeep_of_a_prefix(shell):
    (shell.directory / "a.txt").write_text("hello")
    for key in ("p/a", "p/b"):
        shell("cp", "a.txt", f"s3://tests/{key}")
    shell("mv", "s3://tests/p/b", "s3://tests/p/c")
    assert keys(shell) == ["p/a", "p/c"]
    assert shell("usage", "s3://tests/p")[0] == "2 objects, 10 bytes\n"
    assert json.loads(shell("usage", "s3://tests", "--json")[0]) == {"objects": 2, "size": 10}
    (shell.directory / "kept").mkdir()
    shell("cp", "a.txt", f"file://{shell.directory}/kept/a")  # which is a store with files of its own
    for mark in ("", "/"):
        rows = json.loads(shell("usage", f"file://{shell.directory}/kept{mark}", "--json")[0])
        assert rows["objects"] == 1, rows
    assert "2 objects verified, 10 bytes, 0 failed" in shell("verify", "s3://tests/p")[1]
    key = "encryption_aes_key=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    found = shell("find-unencrypted", "s3://tests/p", key, status=1)
    assert [line.split() for line in found[0].splitlines()] == [["5", "p/a"], ["5", "p/c"]]
    assert "1 encrypted" in shell("encrypt-all", "s3://tests/p", key, "--start-after", "p/a")[1]
    assert json.loads(shell("encrypt-all", "s3://tests", key, "--json")[0])["unchanged"] == 1
    assert "0 of 2 objects" in shell("find-unencrypted", "s3://tests/p", key)[1]
    other = "encryption_aes_key=" + "A" * 43 + "="
    assert "p/a: " in shell("verify", "s3://tests/p", other, status=1)[0]
    assert "both must be URLs" in shell("mv", "a.txt", "s3://tests/x", status=1)[1]


def test_mistakes(shell):
    assert shell("cat", "s3://tests/none", status=1)[1].startswith("oarlock: there is no such object")
    assert "a URL is written" in shell("ls", f"AKID:{SECRET_KEY}@tests", status=1)[1]
    assert "must be a URL" in shell("cp", "a", "b", status=1)[1]
    assert "s3://tests/ names no object; add a key, or --rec" in shell("rm", "s3://tests", status=1)[1]
    assert shell("cat", "s3://tests/a/", status=1)[1].endswith("s3://tests/a/ names no object; add a key\n")
    assert "nothing at s3://tests/typo" in shell("ls", "s3://tests/typo", status=1)[1]
    assert "region" in shell("ls", "s3://tests", "reigon=x", status=1)[1]
    assert "name=value" in shell("ls", "s3://tests", SECRET_KEY, status=2)[1]
    assert "invalid choice" in shell("lss", status=2)[1]
    assert len(shell("cp", "none", "s3://tests/a", status=1)[1].splitlines()) == 1


def test_a_tree_is_copied_many_objects_at_a_time(shell, fake):
    with oarlock.open("s3://tests/a/", **fake.settings()) as store:
        rows = store.put_many({"key": f"{n:02}", "body": b"x"} for n in range(40))
        assert not [row for row in rows if row.error]
    fake.plan([{"match": {"op": "CopyObject"}, "fault": {"slow": 200}}])
    begun = time.monotonic()
    lines = shell("cp", "-r", "s3://tests/a", "s3://tests/b")[0].splitlines()
    assert lines == [f"copied a/{n:02}" for n in range(40)]
    assert time.monotonic() - begun < 40 * 0.2
    assert keys(shell) == [f"{at}/{n:02}" for at in "ab" for n in range(40)]


def test_commands_are_in_the_readme():
    page = pathlib.Path(__file__).resolve().parents[2] / "bindings-python/README.md"
    named = re.findall(r"`([a-z-]+)[` ]", " ".join(re.findall(r"^\| (`[^|]*) \|", page.read_text(), re.M)))
    assert not set(subcommands(build()).choices) - set(named)


def test_upkeep(shell, fake):
    assert "check put" in shell("check", "s3://tests")[0]
    old, new = ("A" * 42 + "8=", "B" * 42 + "8=")
    key = f"encryption_aes_key={old}"
    shell("cp", "-", "s3://tests/secret", key, input=b"hello")
    rotated = f"old.{key}"
    assert "1 rekeyed" in shell("rekey", "s3://tests/", f"encryption_aes_key={new}", rotated)[0]
    assert shell("cat", "s3://tests/secret", f"encryption_aes_key={new}")[0] == "hello"
    assert "0 uploads" in shell("abort-uploads", "s3://tests")[1]
    _, counted = shell("stats", "cat", "s3://tests/secret", f"encryption_aes_key={new}")
    assert "verb=get calls=1" in counted and "requests=1" in counted


def test_ctrl_c_ends_at_once(shell, fake):
    fake.plan([{"match": {"op": "GetObject"}, "fault": {"stall": {"after": 0}, "slow": 20000}}])
    process = subprocess.Popen(
        [*COMMAND, "cat", "s3://tests/slow"], env=shell.environment, stderr=subprocess.PIPE
    )
    fake.control("GET", "log?wait=1")
    begun = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, wrong = process.communicate(timeout=20)
    assert process.returncode == 130 and b"Traceback" not in wrong
    # 0.2 s on an idle machine.
    assert time.monotonic() - begun < 1


def test_a_reader_that_leaves_is_no_error(shell, remote):
    remote.put("big", b"x" * 3_000_000)
    for command in (["cat", "s3://tests/big"], ["ls", "s3://tests"]):
        process = subprocess.Popen(
            [*COMMAND, *command], env=shell.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        process.stdout.close()
        wrong = process.stderr.read()
        assert (process.wait(timeout=30), wrong) == (141, b"")


def test_progress_on_a_terminal(shell, fake):
    (shell.directory / "big").write_bytes(b"x" * 3_000_000)
    (shell.directory / "tree").mkdir()
    (shell.directory / "tree/big").write_bytes(b"x" * 3_000_000)
    with_secret = f"s3://{fake.access_key}:{SECRET_KEY}@tests/tree"
    assert b"big" in on_a_terminal(shell, "cp", shell.directory / "big", "s3://tests/big")
    shown = on_a_terminal(shell, "sync", shell.directory / "tree", with_secret)
    assert b"s3://tests" in shown and SECRET_KEY.encode() not in shown, shown


def on_a_terminal(shell, *arguments):
    """What a command shows on standard error if that is a terminal."""
    reader, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, (24, 80))
    command = [*COMMAND, *arguments]
    done = subprocess.run(command, env=shell.environment, stderr=terminal, stdout=subprocess.PIPE, timeout=60)
    os.close(terminal)
    shown = b""
    try:
        while part := os.read(reader, 4096):
            shown += part
    except OSError:
        pass  # how a terminal reports that nobody writes to it any more
    os.close(reader)
    assert done.returncode == 0, shown
    return shown


def test_completion(shell):
    script = shell("completion", "bash")[0]
    words = f"{script}\nCOMP_WORDS=(oarlock c); COMP_CWORD=1; _oarlock; echo ${{COMPREPLY[@]}}"
    words += "\nCOMP_WORDS=(oarlock ls s3://b end); COMP_CWORD=3; _oarlock; echo ${COMPREPLY[@]}"
    done = subprocess.run(["bash", "-c", words], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["check cat cp completion", "endpoint="]
    assert "bashcompinit" in shell("completion", "zsh")[0]
    assert "-a sync -d" in shell("completion", "fish")[0]


def documented():
    """The commands in the documents, as their authors wrote them."""
    root = pathlib.Path(__file__).resolve().parents[2]
    for page in (root / "bindings-python/README.md", *sorted((root / "docs/pages").rglob("*.md"))):
        for block in re.findall(r"^```(?:text|console)\n(.*?)^```", page.read_text(), re.M | re.S):
            for line in re.findall(r"^(?:\$ |.*\| )?oarlock (.*)$", block, re.M):
                yield shlex.split(line, comments=True)


def test_commands_in_the_documents_are_commands():
    found = list(documented())
    assert len(found) > 8
    for arguments in found:
        assert callable(parse(arguments).run), arguments


def test_the_console_script():
    script = pathlib.Path(sys.executable).with_name("oarlock")
    done = subprocess.run([script, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"oarlock {oarlock.VERSION}\n"

"""The README's first examples are run as they stand there, each in its language (Rust's runs as a
documentation test of core)."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BLOCKS = dict(
    re.findall(r"^```(python|ruby|cpp|c)\n(.*?)^```", (ROOT / "README.md").read_text(), re.M | re.S)
)
LINK = [f"-I{ROOT}/bindings-c/include", ROOT / "target/debug/liboarlock_c.a", "-lpthread", "-lm", "-ldl"]
WANT = {
    "python": "b'hell' 5\n['big', 'greeting']\n",
    "ruby": "hell\nhellogreeting\n",
    "cpp": "4\n",
    "c": "the URL must begin with s3:// or file://\n",
}


@pytest.mark.parametrize("language", WANT)
def test_first_example(language, tmp_path):
    shutil.rmtree("/tmp/oarlock-first", ignore_errors=True)
    source = tmp_path / f"first.{language}"
    source.write_text(BLOCKS[language])
    program = tmp_path / "first"
    command = {
        "python": [sys.executable, source],
        "ruby": ["ruby", f"-I{ROOT}/bindings-ruby/lib", source],
        "cpp": ["c++", "-std=c++17", source, *LINK, "-o", program],
        "c": ["cc", source, *LINK, "-o", program],
    }[language]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ)
    assert done.returncode == 0, done.stderr
    if language in ("c", "cpp"):
        done = subprocess.run([program], capture_output=True, text=True, check=True)
    assert done.stdout == WANT[language]

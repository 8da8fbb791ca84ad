"""C++: the example of the C binding, linked by pkg-config against an installed liboarlock, uploads a file and
downloads it again."""

import random
import re

from steps import ROOT, run, sums, total

SIZE = 100_000_000
PREFIX = ROOT / ".tools" / "prefix"
EXAMPLE = ROOT / "bindings-c" / "examples" / "transfer.cpp"


def demonstrate(server, bucket, directory):
    run("make", "-s", "install", f"PREFIX={PREFIX}", "PROFILE=dev", cwd=ROOT)
    _, flags = run(
        "pkg-config",
        "--cflags",
        "--libs",
        "oarlock",
        cwd=directory,
        PKG_CONFIG_PATH=str(PREFIX / "lib" / "pkgconfig"),
    )
    run(
        "c++",
        "-std=c++17",
        "-O2",
        EXAMPLE,
        *flags.split(),
        f"-Wl,-rpath,{PREFIX / 'lib'}",
        "-o",
        directory / "transfer",
        cwd=directory,
    )
    files = directory / "files"
    files.mkdir()
    (files / "cargo.bin").write_bytes(random.Random(9).randbytes(SIZE))
    before = sums(files)
    settings = {f"OARLOCK_{name.upper()}": value for name, value in server.settings().items()}
    _, said = run(
        directory / "transfer", f"s3://{bucket}/cpp", files / "cargo.bin", cwd=directory, **settings
    )
    found = re.search(r"(\d+) bytes up in ([\d.]+) s, down in ([\d.]+) s, (\w+)", said)
    if not found:
        raise RuntimeError(f"transfer printed {said!r}")
    verified = found[4] == "verified" and total(before) == int(found[1])
    return [
        ("upload of one file", SIZE, float(found[2]), verified),
        ("download of it", int(found[1]), float(found[3]), verified),
    ]

#!/usr/bin/env python3
"""Makes the environment that runs this know the package in the working tree, with the extension that cargo
built for the workspace.

Invariant: what `maturin develop` would leave, but nothing is compiled once more: the extension alone would
resolve other features for everything under it than the workspace does. For development only; users install
the wheel.
"""

import shutil
import sys
import sysconfig
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main(library):
    project = tomllib.loads((HERE / "pyproject.toml").read_text())["project"]
    version = tomllib.loads((HERE.parent / "Cargo.toml").read_text())["workspace"]["package"]["version"]
    extension = HERE / "python/oarlock/_native.abi3.so"
    # A new file, not new bytes in the old one, which a running Python has mapped.
    extension.unlink(missing_ok=True)
    shutil.copy2(library, extension)

    site = Path(sysconfig.get_path("purelib"))
    for old in site.glob("oarlock-*.dist-info"):
        shutil.rmtree(old)
    (site / "oarlock.pth").write_text(f"{HERE / 'python'}\n")
    for beside in (HERE / "data/purelib").iterdir():
        if beside.is_file():
            shutil.copy2(beside, site)
    facts = site / f"oarlock-{version}.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {version}\n")
    (facts / "INSTALLER").write_text("develop.py\n")
    groups = {"console_scripts": project["scripts"]} | project.get("entry-points", {})
    lines = [
        line
        for name, points in groups.items()
        for line in (f"[{name}]", *(f"{left} = {right}" for left, right in points.items()))
    ]
    (facts / "entry_points.txt").write_text("\n".join(lines) + "\n")
    for name, point in project["scripts"].items():
        module, function = point.split(":")
        script = Path(sysconfig.get_path("scripts")) / name
        script.write_text(
            f"#!{sys.executable}\nimport sys\n\nfrom {module} import {function}\n\nsys.exit({function}())\n"
        )
        script.chmod(0o755)
    (facts / "RECORD").write_text(f"{facts.name}/METADATA,,\n{facts.name}/RECORD,,\noarlock.pth,,\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

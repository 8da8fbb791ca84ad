"""The demonstration: four real hosts and a package server move real files to a real S3 server and back,
through oarlock.

Invariant: the hosts are unmodified; every byte that came back is compared by SHA-256 with what went; a host
that fails is a row of its own and an exit status that is not zero.
"""

import sys
import tempfile
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import oarlock  # noqa: E402
import with_cpp  # noqa: E402
import with_dvc  # noqa: E402
import with_gem  # noqa: E402
import with_nix  # noqa: E402
import with_rspm  # noqa: E402
from servers import SeaweedFS  # noqa: E402

HOSTS = {
    "dvc": with_dvc.demonstrate,
    "gem": with_gem.demonstrate,
    "nix": with_nix.demonstrate,
    "C++": with_cpp.demonstrate,
    "rspm": with_rspm.demonstrate,
}
BUCKET = "oarlock-demo"


def main():
    print(f"oarlock {oarlock.__version__}")
    server = SeaweedFS()
    print(f"SeaweedFS listens at {server.endpoint}")
    rows, failed = [], False
    try:
        oarlock.open(f"s3://{BUCKET}", **server.settings()).create_bucket()
        if why := with_nix.why_not():
            print(f"nix is left out: {why}")
            del HOSTS["nix"]
        for host, run in HOSTS.items():
            with tempfile.TemporaryDirectory(prefix=f"oarlock-demo-{host.strip('+')}-") as directory:
                begun = time.monotonic()
                try:
                    rows += [(host, *row) for row in run(server, BUCKET, Path(directory))]
                except Exception:
                    traceback.print_exc()
                    rows.append((host, "failed", 0, time.monotonic() - begun, False))
    finally:
        server.stop()
    print(f"\n{'host':<6}{'what moved':<58}{'bytes':>14}{'seconds':>9}  verified")
    for host, what, size, seconds, verified in rows:
        failed |= not verified
        print(f"{host:<6}{what:<58}{size:>14,}{seconds:>9.1f}  {'yes' if verified else 'NO'}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())

"""Which of Nix's own functional tests fail with another kind of cache than `file://`, why, and with what they
pass.

Invariant: each row is proved by the run: it fails as it is, and passes with its remedy or has `proof` in its
log.
"""


class Difference:
    """A test that fails as it is. `remedy`: settings of Nix, words for `serve`, the start of lines that are
    left out."""

    def __init__(self, why, proof="", **remedy):
        self.why, self.proof, self.remedy = why, proof, remedy


# Nix remembers the narinfos of remote caches, but none of `file://`.
FORGETFUL = "narinfo-cache-positive-ttl = 0\nnarinfo-cache-negative-ttl = 0\n"
REMEMBERED = (
    "Nix's own: it remembers what a remote cache has, and the test changes the cache behind it. It passes "
    "with `narinfo-cache-positive-ttl = 0` and `narinfo-cache-negative-ttl = 0`"
)
CHANGED_BEHIND = ["binary-cache-build-remote", "substitute-with-invalid-ca", "ca/nix-copy", "ca/signatures"]

# By the kind of cache and the test.
DIFFERENCES = {
    ("s3", "fetchClosure"): Difference(
        "Nix's own: `fetchClosure` allows `http` and `https` alone.",
        proof="'fetchClosure' only supports http:// and https:// stores",
    ),
    ("http", "binary-cache"): Difference(
        "By design: `serve` keeps a narinfo for a minute, and the test deletes one behind it. And Nix's own: "
        "no `http://` cache lists its paths for `verify --all`. It passes with `--memory 0` and without that "
        "line.",
        serve="--memory 0",
        without="nix store verify -vvvvv --all",
    ),
}
for test in CHANGED_BEHIND:
    DIFFERENCES["s3", test] = Difference(f"{REMEMBERED}.", settings=FORGETFUL)
    DIFFERENCES["http", test] = Difference(
        f"{REMEMBERED}, and with `serve --memory 0`, whose memory keeps a narinfo for a minute.",
        settings=FORGETFUL,
        serve="--memory 0",
    )

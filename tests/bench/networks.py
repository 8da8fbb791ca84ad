"""Which networks, works and clients `make bench NETWORK=all` has, and what oarlock has to beat. Data only.

Rates are MB/s of 10^6 bytes for each connection and direction, delays are of a round trip.
"""

from dataclasses import dataclass

MIB = 1 << 20
# A tree to synchronise: (bytes, files). `peers/src/server.rs` lists the same.
TREE = ((4 << 10, 600), (256 << 10, 60), (4 * MIB, 8), (64 * MIB, 1))
SMALL = 2000
# What oarlock's Python client is held to for comparison.
FIXED = (1, 8, 32, 64)
# Of the best peer, and of oarlock's best fixed concurrency.
PEER_BOUND, FIXED_BOUND = 1.0, 1.1


@dataclass(frozen=True)
class Profile:
    """A network: what it is called, the limits that `network` gets, and the size of a large object."""

    name: str
    title: str
    limits: tuple
    size: int


PROFILES = [
    Profile("loopback", "no limits", (), 512 * MIB),
    Profile("lan", "0.1 ms, 250 MB/s", ("rate=250", "delay=0.1"), 512 * MIB),
    Profile("region", "2 ms ± 0.2, 90 MB/s", ("rate=90", "delay=2", "jitter=0.2"), 256 * MIB),
    Profile("far", "20 ms ± 1, 25 MB/s", ("rate=25", "delay=20", "jitter=1"), 256 * MIB),
    Profile("narrow", "1 ms, 20 MB/s", ("rate=20", "delay=1"), 128 * MIB),
    Profile("bucket", "64 MB at once, then 40 MB/s, no delay", ("rate=40", "burst=64"), 1024 * MIB),
    Profile("shared", "100 MB/s for all connections together", ("shared=100",), 128 * MIB),
    Profile("changing", "100 MB/s, from 0.3 s on 10, from 2.3 s on 100", ("rate=100,0.3:10,2.3:100",), 512 * MIB),
]  # fmt: skip

# Work: (title, clients). `oarlock` is the one through Python, at its defaults.
OURS = ("python:oarlock", "rust:oarlock")
WORKS = {
    "get-file": ("get to a file", (*OURS, "python:boto3", "python:aws-crt", "python:obstore", "s5cmd", "rclone", "transfer-manager")),
    "get-memory": ("get to memory", (*OURS, "python:boto3", "python:aws-crt", "python:obstore", "transfer-manager")),
    "get-stream": ("read a stream", ("python:oarlock", "python:boto3", "python:obstore", "s5cmd", "rclone", "transfer-manager")),
    "put-file": ("put a file", (*OURS, "python:boto3", "python:aws-crt", "python:obstore", "s5cmd", "rclone", "transfer-manager")),
    "put-reader": ("put a reader", ("python:oarlock", "python:boto3", "python:aws-crt", "python:obstore", "s5cmd", "rclone")),
    "get-small": (f"get {SMALL:,} × 4 KiB", (*OURS, "python:boto3", "python:obstore", "s5cmd", "rclone")),
    "put-small": (f"put {SMALL:,} × 4 KiB", (*OURS, "python:boto3", "python:obstore", "s5cmd", "rclone")),
    "sync-down": ("sync a tree down", ("python:oarlock", "s5cmd", "rclone")),
    "sync-up": ("sync a tree up", ("python:oarlock", "s5cmd", "rclone")),
}  # fmt: skip


def bytes_of(profile, work):
    """How many bytes the work moves, to show a rate."""
    if work.startswith("sync"):
        return sum(size * count for size, count in TREE)
    return SMALL * 4096 if work.endswith("small") else profile.size


def is_peer(client):
    return "oarlock" not in client


def judge(medians, stopped=()):
    """Ratios of one work on one profile: (client, compared with, ratio, bound). A client that was stopped is
    no measure for others."""
    peers = {client: medians[client] for client in medians if is_peer(client) and client not in stopped}
    fixed = {client: medians[client] for client in medians if "@" in client and client not in stopped}
    found = []
    for client in OURS:
        if client in medians and peers:
            best = min(peers, key=peers.get)
            found.append((client, best, medians[client] / peers[best], PEER_BOUND))
    if OURS[0] in medians and fixed:
        best = min(fixed, key=fixed.get)
        found.append((OURS[0], best, medians[OURS[0]] / fixed[best], FIXED_BOUND))
    return found

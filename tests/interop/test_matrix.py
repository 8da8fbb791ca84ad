"""Everybody reads what everybody wrote: official clients × oarlock's doors, both ways, by format, key, place
of the envelope and size."""

import itertools

import pytest
from conftest import plaintext
from peers import DOORS, OFFICIAL, Door, Missing

SIZES = [0, 1, 15, 16, 17, 5 * 2**20 + 3, 17 * 2**20]
# Keys in KMS in every size; for the others the bodies are the same, and a few sizes do.
ROWS = [
    *itertools.product(["V2", "V3"], ["kms"], SIZES),
    *itertools.product(["V2", "V3"], ["aes", "rsa"], [0, 17, 5 * 2**20 + 3]),
]
HOW = [
    (name, version, kind, instruction, size)
    for name, (version, kind, size), instruction in itertools.product(OFFICIAL, ROWS, [False, True])
]
# Of each client what it does.
HOW = [
    (name, *how, size)
    for name, *how, size in HOW
    if any(OFFICIAL[name].does(do, *how) for do in ("get", "put"))
]


def named(value):
    return {"False": "metadata", "True": "instruction"}.get(str(value), str(value))


class Peers:
    """Each made at first use; one that is missing is missing for all."""

    def __init__(self, cloud):
        self.cloud, self.made = cloud, {}

    def get(self, make, name):
        if name not in self.made:
            try:
                self.made[name] = make()
            except Missing as why:
                self.made[name] = why
        if isinstance(self.made[name], Missing):
            pytest.skip(f"the official {name} client: {self.made[name]}")
        return self.made[name]

    def official(self, name):
        return self.get(lambda: OFFICIAL[name](self.cloud), name)

    def doors(self):
        return [
            self.get(lambda language=language: Door(self.cloud, language), f"oarlock-{language}")
            for language in DOORS
        ]


@pytest.fixture(scope="session")
def peers(cloud):
    peers = Peers(cloud)
    yield peers
    for peer in peers.made.values():
        if hasattr(peer, "stop"):
            peer.stop()


@pytest.mark.parametrize("name,version,kind,instruction,size", HOW, ids=named)
def test_threat_16_each_reads_what_the_other_wrote(peers, tmp_path, name, version, kind, instruction, size):
    how = (version, kind, instruction)
    peer = peers.official(name)
    reads, writes = peer.does("get", *how), peer.does("put", *how)
    content, source = plaintext(size), tmp_path / "source"
    source.write_bytes(content)
    if writes:
        peer.put(*how, "theirs", source)
    for number, door in enumerate(peers.doors()):
        if writes:
            door.get(*how, "theirs", tmp_path / f"by-{number}")
            assert (tmp_path / f"by-{number}").read_bytes() == content
        if reads:
            door.put(*how, f"ours-{number}", source)
            peer.get(*how, f"ours-{number}", tmp_path / f"of-{number}")
            assert (tmp_path / f"of-{number}").read_bytes() == content

"""Ceph RGW: one monitor, one OSD in memory and one gateway, from Debian's packages, unpacked and not
installed.

Invariant: the cluster lives in the server's folder and in memory; nothing of the machine's own Ceph is read
or written.
"""

import os
import time
import uuid

from . import fetch
from .base import ServerFailed, free_ports
from .real import RealServer

CONFIGURATION = """
[global]
fsid = {fsid}
mon host = [v2:127.0.0.1:{v2}/0,v1:127.0.0.1:{v1}/0]
public addr = 127.0.0.1
cluster addr = 127.0.0.1
keyring = {here}/keyring
run dir = {here}
admin socket = {here}/$name.asok
log file = {here}/$name.log
pid file = {here}/$name.pid
plugin dir = {libraries}/ceph
erasure code dir = {libraries}/ceph/erasure-code
osd class dir = {libraries}/rados-classes
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 8
osd pool default pg autoscale mode = off
mon allow pool size one = true
mon max pg per osd = 1000
mon data avail crit = 1
auth allow insecure global id reclaim = true

[mon.a]
mon data = {here}/mon

[osd.0]
osd data = {here}/osd
osd objectstore = memstore
memstore device bytes = 8589934592

[client.rgw]
rgw frontends = beast endpoint=127.0.0.1:{port}
rgw crypt require ssl = false
rgw crypt s3 kms backend = testing
rgw dns name = localhost
rgw data = {here}/rgw
"""
CAPABILITIES = {
    "mon.": ["mon", "allow *"],
    "client.admin": ["mon", "allow *", "--cap", "osd", "allow *", "--cap", "mgr", "allow *"],
    "client.rgw": ["mon", "allow rwx", "--cap", "osd", "allow rwx"],
    "osd.0": ["mon", "allow profile osd", "--cap", "osd", "allow *"],
}


class Ceph(RealServer):
    """Ceph's object gateway."""

    name, title = "ceph", "Ceph RGW"
    source = "Debian `ceph-mon`, `ceph-osd`, `radosgw`, `ceph-common`"
    patience = 180

    @classmethod
    def fetch(cls):
        return fetch.debian(cls.name, "ceph-mon", "ceph-osd", "radosgw", "ceph-common")

    def start(self):
        self.libraries = next((self.programs / "usr" / "lib").glob("*-linux-gnu"))
        own = [self.libraries, self.libraries / "ceph", self.programs / "lib" / self.libraries.name]
        python = self.programs / "usr" / "lib" / "python3" / "dist-packages"
        self.environment = {"LD_LIBRARY_PATH": os.pathsep.join(map(str, own)), "PYTHONPATH": str(python)}
        self.configuration, keyring = self.directory / "ceph.conf", self.directory / "keyring"
        fsid, (v1, v2) = str(uuid.uuid4()), free_ports(2)
        facts = {"fsid": fsid, "here": self.directory, "libraries": self.libraries, "port": self.port}
        self.configuration.write_text(CONFIGURATION.format(v1=v1, v2=v2, **facts))
        for name, capabilities in CAPABILITIES.items():
            made = ["--create-keyring"] if name == "mon." else []
            self.run("ceph-authtool", keyring, *made, "--gen-key", "--name", name, "--cap", *capabilities)
        addresses = f"[v2:127.0.0.1:{v2},v1:127.0.0.1:{v1}]"
        self.run(
            "monmaptool", "--create", "--fsid", fsid, "--addv", "a", addresses, self.directory / "monmap"
        )
        for folder in ("mon", "osd", "rgw"):
            (self.directory / folder).mkdir()
        self.run(
            "ceph-mon", "--mkfs", "--id", "a", "--monmap", self.directory / "monmap", "--keyring", keyring
        )
        self.daemon("ceph-mon", "--id", "a")
        osd = str(uuid.uuid4())
        self.admin("osd", "new", osd, "0")
        self.run("ceph-osd", "--id", "0", "--mkfs", "--osd-uuid", osd)
        self.daemon("ceph-osd", "--id", "0")
        self.until_up()
        self.daemon("radosgw", "--name", "client.rgw")

    def prepare(self):
        user = [
            "--uid=tests",
            "--display-name=tests",
            f"--access-key={self.access_key}",
            f"--secret={self.secret_key}",
        ]
        self.run("radosgw-admin", "user", "create", *user)

    def version(self):
        # "ceph version 16.2.15 (618f440892089921c3e944a991122ddc44e60516) pacific (stable)"
        return self.run("radosgw", "--version").split()[2]

    def until_up(self):
        """Waits until the monitor counts the OSD as up; the gateway's first pool needs it."""
        deadline = time.monotonic() + 60
        while "1 up" not in self.admin("osd", "stat"):
            if time.monotonic() > deadline:
                raise ServerFailed("the OSD did not come up within 60 s")

    def daemon(self, program, *words):
        self.spawn(
            [self.programs / "usr" / "bin" / program, "--conf", self.configuration, "-f", *words],
            **self.environment,
        )

    def admin(self, *words):
        """Runs `ceph`; it waits for the monitor by itself."""
        # The packages' program is for the machine's own Python, not for that of the tests.
        program = ["/usr/bin/python3", self.programs / "usr" / "bin" / "ceph", "--conf", self.configuration]
        return self.output([*program, "--connect-timeout", "30", *words], **self.environment)

    def run(self, program, *words):
        command = [self.programs / "usr" / "bin" / program, "--conf", self.configuration, *words]
        if program in ("ceph-authtool", "monmaptool"):
            del command[1:3]
        return self.output(command, **self.environment)

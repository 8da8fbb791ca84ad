"""A machine of its own for the real Nix: store, state, configuration and home in one directory; what it runs
is watched for secrets.

Invariant: Nix is as Debian packed it and learns of the plugin by its configuration only. It sees no network
but loopback, no variable of ours but those given to it, and nothing of this machine's own store.
"""

import asyncio
import base64
import contextlib
import ctypes
import fcntl
import json
import os
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import threading
import urllib.parse
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "driver"))

from net import self_signed  # noqa: E402, F401
from servers import FakeS3, SeaweedFS  # noqa: E402, F401

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
TOOLS = ROOT / ".tools"
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
PLUGIN = Path(os.environ.get("OARLOCK_NIX_PLUGIN", TARGET / "debug" / "nix" / "liboarlock-nix.so")).resolve()
# Another Nix than this machine's: a directory with its commands.
COMMANDS = os.environ.get("OARLOCK_NIX_COMMANDS", "")
CLOSURE = Path(__file__).with_name("closure.nix")
CANARIES = (FakeS3.secret_key, SeaweedFS.secret_key)

# The variables of someone without keys.
KEYLESS = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}

CONFIGURATION = """\
experimental-features = nix-command
build-users-group =
sandbox = false
substitute = true
substituters =
download-attempts = 5
connect-timeout = 30
"""

CLONE_NEWNET = 0x40000000
SIOCSIFFLAGS, IFF_UP = 0x8914, 1


@contextlib.contextmanager
def only_loopback():
    """Takes this thread, and what it starts, into a network where nothing but loopback is; `OSError` where
    that is not allowed."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/proc/thread-self/ns/net") as before:
        if libc.unshare(CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "no network namespace can be made")
        try:
            with socket.socket() as any_socket:
                fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))
            yield
        finally:
            libc.setns(before.fileno(), CLONE_NEWNET)


class Nix:
    """One machine. `root` puts the files of its store elsewhere, as a second machine with the same store
    directory."""

    def __init__(self, directory, server=None, commands=COMMANDS, plugin=PLUGIN):
        self.directory = Path(directory).resolve()
        self.server, self.commands, self.plugin = server, str(commands), plugin
        self.conf = self.directory / "etc"
        self.home = self.directory / "home"
        for each in (self.conf, self.home):
            each.mkdir(parents=True, exist_ok=True)
        self.configure()

    def configure(self, **settings):
        """Writes nix.conf; names with hyphens as `plugin_files`."""
        lines = {"plugin-files": self.plugin} | {
            name.replace("_", "-"): value for name, value in settings.items()
        }
        (self.conf / "nix.conf").write_text(
            CONFIGURATION + "".join(f"{name} = {value}\n" for name, value in lines.items())
        )

    def environment(self, **more):
        kept = {name: os.environ[name] for name in ("LANG", "TZ") if name in os.environ}
        kept["PATH"] = os.pathsep.join(filter(None, (self.commands, os.environ["PATH"])))
        own = {
            "HOME": self.home, "XDG_CACHE_HOME": self.home / ".cache", "NIX_CONF_DIR": self.conf, "NIX_USER_CONF_FILES": "/dev/null",
            "NIX_STORE_DIR": self.directory / "nix" / "store", "NIX_STATE_DIR": self.directory / "nix" / "var", "NIX_LOG_DIR": self.directory / "nix" / "log",
            "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        }  # fmt: skip
        if self.server:
            own |= {
                "AWS_ACCESS_KEY_ID": self.server.access_key,
                "AWS_SECRET_ACCESS_KEY": self.server.secret_key,
            }
        return kept | {name: str(value) for name, value in (own | more).items() if value is not None}

    def start(self, *words, **environment):
        """Starts a command; its two outputs are one pipe."""
        command = [str(word) for word in words]
        return subprocess.Popen(
            command,
            env=self.environment(**environment),
            cwd=self.directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *words, fails=False, **environment):
        """Runs a command to its end and returns its standard output, or the other one of a command that is to
        fail."""
        process = self.start(*words, **environment)
        out, err = process.communicate(timeout=600)
        assert not any(canary in text for canary in CANARIES for text in (out, err)), (
            f"{words} shows a secret"
        )
        assert (process.returncode != 0) == fails and process.returncode >= 0, (
            f"{words} ended with {process.returncode}\n{out}{err}"
        )
        self.said = err
        return err if fails else out.strip()

    def nix(self, *words, **more):
        return self.run("nix", *words, **more)

    def closure(self, leaves=10, salt="", **more):
        """Builds some paths, and one that refers to all of them, which is the answer. Names in lower case are
        settings of Nix."""
        settings = [
            word
            for name in list(more)
            if name.islower()
            for word in ("--option", name.replace("_", "-"), more.pop(name))
        ]
        return self.run(
            "nix-build",
            "--no-out-link",
            CLOSURE,
            "--arg",
            "leaves",
            leaves,
            "--argstr",
            "salt",
            salt,
            *settings,
            **more,
        )

    def key(self, name):
        """Makes a key pair: the secret one's file, the public one."""
        secret = self.directory / f"{name}.secret"
        secret.write_text(self.nix("key", "generate-secret", "--key-name", name))
        return secret, subprocess.run(
            ["nix", "key", "convert-secret-to-public"],
            input=secret.read_text(),
            env=self.environment(),
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()

    def forget(self):
        """Wipes what Nix remembers of caches."""
        shutil.rmtree(self.home / ".cache", ignore_errors=True)

    def wipe(self):
        """Empties the store."""
        store = self.directory / "nix"
        subprocess.run(["chmod", "-R", "u+w", store], check=True)
        shutil.rmtree(store)

    def requisites(self, path, *more, **environment):
        """All of a path's closure, as JSON lists it, by path."""
        rows = json.loads(self.nix("path-info", "--json", "-r", path, *more, **environment))
        # Nix learned later to tell them by path.
        return rows if isinstance(rows, dict) else {row["path"]: row for row in rows}


def local(nix, name):
    """A second machine's store, with the same store directory."""
    return f"local?root={nix.directory / name}"


class TlsDoor:
    """A port where a server without TLS is reached over TLS, `clients` only if they show one of those
    certificates."""

    def __init__(self, endpoint, certificate, clients=None):
        host, _, port = endpoint.removeprefix("http://").rpartition(":")
        self.far = host, int(port)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        if clients:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(clients)
        self.loop = asyncio.new_event_loop()
        # Bound by this thread, which may live in a network of its own.
        bound = socket.create_server(("127.0.0.1", 0))
        self.port = bound.getsockname()[1]
        self.loop.run_until_complete(asyncio.start_server(self.pass_on, sock=bound, ssl=context))
        threading.Thread(target=self.loop.run_forever, daemon=True).start()

    async def pass_on(self, *near):
        far = await asyncio.open_connection(*self.far)

        async def forward(reader, writer):
            with contextlib.suppress(OSError):
                while data := await reader.read(1 << 16):
                    writer.write(data)
                    await writer.drain()
            writer.close()

        await asyncio.gather(forward(near[0], far[1]), forward(far[0], near[1]))

    def stop(self):
        self.loop.call_soon_threadsafe(self.loop.stop)


class Cache:
    """A bucket for a binary cache. Direct requests to it come from a process of their own: threads of
    this one may live in another network."""

    ASK = """
import base64, json, sys, oarlock
url, settings, verb, words, options = json.load(sys.stdin)
words = [base64.b64decode(word[1]) if isinstance(word, list) else word for word in words]
told = getattr(oarlock.open(url, **settings), verb)(*words, **options)
if verb == "list": told = [entry.key for entry in told]
if verb == "get": told = base64.b64encode(bytes(told)).decode()
if verb == "head": told = {name: getattr(told, name) for name in ("size", "content_type", "content_encoding")}
print(json.dumps(told, default=str))
"""

    def __init__(self, server, name):
        self.server, self.name = server, name
        self("create_bucket")

    def __call__(self, verb, *words, **options):
        words = [
            ("b64", base64.b64encode(word).decode()) if isinstance(word, bytes) else word for word in words
        ]
        question = json.dumps([f"s3://{self.name}/cache", self.server.settings(), verb, words, options])
        done = subprocess.run(
            [sys.executable, "-c", self.ASK], input=question, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        told = json.loads(done.stdout)
        return base64.b64decode(told) if verb == "get" else told

    def keys(self):
        return self("list")

    def url(self, scheme="s3", **parameters):
        """Its URL for Nix; names with hyphens as `secret_key`."""
        given = {"endpoint": self.server.endpoint, "compression": "none"} | {
            name.replace("_", "-"): value for name, value in parameters.items()
        }
        query = "&".join(
            f"{name}={urllib.parse.quote(str(value), safe='/:')}"
            for name, value in given.items()
            if value is not None
        )
        return f"{scheme}://{self.name}/cache?{query}"


class Kms:
    """A KMS with a key, by moto, which refuses nobody: no test rests on a refusal."""

    def __init__(self):
        # Only those who come here need them.
        import boto3
        from moto.server import ThreadedMotoServer

        self.server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self.server.start()
        host, port = self.server.get_host_and_port()
        self.endpoint = f"http://{host}:{port}"
        client = boto3.client(
            "kms",
            region_name="us-east-1",
            endpoint_url=self.endpoint,
            aws_access_key_id="AKID",
            aws_secret_access_key="x",
        )
        self.key, self.other_key = (client.create_key()["KeyMetadata"]["Arn"] for _ in range(2))

    def stop(self):
        self.server.stop()

"""All writers and readers of encrypted objects: the official clients of four languages, and oarlock by three
doors.

Invariant: all get the same requests, and move their bytes through files. A client whose language is not on
this machine is missing, with the reason.
"""

import base64
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "driver"))

import agents  # noqa: E402
from s3_encryption import S3EncryptionClient, S3EncryptionClientConfig  # noqa: E402
from s3_encryption.materials.kms_keyring import KmsKeyring  # noqa: E402
from s3_encryption.materials.materials import AlgorithmSuite, CommitmentPolicy  # noqa: E402

HERE = ROOT / "tests" / "interop"
BUILT = ROOT / "target" / "interop"
AES = bytes(range(32))
RSA = ROOT / "tests" / "vectors" / "rsa2048.pem"
CONTEXT = {"team": "oarlock"}
FORMATS = {
    "V2": (AlgorithmSuite.ALG_AES_256_GCM_IV12_TAG16_NO_KDF, "FORBID_ENCRYPT_ALLOW_DECRYPT"),
    "V3": (AlgorithmSuite.ALG_AES_256_GCM_HKDF_SHA512_COMMIT_KEY, "REQUIRE_ENCRYPT_REQUIRE_DECRYPT"),
}


class Missing(Exception):
    """This peer can't be had here; the message has the reason."""


def official(cloud, version, key=None):
    """The official Python client, which runs in this process."""
    algorithm, policy = FORMATS[version]
    keyring = KmsKeyring(kms_client=cloud.kms, kms_key_id=key or cloud.key)
    config = S3EncryptionClientConfig(
        keyring=keyring, encryption_algorithm=algorithm, commitment_policy=CommitmentPolicy[policy]
    )
    return S3EncryptionClient(cloud.client("s3"), config)


class Python:
    """The official Python client: keys in KMS; it writes no instruction files."""

    def __init__(self, cloud):
        self.cloud = cloud

    @staticmethod
    def does(do, version, kind, instruction):
        return kind == "kms" and not (do == "put" and instruction)

    def put(self, version, kind, instruction, key, path):
        official(self.cloud, version).put_object(
            Bucket="interop", Key=key, Body=path.read_bytes(), EncryptionContext=CONTEXT
        )

    def get(self, version, kind, instruction, key, path):
        answer = official(self.cloud, version).get_object(
            Bucket="interop", Key=key, EncryptionContext=CONTEXT
        )
        path.write_bytes(answer["Body"].read())


class Program:
    """A client in a process of its own, which serves a line at a time."""

    def __init__(self, cloud, needs, command, build=()):
        if shutil.which(needs) is None:
            raise Missing(f"`{needs}` is not on this machine")
        for step in build:
            done = subprocess.run(
                [str(word) for word in step], cwd=HERE, capture_output=True, text=True, timeout=900
            )
            assert done.returncode == 0, f"{step[0]}: {done.stdout[-3000:]}{done.stderr[-3000:]}"
        self.cloud = cloud
        told = {"INTEROP_ENDPOINT": cloud.url, "INTEROP_ID": cloud.id, "INTEROP_SECRET": cloud.secret}
        self.process = agents.spawn(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=agents.ENVIRONMENT | told
        )

    def ask(self, do, version, kind, instruction, key, path):
        secret = {"kms": self.cloud.key, "aes": AES.hex(), "rsa": str(RSA)}[kind]
        self.process.stdin.write(
            "\t".join([do, version, kind, str(instruction).lower(), key, str(path), secret]) + "\n"
        )
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer == "ok\n", answer or f"it ended with {self.process.wait()}"

    def put(self, *what):
        self.ask("put", *what)

    def get(self, *what):
        self.ask("get", *what)

    def stop(self):
        agents.kill(self.process)


class Ruby(Program):
    """Debian's aws-sdk-s3, EncryptionV2."""

    def __init__(self, cloud):
        super().__init__(cloud, "ruby", ["ruby", HERE / "client.rb"])

    @staticmethod
    def does(do, version, kind, instruction):
        return version == "V2"


class Java(Program):
    """The official Java client."""

    def __init__(self, cloud):
        jars = BUILT / "java"
        fetch = [
            "mvn",
            "-q",
            "-B",
            "-f",
            "java/pom.xml",
            "dependency:copy-dependencies",
            f"-DoutputDirectory={jars}",
        ]
        compile_it = ["javac", "-d", jars / "classes", "-cp", f"{jars}/*", "java/Client.java"]
        super().__init__(
            cloud, "mvn", ["java", "-cp", f"{jars}/classes:{jars}/*", "Client"], [fetch, compile_it]
        )

    @staticmethod
    def does(do, version, kind, instruction):
        return True


class Go(Program):
    """The official Go client: the older format under keys in KMS. It writes no instruction files, and asks
    for them by a client of its own that is in no region."""

    def __init__(self, cloud):
        super().__init__(cloud, "go", [BUILT / "go"], [["go", "build", "-C", "go", "-o", BUILT / "go", "."]])

    @staticmethod
    def does(do, version, kind, instruction):
        return version == "V2" and kind == "kms" and not instruction


class Door:
    """oarlock by one language."""

    def __init__(self, cloud, language):
        self.cloud, self.stores = cloud, {}
        self.agent = agents.Agent(language, AWS_ENDPOINT_URL_KMS=cloud.url)

    def settings(self, version, kind, instruction):
        key = {
            "kms": {"encryption_kms_key_id": self.cloud.key, "encryption_context": CONTEXT},
            "aes": {"encryption_aes_key": base64.b64encode(AES).decode()},
            "rsa": {"encryption_rsa_key": str(RSA)},
        }[kind]
        named = {
            "endpoint": self.cloud.url,
            "region": "us-east-1",
            "access_key_id": self.cloud.id,
            "secret_access_key": self.cloud.secret,
        }
        return {
            **named,
            **key,
            "encryption_policy": FORMATS[version][1],
            "encryption_instruction_file": instruction,
        }

    def call(self, what, verb, args):
        if what not in self.stores:
            answer = self.agent.ask({"op": "open", "url": "s3://interop/", "settings": self.settings(*what)})
            self.stores[what] = answer["ok"]
        answer = self.agent.ask(
            {"op": "call", "store": self.stores[what], "verb": verb, "args": args}, seconds=120
        )
        assert "ok" in answer, answer

    @staticmethod
    def does(do, version, kind, instruction):
        return True

    def put(self, version, kind, instruction, key, path):
        self.call(
            (version, kind, instruction), "put", {"key": key, "source": {"$source": {"file": str(path)}}}
        )

    def get(self, version, kind, instruction, key, path):
        self.call((version, kind, instruction), "get", {"key": key, "into": {"$sink": {"file": str(path)}}})

    def stop(self):
        self.agent.stop()


OFFICIAL = {"python": Python, "ruby": Ruby, "java": Java, "go": Go}
DOORS = ["python", "ruby", "c"]

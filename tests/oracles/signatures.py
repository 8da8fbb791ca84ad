"""Checks the signatures of requests as S3 does, by SigV4 and SigV4A, with nothing of ours or of AWS's SDKs.

Invariant: the canonical request is made of what came over the wire; ECDSA is that of Python's `cryptography`.
Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>
"""

import hashlib
import hmac
import urllib.parse

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

SYMMETRIC, ASYMMETRIC = "AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


class Refused(Exception):
    """A signature that does not hold."""


def mac(key, text):
    return hmac.new(key, text, hashlib.sha256).digest()


def public_key(access_key_id, secret):
    """The public half of the key that SigV4A derives from a key pair (NIST SP 800-108 in counter mode)."""
    for counter in range(1, 255):
        context = ASYMMETRIC.encode() + b"\0" + access_key_id.encode() + bytes([counter])
        context += (256).to_bytes(4, "big")
        number = int.from_bytes(mac(b"AWS4A" + secret.encode(), (1).to_bytes(4, "big") + context), "big")
        if number <= ORDER - 2:
            return ec.derive_private_key(number + 1, ec.SECP256R1()).public_key()
    raise AssertionError("no key comes of this pair")


def parts(target, headers):
    """A request's statement of its signature, in its header or its query: a map of the words of both."""
    query = urllib.parse.parse_qsl(urllib.parse.urlsplit(target).query, keep_blank_values=True)
    found = dict(query)
    if "X-Amz-Signature" in found:
        return {
            "algorithm": found["X-Amz-Algorithm"],
            "credential": found["X-Amz-Credential"],
            "signed": found["X-Amz-SignedHeaders"],
            "signature": found["X-Amz-Signature"],
            "time": found["X-Amz-Date"],
            "regions": found.get("X-Amz-Region-Set"),
            "token": found.get("X-Amz-Security-Token"),
            "payload": "UNSIGNED-PAYLOAD",
        }
    algorithm, _, rest = headers.get("authorization", "").partition(" ")
    words = dict(word.strip().split("=", 1) for word in rest.split(",") if "=" in word)
    return {
        "algorithm": algorithm,
        "credential": words.get("Credential", ""),
        "signed": words.get("SignedHeaders", ""),
        "signature": words.get("Signature", ""),
        "time": headers.get("x-amz-date"),
        "regions": headers.get("x-amz-region-set"),
        "token": headers.get("x-amz-security-token") or headers.get("x-amz-s3session-token"),
        "payload": headers.get("x-amz-content-sha256"),
    }


def canonical(method, target, headers, said):
    path, _, query = target.partition("?")
    pairs = [pair if "=" in pair else pair + "=" for pair in query.split("&") if pair]
    pairs = [pair for pair in pairs if not pair.startswith("X-Amz-Signature=")]
    names = said["signed"].split(";")
    lines = [f"{name}:{' '.join(headers[name].split())}\n" for name in names]
    return "\n".join([method, path, "&".join(sorted(pairs)), "".join(lines), said["signed"], said["payload"]])


def check(method, target, headers, body, keys):
    """Checks a request by `keys`, access key ids and their secrets; raises `Refused` with the reason.

    Returns the algorithm, the service, the region or set of regions, and the session token.
    """
    said = parts(target, headers)
    access_key_id, *scope = said["credential"].split("/")
    if access_key_id not in keys:
        raise Refused(f"nobody has the key {access_key_id!r}")
    needed = {"host"} | {name for name in headers if name.startswith("x-amz-")}
    if missing := needed - set(said["signed"].split(";")):
        raise Refused(f"not signed: {missing}")
    if said["payload"] not in ("UNSIGNED-PAYLOAD", hashlib.sha256(body).hexdigest()):
        raise Refused("the payload has another hash")
    text = canonical(method, target, headers, said)
    digest = hashlib.sha256(text.encode()).hexdigest()
    signed = "\n".join([said["algorithm"], said["time"], "/".join(scope), digest])
    if said["algorithm"] == ASYMMETRIC:
        day, service, end = scope
        region = said["regions"]
        key = public_key(access_key_id, keys[access_key_id])
        try:
            key.verify(bytes.fromhex(said["signature"]), signed.encode(), ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            raise Refused("the ECDSA signature does not hold") from None
    else:
        day, region, service, end = scope
        key = f"AWS4{keys[access_key_id]}".encode()
        for step in scope:
            key = mac(key, step.encode())
        if not hmac.compare_digest(mac(key, signed.encode()).hex(), said["signature"]):
            raise Refused("the HMAC signature does not hold")
    if end != "aws4_request" or day != said["time"][:8]:
        raise Refused(f"the scope is {scope}")
    return said["algorithm"], service, region, said["token"]

"""Signatures of Standard Webhooks 1.0.0: `v1` (HMAC-SHA256, one shared secret) and `v1a` (Ed25519, a public key)."""

import base64
import binascii
import hmac
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

Signing = Literal["v1", "v1a"]
TOLERANCE = 300.0
MOST_SIGNATURES = 20
"""Signatures that are looked at: a sender in the middle of rotations has two or three."""

SECRET_PREFIX, PUBLIC_PREFIX = "whsec_", "whpk_"
_BYTES = 32


@dataclass(frozen=True, slots=True)
class SigningSecret:
    """What one side signs with: a shared secret (`v1`), or the seed of an Ed25519 key (`v1a`)."""

    signing: Signing
    raw: bytes

    @classmethod
    def new(cls, signing: Signing) -> "SigningSecret":
        """32 bytes from the system's entropy."""
        return cls(signing, os.urandom(_BYTES))

    @property
    def shown(self) -> str:
        """What the receiver verifies with: `whsec_…`, which is secret, or `whpk_…`, which is not."""
        if self.signing == "v1":
            return SECRET_PREFIX + base64.b64encode(self.raw).decode()
        public = Ed25519PrivateKey.from_private_bytes(self.raw).public_key()
        return PUBLIC_PREFIX + base64.b64encode(public.public_bytes_raw()).decode()

    def sign(self, content: bytes) -> str:
        if self.signing == "v1":
            made = hmac.digest(self.raw, content, "sha256")
        else:
            made = Ed25519PrivateKey.from_private_bytes(self.raw).sign(content)
        return f"{self.signing},{base64.b64encode(made).decode()}"


def shared_secret(text: str) -> SigningSecret:
    """A `whsec_…` as somebody else made it, padded or not. Raises `ValueError`."""
    raw = decoded(text.removeprefix(SECRET_PREFIX))
    if not raw:
        raise ValueError("a secret is whsec_ and its bytes in base64")
    return SigningSecret("v1", raw)


def decoded(text: str) -> bytes:
    """The bytes of base64, with or without padding. Raises `ValueError`."""
    try:
        return base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("not base64") from error


def signed_headers(message: str, timestamp: int, body: bytes, secrets: Iterable[SigningSecret]) -> dict[str, str]:
    """The three headers; during a rotation each living secret has its signature, the newest first."""
    content = signed_content(message, str(timestamp), body)
    return {
        "webhook-id": message,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(secret.sign(content) for secret in secrets),
    }


def signed_content(message: str, timestamp: str, body: bytes) -> bytes:
    return f"{message}.{timestamp}.".encode() + body


def is_signed(signatures: str, content: bytes, secrets: Sequence[str]) -> bool:
    """Whether one of the signatures holds for one of the secrets (`whsec_…`, `whpk_…`).

    All are compared, each in a time that does not depend on where it differs. Raises `ValueError` for a secret of
    ours that is none.
    """
    held = False
    for one in signatures.split(" ")[:MOST_SIGNATURES]:
        version, _, text = one.partition(",")
        try:
            claimed = decoded(text)
        except ValueError:
            continue
        for secret in secrets:
            held |= _holds(version, claimed, content, secret)
    return held


def _holds(version: str, claimed: bytes, content: bytes, secret: str) -> bool:
    if version == "v1a" and secret.startswith(PUBLIC_PREFIX):
        try:
            Ed25519PublicKey.from_public_bytes(decoded(secret.removeprefix(PUBLIC_PREFIX))).verify(claimed, content)
        except InvalidSignature:
            return False
        return True
    if version != "v1" or secret.startswith(PUBLIC_PREFIX):
        return False
    return hmac.compare_digest(claimed, hmac.digest(shared_secret(secret).raw, content, "sha256"))


def is_fresh(timestamp: str, now: float, tolerance: float = TOLERANCE) -> bool:
    """Whether a timestamp of whole epoch seconds lies within the tolerance of now, to either side."""
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        return False
    return abs(now - int(timestamp)) <= tolerance

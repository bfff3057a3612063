"""Secrets of endpoints as they lie in the database: sealed, each bound to the row that it belongs to."""

from uuid import UUID

from esteio.base.crypto import Keyring
from esteio.webhooks.signing import Signing, SigningSecret

_PURPOSE = "webhooks/secret"
_VERSIONS: dict[bytes, Signing] = {b"1": "v1", b"a": "v1a"}
_MARKS = {signing: mark for mark, signing in _VERSIONS.items()}


def sealed(keyring: Keyring, secret: SigningSecret, row: UUID) -> bytes:
    return keyring.seal(_PURPOSE, _MARKS[secret.signing] + secret.raw, row.bytes)


def opened(keyring: Keyring, text: bytes, row: UUID) -> SigningSecret:
    """What was sealed for this row. Raises `ValueError` when it was altered, moved, or sealed with another master."""
    plain = keyring.open(_PURPOSE, text, row.bytes)
    return SigningSecret(_VERSIONS[plain[:1]], plain[1:])

"""Keys derived from the one master secret, and what is done with them."""

import base64
import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE = 12
_MAC = 16


class Keyring:
    """Purpose-bound keys from one master secret (HKDF-SHA256, RFC 5869): one key tells nothing of another."""

    def __init__(self, secret: str) -> None:
        if len(secret) < 32:
            raise ValueError("the master secret needs at least 32 characters")
        self._secret = secret.encode()
        self._keys: dict[str, bytes] = {}

    def key(self, purpose: str) -> bytes:
        """The 32-byte key of a purpose, the same in every process that has the secret."""
        if purpose not in self._keys:
            derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=f"esteio/{purpose}".encode())
            self._keys[purpose] = derived.derive(self._secret)
        return self._keys[purpose]

    def digest(self, purpose: str, value: bytes) -> bytes:
        """A keyed SHA-256 (HMAC): what is stored in place of a secret that must only be recognised."""
        return hmac.digest(self.key(purpose), value, "sha256")

    def seal(self, purpose: str, plain: bytes, bound_to: bytes = b"", *, known: bytes = b"") -> bytes:
        """Encrypt with AES-256-GCM, nonce first. `bound_to` must be the same when it is opened.

        `known` is something that only the one who may open it knows, and without which the secret is not enough.
        """
        nonce = os.urandom(_NONCE)
        return nonce + AESGCM(self._with(purpose, known)).encrypt(nonce, plain, bound_to)

    def open(self, purpose: str, sealed: bytes, bound_to: bytes = b"", *, known: bytes = b"") -> bytes:
        """What was sealed. Raises `ValueError` when it was altered, or sealed with another secret."""
        try:
            return AESGCM(self._with(purpose, known)).decrypt(sealed[:_NONCE], sealed[_NONCE:], bound_to)
        except InvalidTag as error:
            raise ValueError("the sealed value was altered or sealed with another secret") from error

    def _with(self, purpose: str, known: bytes) -> bytes:
        return self.digest(purpose, known) if known else self.key(purpose)

    def sign(self, purpose: str, payload: bytes, bound_to: bytes = b"") -> str:
        """A URL-safe token of payload and 16-byte MAC: readable by its holder, alterable by nobody."""
        return base64.urlsafe_b64encode(self._mac(purpose, payload, bound_to) + payload).rstrip(b"=").decode()

    def verified(self, purpose: str, token: str, bound_to: bytes = b"") -> bytes:
        """The payload of a signed token. Raises `ValueError` when it was not signed here for this and bound so."""
        try:
            raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except ValueError as error:
            raise ValueError("not a signed token") from error
        mac, payload = raw[:_MAC], raw[_MAC:]
        if len(mac) != _MAC or not same(mac, self._mac(purpose, payload, bound_to)):
            raise ValueError("not a signed token")
        return payload

    def _mac(self, purpose: str, payload: bytes, bound_to: bytes) -> bytes:
        return self.digest(purpose, len(bound_to).to_bytes(4) + bound_to + payload)[:_MAC]


def same(one: bytes, other: bytes) -> bool:
    """Equality in a time that does not depend on where the two differ."""
    return hmac.compare_digest(one, other)


def sha256(value: bytes) -> bytes:
    """The plain SHA-256 digest, 32 bytes."""
    return hashlib.sha256(value).digest()

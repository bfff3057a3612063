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

    def seal(self, purpose: str, plain: bytes, bound_to: bytes = b"") -> bytes:
        """Encrypt with AES-256-GCM; `bound_to` must be the same when it is opened. Nonce first."""
        nonce = os.urandom(_NONCE)
        return nonce + AESGCM(self.key(purpose)).encrypt(nonce, plain, bound_to)

    def open(self, purpose: str, sealed: bytes, bound_to: bytes = b"") -> bytes:
        """What was sealed. Raises `ValueError` when it was altered, or sealed with another secret."""
        try:
            return AESGCM(self.key(purpose)).decrypt(sealed[:_NONCE], sealed[_NONCE:], bound_to)
        except InvalidTag as error:
            raise ValueError("the sealed value was altered or sealed with another secret") from error

    def sign(self, purpose: str, payload: bytes) -> str:
        """A URL-safe token of payload and 16-byte MAC: readable by its holder, alterable by nobody."""
        return base64.urlsafe_b64encode(self.digest(purpose, payload)[:16] + payload).rstrip(b"=").decode()

    def verified(self, purpose: str, token: str) -> bytes:
        """The payload of a signed token. Raises `ValueError` when it was not signed here for this purpose."""
        try:
            raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except ValueError as error:
            raise ValueError("not a signed token") from error
        mac, payload = raw[:16], raw[16:]
        if len(mac) != 16 or not same(mac, self.digest(purpose, payload)[:16]):
            raise ValueError("not a signed token")
        return payload


def same(one: bytes, other: bytes) -> bool:
    """Equality in a time that does not depend on where the two differ."""
    return hmac.compare_digest(one, other)


def sha256(value: bytes) -> bytes:
    """The plain SHA-256 digest, 32 bytes."""
    return hashlib.sha256(value).digest()

"""The keys that an issuer signs with, and what it publishes of them."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import get_default_algorithms

Private = RSAPrivateKey | EllipticCurvePrivateKey | Ed25519PrivateKey


def _rsa() -> Private:
    return generate_rsa(public_exponent=65_537, key_size=2048)


ALGORITHMS: Mapping[str, Callable[[], Private]] = {
    "RS256": _rsa,
    "ES256": lambda: generate_private_key(SECP256R1()),
    "EdDSA": Ed25519PrivateKey.generate,
    "PS256": _rsa,
}
FAMILIES: Mapping[str, str] = {
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), "RSA"),
    "ES256": "EC",
    "EdDSA": "OKP",
}
"""What a key of each type can sign with, whatever algorithm it is published for."""
THUMBPRINT = ("crv", "e", "kty", "n", "x", "y")


def encoded(data: bytes) -> str:
    """Base64 of the URL alphabet, without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@dataclass(frozen=True, eq=False)
class Key:
    """A key pair, for one algorithm."""

    kid: str
    algorithm: str
    private: Private

    def signature(self, data: bytes, algorithm: str) -> bytes:
        signer: Any = get_default_algorithms()[algorithm]
        return bytes(signer.sign(data, self.private))

    def public(self) -> dict[str, Any]:
        """As JWKS tells it."""
        return {"use": "sig", "kid": self.kid, "alg": self.algorithm, **bare(self.algorithm, self.private)}

    def pem(self) -> bytes:
        return self.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def bare(algorithm: str, private: Private) -> dict[str, Any]:
    """The members of a public JWK that are the key itself."""
    codec: Any = get_default_algorithms()[algorithm]
    told = codec.to_jwk(private.public_key(), as_dict=True)
    return {name: value for name, value in told.items() if name in THUMBPRINT}


def made(algorithm: str, kid: str | None = None, prefix: str = "") -> Key:
    """A new key, named by its thumbprint (RFC 7638) unless told. Raises `ValueError`."""
    if algorithm not in ALGORITHMS:
        raise ValueError(f"there are keys for {', '.join(ALGORITHMS)}")
    private = ALGORITHMS[algorithm]()
    words = json.dumps(bare(algorithm, private), sort_keys=True, separators=(",", ":"))
    return Key(kid or prefix + encoded(sha256(words.encode()).digest()), algorithm, private)


def encrypting() -> dict[str, Any]:
    """A published key that is for encryption only."""
    return made("RS256").public() | {"use": "enc", "alg": "RSA-OAEP"}


class Ring:
    """All keys of one issuer: `current` signs what does not ask for another; some are published."""

    def __init__(self, algorithms: Iterable[str], prefix: str = "") -> None:
        self._prefix = prefix
        self._first = [made(one, prefix=prefix) for one in algorithms]
        self._strangers: dict[str, Key] = {}
        self.others: tuple[dict[str, Any], ...] = ()
        self.reset()

    def reset(self) -> None:
        """The keys of the start, and only they."""
        self._all = [*self._first]
        self.published = [*self._first]
        self.current = self._first[0]

    def rotate(self, algorithm: str | None = None, kid: str | None = None, keep: bool = True) -> Key:
        """A new key that signs and is published from now on; without `keep` the former one is no more. `ValueError`."""
        new = made(algorithm or self.current.algorithm, kid, self._prefix)
        if not keep:
            self.published = [one for one in self.published if one is not self.current]
        self._all.append(new)
        self.published.append(new)
        self.current = new
        return new

    def withdraw(self, kid: str) -> None:
        """Publish a key no longer; it can still sign. Raises `ValueError`."""
        left = [one for one in self.published if one.kid != kid]
        if len(left) == len(self.published):
            raise ValueError(f"no key {kid!r} is published")
        self.published = left

    def named(self, kid: str) -> Key:
        """The newest key of that name, published or not. Raises `ValueError`."""
        for one in reversed(self._all):
            if one.kid == kid:
                return one
        raise ValueError(f"there is no key {kid!r}")

    def fit(self, algorithm: str) -> Key:
        """The key to sign so with: the current one, the newest for it, or the newest of its type. `ValueError`."""
        order = [self.current, *reversed(self._all)]
        for suits in (_same, _kin):
            for one in order:
                if suits(one, algorithm):
                    return one
        raise ValueError(f"no key can sign with {algorithm}; there are {', '.join(one.algorithm for one in self._all)}")

    def stranger(self, algorithm: str) -> Key:
        """A key of nobody's, always the same, never published. Raises `ValueError`."""
        if algorithm not in self._strangers:
            self._strangers[algorithm] = made(algorithm)
        return self._strangers[algorithm]

    def jwks(self) -> dict[str, Any]:
        """What is published; `others` are keys that sign nothing."""
        return {"keys": [*(one.public() for one in self.published), *self.others]}


def _same(key: Key, algorithm: str) -> bool:
    return key.algorithm == algorithm


def _kin(key: Key, algorithm: str) -> bool:
    return algorithm in FAMILIES and FAMILIES[key.algorithm] == FAMILIES[algorithm]

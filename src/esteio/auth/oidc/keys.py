"""The keys that an issuer publishes (RFC 7517), each with what it may be used for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm
from jwt.exceptions import PyJWTError

PublicKey = RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey | Ed448PublicKey

MOST_KEYS = 100
LONGEST_KID = 300
RSA_BITS = range(2048, 8193)
"""Shorter ones are broken; longer ones cost more than anybody gains."""

_RSA = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"})
_ALGORITHMS: Mapping[tuple[str, str | None], frozenset[str]] = {
    ("EC", "P-256"): frozenset({"ES256"}),
    ("EC", "P-384"): frozenset({"ES384"}),
    ("EC", "P-521"): frozenset({"ES512"}),
    ("OKP", "Ed25519"): frozenset({"EdDSA"}),
    ("OKP", "Ed448"): frozenset({"EdDSA"}),
}
_PUBLIC = ("kty", "crv", "n", "e", "x", "y")
"""What makes the public half; somebody who publishes the private one too is not joined in it."""


@dataclass(frozen=True, slots=True)
class Key:
    """A public key and the algorithms that it verifies: by its kind, and by what the issuer declares of it."""

    kid: str | None
    algorithms: frozenset[str]
    public: PublicKey


class KeySet:
    """The usable keys of one issuer."""

    def __init__(self, keys: Sequence[Key]) -> None:
        self._keys = tuple(keys)
        self._names = frozenset(key.kid for key in keys if key.kid is not None)
        self._only = self._keys[0] if len(self._keys) == 1 else None

    def __len__(self) -> int:
        return len(self._keys)

    def knows(self, kid: str) -> bool:
        """Whether a key has this name. One that has none, and is the only one, is meant by any."""
        return kid in self._names or (self._only is not None and self._only.kid is None)

    def find(self, kid: str | None, algorithm: str) -> Key | None:
        """The key of this name for this algorithm. A token that names none is the only key's, if there is one only."""
        if self._only is not None and (kid is None or self._only.kid is None):
            return self._only if algorithm in self._only.algorithms else None
        named = (key for key in self._keys if kid is not None and key.kid == kid)
        return next((key for key in named if algorithm in key.algorithms), None)


def read_keys(document: Any) -> KeySet:
    """The usable keys of a JWK set; those of other kinds, or for another use, are left out.

    Raises `ValueError` for what is no JWK set, and for one without a single usable key.
    """
    listed = document.get("keys") if isinstance(document, Mapping) else None
    if not isinstance(listed, list):
        raise ValueError("it is not a JWK set")
    keys = [key for item in listed[:MOST_KEYS] if (key := _key(item)) is not None]
    if not keys:
        raise ValueError("the JWK set has no usable key")
    return KeySet(keys)


def _key(item: Any) -> Key | None:
    if not isinstance(item, Mapping) or item.get("use", "sig") != "sig":
        return None
    operations, kid = item.get("key_ops"), item.get("kid")
    if operations is not None and (not isinstance(operations, list) or "verify" not in operations):
        return None
    if kid is not None and (not isinstance(kid, str) or len(kid) > LONGEST_KID):
        return None
    algorithms = _algorithms(item)
    public = _public(item) if algorithms else None
    return Key(kid, algorithms, public) if public is not None else None


def _algorithms(item: Mapping[str, Any]) -> frozenset[str]:
    kind, curve = item.get("kty"), item.get("crv")
    if not isinstance(kind, str) or not isinstance(curve, str | None):
        return frozenset()
    possible = _RSA if kind == "RSA" else _ALGORITHMS.get((kind, curve), frozenset())
    declared = item.get("alg")
    return possible if declared is None else frozenset(name for name in possible if name == declared)


def _public(item: Mapping[str, Any]) -> PublicKey | None:
    members = {name: item[name] for name in _PUBLIC if name in item}
    try:
        match item["kty"]:
            case "RSA":
                key: Any = RSAAlgorithm.from_jwk(members)
            case "EC":
                key = ECAlgorithm.from_jwk(members)
            case _:
                key = OKPAlgorithm.from_jwk(members)
    except (PyJWTError, ValueError, TypeError, KeyError, OverflowError):
        return None
    if isinstance(key, RSAPublicKey) and key.key_size not in RSA_BITS:
        return None
    return key if isinstance(key, PublicKey) else None

"""Tokens as they are asked for, those included that nobody should take."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from esteio.standins.oidc.claims import Bearer
from esteio.standins.oidc.jws import Members, compact, part, present, signed
from esteio.standins.oidc.keys import Key
from esteio.standins.oidc.people import PEOPLE
from esteio.standins.oidc.provider import Provider
from esteio.standins.oidc.tokens import access, signed_in

FLAWS: Mapping[str, str] = {
    "none": "no signature, and `alg` says so",
    "public_key": "HS256, with the PEM of the public key as the secret",
    "no_kid": "well signed, names no key",
    "unknown_kid": "well signed, names a key that is not published",
    "stranger": "signed by a key of nobody's, under the name of a published one",
    "embedded_key": "the same, and that key comes along as `jwk`",
    "tampered": "the subject was changed after it was signed",
    "cut": "the signature lacks its second half",
}


@dataclass(frozen=True)
class Wanted:
    """What a token shall be. Raises `ValueError`.

    `lifetime` and `skew` are seconds, perhaps below 0; `skew` is how far the issuer's clock is ahead. `kid` is the key
    that signs, of those there ever were. A claim or a header that is None is left out. `bare`: no claims but `claims`.
    """

    subject: str | None = None
    person: str | None = None
    organisation: str | None = None
    role: str | None = None
    permissions: tuple[str, ...] = ()
    lifetime: float | None = None
    skew: float = 0
    algorithm: str | None = None
    kid: str | None = None
    flaw: str | None = None
    bare: bool = False
    headers: Members = field(default_factory=dict)
    claims: Members = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.flaw is not None and self.flaw not in FLAWS:
            raise ValueError(f"there is no flaw {self.flaw!r}; there are {', '.join(FLAWS)}")
        if self.person is not None and self.person not in PEOPLE:
            raise ValueError(f"there is no person {self.person!r}; there are {', '.join(PEOPLE)}")

    def bearer(self, shape: str) -> Bearer:
        """Whom it is for: unless a subject or a person is told, the first of the sample people."""
        if self.subject is not None:
            return Bearer(self.subject, None, self.organisation, self.role, self.permissions)
        person = PEOPLE[self.person or next(iter(PEOPLE))]
        return signed_in(person, shape, self.organisation, self.role, self.permissions)


def minted(provider: Provider, wanted: Wanted) -> str:
    """The token. Raises `ValueError`."""
    ring = provider.ring
    key = ring.named(wanted.kid) if wanted.kid else ring.fit(wanted.algorithm or ring.current.algorithm)
    claims = dict(wanted.claims) if wanted.bare else _claims(provider, wanted)
    return _signed(provider, wanted, key, claims)


def _claims(provider: Provider, wanted: Wanted) -> dict[str, Any]:
    terms = provider.terms
    life = terms.form.seconds if wanted.lifetime is None else wanted.lifetime
    setting = provider.setting(provider.now() + wanted.skew)
    return present(access(terms.shape, wanted.bearer(terms.shape), setting, life) | dict(wanted.claims))


def _signed(provider: Provider, wanted: Wanted, key: Key, claims: Members) -> str:
    headers = wanted.headers
    match wanted.flaw:
        case "none":
            return compact(present({"alg": "none", "typ": "JWT", **headers}), claims, lambda _: b"")
        case "public_key":
            said = present({"alg": "HS256", "typ": "JWT", "kid": key.kid, **headers})
            return compact(said, claims, lambda data: hmac.digest(key.pem(), data, "sha256"))
        case "stranger":
            return signed(provider.ring.stranger(key.algorithm), claims, {"kid": key.kid, **headers})
        case "embedded_key":
            stranger = provider.ring.stranger(key.algorithm)
            return signed(stranger, claims, {"kid": key.kid, "jwk": stranger.public(), **headers})
        case "no_kid":
            headers = {"kid": None, **headers}
        case "unknown_kid":
            headers = {"kid": provider.ring.stranger(key.algorithm).kid, **headers}
    return _spoiled(signed(key, claims, headers, wanted.algorithm), wanted.flaw, claims)


def _spoiled(token: str, flaw: str | None, claims: Members) -> str:
    head, _, signature = token.split(".")
    if flaw == "tampered":
        return f"{head}.{part({**claims, 'sub': str(claims.get('sub')) + '0'})}.{signature}"
    return token[: len(token) - len(signature) // 2] if flaw == "cut" else token

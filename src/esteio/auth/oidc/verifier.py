"""From the text of a token to what it says: one verifier for every issuer that is configured."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import jwt

from esteio.auth.oidc.cache import IssuerKeys
from esteio.auth.oidc.claims import first, said
from esteio.auth.oidc.keys import LONGEST_KID
from esteio.auth.oidc.settings import IssuerSettings
from esteio.auth.oidc.statements import Refused, Statement, stated
from esteio.base.clock import Clock

LARGEST = 16_384
"""Bytes of a token. The largest that are seen, with all roles of a large organisation, have half of it."""

TYPES = frozenset({"jwt", "at+jwt", "application/at+jwt", "application/jwt"})
"""`typ` of a header, where there is one: other statements that an issuer signs are no credentials."""

_BROKEN = (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError)
_UNCHECKED: Any = {"verify_signature": False}


class IssuerVerifier:
    """Judges the tokens of one issuer."""

    def __init__(self, terms: IssuerSettings, keys: IssuerKeys, clock: Clock) -> None:
        self.terms = terms
        self.keys = keys
        self._clock = clock
        self._algorithms = frozenset(terms.algorithms)
        self._options: Any = {
            "require": ["iss", "exp", "iat"],
            "verify_aud": bool(terms.audience),
            # By a clock that can be turned, and with the issuer's leeway.
            "verify_exp": False,
            "verify_nbf": False,
            "verify_iat": False,
            "verify_sub": False,
            "verify_jti": False,
        }

    async def verified(self, raw: bytes) -> Statement:
        """What the token says. Raises `Refused`, and `Unavailable` when the issuer's keys cannot be had."""
        claims = await self._signed(raw)
        issued_at, expires_at = self._times(claims)
        self._check(claims)
        return stated(claims, self.terms, issued_at, expires_at)

    async def _signed(self, raw: bytes) -> dict[str, Any]:
        kid, algorithm = self._header(raw)
        key = await self.keys.find(kid, algorithm)
        if key is None:
            raise Refused("key")
        terms = self.terms
        try:
            # The algorithm is one that the operator allows and that this key is for.
            return jwt.decode(
                raw,
                key.public,
                algorithms=[algorithm],
                issuer=terms.issuer,
                audience=terms.audience or None,
                options=self._options,
            )
        except jwt.InvalidSignatureError as error:
            raise Refused("signature") from error
        except jwt.InvalidAudienceError as error:
            raise Refused("audience") from error
        except jwt.MissingRequiredClaimError as error:
            raise Refused("audience" if error.claim == "aud" else "claims") from error
        except _BROKEN as error:
            raise Refused("malformed") from error

    def _header(self, raw: bytes) -> tuple[str | None, str]:
        try:
            header = jwt.get_unverified_header(raw)
        except _BROKEN as error:
            raise Refused("malformed") from error
        kid, algorithm, kind = header.get("kid"), header.get("alg"), header.get("typ", "JWT")
        if not isinstance(algorithm, str) or algorithm not in self._algorithms:
            raise Refused("algorithm")
        if not isinstance(kind, str) or kind.lower() not in TYPES:
            raise Refused("type")
        if kid is not None and not 0 < len(kid) <= LONGEST_KID:
            raise Refused("key")
        return kid, algorithm

    def _times(self, claims: Mapping[str, Any]) -> tuple[datetime, datetime]:
        now, leeway = self._clock.timestamp(), self.terms.leeway_seconds
        expires, issued, begins = (_seconds(claims.get(name)) for name in ("exp", "iat", "nbf"))
        if expires is None or issued is None or ("nbf" in claims and begins is None):
            raise Refused("times")
        if expires + leeway <= now:
            raise Refused("expired")
        if issued > now + leeway or (begins is not None and begins > now + leeway):
            raise Refused("early")
        try:
            return datetime.fromtimestamp(issued, UTC), datetime.fromtimestamp(expires, UTC)
        except (ValueError, OverflowError, OSError) as error:
            raise Refused("times") from error

    def _check(self, claims: Mapping[str, Any]) -> None:
        terms = self.terms
        if any(said(claims, path) is None for path in terms.required_claims):
            raise Refused("claims")
        if any(_says(claims, rule.claim, rule.equals) for rule in terms.reject):
            raise Refused("rejected")
        if not terms.authorized_parties:
            return
        party = first(claims, terms.authorized_party_claim)
        if party not in terms.authorized_parties and (party is not None or terms.azp_required):
            raise Refused("party")


class Verifier:
    """Finds the issuer of a token by what it says itself, and lets that one's verifier judge it."""

    def __init__(self, issuers: Mapping[str, IssuerVerifier]) -> None:
        self._issuers = issuers

    def issuer_of(self, raw: bytes) -> IssuerVerifier | None:
        """The issuer whose name the token bears; `None` for what is too large, no token, or nobody's who is known."""
        if len(raw) > LARGEST or raw.count(b".") != 2:
            return None
        try:
            named = jwt.decode(raw, options=_UNCHECKED).get("iss")
        except _BROKEN:
            return None
        return self._issuers.get(named) if isinstance(named, str) else None


def _seconds(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def _says(claims: Mapping[str, Any], path: tuple[str, ...], refused: str | bool | int | None) -> bool:
    value = said(claims, path)
    return value is not None and (refused is None or (value == refused and type(value) is type(refused)))

"""Codes that a sign-in ends with, each good for one exchange by whoever began it."""

from __future__ import annotations

import hmac
import re
import secrets
from collections import OrderedDict
from dataclasses import dataclass
from hashlib import sha256

from esteio.standins.oidc.keys import encoded
from esteio.standins.oidc.people import Person

LIFE_SECONDS = 60
KEPT = 10_000
VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


@dataclass(frozen=True)
class Grant:
    """A sign-in that waits for its exchange. `at` is when it was, in seconds since 1970."""

    person: Person
    client: str
    redirect_uri: str
    scope: str
    nonce: str | None
    challenge: str
    at: float

    def proved(self, verifier: str) -> bool:
        """Whether this is the secret that S256 made the challenge of (RFC 7636)."""
        if not VERIFIER.fullmatch(verifier):
            return False
        return hmac.compare_digest(encoded(sha256(verifier.encode()).digest()), self.challenge)


class Codes:
    """The last ten thousand that were not exchanged."""

    def __init__(self) -> None:
        self._grants: OrderedDict[str, Grant] = OrderedDict()

    def give(self, grant: Grant) -> str:
        code = secrets.token_urlsafe(32)
        self._grants[code] = grant
        if len(self._grants) > KEPT:
            self._grants.popitem(last=False)
        return code

    def take(self, code: str, now: float) -> Grant | None:
        """The grant, once; None for an unknown, used or old code."""
        grant = self._grants.pop(code, None)
        return grant if grant is not None and now - grant.at <= LIFE_SECONDS else None

    def clear(self) -> None:
        self._grants.clear()

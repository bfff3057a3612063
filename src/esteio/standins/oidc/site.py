"""What an issuer answers."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from esteio.standins.oidc.discovery import discovered
from esteio.standins.oidc.exchange import exchanged
from esteio.standins.oidc.keys import Ring
from esteio.standins.oidc.provider import Provider
from esteio.standins.oidc.sign_in import authorized
from esteio.standins.oidc.sign_out import ended
from esteio.standins.oidc.terms import Terms
from esteio.standins.oidc.told import controlled
from esteio.standins.oidc.userinfo import known
from esteio.standins.stand_in import StandIn
from esteio.standins.wire import Answer, Request, written

RETRY_AFTER = 1
READABLE = ("discovery", "jwks", "token", "userinfo")
"""What a page of any origin may read. The sign-in is none of it: else any page could sign itself in, unseen."""
CORS = {"Access-Control-Allow-Origin": "*"}
PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": "authorization, content-type",
    "Access-Control-Max-Age": "600",
}
ODD: tuple[dict[str, Any], ...] = (
    {"kty": "PQ", "kid": "of-tomorrow", "alg": "ML-DSA-65", "use": "sig", "pub": "AAAA"},
    {"kty": "RSA", "kid": "broken", "alg": "RS256", "use": "sig", "n": "!", "e": "AQAB"},
    {"kty": "oct", "kid": "shared", "alg": "HS256", "k": "c2VjcmV0"},
    {"kid": "nothing"},
)


class Oidc:
    """The issuer. `clock` gives the seconds since 1970."""

    faults: Mapping[str, str] = {
        "no_keys": "JWKS without a key",
        "odd_keys": "among the keys some that cannot be read, are of no known type or are secrets",
        "unnamed_keys": "keys without `kid` and `alg`",
        "other_issuer": "discovery names an issuer that differs by a slash",
        "rate_limited": f"429 with Retry-After: {RETRY_AFTER}",
        "denied": "whoever signs in is refused: `access_denied`",
    }

    def __init__(self, terms: Terms | None = None, clock: Callable[[], float] = time.time) -> None:
        self.provider = Provider(terms or Terms(), clock)
        self._standin: StandIn | None = None

    def begin(self, standin: StandIn) -> None:
        self._standin = standin

    def reset(self) -> None:
        self.provider.reset()

    def answer(self, request: Request, fault: str) -> Answer | None:
        place = self._place(request)
        if place in READABLE and request.method == "OPTIONS":
            return Answer(204, headers=CORS | PREFLIGHT)
        answer = self._asked(self.now(), place, request, fault)
        return replace(answer, headers={**answer.headers, **CORS}) if place in READABLE else answer

    def control(self, request: Request) -> Answer | None:
        """What `told` lists."""
        return controlled(self.now(), request)

    def now(self) -> Provider:
        """The provider, which is told where it is: that is known only while it runs."""
        if self._standin is not None:
            self.provider.address = self._standin.door.url
        return self.provider

    def _place(self, request: Request) -> str | None:
        terms = self.provider.terms
        return next((name for name in terms.form.paths if terms.path(name) == request.path), None)

    def _asked(self, provider: Provider, place: str | None, request: Request, fault: str) -> Answer:
        if fault == "rate_limited":
            refused = written({"error": "too_many_requests"}, 429)
            return replace(refused, headers={"Retry-After": str(RETRY_AFTER)})
        method = "GET" if request.method == "HEAD" else request.method
        match method, place:
            case "GET", "discovery":
                return written(discovered(provider, astray=fault == "other_issuer"))
            case "GET", "jwks":
                return written(_jwks(provider.ring, fault))
            case "GET" | "POST", "authorize":
                return authorized(provider, request, fault == "denied")
            case "POST", "token":
                return exchanged(provider, request)
            case "GET" | "POST", "userinfo":
                return known(provider, request)
            case "GET" | "POST", "end_session":
                return ended(provider, request)
        return written({"error": "not_found"}, 404)


def _jwks(ring: Ring, fault: str) -> dict[str, Any]:
    published = ring.jwks()["keys"]
    match fault:
        case "no_keys":
            published = []
        case "odd_keys":
            published = [*ODD, *published]
        case "unnamed_keys":
            published = [{name: one[name] for name in one if name not in ("kid", "alg")} for one in published]
    return {"keys": published}

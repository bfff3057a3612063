"""Who a token of ours is of."""

from __future__ import annotations

from typing import Any

import jwt
from jwt.types import Options

from esteio.standins.oidc.forms import UNCACHED, Refused
from esteio.standins.oidc.people import found
from esteio.standins.oidc.provider import Provider
from esteio.standins.wire import Answer, Request, written

UNTIMED: Options = {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False}


def known(provider: Provider, request: Request) -> Answer:
    """The person's profile, or 401."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    try:
        if scheme.lower() != "bearer":
            raise Refused("invalid_token", "a bearer token is needed", 401)
        claims = held(provider, token.strip())
        if claims.get("sid") in provider.ended or claims.get("exp", 0) <= provider.now():
            raise Refused("invalid_token", "it has ended", 401)
    except Refused as error:
        return error.answer()
    person = found(str(claims.get("sub")), provider.terms.shape)
    plain = written({"sub": claims.get("sub"), **(person.profile() if person else {})})
    return Answer(plain.status, plain.body, plain.media, UNCACHED)


def held(provider: Provider, token: str) -> dict[str, Any]:
    """The claims of a token that a published key of ours signed, whether it has ended or not. Raises `Refused`."""
    try:
        kid = jwt.get_unverified_header(token).get("kid")
        key = next(one for one in provider.ring.published if one.kid == kid)
        public = key.private.public_key()
        claims: dict[str, Any] = jwt.decode(token, public, [key.algorithm], options=UNTIMED, issuer=provider.issuer)
    except (jwt.InvalidTokenError, StopIteration) as error:
        raise Refused("invalid_token", "it is none of ours", 401) from error
    return claims

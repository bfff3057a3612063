"""The endpoints of OAuth 2, in its own form: for client libraries, which find them by their metadata."""

from fastapi import APIRouter, Request

from esteio.auth.caller import AuthParts
from esteio.auth.oauth.form import Asked, parameters, presented
from esteio.auth.oauth.manner import MANNER
from esteio.auth.oauth.metadata import INTROSPECT, REVOKE, TOKEN, metadata
from esteio.auth.oauth.schemas import MetadataView
from esteio.auth.use_cases.oauth import introspection, revocation
from esteio.auth.use_cases.oauth.grant import grant
from esteio.http.answers import Answer
from esteio.http.exchange import exchange_of
from esteio.http.gate.bounds import read_body
from esteio.http.rules import rules

root = APIRouter(tags=["oauth"])
METADATA = "/.well-known/oauth-authorization-server"
PUBLIC = frozenset({*(f"POST {path}" for path in (TOKEN, REVOKE, INTROSPECT)), f"GET {METADATA}"})
LIMIT = "oauth"
BODY = 16_384
_PUBLISHED = "public, max-age=300"
_KEPT_BY_NOBODY = {"Pragma": "no-cache"}


@root.post(TOKEN, summary="Get an access token")
@rules(limits=(LIMIT,), body_limit=BODY, manner=MANNER, own_credentials=True)
async def token(request: Request, auth: AuthParts) -> Answer:
    """RFC 6749, section 4.4."""
    made = await grant(auth, await _asked(request))
    said = {"access_token": made.access_token, "token_type": "Bearer", "expires_in": made.expires_in}
    return _answer({**said, "scope": made.scope})


@root.post(REVOKE, summary="Give an access token up")
@rules(limits=(LIMIT,), body_limit=BODY, manner=MANNER, own_credentials=True)
async def revoke(request: Request, auth: AuthParts) -> Answer:
    """RFC 7009."""
    await revocation.revoke(auth, await _asked(request))
    return _answer({})


@root.post(INTROSPECT, summary="Ask what an access token is good for")
@rules(limits=(LIMIT,), body_limit=BODY, manner=MANNER, own_credentials=True)
async def introspect(request: Request, auth: AuthParts) -> Answer:
    """RFC 7662."""
    return _answer(await introspection.introspect(auth, await _asked(request)))


@root.get(METADATA, summary="What this OAuth 2 server offers", response_model=MetadataView)
@rules()
async def server_metadata(auth: AuthParts) -> Answer:
    """RFC 8414: where its endpoints are and what they take."""
    return Answer(metadata(auth.tokens.issuer, auth.permissions), cache_control=_PUBLISHED)


async def _asked(request: Request) -> Asked:
    exchange = exchange_of(request.scope)
    body = await read_body(exchange, request.receive)
    sent = parameters(exchange.headers.get(b"content-type", b""), request.scope["query_string"], body)
    return Asked(presented(exchange.headers.get(b"authorization"), sent), sent, exchange.address)


def _answer(said: object) -> Answer:
    return Answer(said, cache_control="no-store", headers=_KEPT_BY_NOBODY)

"""The exchange of a code for tokens, by a public client."""

from __future__ import annotations

from collections.abc import Mapping

from esteio.standins.oidc.codes import Grant
from esteio.standins.oidc.forms import UNCACHED, Refused, origin, sent
from esteio.standins.oidc.jws import signed
from esteio.standins.oidc.provider import Provider
from esteio.standins.oidc.tokens import access, half_hash, identity, signed_in
from esteio.standins.wire import Answer, Request, written


def exchanged(provider: Provider, request: Request) -> Answer:
    """Tokens, or the error in the words of OAuth 2."""
    try:
        told = sent(request)
        plain = written(_tokens(provider, _granted(provider, request, told)))
    except Refused as error:
        return error.answer()
    return Answer(plain.status, plain.body, plain.media, UNCACHED)


def _granted(provider: Provider, request: Request, told: Mapping[str, str]) -> Grant:
    if "authorization" in request.headers or "client_secret" in told:
        raise Refused("invalid_client", "clients are public: they have no secret", 401)
    if told.get("grant_type") != "authorization_code":
        raise Refused("unsupported_grant_type", "grant_type is authorization_code")
    if missing := [one for one in ("code", "redirect_uri", "client_id", "code_verifier") if not told.get(one)]:
        raise Refused("invalid_request", f"{', '.join(missing)} is missing")
    grant = provider.codes.take(told["code"], provider.now())
    if grant is None or (told["client_id"], told["redirect_uri"]) != (grant.client, grant.redirect_uri):
        raise Refused("invalid_grant", "the code is unknown, used, old, or another client's")
    if not grant.proved(told["code_verifier"]):
        raise Refused("invalid_grant", "code_verifier does not fit the challenge")
    return grant


def _tokens(provider: Provider, grant: Grant) -> dict[str, object]:
    terms, key = provider.terms, provider.ring.current
    bearer = signed_in(grant.person, terms.shape)
    setting = provider.setting(provider.now(), grant.client, origin(grant.redirect_uri), grant.scope)
    life = terms.form.seconds
    said = access(terms.shape, bearer, setting, life)
    token = signed(key, said)
    sign_in = {
        "sid": said.get("sid", bearer.session),
        "nonce": grant.nonce,
        "at_hash": half_hash(token, key.algorithm),
    }
    return {
        "access_token": token,
        "id_token": signed(key, identity(terms.shape, bearer, setting, life, sign_in)),
        "token_type": "Bearer",
        "expires_in": life,
        "scope": grant.scope,
    }

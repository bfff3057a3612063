"""Signing in: the code flow with PKCE (RFC 6749, 7636, 9207), S256 only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from urllib.parse import urlencode

from esteio.standins.oidc.codes import Grant
from esteio.standins.oidc.forms import Refused, led, local, page, sent
from esteio.standins.oidc.people import PEOPLE, Person, found
from esteio.standins.oidc.provider import Provider
from esteio.standins.wire import Answer, Request

CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
DENY = "deny"


def authorized(provider: Provider, request: Request, denied: bool) -> Answer:
    """Back to the client with a code or an error; the page to choose a person where `login_hint` names none.

    A client or an address that is not to be trusted is told nothing: a page says why.
    """
    try:
        told = sent(request)
    except Refused as error:
        return page("This cannot be read", f"<p>{escape(str(error))}</p>", 400)
    client, back = told.get("client_id", ""), told.get("redirect_uri", "")
    if not client or not local(back):
        words = "client_id is missing" if not client else "redirect_uri is no page of this machine"
        return page("Nobody can sign in so", f"<p>{words}.</p>", 400)
    returned = {"state": told.get("state"), "iss": provider.issuer}
    try:
        person = _person(provider, told, denied)
        if person is None:
            return _choice(provider, told)
        return led(back, {"code": provider.codes.give(_grant(provider, told, person)), **returned})
    except Refused as error:
        return led(back, {**error.told(), **returned})


def _person(provider: Provider, told: Mapping[str, str], denied: bool) -> Person | None:
    _check(told)
    hint = told.get("login_hint", "")
    if denied or hint == DENY:
        raise Refused("access_denied", "the person refused")
    person = found(hint, provider.terms.shape)
    if person is None and told.get("prompt") == "none":
        raise Refused("login_required", "nobody is signed in")
    return person


def _check(told: Mapping[str, str]) -> None:
    if told.get("response_type") != "code":
        raise Refused("unsupported_response_type", "response_type is code")
    if "openid" not in told.get("scope", "").split():
        raise Refused("invalid_scope", "scope contains openid")
    if told.get("code_challenge_method") != "S256" or not CHALLENGE.fullmatch(told.get("code_challenge", "")):
        raise Refused("invalid_request", "a code_challenge by S256 is needed")


def _grant(provider: Provider, told: Mapping[str, str], person: Person) -> Grant:
    return Grant(
        person,
        told["client_id"],
        told["redirect_uri"],
        told["scope"],
        told.get("nonce"),
        told["code_challenge"],
        provider.now(),
    )


def _choice(provider: Provider, told: Mapping[str, str]) -> Answer:
    """A link for each person, which asks the same once more with a hint."""
    rest = {name: value for name, value in told.items() if name not in ("login_hint", "prompt")}

    def link(hint: str, words: str) -> str:
        where = f"{provider.terms.path('authorize')}?{urlencode({**rest, 'login_hint': hint})}"
        return f'<li><a href="{escape(where)}">{escape(words)}</a></li>'

    people = [
        link(one.key, f"{one.name} <{one.email}>" + (f", {one.role} of {one.organisation}" if one.organisation else ""))
        for one in PEOPLE.values()
    ]
    return page(f"Sign in to {told['client_id']} as", f"<ul>{''.join(people)}{link(DENY, 'Nobody: refuse')}</ul>")

"""Signing out (OpenID Connect RP-Initiated Logout 1.0)."""

from __future__ import annotations

from html import escape

from esteio.standins.oidc.forms import Refused, led, local, page, sent
from esteio.standins.oidc.provider import Provider
from esteio.standins.oidc.userinfo import held
from esteio.standins.wire import Answer, Request


def ended(provider: Provider, request: Request) -> Answer:
    """Ends the session that `id_token_hint` is of, then back to the client, or a page that says so."""
    try:
        told = sent(request)
        hint = told.get("id_token_hint")
        if hint:
            provider.ended.add(str(held(provider, hint).get("sid")))
        back = told.get("post_logout_redirect_uri")
        if back and not (hint and local(back)):
            raise Refused("invalid_request", "post_logout_redirect_uri needs id_token_hint and is of this machine")
    except Refused as error:
        return page("Nobody was signed out", f"<p>{escape(str(error))}.</p>", 400)
    return led(back, {"state": told.get("state")}) if back else page("Signed out", "<p>You can close this page.</p>")

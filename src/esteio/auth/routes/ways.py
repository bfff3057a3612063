"""What a sign-in page has to know before anybody has signed in. Nothing of it is secret."""

from typing import Literal

from fastapi import APIRouter

from esteio.auth.caller import AuthParts
from esteio.auth.oidc.settings import IssuerSettings
from esteio.auth.oidc.tenants import DEFAULT_SLUG
from esteio.auth.session_schemas import IssuerWayView, WaysView
from esteio.auth.settings import AuthSettings
from esteio.http.answers import Answer
from esteio.http.envelope import Envelope
from esteio.http.rules import rules

PUBLIC = frozenset({"GET /api/v2/auth/ways"})
_KEPT = "public, max-age=60"

router = APIRouter(tags=["auth"])


@router.get("/auth/ways", summary="See how people sign in", response_model=Envelope[WaysView])
@rules()
async def see_ways(auth: AuthParts) -> Answer:
    """Whether anybody may register, whether a password can be had anew by mail, and at which issuers to sign in."""
    settings = auth.settings
    view = WaysView(
        password=True,
        registration=_registration(settings),
        mail=auth.mails,
        verified_email=settings.verified_email,
        organizations_open=settings.organizations_open,
        tenant=DEFAULT_SLUG,
        issuers=[_way(terms, terms.console_client_id) for terms in settings.issuers if terms.console_client_id],
    )
    return Answer(view, cache_control=_KEPT)


def _registration(settings: AuthSettings) -> Literal["open", "confirmed", "closed"]:
    if not settings.registration_open:
        return "closed"
    return "confirmed" if settings.registration_confirmed else "open"


def _way(terms: IssuerSettings, client: str) -> IssuerWayView:
    # Without its parameter Auth0 gives a token that only Auth0 can read.
    parameters = {"audience": terms.audience[0]} if terms.preset == "auth0" else {}
    return IssuerWayView(
        name=terms.shown_name, issuer=terms.issuer, client_id=client, scopes=list(terms.scopes), parameters=parameters
    )

"""OAuth 2 clients of the caller's tenant: other parties' machines that it lets in."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query
from sqlalchemy import select

from esteio.auth.caller import AuthParts, Caller
from esteio.auth.listing import Listing, listed
from esteio.auth.oauth.schemas import ClientChange, ClientView, NewClient, NewClientView, SecretRotation
from esteio.auth.routes.asked import CursorsOfHouse, Expected
from esteio.auth.tables import OAuthClient
from esteio.auth.use_cases import clients
from esteio.http.answers import Answer, Link, NoContent
from esteio.http.envelope import Envelope
from esteio.http.etags import row_etag
from esteio.http.pagination import Paging
from esteio.http.rules import rules
from esteio.http.sessions import Session

BASE = "/api/v2/oauth-clients"
router = APIRouter(prefix="/oauth-clients", tags=["oauth clients"])
ClientNumber = Annotated[UUID, Path(description="The client's `id`, not its `client_id`")]
_LISTING = Listing("oauth-clients", BASE, OAuthClient.id, lambda client: client.id, UUID)


class ClientsAsked(Paging):
    revoked: bool | None = Query(None, description="Only revoked clients, or only others")


@router.get("", summary="List OAuth 2 clients", response_model=Envelope[list[ClientView]])
@rules("clients:read")
async def list_clients(
    asked: Annotated[ClientsAsked, Query()], auth: AuthParts, caller: Caller, session: Session, cursors: CursorsOfHouse
) -> Answer:
    """The newest first, revoked ones included. The secrets themselves are kept nowhere."""
    query = select(OAuthClient)
    if asked.revoked is not None:
        query = query.where(OAuthClient.revoked_at.is_not(None) if asked.revoked else OAuthClient.revoked_at.is_(None))
    filters = {"revoked": None if asked.revoked is None else str(asked.revoked).lower()}
    page = await listed(session, _LISTING, query, asked, cursors=cursors, tenant=caller.tenant, filters=filters)
    views = {view.id: view for view in await clients.views_of(auth, session, page.rows)}
    return page.answer(lambda client: views[client.id])


@router.post("", status_code=201, summary="Make an OAuth 2 client", response_model=Envelope[NewClientView])
@rules("clients:write", idempotent=True, secret_answer=True)
async def create_client(data: NewClient, auth: AuthParts, caller: Caller, session: Session) -> Answer:
    """The answer holds the secret, this once. The scopes are permissions that the caller holds (403 otherwise)."""
    return _made(await clients.create_client(auth, caller=caller, session=session, data=data))


@router.get("/{oauth_client_id}", summary="Read an OAuth 2 client", response_model=Envelope[ClientView])
@rules("clients:read")
async def read_client(oauth_client_id: ClientNumber, auth: AuthParts, session: Session) -> Answer:
    """What is known of the client, with its ETag."""
    return _one(await clients.one_client(auth, session, oauth_client_id))


@router.patch("/{oauth_client_id}", summary="Change an OAuth 2 client", response_model=Envelope[ClientView])
@rules("clients:write", precondition="accepted", errors=(409,))
async def change_client(
    oauth_client_id: ClientNumber,
    data: ClientChange,
    auth: AuthParts,
    caller: Caller,
    session: Session,
    expected: Expected,
) -> Answer:
    """Only the members that the body names change; in force in every process within a moment, for tokens too."""
    changed = await clients.change_client(
        auth, caller=caller, session=session, number=oauth_client_id, expected=expected, data=data
    )
    return _one(changed)


@router.post(
    "/{oauth_client_id}/rotate",
    status_code=201,
    summary="Give an OAuth 2 client another secret",
    response_model=Envelope[NewClientView],
)
@rules("clients:write", idempotent=True, secret_answer=True, errors=(409,))
async def rotate_client(
    oauth_client_id: ClientNumber, data: SecretRotation, auth: AuthParts, caller: Caller, session: Session
) -> Answer:
    """The present secret stays valid for the overlap, so that nobody is locked out meanwhile. Two are the most."""
    made = await clients.rotate_client(
        auth, caller=caller, session=session, number=oauth_client_id, overlap_hours=data.overlap_hours
    )
    return _made(made)


@router.delete("/{oauth_client_id}", status_code=204, summary="Revoke an OAuth 2 client", response_class=NoContent)
@rules("clients:write", precondition="accepted")
async def revoke_client(
    oauth_client_id: ClientNumber, auth: AuthParts, caller: Caller, session: Session, expected: Expected
) -> Answer:
    """For good, with all its access tokens: refused in every process within a second, five while Redis is down."""
    await clients.revoke_client(auth, caller=caller, session=session, number=oauth_client_id, expected=expected)
    return NoContent()


def _one(client: ClientView) -> Answer:
    shown = [secret.id.hex for secret in client.secrets]
    used = client.last_used_at.isoformat() if client.last_used_at else ""
    links = [Link(f"{BASE}/{client.id}", "self")]
    return Answer(client, etag=row_etag(client.version, used, *shown), links=links, cache_control="private, no-cache")


def _made(client: NewClientView) -> Answer:
    address = f"{BASE}/{client.id}"
    return Answer(client, status=201, location=address, links=[Link(address, "self")], cache_control="no-store")

"""Invitations of the caller's tenant, and what their readers answer with the token of the mail."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Query
from sqlalchemy import select

from esteio.auth.caller import AuthParts, Caller
from esteio.auth.listing import Listing, containing, listed
from esteio.auth.organization_schemas import Acceptance, InvitationToken, InvitationView, InvitedView, NewInvitation
from esteio.auth.routes.asked import CursorsOfHouse, MailLanguage
from esteio.auth.tables import Invitation
from esteio.auth.use_cases import inviting
from esteio.base.schema import Text
from esteio.http.answers import Answer, Link, NoContent
from esteio.http.envelope import Envelope
from esteio.http.etags import row_etag
from esteio.http.pagination import Paging, SortOrder
from esteio.http.rules import rules
from esteio.http.sessions import Session

BASE = "/api/v2/invitations"
SENT, ANSWERED = "invitations", "invitations.answer"
PUBLIC = frozenset(f"POST {BASE}/{verb}" for verb in ("look", "accept", "decline"))

router = APIRouter(prefix="/invitations", tags=["invitations"])
InvitationId = Annotated[UUID, Path(description="The invitation's id")]
_LISTING = Listing("invitations", BASE, Invitation.id, lambda invitation: invitation.id, UUID)


class InvitationsAsked(Paging):
    state: Literal["open", "accepted", "declined", "withdrawn"] | None = Query(None, description="Only those")
    search: Text | None = Query(None, max_length=254, description="Only whose address contains this")
    sort_order: SortOrder | None = Query(None, description="The newest first unless said")


@router.get("", summary="List invitations", response_model=Envelope[list[InvitationView]])
@rules("users:read")
async def list_invitations(
    asked: Annotated[InvitationsAsked, Query()], caller: Caller, session: Session, cursors: CursorsOfHouse
) -> Answer:
    """The newest first."""
    query = select(Invitation)
    if asked.state is not None:
        query = query.where(Invitation.state == asked.state)
    if asked.search is not None:
        query = query.where(containing(asked.search, Invitation.email))
    filters = asked.model_dump(mode="json", exclude=set(Paging.model_fields))
    listing = _LISTING.sorted(asked.sort_order)
    page = await listed(session, listing, query, asked, cursors=cursors, tenant=caller.tenant, filters=filters)
    return page.answer(inviting.view_of)


@router.post("", status_code=201, summary="Invite somebody", response_model=Envelope[InvitationView])
@rules("users:write", limits=("default", SENT), idempotent=True, errors=(409, 503))
async def invite(
    data: NewInvitation, auth: AuthParts, caller: Caller, session: Session, language: MailLanguage
) -> Answer:
    """Mails the address a token, in the language of Accept-Language (en, pt-BR). The roles are such as the caller
    could give (403 otherwise). 409 for a member, and for an address with an open invitation.
    """
    made = await inviting.invite(auth, caller=caller, session=session, data=data, language=language)
    return _one(made, status=201)


@router.get("/{invitation_id}", summary="Read an invitation", response_model=Envelope[InvitationView])
@rules("users:read")
async def read_invitation(invitation_id: InvitationId, session: Session) -> Answer:
    return _one(await inviting.one_invitation(session, invitation_id))


@router.post("/{invitation_id}/resend", summary="Mail an invitation again", response_model=Envelope[InvitationView])
@rules("users:write", limits=("default", SENT), errors=(409, 503))
async def resend_invitation(
    invitation_id: InvitationId, auth: AuthParts, caller: Caller, session: Session, language: MailLanguage
) -> Answer:
    """With a new token and a new time; the token before is good no more."""
    return _one(
        await inviting.invite_again(
            auth, caller=caller, session=session, invitation_id=invitation_id, language=language
        )
    )


@router.delete("/{invitation_id}", status_code=204, summary="Withdraw an invitation", response_class=NoContent)
@rules("users:write")
async def withdraw_invitation(invitation_id: InvitationId, auth: AuthParts, caller: Caller, session: Session) -> Answer:
    """Its token is good no more. One that was answered stays as it is."""
    await inviting.withdraw(auth, caller=caller, session=session, invitation_id=invitation_id)
    return NoContent()


@router.post("/look", summary="See what an invitation asks", response_model=Envelope[InvitedView])
@rules(limits=("default",), anonymous_limits=(ANSWERED,))
async def look_at_invitation(data: InvitationToken, auth: AuthParts) -> Answer:
    """With the token of the mail; nothing is answered by it."""
    return _invited(await inviting.look(auth, token=data.token))


@router.post("/accept", summary="Accept an invitation", response_model=Envelope[InvitedView])
@rules(limits=("default",), anonymous_limits=(ANSWERED,))
async def accept_invitation(data: Acceptance, auth: AuthParts) -> Answer:
    """With the token of the mail, once. The address's account becomes a member; where there is none, `password` makes
    one. Log in next, with the slug as `tenant`.
    """
    password = data.password.get_secret_value() if data.password is not None else None
    return _invited(await inviting.accept(auth, token=data.token, name=data.name, password=password))


@router.post("/decline", status_code=204, summary="Decline an invitation", response_class=NoContent)
@rules(limits=("default",), anonymous_limits=(ANSWERED,))
async def decline_invitation(data: InvitationToken, auth: AuthParts) -> Answer:
    """With the token of the mail, once. The organisation sees that it was declined."""
    await inviting.decline(auth, token=data.token)
    return NoContent()


def _invited(found: inviting.Invited) -> Answer:
    return Answer(InvitedView.model_validate(found), cache_control="no-store")


def _one(invitation: InvitationView, *, status: int = 200) -> Answer:
    address = f"{BASE}/{invitation.id}"
    location = address if status == 201 else None
    links = [Link(address, "self")]
    return Answer(invitation, status=status, etag=row_etag(invitation.version), links=links, location=location)

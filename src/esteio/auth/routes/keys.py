"""API keys of the caller's tenant."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query
from sqlalchemy import select

from esteio.auth.caller import AuthParts, Caller
from esteio.auth.listing import Listing, listed
from esteio.auth.routes.asked import CursorsOfHouse, Expected
from esteio.auth.schemas import KeyChange, KeyView, NewKey, NewKeyView, Rotation
from esteio.auth.tables import ApiKey
from esteio.auth.use_cases import keys
from esteio.http.answers import Answer, Link, NoContent
from esteio.http.envelope import Envelope
from esteio.http.etags import row_etag
from esteio.http.pagination import Paging
from esteio.http.rules import rules
from esteio.http.sessions import Session

BASE = "/api/v2/keys"
router = APIRouter(prefix="/keys", tags=["keys"])
KeyId = Annotated[UUID, Path(description="The key's id")]
_LISTING = Listing("keys", BASE, ApiKey.id, lambda key: key.id, UUID)


class KeysAsked(Paging):
    revoked: bool | None = Query(None, description="Only revoked keys, or only others")


@router.get("", summary="List API keys", response_model=Envelope[list[KeyView]])
@rules("keys:read")
async def list_keys(
    asked: Annotated[KeysAsked, Query()], caller: Caller, session: Session, cursors: CursorsOfHouse
) -> Answer:
    """The newest first, revoked ones included. The keys themselves are kept nowhere."""
    query = select(ApiKey)
    if asked.revoked is not None:
        query = query.where(ApiKey.revoked_at.is_not(None) if asked.revoked else ApiKey.revoked_at.is_(None))
    filters = {"revoked": None if asked.revoked is None else str(asked.revoked).lower()}
    page = await listed(session, _LISTING, query, asked, cursors=cursors, tenant=caller.tenant, filters=filters)
    return page.answer(KeyView.model_validate)


@router.post("", status_code=201, summary="Make an API key", response_model=Envelope[NewKeyView])
@rules("keys:write", idempotent=True, secret_answer=True)
async def create_key(data: NewKey, auth: AuthParts, caller: Caller, session: Session) -> Answer:
    """The answer holds the key, this once. Its scopes are permissions that the caller holds (403 otherwise)."""
    return _made(await keys.create_key(auth, caller=caller, session=session, data=data))


@router.get("/{key_id}", summary="Read an API key", response_model=Envelope[KeyView])
@rules("keys:read")
async def read_key(key_id: KeyId, session: Session) -> Answer:
    """What is known of the key, with its ETag."""
    return _one(await keys.one_key(session, key_id))


@router.patch("/{key_id}", summary="Change an API key", response_model=Envelope[KeyView])
@rules("keys:write", precondition="accepted", errors=(409,))
async def change_key(
    key_id: KeyId, data: KeyChange, auth: AuthParts, caller: Caller, session: Session, expected: Expected
) -> Answer:
    """Only the members that the body names change; in force in every process within a moment."""
    return _one(
        await keys.change_key(auth, caller=caller, session=session, key_id=key_id, expected=expected, data=data)
    )


@router.post("/{key_id}/rotate", status_code=201, summary="Rotate an API key", response_model=Envelope[NewKeyView])
@rules("keys:write", idempotent=True, secret_answer=True, errors=(409,))
async def rotate_key(key_id: KeyId, data: Rotation, auth: AuthParts, caller: Caller, session: Session) -> Answer:
    """A successor with the same rights; the old key stays valid for the overlap."""
    made = await keys.rotate_key(auth, caller=caller, session=session, key_id=key_id, overlap_hours=data.overlap_hours)
    return _made(made)


@router.delete("/{key_id}", status_code=204, summary="Revoke an API key", response_class=NoContent)
@rules("keys:write", precondition="accepted")
async def revoke_key(key_id: KeyId, auth: AuthParts, caller: Caller, session: Session, expected: Expected) -> Answer:
    """For good: refused in every process within a second, within five while Redis is down."""
    await keys.revoke_key(auth, caller=caller, session=session, key_id=key_id, expected=expected)
    return NoContent()


def _one(key: KeyView) -> Answer:
    used = key.last_used_at.isoformat() if key.last_used_at else ""
    links = [Link(f"{BASE}/{key.id}", "self")]
    return Answer(key, etag=row_etag(key.version, used), links=links, cache_control="private, no-cache")


def _made(key: NewKeyView) -> Answer:
    address = f"{BASE}/{key.id}"
    return Answer(key, status=201, location=address, links=[Link(address, "self")], cache_control="no-store")

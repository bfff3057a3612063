"""API keys of the caller's tenant. Nobody makes, changes or takes over a key that can do more than they can."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.auth.api_keys import PURPOSE
from esteio.auth.keys import make_key
from esteio.auth.parts import Auth
from esteio.auth.schemas import KeyChange, KeyView, NewKey, NewKeyView
from esteio.auth.tables import ApiKey, ApiKeyDigest
from esteio.auth.use_cases.rows import changed, demand_held, demand_plan, demand_scopes, flush_with_plan, locked
from esteio.base.errors import Conflict, Invalid, NotFound
from esteio.base.ids import new_id
from esteio.base.principal import Principal


async def create_key(auth: Auth, *, caller: Principal, session: AsyncSession, data: NewKey) -> NewKeyView:
    """A new key; its text is in the answer and nowhere else. Raises `Forbidden` for scopes that the caller lacks."""
    demand_scopes(auth, caller, data.scopes)
    demand_plan(caller, data.plan)
    _demand_future(auth, data.expires_at)
    members = data.model_dump()
    return await _make(auth, caller, session, "key.created", **members)


async def change_key(
    auth: Auth, *, caller: Principal, session: AsyncSession, key_id: UUID, expected: int | None, data: KeyChange
) -> KeyView:
    """Only the members that are named. A revoked key cannot be changed (409)."""
    key = await _living(session, key_id, expected)
    changes = data.changes()
    demand_held(auth, caller, key.scopes)
    if "scopes" in changes:
        demand_scopes(auth, caller, changes["scopes"])
    demand_plan(caller, changes.get("plan"))
    _demand_future(auth, changes.get("expires_at"))
    for name, value in changes.items():
        setattr(key, name, value)
    changed(key, auth.clock.now())
    await flush_with_plan(session)
    _told(auth, caller, session, "key.changed", key, {"changed": sorted(changes)})
    return KeyView.model_validate(key)


async def rotate_key(
    auth: Auth, *, caller: Principal, session: AsyncSession, key_id: UUID, overlap_hours: float
) -> NewKeyView:
    """A new key in place of this one, which stays valid for the overlap. Raises `Conflict` for a second rotation."""
    key = await _living(session, key_id, None)
    demand_held(auth, caller, key.scopes)
    if await session.scalar(select(ApiKey.id).where(ApiKey.rotated_from == key.id).limit(1)):
        raise Conflict("This key was rotated before: rotate its successor.")
    now = auth.clock.now()
    made = await _make(
        auth,
        caller,
        session,
        "key.rotated",
        name=key.name,
        scopes=key.scopes,
        test=key.test,
        plan=key.plan,
        allowed_networks=key.allowed_networks,
        expires_at=key.expires_at,
        rotated_from=key.id,
    )
    end = now + timedelta(hours=overlap_hours)
    key.expires_at = min(end, key.expires_at) if key.expires_at else end
    changed(key, now)
    auth.announcements.changed(session, "key", key.id)
    return made


async def revoke_key(
    auth: Auth, *, caller: Principal, session: AsyncSession, key_id: UUID, expected: int | None
) -> None:
    """The key is over for good, in every process within a moment. Revoking it again changes nothing."""
    key = await locked(session, select(ApiKey).where(ApiKey.id == key_id), expected, KeyView.model_validate)
    if key.revoked_at is not None:
        return
    now = auth.clock.now()
    key.revoked_at, key.enabled = now, False
    changed(key, now)
    await session.execute(delete(ApiKeyDigest).where(ApiKeyDigest.key_id == key.id))
    _told(auth, caller, session, "key.revoked", key, {})


async def one_key(session: AsyncSession, key_id: UUID) -> KeyView:
    """The key as its owners see it. Raises `NotFound`."""
    key = await session.scalar(select(ApiKey).where(ApiKey.id == key_id))
    if key is None:
        raise NotFound
    return KeyView.model_validate(key)


async def _make(
    auth: Auth, caller: Principal, session: AsyncSession, action: str, *, test: bool, **members: Any
) -> NewKeyView:
    made, now = make_key(test=test), auth.clock.now()
    key = ApiKey(
        id=new_id(),
        tenant_id=caller.tenant,
        public_id=made.public_id,
        last_four=made.last_four,
        test=test,
        enabled=True,
        created_by=caller.id,
        version=1,
        created_at=now,
        updated_at=now,
        **members,
    )
    session.add(key)
    await flush_with_plan(session)
    digest = auth.keyring.digest(PURPOSE, made.text.encode())
    session.add(ApiKeyDigest(digest=digest, key_id=key.id, tenant_id=caller.tenant))
    await session.flush()
    await session.refresh(key)
    _told(auth, caller, session, action, key, {"scopes": key.scopes})
    return NewKeyView(**KeyView.model_validate(key).model_dump(), key=made.text)


async def _living(session: AsyncSession, key_id: UUID, expected: int | None) -> ApiKey:
    key = await locked(session, select(ApiKey).where(ApiKey.id == key_id), expected, KeyView.model_validate)
    if key.revoked_at is not None:
        raise Conflict("This key was revoked.")
    return key


def _demand_future(auth: Auth, moment: Any) -> None:
    if moment is not None and moment <= auth.clock.now():
        raise Invalid.at("expires_at", "The key would have expired already.")


def _told(
    auth: Auth, caller: Principal, session: AsyncSession, action: str, key: ApiKey, details: dict[str, Any]
) -> None:
    auth.audit.write(
        session, action, f"key:{key.id}", tenant=caller.tenant, actor=caller.id, details={"name": key.name, **details}
    )
    auth.announcements.changed(session, "key", key.id)

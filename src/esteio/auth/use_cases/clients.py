"""OAuth 2 clients of the caller's tenant. Nobody makes, changes or takes over one that can do more than they can."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.auth.oauth.rotation import add_secret, end_others, living_secrets
from esteio.auth.oauth.schemas import ClientChange, ClientView, NewClient, NewClientView, SecretView
from esteio.auth.oauth.secret import make_client_id
from esteio.auth.parts import Auth
from esteio.auth.tables import OAuthClient, OAuthSecret
from esteio.auth.use_cases.rows import changed, demand_held, demand_plan, demand_scopes, flush_with_plan, locked
from esteio.base.errors import Conflict, NotFound
from esteio.base.ids import new_id
from esteio.base.principal import Principal


async def create_client(auth: Auth, *, caller: Principal, session: AsyncSession, data: NewClient) -> NewClientView:
    """A new client; its secret is in the answer and nowhere else. Raises `Forbidden` for scopes the caller lacks."""
    demand_scopes(auth, caller, data.scopes)
    demand_plan(caller, data.plan)
    now = auth.clock.now()
    client = OAuthClient(
        id=new_id(),
        tenant_id=caller.tenant,
        client_id=make_client_id(),
        enabled=True,
        created_by=caller.id,
        version=1,
        created_at=now,
        updated_at=now,
        **data.model_dump(),
    )
    session.add(client)
    await flush_with_plan(session)
    secret = await add_secret(auth.keyring, session, client, now)
    await session.refresh(client)
    _told(auth, caller, session, "client.created", client, {"scopes": client.scopes})
    return await _with_secret(auth, session, client, secret)


async def change_client(
    auth: Auth, *, caller: Principal, session: AsyncSession, number: UUID, expected: int | None, data: ClientChange
) -> ClientView:
    """Only the members that are named. A revoked client cannot be changed (409)."""
    client = await _living(auth, session, number, expected)
    changes = data.changes()
    demand_held(auth, caller, client.scopes)
    if "scopes" in changes:
        demand_scopes(auth, caller, changes["scopes"])
    demand_plan(caller, changes.get("plan"))
    for name, value in changes.items():
        setattr(client, name, value)
    changed(client, auth.clock.now())
    await flush_with_plan(session)
    _told(auth, caller, session, "client.changed", client, {"changed": sorted(changes)})
    return await _shown(auth, session, client)


async def rotate_client(
    auth: Auth, *, caller: Principal, session: AsyncSession, number: UUID, overlap_hours: float
) -> NewClientView:
    """Another secret. The present one stays valid for the overlap; without one it ends with its access tokens.

    Raises `Conflict` where two are valid already, unless both end now.
    """
    client = await _living(auth, session, number, None)
    demand_held(auth, caller, client.scopes)
    now = auth.clock.now()
    await end_others(session, client, now, overlap_hours)
    secret = await add_secret(auth.keyring, session, client, now)
    changed(client, now)
    _told(auth, caller, session, "client.rotated", client, {"overlap_hours": overlap_hours})
    return await _with_secret(auth, session, client, secret)


async def revoke_client(
    auth: Auth, *, caller: Principal, session: AsyncSession, number: UUID, expected: int | None
) -> None:
    """The client is over for good with all its tokens, in every process within a moment. Again changes nothing."""
    client = await _locked(auth, session, number, expected)
    if client.revoked_at is not None:
        return
    now = auth.clock.now()
    client.revoked_at, client.enabled = now, False
    changed(client, now)
    await session.execute(delete(OAuthSecret).where(OAuthSecret.owner == client.id))
    _told(auth, caller, session, "client.revoked", client, {})


async def one_client(auth: Auth, session: AsyncSession, number: UUID) -> ClientView:
    """The client as its tenant sees it. Raises `NotFound`."""
    client = await session.scalar(select(OAuthClient).where(OAuthClient.id == number))
    if client is None:
        raise NotFound
    return await _shown(auth, session, client)


async def views_of(auth: Auth, session: AsyncSession, clients: Iterable[OAuthClient]) -> list[ClientView]:
    """Clients with the secrets of each that are valid now, in one query."""
    clients = list(clients)
    valid = await living_secrets(session, [client.id for client in clients], auth.clock.now())
    return [view_of(client, [secret for secret in valid if secret.owner == client.id]) for client in clients]


def view_of(client: OAuthClient, secrets: Iterable[OAuthSecret]) -> ClientView:
    """What is shown of a client and of its secrets."""
    columns = {name: getattr(client, name) for name in ClientView.model_fields if name != "secrets"}
    return ClientView(**columns, secrets=[SecretView.model_validate(secret) for secret in secrets])


async def _shown(auth: Auth, session: AsyncSession, client: OAuthClient) -> ClientView:
    (view,) = await views_of(auth, session, [client])
    return view


async def _with_secret(auth: Auth, session: AsyncSession, client: OAuthClient, secret: str) -> NewClientView:
    view = await _shown(auth, session, client)
    return NewClientView(**view.model_dump(), client_secret=secret)


async def _locked(auth: Auth, session: AsyncSession, number: UUID, expected: int | None) -> OAuthClient:
    valid = await living_secrets(session, [number], auth.clock.now())
    query = select(OAuthClient).where(OAuthClient.id == number)
    return await locked(session, query, expected, lambda client: view_of(client, valid))


async def _living(auth: Auth, session: AsyncSession, number: UUID, expected: int | None) -> OAuthClient:
    client = await _locked(auth, session, number, expected)
    if client.revoked_at is not None:
        raise Conflict("This client was revoked.")
    return client


def _told(
    auth: Auth, caller: Principal, session: AsyncSession, action: str, client: OAuthClient, details: dict[str, Any]
) -> None:
    said = {"name": client.name, "client_id": client.client_id, **details}
    auth.audit.write(session, action, f"client:{client.id}", tenant=caller.tenant, actor=caller.id, details=said)
    auth.announcements.changed(session, "client", client.id)

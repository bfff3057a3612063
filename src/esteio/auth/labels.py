"""What people read beside an id: the labels of users, keys, clients and tenants that the asker may see."""

from collections.abc import Iterable, Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy import BindParameter, Select, Uuid, bindparam, func, literal_column, select, union_all
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.auth.tables import ApiKey, Membership, OAuthClient, Tenant, User
from esteio.base.principal import Principal
from esteio.db.database import Database
from esteio.db.reading import reading

SEEN_WITH: Final[Mapping[str, str]] = {
    "user": "users:read",
    "key": "keys:read",
    "client": "clients:read",
    "tenant": "tenants:read",
}
"""The permission with which those of a kind are seen; nobody reads labels of what they may not see."""


async def labels_in(session: AsyncSession, caller: Principal, names: Iterable[str]) -> dict[str, str]:
    """Labels by name (`user:<uuid>`), in one statement of the transaction; none of what is not there any more.

    A user's is the e-mail address, or the name where there is none, a key's its name and public id, a client's its
    name, a tenant's its slug.
    """
    wanted = _wanted(caller, names)
    rows = (await session.execute(_LABELS, wanted)).all() if any(wanted.values()) else []
    return _named(wanted, {row.id: row.label for row in rows})


async def labels_of(database: Database, caller: Principal, names: Iterable[str]) -> dict[str, str]:
    """The same in one round trip of its own."""
    wanted = _wanted(caller, names)
    rows = await database.read(caller.tenant, _READING, *_READING.arguments(wanted)) if any(wanted.values()) else []
    return _named(wanted, {row["id"]: row["label"] for row in rows})


def _wanted(caller: Principal, names: Iterable[str]) -> dict[str, list[UUID]]:
    """Ids by kind. Row-level security decides which of them are in sight of the asker's tenant."""
    found: dict[str, set[UUID]] = {kind: set() for kind in SEEN_WITH}
    for name in names:
        kind, _, text = name.partition(":")
        if kind in found and caller.may(SEEN_WITH[kind]) and (one := _id(text)) is not None:
            found[kind].add(one)
    return {kind: sorted(ids) for kind, ids in found.items()}


def _id(text: str) -> UUID | None:
    try:
        return UUID(text) if len(text) == 36 else None
    except ValueError:
        return None


def _named(wanted: Mapping[str, list[UUID]], labels: Mapping[UUID, str]) -> dict[str, str]:
    return {f"{kind}:{one}": labels[one] for kind, ids in wanted.items() for one in ids if one in labels}


def _ids(kind: str) -> BindParameter[Any]:
    return bindparam(kind, type_=ARRAY(Uuid()))


_ADDRESS = func.coalesce(User.email, User.reported_email, Membership.name)
_KEY = func.concat(ApiKey.name, literal_column("' ('"), ApiKey.public_id, literal_column("')'"))
_FOUND = union_all(
    select(Membership.user_id.label("id"), _ADDRESS.label("label"))
    .join(User, User.id == Membership.user_id)
    .where(Membership.user_id == _ids("user").any_()),
    select(ApiKey.id, _KEY).where(ApiKey.id == _ids("key").any_()),
    select(OAuthClient.id, OAuthClient.name).where(OAuthClient.id == _ids("client").any_()),
    select(Tenant.id, Tenant.slug).where(Tenant.id == _ids("tenant").any_()),
).subquery()
_LABELS: Select[Any] = select(_FOUND.c.id, _FOUND.c.label)
_READING = reading(_LABELS)

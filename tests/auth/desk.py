"""This floor as its tests open it: on a real database, with a clock that is turned, with or without a bulletin."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from esteio.auth.administration import create_key, create_user
from esteio.auth.parts import Auth, make_auth
from esteio.auth.permissions import permissions_of
from esteio.auth.schemas import NewKey, NewKeyView
from esteio.auth.settings import AuthSettings
from esteio.auth.use_cases.login import Entered, login
from esteio.base.clock import Clock, TurnableClock
from esteio.base.crypto import Keyring
from esteio.db.database import Database
from esteio.redis.bulletin import Bulletin
from esteio.redis.client import RedisClient
from tests.house import AMPLE, patient

SECRET = "a secret for the tests of this floor" * 2
ISSUER = "https://api.example.org"
PRODUCTS = {"pets:write": "change pets", "pets:delete": "delete pets"}
PASSWORD = "correct horse battery"


class CountingDatabase(Database):
    """A real database that counts the reads it is asked for."""

    reads = 0

    async def read(self, *arguments: Any, **named: Any) -> Any:
        self.reads += 1
        return await super().read(*arguments, **named)


@asynccontextmanager
async def desk(
    url: str, *, clock: Clock | None = None, redis_url: str | None = None, **settings: Any
) -> AsyncIterator[Auth]:
    """One process's worth of this floor, opened; with a bulletin when there is an address of Redis."""
    database = CountingDatabase(patient(url))
    redis = RedisClient(redis_url, deadline=2.0) if redis_url else None
    bulletin = Bulletin(redis) if redis else None
    auth = make_auth(
        AuthSettings(**{"argon2_memory_kib": 64, "argon2_passes": 1, **settings}),
        permissions_of(PRODUCTS, settings.get("user_permissions", ())),
        database=database,
        keyring=Keyring(SECRET),
        clock=clock or TurnableClock(),
        bulletin=bulletin,
        issuer=ISSUER,
    )
    opened = [part for part in (database, redis, bulletin, auth) if part is not None]
    try:
        for part in opened:
            await part.open()
        yield auth
    finally:
        for part in reversed(opened):
            await part.close()


async def new_key(auth: Auth, *scopes: str, **members: Any) -> NewKeyView:
    """A key of the default tenant, with `pets:write` unless scopes are named."""
    return await create_key(auth, NewKey(name="test", scopes=list(scopes or ("pets:write",)), **members))


async def logged_in(auth: Auth, email: str, **named: Any) -> Entered:
    """A new user with a login."""
    await create_user(auth, email=email, password=PASSWORD, **named)
    return await again(auth, email)


async def again(auth: Auth, email: str, password: str = PASSWORD, tenant: str | None = None) -> Entered:
    """Another login."""
    return await login(auth, email=email, password=password, tenant=tenant, address="192.0.2.7")


async def rows(url: str, statement: str, *values: Any, role: str = "postgres") -> list[asyncpg.Record]:
    """Ask the database past every policy, or as another role of the cluster."""
    connection = await asyncpg.connect(url.replace("//esteio@", f"//{role}@"), timeout=AMPLE)
    try:
        return await connection.fetch(statement, *values)
    finally:
        await connection.close()


async def until(condition: Callable[[], Awaitable[bool]], within: float) -> None:
    """Wait for a condition; `TimeoutError` when it does not hold in time."""
    async with asyncio.timeout(within):
        while True:
            if await condition():
                return
            await asyncio.sleep(0.01)


def reads(auth: Auth) -> int:
    """How many reads the database was asked for so far."""
    assert isinstance(auth.database, CountingDatabase)
    return auth.database.reads

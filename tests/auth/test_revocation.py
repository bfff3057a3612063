"""How soon a revocation holds: in this process, in others, and when the news of it is lost."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from esteio.auth.administration import revoke_key
from esteio.auth.parts import Auth
from esteio.auth.schemas import RoleChange
from esteio.auth.use_cases import account
from esteio.auth.use_cases.roles import change_role
from esteio.base.clock import TurnableClock
from esteio.base.errors import Unavailable
from esteio.base.principal import DEFAULT_TENANT, Principal
from esteio.db.transaction import transaction
from esteio.embedded.engines import Engines
from tests.auth.desk import desk, logged_in, new_key, rows, until

pytestmark = pytest.mark.anyio

NOWHERE = "unix:///nonexistent/valkey.sock"


async def accepted(auth: Auth, raw: bytes) -> bool:
    """What a request with this key or token would meet."""
    by = auth.prover.by_key if raw.startswith(b"est_") else auth.prover.by_bearer
    return (auth.credentials.fresh(raw) or await by(raw)) is not None


async def refused(auth: Auth, raw: bytes) -> bool:
    return not await accepted(auth, raw)


@asynccontextmanager
async def watching(*arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.auth.watcher", *arguments, stdout=asyncio.subprocess.PIPE
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_a_revoked_key_is_refused_in_another_process_by_the_news_alone(url: str, engines: Engines) -> None:
    """Another process accepts a revoked key no longer, though no time has passed by which its memory would end."""
    async with desk(url, redis_url=engines.redis_url) as auth:
        key = await new_key(auth)
        async with watching(url, engines.redis_url, key.key) as process:
            assert process.stdout is not None
            async with asyncio.timeout(60):
                assert await process.stdout.readline() == b"accepted\n"
                await revoke_key(auth, key.public_id)
                assert await process.stdout.readline() == b"refused\n"


async def test_a_revoked_key_is_refused_within_five_seconds_when_no_news_comes(url: str) -> None:
    """Without Redis another process accepts a revoked key until its memory is over, which is at most five seconds."""
    clock = TurnableClock()
    async with desk(url, redis_url=NOWHERE) as here, desk(url, redis_url=NOWHERE, clock=clock) as there:
        key = await new_key(here)
        raw = key.key.encode()
        assert await accepted(here, raw) and await accepted(there, raw)
        await revoke_key(here, key.public_id)
        assert not await accepted(here, raw)
        assert await accepted(there, raw)
        clock.turn(5)
        assert not await accepted(there, raw)


async def test_redis_that_dies_and_returns_leaves_nothing_believed_that_was_missed(url: str, engines: Engines) -> None:
    """A revocation while Redis is dead is refused elsewhere as soon as the gap is told, with no time passing at all."""
    async with desk(url, redis_url=engines.redis_url) as here, desk(url, redis_url=engines.redis_url) as there:
        key = await new_key(here)
        raw = key.key.encode()
        assert await accepted(there, raw)
        engines.valkey.kill()
        try:
            await revoke_key(here, key.public_id)
            assert not await accepted(here, raw)
        finally:
            # In this very thread: an engine ends with the thread that started it.
            engines.valkey.start()
        await until(lambda: refused(there, raw), within=30)


async def test_with_database_and_redis_away_nothing_fails_open(url: str) -> None:
    """A key that is fresh still serves; once it is not, the answer is 503 and never a caller without proof."""
    clock = TurnableClock()
    async with desk(url, redis_url=NOWHERE, clock=clock) as auth:
        raw = (await new_key(auth)).key.encode()
        assert await accepted(auth, raw)
        await auth.keys.settle()
        await auth.database.close()
        assert await accepted(auth, raw)
        clock.turn(5)
        with pytest.raises(Unavailable):
            await accepted(auth, raw)
        await auth.database.open()


async def test_logging_out_ends_the_access_token_everywhere(url: str, engines: Engines) -> None:
    """An access token whose session has ended is refused by others as soon as they are told, though not expired."""
    async with desk(url, redis_url=engines.redis_url) as here, desk(url, redis_url=engines.redis_url) as there:
        entered = await logged_in(here, "leaver@example.org")
        raw = entered.access_token.encode()
        proof = await there.prover.by_bearer(raw)
        assert proof is not None and await accepted(there, raw)
        await account.logout(here, caller=proof.principal, refresh_token=None)
        await until(lambda: refused(there, raw), within=30)


async def test_a_role_that_loses_a_permission_loses_it_everywhere(url: str, engines: Engines) -> None:
    """A changed role is in force for tokens that were issued before, in other processes as soon as they are told."""
    await rows(
        url,
        "INSERT INTO roles (tenant_id, name, permissions, version) VALUES ($1, 'editor', '{pets:write}', 1)",
        DEFAULT_TENANT,
    )
    async with desk(url, redis_url=engines.redis_url) as here, desk(url, redis_url=engines.redis_url) as there:
        raw = (await logged_in(here, "editor@example.org", roles=["editor"])).access_token.encode()

        async def may_not_write() -> bool:
            proof = there.credentials.fresh(raw) or await there.prover.by_bearer(raw)
            return proof is not None and not proof.principal.may("pets:write")

        assert not await may_not_write()
        caller = Principal(id="test", tenant=DEFAULT_TENANT, proof="environment_key", permissions=frozenset({"*"}))
        async with transaction(here.database, DEFAULT_TENANT) as session:
            change = RoleChange(permissions=[])
            await change_role(here, caller=caller, session=session, name="editor", expected=None, data=change)
        await until(may_not_write, within=30)
